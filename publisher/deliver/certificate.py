"""The certificate: who was meant to get an issue, and what became of every one of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, func, select

from publisher.deliver import ledger
from publisher.deliver.ledger import Counts
from publisher.deliver.mailing import Mailing, read_mailing
from publisher.storage.engine import reading
from publisher.storage.schema import chunks, deliveries

_SLICE = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class NotAccepted:
    """A reader whose mail was not, or not surely, taken over."""

    subscriber_id: int
    email: str
    state: str  #: suppressed, refused, uncertain or waiting
    reason: str


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """intended = accepted + suppressed + refused + uncertain + waiting, always."""

    week: str
    list: str
    subject: str
    state: str
    reason: str  #: why it stopped, if it did
    created: datetime
    finished: datetime | None
    counts: Counts
    not_accepted: tuple[NotAccepted, ...]

    @property
    def complete(self) -> bool:
        """Whether every reader's fate is known."""
        return not self.counts.waiting and not self.counts.uncertain


def certificate(engine: Engine, mailing: Mailing) -> Certificate:
    """Draw up the certificate of a mailing as it stands now."""
    with reading(engine) as connection:
        current = read_mailing(connection, mailing.id)
        return Certificate(
            week=current.week,
            list=current.list,
            subject=current.subject,
            state=current.state,
            reason=current.reason,
            created=current.created,
            finished=current.finished,
            counts=ledger.counts(connection, mailing.id),
            not_accepted=tuple(not_accepted(connection, mailing.id)),
        )


def not_accepted(connection: Connection, mailing_id: int) -> Iterator[NotAccepted]:
    """Go through the readers whose mail was not accepted, by number, a slice at a time."""
    state = ledger.effective_state()
    reason = func.coalesce(func.nullif(deliveries.c.reason, ""), chunks.c.reason)
    query = (
        select(
            deliveries.c.subscriber_id,
            deliveries.c.email,
            state.label("state"),
            reason.label("reason"),
        )
        .select_from(deliveries.join(chunks, ledger.SAME_CHUNK))
        .where(deliveries.c.mailing_id == mailing_id, state != "accepted")
        .order_by(deliveries.c.subscriber_id)
        .limit(_SLICE)
    )
    last = 0
    while rows := connection.execute(query.where(deliveries.c.subscriber_id > last)).all():
        for row in rows:
            yield NotAccepted(**row._mapping)
        last = rows[-1].subscriber_id
