"""Mail failed readers once more, as a step of its own that an operator asks for.

Tried again are those whose mail the service refused, and those whose mail it accepted
and could not bring home for a reason that may pass. Never tried again are readers who
have the mail or may have it, and those who do not want it.

The new attempt counts on from the old one, and a receipt takes the state of the highest
attempt it hears of: so nothing that is still heard of the first mail hides what became
of the second.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Engine, and_, case, func, or_, select, update

from publisher.deliver import standing
from publisher.deliver.feedback.causes import Kind, classify
from publisher.deliver.figures import SAME_READER
from publisher.deliver.mailing import Mailing, note, read_mailing, set_state
from publisher.deliver.providers import family_of
from publisher.deliver.sender import Form
from publisher.deliver.states import State
from publisher.errors import DeliveryError
from publisher.storage.engine import reading
from publisher.storage.inserts import insert_or_ignore
from publisher.storage.schema import (
    chunks,
    deliveries,
    lists,
    mailings,
    receipts,
    subscribers,
    subscriptions,
)
from publisher.storage.suppressions import email_hash, suppressed

_SLICE = 1000
#: why a mail service drops a mail that it may take another day; all else is about the reader
_PASSING_DROPS = ("over package quota", "credits exceeded", "rate limit", "temporar")
_HEARD = ("delivered", "opened", "clicked", "machine_opened", "machine_clicked")
_UNWANTED = ("complained", "unsubscribed")


class Cause(StrEnum):
    """Why a reader has not got it."""

    REFUSED = "refused"  #: the mail service did not take the mail
    BLOCKED = "blocked"  #: the reader's provider did not, for now
    BOUNCED = "bounced"  #: it came back, but not because the address is dead
    DROPPED = "dropped"  #: the mail service did not try, for a reason that passes


@dataclass(frozen=True, kw_only=True, slots=True)
class Failed:
    """A reader who may be mailed once more."""

    subscriber_id: int
    email: str
    cause: Cause
    reason: str
    chunk: int
    attempt: int  #: that failed
    form: Form


def cause_of(state: str, receipt: str, reason: str) -> Cause | None:
    """Return why a reader may be mailed again, or None if she must not.

    `state` is where she stands in the ledger, `receipt` what became of the mail,
    `reason` the words that came with it.
    """
    if state == "refused":
        return Cause.REFUSED if receipt in ("", "processed", "deferred") else None
    if state != "accepted":
        return None
    match receipt:
        case "blocked":
            return Cause.BLOCKED
        case "bounced":
            return None if classify("", reason) is Kind.HARD else Cause.BOUNCED
        case "dropped" if any(words in reason.casefold() for words in _PASSING_DROPS):
            return Cause.DROPPED
    return None


def failed_readers(engine: Engine, mailing: Mailing, *, provider: str = "") -> list[Failed]:
    """Return who may be mailed once more, by number; of one provider or domain if it is named."""
    with reading(engine) as connection:
        found = list(_failed(connection, mailing))
    wanted = provider.strip().casefold()
    if not wanted:
        return found
    return [one for one in found if wanted in _names_of(one.email)]


def plan_again(
    engine: Engine,
    mailing: Mailing,
    chosen: Collection[int],
    *,
    batch: int,
    who: str,
    now: datetime,
) -> int:
    """Put readers into new chunks for another attempt, and return how many.

    Those of the chosen who may not be mailed again by now are left as they are. What is
    known of their first mail is forgotten in the same transaction, but for what they did.
    Raises `DeliveryError` while the mailing is paused, and for good once it is cancelled.
    """
    with engine.begin() as connection:
        # one at a time gives out the numbers of chunks, see `ledger.carve`
        row = mailings.c.id == mailing.id
        connection.execute(select(mailings.c.id).where(row).with_for_update())
        current = read_mailing(connection, mailing.id)
        _check(current)
        again = sorted(_failed(connection, current, only=chosen, hold=True), key=_kind)
        for _, alike in groupby(again, key=_kind):
            readers = list(alike)
            for first in range(0, len(readers), batch):
                _move(connection, current, readers[first : first + batch], who=who, now=now)
        if again and current.state == "done":
            set_state(connection, current, "sending")
    return len(again)


def _kind(one: Failed) -> tuple[str, bool, int]:
    """Return what a chunk has in common; the refused go apart, for they may spoil it again."""
    return one.form, one.cause is Cause.REFUSED, one.attempt


def _check(mailing: Mailing) -> None:
    if mailing.state == "cancelled":
        raise DeliveryError(
            f"the mailing of {mailing.week} was cancelled for good: nobody is mailed again"
        )
    if mailing.state == "paused":
        raise DeliveryError(
            f"the mailing of {mailing.week} is paused:"
            f" let it go on with `publisher resume --week {mailing.week}` first"
        )


def _failed(
    connection: Connection,
    mailing: Mailing,
    *,
    only: Collection[int] | None = None,
    hold: bool = False,
) -> Iterator[Failed]:
    """Go through who may be mailed again; `hold` keeps others from changing them meanwhile."""
    query = _candidates(mailing, hold=hold)
    for rows in _slices(connection, query, only):
        hashes = {row.email_key: email_hash(row.email_key) for row in rows}
        barred = suppressed(connection, hashes.values(), mailing.list)
        for row in rows:
            reason = row.told if row.state == "accepted" else row.reason
            cause = cause_of(row.state, row.receipt, reason)
            if cause and hashes[row.email_key] not in barred:
                yield Failed(
                    subscriber_id=row.subscriber_id,
                    email=row.email,
                    cause=cause,
                    reason=reason,
                    chunk=row.n,
                    attempt=row.attempt,
                    form=Form(row.form),
                )


def _slices(
    connection: Connection, query: Any, only: Collection[int] | None
) -> Iterator[Sequence[Any]]:
    if only is not None:
        ids = sorted(only)
        for first in range(0, len(ids), _SLICE):
            part = ids[first : first + _SLICE]
            yield connection.execute(query.where(deliveries.c.subscriber_id.in_(part))).all()
        return
    last = 0
    while rows := connection.execute(
        query.where(deliveries.c.subscriber_id > last).limit(_SLICE)
    ).all():
        yield rows
        last = rows[-1].subscriber_id


def _candidates(mailing: Mailing, *, hold: bool) -> Any:
    """Return the query for readers who failed, want the mail and have shown no sign of it."""
    state = standing.effective_state()
    people = (
        deliveries.join(chunks, standing.SAME_CHUNK)
        .outerjoin(receipts, SAME_READER)
        .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
        .join(lists, lists.c.name == mailing.list)
        .join(
            subscriptions,
            and_(
                subscriptions.c.subscriber_id == deliveries.c.subscriber_id,
                subscriptions.c.list_id == lists.c.id,
            ),
        )
    )
    receipt = func.coalesce(receipts.c.state, "")
    query = (
        select(
            deliveries.c.subscriber_id,
            deliveries.c.n,
            subscribers.c.email,
            subscribers.c.email_key,
            chunks.c.attempt,
            chunks.c.form,
            state.label("state"),
            func.coalesce(func.nullif(deliveries.c.reason, ""), chunks.c.reason).label("reason"),
            receipt.label("receipt"),
            func.coalesce(receipts.c.reason, "").label("told"),
        )
        .select_from(people)
        .where(
            deliveries.c.mailing_id == mailing.id,
            subscribers.c.status == "enabled",
            subscriptions.c.status == "active",
            or_(
                state == "refused",
                and_(state == "accepted", receipt.in_(("blocked", "bounced", "dropped"))),
            ),
            *(receipts.c[name].is_(None) for name in (*_HEARD, *_UNWANTED)),
        )
        .order_by(deliveries.c.subscriber_id)
    )
    return query.with_for_update(of=deliveries) if hold else query


def _move(
    connection: Connection, mailing: Mailing, readers: Sequence[Failed], *, who: str, now: datetime
) -> None:
    """Move readers who failed alike into a chunk of their own, planned for the next attempt."""
    ids = sorted(one.subscriber_id for one in readers)
    of_mailing = chunks.c.mailing_id == mailing.id
    n = (connection.scalar(select(func.max(chunks.c.n)).where(of_mailing)) or 0) + 1
    attempt, form = readers[0].attempt, readers[0].form
    connection.execute(
        chunks.insert().values(
            mailing_id=mailing.id,
            n=n,
            state=State.PLANNED,
            form=form,
            size=len(ids),
            attempt=attempt,
            changed=now,
        )
    )
    for first in range(0, len(ids), _SLICE):
        connection.execute(
            update(deliveries)
            .where(
                deliveries.c.mailing_id == mailing.id,
                deliveries.c.subscriber_id.in_(ids[first : first + _SLICE]),
            )
            .values(n=n, state=None, reason="")
        )
    for old, left in groupby(sorted(one.chunk for one in readers)):
        rest = chunks.c.size - len(list(left))
        # its moment stays: it says when those who remain were mailed
        emptied = and_(chunks.c.state == State.REFUSED, rest <= 0)
        connection.execute(
            update(chunks)
            .where(of_mailing, chunks.c.n == old)
            .values(size=rest, state=case((emptied, State.SPLIT), else_=chunks.c.state))
        )
    _forget(connection, mailing, ids, attempt + 1)
    note(
        connection,
        mailing,
        who=who,
        act="retry failed",
        now=now,
        chunk=n,
        attempt=attempt + 1,
        readers=ids,
        causes=sorted({one.cause.value for one in readers}),
    )


def _forget(connection: Connection, mailing: Mailing, ids: Sequence[int], attempt: int) -> None:
    """Let receipts wait for what becomes of this attempt; see `deliver.receipts`."""
    blank = {"state": "", "rank": 0, "attempt": attempt, "at": None, "reason": ""}
    statement = insert_or_ignore(connection, receipts)
    rows = [{"mailing_id": mailing.id, "subscriber_id": id, **blank} for id in ids]
    connection.execute(statement, rows)
    for first in range(0, len(ids), _SLICE):
        part = ids[first : first + _SLICE]
        where = (receipts.c.mailing_id == mailing.id, receipts.c.subscriber_id.in_(part))
        connection.execute(update(receipts).where(*where).values(blank))


def _names_of(email: str) -> tuple[str, str]:
    domain = email.rpartition("@")[2].casefold()
    return domain, family_of(domain).casefold()
