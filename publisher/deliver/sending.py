"""The worker: send chunk after chunk of a mailing until all is done or it must stop.

Any number of workers may do this at once, in one process or on many machines; a worker
that dies leaves its chunk to the others when its lease has run out.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from publisher.deliver import ledger, standing, tending
from publisher.deliver.attempting import Hand, Run, Taken, Wait, lease_of, send_taken, take
from publisher.deliver.mailing import Mailing, note, read_mailing, set_state
from publisher.deliver.resolving import resolve_uncertain
from publisher.deliver.sender import Sender
from publisher.deliver.standing import Counts
from publisher.deliver.throttle import Limits
from publisher.errors import DeliveryError
from publisher.storage.engine import reading

_LOOK_AGAIN = 2.0  #: seconds between looks at what others are doing


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a mailing is, for a progress bar."""

    settled: int
    intended: int
    note: str = ""  #: what is being waited for, in one sentence; empty while mails go out


@dataclass(frozen=True, kw_only=True)
class Report:
    """How a worker left the mailing."""

    state: str  #: done, stopped, paused, cancelled, or sending if this worker alone was to end
    reason: str
    counts: Counts


@dataclass(frozen=True, kw_only=True)
class _Watch:
    """What a worker asks and tells while it goes on."""

    progress: Callable[[Progress], None]
    stop: Callable[[], bool]
    is_dead: Callable[[str], bool]


def send_mailing(
    engine: Engine,
    mailing: Mailing,
    sender: Sender,
    *,
    clock: Callable[[], datetime],
    unsubscribe_url: Callable[[int, str], str],
    owner: str,
    progress: Callable[[Progress], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
    wait: Callable[[float], None] = time.sleep,
    lease: timedelta | None = None,
    is_dead: Callable[[str], bool] = lambda _: False,
    limits: Limits | None = None,
    preferences_url: Callable[[int, str], str] = lambda *_: "",
    return_path: Callable[[int, int], str] = lambda *_: "",
) -> Report:
    """Send what is planned and not yet sent; return when all is settled or it must stop.

    `owner` must be unlike that of any other worker. `stop` is asked between chunks, for a
    graceful end; `is_dead` tells of another owner that it is surely gone, so that nobody
    waits for its leases to run out. Does not plan: see `plan`. Raises `DeliveryError` if
    the database or the frozen mail is lost.
    """
    run = Run(
        engine=engine,
        mailing=mailing,
        sender=sender,
        clock=clock,
        unsubscribe_url=unsubscribe_url,
        owner=owner,
        lease=lease or lease_of(sender),
        limits=limits,
        wait=wait,
        preferences_url=preferences_url,
        return_path=return_path,
    )
    try:
        return _work(run, _Watch(progress=progress, stop=stop, is_dead=is_dead))
    except DBAPIError as error:
        raise DeliveryError(
            f"the database failed while mailing {mailing.week}: {error.orig}:"
            " mend it and send again; nobody is mailed twice"
        ) from error
    finally:
        sender.close()


def _work(run: Run, watch: _Watch) -> Report:
    if not _open(run):
        return _report(run)
    counts = _counts(run)
    settled, hand = counts.settled, Hand()
    watch.progress(Progress(settled=settled, intended=counts.intended))
    while not watch.stop() and not hand.patience.stop:
        hold = hand.patience.hold_until
        if hold and hold > run.clock():
            _pause(run, watch, hold, settled, counts.intended, "waiting for the mail service")
            continue
        match take(run):
            case Taken() as taken:
                hand, done = send_taken(run, taken, hand)
                settled += done
                watch.progress(Progress(settled=settled, intended=counts.intended))
            case Wait(until=until, why=why):
                _pause(run, watch, until, settled, counts.intended, f"{why} are allowed: waiting")
                if _state(run) != "sending":
                    break
            case None:
                if not _wait_for_others(run, watch, settled, counts.intended):
                    break
    return _close(run, hand.patience.stop)


def _open(run: Run) -> bool:
    """Set the mailing going; False if it is paused or nothing is left to send."""
    resolve_uncertain(run.engine, run.mailing, run.sender, now=run.clock(), early=True)
    with run.engine.begin() as connection:
        mailing = read_mailing(connection, run.mailing.id, held=True)
        if mailing.state in ("paused", "cancelled"):
            return False
        if mailing.state == "done" and ledger.next_moment(connection, mailing.id) is None:
            return False
        set_state(connection, mailing, "sending")
    return True


def _wait_for_others(run: Run, watch: _Watch, settled: int, intended: int) -> bool:
    """Take over what is given up, else wait a little; False if nothing is left to do."""
    with run.engine.begin() as connection:
        if read_mailing(connection, run.mailing.id).state != "sending":
            return False
        taken = tending.take_back(connection, run.mailing, now=run.clock(), is_dead=watch.is_dead)
        moment = tending.next_moment(connection, run.mailing.id)
    if taken:
        return True
    if moment is None:
        return False
    what = "waiting for chunks that are due later or with another worker"
    _pause(run, watch, moment, settled, intended, what)
    return True


def _pause(
    run: Run, watch: _Watch, until: datetime, settled: int, intended: int, what: str
) -> None:
    sentence = f"{what} until {until:%H:%M:%S} {until:%Z}"
    watch.progress(Progress(settled=settled, intended=intended, note=sentence))
    run.wait(min(max((until - run.clock()).total_seconds(), 0.01), _LOOK_AGAIN))


def _close(run: Run, stopped: str) -> Report:
    if not stopped:
        resolve_uncertain(run.engine, run.mailing, run.sender, now=run.clock(), early=True)
    with run.engine.begin() as connection:
        mailing = read_mailing(connection, run.mailing.id, held=True)
        if stopped and mailing.state == "sending":
            set_state(connection, mailing, "stopped", stopped)
            note(connection, mailing, who=run.owner, act="stop", now=run.clock(), reason=stopped)
    with run.engine.begin() as connection:
        # apart: a worker that waits for the mailing's row may hold a chunk of a cancelled one
        mailing = read_mailing(connection, run.mailing.id)
        tending.close(connection, mailing, now=run.clock())
    return _report(run)


def _state(run: Run) -> str:
    with reading(run.engine) as connection:
        return read_mailing(connection, run.mailing.id).state


def _counts(run: Run) -> Counts:
    with reading(run.engine) as connection:
        return standing.counts(connection, run.mailing.id)


def _report(run: Run) -> Report:
    with reading(run.engine) as connection:
        mailing = read_mailing(connection, run.mailing.id)
        found = standing.counts(connection, mailing.id)
    return Report(state=mailing.state, reason=mailing.reason, counts=found)
