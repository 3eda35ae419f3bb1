"""The crew of a rough crossing: worker processes, their fast clock, and what befalls them."""

import multiprocessing
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.context import ForkServerContext
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import Connection, Engine, event, make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from publisher.config import SendgridConfig
from publisher.deliver.mailing import find_mailing
from publisher.deliver.senders.sendgrid import SendGrid
from publisher.deliver.sending import send_mailing
from publisher.errors import DeliveryError, StorageError
from publisher.storage.engine import open_url
from tests.deliver.world import unsubscribe_url

PACE = 20.0  #: seconds of the workers' clock in one of ours
LEASE = timedelta(seconds=60)  #: on the workers' clock
_REQUEST_S = 1.5  #: seconds of ours until a worker gives up waiting for an answer


@dataclass(frozen=True, kw_only=True)
class Weather:
    """What goes wrong in one crossing."""

    seed: int
    kills: int = 3  #: workers that end by SIGKILL
    freezes: int = 1  #: workers that stand still past their lease
    cuts: int = 2  #: connections ended by the server; PostgreSQL only
    #: of a worker's commits, how many fail: half of them after they were written
    lost_commits: float = 0.01
    #: share of requests by the word of the fault
    faults: tuple[tuple[str, float], ...] = (
        *(("drop", 0.05), ("500-accepted", 0.03), ("429", 0.02), ("500", 0.02), ("503", 0.02)),
        *(("reset", 0.02), ("hang-accepted", 0.005), ("half", 0.01), ("slow", 0.1)),
    )
    doubled: float = 0.3  #: share of events that are told twice
    late_s: float = 0.4  #: seconds of ours until they are told
    events: bool = True  #: whether anything is told at all


def weather_of(seed: int) -> Weather:
    """Return the weather of a seed; in one of eight the provider tells nothing at all."""
    chance = Random(seed)  # noqa: S311 - as above
    return Weather(
        seed=seed,
        kills=chance.randint(1, 5),
        freezes=chance.randint(0, 2),
        cuts=chance.randint(1, 5),
        lost_commits=chance.choice([0.0, 0.01, 0.05]),
        doubled=chance.uniform(0, 0.6),
        late_s=chance.uniform(0, 0.8),
        events=seed % 8 != 0,
    )


class Clock:
    """A clock that runs fast and can be pushed, the same in all processes."""

    def __init__(self, context: ForkServerContext) -> None:
        self._ahead: Any = context.Value("d", 0.0)
        self._start = time.time()

    def __call__(self) -> datetime:
        """Return the moment."""
        now = self._start + (time.time() - self._start) * PACE + float(self._ahead.value)
        return datetime.fromtimestamp(now, UTC)

    def push(self, by: timedelta) -> None:
        """Let time pass at once."""
        with self._ahead.get_lock():
            self._ahead.value += by.total_seconds()

    @staticmethod
    def wait(seconds: float) -> None:
        """Wait on this clock, but not for long: it may be pushed meanwhile."""
        time.sleep(min(seconds / PACE, 0.05))


def context() -> ForkServerContext:
    """Return where workers come from: a process that has all imports done."""
    made = multiprocessing.get_context("forkserver")
    made.set_forkserver_preload(["tests.deliver.crew"])
    return made


def work(url: str, peer: str, batch: int, clock: Clock, weather: Weather, number: int) -> None:
    """Send what is left, and go on after whatever a process survives."""
    os.environ.pop("COVERAGE_PROCESS_START", None)
    engine = _open(url)
    chance = Random(f"{weather.seed} {number}")  # noqa: S311 - so that it can be repeated
    _lose_commits(engine, chance, weather.lost_commits)
    mailing = find_mailing(engine, week="2026-W47", list_name="readers")
    assert mailing
    # an owner comes again as long as its process lives
    owner = f"{os.getpid()}"
    while True:
        sender = SendGrid(
            "SG.test-key", SendgridConfig(endpoint=peer), batch=batch, timeout_s=_REQUEST_S
        )
        with suppress(DeliveryError, DBAPIError):
            report = send_mailing(
                engine,
                mailing,
                sender,
                clock=clock,
                unsubscribe_url=unsubscribe_url,
                owner=owner,
                wait=clock.wait,
                lease=LEASE,
                is_dead=_is_dead,
            )
            if report.state == "done":
                return
        time.sleep(0.01)


def _open(url: str) -> Engine:
    while True:
        with suppress(StorageError):  # the connection was cut at once
            return open_url(make_url(url))


def _is_dead(owner: str) -> bool:
    """Whether a worker on this machine is gone; a killed one that nobody buried is, too."""
    try:
        text = Path(f"/proc/{owner}/stat").read_text(encoding="utf-8")
    except OSError:
        return owner.isdigit()
    return text.rpartition(")")[2].split()[0] == "Z"


def _lose_commits(engine: Engine, chance: Random, share: float) -> None:
    """Cut the connection in some commits, before or after they are written."""

    def commit(connection: Connection) -> None:
        fate = chance.random()
        if fate < share:
            if fate < share / 2 and connection.connection.dbapi_connection:
                connection.connection.dbapi_connection.commit()
            raise OperationalError("COMMIT", {}, Exception("the connection was cut"))

    event.listen(engine, "commit", commit)
