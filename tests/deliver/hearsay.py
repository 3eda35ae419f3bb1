"""What the tests of events share: events as SendGrid tells them, and what is known afterwards."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from publisher.deliver.feedback.consequences import Consequences
from publisher.deliver.feedback.events import part
from publisher.deliver.feedback.events_kept import keep
from publisher.deliver.feedback.interpreting import Interpreted, interpret
from publisher.deliver.feedback.learning import Leaving
from publisher.deliver.mailing import Mailing
from publisher.storage.engine import reading
from publisher.storage.inserts import insert_new
from publisher.storage.schema import clicks, receipts, suppressions
from publisher.storage.suppressions import EVERYWHERE, email_hash, suppress
from tests.deliver.world import START, issue_mail, planned, subscribe

SENT = int(START.timestamp())
NOW = START + timedelta(days=1)
PERSON = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/131.0 Mobile"
SCANNER = "Mozilla/5.0 (compatible; Barracuda Sentinel (EE))"
STORIES = [f"https://sirocco.example/{number}" for number in range(6)]


def mail_with_links(engine: Engine) -> Mailing:
    """Plan a mailing with six links to five readers."""
    subscribe(engine, 5)
    links = "".join(f'<a href="{story}">read</a>' for story in STORIES)
    message = issue_mail()
    return planned(
        engine, message=issue_mail(html=message.html.replace("<p>Read", f"{links}<p>Read"))
    )


class Teller:
    """Tells of a mailing as SendGrid does."""

    def __init__(self, mailing: Mailing) -> None:
        self.mailing = mailing
        self.count = 0

    def __call__(
        self, event: str, reader: int = 1, after: int = 0, **fields: Any
    ) -> dict[str, Any]:
        """Return an event some seconds after the mail was sent."""
        self.count += 1
        return {
            "email": f"reader{reader}@example.org",
            "timestamp": SENT + after,
            "event": event,
            "sg_event_id": f"event-{self.count}",
            "sg_message_id": "request1.recvd-85abf8d92c-3qfgp-1-6B-0.0",
            "publisher_mailing": self.mailing.token,
            "publisher_chunk": "1",
            "publisher_attempt": "1",
            "publisher_reader": str(reader),
            **fields,
        }


def store(engine: Engine, told: Sequence[Any], now: datetime = NOW) -> int:
    """Store events as the webhook does."""
    return keep(engine, part(json.dumps(told).encode()), now=now)


def link_of(_week: str, url: str) -> str | None:
    """Call our stories by their numbers."""
    if "/unsubscribe/" in url:
        return None
    return url.removeprefix("https://sirocco.example/")


def leave(connection: Connection, leaving: Leaving) -> None:
    """End a subscription, as far as delivery sees it."""
    row = {"email_hash": leaving.email_hash, "scope": leaving.list_name}
    insert_new(connection, suppressions, {**row, "reason": "unsubscribed", "since": NOW})


def complain(connection: Connection, hash: str) -> bool:
    """Bar an address, as far as delivery sees it."""
    return suppress(connection, hash, EVERYWHERE, "complained", NOW)


THEN = Consequences(leave=leave, complain=complain)


def hear(engine: Engine, *told: Any, at_most: int = 1000) -> Interpreted:
    """Store events and interpret all that wait."""
    if told:
        store(engine, told)
    total = Interpreted()
    while done := interpret(engine, now=NOW, link_of=link_of, then=THEN, at_most=at_most):
        total += done
    return total


def receipt(engine: Engine, reader: int = 1) -> dict[str, Any]:
    """Return what is known of a reader's mail, moments as seconds after it was sent."""
    with reading(engine) as connection:
        row = connection.execute(select(receipts).where(receipts.c.subscriber_id == reader)).one()
    return {
        name: int(value.timestamp()) - SENT if isinstance(value, datetime) else value
        for name, value in row._mapping.items()
        if value not in (None, "") and name not in ("mailing_id", "subscriber_id", "attempt")
    }


def followed(engine: Engine) -> list[tuple[int, str, int, bool]]:
    """Return who followed which links, when first, and whether only machines did."""
    with reading(engine) as connection:
        rows = connection.execute(
            select(clicks.c.subscriber_id, clicks.c.link, clicks.c.first, clicks.c.machine)
        )
        return sorted((r[0], r[1], int(r[2].timestamp()) - SENT, r[3]) for r in rows)


def barred(engine: Engine) -> dict[str, tuple[str, str]]:
    """Return who is not mailed any more: scope and reason by address."""
    names = {email_hash(f"reader{n}@example.org"): f"reader{n}" for n in range(1, 6)}
    with reading(engine) as connection:
        return {
            names[row.email_hash]: (row.scope, row.reason)
            for row in connection.execute(select(suppressions))
        }


def count(engine: Engine, table: Any) -> int:
    """Count the rows of a table."""
    with reading(engine) as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0
