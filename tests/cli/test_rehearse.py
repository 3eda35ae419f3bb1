"""publisher send --rehearse, called as an operator calls it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from publisher.pipeline.rehearsal import rehearsing
from publisher.pipeline.rehearsal.both_books import Finding
from publisher.pipeline.rehearsal.rehearsing import Rehearsal
from tests.cli.conftest import Run, said_json
from tests.cli.test_commands import rendered

READERS = ("amina", "lea", "idir")


@pytest.fixture
def ready(run: Run, gazette: Path) -> None:
    """An issue is rendered, and three people read it."""
    for name in READERS:
        assert run("subscribers", "add", f"{name}@example.org").exit_code == 0
    rendered(run)


@pytest.mark.usefixtures("ready")
def test_a_rehearsal_shows_both_books_and_mails_nobody(run: Run, gazette: Path) -> None:
    result = run("send", "--rehearse")
    assert result.exit_code == 0, result.output
    assert "3 of 3 accepted" in result.output
    assert (
        "The books agree: the ledger has 3 accepted, SendGrid 3 mails to 3 readers" in result.output
    )
    assert "[delivery] sends by outbox: this says nothing about that." in result.output
    assert not (gazette / "outbox").exists()
    assert said_json(run("send", "--dry-run", "--json"))["waiting"] == 3


@pytest.mark.usefixtures("ready")
def test_with_json_scripts_can_read_it(run: Run) -> None:
    faults = ("--faults", "429=0.5", "--seed", "3")
    found = said_json(run("send", "--rehearse", "--json", "--crashes", "1", *faults))
    assert found["good"] is True
    assert found["certificate"]["intended"] == 3
    assert found["books"]["doubled"] == {"count": 0, "names": []}
    assert (found["seed"], found["crashes_asked"], found["events"]) == (3, 1, 0)


@pytest.mark.usefixtures("ready")
def test_readers_in_doubt_are_named_with_the_reason(run: Run) -> None:
    result = run("send", "--rehearse", "--faults", "500=0.9")
    assert result.exit_code == 0, result.output
    assert "3 uncertain: SendGrid answers 500: Internal Server Error: amina@" in result.output
    assert "Went wrong on purpose (seed 0): 1 x 500" in result.output


@pytest.mark.usefixtures("ready")
def test_with_events_it_tells_how_many(run: Run) -> None:
    result = run("send", "--rehearse", "--events")
    assert result.exit_code == 0, result.output
    assert "events told, some twice and out of order, and taken in" in result.output


@pytest.mark.usefixtures("ready")
def test_books_that_do_not_agree_fail_and_say_whom_it_concerns(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = rehearsing.rehearse

    def with_a_double(*args: Any, **more: Any) -> Rehearsal:
        done = real(*args, **more)
        doubled = Finding(count=1, names=("lea@example.org",))
        return replace(done, books=replace(done.books, doubled=doubled))

    monkeypatch.setattr(rehearsing, "rehearse", with_a_double)
    result = run("send", "--rehearse")
    assert result.exit_code == 1
    assert "The books do not agree" in result.output
    assert "1 were mailed twice: lea@example.org" in result.output


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--rehearse", "--to", "a@example.org"), "--rehearse and --to do not go together"),
        (("--rehearse", "--dry-run"), "--rehearse and --dry-run do not go together"),
        (("--rehearse", "--resend-uncertain"), "--resend-uncertain do not go together"),
        (("--crashes", "2"), "add --rehearse"),
        (("--faults", "drop"), "--faults is for rehearsals: add --rehearse"),
        (("--events",), "add --rehearse"),
        (("--rehearse", "--priority", "3"), "--rehearse and --priority do not go together"),
        (("--rehearse", "--faults", "flood"), '"flood" is no fault: use all, 429'),
    ],
)
def test_options_that_make_no_sense_are_refused(
    run: Run, gazette: Path, options: tuple[str, ...], told: str
) -> None:
    result = run("send", *options)
    assert result.exit_code != 0
    assert told in result.output


def test_without_an_issue_or_without_readers_it_says_what_to_do(run: Run, gazette: Path) -> None:
    assert "publisher render" in run("send", "--rehearse").output
    rendered(run)
    result = run("send", "--rehearse")
    assert result.exit_code == 4
    assert "publisher subscribers import FILE" in result.output
