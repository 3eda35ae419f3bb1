"""Evidence that a chunk was accepted: events and records, kept apart from the ledger's states.

Evidence may come before the answer it replaces, while the request still hangs; so it is
written down whatever the chunk's state is, and asked for when the chunk is in doubt.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, tuple_, update

from publisher.storage.inserts import insert_new
from publisher.storage.schema import evidence, mailings

_AT_ONCE = 1000  # values in one IN (...)


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
    new = insert_new(connection, evidence, rows)
    if source == "event" and new < len(rows):
        _heard_too(connection, rows)
    return new


def _heard_too(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Note of what the records proved first that it is heard of: else it would seem silent."""
    keys = [(row["mailing_id"], row["n"], row["attempt"]) for row in rows]
    attempts = tuple_(evidence.c.mailing_id, evidence.c.n, evidence.c.attempt)
    for first in range(0, len(keys), _AT_ONCE):
        connection.execute(
            update(evidence)
            .where(attempts.in_(keys[first : first + _AT_ONCE]), evidence.c.source == "records")
            .values(source="event")
        )


def evidence_for(connection: Connection, mailing_id: int, n: int) -> str | None:
    """Return the provider's id if any attempt at a chunk is proved, else None.

    Whichever attempt it was, the readers who are still in the chunk were in it then.
    """
    return connection.scalar(
        select(evidence.c.provider_id)
        .where(evidence.c.mailing_id == mailing_id, evidence.c.n == n)
        .order_by(evidence.c.attempt.desc())
        .limit(1)
    )
