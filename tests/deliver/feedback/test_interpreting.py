"""Stored events become receipts, clicks, evidence and suppressions, on both databases."""

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, select

from publisher.deliver.feedback.interpreting import interpret
from publisher.deliver.feedback.learning import Leaving
from publisher.storage.engine import reading
from publisher.storage.schema import (
    bounce_scores,
    consents,
    events,
    evidence,
    mailings,
    receipts,
)
from publisher.storage.suppressions import email_hash
from tests.deliver.hearsay import (
    NOW,
    PERSON,
    SCANNER,
    SENT,
    STORIES,
    THEN,
    Teller,
    barred,
    count,
    followed,
    hear,
    link_of,
    receipt,
    store,
)
from tests.deliver.world import START

# ---- what becomes of a mail ------------------------------------------------------


def test_a_mail_goes_its_way(engine: Engine, tell: Teller) -> None:
    hear(engine, tell("processed"))
    assert receipt(engine) == {"state": "processed", "rank": 1, "at": 0}
    hear(engine, tell("deferred", after=5, response="450 try again", attempt="1"))
    assert receipt(engine) == {"state": "deferred", "rank": 2, "at": 5, "reason": "450 try again"}
    hear(engine, tell("delivered", after=90, response="250 OK"))
    assert receipt(engine) == {"state": "delivered", "rank": 3, "at": 90, "delivered": 90}


def test_a_late_event_of_lower_rank_changes_nothing(engine: Engine, tell: Teller) -> None:
    hear(engine, tell("delivered", after=2))
    hear(engine, tell("processed", after=900), tell("deferred", after=901, response="no"))
    assert receipt(engine) == {"state": "delivered", "rank": 3, "at": 2, "delivered": 2}


def test_a_mail_that_comes_back_after_all_was_delivered_and_bounced(
    engine: Engine, tell: Teller
) -> None:
    hear(engine, tell("delivered", after=2))
    hear(engine, tell("bounce", after=60, type="bounce", status="5.1.1", reason="no such user"))
    assert receipt(engine) == {
        "state": "bounced",
        "rank": 6,
        "at": 60,
        "reason": "no such user",
        "delivered": 2,
    }


def test_opens_need_no_delivery_and_machines_stand_apart(engine: Engine, tell: Teller) -> None:
    hear(
        engine,
        tell("open", after=9, useragent=PERSON, sg_machine_open=True),
        tell("open", 2, after=10, useragent=SCANNER),
        tell("open", 3, after=70, useragent=PERSON),
        tell("open", 3, after=60, useragent=PERSON),
    )
    assert receipt(engine, 1) == {"rank": 0, "machine_opened": 9}
    assert receipt(engine, 2) == {"rank": 0, "machine_opened": 10}
    assert receipt(engine, 3) == {"rank": 0, "opened": 60}


def test_clicks_are_counted_by_link_and_person(engine: Engine, tell: Teller) -> None:
    hear(
        engine,
        tell("delivered", after=0),
        tell("click", after=70, url=STORIES[0], useragent=PERSON),
        tell("click", after=65, url=STORIES[0], useragent=PERSON),
        tell("click", after=90, url="https://elsewhere.example/x", useragent=PERSON),
        tell("click", 2, after=900, url=STORIES[1], useragent=SCANNER),
        tell("click", 2, after=999, url="https://sirocco.example/unsubscribe/abc"),
    )
    assert followed(engine) == [
        (1, "0", 65, False),
        (1, "https://elsewhere.example/x", 90, False),
        (2, "1", 900, True),
    ]
    assert receipt(engine, 1)["clicked"] == 65
    assert receipt(engine, 2) == {"rank": 0, "machine_clicked": 900}


def test_a_click_is_judged_anew_when_more_is_known(engine: Engine, tell: Teller) -> None:
    hear(engine, tell("click", after=63, url=STORIES[0], useragent=PERSON))
    assert receipt(engine)["clicked"] == 63
    hear(engine, tell("delivered", after=60))  # three seconds before
    assert receipt(engine)["machine_clicked"] == 63
    assert "clicked" not in receipt(engine)
    assert followed(engine) == [(1, "0", 63, True)]
    hear(engine, tell("click", after=600, url=STORIES[0], useragent=PERSON))
    assert (receipt(engine)["clicked"], receipt(engine)["machine_clicked"]) == (600, 63)
    assert followed(engine) == [(1, "0", 600, False)]


def test_one_that_follows_every_link_at_once_is_a_machine(engine: Engine, tell: Teller) -> None:
    some = [tell("click", after=600 + 5 * n, url=s) for n, s in enumerate(STORIES[:5])]
    hear(engine, *some)
    assert not any(machine for *_, machine in followed(engine))
    hear(engine, tell("click", after=630, url=STORIES[5]))
    assert [machine for *_, machine in followed(engine)] == [True] * 6
    assert "clicked" not in receipt(engine)


# ---- who is not mailed any more --------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"event": "bounce", "type": "bounce", "status": "5.1.1", "reason": "550 no such user"},
        {"event": "bounce", "type": "bounce", "reason": "unknown user"},
        {"event": "dropped", "reason": "Bounced Address"},
        {"event": "dropped", "reason": "Invalid"},
    ],
)
def test_a_dead_address_is_not_mailed_any_more(
    engine: Engine, tell: Teller, fields: dict[str, Any]
) -> None:
    done = hear(engine, tell(**fields), tell("delivered", 2))
    assert barred(engine) == {"reader1": ("*", "bounced")}
    assert done.suppressed == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"event": "bounce", "type": "blocked", "status": "5.7.1", "reason": "554 spam"},
        {
            "event": "bounce",
            "type": "bounce",
            "status": "5.7.1",
            "reason": "550 rejected by policy",
        },
        {"event": "bounce", "type": "blocked", "status": "5.1.1", "reason": "550 no such user"},
        {"event": "bounce", "type": "bounce", "reason": "x", "bounce_classification": "Reputation"},
        {"event": "bounce", "type": "bounce", "reason": "x", "bounce_classification": "Content"},
        {"event": "dropped", "reason": "Recipient List over Package Quota"},
        {"event": "dropped", "reason": "Invalid SMTPAPI header"},
        {"event": "deferred", "response": "450 4.2.1"},
        {"event": "open"},
        {"event": "click", "url": "https://sirocco.example/unsubscribe/abc"},
        {"event": "click", "url": STORIES[0]},
    ],
)
def test_what_is_about_us_or_by_a_machine_suppresses_nobody(
    engine: Engine, tell: Teller, fields: dict[str, Any]
) -> None:
    assert hear(engine, tell(**fields)).suppressed == 0
    assert barred(engine) == {}
    assert count(engine, bounce_scores) == 0


def test_a_soft_bounce_counts_and_a_delivery_forgives_it(engine: Engine, tell: Teller) -> None:
    soft: dict[str, Any] = {"type": "bounce", "status": "5.2.2", "reason": "552 5.2.2 mailbox full"}
    hear(engine, tell("bounce", **soft), tell("bounce", after=60, **soft))
    with reading(engine) as connection:
        assert connection.scalars(select(bounce_scores.c.score)).all() == [0.5]
    assert barred(engine) == {}
    hear(engine, tell("delivered", after=86_000))
    with reading(engine) as connection:
        assert connection.scalars(select(bounce_scores.c.score)).all() == [0.0]


def test_who_complains_is_not_mailed_at_all_any_more(engine: Engine, tell: Teller) -> None:
    hear(engine, tell("spamreport", after=50))
    hear(engine, tell("dropped", 2, after=60, reason="Spam Reporting Address"))
    assert barred(engine) == {"reader1": ("*", "complained"), "reader2": ("*", "complained")}
    assert receipt(engine) == {"rank": 0, "complained": 50}


def test_who_unsubscribes_at_sendgrid_leaves_the_list(engine: Engine, tell: Teller) -> None:
    done = hear(
        engine,
        tell("unsubscribe", after=50),
        tell("group_unsubscribe", 2, after=60),
        tell("dropped", 3, after=1, reason="Unsubscribed Address"),
    )
    everyone = {f"reader{n}": ("readers", "unsubscribed") for n in (1, 2, 3)}
    assert barred(engine) == everyone
    assert done.left == 3
    assert receipt(engine) == {"rank": 0, "unsubscribed": 50}


def test_who_has_asked_for_mail_since_is_not_shut_out_by_a_late_event(
    engine: Engine, tell: Teller
) -> None:
    asked = {"email_hash": email_hash("reader1@example.org"), "list": "readers", "source": "page"}
    with engine.begin() as connection:
        moment = START + timedelta(seconds=100)
        connection.execute(consents.insert().values(**asked, act="confirmed", at=moment))
    dead = {"type": "bounce", "status": "5.1.1", "reason": "550 no such user"}
    hear(engine, tell("unsubscribe", after=50), tell("spamreport", after=60))
    hear(engine, tell("bounce", 1, 70, **dead))
    assert barred(engine) == {}
    hear(engine, tell("unsubscribe", after=150))
    assert barred(engine) == {"reader1": ("readers", "unsubscribed")}


# ---- evidence --------------------------------------------------------------------


def test_any_event_proves_that_its_chunk_was_accepted(engine: Engine, tell: Teller) -> None:
    hear(
        engine,
        tell("open", publisher_chunk="3", publisher_attempt="2"),
        tell("teleported", publisher_chunk="4"),
        tell("delivered", publisher_chunk="4"),
        tell("delivered", publisher_chunk="none", publisher_attempt="-1"),
    )
    with reading(engine) as connection:
        rows = connection.execute(
            select(evidence.c.n, evidence.c.attempt, evidence.c.provider_id, evidence.c.source)
        )
        assert sorted(tuple(row) for row in rows) == [
            (3, 2, "request1", "event"),
            (4, 1, "request1", "event"),
        ]
        assert connection.scalar(select(mailings.c.heard)) == NOW


# ---- what is not ours, or not well made ------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"publisher_mailing": "another's"},
        {"publisher_mailing": ""},
        {"publisher_mailing": "x\0y"},
        {"publisher_mailing": None},
        {"event": "teleported", "publisher_chunk": ""},
        {"event": None},
        {"publisher_reader": "Ada"},
        {"publisher_reader": "-1"},
        {"publisher_reader": "9" * 30},
    ],
)
def test_what_is_not_ours_is_kept_and_does_nothing(
    engine: Engine, tell: Teller, fields: dict[str, Any]
) -> None:
    event = tell("bounce", type="bounce", status="5.1.1", reason="no such user")
    hear(engine, {**event, **fields}, 7, None, tell("delivered", 2))
    assert count(engine, receipts) == 1
    assert count(engine, events) == 4
    assert barred(engine) == {}


@pytest.mark.parametrize(
    "fields",
    [
        {"timestamp": "soon"},
        {"timestamp": -5},
        {"timestamp": 10**15},
        {"timestamp": SENT + 10 * 86_400},
    ],
)
def test_an_impossible_moment_is_the_one_it_was_heard_at(
    engine: Engine, tell: Teller, fields: dict[str, Any]
) -> None:
    hear(engine, tell("delivered", **fields))
    assert receipt(engine)["at"] == 86_400


def test_strangers_words_are_made_fit_for_the_database(engine: Engine, tell: Teller) -> None:
    bad = "a\0b \ud800 \u202e" + "x" * 5_000
    hear(
        engine,
        tell("bounce", type="blocked", reason=bad, sg_message_id=bad),
        tell("click", 2, url=f"https://sirocco.example/{bad}", useragent=bad),
    )
    assert receipt(engine)["reason"].startswith("a b ?")
    assert len(followed(engine)[0][1]) <= 2000


def test_an_event_that_cannot_be_taken_does_not_stop_the_others(
    engine: Engine, tell: Teller, caplog: pytest.LogCaptureFixture
) -> None:
    told = [tell("delivered", n % 5 + 1, after=n) for n in range(20)]
    told[7] = tell("spamreport", 5, after=1)
    store(engine, told[:10])
    store(engine, told[10:])

    def refuse(connection: Connection, leaving: Leaving) -> None:
        raise ValueError("poison")

    store(engine, [tell("unsubscribe", 4), tell("delivered", 3, after=500)])
    while interpret(
        engine, now=NOW, link_of=link_of, then=replace(THEN, leave=refuse), at_most=1000
    ):
        pass
    assert receipt(engine, 3)["at"] == 500
    assert barred(engine) == {"reader5": ("*", "complained")}
    said = [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]
    assert len(said) == 1
    assert "cannot be interpreted (ValueError)" in said[0]
    assert "example.org" not in caplog.text
    assert count(engine, events) == 22
