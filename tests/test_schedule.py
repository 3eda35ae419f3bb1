"""The clock by hand: what is due at which moment, in which zone, in which state."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from publisher.config import Approval, Publication
from publisher.pipeline import record as records
from publisher.pipeline import steps
from publisher.pipeline.states import State
from publisher.schedule import due, latest, next_steps, tick, upcoming
from publisher.week import Week, WeekMoment

W47, W48 = Week(2026, 47), Week(2026, 48)
TUNIS = ZoneInfo("Africa/Tunis")


def at(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=TUNIS).astimezone(UTC)


def record(state: State, week: Week = W47) -> records.Record:
    return records.Record(
        week=week,
        number=12,
        state=state,
        held_state=None,
        reason="",
        digest=None,
        approved_by=None,
        updated=at(16, 6),
    )


def names(publication: Publication, now: datetime, state: State | None) -> dict[str, str]:
    known = {W47: record(state)} if state else {}
    return {step.step.split()[0]: str(step.week) for step in due(publication, now, known.get)}


def test_before_the_time_of_sending_nothing_is_sent(demo: Publication) -> None:
    assert "send" not in names(demo, at(21, 6, 59), State.APPROVED)


def test_an_approved_issue_is_due_at_its_time(demo: Publication) -> None:
    assert names(demo, at(21, 7), State.APPROVED)["send"] == "2026-W47"


def test_an_issue_that_waits_for_approval_reminds_its_editors(demo: Publication) -> None:
    assert names(demo, at(21, 7), State.RENDERED)["remind"] == "2026-W47"


def test_an_automatic_publication_sends_what_was_rendered(demo: Publication) -> None:
    automatic = replace(demo, schedule=replace(demo.schedule, approval=Approval.AUTOMATIC))
    assert names(automatic, at(21, 7), State.RENDERED)["send"] == "2026-W47"
    assert "send" not in names(automatic, at(21, 7), State.COMPOSED)


def test_a_missed_time_is_made_up_for_within_the_grace_period(demo: Publication) -> None:
    assert "send" in names(demo, at(21, 19), State.APPROVED)


@pytest.mark.parametrize("state", [State.APPROVED, State.RENDERED, State.SENDING])
def test_beyond_the_grace_period_the_issue_waits_for_its_editor(
    demo: Publication, state: State
) -> None:
    assert names(demo, at(21, 19, 1), state)["hold"] == "2026-W47"


@pytest.mark.parametrize("state", [State.SENT, State.HELD, None])
def test_nothing_is_due_for_what_was_sent_is_held_or_never_was(
    demo: Publication, state: State | None
) -> None:
    assert not {"send", "hold", "remind"} & set(names(demo, at(21, 8), state))


def test_a_half_sent_issue_goes_on(demo: Publication) -> None:
    assert "send" in names(demo, at(21, 9), State.SENDING)


def test_collecting_after_the_cutoff_is_for_the_next_week(demo: Publication) -> None:
    assert names(demo, at(20, 5, 30), None)["collect"] == "2026-W47"
    assert names(demo, at(23, 5, 30), None)["collect"] == "2026-W48"


def test_the_draft_is_due_after_the_cutoff(demo: Publication) -> None:
    assert names(demo, at(20, 7), State.OPEN)["draft"] == "2026-W47"
    assert names(demo, at(20, 6, 59), State.OPEN)["draft"] == "2026-W46"


def test_the_next_steps_come_soonest_first(demo: Publication) -> None:
    steps = next_steps(demo, at(20, 6))
    assert [(name, f"{moment:%a %H:%M}") for name, moment in steps] == [
        ("draft", "Fri 07:00"),
        ("send", "Sat 07:00"),
        ("collect", "Mon 05:30"),
    ]


def test_an_hour_that_happens_twice_is_one_moment(demo: Publication) -> None:
    berlin = replace(demo, timezone=ZoneInfo("Europe/Berlin"))
    moment = WeekMoment.parse("Sunday 02:30")
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 02:30 summer time
    second = first + timedelta(hours=1)  # 02:30 winter time
    assert latest(moment, berlin, first) == latest(moment, berlin, second)
    assert upcoming(moment, berlin, first).astimezone(UTC) > second + timedelta(days=6)


def test_an_hour_that_is_skipped_still_comes(demo: Publication) -> None:
    berlin = replace(demo, timezone=ZoneInfo("Europe/Berlin"))
    moment = WeekMoment.parse("Sunday 02:30")
    change = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)  # 02:00 becomes 03:00
    week, occurrence = latest(moment, berlin, change + timedelta(minutes=30))
    assert (str(week), occurrence.astimezone(UTC)) == (
        "2026-W13",
        change + timedelta(minutes=30),
    )


def approved_issue(engine: Engine) -> None:
    records.open_issue(engine, W47, first_number=12, now=at(16, 6), who="ada")
    for state in (State.COMPOSED, State.RENDERED, State.APPROVED):
        records.move(engine, W47, state, now=at(20, 8), who="ada")


def done(engine: Engine, *names: str) -> None:
    for name in names:
        steps.claim(engine, W47, name, who="a", now=at(20, 7))
        steps.finish(engine, W47, name, who="a", now=at(20, 7), result="")


def rung(publication: Publication, engine: Engine, now: datetime) -> list[str]:
    rings: list[str] = []
    tick(publication, engine, now, lambda week, step: rings.append(f"{week} {step}"))
    return rings


def test_a_tick_rings_until_somebody_has_claimed_the_step(
    demo: Publication, engine: Engine
) -> None:
    approved_issue(engine)
    done(engine, "collect 2026-11-20T05:30", "draft")
    now = at(21, 7)
    assert "2026-W47 send" in rung(demo, engine, now)
    assert "2026-W47 send" in rung(demo, engine, now)
    steps.claim(engine, W47, "send", who="a", now=now)
    assert "2026-W47 send" not in rung(demo, engine, now)


def test_a_tick_rings_again_when_the_one_who_claimed_has_died(
    demo: Publication, engine: Engine
) -> None:
    approved_issue(engine)
    done(engine, "collect 2026-11-20T05:30", "draft")
    steps.claim(engine, W47, "send", who="dead", now=at(21, 7))
    assert "2026-W47 send" in rung(demo, engine, at(21, 7, 31))


def test_no_draft_is_made_while_articles_are_still_coming_in(
    demo: Publication, engine: Engine
) -> None:
    now = at(20, 7)
    assert rung(demo, engine, now) == ["2026-W47 collect 2026-11-20T05:30"]
    steps.claim(engine, W47, "collect 2026-11-20T05:30", who="a", now=now)
    assert rung(demo, engine, now) == []
    done(engine, "collect 2026-11-20T05:30")
    steps.finish(engine, W47, "collect 2026-11-20T05:30", who="a", now=now, result="")
    assert rung(demo, engine, now) == ["2026-W47 draft"]


def test_a_tick_after_a_year_of_silence_sends_nothing_old(
    demo: Publication, engine: Engine
) -> None:
    approved_issue(engine)
    rings = rung(demo, engine, at(21, 7) + timedelta(days=365))
    assert not [ring for ring in rings if "2026-W47" in ring]
