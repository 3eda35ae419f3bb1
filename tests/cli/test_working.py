"""pause, resume, cancel and hurry, as an operator types them."""

from pathlib import Path

import pytest

from tests.cli.conftest import Run, said_json

WEEK = ("--week", "2026-W47")


@pytest.fixture
def approved(run: Run, gazette: Path) -> Path:
    """An approved issue with two readers, none of them mailed."""
    (gazette / "issues" / "inbox").mkdir(parents=True, exist_ok=True)
    article = (
        "---\ntitle: The harbour\npublished: 2026-11-17T09:00:00+01:00\n---\n\n"
        + "The harbour was rebuilt by its own people. " * 30
    )
    (gazette / "issues" / "inbox" / "harbour.md").write_text(article)
    for command in ("collect", "render"):
        made = run(command, *WEEK)
        assert made.exit_code == 0, made.output
    for name in ("amina", "idir"):
        assert run("subscribers", "add", f"{name}@example.org").exit_code == 0
    agreed = run("approve", *WEEK, "--despite-errors")
    assert agreed.exit_code == 0, agreed.output
    return gazette


def test_a_paused_issue_is_not_sent_until_it_is_resumed(run: Run, approved: Path) -> None:
    paused = run("pause", *WEEK, "--reason", "wait for the lawyer")
    assert "is paused" in paused.output
    sent = said_json(run("send", *WEEK, "--yes", "--json"))
    assert (sent["state"], sent["reason"]) == ("paused", "wait for the lawyer")
    assert sent["waiting"] == 2
    assert "goes on" in run("resume", *WEEK).output
    assert said_json(run("send", *WEEK, "--yes", "--json", "--priority", "3"))["accepted"] == 2


def test_a_cancelled_issue_stays_unsent_and_says_who_cancelled_it(run: Run, approved: Path) -> None:
    unasked = run("cancel", *WEEK)
    assert unasked.exit_code != 0
    assert "--yes" in unasked.output
    run("pause", *WEEK)
    run("send", *WEEK, "--yes")  # plans the readers, sends to none
    assert "2 readers do not get it" in run("cancel", *WEEK, "--yes", "-r", "wrong cover").output
    again = run("send", *WEEK, "--yes")
    assert again.exit_code != 0 or "cancelled" in again.output
    assert not list((approved / "outbox").rglob("2026-W47/*.eml"))


@pytest.mark.parametrize("command", ["pause", "resume", "cancel"])
def test_an_issue_that_was_never_approved_has_no_mailing(
    run: Run, gazette: Path, command: str
) -> None:
    yes = ["--yes"] if command == "cancel" else []
    said = run(command, *WEEK, *yes)
    assert said.exit_code == 4
    assert "publisher approve --week 2026-W47" in said.output
