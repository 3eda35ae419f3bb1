"""The week: an ISO week in the publication's zone, closed at the cut-off."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import ClassVar, Self
from zoneinfo import ZoneInfo

from publisher.errors import ConfigError

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEK = timedelta(days=7)
_WRITTEN = re.compile(r"(?P<year>\d{4})-W(?P<number>\d{2})")
_MOMENT = re.compile(r"(?P<day>[A-Za-z]+) (?P<hour>\d{2}):(?P<minute>\d{2})")


@dataclass(frozen=True)
class WeekMoment:
    """A weekday and wall-clock time, such as Friday 06:00; the zone is the publication's."""

    EXAMPLE: ClassVar[str] = 'a weekday and time such as "Friday 06:00"'

    weekday: int  #: Monday is 0, as in `date.weekday`
    time: time

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "Friday 06:00" or "Fri 06:00" (English weekday, 24-hour clock)."""
        match = _MOMENT.fullmatch(text.strip())
        if match:
            day, hour, minute = match["day"].lower(), int(match["hour"]), int(match["minute"])
            hits = [n for n, name in enumerate(WEEKDAYS) if day in (name, name[:3])]
            if hits and hour < 24 and minute < 60:
                return cls(hits[0], time(hour, minute))
        raise ConfigError(f'"{text}" is not a weekday and time: write it like "Friday 06:00"')

    def in_week(self, week: "Week", zone: ZoneInfo) -> datetime:
        """Return this moment in the ISO week, aware, in the zone.

        In a spring gap the wall clock never shows the time: the moment is then the
        one as long after the change (02:30 becomes 03:30). An hour that happens
        twice in autumn counts the first time.
        """
        day = week.monday + timedelta(days=self.weekday)
        wall = datetime.combine(day, self.time, zone)
        return wall.astimezone(UTC).astimezone(zone)

    def __str__(self) -> str:
        return f"{WEEKDAYS[self.weekday].capitalize()} {self.time:%H:%M}"


@dataclass(frozen=True, order=True)
class Week:
    """An ISO week (ISO 8601), such as 2026-W47; 2027-01-01 lies in 2026-W53."""

    year: int
    number: int

    def __post_init__(self) -> None:
        try:
            date.fromisocalendar(self.year, self.number, 1)
        except ValueError:
            raise ConfigError(
                f"there is no week {self.number} in {self.year}: weeks run from W01 to W52 or W53"
            ) from None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "2026-W47"; raise `ConfigError` for anything else."""
        match = _WRITTEN.fullmatch(text.strip())
        if not match:
            raise ConfigError(f'"{text}" is not a week: write it like 2026-W47')
        return cls(int(match["year"]), int(match["number"]))

    @classmethod
    def of(cls, moment: datetime, zone: ZoneInfo) -> Self:
        """Return the ISO week that holds this aware moment in the publication's zone."""
        year, number, _ = moment.astimezone(zone).isocalendar()
        return cls(year, number)

    @classmethod
    def collecting(cls, moment: datetime, zone: ZoneInfo, cutoff: WeekMoment) -> Self:
        """Return the week whose issue an article published at this moment belongs to.

        From the cut-off on, articles go to the next week's issue.
        """
        week = cls.of(moment, zone)
        closes = cutoff.in_week(week, zone)
        return week if moment.astimezone(UTC) < closes else week.next()

    @property
    def monday(self) -> date:
        """The first day of the week."""
        return date.fromisocalendar(self.year, self.number, 1)

    def day(self, weekday: int) -> date:
        """Return the date of a weekday (Monday is 0) in this week."""
        return self.monday + timedelta(days=weekday)

    def next(self) -> Self:
        """Return the week after this one."""
        return self._holding(self.monday + _WEEK)

    def previous(self) -> Self:
        """Return the week before this one."""
        return self._holding(self.monday - _WEEK)

    @classmethod
    def _holding(cls, day: date) -> Self:
        year, number, _ = day.isocalendar()
        return cls(year, number)

    def span(self, zone: ZoneInfo, cutoff: WeekMoment) -> tuple[datetime, datetime]:
        """Return the moments [from, to) of this week's issue: cut-off to cut-off, aware."""
        return cutoff.in_week(self.previous(), zone), cutoff.in_week(self, zone)

    def __str__(self) -> str:
        return f"{self.year}-W{self.number:02d}"
