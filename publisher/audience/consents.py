"""The record of consent: what each reader agreed to or refused, when, and how we know.

Rows are only ever added. The address is kept as a hash, so that the record can outlive
the reader's own data.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, select

from publisher.storage.schema import consents


class Act(StrEnum):
    """What happened between a reader and a list."""

    ASKED = "asked"  # the form was filled in; a mail asks for confirmation
    CONFIRMED = "confirmed"
    UNSUBSCRIBED = "unsubscribed"
    IMPORTED = "imported"
    ADDED = "added"  # by the operator
    REMOVED = "removed"  # by the operator
    COMPLAINED = "complained"  # to the mailbox provider: "this is spam"


@dataclass(frozen=True, kw_only=True)
class Consent:
    """One line of the record."""

    list_name: str
    act: Act
    source: str  #: such as "public page", "one click" or "import of readers.csv"
    at: datetime  #: aware, UTC


def record(
    connection: Connection, hash: str, list_name: str, act: Act, source: str, now: datetime
) -> None:
    """Add a line to the record."""
    row = {"email_hash": hash, "list": list_name, "act": act, "source": source, "at": now}
    connection.execute(consents.insert().values(row))


def agreed_since(connection: Connection, hash: str, moment: datetime) -> bool:
    """Whether the owner of an address has asked for mail after a moment."""
    found = connection.execute(
        select(consents.c.id)
        .where(
            consents.c.email_hash == hash,
            consents.c.act.in_((Act.CONFIRMED, Act.ADDED)),
            consents.c.at > moment,
        )
        .limit(1)
    ).first()
    return found is not None


def history(connection: Connection, hash: str) -> tuple[Consent, ...]:
    """Return all that is known of an address, oldest first."""
    rows = connection.execute(
        select(consents).where(consents.c.email_hash == hash).order_by(consents.c.id)
    )
    return tuple(
        Consent(list_name=row.list, act=Act(row.act), source=row.source, at=row.at) for row in rows
    )
