"""The measurement of sending: what it prints, and that it would notice a lost reader."""

import json

import pytest
from sqlalchemy import Engine, update

from benchmarks import send, send_list
from benchmarks.stopwatch import watch
from publisher.deliver.mailing import freeze, plan
from publisher.rehearsal.process import sendgrid_process
from publisher.storage.engine import open_url, reading
from publisher.storage.schema import chunks, lists


def test_the_last_line_tells_every_figure(capsys: pytest.CaptureFixture[str]) -> None:
    send.main(["--readers", "1200", "--workers", "2", "--statements"])
    printed = capsys.readouterr().out
    figures = json.loads(printed.splitlines()[-1])
    assert list(figures) == ["readers", "readers_per_s", "peak_mb"]
    assert figures["readers"] == 1200
    assert figures["readers_per_s"] > 0
    assert figures["peak_mb"] > 10
    assert "agree" in printed
    assert "INSERT INTO deliveries" in printed


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_mail_the_other_side_never_had_makes_the_books_disagree(engine: Engine) -> None:
    send_list.subscribe(engine.url, 5)
    mailing = freeze(
        engine,
        week=send_list.WEEK,
        list_name=send_list.LIST,
        message=send_list.newsletter(),
        now=send_list.now(),
    )
    plan(engine, mailing, batch=5, now=send_list.now())
    with engine.begin() as connection:
        connection.execute(update(chunks).values(state="accepted"))
    with sendgrid_process() as sendgrid:
        assert not send.books_agree(engine.url, sendgrid, 5)


def test_the_stopwatch_tells_what_the_database_cost(database_url: str) -> None:
    engine = open_url(send.address(database_url))
    watched = watch(engine)
    with engine.begin() as connection:
        connection.execute(lists.insert().values(name="readers", created=send_list.now()))
    with reading(engine) as connection:
        assert len(connection.execute(lists.select()).all()) == 1
    engine.dispose()
    names = {name.split()[0] for name, times, seconds in watched.costliest() if times and seconds}
    assert {"INSERT", "SELECT", "COMMIT"} <= names
    assert watched.seconds == pytest.approx(sum(cost for _, _, cost in watched.costliest()))


@pytest.mark.parametrize("wrong", [["--databases", "oracle"], ["--workers", "0"]])
def test_what_cannot_be_measured_is_refused(wrong: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        send.main(wrong)
