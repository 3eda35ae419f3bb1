"""The certificate: who was meant to get an issue, and what became of every one of them."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, func, select

from publisher.deliver import ledger
from publisher.deliver.ledger import Counts
from publisher.deliver.mailing import Mailing, read_mailing
from publisher.storage.engine import reading
from publisher.storage.schema import chunks, deliveries

_SLICE = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Unserved:
    """A reader whose mail was not, or not surely, taken over."""

    subscriber_id: int
    email: str
    state: str  #: suppressed, refused, uncertain, cancelled or waiting
    reason: str


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """intended = accepted + suppressed + refused + uncertain + cancelled + waiting, always."""

    week: str
    list: str
    subject: str
    state: str  #: of the mailing: planned, sending, paused, stopped, done
    reason: str  #: why it stopped, if it did
    created: datetime
    finished: datetime | None
    intended: int
    accepted: int
    suppressed: int
    refused: int
    uncertain: int
    cancelled: int
    waiting: int
    unserved: tuple[Unserved, ...]  #: everybody who is not among the accepted, by name

    @property
    def complete(self) -> bool:
        """Whether every reader's fate is known."""
        return not self.waiting and not self.uncertain

    @property
    def sentence(self) -> str:
        """The certificate in one sentence."""
        others = [
            (getattr(self, name), name)
            for name in ("suppressed", "refused", "uncertain", "cancelled", "waiting")
        ]
        parts = [f"{self.accepted:,} of {self.intended:,} accepted"]
        parts += [f"{number:,} {name}" for number, name in others if number]
        return f"{self.week} to {self.list}: {', '.join(parts)}"


def certificate_of(engine: Engine, mailing: Mailing) -> Certificate:
    """Draw up the certificate of a mailing as it stands now."""
    with reading(engine) as connection:
        current = read_mailing(connection, mailing.id)
        counts = ledger.counts(connection, mailing.id)
        return Certificate(
            week=current.week,
            list=current.list,
            subject=current.subject,
            state=current.state,
            reason=current.reason,
            created=current.created,
            finished=current.finished,
            intended=counts.intended,
            **asdict(counts),
            unserved=tuple(unserved(connection, mailing.id)),
        )


def counts_of(engine: Engine, mailing: Mailing) -> Counts:
    """Count a mailing's readers by where they stand, without their names."""
    with reading(engine) as connection:
        return ledger.counts(connection, mailing.id)


def unserved(connection: Connection, mailing_id: int) -> Iterator[Unserved]:
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
            yield Unserved(**row._mapping)
        last = rows[-1].subscriber_id
