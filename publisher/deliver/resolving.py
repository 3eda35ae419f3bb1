"""How a doubt ends: by the provider's own records, or by an operator's word."""

from datetime import datetime, timedelta

from sqlalchemy import Engine, select

from publisher.deliver import ledger, states
from publisher.deliver.headers import message_id
from publisher.deliver.ledger import Member
from publisher.deliver.mailing import Mailing, load_message, note
from publisher.deliver.sender import Message, Recipient, Reference, Sender
from publisher.deliver.states import Chunk, LeaseLost, State
from publisher.errors import DeliveryError
from publisher.storage.engine import reading
from publisher.storage.schema import chunks

_ASKED_AT_ONCE = 20  #: chunks whose evidence is asked for in one go


def resolve_uncertain(engine: Engine, mailing: Mailing, sender: Sender, *, now: datetime) -> int:
    """Look for evidence in the provider's records; return how many readers were proved mailed.

    No record proves nothing: those stay uncertain.
    """
    with reading(engine) as connection:
        doubtful = [
            (chunk, ledger.open_members(connection, chunk, mailing.list))
            for chunk in ledger.chunks_in(connection, mailing.id, State.UNCERTAIN)[:_ASKED_AT_ONCE]
        ]
    if not doubtful:
        return 0
    message, proved = load_message(engine, mailing), 0
    for chunk, members in doubtful:
        reference = Reference(
            mailing=mailing.id, chunk=chunk.n, attempt=chunk.attempt, token=mailing.token
        )
        recipients = [_recipient(message, mailing, member) for member in members]
        provider_id = sender.find(message, recipients, reference)
        if provider_id is not None and _prove(engine, mailing, chunk, provider_id, now):
            proved += len(members)
    return proved


def resend_uncertain(
    engine: Engine, mailing: Mailing, sender: Sender, *, who: str, now: datetime
) -> int:
    """Plan another attempt for all who are in doubt, on this person's word; return how many.

    Looks for evidence first. Raises `DeliveryError` while the provider's records may still
    lag behind. Some may get the mail twice: that is written into the audit.
    """
    resolve_uncertain(engine, mailing, sender, now=now)
    lag = sender.capabilities.evidence_lag
    with engine.begin() as connection:
        doubtful = ledger.chunks_in(connection, mailing.id, State.UNCERTAIN)
        youngest = connection.scalar(
            select(chunks.c.changed)
            .where(chunks.c.mailing_id == mailing.id, chunks.c.state == State.UNCERTAIN)
            .order_by(chunks.c.changed.desc())
            .limit(1)
        )
        if youngest and youngest + lag > now:
            raise _too_early(sender, youngest + lag)
        readers = 0
        for chunk in doubtful:
            members = ledger.open_members(connection, chunk, mailing.list)
            readers += len(members)
            ledger.swap(connection, chunk, states.resend(chunk), now)
            note(
                connection,
                mailing,
                who=who,
                act="resend uncertain",
                now=now,
                chunk=chunk.n,
                attempt=chunk.attempt + 1,
                readers=[member.subscriber_id for member in members],
            )
    return readers


def _prove(engine: Engine, mailing: Mailing, chunk: Chunk, provider_id: str, now: datetime) -> bool:
    try:
        with engine.begin() as connection:
            ledger.swap(connection, chunk, states.prove(chunk, provider_id), now)
            note(
                connection,
                mailing,
                who="publisher",
                act="evidence found",
                now=now,
                chunk=chunk.n,
                attempt=chunk.attempt,
                provider_id=provider_id,
            )
    except LeaseLost:
        return False  # another has settled it meanwhile
    return True


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
