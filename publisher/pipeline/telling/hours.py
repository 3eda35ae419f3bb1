"""The time course of a page of charts: what happened in which hour after the sending began."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from markupsafe import Markup

from publisher.deliver.figures import Figures, Hour
from publisher.pipeline.telling import words as told
from publisher.render.strips import columns

_WINDOWS = (12, 24, 48, 72, 168)  #: hours a time course may show
_MOST = 0.97  #: of what readers did is in it


@dataclass(frozen=True, kw_only=True)
class Course:
    """How often something happened, hour by hour."""

    name: str
    total: int
    peak: str
    columns: Markup


def window(figures: Figures) -> tuple[tuple[Hour, ...], int]:
    """Return the hours to show, as few as hold nearly all that readers did, and their places."""
    hours = figures.hours

    def deeds(some: Sequence[Hour]) -> int:
        return sum(hour.opened + hour.clicked for hour in some)

    whole = deeds(hours) + deeds((figures.later,))
    for window in _WINDOWS:
        if deeds(hours[:window]) >= _MOST * whole and (whole or len(hours) <= window):
            return hours[:window], window
    return hours[: _WINDOWS[-1]], _WINDOWS[-1]


def later(figures: Figures, shown: int) -> Hour:
    """Return what happened after the hours that are shown."""
    rest = (*figures.hours[shown:], figures.later)
    names = ("accepted", "delivered", "opened", "clicked")
    return Hour(**{name: sum(getattr(hour, name) for hour in rest) for name in names})


def courses(figures: Figures, shown: Sequence[Hour], slots: int) -> list[Course]:
    """Return what happened in the hours that are shown, on a scale for each."""
    courses = []
    for name in ("accepted", "delivered", "opened", "clicked"):
        numbers = [getattr(hour, name) for hour in shown]
        total = sum(getattr(hour, name) for hour in (*figures.hours, figures.later))
        if not total:
            continue
        peak = max(numbers, default=0)
        where = told.after(numbers.index(peak)) if peak else ""
        courses.append(
            Course(
                name=name,
                total=total,
                peak=f"{peak:,} {where}" if peak else "",
                columns=columns(
                    numbers,
                    slots=slots,
                    title=f"Mails {name}, hour by hour",
                    desc=f"{total:,} in all, at most {peak:,}, {where}",
                ),
            )
        )
    return courses


def ticks(figures: Figures, slots: int, zone: ZoneInfo) -> list[tuple[float, str, str]]:
    """Return place in percent, hours after the beginning, and the clock then."""
    if not figures.began:
        return []
    step = slots // 4
    return [
        (
            100 * hour / slots,
            "Start" if not hour else f"+{hour}\u00a0h",
            told.clock(figures.began, hour, zone),
        )
        for hour in range(0, slots, step)
    ]
