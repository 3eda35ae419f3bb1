"""Which links readers followed: every click is kept, and the verdict is made from all of them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from sqlalchemy import Connection

from publisher.deliver.feedback.events_bulk import MOMENT, mark, one_of, rows_of, seconds, write
from publisher.deliver.feedback.events_clicks import Visit, machines
from publisher.deliver.feedback.receipts import Key, set_clicked

_VISITS = {
    "mailing_id": "int",
    "subscriber_id": "int",
    "event": "text",
    "link": "text",
    "at": MOMENT,
    "scanner": "bool",
}
_CLICKS = {
    "mailing_id": "int",
    "subscriber_id": "int",
    "link": "text",
    "first": MOMENT,
    "machine": "bool",
}
_NEWER = (
    "ON CONFLICT (mailing_id, subscriber_id, link) DO UPDATE SET"
    " first = excluded.first, machine = excluded.machine"
)


def add_visits(connection: Connection, found: Iterable[tuple[Key, str, Visit]]) -> None:
    """Keep clicks: reader, the event's id, what was clicked."""
    rows = sorted((*key, event, v.link, v.at, v.scanner) for key, event, v in found)
    write(connection, "visits", _VISITS, rows, "ON CONFLICT DO NOTHING")


def visited(connection: Connection, keys: Collection[Key]) -> set[Key]:
    """Return those of the readers who clicked, so far as is known."""
    found: set[Key] = set()
    for mailing, readers in _by_mailing(keys).items():
        among, numbers = one_of(connection, readers, "int")
        sql = (
            "SELECT DISTINCT subscriber_id FROM visits"  # noqa: S608 - ours
            f" WHERE mailing_id = {mark(connection)} AND subscriber_id {among}"
        )
        found.update((mailing, reader) for (reader,) in rows_of(connection, sql, mailing, numbers))
    return found


def judge(connection: Connection, keys: Collection[Key], links: Mapping[int, int]) -> None:
    """Tell people from machines anew for some readers, and write down which links they followed.

    `links` says how many links each mailing's mail has. The readers' receipts must be
    there, and locked, so that nobody else judges from less than all that is known.
    """
    followed: list[tuple[int, int, str, int, bool]] = []
    clicked: dict[Key, tuple[int | None, int | None]] = {}
    for key, delivered, visits in _visits(connection, keys):
        by_machine = machines(visits, delivered=delivered, links=links.get(key[0], 0))
        people = [visit for visit, machine in zip(visits, by_machine, strict=True) if not machine]
        others = [visit for visit, machine in zip(visits, by_machine, strict=True) if machine]
        clicked[key] = (_first(people), _first(others))
        firsts = _firsts(people)
        followed += [(*key, link, at, False) for link, at in firsts.items()]
        followed += [
            (*key, link, at, True) for link, at in _firsts(others).items() if link not in firsts
        ]
    write(connection, "clicks", _CLICKS, sorted(followed), _NEWER)
    set_clicked(connection, clicked)


def _visits(
    connection: Connection, keys: Collection[Key]
) -> Iterator[tuple[Key, int | None, list[Visit]]]:
    for mailing, readers in _by_mailing(keys).items():
        among, numbers = one_of(connection, readers, "int")
        sql = (
            f"SELECT v.subscriber_id, {seconds(connection, 'r.delivered')},"  # noqa: S608 - ours
            f" v.link, {seconds(connection, 'v.at')}, v.scanner"
            " FROM visits AS v JOIN receipts AS r"
            " ON r.mailing_id = v.mailing_id AND r.subscriber_id = v.subscriber_id"
            f" WHERE v.mailing_id = {mark(connection)} AND v.subscriber_id {among}"
        )
        found: dict[int, list[Visit]] = defaultdict(list)
        delivered: dict[int, int | None] = {}
        for reader, when, link, at, scanner in rows_of(connection, sql, mailing, numbers):
            found[reader].append(Visit(link, at, bool(scanner)))
            delivered[reader] = when
        for reader, visits in found.items():
            yield (mailing, reader), delivered[reader], visits


def _by_mailing(keys: Collection[Key]) -> dict[int, list[int]]:
    grouped: dict[int, list[int]] = defaultdict(list)
    for mailing, reader in sorted(keys):
        grouped[mailing].append(reader)
    return grouped


def _first(visits: Sequence[Visit]) -> int | None:
    return min((visit.at for visit in visits), default=None)


def _firsts(visits: Sequence[Visit]) -> dict[str, int]:
    firsts: dict[str, int] = {}
    for visit in visits:
        firsts[visit.link] = min(visit.at, firsts.get(visit.link, visit.at))
    return firsts
