"""The worker: claim a chunk, mark the attempt, send, write the answer down, until all is done.

Any number of workers may do this at once, in one process or on many machines; a worker
that dies leaves its chunk to the others when its lease has run out.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection, Engine, update
from sqlalchemy.exc import DBAPIError, OperationalError

from publisher.deliver import ledger, recording
from publisher.deliver.headers import message_id
from publisher.deliver.ledger import Counts, Member
from publisher.deliver.mailing import (
    Mailing,
    leave_attachments,
    load_message,
    note,
    read_mailing,
)
from publisher.deliver.patience import Patience, after
from publisher.deliver.recording import Attempt
from publisher.deliver.resolving import resolve_uncertain
from publisher.deliver.sender import (
    Answer,
    Message,
    Outcome,
    Recipient,
    Reference,
    Refused,
    Sender,
    Stop,
    TooLarge,
)
from publisher.deliver.states import Chunk, LeaseLost, State
from publisher.errors import DeliveryError
from publisher.storage.engine import reading
from publisher.storage.schema import mailings

_LOOK_AGAIN = 2.0  #: seconds between looks at what others are doing
_DATABASE_TRIES = 5  #: an answer that was given must not be lost to a dropped connection

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a mailing is, for a progress bar."""

    settled: int
    intended: int
    note: str = ""  #: what is being waited for, in one sentence; empty while mails go out


@dataclass(frozen=True, kw_only=True)
class Report:
    """How a worker left the mailing."""

    state: str  #: done, stopped, paused, or sending if this worker alone was asked to end
    reason: str
    counts: Counts


@dataclass(frozen=True, kw_only=True)
class _Run:
    engine: Engine
    mailing: Mailing
    sender: Sender
    clock: Callable[[], datetime]
    unsubscribe_url: Callable[[int, str], str]
    owner: str
    progress: Callable[[Progress], None]
    stop: Callable[[], bool]
    wait: Callable[[float], None]
    lease: timedelta
    is_dead: Callable[[str], bool]


def lease_of(sender: Sender) -> timedelta:
    """Return a lease that outlasts a request whose every phase takes as long as it may."""
    return timedelta(seconds=4 * sender.capabilities.timeout_s + 60)


def send_mailing(
    engine: Engine,
    mailing: Mailing,
    sender: Sender,
    *,
    clock: Callable[[], datetime],
    unsubscribe_url: Callable[[int, str], str],
    owner: str,
    progress: Callable[[Progress], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
    wait: Callable[[float], None] = time.sleep,
    lease: timedelta | None = None,
    is_dead: Callable[[str], bool] = lambda _: False,
) -> Report:
    """Send what is planned and not yet sent; return when all is settled or it must stop.

    `owner` must be unlike that of any other worker. `stop` is asked between chunks, for a
    graceful end; `is_dead` tells of another owner that it is surely gone, so that nobody
    waits for its leases to run out. Does not plan: see `plan`. Raises `DeliveryError` if the database or the
    frozen mail is lost.
    """
    run = _Run(
        engine=engine,
        mailing=mailing,
        sender=sender,
        clock=clock,
        unsubscribe_url=unsubscribe_url,
        owner=owner,
        progress=progress,
        stop=stop,
        wait=wait,
        lease=lease or lease_of(sender),
        is_dead=is_dead,
    )
    try:
        return _work(run)
    except DBAPIError as error:
        raise DeliveryError(
            f"the database failed while mailing {mailing.week}: {error.orig}:"
            " mend it and send again; nobody is mailed twice"
        ) from error
    finally:
        sender.close()


def _work(run: _Run) -> Report:
    if not _open(run):
        return _report(run)
    message = load_message(run.engine, run.mailing)
    if message.attachments and message.size > run.sender.capabilities.size_limit:
        message = _without_attachments(run, "they are larger than the sender takes")
    counts = _counts(run)
    settled, patience = counts.settled, Patience()
    run.progress(Progress(settled=settled, intended=counts.intended))
    while not run.stop() and not patience.stop:
        if patience.hold_until and patience.hold_until > run.clock():
            _pause(run, patience.hold_until, settled, counts.intended, "the mail service")
            continue
        with run.engine.begin() as connection:
            chunk = ledger.claim_next(
                connection, run.mailing.id, owner=run.owner, now=run.clock(), lease=run.lease
            )
        if chunk is None:
            if not _wait_for_others(run, settled, counts.intended):
                break
            continue
        message, patience, done = _attempt(run, chunk, message, patience)
        settled += done
        run.progress(Progress(settled=settled, intended=counts.intended))
    return _close(run, patience)


def _attempt(
    run: _Run, chunk: Chunk, message: Message, patience: Patience
) -> tuple[Message, Patience, int]:
    """Send one chunk; return the message and patience that remain, and the readers settled."""
    try:
        with run.engine.begin() as connection:
            attempt, members = recording.start(
                connection,
                chunk,
                run.mailing.list,
                owner=run.owner,
                now=run.clock(),
                lease=run.lease,
                doubt=run.sender.capabilities.doubt,
            )
    except LeaseLost:
        return message, patience, 0
    if not members:
        return message, patience, chunk.size
    recipients = [_recipient(run, message, member) for member in members]
    reference = Reference(
        mailing=run.mailing.id,
        chunk=chunk.n,
        attempt=attempt.chunk.attempt,
        token=run.mailing.token,
    )
    answers = run.sender.send(message, recipients, now=run.clock(), reference=reference)
    try:
        for batch in _batches(run, answers):
            outcomes = [_sized(answer, message) for answer in batch]
            for answer in outcomes:
                patience = after(patience, answer.outcome, run.clock())
            large = [a.outcome for a in outcomes if isinstance(a.outcome, TooLarge)]
            if large:
                message = _without_attachments(run, large[0].reason)
            attempt = _write(run, attempt, outcomes)
        attempt = _commit(
            run, lambda connection: recording.finish(connection, attempt, now=run.clock())
        )
    except LeaseLost:
        return message, patience, 0
    except BaseException:
        # whatever broke, Ctrl-C too: say now who is in doubt instead of when the lease is out
        _give_up(run, attempt.chunk)
        raise
    return message, patience, attempt.chunk.size if attempt.chunk.settled else 0


def _batches(run: _Run, answers: Iterator[Answer]) -> Iterator[list[Answer]]:
    """Hand answers on before more readers are in doubt than the sender promised."""
    doubt = run.sender.capabilities.doubt
    waiting: list[Answer] = []
    with closing(answers):  # type: ignore[type-var]  # senders are generators
        for answer in answers:
            waiting.append(answer)
            if doubt and sum(len(a.recipients) for a in waiting) >= doubt:
                yield waiting
                waiting = []
    if waiting:
        yield waiting


def _write(run: _Run, attempt: Attempt, answers: Sequence[Answer]) -> Attempt:
    try:
        return _commit(
            run,
            lambda connection: recording.record(connection, attempt, answers, now=run.clock()),
        )
    except LeaseLost:
        _commit(run, lambda connection: _write_late(run, connection, attempt, answers))
        raise


def _write_late(
    run: _Run, connection: Connection, attempt: Attempt, answers: Sequence[Answer]
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


def _commit(run: _Run, work: Callable[[Connection], T]) -> T:
    for number in range(1, _DATABASE_TRIES + 1):
        try:
            with run.engine.begin() as connection:
                return work(connection)
        except OperationalError:
            if number == _DATABASE_TRIES:
                raise
            run.wait(2.0**number / 4)
    raise AssertionError("unreachable")


def _give_up(run: _Run, chunk: Chunk) -> None:
    try:
        with run.engine.begin() as connection:
            found = ledger.read_chunk(connection, chunk.mailing_id, chunk.n)
            if found.lease_owner == run.owner and found.lease_until and not found.settled:
                recording.give_up(connection, found, run.mailing.list, now=found.lease_until)
    except (DBAPIError, LeaseLost):
        return  # the lease will run out, with the same end


def _sized(answer: Answer, message: Message) -> Answer:
    """Read "too large" anew where no attachment is left to take away."""
    if not isinstance(answer.outcome, TooLarge) or message.attachments:
        return answer
    reason = answer.outcome.reason
    outcome: Outcome = Refused(reason=reason)
    if len(answer.recipients) == 1:
        outcome = Stop(reason=f"{reason}: the mail itself is too large; shorten the issue's e-mail")
    return replace(answer, outcome=outcome)


def _without_attachments(run: _Run, why: str) -> Message:
    leave_attachments(run.engine, run.mailing, why=why, who=run.owner, now=run.clock())
    return load_message(run.engine, run.mailing)


def _recipient(run: _Run, message: Message, member: Member) -> Recipient:
    mailing = run.mailing
    return Recipient(
        email=member.email,
        message_id=message_id(message.domain, mailing.week, mailing.id, member.subscriber_id),
        subscriber_id=member.subscriber_id,
        name=member.name,
        unsubscribe_url=run.unsubscribe_url(member.subscriber_id, mailing.list),
    )


def _open(run: _Run) -> bool:
    """Set the mailing going; False if it is paused or nothing is left to send."""
    resolve_uncertain(run.engine, run.mailing, run.sender, now=run.clock())
    with run.engine.begin() as connection:
        mailing = read_mailing(connection, run.mailing.id)
        if mailing.state == "paused":
            return False
        if mailing.state == "done" and ledger.next_moment(connection, mailing.id) is None:
            return False
        _set_state(connection, mailing, "sending", "")
    return True


def _wait_for_others(run: _Run, settled: int, intended: int) -> bool:
    """Take over what is given up, else wait a little; False if nothing is left to do."""
    now = run.clock()
    with run.engine.begin() as connection:
        if read_mailing(connection, run.mailing.id).state != "sending":
            return False
        taken = 0
        for chunk in ledger.chunks_in(connection, run.mailing.id, State.CLAIMED, State.SENDING):
            end = chunk.lease_until or now
            if end <= now or (chunk.lease_owner and run.is_dead(chunk.lease_owner)):
                recording.give_up(connection, chunk, run.mailing.list, now=max(now, end))
                taken += 1
        moment = ledger.next_moment(connection, run.mailing.id)
    if taken:
        return True
    if moment is None:
        return False
    _pause(run, moment, settled, intended, "chunks that are due later or with another worker")
    return True


def _pause(run: _Run, until: datetime, settled: int, intended: int, what: str) -> None:
    sentence = f"waiting for {what} until {until:%H:%M:%S} UTC"
    run.progress(Progress(settled=settled, intended=intended, note=sentence))
    run.wait(min(max((until - run.clock()).total_seconds(), 0.01), _LOOK_AGAIN))


def _close(run: _Run, patience: Patience) -> Report:
    if not patience.stop:
        resolve_uncertain(run.engine, run.mailing, run.sender, now=run.clock())
    with run.engine.begin() as connection:
        mailing = read_mailing(connection, run.mailing.id)
        if patience.stop and mailing.state == "sending":
            _set_state(connection, mailing, "stopped", patience.stop)
            note(
                connection,
                mailing,
                who=run.owner,
                act="stop",
                now=run.clock(),
                reason=patience.stop,
            )
        elif mailing.state == "sending" and ledger.next_moment(connection, mailing.id) is None:
            _set_state(connection, mailing, "done", "", finished=run.clock())
    return _report(run)


def _set_state(
    connection: Connection,
    mailing: Mailing,
    state: str,
    reason: str,
    finished: datetime | None = None,
) -> None:
    connection.execute(
        update(mailings)
        .where(mailings.c.id == mailing.id)
        .values(state=state, reason=reason, finished=finished)
    )


def _counts(run: _Run) -> Counts:
    with reading(run.engine) as connection:
        return ledger.counts(connection, run.mailing.id)


def _report(run: _Run) -> Report:
    with reading(run.engine) as connection:
        mailing = read_mailing(connection, run.mailing.id)
        found = ledger.counts(connection, mailing.id)
    return Report(state=mailing.state, reason=mailing.reason, counts=found)
