"""A database to rehearse in: what a mailing needs, copied, so that nothing real is touched."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, Table, select
from sqlalchemy.exc import OperationalError

from publisher.deliver.mailing import Mailing, find_mailing
from publisher.errors import DeliveryError
from publisher.storage.engine import open_url, snapshot
from publisher.storage.schema import (
    artefacts,
    lists,
    mailings,
    settings,
    subscribers,
    subscriptions,
    suppressions,
)

_SLICE = 10_000
_FRESH = {"state": "planned", "reason": "", "hold_until": None, "heard": None, "finished": None}


def open_understudy(file: Path) -> Engine:
    """Make an empty database in a new file."""
    return open_url(URL.create("sqlite", database=str(file)))


@contextmanager
def room_for(folder: Path) -> Iterator[None]:
    """Say in one sentence that a rehearsal's temporary folder has no room left, if so."""
    try:
        yield
    except OperationalError as error:
        if "full" not in str(error.orig):
            raise
        raise DeliveryError(
            f"there is no room for a rehearsal in {folder.parent}, where it needs about 1 KB for"
            " each reader: make some, or set TMPDIR to a folder that has it"
        ) from None


def copy_what_a_mailing_needs(
    source: Engine, target: Engine, *, week: object, list_name: str
) -> int:
    """Copy the readers of a list, whom not to mail, and the frozen mail if there is one.

    Returns how many readers are on the list. The copy of the mailing knows of nobody who
    has been mailed: a rehearsal is for all. The source is only read.
    """
    mailing = find_mailing(source, week=week, list_name=list_name)
    with snapshot(source) as reader:
        for table in (settings, suppressions):
            _copy(target, table, _pages(reader, table))
        if mailing:
            _copy_mailing(reader, target, mailing)
        row = reader.execute(select(lists).where(lists.c.name == list_name)).first()
        if row is None:
            return 0
        _copy(target, lists, [[dict(row._mapping)]])
        return _copy_readers(reader, target, row.id)


def _copy_readers(reader: Connection, target: Engine, list_id: int) -> int:
    member = subscriptions.c.subscriber_id
    here = (subscriptions.c.list_id == list_id, subscriptions.c.status == "active")
    copied, last = 0, 0
    while True:
        memberships = _plain(
            reader, select(subscriptions).where(*here, member > last).order_by(member).limit(_SLICE)
        )
        if not memberships:
            return copied
        first, last = last, int(memberships[-1]["subscriber_id"])
        people = _plain(
            reader,
            select(subscribers)
            .join(subscriptions, member == subscribers.c.id)
            .where(*here, member > first, member <= last),
        )
        _copy(target, subscribers, [people])
        _copy(target, subscriptions, [memberships])
        copied += len(memberships)


def _copy_mailing(reader: Connection, target: Engine, mailing: Mailing) -> None:
    kept = mailing.artefacts
    digests = {kept["html"], kept["text"], *kept["pictures"].values()}
    digests |= {file["digest"] for file in kept["attachments"]}
    parts = _plain(reader, select(artefacts).where(artefacts.c.digest.in_(digests)))
    (row,) = _plain(reader, select(mailings).where(mailings.c.id == mailing.id))
    _copy(target, artefacts, [[part] for part in parts])
    _copy(target, mailings, [[{**row, **_FRESH}]])


def _pages(reader: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    with reader.execution_options(yield_per=_SLICE).execute(select(table)) as rows:
        for page in rows.partitions():
            yield [dict(row._mapping) for row in page]


def _plain(reader: Connection, query: Any) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in reader.execute(query)]


def _copy(target: Engine, table: Table, pages: Any) -> None:
    for page in pages:
        rows: list[Mapping[str, Any]] = page
        if rows:
            with target.begin() as writer:
                writer.execute(table.insert(), rows)
