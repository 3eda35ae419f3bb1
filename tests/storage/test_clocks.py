"""All machines go by the database's clock; on SQLite there is only this one."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, create_engine, event

from publisher.storage.clocks import shared_clock


def test_a_machine_whose_clock_is_wrong_agrees_with_the_others(engine: Engine) -> None:
    wrong = timedelta(hours=-2)
    now = shared_clock(engine, lambda: datetime.now(UTC) + wrong)
    off = abs(now() - datetime.now(UTC))
    assert off < timedelta(seconds=5) if engine.dialect.name == "postgresql" else off > -wrong / 2


def test_the_database_is_asked_once_a_minute(engine: Engine) -> None:
    asked: list[str] = []
    event.listen(
        engine, "before_cursor_execute", lambda _c, _u, statement, *_: asked.append(statement)
    )
    passed = [0.0]
    now = shared_clock(engine, lambda: datetime.now(UTC), elapsed=lambda: passed[0])
    for second in (0.0, 10.0, 59.0, 61.0, 90.0):
        passed[0] = second
        now()
    assert len(asked) == (2 if engine.dialect.name == "postgresql" else 0)


def test_a_database_that_is_away_leaves_the_clock_going_and_is_not_asked_each_time() -> None:
    nowhere = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")
    tries: list[object] = []
    event.listen(nowhere, "do_connect", lambda *arguments: tries.append(arguments))
    passed = [0.0]
    now = shared_clock(nowhere, lambda: datetime.now(UTC), elapsed=lambda: passed[0])
    for second in (0.0, 5.0, 9.0, 11.0):
        passed[0] = second
        assert datetime.now(UTC) - now() < timedelta(seconds=5)
    assert len(tries) == 2
