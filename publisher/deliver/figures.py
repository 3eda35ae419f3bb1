"""What became of a mailing's mails: delivered, put off, refused, opened, clicked, in figures.

Counted in the database; of a million readers no more than some thousand rows come here.
Opens are estimates: mail programs load pictures for people who never looked, and hide
those who did.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Integer, Select, and_, case, cast, func, or_, select

from publisher.deliver import standing
from publisher.deliver.providers import OTHERS, Provider, family_of, spoken_reason
from publisher.storage.schema import chunks, clicks, deliveries, receipts

HOURS = 7 * 24  #: a time course ends here; what comes later is one figure
LINKS = 200  #: links told one by one, the most followed first
_DOMAINS = 500  #: mail domains looked at one by one, the largest first
_REASONS = 2000
_STATES = ("deferred", "blocked", "dropped", "bounced")


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Readers whose mail was accepted, by what was heard of it since; each is in one of these."""

    delivered: int = 0
    deferred: int = 0  #: put off by the reader's provider, which is tried again
    blocked: int = 0  #: refused for now, seldom for the reader's sake
    dropped: int = 0  #: never handed to the reader's provider
    bounced: int = 0  #: came back
    unheard: int = 0  #: nothing, or no more than that it was taken over

    @property
    def accepted(self) -> int:
        """All of them."""
        return sum(getattr(self, field.name) for field in fields(Tally))


@dataclass(frozen=True, kw_only=True)
class Acts:
    """What readers did; a reader may be in several of these."""

    opened: int = 0  #: by a person, as far as one can tell
    clicked: int = 0
    machine_opened: int = 0  #: only by a mail provider's proxy
    machine_clicked: int = 0  #: only by a scanner
    complained: int = 0
    unsubscribed: int = 0  #: by way of this mail


@dataclass(frozen=True, kw_only=True)
class Hour:
    """What happened for the first time, reader by reader, in one hour after the sending began."""

    accepted: int = 0
    delivered: int = 0
    opened: int = 0
    clicked: int = 0


@dataclass(frozen=True, kw_only=True)
class Followed:
    """A link of the mail and how many readers followed it."""

    link: str  #: an article's slug, else the address
    readers: int
    machines: int  #: readers for whom only a scanner did


@dataclass(frozen=True, kw_only=True)
class Figures:
    """All that is known of a mailing's mails after they were accepted."""

    tally: Tally
    acts: Acts
    heard: int  #: readers of whom anything was heard; 0 where nobody tells us
    began: datetime | None  #: when the first mails were accepted
    hours: tuple[Hour, ...]  #: from the first on, to the last in which anything happened
    later: Hour  #: after `HOURS`
    links: tuple[Followed, ...]
    providers: tuple[Provider, ...]  #: the largest first, then `OTHERS`


def figures_of(connection: Connection, mailing_id: int) -> Figures:
    """Count what became of a mailing's mails."""
    tally, acts, heard, providers = _by_provider(connection, mailing_id)
    began = connection.scalar(
        select(func.min(chunks.c.changed, type_=chunks.c.changed.type)).where(
            chunks.c.mailing_id == mailing_id, chunks.c.state == "accepted"
        )
    )
    hours, later = _hours(connection, mailing_id, began) if began else ((), Hour())
    return Figures(
        tally=tally,
        acts=acts,
        heard=heard,
        began=began,
        hours=hours,
        later=later,
        links=_links(connection, mailing_id),
        providers=providers,
    )


#: of these, each shows that the mail arrived
_SIGNS = ("opened", "clicked", "machine_opened", "machine_clicked", "complained")


def fate() -> Any:
    """Return the SQL for what became of an accepted mail.

    An open, a click or a complaint proves what the provider may have forgotten to tell.
    """
    early = or_(receipts.c.state.is_(None), receipts.c.state.in_(("", "processed", "deferred")))
    return case(
        (and_(early, _any_of(_SIGNS)), "delivered"),
        (receipts.c.state.in_(("delivered", *_STATES)), receipts.c.state),
        else_="unheard",
    )


def _any_of(names: Sequence[str]) -> Any:
    return or_(*(receipts.c[name].is_not(None) for name in names))


SAME_READER = and_(
    receipts.c.mailing_id == deliveries.c.mailing_id,
    receipts.c.subscriber_id == deliveries.c.subscriber_id,
)


def _accepted(mailing_id: int, *columns: Any) -> Select[Any]:
    """Return a query over the readers whose mail was accepted, with what was heard of it."""
    return (
        select(*columns)
        .select_from(deliveries.join(chunks, standing.SAME_CHUNK).outerjoin(receipts, SAME_READER))
        .where(deliveries.c.mailing_id == mailing_id, standing.effective_state() == "accepted")
    )


def domain_of(connection: Connection) -> Any:
    """Return the SQL for the domain of a delivery's address, in small letters."""
    email = deliveries.c.email
    position = func.strpos if connection.dialect.name == "postgresql" else func.instr
    return func.lower(func.substr(email, position(email, "@") + 1))


def _by_provider(
    connection: Connection, mailing_id: int
) -> tuple[Tally, Acts, int, tuple[Provider, ...]]:
    domain, state = domain_of(connection), fate()

    def number(condition: Any) -> Any:
        return func.sum(case((condition, 1), else_=0))

    def only(machine: Column[Any], person: Column[Any]) -> Any:
        return and_(machine.is_not(None), person.is_(None))

    columns = {
        **{field.name: number(state == field.name) for field in fields(Tally)},
        "opened": number(receipts.c.opened.is_not(None)),
        "clicked": number(receipts.c.clicked.is_not(None)),
        "machine_opened": number(only(receipts.c.machine_opened, receipts.c.opened)),
        "machine_clicked": number(only(receipts.c.machine_clicked, receipts.c.clicked)),
        "complained": number(receipts.c.complained.is_not(None)),
        "unsubscribed": number(receipts.c.unsubscribed.is_not(None)),
        # a reader who is mailed again has a receipt before anything is heard
        "heard": number(or_(receipts.c.state != "", _any_of((*_SIGNS, "unsubscribed")))),
    }
    query = (
        _accepted(
            mailing_id, domain.label("domain"), *(c.label(name) for name, c in columns.items())
        )
        .group_by(domain)
        .order_by(func.count().desc(), domain)
    )
    sums = dict.fromkeys(columns, 0)
    of_family: dict[str, dict[str, Any]] = {}
    with connection.execute(query.execution_options(yield_per=1000)) as rows:
        for place, row in enumerate(rows):
            numbers = {name: int(row._mapping[name]) for name in columns}
            sums = {name: sums[name] + numbers[name] for name in columns}
            name = family_of(row.domain) if place < _DOMAINS else OTHERS
            known = of_family.setdefault(name, {"domains": [], **dict.fromkeys(columns, 0)})
            if name != OTHERS:
                known["domains"].append(row.domain)
            known.update({column: known[column] + numbers[column] for column in columns})
    reasons = _reasons(connection, mailing_id, domain)
    providers = [
        Provider(
            name=name,
            domains=tuple(numbers["domains"]),
            reason=reasons.get(name, ""),
            **{column: numbers[column] for column in Provider.FIGURES},
        )
        for name, numbers in of_family.items()
    ]
    providers.sort(key=lambda one: (one.name == OTHERS, -one.mails, one.name))
    tally = Tally(**{field.name: sums[field.name] for field in fields(Tally)})
    acts = Acts(**{field.name: sums[field.name] for field in fields(Acts)})
    return tally, acts, sums["heard"], tuple(providers)


def _reasons(connection: Connection, mailing_id: int, domain: Any) -> dict[str, str]:
    """Return by provider what it says most often of mails it did not take."""
    rows = connection.execute(
        _accepted(mailing_id, domain.label("domain"), receipts.c.reason, func.count().label("n"))
        .where(receipts.c.state.in_(_STATES), receipts.c.reason != "")
        .group_by(domain, receipts.c.reason)
        .order_by(func.count().desc(), receipts.c.reason)
        .limit(_REASONS)
    )
    found: dict[str, dict[str, tuple[int, str]]] = {}
    for row in rows:
        # servers write numbers and addresses of their own into the same sentence
        alike = found.setdefault(family_of(row.domain), {})
        number, said = alike.get(spoken_reason(row.reason), (0, row.reason))
        alike[spoken_reason(row.reason)] = (number + row.n, said)
    return {name: max(alike.values(), key=lambda one: one[0])[1] for name, alike in found.items()}


def _hours(
    connection: Connection, mailing_id: int, began: datetime
) -> tuple[tuple[Hour, ...], Hour]:
    moments = {
        "accepted": chunks.c.changed,
        "delivered": receipts.c.delivered,
        "opened": receipts.c.opened,
        "clicked": receipts.c.clicked,
    }
    found: dict[int, dict[str, int]] = {}
    for name, moment in moments.items():
        hour = _hours_since(connection, moment, began)
        query = _accepted(mailing_id, hour.label("hour"), func.count().label("n"))
        for row in connection.execute(query.where(moment.is_not(None)).group_by(hour)):
            # the provider's clock may be behind ours
            place = min(max(int(row.hour), 0), HOURS)
            numbers = found.setdefault(place, {})
            numbers[name] = numbers.get(name, 0) + row.n
    later = Hour(**found.pop(HOURS, {}))
    return tuple(Hour(**found.get(n, {})) for n in range(max(found, default=-1) + 1)), later


def _hours_since(connection: Connection, moment: Any, began: datetime) -> Any:
    start = int(began.timestamp())
    if connection.dialect.name == "postgresql":
        return cast(func.floor((func.extract("epoch", moment) - start) / 3600), Integer)
    # whole numbers, so that the quotient is one too; not every SQLite has floor()
    return (cast(func.strftime("%s", moment), Integer) - start) // 3600


def _links(connection: Connection, mailing_id: int) -> tuple[Followed, ...]:
    people = func.sum(case((clicks.c.machine, 0), else_=1))
    rows = connection.execute(
        select(clicks.c.link, people.label("readers"), func.count().label("all"))
        .where(clicks.c.mailing_id == mailing_id)
        .group_by(clicks.c.link)
        .order_by(people.desc(), clicks.c.link)
        .limit(LINKS)
    )
    return tuple(
        Followed(link=row.link, readers=int(row.readers), machines=row.all - int(row.readers))
        for row in rows
    )
