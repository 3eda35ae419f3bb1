"""The certificate: who was meant to get an issue, and what became of every one of them."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import Connection, Engine, func, select

from publisher.deliver import standing
from publisher.deliver.incidents import Doubled, Settlement, doubled_of, settlements_of
from publisher.deliver.mailing import Mailing, read_mailing
from publisher.deliver.standing import Counts
from publisher.errors import DeliveryError
from publisher.storage.engine import reading, snapshot
from publisher.storage.schema import chunks, deliveries

NAMED = 10_000  #: names a certificate carries; of a halted mailing to millions, not all at once
_SLICE = 1000
_OTHERS = ("suppressed", "refused", "uncertain", "cancelled", "waiting")


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
    state: str  #: of the mailing: planned, sending, paused, stopped, cancelled, done
    reason: str  #: why it stopped, if it did
    created: datetime
    finished: datetime | None
    intended: int  #: readers written down before anything was sent, counted by themselves
    accepted: int
    suppressed: int
    refused: int
    uncertain: int
    cancelled: int
    waiting: int
    unserved: tuple[Unserved, ...]  #: who is not among the accepted, by number
    unnamed: int = 0  #: how many more of them there are, see `unserved`
    doubled: tuple[Doubled, ...] = ()  #: who, by the record, may have got it twice
    settlements: tuple[Settlement, ...] = ()  #: how doubts ended

    @property
    def complete(self) -> bool:
        """Whether every reader's fate is known."""
        return not self.waiting and not self.uncertain

    @property
    def sentence(self) -> str:
        """The certificate in one sentence."""
        parts = [f"{self.accepted:,} of {self.intended:,} accepted"]
        parts += [f"{number:,} {name}" for name in _OTHERS if (number := getattr(self, name))]
        return f"{self.week} to {self.list}: {', '.join(parts)}"


def certificate_of(engine: Engine, mailing: Mailing, *, named: int = NAMED) -> Certificate:
    """Draw up the certificate of a mailing as it stands now, with at most so many names.

    Raises `DeliveryError` if the books do not agree: then the database is damaged.
    """
    with snapshot(engine) as connection:
        return draw_up(connection, mailing, named=named)


def draw_up(connection: Connection, mailing: Mailing, *, named: int = NAMED) -> Certificate:
    """Draw up a certificate from what one connection sees; see `certificate_of`."""
    current = read_mailing(connection, mailing.id)
    counts = standing.counts(connection, mailing.id)
    intended = _written_down(connection, mailing.id)
    if counts.intended != intended:
        raise DeliveryError(
            f"the ledger of {current.week} accounts for {counts.intended:,} of {intended:,}"
            " readers: the database is damaged, so put back a copy of it from your backups"
        )
    names = tuple(islice(unserved(connection, mailing.id), named))
    return Certificate(
        week=current.week,
        list=current.list,
        subject=current.subject,
        state=current.state,
        reason=current.reason,
        created=current.created,
        finished=current.finished,
        intended=intended,
        **asdict(counts),
        unserved=names,
        unnamed=intended - counts.accepted - len(names),
        doubled=doubled_of(connection, current),
        settlements=settlements_of(connection, current),
    )


def counts_of(engine: Engine, mailing: Mailing) -> Counts:
    """Count a mailing's readers by where they stand, without their names."""
    with reading(engine) as connection:
        return standing.counts(connection, mailing.id)


def unserved(connection: Connection, mailing_id: int) -> Iterator[Unserved]:
    """Go through the readers whose mail was not accepted, by number, a slice at a time."""
    state = standing.effective_state()
    reason = func.coalesce(func.nullif(deliveries.c.reason, ""), chunks.c.reason)
    query = (
        select(
            deliveries.c.subscriber_id,
            deliveries.c.email,
            state.label("state"),
            reason.label("reason"),
        )
        .select_from(deliveries.join(chunks, standing.SAME_CHUNK))
        .where(deliveries.c.mailing_id == mailing_id, state != "accepted")
        .order_by(deliveries.c.subscriber_id)
        .limit(_SLICE)
    )
    last = 0
    while rows := connection.execute(query.where(deliveries.c.subscriber_id > last)).all():
        for row in rows:
            yield Unserved(**row._mapping)
        last = rows[-1].subscriber_id


def _written_down(connection: Connection, mailing_id: int) -> int:
    where = deliveries.c.mailing_id == mailing_id
    return connection.scalar(select(func.count()).select_from(deliveries).where(where)) or 0
