"""An issue's row: numbers without gaps, states that only go where they may."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, select

from publisher.errors import ConfigError, PublisherError
from publisher.pipeline import record as records
from publisher.pipeline.states import IllegalMove, State
from publisher.storage.schema import audit
from publisher.week import Week

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)
W47, W48 = Week(2026, 47), Week(2026, 48)


def opened(engine: Engine, week: Week = W47) -> records.Record:
    return records.open_issue(engine, week, first_number=12, now=NOW, who="ada")


def walk(engine: Engine, *states: State) -> records.Record:
    for state in states:
        record = records.move(engine, W47, state, now=NOW, who="ada")
    return record


def test_numbers_begin_where_the_publication_says_and_count_up(engine: Engine) -> None:
    assert opened(engine, W47).number == 12
    assert opened(engine, W48).number == 13


def test_opening_twice_gives_the_same_issue(engine: Engine) -> None:
    assert opened(engine) == opened(engine)


def test_issues_opened_at_once_get_numbers_without_gaps(engine: Engine) -> None:
    weeks = [Week(2026, number) for number in range(1, 9)]
    with ThreadPoolExecutor(4) as pool:
        numbers = {record.number for record in pool.map(lambda w: opened(engine, w), weeks)}
    assert numbers == set(range(12, 20))


def test_an_editor_may_choose_a_number_but_not_anothers(engine: Engine) -> None:
    opened(engine, W47)
    opened(engine, W48)
    records.renumber(engine, W47, 100, now=NOW)
    assert records.get(engine, W47).number == 100
    with pytest.raises(ConfigError, match="number = 100 belongs to issue 2026-W47"):
        records.renumber(engine, W48, 100, now=NOW)


def test_the_road_from_open_to_sent(engine: Engine) -> None:
    opened(engine)
    road = (State.COMPOSED, State.RENDERED, State.APPROVED, State.SENDING, State.SENT)
    assert walk(engine, *road).state is State.SENT


def test_an_issue_that_was_not_rendered_cannot_be_approved(engine: Engine) -> None:
    opened(engine)
    with pytest.raises(IllegalMove, match="publisher render --week 2026-W47"):
        walk(engine, State.APPROVED)


def test_an_approved_issue_is_frozen_until_it_is_reopened(engine: Engine) -> None:
    opened(engine)
    walk(engine, State.COMPOSED, State.RENDERED, State.APPROVED)
    with pytest.raises(IllegalMove, match="publisher reopen --week 2026-W47"):
        walk(engine, State.COMPOSED)


def test_what_was_sent_stays_sent(engine: Engine) -> None:
    opened(engine)
    walk(engine, State.COMPOSED, State.RENDERED, State.APPROVED, State.SENDING, State.SENT)
    with pytest.raises(IllegalMove, match="cannot be changed"):
        walk(engine, State.RENDERED)


def test_a_held_issue_keeps_its_reason_and_goes_back_where_it_was(engine: Engine) -> None:
    opened(engine)
    walk(engine, State.COMPOSED)
    held = records.move(engine, W47, State.HELD, now=NOW, who="clock", reason="too late")
    assert (held.held_state, held.reason) == (State.COMPOSED, "too late")
    with pytest.raises(IllegalMove, match="publisher release"):
        walk(engine, State.RENDERED)
    released = walk(engine, State.COMPOSED)
    assert (released.state, released.held_state, released.reason) == (State.COMPOSED, None, "")


def test_only_one_of_two_moves_at_once_succeeds(engine: Engine) -> None:
    opened(engine)
    walk(engine, State.COMPOSED, State.RENDERED, State.APPROVED)

    def begin_sending(_: int) -> bool:
        try:
            walk(engine, State.SENDING)
        except PublisherError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(begin_sending, range(4)))
    with engine.connect() as connection:
        acts = connection.scalars(select(audit.c.act)).all()
    assert acts.count("sending") == 1


def test_every_change_of_state_is_on_the_record(engine: Engine) -> None:
    opened(engine)
    walk(engine, State.COMPOSED, State.COMPOSED, State.RENDERED)
    with engine.connect() as connection:
        lines = connection.execute(select(audit.c.who, audit.c.act).order_by(audit.c.id)).all()
    assert [tuple(line) for line in lines] == [
        ("ada", "opened"),
        ("ada", "composed"),
        ("ada", "rendered"),
    ]


def test_a_week_without_an_issue_says_what_to_do(engine: Engine) -> None:
    with pytest.raises(records.NoSuchIssue, match="publisher collect --week 2026-W47"):
        records.get(engine, W47)
