"""Stored events become receipts, clicks, evidence and suppressions, on both databases."""

import json
import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, func, select

from publisher.deliver.consequences import Consequences
from publisher.deliver.events import part
from publisher.deliver.events_kept import forget, keep
from publisher.deliver.interpreting import Interpreted, interpret
from publisher.deliver.learning import Leaving
from publisher.deliver.mailing import Mailing
from publisher.storage.engine import reading
from publisher.storage.inserts import insert_new
from publisher.storage.schema import (
    bounce_scores,
    clicks,
    consents,
    events,
    evidence,
    mailings,
    parcels,
    receipts,
    suppressions,
    visits,
)
from publisher.storage.suppressions import EVERYWHERE, email_hash, suppress
from tests.deliver.world import START, issue_mail, planned, subscribe

SENT = int(START.timestamp())
NOW = START + timedelta(days=1)
PERSON = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/131.0 Mobile"
SCANNER = "Mozilla/5.0 (compatible; Barracuda Sentinel (EE))"
STORIES = [f"https://sirocco.example/{number}" for number in range(6)]


@pytest.fixture
def mailing(engine: Engine) -> Mailing:
    """A mailing with six links to five readers."""
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


@pytest.fixture
def tell(mailing: Mailing) -> Teller:
    """Make events of the mailing."""
    return Teller(mailing)


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


# ---- once, in any order, whoever dies --------------------------------------------


def test_a_process_that_dies_in_the_middle_leaves_everything_to_the_next(
    engine: Engine, tell: Teller
) -> None:
    class Killed(BaseException):
        """The process is gone."""

    def die(connection: Connection, leaving: Leaving) -> None:
        raise Killed

    store(
        engine, [tell("unsubscribe", after=9), tell("spamreport", 2), tell("click", url=STORIES[0])]
    )
    with pytest.raises(Killed):
        interpret(engine, now=NOW, link_of=link_of, then=replace(THEN, leave=die), at_most=1000)
    assert (count(engine, receipts), count(engine, visits)) == (0, 0)
    assert barred(engine) == {}
    hear(engine)
    assert barred(engine) == {
        "reader1": ("readers", "unsubscribed"),
        "reader2": ("*", "complained"),
    }
    assert receipt(engine)["unsubscribed"] == 9


_KILLED = """
import os, signal, sys
from datetime import datetime
from sqlalchemy import make_url
from publisher.deliver.consequences import Consequences
from publisher.deliver.interpreting import interpret
from publisher.storage.engine import open_url

def die(connection, leaving):
    os.kill(os.getpid(), signal.SIGKILL)

then = Consequences(leave=die, complain=lambda connection, hash: True)
engine = open_url(make_url(sys.argv[1]))
now = datetime.fromisoformat(sys.argv[2])
interpret(engine, now=now, link_of=lambda week, url: url, then=then, at_most=1000)
"""


def test_a_process_that_is_killed_in_the_middle_costs_nothing(engine: Engine, tell: Teller) -> None:
    store(engine, [tell("delivered", n % 5 + 1, after=n) for n in range(50)])
    store(engine, [tell("unsubscribe", after=9), tell("open", 2, after=99, useragent=PERSON)])
    url = engine.url.render_as_string(hide_password=False)
    killed = subprocess.run([sys.executable, "-c", _KILLED, url, NOW.isoformat()], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert count(engine, receipts) == 0
    assert hear(engine).events == 52
    assert receipt(engine, 2)["opened"] == 99
    assert receipt(engine)["unsubscribed"] == 9
    assert barred(engine) == {"reader1": ("readers", "unsubscribed")}


def test_many_may_store_and_interpret_at_the_same_time(engine: Engine, tell: Teller) -> None:
    told = [tell("delivered", n % 5 + 1, after=n) for n in range(300)]
    told += [
        tell("click", n % 5 + 1, after=1000 + 9 * n, url=STORIES[n % 6], useragent=PERSON)
        for n in range(60)
    ]
    faults: list[Exception] = []

    def store_some(first: int) -> None:
        for n in range(first, len(told), 3):
            store(engine, [*told[n : n + 5], *told[n : n + 2]])

    def interpret_some() -> None:
        while not done.is_set() or interpret(
            engine, now=NOW, link_of=link_of, then=THEN, at_most=20
        ):
            interpret(engine, now=NOW, link_of=link_of, then=THEN, at_most=20)

    def guarded(work: Callable[..., None], *arguments: int) -> None:
        try:
            work(*arguments)
        except Exception as error:
            faults.append(error)

    done = threading.Event()
    writers = [threading.Thread(target=guarded, args=(store_some, n)) for n in range(3)]
    readers = [threading.Thread(target=guarded, args=(interpret_some,)) for _ in range(3)]
    for thread in (*writers, *readers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in readers:
        thread.join()
    hear(engine)
    assert faults == []
    assert count(engine, events) == len(told)
    mixed = _state(engine)
    _clean(engine)
    hear(engine, *told)
    assert mixed == _state(engine)


def test_two_interpreters_at_once_do_no_harm(engine: Engine, tell: Teller) -> None:
    for n in range(20):
        store(engine, [tell("delivered", n % 5 + 1, after=n), tell("open", n % 5 + 1, after=n + 9)])
    inside: list[object] = []

    def other(connection: Connection, leaving: Leaving) -> None:
        del connection, leaving

    def link(week: str, url: str) -> str | None:
        # while one has read its parcels, another takes all it can get
        if not inside:
            inside.append(True)
            while done := interpret(
                engine, now=NOW, link_of=link_of, then=replace(THEN, leave=other), at_most=10
            ):
                inside.append(done)
        return link_of(week, url)

    store(engine, [tell("click", after=99, url=STORIES[0], useragent=PERSON)])
    while interpret(engine, now=NOW, link_of=link, then=replace(THEN, leave=other), at_most=1000):
        pass
    assert inside
    assert {n: receipt(engine, n)["at"] for n in range(1, 6)} == {n: n + 14 for n in range(1, 6)}
    assert receipt(engine)["clicked"] == 99
    assert hear(engine).events == 0


def _clean(engine: Engine) -> None:
    with engine.begin() as connection:
        tables = (receipts, visits, clicks, suppressions, bounce_scores, evidence, parcels, events)
        for table in tables:
            connection.execute(table.delete())


def _state(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """Return all that is known."""
    with reading(engine) as connection:
        known = {
            table.name: sorted(tuple(row) for row in connection.execute(select(table)))
            for table in (clicks, visits)
        }
        rows = connection.execute(select(receipts))
        known["receipts"] = sorted(tuple(str(value) for value in row) for row in rows)
        # of several reasons to bar an address the first heard is kept
        scopes = connection.execute(select(suppressions.c.email_hash, suppressions.c.scope))
        known["suppressions"] = sorted(tuple(row) for row in scopes)
        found = connection.execute(select(evidence.c.n, evidence.c.attempt))
        known["evidence"] = sorted(tuple(row) for row in found)
    return known


_EVENTS = st.lists(
    st.tuples(
        st.sampled_from(
            ["processed", "deferred", "delivered", "dropped", "open", "click", "spamreport",
             "unsubscribe", "bounce", "blocked", "teleported"]
        ),
        st.integers(1, 2),
        st.integers(0, 8),
        st.fixed_dictionaries(
            {
                "reason": st.sampled_from(["", "a", "B", "é", "Bounced Address", "_"]),
                "response": st.sampled_from(["a", "Ä"]),
                "url": st.sampled_from(STORIES),
                "useragent": st.sampled_from([PERSON, SCANNER]),
                "sg_machine_open": st.booleans(),
                "publisher_attempt": st.sampled_from(["1", "2"]),
                "status": st.sampled_from(["5.1.1", "4.2.2", "5.7.1", ""]),
            }
        ),
    ),
    min_size=1,
    max_size=14,
)  # fmt: skip


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(given=_EVENTS, data=st.data())
def test_the_order_in_which_events_come_changes_nothing(
    engine: Engine, mailing: Mailing, given: list[Any], data: st.DataObject
) -> None:
    tell = Teller(mailing)
    told = [tell(event, reader, after, **fields) for event, reader, after, fields in given]
    _clean(engine)
    hear(engine, *told)
    expected = _state(engine)
    _clean(engine)
    doubled = [*told, *data.draw(st.lists(st.sampled_from(told), max_size=6))]
    shuffled = data.draw(st.permutations(doubled))
    for parcel in _parcels(data, shuffled):
        store(engine, parcel)
        if data.draw(st.booleans()):
            hear(engine, at_most=data.draw(st.sampled_from([1, 1000])))
    hear(engine)
    assert _state(engine) == expected


def _parcels(data: st.DataObject, told: list[Any]) -> Iterable[list[Any]]:
    while told:
        size = data.draw(st.integers(1, len(told)))
        yield told[:size]
        told = told[size:]


# ---- and then it is forgotten ----------------------------------------------------


def test_what_was_kept_long_enough_goes_and_what_was_learnt_stays(
    engine: Engine, tell: Teller
) -> None:
    early, late = START + timedelta(days=1), START + timedelta(days=30)
    store(engine, [tell("delivered", after=5)], now=early)
    hear(engine)
    store(engine, [tell("open", after=9, useragent=PERSON)], now=late)
    assert forget(engine, before=START + timedelta(days=20)) == 1
    assert forget(engine, before=START + timedelta(days=20)) == 0
    assert count(engine, events) == 1
    assert receipt(engine)["state"] == "delivered"
    # what waits is not lost, however old
    assert forget(engine, before=START + timedelta(days=400)) == 0
    hear(engine)
    assert forget(engine, before=START + timedelta(days=400)) == 1
    assert count(engine, events) == count(engine, parcels) == 0
    assert receipt(engine)["opened"] == 9


def test_moments_are_kept_in_utc(engine: Engine, tell: Teller) -> None:
    hear(engine, tell("delivered"))
    with reading(engine) as connection:
        assert connection.scalar(select(receipts.c.at)) == START.astimezone(UTC)
