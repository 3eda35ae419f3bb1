"""The life of a chunk, as pure rules: who may do what with it, and what becomes of it.

    planned -> claimed (lease) -> sending (attempt n, committed before the request)
            -> accepted | refused | split | uncertain, or planned again
    planned -> cancelled by the operator

`uncertain` is left by evidence or by an operator's word alone. Why: delivery as a whole
cannot be made exactly-once, but it can be made to know what it does not know.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from publisher.deliver.sender import (
    Accepted,
    Deferred,
    Form,
    Outcome,
    Refused,
    Retry,
    Stop,
    TooLarge,
    Uncertain,
)

T = TypeVar("T")
MAX_DEFERRALS = 5  #: a reader put off so often is given up


class State(StrEnum):
    """Where a chunk stands; its readers stand there too, but for the exceptions."""

    PLANNED = "planned"
    CLAIMED = "claimed"
    SENDING = "sending"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"
    CANCELLED = "cancelled"  #: the operator wanted no more of the mailing to leave
    SPLIT = "split"  #: nobody is in it any more: its readers went into smaller chunks


class Fate(StrEnum):
    """A reader's own state, where it differs from the chunk's."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    SUPPRESSED = "suppressed"
    DEFERRED = "deferred"  #: untried in effect; goes into a later chunk when this one ends


class LeaseLost(Exception):
    """The chunk is not, or no longer, this worker's; whatever it learnt is only evidence."""


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """Some readers of a mailing who are sent together; the membership is frozen."""

    mailing_id: int
    n: int
    size: int
    form: Form = Form.LINK  #: what all its readers get
    state: State = State.PLANNED
    attempt: int = 0  #: the attempt that runs or ran last; 0 before the first
    doubt: int = 0  #: unanswered readers in doubt if the running attempt is lost
    lease_owner: str | None = None
    lease_until: datetime | None = None
    not_before: datetime | None = None
    provider_id: str = ""
    reason: str = ""

    @property
    def settled(self) -> bool:
        """Whether nothing more happens to this chunk by itself."""
        return self.state not in (State.PLANNED, State.CLAIMED, State.SENDING)


def claim(chunk: Chunk, *, owner: str, now: datetime, lease: timedelta) -> Chunk:
    """Take a planned chunk for a while."""
    if chunk.state is not State.PLANNED or (chunk.not_before and chunk.not_before > now):
        raise LeaseLost(f"chunk {chunk.n} is {chunk.state}")
    return replace(chunk, state=State.CLAIMED, lease_owner=owner, lease_until=now + lease)


def begin(chunk: Chunk, *, owner: str, now: datetime, lease: timedelta, doubt: int) -> Chunk:
    """Mark the next attempt; must be committed before the first byte leaves."""
    _held(chunk, State.CLAIMED, owner, now)
    return replace(
        chunk,
        state=State.SENDING,
        attempt=chunk.attempt + 1,
        doubt=doubt,
        lease_until=now + lease,
        not_before=None,
        reason="",
    )


def renew(chunk: Chunk, *, owner: str, now: datetime, lease: timedelta) -> Chunk:
    """Keep a chunk that is being sent; a worker that was frozen past its lease has lost it."""
    _held(chunk, State.SENDING, owner, now)
    return replace(chunk, lease_until=now + lease)


def conclude(chunk: Chunk, outcome: Outcome, *, owner: str, attempt: int, now: datetime) -> Chunk:
    """Return the chunk after the answer to this attempt, which is the answer of all in it.

    A late answer to the attempt that is in doubt is evidence and settles it; an answer
    to an attempt that others have gone beyond raises `LeaseLost`.
    """
    mine = chunk.lease_owner == owner and chunk.attempt == attempt
    if not mine or chunk.state not in (State.SENDING, State.UNCERTAIN):
        raise LeaseLost(f"chunk {chunk.n} is {chunk.state}, attempt {chunk.attempt}")
    match outcome:
        case Accepted(provider_id=provider_id):
            done = replace(chunk, state=State.ACCEPTED, provider_id=provider_id)
        case Refused(reason=reason):
            # the readers of a larger chunk go into smaller ones, see `blame`
            state = State.REFUSED if chunk.size == 1 else State.SPLIT
            done = replace(chunk, state=state, reason=reason)
        case Uncertain(reason=reason):
            # the owner stays on record: only its late answer may settle this attempt
            return replace(chunk, state=State.UNCERTAIN, reason=reason, lease_until=None, doubt=0)
        case Deferred(reason=reason) if chunk.attempt >= MAX_DEFERRALS:
            done = replace(chunk, state=State.REFUSED, reason=_given_up(chunk, reason))
        case Deferred(reason=reason):
            done = replace(
                chunk, state=State.PLANNED, reason=reason, not_before=now + patience(attempt)
            )
        case Retry(reason=reason, at=at):
            done = replace(chunk, state=State.PLANNED, reason=reason, not_before=at)
        case TooLarge(reason=reason) | Stop(reason=reason):
            done = replace(chunk, state=State.PLANNED, reason=reason)
    return replace(done, lease_owner=None, lease_until=None, doubt=0)


def expire(chunk: Chunk, *, now: datetime) -> Chunk:
    """Take a chunk from a worker whose lease ran out.

    Claimed means nothing was sent. Sending means nobody knows, unless the sender leaves
    nobody in doubt. The readers who were not yet tried must be taken out before, see
    `in_doubt`.
    """
    if chunk.state not in (State.CLAIMED, State.SENDING) or not _run_out(chunk, now):
        raise LeaseLost(f"chunk {chunk.n} is {chunk.state} and not given up")
    if chunk.state is State.CLAIMED or not chunk.doubt:
        return replace(chunk, state=State.PLANNED, lease_owner=None, lease_until=None, doubt=0)
    return replace(
        chunk,
        state=State.UNCERTAIN,
        reason="the sending process was lost before the answer was recorded",
        lease_until=None,
        doubt=0,
    )


def withdraw(chunk: Chunk, *, owner: str, attempt: int) -> Chunk:
    """Give a chunk back of which its worker knows that nothing has left.

    Even a doubt ends so: the worker itself is the only one who can know.
    """
    mine = chunk.lease_owner == owner and chunk.attempt == attempt
    if not mine or chunk.state not in (State.CLAIMED, State.SENDING, State.UNCERTAIN):
        raise LeaseLost(f"chunk {chunk.n} is {chunk.state} of {chunk.lease_owner}")
    return replace(
        chunk, state=State.PLANNED, lease_owner=None, lease_until=None, doubt=0, reason=""
    )


def cancel(chunk: Chunk) -> Chunk:
    """End a chunk that nobody has begun to send."""
    if chunk.state is not State.PLANNED:
        raise LeaseLost(f"chunk {chunk.n} is {chunk.state}")
    return replace(chunk, state=State.CANCELLED, not_before=None)


def resend(chunk: Chunk) -> Chunk:
    """Plan another attempt at a chunk in doubt.

    By an operator's word, who accepts that some get it twice, or because the provider's
    events and records would know of it if it had been accepted.
    """
    if chunk.state is not State.UNCERTAIN:
        raise LeaseLost(f"chunk {chunk.n} is {chunk.state}, not uncertain")
    return replace(chunk, state=State.PLANNED, lease_owner=None, not_before=None)


def prove(chunk: Chunk, provider_id: str) -> Chunk:
    """Settle a doubt by evidence, even if the chunk was to be sent again because of it."""
    again = chunk.state is State.PLANNED and chunk.attempt > 0
    if chunk.state is not State.UNCERTAIN and not again:
        raise LeaseLost(f"chunk {chunk.n} is {chunk.state}, not uncertain")
    return replace(
        chunk,
        state=State.ACCEPTED,
        provider_id=provider_id,
        lease_owner=None,
        not_before=None,
        reason="",
    )


def in_doubt(unanswered: Sequence[T], doubt: int) -> tuple[Sequence[T], Sequence[T]]:
    """Part the unanswered readers of a lost attempt into those in doubt and those untried.

    Senders go through a chunk in order and have every answer recorded before more than
    `doubt` are open; so the first may have been mailed, and the rest were not.
    """
    return unanswered[:doubt], unanswered[doubt:]


def blame(
    members: Sequence[int], guilty: frozenset[int]
) -> tuple[Sequence[int], list[Sequence[int]]]:
    """Part a refused chunk into readers who are refused and smaller chunks to try again.

    Those the provider named are refused; if it named none, or nearly all (then it is
    hardly their fault), the chunk is halved until the bad one stands alone.
    """
    named = [member for member in members if member in guilty]
    if named and len(named) <= max(1, len(members) // 2):
        rest = [member for member in members if member not in guilty]
        return named, [rest] if rest else []
    middle = len(members) // 2
    return [], [members[:middle], members[middle:]]


def patience(attempt: int) -> timedelta:
    """Return how long a deferred reader waits after this attempt: 1, 2, 4, 8 minutes."""
    return timedelta(minutes=min(2 ** (attempt - 1), 60))


def _given_up(chunk: Chunk, reason: str) -> str:
    return f"given up after {chunk.attempt} attempts: {reason}"


def _held(chunk: Chunk, state: State, owner: str, now: datetime) -> None:
    if chunk.state is not state or chunk.lease_owner != owner or _run_out(chunk, now):
        raise LeaseLost(f"chunk {chunk.n} is {chunk.state} of {chunk.lease_owner}")


def _run_out(chunk: Chunk, now: datetime) -> bool:
    return chunk.lease_until is None or chunk.lease_until <= now
