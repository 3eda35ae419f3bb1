"""How people come and go: add, subscribe, unsubscribe, block, remove."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, exists, select, update

from publisher.audience.addresses import Address, parse_address
from publisher.audience.consents import Act, record
from publisher.audience.subscribers import Status, Subscription
from publisher.audience.tokens import CONFIRM_WITHIN
from publisher.config import Form
from publisher.errors import AudienceError
from publisher.storage.inserts import insert_new
from publisher.storage.schema import deliveries, lists, mailings, subscribers, subscriptions
from publisher.storage.suppressions import EVERYWHERE, lift, suppress, suppressed


class Added(StrEnum):
    """What came of adding somebody."""

    ADDED = "added"
    ALREADY = "already"


def make_list(connection: Connection, name: str, now: datetime) -> int:
    """Return the number of the list of this name; make it if there is none."""
    insert_new(connection, lists, {"name": name, "created": now})
    return int(connection.scalars(select(lists.c.id).where(lists.c.name == name)).one())


def add(
    connection: Connection,
    email: str,
    *,
    list_name: str,
    now: datetime,
    name: str = "",
    language: str = "",
    fields: Mapping[str, Any] | None = None,
    form: Form | None = None,
    source: str = "the operator",
    again: bool = False,
) -> Added:
    """Subscribe somebody on the operator's word, who has their consent.

    Raises `AudienceError` if it is no address, or if its owner has opted out: only
    `again` (they asked the operator in person) overrules that. `form` is noted for who
    is on the list already, too.
    """
    address = parse_address(email)
    person = connection.execute(
        select(subscribers.c.id, subscribers.c.status).where(subscribers.c.email_key == address.key)
    ).one_or_none()
    barred = suppressed(connection, [address.hash], list_name).get(address.hash)
    if not again:
        _refuse_opted_out(address, person, barred)
    list_id = make_list(connection, list_name, now)
    id = _person(connection, address, name=name, language=language, fields=fields, now=now)
    if person and person.status == Status.BLOCKED:
        connection.execute(
            update(subscribers).where(subscribers.c.id == id).values(status=Status.ENABLED)
        )
    lift(connection, address.hash, list_name, now)
    begun = subscribe(connection, id, list_id, now)
    if form:
        connection.execute(
            update(subscriptions)
            .where(subscriptions.c.subscriber_id == id, subscriptions.c.list_id == list_id)
            .values(pdf=form)
        )
    if not begun:
        return Added.ALREADY
    record(connection, address.hash, list_name, Act.ADDED, source, now)
    return Added.ADDED


def _refuse_opted_out(
    address: Address, person: Row[Any, Any] | None, barred: tuple[str, datetime] | None
) -> None:
    if person and person.status == Status.BLOCKED:
        why = "is blocked"
    elif barred and barred[0] != "removed":  # who was removed by the operator may be added by one
        why = f"{barred[0]} on {barred[1]:%Y-%m-%d}"
    else:
        return
    raise AudienceError(
        f"{address.email} {why}: only its owner can change that, on the page to subscribe;"
        " if they asked you in person, say so with --again"
    )


def _person(
    connection: Connection,
    address: Address,
    *,
    name: str,
    language: str,
    fields: Mapping[str, Any] | None,
    now: datetime,
) -> int:
    """Return the number of the person with this address; make one if there is none."""
    row = {
        "email": address.email,
        "email_key": address.key,
        "name": name or address.name,
        "language": language,
        "fields": dict(fields or {}),
        "status": Status.ENABLED,
        "created": now,
    }
    insert_new(connection, subscribers, row)
    known = select(subscribers.c.id).where(subscribers.c.email_key == address.key)
    return int(connection.scalars(known).one())


def ask_person(
    connection: Connection, address: Address, *, name: str, language: str, now: datetime
) -> int:
    """Return the number of who filled in the form; what is known of them is left as it is."""
    return _person(connection, address, name=name, language=language, fields=None, now=now)


def subscribe(connection: Connection, id: int, list_id: int, now: datetime) -> bool:
    """Make a subscription active; return False if it was."""
    row = {"subscriber_id": id, "list_id": list_id, "status": Subscription.ACTIVE, "changed": now}
    if insert_new(connection, subscriptions, row):
        return True
    return _change(connection, id, list_id, Subscription.ACTIVE, now)


def opt_out(
    connection: Connection, id: int, hash: str, list_name: str, *, source: str, now: datetime
) -> bool:
    """End a subscription on its owner's word and remember that; return False if it had ended."""
    list_id = make_list(connection, list_name, now)
    changed = _change(connection, id, list_id, Subscription.UNSUBSCRIBED, now)
    if suppress(connection, hash, list_name, "unsubscribed", now) or changed:
        record(connection, hash, list_name, Act.UNSUBSCRIBED, source, now)
    return changed


def complain(connection: Connection, hash: str, *, source: str, now: datetime) -> bool:
    """Mail an address nothing more, on any list: its owner called our mail spam.

    Returns False if it was not mailed any more already, for whatever reason.
    """
    if not suppress(connection, hash, EVERYWHERE, "complained", now):
        return False
    record(connection, hash, EVERYWHERE, Act.COMPLAINED, source, now)
    return True


def _change(
    connection: Connection, id: int, list_id: int, status: Subscription, now: datetime
) -> bool:
    changed = connection.execute(
        update(subscriptions)
        .where(
            subscriptions.c.subscriber_id == id,
            subscriptions.c.list_id == list_id,
            subscriptions.c.status != status,
        )
        .values(status=status, changed=now)
    )
    return changed.rowcount == 1


def remove(
    connection: Connection, email: str, *, now: datetime, source: str = "the operator"
) -> bool:
    """Forget somebody: their data go, and a hash stays so that no import brings them back.

    Their address is also wiped from mailings that are done. Returns False if nobody of
    that address was known; they will not be imported all the same.
    """
    address = parse_address(email)
    id = connection.scalar(select(subscribers.c.id).where(subscribers.c.email_key == address.key))
    if suppress(connection, address.hash, EVERYWHERE, "removed", now) or id is not None:
        record(connection, address.hash, EVERYWHERE, Act.REMOVED, source, now)
    if id is None:
        return False
    connection.execute(subscribers.delete().where(subscribers.c.id == id))
    done = select(mailings.c.id).where(mailings.c.state == "done")
    connection.execute(
        update(deliveries)
        .where(deliveries.c.subscriber_id == id, deliveries.c.mailing_id.in_(done))
        .values(email="")
    )
    return True


def block(connection: Connection, email: str) -> bool:
    """Send nothing more to a person, on any list; return False if nobody of that address is known."""
    key = parse_address(email).key
    changed = connection.execute(
        update(subscribers).where(subscribers.c.email_key == key).values(status=Status.BLOCKED)
    )
    return changed.rowcount == 1


def forget_unconfirmed(connection: Connection, now: datetime) -> None:
    """Forget who never confirmed once their link has expired: we have no business with them."""
    connection.execute(
        subscriptions.delete().where(
            subscriptions.c.status == Subscription.PENDING,
            subscriptions.c.changed < now - CONFIRM_WITHIN,
        )
    )
    subscribed = exists().where(subscriptions.c.subscriber_id == subscribers.c.id)
    connection.execute(
        subscribers.delete().where(
            subscribers.c.confirmed.is_(None),
            subscribers.c.status == Status.ENABLED,
            subscribers.c.created < now - CONFIRM_WITHIN,
            ~subscribed,
        )
    )
