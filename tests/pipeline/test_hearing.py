"""From the webhook to what is known of readers, as a running publication does it."""

import json
import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from publisher.audience.changes import add
from publisher.audience.consents import history
from publisher.audience.subscribers import Subscription, find
from publisher.config import Bounces, Publication, Secrets, Web
from publisher.deliver import make_sender
from publisher.deliver.feedback.events import part
from publisher.deliver.feedback.events_kept import keep
from publisher.deliver.mailing import Mailing, freeze
from publisher.pipeline.desk import Desk
from publisher.pipeline.hearing import Heard, hear, link_reader
from publisher.storage.engine import reading
from publisher.storage.schema import clicks, events, receipts, suppressions
from publisher.storage.suppressions import email_hash
from tests.deliver.world import START, Clock, issue_mail

HOME = "https://magazine.example/weekly"
WEEK = "2026-W47"
ADA = "ada@example.org"


@pytest.fixture
def desk(publication: Publication, engine: Engine) -> Desk:
    """A desk on each kind of database, below a path of a public address."""
    publication = replace(publication, web=Web(url=f"{HOME}/"))
    return Desk(
        publication=publication,
        secrets=Secrets(),
        engine=engine,
        sender=lambda: make_sender(publication, Secrets()),
        clock=Clock(now=START + timedelta(hours=2)),
    )


@pytest.fixture
def mailing(desk: Desk) -> Mailing:
    """A mailing to one reader."""
    with desk.engine.begin() as connection:
        add(connection, ADA, list_name="readers", now=START)
    return freeze(desk.engine, week=WEEK, list_name="readers", message=issue_mail(), now=START)


def tell(desk: Desk, mailing: Mailing, *told: dict[str, Any]) -> None:
    """Store events about the first reader, as the webhook does."""
    common = {
        "email": ADA,
        "timestamp": int(START.timestamp()) + 600,
        "publisher_mailing": mailing.token,
        "publisher_reader": "1",
        "publisher_chunk": "1",
        "publisher_attempt": "1",
    }
    named = [
        {**common, "sg_event_id": f"{stored(desk)}-{number}", **event}
        for number, event in enumerate(told)
    ]
    keep(desk.engine, part(json.dumps(named).encode()), now=desk.clock())


def stored(desk: Desk) -> int:
    """Count the events that are stored."""
    with reading(desk.engine) as connection:
        return connection.scalar(select(func.count()).select_from(events)) or 0


def test_events_are_taken_in_and_then_there_is_nothing_to_do(desk: Desk, mailing: Mailing) -> None:
    assert hear(desk) == Heard()
    tell(desk, mailing, {"event": "delivered"}, {"event": "teleported", "publisher_mailing": "x"})
    assert hear(desk) == Heard(events=2, ours=1)
    assert hear(desk) == Heard()


def test_who_unsubscribes_at_sendgrid_is_unsubscribed_here_with_a_line_on_record(
    desk: Desk, mailing: Mailing
) -> None:
    tell(desk, mailing, {"event": "unsubscribe"})
    assert hear(desk).left == 1
    with reading(desk.engine) as connection:
        reader = find(connection, ADA, "readers")
        assert reader is not None
        assert reader.subscription is Subscription.UNSUBSCRIBED
        last = history(connection, email_hash(ADA))[-1]
        assert (last.act, last.source, last.list_name) == ("unsubscribed", "SendGrid", "readers")


def test_who_complains_is_barred_everywhere_with_a_line_on_record(
    desk: Desk, mailing: Mailing, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    tell(desk, mailing, {"event": "spamreport"})
    assert hear(desk).suppressed == 1
    with reading(desk.engine) as connection:
        row = connection.execute(select(suppressions)).one()
        assert (row.scope, row.reason) == ("*", "complained")
        assert history(connection, email_hash(ADA))[-1].act == "complained"
    assert "1 addresses" in caplog.text
    assert ADA not in caplog.text


def test_soft_bounces_are_too_many_when_the_publication_says_so(
    desk: Desk, mailing: Mailing
) -> None:
    full = {"event": "bounce", "type": "bounce", "status": "5.2.2", "reason": "552 mailbox full"}
    tell(desk, mailing, full)
    assert hear(desk).suppressed == 0
    delivery = replace(desk.publication.delivery, bounces=Bounces(threshold=1))
    strict = replace(
        desk,
        publication=replace(desk.publication, delivery=delivery),
        clock=Clock(now=START + timedelta(days=2)),
    )
    tell(strict, mailing, {**full, "timestamp": int(START.timestamp()) + 86_400})
    assert hear(strict).suppressed == 1


def test_an_event_about_a_reader_who_was_removed_is_no_harm(desk: Desk, mailing: Mailing) -> None:
    tell(desk, mailing, {"event": "unsubscribe", "publisher_reader": "77", "email": "x@y.example"})
    assert hear(desk).left == 1


def test_clicks_are_told_by_article(desk: Desk, mailing: Mailing) -> None:
    issue = f"{HOME}/issues/{WEEK}/"
    urls = [f"{issue}#the-water", f"{issue}stories/d%C3%BCnen.html?x=1", f"{issue}a.pdf"]
    at = int(START.timestamp())
    told = [
        {"event": "click", "url": url, "timestamp": at + 900 + 60 * n}
        for n, url in enumerate([*urls, f"{HOME}/unsubscribe/secret"])
    ]
    tell(desk, mailing, *told)
    hear(desk)
    with reading(desk.engine) as connection:
        links = set(connection.scalars(select(clicks.c.link)))
    assert links == {"the-water", "dünen", f"{issue}a.pdf"}


@pytest.mark.parametrize(
    ("url", "link"),
    [
        (f"{HOME}/issues/{WEEK}/#a", "a"),
        (f"{HOME}/issues/{WEEK}/?utm_source=x#a", "a"),
        (f"{HOME}/issues/{WEEK}/", f"{HOME}/issues/{WEEK}/"),
        (f"{HOME}/issues/2026-W46/#a", f"{HOME}/issues/2026-W46/"),
        (HOME, HOME),
        (f"{HOME}/subscribe", f"{HOME}/subscribe"),
        (f"{HOME}/unsubscribe/secret", None),
        (f"{HOME}/confirm/secret", None),
        (f"{HOME}/preferences/secret", None),
        (f"{HOME}/anything/else", None),
        (f"{HOME}er/unsubscribe/x", f"{HOME}er/unsubscribe/x"),
        ("https://elsewhere.example/unsubscribe/x", "https://elsewhere.example/unsubscribe/x"),
        ("mailto:x@example.org", None),
        ("javascript:alert(1)", None),
        ("http://[broken", "http://[broken"),
        ("", None),
    ],
)
def test_what_a_reader_followed_has_a_name_and_no_readers_token_is_kept(
    desk: Desk, url: str, link: str | None
) -> None:
    assert link_reader(desk.publication)(WEEK, url) == link


def test_where_there_is_no_web_edition_a_story_is_known_by_its_own_address(
    publication: Publication,
) -> None:
    editions = replace(publication.editions, make=("magazine", "email"))
    publication = replace(publication, editions=editions)
    folder = publication.issues / WEEK / "articles"
    folder.mkdir(parents=True)
    url = "https://news.example/water"
    (folder / "water.md").write_text(
        f"---\ntitle: Water\nurl: {url}\n---\nIt rained.\n", encoding="utf-8"
    )
    link_of = link_reader(publication)
    assert link_of(WEEK, url) == "water"
    assert link_of(WEEK, f"{url}/more") == f"{url}/more"
    assert link_of("2026-W01", url) == url
    assert link_of("no week", url) == url


def test_hearing_stops_when_the_desk_does(desk: Desk, mailing: Mailing) -> None:
    tell(desk, mailing, {"event": "delivered"})
    assert hear(replace(desk, stopping=lambda: True)) == Heard()
    assert hear(desk).events == 1


def test_events_are_forgotten_when_their_time_is_over(desk: Desk, mailing: Mailing) -> None:
    tell(desk, mailing, {"event": "delivered"})
    assert hear(desk).forgotten == 0
    later = replace(desk, clock=Clock(now=START + timedelta(days=91)))
    assert hear(later).forgotten == 1
    with reading(desk.engine) as connection:
        assert connection.scalar(select(func.count()).select_from(events)) == 0
        assert connection.scalar(select(receipts.c.state)) == "delivered"
