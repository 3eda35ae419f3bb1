"""One attempt at one chunk: take it, mark it, send it, write the answers down.

The mark is committed before the request, each answer before more are asked for; what a
worker knows after the database failed is never thrown away.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from publisher.deliver import ledger, recording, states, throttle
from publisher.deliver.forms import message_in_form
from publisher.deliver.ledger import Member
from publisher.deliver.mailing import Mailing, hold_all, leave_attachments, note, read_mailing
from publisher.deliver.patience import Patience, after
from publisher.deliver.proving import evidence_for
from publisher.deliver.recording import Attempt
from publisher.deliver.sender import (
    Accepted,
    Answer,
    Form,
    Message,
    Outcome,
    Recipient,
    Reference,
    Refused,
    Retry,
    Sender,
    Stop,
    TooLarge,
    Uncertain,
)
from publisher.deliver.senders.headers import message_id
from publisher.deliver.states import Chunk, LeaseLost, State
from publisher.deliver.throttle import Limits
from publisher.storage.engine import reading

_LONGEST_WAIT = 1.0  #: seconds an answer waits to be written down
_DATABASE_TRIES = 5  #: an answer that was given must not be lost to a dropped connection

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a worker needs to send chunks of one mailing."""

    engine: Engine
    mailing: Mailing
    sender: Sender
    clock: Callable[[], datetime]
    unsubscribe_url: Callable[[int, str], str]
    owner: str  #: unlike that of any other worker, in this process too
    lease: timedelta
    limits: Limits | None = None
    wait: Callable[[float], None] = time.sleep
    preferences_url: Callable[[int, str], str] = lambda *_: ""
    return_path: Callable[[int, int], str] = lambda *_: ""


@dataclass(frozen=True, kw_only=True)
class Hand:
    """What a worker keeps from one chunk to the next."""

    patience: Patience = Patience()
    messages: Mapping[Form, Message] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Wait:
    """Nothing may leave before this moment."""

    until: datetime
    why: str


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A chunk that is marked as being sent, and its readers."""

    attempt: Attempt
    members: Sequence[Member]


def lease_of(sender: Sender) -> timedelta:
    """Return a lease that outlasts a request whose every phase takes as long as it may."""
    return timedelta(seconds=4 * sender.capabilities.timeout_s + 60)


def take(run: Run, n: int | None = None) -> Taken | Wait | None:
    """Claim the next chunk, or chunk `n`, and mark the attempt, all in one transaction.

    None if there is nothing to claim now. Room under the limits is used up with it.
    """
    before: set[tuple[int, int]] | None = None
    try:
        with run.engine.begin() as connection:
            # an owner may come again, and find requests of his whose answers were lost
            before = {(chunk.n, chunk.attempt) for chunk in _own(connection, run)}
            return _take(connection, run, n)
    except LeaseLost:
        return None  # another was faster
    except OperationalError:
        # did the transaction happen? whatever it took, nothing of it has left
        if before is not None:
            held = before
            commit(run, lambda connection: release_own(connection, run, but=held))
        raise


def send_taken(run: Run, taken: Taken, hand: Hand) -> tuple[Hand, int]:
    """Send a chunk that was taken; return what the worker keeps, and the readers settled."""
    chunk = taken.attempt.chunk
    if not taken.members:
        return hand, chunk.size
    try:
        message, hand = _message(run, chunk.form, hand)
    except BaseException:
        _withdraw(run, chunk)
        raise
    if message.attachments and message.size > run.sender.capabilities.size_limit:
        _leave_attachments(run, "they are larger than the sender takes")
        message, hand = _message(run, chunk.form, replace(hand, messages={}))
    recipients = [_recipient(run, message, member) for member in taken.members]
    if chunk.lease_until is None or run.clock() >= chunk.lease_until:
        _withdraw(run, chunk)  # frozen past the lease: others count on us not to send now
        return hand, 0
    return _send(run, taken.attempt, message, recipients, hand)


def release_own(connection: Connection, run: Run, *, but: Collection[tuple[int, int]]) -> int:
    """Give back what this worker holds without having sent it; only between two attempts.

    `but` are number and attempt of chunks that it held before: those may have left.
    """
    held = [chunk for chunk in _own(connection, run) if (chunk.n, chunk.attempt) not in but]
    for chunk in held:
        back = states.withdraw(chunk, owner=run.owner, attempt=chunk.attempt)
        ledger.swap(connection, chunk, back, run.clock())
    return len(held)


def commit(run: Run, work: Callable[[Connection], T]) -> T:
    """Do one transaction's work, several times if the database goes away meanwhile."""
    for number in range(1, _DATABASE_TRIES + 1):
        try:
            with run.engine.begin() as connection:
                return work(connection)
        except OperationalError:
            if number == _DATABASE_TRIES:
                raise
            run.wait(2.0**number / 4)
    raise AssertionError("unreachable")


def _take(connection: Connection, run: Run, n: int | None) -> Taken | Wait | None:
    now = run.clock()
    chunk = _unproved(connection, run, n, now)
    if chunk is None:
        return None
    if run.limits:
        # what was tried before is known by its number: late evidence must find all its readers
        whole = chunk.attempt > 0
        grant = throttle.take(connection, run.limits, chunk.size, now=now, whole=whole)
        if grant.wait_until:
            return Wait(until=grant.wait_until, why=grant.why)
        if grant.mails < chunk.size:
            chunk = ledger.keep_only(connection, chunk, grant.mails, now)
    claimed = states.claim(chunk, owner=run.owner, now=now, lease=run.lease)
    claimed = ledger.swap(connection, chunk, claimed, now)
    attempt, members = recording.start(
        connection,
        claimed,
        run.mailing.list,
        owner=run.owner,
        now=now,
        lease=run.lease,
        doubt=_doubt(run.sender, chunk),
    )
    return Taken(attempt=attempt, members=members)


def _unproved(connection: Connection, run: Run, n: int | None, now: datetime) -> Chunk | None:
    """Return a chunk that is due; one that is to go again and was heard of since is settled."""
    while chunk := ledger.planned(connection, run.mailing.id, now=now, n=n):
        proof = evidence_for(connection, chunk.mailing_id, chunk.n) if chunk.attempt else None
        if proof is None:
            return chunk
        ledger.swap(connection, chunk, states.prove(chunk, proof), now)
        note(
            connection,
            run.mailing,
            who=run.owner,
            act="evidence found",
            now=now,
            chunk=chunk.n,
            attempt=chunk.attempt,
            provider_id=proof,
            source="event",
            unsent=chunk.attempt,  # the last attempt ended without anything leaving
        )
    return None


def _doubt(sender: Sender, chunk: Chunk) -> int:
    """Return how many a crash leaves in doubt: all, where one request is for all.

    The chunk may be larger than the sender's batch, which an operator may have lowered.
    """
    can = sender.capabilities
    return can.doubt if can.doubt < can.batch else max(can.doubt, chunk.size)


def _own(connection: Connection, run: Run) -> list[Chunk]:
    held = ledger.chunks_in(connection, run.mailing.id, State.CLAIMED, State.SENDING)
    return [chunk for chunk in held if chunk.lease_owner == run.owner]


def _send(
    run: Run, attempt: Attempt, message: Message, recipients: Sequence[Recipient], hand: Hand
) -> tuple[Hand, int]:
    patience, left = hand.patience, 0
    reference = Reference(
        mailing=run.mailing.id,
        chunk=attempt.chunk.n,
        attempt=attempt.chunk.attempt,
        token=run.mailing.token,
    )
    answers = run.sender.send(message, recipients, now=run.clock(), reference=reference)
    try:
        for batch in _batches(run, answers):
            outcomes = [_sized(answer, message) for answer in batch]
            for answer in outcomes:
                left += len(answer.recipients) * isinstance(answer.outcome, Accepted | Uncertain)
                patience = after(patience, answer.outcome, run.clock())
                if isinstance(answer.outcome, Retry) and answer.outcome.at:
                    _hold_all(run, answer.outcome.at)
            large = [a.outcome for a in outcomes if isinstance(a.outcome, TooLarge)]
            if large:
                _leave_attachments(run, large[0].reason)
                hand = replace(hand, messages={})
            attempt = _write(run, attempt, outcomes)
        if attempt.chunk.state is State.SENDING:
            attempt = commit(
                run, lambda connection: recording.finish(connection, attempt, now=run.clock())
            )
    except LeaseLost:
        return replace(hand, patience=patience), 0
    except BaseException:
        # whatever broke, Ctrl-C too: say now who is in doubt instead of when the lease is out
        _give_up(run, attempt.chunk)
        raise
    if run.limits and left < len(recipients):
        _give_back_room(run, run.limits, len(recipients) - left)
    return replace(hand, patience=patience), attempt.chunk.size if attempt.chunk.settled else 0


def _batches(run: Run, answers: Iterator[Answer]) -> Iterator[list[Answer]]:
    """Hand answers on before more readers are in doubt than the sender promised.

    And after a second at the latest: writing them down keeps the lease, and mail servers
    may be slow.
    """
    can = run.sender.capabilities
    together = can.recorded or can.doubt
    waiting: list[Answer] = []
    readers, since = 0, time.monotonic()
    with closing(answers):  # type: ignore[type-var]  # senders are generators
        for answer in answers:
            waiting.append(answer)
            readers += len(answer.recipients)
            if together and (readers >= together or time.monotonic() - since > _LONGEST_WAIT):
                yield waiting
                waiting, readers, since = [], 0, time.monotonic()
    if waiting:
        yield waiting


def _write(run: Run, attempt: Attempt, answers: Sequence[Answer]) -> Attempt:
    try:
        return commit(
            run,
            lambda connection: recording.record(connection, attempt, answers, now=run.clock()),
        )
    except LeaseLost:
        commit(run, lambda connection: _write_late(run, connection, attempt, answers))
        raise


def _write_late(
    run: Run, connection: Connection, attempt: Attempt, answers: Sequence[Answer]
) -> None:
    if not recording.record_late(connection, attempt, answers, now=run.clock()):
        note(
            connection,
            run.mailing,
            who=run.owner,
            act="late answer",
            now=run.clock(),
            chunk=attempt.chunk.n,
            attempt=attempt.chunk.attempt,
            readers=[r.subscriber_id for a in answers for r in a.recipients],
        )


def _withdraw(run: Run, chunk: Chunk) -> None:
    def work(connection: Connection) -> None:
        found = ledger.read_chunk(connection, chunk.mailing_id, chunk.n)
        back = states.withdraw(found, owner=run.owner, attempt=chunk.attempt)
        ledger.swap(connection, found, back, run.clock())

    try:
        commit(run, work)
    except (DBAPIError, LeaseLost):
        return  # the lease will run out; whoever finds it then asks for evidence


def _give_up(run: Run, chunk: Chunk) -> None:
    try:
        with run.engine.begin() as connection:
            found = ledger.read_chunk(connection, chunk.mailing_id, chunk.n)
            if found.lease_owner == run.owner and found.lease_until and not found.settled:
                recording.give_up(connection, found, run.mailing.list, now=found.lease_until)
    except (DBAPIError, LeaseLost):
        return  # the lease will run out, with the same end


def _give_back_room(run: Run, limits: Limits, mails: int) -> None:
    commit(run, lambda connection: throttle.give_back(connection, limits, mails, now=run.clock()))


def _hold_all(run: Run, until: datetime) -> None:
    commit(run, lambda connection: hold_all(connection, run.mailing, until))


def _sized(answer: Answer, message: Message) -> Answer:
    """Read "too large" anew where no attachment is left to take away."""
    if not isinstance(answer.outcome, TooLarge) or message.attachments:
        return answer
    reason = answer.outcome.reason
    outcome: Outcome = Refused(reason=reason)
    if len(answer.recipients) == 1:
        outcome = Stop(reason=f"{reason}: the mail itself is too large; shorten the issue's e-mail")
    return replace(answer, outcome=outcome)


def _message(run: Run, form: Form, hand: Hand) -> tuple[Message, Hand]:
    """Return the frozen mail in a form, and remember it for the next chunk."""
    if form not in hand.messages:
        with reading(run.engine) as connection:
            mailing = read_mailing(connection, run.mailing.id)
        message = message_in_form(run.engine, mailing, form)
        hand = replace(hand, messages={**hand.messages, form: message})
    return hand.messages[form], hand


def _leave_attachments(run: Run, why: str) -> None:
    leave_attachments(run.engine, run.mailing, why=why, who=run.owner, now=run.clock())


def _recipient(run: Run, message: Message, member: Member) -> Recipient:
    mailing = run.mailing
    return Recipient(
        email=member.email,
        message_id=message_id(message.domain, mailing.week, mailing.id, member.subscriber_id),
        subscriber_id=member.subscriber_id,
        name=member.name,
        unsubscribe_url=run.unsubscribe_url(member.subscriber_id, mailing.list),
        preferences_url=run.preferences_url(member.subscriber_id, mailing.list),
        return_path=run.return_path(mailing.id, member.subscriber_id),
    )
