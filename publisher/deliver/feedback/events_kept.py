"""Raw events in the database: stored once, waiting until they are interpreted, forgotten in time."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, delete, select, update

from publisher.deliver.feedback.events import Raw
from publisher.deliver.feedback.events_bulk import one_of, rows_of, write
from publisher.storage.engine import reading
from publisher.storage.schema import events, parcels

_COLUMNS = {"at": "int", "id": "text", "parcel": "int", "raw": "text"}
_LOOK_AT_ONCE = 8  #: parcels; what is locked and not taken would be kept from others
_FORGET_AT_ONCE = 20_000  #: events in one transaction, or one parcel

_turns: WeakKeyDictionary[Engine, Lock] = WeakKeyDictionary()


@dataclass(frozen=True)
class Waiting:
    """A parcel that waits to be interpreted."""

    id: int
    events: int  #: how many came, doubles included
    received: datetime


def keep(engine: Engine, came: Sequence[Raw], *, now: datetime) -> int:
    """Store events in one transaction and return how many of them were new.

    When it returns they are safe. An event that is stored already is left as it is.
    """
    if not came:
        return 0
    # in one order, or two that store the same events could wait for each other for ever
    ordered = sorted(came)
    with in_turn(engine), engine.connect() as connection, connection.begin() as transaction:
        row = {"events": len(came), "received": now}
        made = connection.execute(parcels.insert().values(row).returning(parcels.c.id))
        parcel = made.scalar_one()
        rows = [(event.at, event.id, parcel, event.text) for event in ordered]
        new = write(connection, "events", _COLUMNS, rows, "ON CONFLICT DO NOTHING")
        if not new:
            transaction.rollback()
        return new


@contextmanager
def in_turn(engine: Engine) -> Iterator[None]:
    """Wait for the other writers of events in this process, where there can be only one.

    SQLite itself would ask again and again, up to ten times a second, and lose to
    whoever asks first.
    """
    if engine.dialect.name != "sqlite":
        yield
        return
    with _turns.setdefault(engine, Lock()):
        yield


def waiting(connection: Connection, at_most: int) -> list[Waiting]:
    """Return the oldest parcels that wait, with about `at_most` events, at least one parcel.

    On PostgreSQL they are locked, and those that another has locked are passed over.
    """
    found: list[Waiting] = []
    while sum(parcel.events for parcel in found) < at_most:
        rows = connection.execute(
            select(parcels.c.id, parcels.c.events, parcels.c.received)
            .where(parcels.c.interpreted.is_(None), parcels.c.id > (found[-1].id if found else 0))
            .order_by(parcels.c.id)
            .limit(_LOOK_AT_ONCE)
            .with_for_update(skip_locked=True)
        ).all()
        found += [Waiting(*row) for row in rows]
        if len(rows) < _LOOK_AT_ONCE:
            break
    return found


def raws(connection: Connection, found: Sequence[Waiting]) -> Sequence[tuple[Any, ...]]:
    """Return id, words and parcel of every event in some parcels."""
    among, numbers = one_of(connection, [parcel.id for parcel in found], "int")
    sql = f"SELECT id, raw, parcel FROM events WHERE parcel {among}"  # noqa: S608 - ours
    return rows_of(connection, sql, numbers)


def close(connection: Connection, found: Sequence[Waiting], now: datetime) -> bool:
    """Mark parcels as interpreted; False if another has done so with any of them."""
    done = connection.execute(
        update(parcels)
        .where(parcels.c.id.in_([parcel.id for parcel in found]), parcels.c.interpreted.is_(None))
        .values(interpreted=now)
    )
    return done.rowcount == len(found)


def forget(engine: Engine, *, before: datetime) -> int:
    """Drop a few of the parcels that were received before a moment; return how many events went.

    What was learnt from them stays, and what waits is not dropped. Call it again until it
    returns 0.
    """
    with reading(engine) as connection:
        oldest = connection.execute(
            select(parcels.c.id, parcels.c.events, parcels.c.received, parcels.c.interpreted)
            .order_by(parcels.c.id)
            .limit(_FORGET_AT_ONCE // 1000)
        ).all()
    gone: list[int] = []
    room = _FORGET_AT_ONCE
    for row in oldest:
        if row.received < before and row.interpreted and (not gone or row.events <= room):
            gone.append(row.id)
            room -= row.events
    if not gone:
        return 0
    with engine.begin() as connection:
        dropped = connection.execute(delete(events).where(events.c.parcel.in_(gone))).rowcount
        connection.execute(delete(parcels).where(parcels.c.id.in_(gone)))
    return max(dropped, len(gone))
