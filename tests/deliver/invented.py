"""Invented mailings: readers at many providers, and what became of their mails."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Engine, select, update

from publisher.deliver.feedback.events import Kind
from publisher.deliver.feedback.receipts import Receipt, add_receipts, set_clicked
from publisher.deliver.mailing import Mailing
from publisher.deliver.sender import Outcome
from publisher.storage.schema import clicks, deliveries, subscribers
from tests.deliver.world import START, Clock, Scripted, planned, run, subscribe


@dataclass(frozen=True)
class Heard:
    """What was heard of one reader's mail; hours are counted from the sending."""

    state: Kind | None = None
    hours: float = 0.0
    reason: str = ""
    attempt: int = 1
    opened: float | None = None
    by_machine: float | None = None
    complained: bool = False
    unsubscribed: bool = False
    #: link -> hours
    clicked: Mapping[str, float] = field(default_factory=dict)
    scanned: Mapping[str, float] = field(default_factory=dict)


def sent(
    engine: Engine, emails: list[str], *, script: list[Outcome] | None = None, batch: int = 10
) -> Mailing:
    """Subscribe readers with these addresses and mail them; the script tells the answers."""
    ids = subscribe(engine, len(emails))
    with engine.begin() as connection:
        for id, email in zip(ids, emails, strict=True):
            connection.execute(
                update(subscribers)
                .where(subscribers.c.id == id)
                .values(email=email, email_key=email.casefold())
            )
    mailing = planned(engine, batch=batch)
    run(engine, mailing, Scripted(batch=batch, doubt=batch, script=script or []), Clock())
    return mailing


def hear(engine: Engine, mailing: Mailing, news: Mapping[str, Heard]) -> None:
    """Take in what a provider might tell, by address."""
    with engine.begin() as connection:
        rows = connection.execute(
            select(deliveries.c.email, deliveries.c.subscriber_id).where(
                deliveries.c.mailing_id == mailing.id
            )
        )
        ids = {row.email: row.subscriber_id for row in rows}
        keys = {email: (mailing.id, ids[email]) for email in news}
        add_receipts(connection, {keys[email]: _receipt(heard) for email, heard in news.items()})
        first = {
            keys[email]: (_first(heard.clicked), _first(heard.scanned))
            for email, heard in news.items()
            if heard.clicked or heard.scanned
        }
        set_clicked(connection, first)
        followed = [
            {
                "mailing_id": mailing.id,
                "subscriber_id": ids[email],
                "link": link,
                "first": moment(hours),
                "machine": machine,
            }
            for email, heard in news.items()
            for machine, links in ((False, heard.clicked), (True, heard.scanned))
            for link, hours in links.items()
        ]
        if followed:
            connection.execute(clicks.insert(), followed)


def moment(hours: float) -> datetime:
    """Return the moment so many hours after the sending."""
    return START + timedelta(hours=hours)


def _receipt(heard: Heard) -> Receipt:
    receipt = Receipt()
    if heard.state:
        receipt.take(heard.state, _seconds(heard.hours), reason=heard.reason, attempt=heard.attempt)
    if heard.opened is not None:
        receipt.take(Kind.OPENED, _seconds(heard.opened))
    if heard.by_machine is not None:
        receipt.take(Kind.OPENED, _seconds(heard.by_machine), machine=True)
    if heard.complained:
        receipt.take(Kind.COMPLAINED, _seconds(heard.hours))
    if heard.unsubscribed:
        receipt.take(Kind.UNSUBSCRIBED, _seconds(heard.hours))
    return receipt


def _first(links: Mapping[str, float]) -> int | None:
    return _seconds(min(links.values())) if links else None


def _seconds(hours: float) -> int:
    return int(moment(hours).timestamp())
