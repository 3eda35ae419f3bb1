"""Subscribers and what they are subscribed to: find, list, count.

A subscriber (a person) and a subscription (to a list) have each a status of their own:
who unsubscribes from one list stays a reader of another; who is blocked gets nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, Select, func, or_, select

from publisher.audience.addresses import parse_address
from publisher.config import Form
from publisher.storage.schema import lists, subscribers, subscriptions


class Status(StrEnum):
    """What may be sent to a person at all."""

    ENABLED = "enabled"
    BLOCKED = "blocked"


class Subscription(StrEnum):
    """How a person stands to one list."""

    PENDING = "pending"  # asked, not confirmed: nothing is sent but the question
    ACTIVE = "active"
    UNSUBSCRIBED = "unsubscribed"


@dataclass(frozen=True, kw_only=True)
class Subscriber:
    """A person as one list sees them."""

    id: int
    email: str
    name: str
    language: str  #: empty means the publication's
    fields: Mapping[str, Any]
    status: Status
    subscription: Subscription
    form: Form | None  #: how they want the issue; None if they have not chosen
    since: datetime  #: when the subscription got its status; aware, UTC
    created: datetime  #: aware, UTC
    confirmed: datetime | None  #: when the address was confirmed by its owner; aware, UTC

    @classmethod
    def from_row(cls, row: Row[Any]) -> "Subscriber":
        """Build one from a row of `_people`."""
        return cls(
            id=row.id,
            email=row.email,
            name=row.name,
            language=row.language,
            fields=row.fields,
            status=Status(row.status),
            subscription=Subscription(row.subscription),
            form=form_of(row.pdf),
            since=row.changed,
            created=row.created,
            confirmed=row.confirmed,
        )


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many a list has; the blocked are in none of the other figures."""

    active: int = 0
    pending: int = 0
    unsubscribed: int = 0
    blocked: int = 0


def form_of(pdf: str) -> Form | None:
    """Return the choice that a subscription's row holds; what nobody can have chosen is none."""
    return Form(pdf) if pdf in set(Form) else None


def find(connection: Connection, email: str, list_name: str) -> Subscriber | None:
    """Return the subscriber of a list with this address, however it is spelt."""
    key = parse_address(email).key
    row = connection.execute(_people(list_name).where(subscribers.c.email_key == key)).one_or_none()
    return Subscriber.from_row(row) if row else None


def page(
    connection: Connection,
    list_name: str,
    *,
    after: int = 0,
    limit: int = 100,
    subscription: Subscription | None = None,
    search: str = "",
) -> tuple[Subscriber, ...]:
    """Return the next subscribers after a number, in the order they came.

    Ask for the following page with the last one's `id`. `search` is looked for in
    addresses and names.
    """
    people = _people(list_name).where(subscribers.c.id > after)
    if subscription:
        people = people.where(subscriptions.c.status == subscription)
    if search:
        words = search.casefold()
        people = people.where(
            or_(
                subscribers.c.email_key.contains(words, autoescape=True),
                func.lower(subscribers.c.name).contains(words, autoescape=True),
            )
        )
    rows = connection.execute(people.order_by(subscribers.c.id).limit(limit))
    return tuple(Subscriber.from_row(row) for row in rows)


def count(connection: Connection, list_name: str) -> Counts:
    """Count the people of a list by how they stand to it."""
    rows = connection.execute(
        select(subscribers.c.status, subscriptions.c.status, func.count())
        .join_from(subscriptions, subscribers)
        .join(lists)
        .where(lists.c.name == list_name)
        .group_by(subscribers.c.status, subscriptions.c.status)
    )
    figures = dict.fromkeys(("active", "pending", "unsubscribed", "blocked"), 0)
    for status, subscription, n in rows:
        figures["blocked" if status == Status.BLOCKED else subscription] += n
    return Counts(**figures)


def _people(list_name: str) -> Select[Any]:
    return (
        select(
            subscribers,
            subscriptions.c.status.label("subscription"),
            subscriptions.c.changed,
            subscriptions.c.pdf,
        )
        .join_from(subscriptions, subscribers)
        .join(lists)
        .where(lists.c.name == list_name)
    )
