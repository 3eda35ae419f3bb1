"""What went out of the ordinary in a mailing: who may have it twice, and how doubts ended.

Nothing here is guessed: a reader is named when the record holds evidence that an attempt
was accepted after which another was made, or when a worker's answer came too late.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select

from publisher.deliver import standing
from publisher.deliver.mailing import Mailing
from publisher.storage.schema import audit, chunks, deliveries, evidence

RESENT, PROVED, LATE = "resend%", "evidence found", "late answer"  #: acts in the audit, for LIKE
_MAILED = ("accepted", "uncertain")
_SLICE = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Doubled:
    """A reader who, by the record, may have got the mail twice."""

    subscriber_id: int
    email: str
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Settlement:
    """How a doubt about a chunk of readers ended."""

    at: datetime
    who: str  #: an operator, or the worker that found the evidence
    chunk: int
    attempt: int  #: that was in doubt
    readers: int  #: whom it was about; of those proved, who is still in that chunk
    how: str  #: "mailed" (it was proved) or "sent again"
    evidence: str  #: event, records, silence (all but this chunk were heard of), or word
    provider_id: str


def doubled_of(connection: Connection, mailing: Mailing) -> tuple[Doubled, ...]:
    """Name the readers who may have got it twice, by number."""
    notes = _notes(connection, mailing, (RESENT, LATE, PROVED))
    again = {
        (note.details["chunk"], note.details["attempt"] - 1): note.details["readers"]
        for note in notes
        if note.act not in (LATE, PROVED)
    }
    unsent = {(note.details["chunk"], note.details.get("unsent")) for note in notes}
    found: dict[int, tuple[int, str]] = {}
    for n, attempt, last in _outdone(connection, mailing.id):
        if attempt == last - 1 and (n, last) in unsent:
            continue
        members = again.get((n, attempt)) or _members(connection, mailing.id, n)
        why = f"attempt {attempt} was accepted, and attempt {attempt + 1} had been made"
        found |= dict.fromkeys(members, (attempt, why))
    for note in notes:
        if note.act == LATE:
            attempt = note.details["attempt"]
            why = f"attempt {attempt} was accepted after others had gone beyond it"
            found |= dict.fromkeys(note.details["readers"], (attempt, why))
    return tuple(
        Doubled(subscriber_id=row.subscriber_id, email=row.email, why=found[row.subscriber_id][1])
        for row in _mailed(connection, mailing.id, sorted(found))
        # whoever was not mailed again in the end has it once
        if row.attempt > found[row.subscriber_id][0]
    )


def settlements_of(connection: Connection, mailing: Mailing) -> tuple[Settlement, ...]:
    """Tell how each doubt of a mailing ended, in the order in which they did."""
    notes = _notes(connection, mailing, (RESENT, PROVED))
    if not notes:
        return ()
    rows = select(chunks.c.n, chunks.c.size).where(chunks.c.mailing_id == mailing.id)
    sizes = {row.n: row.size for row in connection.execute(rows)}
    return tuple(_settlement(note, sizes.get(note.details["chunk"], 0)) for note in notes)


def _settlement(note: Any, size: int) -> Settlement:
    details, proved = note.details, note.act == PROVED
    readers = details.get("readers", size)
    silence = "silence" if note.act.startswith("resend:") else "word"
    return Settlement(
        at=note.at,
        who=note.who,
        chunk=details["chunk"],
        attempt=details["attempt"] if proved else details["attempt"] - 1,
        readers=readers if isinstance(readers, int) else len(readers),
        how="mailed" if proved else "sent again",
        evidence=details.get("source", "records") if proved else silence,
        provider_id=details.get("provider_id", ""),
    )


def _notes(connection: Connection, mailing: Mailing, acts: Iterable[str]) -> list[Any]:
    about = f"mailing {mailing.week} {mailing.list}"
    query = select(audit.c.at, audit.c.who, audit.c.act, audit.c.details)
    return list(
        connection.execute(
            query.where(
                audit.c.about == about, or_(*(audit.c.act.like(act) for act in acts))
            ).order_by(audit.c.id)
        )
    )


def _outdone(connection: Connection, mailing_id: int) -> list[tuple[int, int, int]]:
    """Return chunk, attempt and last attempt of whatever was accepted before the last."""
    rows = connection.execute(
        select(evidence.c.n, evidence.c.attempt, chunks.c.attempt.label("last"))
        .join(chunks, (chunks.c.mailing_id == evidence.c.mailing_id) & (chunks.c.n == evidence.c.n))
        .where(evidence.c.mailing_id == mailing_id, evidence.c.attempt < chunks.c.attempt)
        .order_by(evidence.c.n, evidence.c.attempt)
    )
    return [(row.n, row.attempt, row.last) for row in rows]


def _members(connection: Connection, mailing_id: int, n: int) -> list[int]:
    """Return who shares the chunk's fate; whoever has her own was not mailed by its last attempt."""
    where = (
        deliveries.c.mailing_id == mailing_id,
        deliveries.c.n == n,
        deliveries.c.state.is_(None),
    )
    return list(connection.scalars(select(deliveries.c.subscriber_id).where(*where)))


def _mailed(connection: Connection, mailing_id: int, ids: list[int]) -> Iterable[Any]:
    """Yield those of the readers who were mailed, or may have been, with the last attempt."""
    state = standing.effective_state()
    query = (
        select(deliveries.c.subscriber_id, deliveries.c.email, chunks.c.attempt)
        .select_from(deliveries.join(chunks, standing.SAME_CHUNK))
        .where(deliveries.c.mailing_id == mailing_id, state.in_(_MAILED))
        .order_by(deliveries.c.subscriber_id)
    )
    for first in range(0, len(ids), _SLICE):
        part = ids[first : first + _SLICE]
        yield from connection.execute(query.where(deliveries.c.subscriber_id.in_(part)))
