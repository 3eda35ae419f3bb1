"""Once a week, by the database: whoever writes the row does the step.

Timers fire twice, clocks jump, processes restart; the primary key (week, step) does not
care. A step whose process died is taken over when its lease has run out; each step is
safe to run again (collecting adds only what is new, rendering is the same again, sending
asks the ledger).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Row, select
from sqlalchemy.exc import IntegrityError

from publisher.storage.engine import reading
from publisher.storage.schema import steps
from publisher.week import Week

LEASE = timedelta(minutes=30)


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step that was started."""

    week: Week
    name: str
    started_by: str
    started: datetime
    finished: datetime | None
    result: str


def claim(engine: Engine, week: Week, name: str, *, who: str, now: datetime) -> bool:
    """Return whether the step is ours to do: nobody did it, or who began it is gone."""
    row = {"week": str(week), "step": name}
    try:
        with engine.begin() as connection:
            connection.execute(steps.insert().values(started_by=who, started=now, result="", **row))
    except IntegrityError:
        return _take_over(engine, week, name, who=who, now=now)
    return True


def _take_over(engine: Engine, week: Week, name: str, *, who: str, now: datetime) -> bool:
    with engine.begin() as connection:
        return bool(
            connection.execute(
                steps.update()
                .where(
                    steps.c.week == str(week),
                    steps.c.step == name,
                    steps.c.finished.is_(None),
                    steps.c.started < now - LEASE,
                )
                .values(started_by=who, started=now)
            ).rowcount
        )


def finish(engine: Engine, week: Week, name: str, *, who: str, now: datetime, result: str) -> None:
    """Record that a step is done, and how it went."""
    with engine.begin() as connection:
        connection.execute(
            steps.update()
            .where(steps.c.week == str(week), steps.c.step == name, steps.c.started_by == who)
            .values(finished=now, result=result)
        )


def give_back(engine: Engine, week: Week, name: str, *, who: str) -> None:
    """Let go of a step that we could not finish, so that another process may begin it at once."""
    with engine.begin() as connection:
        connection.execute(
            steps.delete().where(
                steps.c.week == str(week),
                steps.c.step == name,
                steps.c.started_by == who,
                steps.c.finished.is_(None),
            )
        )


def give_back_of_the_dead(engine: Engine, is_dead: Callable[[str], bool]) -> list[str]:
    """Let go of unfinished steps whose process is known to be dead; return their names.

    Nobody then waits for their leases to run out.
    """
    with reading(engine) as connection:
        unfinished = connection.execute(select(steps).where(steps.c.finished.is_(None))).all()
    dead = [row for row in unfinished if is_dead(row.started_by)]
    for row in dead:
        give_back(engine, Week.parse(row.week), row.step, who=row.started_by)
    return [f"{row.week} {row.step}" for row in dead]


def of_week(engine: Engine, week: Week) -> list[Step]:
    """Return the steps taken for a week, oldest first."""
    query = select(steps).where(steps.c.week == str(week)).order_by(steps.c.started)
    with reading(engine) as connection:
        return [_step(row) for row in connection.execute(query)]


def _step(row: Row[Any]) -> Step:
    return Step(
        week=Week.parse(row.week),
        name=row.step,
        started_by=row.started_by,
        started=row.started,
        finished=row.finished,
        result=row.result,
    )
