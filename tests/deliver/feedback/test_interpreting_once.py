"""Events are taken in exactly, whatever their order and whoever dies meanwhile."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, select

from publisher.deliver.feedback.events_kept import forget
from publisher.deliver.feedback.interpreting import interpret
from publisher.deliver.feedback.learning import Leaving
from publisher.storage.engine import reading
from publisher.storage.schema import (
    bounce_scores,
    clicks,
    events,
    evidence,
    parcels,
    receipts,
    suppressions,
    visits,
)
from tests.deliver.hearsay import (
    NOW,
    PERSON,
    SCANNER,
    STORIES,
    THEN,
    Teller,
    barred,
    count,
    hear,
    link_of,
    receipt,
    store,
)
from tests.deliver.world import START

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
from publisher.deliver.feedback.consequences import Consequences
from publisher.deliver.feedback.interpreting import interpret
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
    engine: Engine, tell: Teller, given: list[Any], data: st.DataObject
) -> None:
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
