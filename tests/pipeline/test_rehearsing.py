"""Rehearsals: the real worker and the whole list, and nothing real is touched."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, StaticPool, create_engine, func, select, update

from publisher.config import Publication, load_publication
from publisher.deliver.mailing import Mailing, freeze, load_message
from publisher.errors import DeliveryError, RenderError
from publisher.pipeline.desk import Desk
from publisher.pipeline.rehearsal.rehearsing import Rehearsal, mishaps, rehearse
from publisher.pipeline.rehearsal.stage import Mishaps
from publisher.pipeline.rehearsal.understudy import (
    copy_what_a_mailing_needs,
    open_understudy,
    room_for,
)
from publisher.rehearsal.faults import Fault
from publisher.storage.schema import (
    audit,
    chunks,
    deliveries,
    mailings,
    subscribers,
    subscriptions,
)
from publisher.storage.settings import signing_keys
from publisher.storage.suppressions import email_hash, suppress
from tests.deliver.world import issue_mail, subscribe
from tests.pipeline.conftest import FRIDAY, W47, desk_at, mails
from tests.pipeline.test_making import rendered

#: it is the copy that is mailed from, and that is the same whatever it was copied from
once = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LOST_ANSWERS = {Fault.DROP_ANSWER: 0.3, Fault.ERROR_ACCEPTED: 0.1}


@pytest.fixture
def newsroom(publication: Publication, engine: Engine) -> Desk:
    """A desk whose requests hold ten readers each, and whose mail is frozen."""
    file = publication.root / "publication.toml"
    file.write_text(file.read_text().replace('sender = "outbox"', 'sender = "outbox"\nbatch = 10'))
    desk = desk_at(load_publication(publication.root), engine, lambda: FRIDAY)
    assert desk.publication.delivery.batch == 10
    freeze(engine, week=W47, list_name="readers", message=issue_mail(), now=FRIDAY)
    return desk


def exact(done: Rehearsal) -> None:
    """Nobody twice, nobody lost, nobody left."""
    assert done.books.agree, done.books
    assert done.certificate.waiting == 0
    assert done.good


def test_the_whole_list_is_mailed_and_nothing_real_is_touched(newsroom: Desk) -> None:
    engine = newsroom.engine
    subscribe(engine, 45)
    before = everything(engine)
    done = rehearse(newsroom, W47)
    exact(done)
    assert (done.certificate.accepted, done.books.mails, done.requests) == (45, 45, 5)
    assert (done.configured, done.rehearsed) == ("outbox", "sendgrid")
    assert done.readers_per_s > 0
    assert everything(engine) == before
    assert mails(newsroom) == []


def test_who_has_the_issue_already_takes_part_and_who_must_not_be_mailed_does_not(
    newsroom: Desk,
) -> None:
    engine = newsroom.engine
    first, second, *_ = subscribe(engine, 12)
    with engine.begin() as connection:
        row = {"mailing_id": 1, "n": 1, "state": "accepted", "size": 1, "changed": FRIDAY}
        connection.execute(chunks.insert().values(**row))
        connection.execute(
            deliveries.insert().values(
                mailing_id=1, subscriber_id=first, n=1, email="x@example.org"
            )
        )
        connection.execute(update(mailings).values(state="paused", hold_until=FRIDAY))
        suppress(connection, email_hash("reader2@example.org"), "*", "bounced", FRIDAY)
        connection.execute(
            update(subscribers)
            .where(subscribers.c.email_key == "reader3@example.org")
            .values(status="blocked")
        )
        connection.execute(
            update(subscriptions)
            .where(subscriptions.c.subscriber_id == second + 2)
            .values(status="unsubscribed")
        )
    done = rehearse(newsroom, W47)
    exact(done)
    assert done.certificate.intended == 9


@once
def test_killed_again_and_again_it_mails_nobody_twice(newsroom: Desk) -> None:
    subscribe(newsroom.engine, 1500)
    done = rehearse(newsroom, W47, Mishaps(crashes=3, seed=5))
    exact(done)
    assert done.crashes >= 1
    found = done.certificate
    assert found.accepted + found.uncertain == found.intended == 1500
    assert found.uncertain == len(found.unserved)


@once
def test_lost_answers_are_found_in_the_records(newsroom: Desk) -> None:
    subscribe(newsroom.engine, 150)
    done = rehearse(newsroom, W47, Mishaps(faults=LOST_ANSWERS, seed=2))
    exact(done)
    assert done.faults["drop"] >= 1
    assert done.certificate.accepted == 150


@once
def test_what_nobody_can_know_is_named_and_not_sent_again(newsroom: Desk) -> None:
    subscribe(newsroom.engine, 100)
    done = rehearse(newsroom, W47, Mishaps(faults={Fault.SERVER_ERROR: 0.5}, seed=1))
    exact(done)
    found = done.certificate
    assert found.uncertain == 10 * done.faults["500"]
    assert done.books.doubtful_mailed == 0
    assert done.books.readers == found.accepted == 100 - found.uncertain


@once
def test_with_events_whatever_was_not_accepted_is_sent_again(newsroom: Desk) -> None:
    subscribe(newsroom.engine, 100)
    bad_night = {Fault.SERVER_ERROR: 0.3, Fault.ERROR_ACCEPTED: 0.1, Fault.DROP_ANSWER: 0.1}
    done = rehearse(newsroom, W47, Mishaps(faults=bad_night, seed=8, events=True))
    exact(done)
    found = done.certificate
    assert done.faults["500"] >= 1
    assert done.events > 100
    assert {settled.how for settled in found.settlements} == {"mailed", "sent again"}
    # readers who bounced meanwhile are not mailed again
    assert (found.accepted + found.suppressed, found.uncertain) == (100, 0)


@once
def test_too_many_requests_are_only_a_matter_of_time(newsroom: Desk) -> None:
    subscribe(newsroom.engine, 100)
    done = rehearse(newsroom, W47, Mishaps(faults={Fault.TOO_MANY: 0.5}, seed=1))
    exact(done)
    assert done.certificate.accepted == 100
    assert done.faults["429"] >= 1


@once
def test_a_service_that_is_down_stops_it_and_says_so(newsroom: Desk) -> None:
    subscribe(newsroom.engine, 100)
    down = Mishaps(faults={Fault.TOO_MANY: 1.0})
    done = rehearse(newsroom, W47, down)
    assert not done.good
    assert done.certificate.waiting == 100
    assert "too many requests" in done.reason
    assert done.stops >= 1


def test_the_mail_is_the_frozen_one_with_readers_own_links(newsroom: Desk) -> None:
    engine = newsroom.engine
    subscribe(engine, 3)
    keys = signing_keys(engine, newsroom.secrets)
    copy = open_understudy(newsroom.publication.root / "copy.db")
    assert copy_what_a_mailing_needs(engine, copy, week=W47, list_name="readers") == 3
    with engine.connect() as real, copy.connect() as other:
        (real_row,) = (Mailing(**row._mapping) for row in real.execute(select(mailings)))
        (copied,) = (Mailing(**row._mapping) for row in other.execute(select(mailings)))
    assert copied == replace(real_row, state="planned")
    assert load_message(copy, copied) == load_message(engine, real_row)
    assert signing_keys(copy, newsroom.secrets) == keys
    copy.dispose()


def test_a_rendered_issue_can_be_rehearsed_before_it_is_approved(desk: Desk) -> None:
    desk = rendered(desk)
    done = rehearse(desk, W47)
    exact(done)
    assert done.certificate.accepted == 3
    with desk.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(mailings)) == 0


def test_without_a_mail_or_without_readers_it_says_what_to_do(desk: Desk, newsroom: Desk) -> None:
    with pytest.raises(RenderError, match="publisher render --week 2026-W48"):
        rehearse(newsroom, replace(W47, number=48))
    with newsroom.engine.begin() as connection:
        connection.execute(update(subscriptions).values(status="pending"))
    with pytest.raises(DeliveryError, match="nobody on the list readers may be mailed"):
        rehearse(newsroom, W47)


def test_mishaps_are_read_as_an_operator_writes_them() -> None:
    assert mishaps(2, "drop", 7) == Mishaps(crashes=2, faults={Fault.DROP_ANSWER: 0.02}, seed=7)
    with pytest.raises(DeliveryError, match=r"--faults: .* is no fault"):
        mishaps(0, "flood", 0)


def everything(engine: Engine) -> list[object]:
    """Return what a sending would change."""
    tables = (mailings, chunks, deliveries, subscribers, subscriptions, audit)
    with engine.connect() as connection:
        return [connection.execute(select(table)).all() for table in tables]


def test_a_full_disk_is_named_with_what_to_do(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "full.db") as full:
        full.execute("PRAGMA max_page_count = 2")
        small = create_engine("sqlite://", creator=lambda: full, poolclass=StaticPool)
        told = pytest.raises(DeliveryError, match=r"no room for a rehearsal in .* set TMPDIR")
        with told, room_for(tmp_path / "rehearsal"), small.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE much AS SELECT randomblob(100000)")
    full.close()
