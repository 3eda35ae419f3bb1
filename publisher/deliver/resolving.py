"""How a doubt ends: by evidence, by a silence that would have been broken, or by a person.

Evidence is an event of any reader of the chunk, or the provider's own records. No sign
proves nothing by itself: a chunk goes out again without being asked for only if events
of every other chunk do reach us, and of this one there is none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, exists, func, select, update

from publisher.deliver import ledger, states
from publisher.deliver.ledger import Member
from publisher.deliver.mailing import Mailing, load_message, note, read_mailing, set_state
from publisher.deliver.proving import Evidence, evidence_for, note_evidence
from publisher.deliver.sender import Message, Recipient, Reference, Sender
from publisher.deliver.senders.headers import message_id
from publisher.deliver.states import Chunk, LeaseLost, State
from publisher.errors import DeliveryError
from publisher.storage.engine import reading
from publisher.storage.schema import chunks, evidence, parcels

_ASKED_AT_ONCE = 20  #: chunks whose records are asked for in one go
SILENCE = timedelta(minutes=30)  #: after it, a chunk that was accepted has been heard of
_ASK_AGAIN = timedelta(minutes=10)  #: after the records were asked in vain
_FRESH = timedelta(minutes=1)
_MOST_ATTEMPTS = 5
_EVENT_LAG = timedelta(minutes=10)  #: within it, events of what was accepted come in


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """What became of the readers who were in doubt."""

    proved: int = 0  #: evidence says they were mailed
    resent: int = 0  #: planned again: they would have been heard of
    left: int = 0  #: still in doubt
    stuck: int = 0  #: of those, who will stay in doubt until the operator decides


def resolve_uncertain(
    engine: Engine, mailing: Mailing, sender: Sender, *, now: datetime, early: bool = False
) -> Resolved:
    """Look for evidence, and plan again what evidence rules out.

    The provider's records are asked from when they are conclusive, every ten minutes;
    `early`, also before, for what they know already is proof enough.
    """
    proved = resent = left = stuck = asked = 0
    message: Message | None = None
    for chunk, since in _doubtful(engine, mailing):
        provider_id, source, silent = _noted(engine, chunk), "event", False
        if provider_id is None:
            silent = _would_have_been_heard(engine, mailing, chunk, since, sender, now)
            due = since + sender.capabilities.evidence_lag <= now and _unasked(chunk, now)
            if (early or due or silent) and asked < _ASKED_AT_ONCE:
                message = message or load_message(engine, mailing)
                provider_id, source = _asked(engine, mailing, chunk, sender, message), "records"
                asked += 1
                _note_asked(engine, chunk, now)
        if provider_id is not None:
            proved += _prove(engine, mailing, chunk, provider_id, source, now)
        elif silent and source == "records":
            resent += _resend_by_rule(engine, mailing, chunk, now)
        else:
            left += chunk.size
            if not sender.capabilities.events or since + SILENCE <= now:
                stuck += chunk.size
    return Resolved(proved=proved, resent=resent, left=left, stuck=stuck)


def resend_uncertain(
    engine: Engine, mailing: Mailing, sender: Sender, *, who: str, now: datetime
) -> int:
    """Plan another attempt for all who are in doubt, on this person's word; return how many.

    Looks for evidence first. Raises `DeliveryError` while the provider's records may still
    lag behind. Some may get the mail twice: that is written into the audit.
    """
    resolve_uncertain(engine, mailing, sender, now=now, early=True)
    lag = sender.capabilities.evidence_lag
    youngest = max((since for _, since in _doubtful(engine, mailing)), default=None)
    if youngest and youngest + lag > now:
        raise _too_early(sender, youngest + lag)
    readers = 0
    for chunk, _ in _doubtful(engine, mailing):
        readers += _resend(engine, mailing, chunk, who=who, act="resend uncertain", now=now)
    return readers


def _doubtful(engine: Engine, mailing: Mailing) -> list[tuple[Chunk, datetime]]:
    """Return the chunks in doubt, and since when they are."""
    with reading(engine) as connection:
        found = ledger.chunks_in(connection, mailing.id, State.UNCERTAIN)
        rows = connection.execute(
            select(chunks.c.n, chunks.c.changed).where(
                chunks.c.mailing_id == mailing.id, chunks.c.state == State.UNCERTAIN
            )
        )
        since = {row.n: row.changed for row in rows}
    return [(chunk, since[chunk.n]) for chunk in found if chunk.n in since]


def _noted(engine: Engine, chunk: Chunk) -> str | None:
    with reading(engine) as connection:
        return evidence_for(connection, chunk.mailing_id, chunk.n)


def _unasked(chunk: Chunk, now: datetime) -> bool:
    return chunk.not_before is None or chunk.not_before <= now


def _note_asked(engine: Engine, chunk: Chunk, now: datetime) -> None:
    with engine.begin() as connection:
        connection.execute(
            update(chunks)
            .where(
                chunks.c.mailing_id == chunk.mailing_id,
                chunks.c.n == chunk.n,
                chunks.c.state == State.UNCERTAIN,
            )
            .values(not_before=now + _ASK_AGAIN)
        )


def _asked(
    engine: Engine, mailing: Mailing, chunk: Chunk, sender: Sender, message: Message
) -> str | None:
    with reading(engine) as connection:
        members = ledger.open_members(connection, chunk, mailing.list)
    reference = Reference(
        mailing=mailing.id, chunk=chunk.n, attempt=chunk.attempt, token=mailing.token
    )
    found = sender.find(message, [_recipient(message, mailing, m) for m in members], reference)
    # readers who are tried once more are in the records already, by their first mail
    return None if found and _is_of_another(engine, chunk, found) else found


def _is_of_another(engine: Engine, chunk: Chunk, provider_id: str) -> bool:
    other = exists().where(
        chunks.c.mailing_id == chunk.mailing_id,
        chunks.c.n != chunk.n,
        chunks.c.provider_id == provider_id,
    )
    with reading(engine) as connection:
        return bool(connection.scalar(select(other)))


def _would_have_been_heard(
    engine: Engine,
    mailing: Mailing,
    chunk: Chunk,
    since: datetime,
    sender: Sender,
    now: datetime,
) -> bool:
    """Whether silence means that the chunk was not accepted.

    The canary: every chunk that was accepted long enough ago has been heard of, there is
    at least one, and events of this mailing were still coming in when this chunk's, at
    the latest, would have come. What is lost again and again is a person's business.
    """
    early = since + SILENCE > now
    if not sender.capabilities.events or early or chunk.attempt >= _MOST_ATTEMPTS:
        return False
    with reading(engine) as connection:
        current = read_mailing(connection, mailing.id)
        silent = current.heard is None or current.heard < since + SILENCE - _EVENT_LAG
        if silent or current.state == "cancelled" or _waiting(connection, now):
            return False
        return not _unheard(connection, mailing, before=now - _EVENT_LAG) and bool(
            connection.scalar(
                select(
                    exists().where(
                        evidence.c.mailing_id == mailing.id,
                        evidence.c.n != chunk.n,
                        evidence.c.source == "event",
                    )
                )
            )
        )


def _waiting(connection: Connection, now: datetime) -> bool:
    """Whether events came in that nobody has looked into yet: the one that counts may be there.

    Those of the last minute do not matter, or there would be some at any moment.
    """
    waits = (parcels.c.interpreted.is_(None), parcels.c.received < now - _FRESH)
    return bool(connection.scalar(select(exists().where(*waits))))


def _unheard(connection: Connection, mailing: Mailing, *, before: datetime) -> int:
    """Count the chunks that were accepted by then and of which no event came in."""
    known = exists().where(
        evidence.c.mailing_id == chunks.c.mailing_id,
        evidence.c.n == chunks.c.n,
        evidence.c.source == "event",
    )
    return int(
        connection.scalar(
            select(func.count()).where(
                chunks.c.mailing_id == mailing.id,
                chunks.c.state == State.ACCEPTED,
                chunks.c.provider_id != "",  # else nobody in it was to be mailed any more
                chunks.c.changed <= before,
                ~known,
            )
        )
        or 0
    )


def _prove(
    engine: Engine, mailing: Mailing, chunk: Chunk, provider_id: str, source: str, now: datetime
) -> int:
    try:
        with engine.begin() as connection:
            ledger.swap(connection, chunk, states.prove(chunk, provider_id), now)
            proof = Evidence(
                mailing_id=mailing.id, n=chunk.n, attempt=chunk.attempt, provider_id=provider_id
            )
            if source == "records":
                note_evidence(connection, [proof], source=source, now=now)
            note(
                connection,
                mailing,
                who="publisher",
                act="evidence found",
                now=now,
                chunk=chunk.n,
                attempt=chunk.attempt,
                provider_id=provider_id,
                source=source,
            )
    except LeaseLost:
        return 0  # another has settled it meanwhile
    return chunk.size


def _resend_by_rule(engine: Engine, mailing: Mailing, chunk: Chunk, now: datetime) -> int:
    act = "resend: other chunks were heard of, this one was not"
    return _resend(engine, mailing, chunk, who="publisher", act=act, now=now)


def _resend(
    engine: Engine, mailing: Mailing, chunk: Chunk, *, who: str, act: str, now: datetime
) -> int:
    try:
        with engine.begin() as connection:
            members = _members(connection, chunk, mailing)
            ledger.swap(connection, chunk, states.resend(chunk), now)
            if evidence_for(connection, chunk.mailing_id, chunk.n) is not None:
                raise LeaseLost("an event came in meanwhile")
            current = read_mailing(connection, mailing.id, held=True)
            if current.state == "done":
                set_state(connection, current, "sending")
            note(
                connection,
                mailing,
                who=who,
                act=act,
                now=now,
                chunk=chunk.n,
                attempt=chunk.attempt + 1,
                readers=[member.subscriber_id for member in members],
            )
    except LeaseLost:
        return 0
    return len(members)


def _members(connection: Connection, chunk: Chunk, mailing: Mailing) -> Sequence[Member]:
    return ledger.open_members(connection, chunk, mailing.list)


def _recipient(message: Message, mailing: Mailing, member: Member) -> Recipient:
    own = message_id(message.domain, mailing.week, mailing.id, member.subscriber_id)
    # the address as it was mailed, should she have changed it since
    return Recipient(email=member.noted, message_id=own, subscriber_id=member.subscriber_id)


def _too_early(sender: Sender, moment: datetime) -> DeliveryError:
    minutes = int(sender.capabilities.evidence_lag / timedelta(minutes=1))
    return DeliveryError(
        f"the records of {sender.capabilities.name} lag by up to {minutes} minutes,"
        f" so it is too early to say who was not mailed: try again after {moment:%H:%M} UTC"
    )
