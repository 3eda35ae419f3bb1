"""What is written before, during and after an attempt; each function is one transaction's work."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from publisher.deliver import ledger, states
from publisher.deliver.ledger import Member
from publisher.deliver.sender import (
    Accepted,
    Answer,
    Deferred,
    Outcome,
    Refused,
    Uncertain,
)
from publisher.deliver.states import Chunk, Fate, State


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One attempt at a chunk while it runs."""

    chunk: Chunk
    owner: str
    lease: timedelta
    untried: frozenset[int]  #: readers without an answer, but for those put off
    deferred: frozenset[int] = frozenset()
    deferral: str = ""  #: the last reason for which a reader was put off


def start(
    connection: Connection,
    claimed: Chunk,
    list_name: str,
    *,
    owner: str,
    now: datetime,
    lease: timedelta,
    doubt: int,
) -> tuple[Attempt, list[Member]]:
    """Mark the attempt and return the readers to mail.

    Whoever unsubscribed, was suppressed or removed since the plan is marked so here, at
    the last moment. Raises `LeaseLost`.
    """
    chunk = states.begin(claimed, owner=owner, now=now, lease=lease, doubt=doubt)
    chunk = ledger.swap(connection, claimed, chunk, now)
    members = ledger.open_members(connection, chunk, list_name)
    for reason in {member.barred for member in members if member.barred}:
        ids = [member.subscriber_id for member in members if member.barred == reason]
        ledger.mark(connection, chunk, ids, Fate.SUPPRESSED, reason)
    willing = [member for member in members if not member.barred]
    for member in willing:
        if member.email != member.noted:
            ledger.note_address(connection, chunk, member)
    if any(member.deferred for member in willing):
        ledger.undefer(connection, chunk)
    untried = frozenset(member.subscriber_id for member in willing)
    attempt = Attempt(chunk=chunk, owner=owner, lease=lease, untried=untried)
    return (attempt, willing) if willing else (finish(connection, attempt, now=now), [])


def record(
    connection: Connection, attempt: Attempt, answers: Sequence[Answer], *, now: datetime
) -> Attempt:
    """Write answers down and return the attempt as it goes on.

    Raises `LeaseLost` if another has taken the chunk; see `record_late`.
    """
    # the chunk's row first: a worker that was frozen past its lease must not go on
    kept = states.renew(attempt.chunk, owner=attempt.owner, now=now, lease=attempt.lease)
    chunk = ledger.swap(connection, attempt.chunk, kept, now)
    attempt = replace(attempt, chunk=chunk)
    for answer in _merged(answers):
        if attempt.chunk.state is State.SENDING:
            attempt = _apply(connection, attempt, answer, now)
    return attempt


def finish(connection: Connection, attempt: Attempt, *, now: datetime) -> Attempt:
    """End an attempt whose sender has no more to say."""
    if attempt.chunk.state is not State.SENDING:
        return attempt
    outcome: Outcome = Accepted(provider_id=attempt.chunk.provider_id)
    if attempt.untried:  # silence is no answer
        outcome = Uncertain(reason=f"the sender said nothing of {len(attempt.untried)} readers")
    elif attempt.deferred:
        outcome = Deferred(reason=attempt.deferral)
    return _conclude(connection, attempt, outcome, now)


def record_late(
    connection: Connection, attempt: Attempt, answers: Sequence[Answer], *, now: datetime
) -> bool:
    """Use the answers of an attempt that others gave up: they are evidence.

    If its lease ran out and nobody has looked yet, they are written down as ever.
    Returns False if others have already gone beyond the attempt: that is an incident.
    """
    chunk = ledger.read_chunk(connection, attempt.chunk.mailing_id, attempt.chunk.n)
    same = chunk.attempt == attempt.chunk.attempt
    if same and chunk.state is State.SENDING and chunk.lease_owner == attempt.owner:
        _record_unseen(connection, replace(attempt, chunk=chunk), answers, now)
        return True
    if not same or chunk.state not in (State.UNCERTAIN, State.ACCEPTED):
        return not any(isinstance(answer.outcome, Accepted) for answer in answers)
    provider_id = chunk.provider_id
    for answer in answers:
        ids = [recipient.subscriber_id for recipient in answer.recipients]
        if isinstance(answer.outcome, Accepted):
            provider_id = provider_id or answer.outcome.provider_id
            ledger.mark(connection, chunk, ids, Fate.ACCEPTED)
        elif isinstance(answer.outcome, Refused) and len(ids) == 1:
            ledger.mark(connection, chunk, ids, Fate.REFUSED, answer.outcome.reason)
    if chunk.state is State.UNCERTAIN and not ledger.has_open(connection, chunk):
        ledger.swap(connection, chunk, states.prove(chunk, provider_id), now)
    return True


def _record_unseen(
    connection: Connection, attempt: Attempt, answers: Sequence[Answer], now: datetime
) -> None:
    """Write down what is not yet: a commit whose answer was lost may have happened."""
    there = {m.subscriber_id for m in ledger.open_members(connection, attempt.chunk, "")}
    attempt = replace(attempt, untried=attempt.untried & there)
    for answer in answers:
        readers = tuple(r for r in answer.recipients if r.subscriber_id in there)
        if readers and attempt.chunk.state is State.SENDING:
            attempt = _apply(connection, attempt, Answer(readers, answer.outcome), now)


def give_up(connection: Connection, chunk: Chunk, list_name: str, *, now: datetime) -> Chunk:
    """Take a chunk from a worker that is lost: what was not tried is planned, the rest in doubt."""
    lost = states.expire(chunk, now=now)
    if lost.state is State.UNCERTAIN:
        members = ledger.open_members(connection, chunk, list_name)
        fresh = [member.subscriber_id for member in members if not member.deferred]
        doubtful, untried = states.in_doubt(fresh, chunk.doubt)
        untried = [*untried, *(member.subscriber_id for member in members if member.deferred)]
        again = replace(lost, state=State.PLANNED, lease_owner=None, reason="")
        ledger.carve(connection, chunk, [untried], again, now)
        lost = replace(lost, size=chunk.size - len(untried))
        if not doubtful:
            lost = states.prove(lost, chunk.provider_id)
    return ledger.swap(connection, chunk, lost, now)


def _apply(connection: Connection, attempt: Attempt, answer: Answer, now: datetime) -> Attempt:
    ids = [recipient.subscriber_id for recipient in answer.recipients]
    left = attempt.untried.difference(ids)
    rest = replace(attempt, untried=left)
    everybody = not left and not attempt.deferred
    match answer.outcome:
        case Accepted() if everybody:
            return _conclude(connection, rest, answer.outcome, now)
        case Accepted():
            ledger.mark(connection, attempt.chunk, ids, Fate.ACCEPTED)
            return rest
        case Refused() if len(ids) == attempt.chunk.size == 1:
            return _conclude(connection, rest, answer.outcome, now)
        case Refused(reason=reason) if len(ids) == 1:
            ledger.mark(connection, attempt.chunk, ids, Fate.REFUSED, reason)
            return rest
        case Refused():
            return _split(connection, rest, ids, answer.outcome, now)
        case Deferred(reason=reason):
            ledger.mark(connection, attempt.chunk, ids, Fate.DEFERRED, reason)
            return replace(rest, deferred=rest.deferred.union(ids), deferral=reason)
        case Uncertain() if not everybody:
            return _set_apart(connection, rest, ids, answer.outcome, now)
        case _:
            # the sender goes no further: all who have no answer share this one
            return _conclude(connection, rest, answer.outcome, now)


def _merged(answers: Sequence[Answer]) -> list[Answer]:
    """Join neighbours that were accepted: a thousand files are one line in the ledger."""
    merged: list[Answer] = []
    for answer in answers:
        before = merged[-1] if merged else None
        if before and isinstance(before.outcome, Accepted) and isinstance(answer.outcome, Accepted):
            merged[-1] = Answer((*before.recipients, *answer.recipients), Accepted())
        else:
            merged.append(answer)
    return merged


def _conclude(connection: Connection, attempt: Attempt, outcome: Outcome, now: datetime) -> Attempt:
    before = attempt.chunk
    after = states.conclude(before, outcome, owner=attempt.owner, attempt=before.attempt, now=now)
    return replace(attempt, chunk=ledger.swap(connection, before, after, now))


def _split(
    connection: Connection, attempt: Attempt, ids: Sequence[int], refused: Refused, now: datetime
) -> Attempt:
    before = attempt.chunk
    guilty, groups = states.blame(ids, refused.guilty)
    ledger.mark(connection, before, guilty, Fate.REFUSED, refused.reason)
    again = Chunk(
        mailing_id=before.mailing_id,
        n=0,
        size=0,
        form=before.form,
        attempt=before.attempt,
        reason=refused.reason,
    )
    ledger.carve(connection, before, groups, again, now)
    moved = sum(len(group) for group in groups)
    after = states.conclude(before, refused, owner=attempt.owner, attempt=before.attempt, now=now)
    after = replace(after, size=before.size - moved)
    return replace(attempt, chunk=ledger.swap(connection, before, after, now))


def _set_apart(
    connection: Connection, attempt: Attempt, ids: Sequence[int], doubt: Uncertain, now: datetime
) -> Attempt:
    """Move readers in doubt into a chunk of their own, so that the others go on."""
    before = attempt.chunk
    apart = states.conclude(before, doubt, owner=attempt.owner, attempt=before.attempt, now=now)
    ledger.carve(connection, before, [ids], apart, now)
    after = replace(before, size=before.size - len(ids))
    return replace(attempt, chunk=ledger.swap(connection, before, after, now))
