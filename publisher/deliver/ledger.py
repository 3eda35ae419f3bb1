"""The ledger's SQL: chunks and deliveries as the rules of `states` leave them.

Every change of a chunk is a comparison and a swap: the row is written only if it still
is as it was read, so that of two workers one wins and the other learns it.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, bindparam, case, func, or_, select, update

from publisher.deliver import states
from publisher.deliver.sender import Form
from publisher.deliver.states import Chunk, Fate, LeaseLost, State
from publisher.storage.schema import chunks, deliveries, lists, mailings, subscribers, subscriptions
from publisher.storage.suppressions import email_hash, suppressed

_NOT_SETTLED = (State.PLANNED, State.CLAIMED, State.SENDING)
_OPEN = or_(deliveries.c.state.is_(None), deliveries.c.state == Fate.DEFERRED)
_COLUMNS = (
    chunks.c.mailing_id,
    chunks.c.n,
    chunks.c.size,
    chunks.c.form,
    chunks.c.state,
    chunks.c.attempt,
    chunks.c.doubt,
    chunks.c.lease_owner,
    chunks.c.lease_until,
    chunks.c.not_before,
    chunks.c.provider_id,
    chunks.c.reason,
)
# both run for every few readers: to make them anew would take eight times as long as they do
# the size is compared, for readers may have been moved out meanwhile
_COMPARED = ("mailing_id", "n", "state", "attempt", "size")
_CHANGING = (
    *("size", "state", "attempt", "doubt", "lease_owner", "lease_until"),
    *("not_before", "provider_id", "reason"),
)
_SWAP = (
    update(chunks)
    .where(
        *(chunks.c[name] == bindparam(f"was_{name}") for name in _COMPARED),
        chunks.c.lease_owner.is_not_distinct_from(bindparam("was_owner")),
    )
    .values({name: bindparam(f"new_{name}") for name in (*_CHANGING, "changed")})
)
_MARK = (
    update(deliveries)
    .where(
        deliveries.c.mailing_id == bindparam("of_mailing"),
        deliveries.c.n == bindparam("of_chunk"),
        deliveries.c.subscriber_id.in_(bindparam("readers", expanding=True)),
    )
    .values(state=bindparam("fate"), reason=bindparam("why"))
)


@dataclass(frozen=True, slots=True)
class Member:
    """A reader of a chunk who has no answer yet, as she stands in the list today."""

    subscriber_id: int
    email: str
    name: str
    noted: str  #: the address as the ledger has it; she may have changed hers since
    deferred: bool  #: whether this attempt has already put her off
    barred: str  #: why she must not be mailed any more; empty if she may


def swap(connection: Connection, before: Chunk, after: Chunk, now: datetime) -> Chunk:
    """Write a chunk's new state; raise `LeaseLost` if another has changed it meanwhile."""
    values = {f"new_{name}": getattr(after, name) for name in _CHANGING}
    was = {f"was_{name}": getattr(before, name) for name in _COMPARED}
    values |= {"new_changed": now, "was_owner": before.lease_owner}
    written = connection.execute(_SWAP, was | values)
    if written.rowcount != 1:
        raise LeaseLost(f"chunk {before.n} has been changed by another")
    return after


def planned(
    connection: Connection, mailing_id: int, *, now: datetime, n: int | None = None
) -> Chunk | None:
    """Return the smallest chunk that is due, or chunk `n` if it is, and hold its row.

    Only while the mailing is sending. The smallest first finds the bad reader of a
    refused chunk before more are refused.
    """
    query = (
        select(*_COLUMNS)
        .join(mailings, mailings.c.id == chunks.c.mailing_id)
        .where(
            chunks.c.mailing_id == mailing_id,
            chunks.c.state == State.PLANNED,
            or_(chunks.c.not_before.is_(None), chunks.c.not_before <= now),
            mailings.c.state == "sending",
            or_(mailings.c.hold_until.is_(None), mailings.c.hold_until <= now),
        )
        .order_by(chunks.c.size, chunks.c.n)
        .limit(1)
        # PostgreSQL: workers pass by a row another is claiming; SQLite has one writer anyway
        .with_for_update(skip_locked=True, of=chunks)
    )
    row = connection.execute(query if n is None else query.where(chunks.c.n == n)).first()
    return _chunk(row) if row else None


def claim_next(
    connection: Connection, mailing_id: int, *, owner: str, now: datetime, lease: timedelta
) -> Chunk | None:
    """Claim the smallest chunk that is due, or return None; only while the mailing is sending."""
    chunk = planned(connection, mailing_id, now=now)
    if chunk is None:
        return None
    return swap(connection, chunk, states.claim(chunk, owner=owner, now=now, lease=lease), now)


def read_chunk(connection: Connection, mailing_id: int, n: int) -> Chunk:
    """Read one chunk and, on PostgreSQL, hold it until the transaction ends."""
    where = (chunks.c.mailing_id == mailing_id, chunks.c.n == n)
    return _chunk(connection.execute(select(*_COLUMNS).where(*where).with_for_update()).one())


def free_chunk(connection: Connection, mailing_id: int, n: int) -> Chunk | None:
    """Read and hold one chunk as `read_chunk` does; None if somebody holds it just now."""
    where = (chunks.c.mailing_id == mailing_id, chunks.c.n == n)
    query = select(*_COLUMNS).where(*where).with_for_update(skip_locked=True)
    row = connection.execute(query).first()
    return _chunk(row) if row else None


def chunks_in(connection: Connection, mailing_id: int, *wanted: State) -> list[Chunk]:
    """Return the chunks in these states, in order."""
    where = (chunks.c.mailing_id == mailing_id, chunks.c.state.in_(wanted))
    rows = connection.execute(select(*_COLUMNS).where(*where).order_by(chunks.c.n))
    return [_chunk(row) for row in rows]


def due(connection: Connection, *, now: datetime, limit: int) -> list[tuple[int, int]]:
    """Return mailing and number of chunks that may be sent now, the most urgent first."""
    rows = connection.execute(
        select(chunks.c.mailing_id, chunks.c.n)
        .join(mailings, mailings.c.id == chunks.c.mailing_id)
        .where(
            chunks.c.state == State.PLANNED,
            or_(chunks.c.not_before.is_(None), chunks.c.not_before <= now),
            mailings.c.state == "sending",
            or_(mailings.c.hold_until.is_(None), mailings.c.hold_until <= now),
        )
        .order_by(mailings.c.priority.desc(), mailings.c.id, chunks.c.size, chunks.c.n)
        .limit(limit)
    )
    return [(row.mailing_id, row.n) for row in rows]


def next_moment(connection: Connection, mailing_id: int) -> datetime | None:
    """Return when the first chunk that is not settled comes due or is given up.

    None if all are settled.
    """
    moment = case(
        (chunks.c.state == State.PLANNED, func.coalesce(chunks.c.not_before, chunks.c.changed)),
        else_=chunks.c.lease_until,
    )
    found: datetime | None = connection.scalar(
        select(func.min(moment, type_=chunks.c.changed.type)).where(
            chunks.c.mailing_id == mailing_id, chunks.c.state.in_(_NOT_SETTLED)
        )
    )
    return found


def open_members(connection: Connection, chunk: Chunk, list_name: str) -> list[Member]:
    """Return the readers of a chunk without an answer, by number, with what bars them today."""
    people = (
        deliveries.outerjoin(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
        .outerjoin(lists, lists.c.name == list_name)
        .outerjoin(
            subscriptions,
            and_(
                subscriptions.c.subscriber_id == deliveries.c.subscriber_id,
                subscriptions.c.list_id == lists.c.id,
            ),
        )
    )
    rows = connection.execute(
        select(
            deliveries.c.subscriber_id,
            deliveries.c.email.label("noted"),
            deliveries.c.state,
            subscribers.c.email,
            subscribers.c.email_key,
            subscribers.c.name,
            subscribers.c.status,
            subscriptions.c.status.label("subscription"),
        )
        .select_from(people)
        .where(deliveries.c.mailing_id == chunk.mailing_id, deliveries.c.n == chunk.n, _OPEN)
        .order_by(deliveries.c.subscriber_id)
    ).all()
    hashes = {row.email_key: email_hash(row.email_key) for row in rows if row.email_key}
    barred = suppressed(connection, hashes.values(), list_name)
    return [
        Member(
            subscriber_id=row.subscriber_id,
            email=row.email or row.noted,
            name=row.name or "",
            noted=row.noted,
            deferred=row.state == Fate.DEFERRED,
            barred=_bar(row, barred.get(hashes.get(row.email_key, ""))),
        )
        for row in rows
    ]


def has_open(connection: Connection, chunk: Chunk) -> bool:
    """Whether a reader of the chunk has no answer of her own."""
    where = (deliveries.c.mailing_id == chunk.mailing_id, deliveries.c.n == chunk.n, _OPEN)
    found = connection.execute(select(deliveries.c.subscriber_id).where(*where).limit(1)).first()
    return found is not None


def mark(
    connection: Connection,
    chunk: Chunk,
    subscriber_ids: Sequence[int],
    fate: Fate | None,
    reason: str = "",
) -> None:
    """Write the readers' own state, as long as they are in this chunk."""
    if subscriber_ids:
        where = {"of_mailing": chunk.mailing_id, "of_chunk": chunk.n, "readers": subscriber_ids}
        connection.execute(_MARK, {**where, "fate": fate, "why": reason})


def note_address(connection: Connection, chunk: Chunk, member: Member) -> None:
    """Write down the address as it is mailed."""
    connection.execute(
        update(deliveries).where(*_of(chunk, [member.subscriber_id])).values(email=member.email)
    )


def undefer(connection: Connection, chunk: Chunk) -> None:
    """Forget who was put off by an earlier attempt: the next one tries them."""
    where = (deliveries.c.mailing_id == chunk.mailing_id, deliveries.c.n == chunk.n)
    connection.execute(
        update(deliveries).where(*where, deliveries.c.state == Fate.DEFERRED).values(state=None)
    )


def carve(
    connection: Connection,
    chunk: Chunk,
    groups: Sequence[Sequence[int]],
    like: Chunk,
    now: datetime,
) -> list[Chunk]:
    """Move readers of a chunk into new chunks with another fate, which `like` shows.

    Their old chunk keeps its number and loses their number in its size; the caller
    writes it. Takes the mailing's row first, so that two workers never give one number.
    """
    connection.execute(
        # its key is not touched, so those who write rows that name it need not wait
        select(mailings.c.id)
        .where(mailings.c.id == chunk.mailing_id)
        .with_for_update(key_share=True)
    )
    last = connection.scalar(
        select(func.max(chunks.c.n)).where(chunks.c.mailing_id == chunk.mailing_id)
    )
    made = []
    for number, group in enumerate([g for g in groups if g], start=(last or 0) + 1):
        new = replace(like, n=number, size=len(group))
        connection.execute(chunks.insert().values(**asdict(new), changed=now))
        connection.execute(
            update(deliveries).where(*_of(chunk, group)).values(n=number, state=None, reason="")
        )
        made.append(new)
    return made


def keep_only(connection: Connection, chunk: Chunk, readers: int, now: datetime) -> Chunk:
    """Move all but the first so many readers of a planned chunk into another one.

    Those who have an answer already, from an attempt that broke off, stay where they are.
    """
    of_chunk = (deliveries.c.mailing_id == chunk.mailing_id, deliveries.c.n == chunk.n, _OPEN)
    later = connection.scalars(
        select(deliveries.c.subscriber_id)
        .where(*of_chunk)
        .order_by(deliveries.c.subscriber_id)
        .offset(readers)
    ).all()
    carve(connection, chunk, [later], chunk, now)
    return swap(connection, chunk, replace(chunk, size=chunk.size - len(later)), now)


def cancel_planned(connection: Connection, mailing_id: int, now: datetime) -> int:
    """End what nobody has begun to send; return how many readers that were."""
    left = 0
    for chunk in chunks_in(connection, mailing_id, State.PLANNED):
        with suppress(LeaseLost):  # a worker was faster: it finishes what it has begun
            swap(connection, chunk, states.cancel(chunk), now)
            left += chunk.size
    return left


def _of(chunk: Chunk, subscriber_ids: Sequence[int]) -> tuple[Any, ...]:
    return (
        deliveries.c.mailing_id == chunk.mailing_id,
        deliveries.c.n == chunk.n,
        deliveries.c.subscriber_id.in_(subscriber_ids),
    )


def _bar(row: Any, suppression: tuple[str, datetime] | None) -> str:
    if row.status is None:
        return "no longer a reader"
    if row.status != "enabled":
        return "blocked by the operator"
    if row.subscription != "active":
        return "no longer subscribed"
    return suppression[0] if suppression else ""


def _chunk(row: Any) -> Chunk:
    return Chunk(**{**row._mapping, "state": State(row.state), "form": Form(row.form)})
