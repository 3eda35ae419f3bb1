"""Many readers in one short transaction."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, literal, select, update

from publisher.audience.addresses import Address
from publisher.audience.consents import Act
from publisher.audience.subscribers import Status, Subscription
from publisher.config import Form
from publisher.storage.inserts import insert_new, insert_or_ignore
from publisher.storage.schema import consents, subscribers, subscriptions, suppressions
from publisher.storage.suppressions import suppressed


@dataclass(frozen=True, slots=True)
class Row:
    """One reader of a file."""

    address: Address
    name: str = ""
    language: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    form: Form | None = None  #: how they want the issue; None if the file does not say
    active: bool = True  #: False: the file says that they opted out


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a batch."""

    added: int = 0
    already: int = 0
    opted_out: int = 0

    def __add__(self, other: "Written") -> "Written":
        return Written(
            self.added + other.added,
            self.already + other.already,
            self.opted_out + other.opted_out,
        )


def write(
    connection: Connection,
    rows: Sequence[Row],
    *,
    list_id: int,
    list_name: str,
    source: str,
    now: datetime,
) -> Written:
    """Subscribe readers to a list, except those who are on it, opted out or are blocked.

    Of those who are on it nothing is changed: what they chose themselves is newer.

    A row that says its reader opted out is remembered as an opt-out instead. Of several
    rows with one address an opt-out wins, else the first.
    """
    batch: dict[str, Row] = {}
    for row in rows:
        known = batch.get(row.address.key)
        if known is None or (known.active and not row.active):
            batch[row.address.key] = row
    hashes = {key: row.address.hash for key, row in batch.items()}
    gone = {key: row for key, row in batch.items() if not row.active}
    if gone:
        _remember_opt_outs(connection, gone, hashes, list_id, list_name, source, now)
    barred = suppressed(connection, hashes.values(), list_name)
    welcome = {key: row for key, row in batch.items() if row.active and hashes[key] not in barred}

    people = _ids(connection, welcome)
    strangers = [_person(row, now) for key, row in welcome.items() if key not in people]
    insert_new(connection, subscribers, strangers)
    people |= _ids(connection, [person["email_key"] for person in strangers])

    enabled = {key: id for key, (id, status) in people.items() if status == Status.ENABLED}
    standing = _subscriptions(connection, list_id, enabled.values())
    new = {key: id for key, id in enabled.items() if id not in standing}
    for form in {batch[key].form for key in new}:
        ids = [id for key, id in new.items() if batch[key].form is form]
        _subscribe(connection, list_id, ids, form, now)
    _record(connection, [hashes[key] for key in new], list_name, Act.IMPORTED, source, now)

    left = sum(status == Subscription.UNSUBSCRIBED for status in standing.values())
    blocked = len(people) - len(enabled)
    opted_out = len(batch) - len(welcome) + left + blocked
    return Written(len(new), len(rows) - len(new) - opted_out, opted_out)


def _person(row: Row, now: datetime) -> dict[str, Any]:
    return {
        "email": row.address.email,
        "email_key": row.address.key,
        "name": row.name,
        "language": row.language,
        "fields": row.fields,
        "status": Status.ENABLED,
        "created": now,
    }


def _ids(connection: Connection, keys: Collection[str]) -> dict[str, tuple[int, str]]:
    if not keys:
        return {}
    rows = connection.execute(
        select(subscribers.c.email_key, subscribers.c.id, subscribers.c.status).where(
            subscribers.c.email_key.in_(keys)
        )
    )
    return {row.email_key: (row.id, row.status) for row in rows}


def _subscriptions(connection: Connection, list_id: int, ids: Collection[int]) -> dict[int, str]:
    if not ids:
        return {}
    rows = connection.execute(
        select(subscriptions.c.subscriber_id, subscriptions.c.status).where(
            subscriptions.c.subscriber_id.in_(ids), subscriptions.c.list_id == list_id
        )
    )
    return {row.subscriber_id: row.status for row in rows}


def _subscribe(
    connection: Connection, list_id: int, ids: Collection[int], form: Form | None, now: datetime
) -> None:
    if ids:
        moment = literal(now, subscriptions.c.changed.type)
        rows = select(
            subscribers.c.id,
            literal(list_id),
            literal(Subscription.ACTIVE.value),
            literal(form.value if form else ""),
            moment,
        )
        # one statement that the database fills by itself: half the time of a row each
        connection.execute(
            insert_or_ignore(connection, subscriptions).from_select(
                ["subscriber_id", "list_id", "status", "pdf", "changed"],
                rows.where(subscribers.c.id.in_(ids)),
            )
        )


def _remember_opt_outs(
    connection: Connection,
    gone: Mapping[str, Row],
    hashes: Mapping[str, str],
    list_id: int,
    list_name: str,
    source: str,
    now: datetime,
) -> None:
    known = suppressed(connection, [hashes[key] for key in gone], list_name)
    new = [hashes[key] for key in gone if hashes[key] not in known]
    why = {"scope": list_name, "reason": "unsubscribed", "since": now}
    insert_new(connection, suppressions, [{"email_hash": hash, **why} for hash in new])
    people = select(subscribers.c.id).where(subscribers.c.email_key.in_(gone))
    connection.execute(
        update(subscriptions)
        .where(subscriptions.c.list_id == list_id, subscriptions.c.subscriber_id.in_(people))
        .values(status=Subscription.UNSUBSCRIBED, changed=now)
    )
    _record(connection, new, list_name, Act.UNSUBSCRIBED, source, now)


def _record(
    connection: Connection,
    hashes: Sequence[str],
    list_name: str,
    act: Act,
    source: str,
    now: datetime,
) -> None:
    if hashes:
        told = {"list": list_name, "act": act, "source": source, "at": now}
        connection.execute(consents.insert(), [{"email_hash": hash, **told} for hash in hashes])
