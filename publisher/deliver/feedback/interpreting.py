"""Stored events -> receipts, clicks, evidence, suppressions: some thousands in a transaction.

All that is written grows by what is learnt and by nothing else: an event that is taken
in twice, late or out of order changes nothing. A parcel is marked in the transaction
that takes its events in, so a process may be killed at any moment.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import InterfaceError, OperationalError

from publisher.deliver.artefacts import get
from publisher.deliver.feedback.consequences import Consequences, draw
from publisher.deliver.feedback.events import plain, read
from publisher.deliver.feedback.events_bulk import one_of, rows_of
from publisher.deliver.feedback.events_clicks import addresses
from publisher.deliver.feedback.events_kept import Waiting, close, in_turn, raws, waiting
from publisher.deliver.feedback.learning import Known, Learnt, LinkOf, learn, tokens_in
from publisher.deliver.feedback.receipts import add_receipts
from publisher.deliver.feedback.visiting import add_visits, judge, visited
from publisher.deliver.proving import Evidence, note_evidence
from publisher.errors import DeliveryError
from publisher.storage.engine import reading
from publisher.storage.schema import mailings

_log = logging.getLogger(__name__)


#: of an event: its id, its words, when it was heard (Unix seconds)
Row = tuple[str, str, int]


@dataclass(frozen=True, kw_only=True)
class Interpreted:
    """What came of some parcels."""

    events: int = 0
    more: bool = False  #: whether there was as much as asked for, or more
    ours: int = 0  #: that were about mailings of this installation
    suppressed: int = 0  #: addresses that are not mailed any more
    left: int = 0  #: readers who unsubscribed by SendGrid's means

    def __add__(self, other: "Interpreted") -> "Interpreted":
        return Interpreted(
            events=self.events + other.events,
            more=self.more or other.more,
            ours=self.ours + other.ours,
            suppressed=self.suppressed + other.suppressed,
            left=self.left + other.left,
        )


def interpret(
    engine: Engine, *, now: datetime, link_of: LinkOf, then: Consequences, at_most: int
) -> Interpreted | None:
    """Interpret about as many of the oldest events as told; None if none wait.

    Any number of processes may do so at once. An event that the database will not take
    is left out, and those beside it are interpreted all the same.
    """
    try:
        return _together(engine, now, link_of, then, at_most)
    except (OperationalError, InterfaceError):
        raise  # the database is away: nothing is wrong with the events
    except Exception as error:
        _log.warning("events are interpreted in smaller parts: %s", type(error).__name__)
        return _in_parts(engine, now, link_of, then)


def _together(
    engine: Engine, now: datetime, link_of: LinkOf, then: Consequences, at_most: int
) -> Interpreted | None:
    if engine.dialect.name != "sqlite":
        with engine.begin() as connection:
            found, rows = _waiting_rows(connection, at_most)
            if not found:
                return None
            learnt = _learn(connection, rows, link_of)
            close(connection, found, now)
            done = _write(connection, learnt, len(rows), now, link_of, then)
            return replace(done, more=_as_many(found, at_most))
    # who writes keeps all other writers waiting there: so read and think before
    with reading(engine) as connection:
        found, rows = _waiting_rows(connection, at_most)
        if not found:
            return None
        learnt = _learn(connection, rows, link_of)
    with in_turn(engine), engine.begin() as connection:
        if not close(connection, found, now):
            connection.rollback()
            return Interpreted(more=True)  # another was faster
        done = _write(connection, learnt, len(rows), now, link_of, then)
        return replace(done, more=_as_many(found, at_most))


def _in_parts(
    engine: Engine, now: datetime, link_of: LinkOf, then: Consequences
) -> Interpreted | None:
    """Interpret a few parcels in ever smaller parts, until what cannot be taken stands alone."""
    with engine.begin() as connection:
        found, rows = _waiting_rows(connection, 1)
    if not found:
        return None

    def part(some: Sequence[Row]) -> Interpreted:
        try:
            with engine.begin() as connection:
                learnt = _learn(connection, some, link_of)
                return _write(connection, learnt, len(some), now, link_of, then)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            if len(some) > 1:
                middle = len(some) // 2
                return part(some[:middle]) + part(some[middle:])
            _log.error(
                "the event %s cannot be interpreted (%s): it is kept in the table events",
                plain(some[0][0], 100),
                type(error).__name__,
            )
            return Interpreted(events=1)

    done = part(rows) if rows else Interpreted()
    with engine.begin() as connection:
        close(connection, found, now)
    return replace(done, more=True)


def _as_many(found: Sequence[Waiting], at_most: int) -> bool:
    return sum(parcel.events for parcel in found) >= at_most


def _waiting_rows(connection: Connection, at_most: int) -> tuple[list[Waiting], list[Row]]:
    found = waiting(connection, at_most)
    return found, _raws(connection, found) if found else []


def _raws(connection: Connection, found: Sequence[Waiting]) -> list[Row]:
    heard = {parcel.id: int(parcel.received.timestamp()) for parcel in found}
    return [(id, text, heard[parcel]) for id, text, parcel in raws(connection, found)]


def _learn(connection: Connection, rows: Sequence[Row], link_of: LinkOf) -> Learnt:
    events = [(id, read(text), heard) for id, text, heard in rows]
    known = _mailings(connection, tokens_in(told for _, told, _ in events))
    return learn(events, known, link_of)


def _mailings(connection: Connection, tokens: Iterable[str]) -> dict[str, Known]:
    named = sorted(token for token in tokens if len(token) <= 32 and token.isprintable())
    if not named:
        return {}
    among, parameter = one_of(connection, named, "text")
    sql = f"SELECT token, id, list, week FROM mailings WHERE token {among}"  # noqa: S608 - ours
    return {
        token: Known(id, name, week)
        for token, id, name, week in rows_of(connection, sql, parameter)
    }


def _write(
    connection: Connection,
    learnt: Learnt,
    events: int,
    now: datetime,
    link_of: LinkOf,
    then: Consequences,
) -> Interpreted:
    # the readers' receipts first: they are locked then, see `judge`
    add_receipts(connection, learnt.receipts)
    add_visits(connection, learnt.visits)
    clickers = {key for key, _, _ in learnt.visits}
    told = {key for key, receipt in learnt.receipts.items() if receipt.delivered}
    clickers |= visited(connection, told - clickers)
    if clickers:
        links = _links(connection, {mailing for mailing, _ in clickers}, link_of)
        judge(connection, clickers, links)
    suppressed, left = draw(connection, learnt, then, now=now)
    # last, for workers wait for a mailing's row
    proved = [
        Evidence(mailing_id=id, n=n, attempt=attempt, provider_id=request)
        for (id, n, attempt), request in sorted(learnt.evidence.items())
    ]
    note_evidence(connection, proved, source="event", now=now)
    for id in learnt.odd[:3]:
        _log.warning("the event %s makes no sense: it is kept in the table events", plain(id, 100))
    return Interpreted(events=events, ours=learnt.ours, suppressed=suppressed, left=left)


def _links(connection: Connection, ids: Iterable[int], link_of: LinkOf) -> dict[int, int]:
    """Count the different links of mailings' mails."""
    found = connection.execute(
        select(mailings.c.id, mailings.c.week, mailings.c.artefacts).where(
            mailings.c.id.in_(sorted(ids))
        )
    ).all()
    counts: dict[int, int] = {}
    for row in found:
        try:
            source = get(connection, row.artefacts.get("html", "")).content.decode()
        except DeliveryError:
            continue  # it is lost: the other signs must do
        links = {link_of(row.week, address) for address in addresses(source)}
        counts[row.id] = len(links - {None})
    return counts
