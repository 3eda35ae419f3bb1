"""Evidence that a chunk was accepted: events and records, kept apart from the ledger's states.

Evidence may come before the answer it replaces, while the request still hangs; so it is
written down whatever the chunk's state is, and asked for when the chunk is in doubt.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from publisher.storage.inserts import insert_new
from publisher.storage.schema import evidence, mailings


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One attempt at a chunk was accepted: a provider takes a request whole or not at all."""

    mailing_id: int
    n: int
    attempt: int
    provider_id: str = ""


def note_evidence(
    connection: Connection, found: Iterable[Evidence], *, source: str, now: datetime
) -> int:
    """Write down what is new and return how much that was.

    `source` is `event` or `records`. Events also show that this mailing's events reach us.
    """
    rows = [
        {**asdict(one), "source": source, "seen": now}
        for one in {(e.mailing_id, e.n, e.attempt): e for e in found}.values()
    ]
    if not rows:
        return 0
    if source == "event":
        heard = sorted({row["mailing_id"] for row in rows})
        connection.execute(update(mailings).where(mailings.c.id.in_(heard)).values(heard=now))
    return insert_new(connection, evidence, rows)


def evidence_for(connection: Connection, mailing_id: int, n: int, attempt: int) -> str | None:
    """Return the provider's id if this attempt is proved, else None."""
    return connection.scalar(
        select(evidence.c.provider_id).where(
            evidence.c.mailing_id == mailing_id, evidence.c.n == n, evidence.c.attempt == attempt
        )
    )
