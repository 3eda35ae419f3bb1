"""A step of a week is done once, whoever asks and however often."""

import os
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from publisher.pipeline import steps
from publisher.pipeline.desk import is_dead
from publisher.week import Week

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)
W47 = Week(2026, 47)


def test_of_forty_claims_on_eight_threads_one_wins(engine: Engine) -> None:
    def attempt(number: int) -> bool:
        return steps.claim(engine, W47, "send", who=f"worker {number}", now=NOW)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(attempt, range(40))).count(True) == 1


def test_a_step_that_is_done_is_never_claimed_again(engine: Engine) -> None:
    assert steps.claim(engine, W47, "draft", who="a", now=NOW)
    steps.finish(engine, W47, "draft", who="a", now=NOW, result="32 pages")
    assert not steps.claim(engine, W47, "draft", who="b", now=NOW + timedelta(days=3))


def test_a_step_whose_process_died_is_taken_over_when_its_lease_is_out(engine: Engine) -> None:
    assert steps.claim(engine, W47, "draft", who="dead", now=NOW)
    assert not steps.claim(engine, W47, "draft", who="b", now=NOW + steps.LEASE)
    late = NOW + steps.LEASE + timedelta(seconds=1)
    assert steps.claim(engine, W47, "draft", who="b", now=late)
    assert not steps.claim(engine, W47, "draft", who="c", now=late)


def test_who_lost_a_step_cannot_finish_it(engine: Engine) -> None:
    steps.claim(engine, W47, "draft", who="slow", now=NOW)
    late = NOW + steps.LEASE + timedelta(seconds=1)
    steps.claim(engine, W47, "draft", who="heir", now=late)
    steps.finish(engine, W47, "draft", who="slow", now=late, result="too late")
    assert steps.of_week(engine, W47)[0].finished is None


def test_a_clock_set_back_does_not_do_a_step_again(engine: Engine) -> None:
    assert steps.claim(engine, W47, "send", who="a", now=NOW)
    assert not steps.claim(engine, W47, "send", who="a", now=NOW - timedelta(days=1))


def test_a_step_that_was_given_back_can_be_begun_at_once(engine: Engine) -> None:
    steps.claim(engine, W47, "send", who="stopped", now=NOW)
    steps.give_back(engine, W47, "send", who="another")
    assert not steps.claim(engine, W47, "send", who="heir", now=NOW)
    steps.give_back(engine, W47, "send", who="stopped")
    assert steps.claim(engine, W47, "send", who="heir", now=NOW)


def test_what_a_dead_process_began_is_taken_up_at_once(engine: Engine) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    host = socket.gethostname()
    names = [f"{host}:{gone.pid}", f"{host}:{os.getppid()}", "elsewhere:1", "operator"]
    for number, who in enumerate(names):
        steps.claim(engine, W47, f"step {number}", who=who, now=NOW)
    assert steps.give_back_of_the_dead(engine, is_dead) == ["2026-W47 step 0"]
    assert steps.claim(engine, W47, "step 0", who="heir", now=NOW)
    assert not steps.claim(engine, W47, "step 1", who="heir", now=NOW)
