"""The reader's own way in and out: ask, confirm, unsubscribe.

Double opt-in: asking sends one mail and nothing else; the subscription begins when the
owner of the address has pressed the button behind the mailed link. Whoever fills in
addresses of others (list bombing) soon runs into the limits.
"""

import logging
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, select

from publisher.audience.addresses import parse_address
from publisher.audience.changes import (
    ask_person,
    forget_unconfirmed,
    make_list,
    opt_out,
    subscribe,
)
from publisher.audience.consents import Act, record
from publisher.audience.rates import Limit, count_up, network_of, within
from publisher.audience.subscribers import Status, Subscription, form_of
from publisher.audience.tokens import Claim, Tokens
from publisher.config import Form
from publisher.errors import AudienceError
from publisher.storage.engine import reading
from publisher.storage.inserts import insert_new
from publisher.storage.schema import lists, subscribers, subscriptions
from publisher.storage.suppressions import email_hash, lift

log = logging.getLogger(__name__)

_LINK = re.compile(r"https?:|www\.|[<>\x00-\x1f]|\.[a-z]{2,}/", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What keeps the form from being turned against people."""

    address: Limit = Limit(1, timedelta(minutes=5))  #: mails to one address
    address_daily: Limit = Limit(3, timedelta(days=1))
    network: Limit = Limit(10, timedelta(hours=1))  #: requests from one network address
    everybody: Limit = Limit(2000, timedelta(hours=1))  #: mails in all


class TooMany(AudienceError):
    """Somebody asks too often."""

    def __init__(self) -> None:
        super().__init__("too many requests have come from your network: try again in an hour")


class Gone(AudienceError):
    """What the link was about is not there any more."""

    def __init__(self) -> None:
        super().__init__("this link has been used up: subscribe again to get a new one")


@dataclass(frozen=True, kw_only=True)
class Question:
    """The mail to send: would its reader like to subscribe?"""

    subscriber: int
    email: str
    language: str
    token: str  #: for the link to confirm


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How the reader whom a link belongs to stands to its list."""

    subscriber: int
    email: str
    name: str
    language: str
    list_name: str
    subscription: Subscription
    form: Form | None = None  #: how she wants the issue; None if she has not chosen
    changed: bool = False  #: whether what was asked for has made it so


def ask(
    engine: Engine,
    tokens: Tokens,
    *,
    email: str,
    list_name: str,
    network: str,
    now: datetime,
    name: str = "",
    language: str = "",
    limits: Limits | None = None,
) -> Question | None:
    """Note that somebody would like to subscribe and return the question to mail.

    None means: mail nothing, but answer just the same, so that nobody learns from the
    answer who is a reader. Readers who are subscribed are asked like all others.
    `network` is the network address of who asks. Raises `AudienceError` if it is no
    e-mail address, and `TooMany` if this network has asked too often.
    """
    limits = limits or Limits()
    with engine.begin() as connection:
        counted = tokens.fingerprint(f"network {network_of(network)}")
        allowed = within(connection, limits.network, counted, now)
    if not allowed:
        raise TooMany
    address = parse_address(email)
    with engine.begin() as connection:
        _sweep(connection, tokens, now)
        counted = tokens.fingerprint(f"address {address.key}")
        # all are counted, whichever of them says no
        soon = within(connection, limits.address, counted, now)
        today = within(connection, limits.address_daily, f"{counted[:60]}-day", now)
        if not (soon and today):
            return None
        if not within(connection, limits.everybody, "everybody", now):
            log.warning("more people ask to subscribe than we answer: is the form under attack?")
            return None
        id = ask_person(connection, address, name=_harmless(name), language=language[:16], now=now)
        status = connection.scalar(select(subscribers.c.status).where(subscribers.c.id == id))
        if status == Status.BLOCKED:
            return None
        row = {
            "subscriber_id": id,
            "list_id": make_list(connection, list_name, now),
            "status": Subscription.PENDING,
            "changed": now,
        }
        insert_new(connection, subscriptions, row)
        record(connection, address.hash, list_name, Act.ASKED, "public page", now)
    return Question(
        subscriber=id,
        email=address.email,
        language=language,
        token=tokens.confirm(id, list_name, now),
    )


def confirm(engine: Engine, tokens: Tokens, token: str, now: datetime) -> Standing:
    """Begin the subscription; pressing the button twice is as good as once.

    Raises `AudienceError` if the link is not ours or too old, or if the reader has
    unsubscribed since it was made.
    """
    claim = tokens.read_confirm(token, now)
    with engine.begin() as connection:
        person = _person(connection, claim)
        if person is None or person.status == Status.BLOCKED:
            raise Gone
        left = person.subscription == Subscription.UNSUBSCRIBED
        if left and claim.issued and person.changed > claim.issued:
            raise Gone
        hash = email_hash(person.email_key)
        list_id = make_list(connection, claim.list_name, now)
        begun = subscribe(connection, claim.subscriber, list_id, now)
        if begun:
            record(connection, hash, claim.list_name, Act.CONFIRMED, "link in the mail", now)
        lift(connection, hash, claim.list_name, now)
        connection.execute(
            subscribers.update()
            .where(subscribers.c.id == claim.subscriber, subscribers.c.confirmed.is_(None))
            .values(confirmed=now)
        )
    return replace(_standing(person, claim, Subscription.ACTIVE), changed=begun)


def unsubscribe(
    engine: Engine, tokens: Tokens, token: str, *, source: str, now: datetime
) -> Standing | None:
    """End the subscription; doing it twice, or after the reader was removed, is no error.

    Returns None if we know nothing of the reader any more. Raises `BadToken`.
    """
    claim = tokens.read_unsubscribe(token)
    with engine.begin() as connection:
        person = _person(connection, claim)
        if person is None:
            return None
        hash = email_hash(person.email_key)
        opt_out(connection, claim.subscriber, hash, claim.list_name, source=source, now=now)
    return _standing(person, claim, Subscription.UNSUBSCRIBED)


def standing_of(engine: Engine, claim: Claim) -> Standing | None:
    """Return how the reader of a link stands to its list; None if they are gone."""
    with reading(engine) as connection:
        person = _person(connection, claim)
    return _standing(person, claim, person.subscription) if person else None


def _sweep(connection: Connection, tokens: Tokens, now: datetime) -> None:
    if count_up(connection, timedelta(days=1), tokens.fingerprint("sweep"), now) == 1:
        forget_unconfirmed(connection, now)


def _harmless(name: str) -> str:
    """Return a name that cannot carry somebody's advertisement."""
    name = " ".join(name.split())
    return "" if len(name) > 80 or _LINK.search(name) else name


def _person(connection: Connection, claim: Claim) -> Row[Any] | None:
    return connection.execute(
        select(
            subscribers,
            subscriptions.c.status.label("subscription"),
            subscriptions.c.changed,
            subscriptions.c.pdf,
        )
        .join_from(subscriptions, subscribers)
        .join(lists)
        .where(subscribers.c.id == claim.subscriber, lists.c.name == claim.list_name)
    ).one_or_none()


def _standing(person: Row[Any], claim: Claim, subscription: str) -> Standing:
    return Standing(
        subscriber=claim.subscriber,
        email=person.email,
        name=person.name,
        language=person.language,
        list_name=claim.list_name,
        subscription=Subscription(subscription),
        form=form_of(person.pdf),
    )
