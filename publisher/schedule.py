"""The clock: which steps of which weeks are due, and what else is looked after.

APScheduler only asks, every half minute for the steps, oftener for mail under way.

The timer decides nothing: it calls `tick`, which looks at the wall clock and the
database and rings for what is due and not done. Ticking twice, in two processes, after
a restart or in the hour that daylight saving repeats changes nothing.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import Engine

from publisher.config import Approval, Publication, Schedule
from publisher.errors import PublisherError
from publisher.pipeline import record as records
from publisher.pipeline import steps
from publisher.pipeline.states import EDITABLE, State
from publisher.week import Week, WeekMoment

TICK_SECONDS = 30
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Due:
    """A step whose time has come."""

    week: Week
    step: str
    moment: datetime  #: when it should have begun, aware


def latest(moment: WeekMoment, publication: Publication, now: datetime) -> tuple[Week, datetime]:
    """Return the latest occurrence of a weekly moment that is not after `now`, and its week."""
    zone = publication.timezone
    week = Week.of(now, zone)
    while (occurrence := moment.in_week(week, zone)).astimezone(UTC) > now.astimezone(UTC):
        week = week.previous()
    return week, occurrence


def upcoming(moment: WeekMoment, publication: Publication, now: datetime) -> datetime:
    """Return the next occurrence of a weekly moment after `now`, in the publication's zone."""
    week, _ = latest(moment, publication, now)
    return moment.in_week(week.next(), publication.timezone)


def next_steps(publication: Publication, now: datetime) -> list[tuple[str, datetime]]:
    """Return the next collect, draft and send, soonest first."""
    schedule = publication.schedule
    times = [
        ("draft", upcoming(schedule.draft, publication, now)),
        ("send", upcoming(schedule.send, publication, now)),
    ]
    if schedule.collect:
        times.append(("collect", min(upcoming(m, publication, now) for m in schedule.collect)))
    return sorted(times, key=lambda step: step[1].astimezone(UTC))


def due(
    publication: Publication, now: datetime, record_of: Callable[[Week], records.Record | None]
) -> list[Due]:
    """Return the steps whose time has come, whether done already or not. Pure.

    A missed collect or draft is always made up for: both are harmless. A missed send is
    made up for within the grace period; beyond it the issue is held for its editor.
    """
    schedule = publication.schedule
    found = []
    if schedule.collect:
        _, moment = max(
            (latest(m, publication, now) for m in schedule.collect),
            key=lambda pair: pair[1].astimezone(UTC),
        )
        week = Week.collecting(moment, publication.timezone, schedule.cutoff)
        found.append(Due(week=week, step=f"collect {moment:%Y-%m-%dT%H:%M}", moment=moment))
    week, moment = latest(schedule.draft, publication, now)
    found.append(Due(week=week, step="draft", moment=moment))
    week, moment = latest(schedule.send, publication, now)
    step = _send_step(schedule, record_of(week), late=now.astimezone(UTC) - moment.astimezone(UTC))
    if step:
        found.append(Due(week=week, step=step, moment=moment))
    return found


def _send_step(schedule: Schedule, record: records.Record | None, *, late: timedelta) -> str | None:
    if record is None or record.state in (State.HELD, State.SENT):
        return None
    if late > timedelta(hours=schedule.grace_hours):
        return "hold"
    if record.state in (State.APPROVED, State.SENDING):
        return "send"
    if schedule.approval is Approval.AUTOMATIC:
        return "send" if record.state is State.RENDERED else None
    return "remind" if record.state in EDITABLE else None


def tick(
    publication: Publication, engine: Engine, now: datetime, ring: Callable[[Week, str], None]
) -> list[Due]:
    """Ring for every step that is due and not done; return them.

    The steps of a week follow one another: none is rung for while an earlier one is
    under way, in this process or another. Ringing twice is harmless: who performs a
    step claims it in the database first.
    """
    rung: list[Due] = []
    busy: set[Week] = set()
    for step in due(publication, now, lambda week: records.find(engine, week)):
        taken = {s.name: s for s in steps.of_week(engine, step.week)}.get(step.step)
        if step.week in busy or (taken and taken.finished):
            continue
        busy.add(step.week)
        if taken is None or now - taken.started > steps.LEASE:
            ring(step.week, step.step)
            rung.append(step)
    return rung


@dataclass(frozen=True, kw_only=True)
class Job:
    """Something to look after again and again; it decides itself whether there is work."""

    name: str
    seconds: float
    work: Callable[[], object]


def weekly(
    publication: Publication,
    engine: Engine,
    *,
    clock: Callable[[], datetime],
    ring: Callable[[Week, str], None],
) -> Job:
    """Return the job that rings for the steps of the week."""
    return Job(
        name="the steps of the week",
        seconds=TICK_SECONDS,
        work=lambda: tick(publication, engine, clock(), ring),
    )


def start_clock(publication: Publication, jobs: Sequence[Job]) -> BackgroundScheduler:
    """Start doing the jobs in the background; `shutdown()` on what is returned stops it.

    Jobs live in memory: a shared job store fires twice when two processes run. A job that
    fails is done again at its next time.
    """
    scheduler = BackgroundScheduler(timezone=publication.timezone)
    for job in jobs:
        scheduler.add_job(
            _unfailing(job),
            IntervalTrigger(seconds=job.seconds, timezone=publication.timezone),
            next_run_time=datetime.now(UTC),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
    scheduler.start()
    return scheduler


def _unfailing(job: Job) -> Callable[[], None]:
    def work() -> None:
        try:
            job.work()
        except PublisherError as error:
            _log.error("%s: %s", job.name, error)
        except Exception:
            # a database that is away for a minute must not stop the clock
            _log.exception("%s failed; it is tried again", job.name)

    return work
