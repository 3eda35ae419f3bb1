"""Week arithmetic: year ends, daylight saving, the cut-off."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.errors import ConfigError
from publisher.week import Week, WeekMoment

TUNIS = ZoneInfo("Africa/Tunis")
CAIRO = ZoneInfo("Africa/Cairo")  # moves its clocks on the last Friday of April and October
BERLIN = ZoneInfo("Europe/Berlin")
FRIDAY = WeekMoment.parse("Friday 06:00")
MOMENTS = st.datetimes(
    datetime(2000, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


def test_new_years_day_2027_lies_in_week_53_of_2026() -> None:
    assert str(Week.of(datetime(2027, 1, 1, 12, tzinfo=TUNIS), TUNIS)) == "2026-W53"


def test_the_last_days_of_2024_lie_in_week_1_of_2025() -> None:
    assert str(Week.of(datetime(2024, 12, 30, tzinfo=TUNIS), TUNIS)) == "2025-W01"


def test_a_long_year_is_followed_by_week_1() -> None:
    assert Week(2026, 53).next() == Week(2027, 1)
    assert Week(2027, 1).previous() == Week(2026, 53)


def test_the_zone_decides_the_week() -> None:
    late_sunday_in_london = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    assert Week.of(late_sunday_in_london, ZoneInfo("UTC")) == Week(2026, 47)
    assert Week.of(late_sunday_in_london, TUNIS) == Week(2026, 48)


def test_an_article_at_the_cutoff_goes_to_the_next_issue() -> None:
    cutoff = datetime(2026, 11, 20, 6, tzinfo=TUNIS)
    assert Week.collecting(cutoff, TUNIS, FRIDAY) == Week(2026, 48)
    assert Week.collecting(cutoff - timedelta(seconds=1), TUNIS, FRIDAY) == Week(2026, 47)


def test_a_week_spans_from_cutoff_to_cutoff() -> None:
    opened, closed = Week(2026, 47).span(TUNIS, FRIDAY)
    assert opened == datetime(2026, 11, 13, 6, tzinfo=TUNIS)
    assert closed == datetime(2026, 11, 20, 6, tzinfo=TUNIS)


def test_a_week_in_which_the_clocks_change_is_an_hour_shorter_or_longer() -> None:
    sunday = WeekMoment.parse("Sun 12:00")
    opened, closed = Week(2026, 13).span(BERLIN, sunday)
    assert closed.astimezone(UTC) - opened.astimezone(UTC) == timedelta(days=7, hours=-1)
    opened, closed = Week(2026, 43).span(BERLIN, sunday)
    assert closed.astimezone(UTC) - opened.astimezone(UTC) == timedelta(days=7, hours=1)


def test_a_time_that_the_clocks_skip_comes_after_the_change() -> None:
    skipped = WeekMoment.parse("Sunday 02:30").in_week(Week(2026, 13), BERLIN)
    assert skipped.astimezone(BERLIN).strftime("%H:%M %z") == "03:30 +0200"


def test_a_time_that_happens_twice_counts_the_first_time() -> None:
    twice = WeekMoment.parse("Sunday 02:30").in_week(Week(2026, 43), BERLIN)
    assert twice.strftime("%H:%M %z") == "02:30 +0200"


@given(MOMENTS, st.sampled_from([TUNIS, CAIRO, BERLIN]))
def test_every_moment_belongs_to_exactly_one_issue(moment: datetime, zone: ZoneInfo) -> None:
    week = Week.collecting(moment, zone, FRIDAY)
    holding = [w for w in (week.previous(), week, week.next()) if _holds(w, moment, zone)]
    assert holding == [week]


def _holds(week: Week, moment: datetime, zone: ZoneInfo) -> bool:
    opened, closed = week.span(zone, FRIDAY)
    # two aware moments of one zone compare by wall clock; in UTC they compare as moments
    return opened.astimezone(UTC) <= moment < closed.astimezone(UTC)


@given(MOMENTS)
def test_a_week_reads_what_it_writes(moment: datetime) -> None:
    week = Week.of(moment, TUNIS)
    assert Week.parse(str(week)) == week
    assert week.next().previous() == week


@pytest.mark.parametrize("text", ["2026-W54", "2026-W00", "2025-W53", "2026W47", "W47", "2026-47"])
def test_what_is_no_week_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ConfigError, match="week"):
        Week.parse(text)


def test_weekdays_are_dates_of_the_week() -> None:
    assert Week(2026, 47).day(5) == date(2026, 11, 21)


@pytest.mark.parametrize("text", ["Friday", "Freitag 06:00", "Friday 25:00", "Fri 6:00", ""])
def test_a_moment_that_is_none_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ConfigError, match="Friday 06:00"):
        WeekMoment.parse(text)
