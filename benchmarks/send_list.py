"""What the measurement of sending sends, and to whom: both invented."""

from datetime import UTC, datetime

from sqlalchemy import URL, func, select, text

from publisher.deliver.sender import Message
from publisher.storage.engine import open_url, reading
from publisher.storage.inserts import insert_new
from publisher.storage.schema import lists, subscribers, subscriptions

WEEK, LIST = "2026-W47", "readers"
HTML_BYTES, TEXT_BYTES = 60_000, 12_000  #: of a newsletter as they are
POSTAL = "Sirocco, 12 rue de la Kasbah, 1008 Tunis, Tunisia"
_SLICE = 10_000


def now() -> datetime:
    """Return this moment."""
    return datetime.now(UTC)


def unsubscribe_url(subscriber_id: int, _list: str) -> str:
    """Return an address as long as a signed one is."""
    return f"https://sirocco.example/unsubscribe/{subscriber_id:x}.{'k' * 64}"


def newsletter() -> Message:
    """Return a mail of the usual weight."""
    line = "<p>The wind came from the south and brought the dust of four countries.</p>\n"
    text = "The wind came from the south and brought the dust of four countries.\n"
    tail = f"%%unsubscribe_url%% {POSTAL}"
    return Message(
        subject="Sirocco 12: The water below",
        html=line * (HTML_BYTES // len(line)) + tail,
        text=text * (TEXT_BYTES // len(text)) + tail,
        from_address="weekly@sirocco.example",
        from_name="Sirocco",
        reply_to="editors@sirocco.example",
        postal=POSTAL,
        list_id="readers.sirocco.example",
        list_name="Sirocco",
        week=WEEK,
        archive_url="https://sirocco.example/issues/",
    )


def subscribe(url: URL, readers: int) -> None:
    """Fill the list; runs in a process of its own, so that its memory is not counted."""
    engine, moment = open_url(url), now()
    with engine.begin() as connection:
        insert_new(connection, lists, {"id": 1, "name": LIST, "created": moment})
    for first in range(1, readers + 1, _SLICE):
        numbers = range(first, min(first + _SLICE, readers + 1))
        people = [
            {
                "id": number,
                "email": f"reader{number}@example.org",
                "email_key": f"reader{number}@example.org",
                "name": f"Reader {number}",
                "status": "enabled",
                "created": moment,
            }
            for number in numbers
        ]
        membership = {"list_id": 1, "status": "active", "changed": moment}
        with engine.begin() as connection:
            connection.execute(subscribers.insert(), people)
            rows = [{"subscriber_id": number, **membership} for number in numbers]
            connection.execute(subscriptions.insert(), rows)
    with reading(engine) as connection:
        assert connection.scalar(select(func.count()).select_from(subscribers)) == readers  # noqa: S101 - as it must be
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.execute(text("ANALYZE"))  # as an import does
    engine.dispose()
