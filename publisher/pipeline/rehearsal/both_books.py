"""Two books side by side: what the ledger says was sent, and what the other side took over."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Index,
    MetaData,
    Select,
    Table,
    Text,
    and_,
    exists,
    func,
    select,
)

from publisher.deliver import standing
from publisher.deliver.mailing import Mailing
from publisher.deliver.senders.headers import ascii_domain
from publisher.storage.engine import reading
from publisher.storage.schema import chunks, deliveries

NAMED = 100  #: names a finding carries
_SLICE = 10_000
_own = MetaData()
#: what the other side took over, one row a mail
_taken = Table(
    "rehearsed",
    _own,
    Column("subscriber_id", BigInteger, nullable=False),
    Column("email", Text, nullable=False),
    Index("ix_rehearsed", "subscriber_id"),
)


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A mail as the other side took it over."""

    subscriber_id: int
    email: str


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Readers about whom the books tell different things."""

    count: int = 0
    names: tuple[str, ...] = ()  #: addresses, at most `NAMED`


@dataclass(frozen=True, kw_only=True)
class Books:
    """What a comparison of both books found."""

    accepted: int  #: by the ledger
    mails: int  #: by the other side
    readers: int  #: who got at least one of them
    doubled: Finding  #: got it more than once
    lost: Finding  #: accepted by the ledger, unknown to the other side
    unrecorded: Finding  #: mailed, and the ledger says neither accepted nor uncertain
    strangers: Finding  #: mailed, and not in the mailing at all
    misaddressed: Finding  #: mailed at another address than the ledger says
    doubtful_mailed: int  #: of those in doubt, how many were mailed

    @property
    def agree(self) -> bool:
        """Whether nobody was lost, mailed twice or mailed wrongly."""
        found = (self.doubled, self.lost, self.unrecorded, self.strangers, self.misaddressed)
        return not any(finding.count for finding in found)


def compare(engine: Engine, mailing: Mailing, mails: Iterable[Taken]) -> Books:
    """Write the other side's book beside the ledger, in its database, and compare them.

    Not for the real database: it makes a table there.
    """
    _write_beside(engine, mails)
    with reading(engine) as connection:
        state = standing.effective_state()
        ledgered = (
            select(deliveries.c.subscriber_id, deliveries.c.email, state.label("state"))
            .select_from(deliveries.join(chunks, standing.SAME_CHUNK))
            .where(deliveries.c.mailing_id == mailing.id)
            .subquery()
        )
        there = exists().where(_taken.c.subscriber_id == ledgered.c.subscriber_id)
        known = exists().where(
            deliveries.c.mailing_id == mailing.id,
            deliveries.c.subscriber_id == _taken.c.subscriber_id,
        )
        readers = select(ledgered.c.email)
        doubtful = readers.where(there, ledgered.c.state == "uncertain")
        return Books(
            accepted=_count(connection, readers.where(ledgered.c.state == "accepted")),
            mails=_count(connection, select(_taken.c.email)),
            readers=_count(connection, select(_taken.c.subscriber_id).distinct()),
            doubled=_finding(
                connection,
                select(func.max(_taken.c.email))
                .group_by(_taken.c.subscriber_id)
                .having(func.count() > 1),
            ),
            lost=_finding(connection, readers.where(~there, ledgered.c.state == "accepted")),
            unrecorded=_finding(
                connection,
                readers.where(there, ledgered.c.state.not_in(("accepted", "uncertain"))),
            ),
            strangers=_finding(connection, select(_taken.c.email).where(~known)),
            misaddressed=_misaddressed(connection, mailing),
            doubtful_mailed=_count(connection, doubtful),
        )


def _write_beside(engine: Engine, mails: Iterable[Taken]) -> None:
    _own.drop_all(engine)
    _own.create_all(engine)
    rest = iter(mails)
    while page := [
        {"subscriber_id": mail.subscriber_id, "email": mail.email} for mail in islice(rest, _SLICE)
    ]:
        with engine.begin() as connection:
            connection.execute(_taken.insert(), page)


def _misaddressed(connection: Connection, mailing: Mailing) -> Finding:
    same = and_(
        deliveries.c.subscriber_id == _taken.c.subscriber_id,
        deliveries.c.mailing_id == mailing.id,
    )
    rows = connection.execute(
        select(deliveries.c.email.label("noted"), _taken.c.email)
        .select_from(_taken.join(deliveries, same))
        .where(deliveries.c.email != _taken.c.email)
    )
    # an international domain travels in its ASCII form
    wrong = [row.email for row in rows if ascii_domain(row.noted) != row.email]
    return Finding(count=len(wrong), names=tuple(wrong[:NAMED]))


def _finding(connection: Connection, query: Select[tuple[str]]) -> Finding:
    return Finding(
        count=_count(connection, query), names=tuple(connection.scalars(query.limit(NAMED)))
    )


def _count(connection: Connection, query: Select[tuple[str]] | Select[tuple[int]]) -> int:
    return connection.scalar(select(func.count()).select_from(query.subquery())) or 0
