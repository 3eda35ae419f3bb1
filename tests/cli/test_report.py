"""report, retry and status after an issue went out."""

import csv
import io
from pathlib import Path

import pytest
from sqlalchemy import update

from publisher.config import Secrets, load_publication
from publisher.deliver.feedback.events import Kind
from publisher.deliver.mailing import Mailing, find_mailing
from publisher.storage.engine import open_database
from publisher.storage.schema import chunks, mailings
from tests.cli.conftest import Run, said_json
from tests.deliver.invented import Heard, hear

READERS = ("ada@example.org", "bob@outlook.com", "cleo@example.org")


@pytest.fixture
def week(run: Run, gazette: Path) -> str:
    """An issue that was sent to three readers; nothing was heard of it yet."""
    for email in READERS:
        assert run("subscribers", "add", email).exit_code == 0
    for command in (("collect",), ("render",), ("approve",), ("send", "--yes")):
        result = run(*command)
        assert result.exit_code == 0, result.output
    return str(said_json(run("status", "--json"))["sent"]["week"])


def listen(folder: Path, week: str, news: dict[str, Heard]) -> None:
    engine = open_database(load_publication(folder), Secrets())
    mailing = find_mailing(engine, week=week, list_name="readers")
    assert isinstance(mailing, Mailing)
    hear(engine, mailing, news)
    engine.dispose()


def change(folder: Path, **values: object) -> None:
    """Write into the ledger what only a mishap would."""
    engine = open_database(load_publication(folder), Secrets())
    with engine.begin() as connection:
        connection.execute(update(chunks).values(**values))
        connection.execute(update(mailings).values(state="done"))
    engine.dispose()


def test_before_an_issue_was_sent_report_says_what_to_do(run: Run, gazette: Path) -> None:
    for command in ("report", "retry"):
        result = run(command)
        assert result.exit_code == 3
        assert "publisher send" in result.output
    assert run("report", "47").exit_code == 2
    assert said_json(run("status", "--json"))["sent"] is None


def test_report_begins_with_the_certificate(run: Run, gazette: Path, week: str) -> None:
    result = run("report")
    assert result.exit_code == 0, result.output
    assert result.output.startswith(f"{week} to readers: 3 of 3 accepted\n")
    assert "Nobody has told us what became of the mails" in result.output
    assert f"{week}: 3 of 3 accepted" in run("status").output


def test_figures_are_told_with_what_they_are_of(run: Run, gazette: Path, week: str) -> None:
    listen(
        gazette,
        week,
        {
            "ada@example.org": Heard(Kind.DELIVERED, 1, opened=2, clicked={"welcome": 3}),
            "bob@outlook.com": Heard(Kind.BLOCKED, 1, "550 5.7.1 [policy]"),
            "cleo@example.org": Heard(Kind.DELIVERED, 1, by_machine=1),
        },
    )
    told = " ".join(run("report", week).output.split())
    for words in (
        "66.7 % of accepted",
        "50.0 % of delivered",
        "an estimate; not counted: 1 by machines alone",
        "Outlook",
        "Nobody reported the issue as spam",
    ):
        assert words in told.replace("\u00a0", " "), words


def test_the_refused_and_the_uncertain_are_named_with_what_to_do(
    run: Run, gazette: Path, week: str
) -> None:
    change(gazette, state="uncertain", reason="no answer [within] 60 s")
    told = run("report").output
    assert "0 of 3 accepted, 3 uncertain" in told
    assert all(email in told for email in READERS)
    assert "no answer [within] 60 s" in told
    assert "--resend-uncertain" in told
    change(gazette, state="refused", reason="400 bad")
    assert f"publisher retry {week}" in run("report").output


def test_json_holds_certificate_and_figures(run: Run, gazette: Path, week: str) -> None:
    found = said_json(run("report", "--json"))
    certificate = found["certificate"]
    assert certificate["intended"] == certificate["accepted"] == 3
    assert (certificate["cancelled"], certificate["unserved"]) == (0, [])
    assert found["rates"]["opened"] == {
        "readers": 0, "of": "delivered", "out_of": 0, "rate": None,
    }  # fmt: skip
    assert found["hours"][0]["accepted"] == 3


def test_csv_goes_to_a_file_or_on_to_the_next_program(
    run: Run, gazette: Path, week: str, tmp_path: Path
) -> None:
    result = run("report", "--csv", "-")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["email"] for row in rows] == list(READERS)
    file = tmp_path / "readers.csv"
    assert run("report", week, "--csv", str(file)).exit_code == 0
    assert file.read_text(encoding="utf-8-sig").splitlines() == result.stdout.splitlines()
    again = run("report", "--csv", str(file))
    assert again.exit_code == 1
    assert "is there already" in again.output


def test_the_chart_page_is_written_where_it_is_wanted(
    run: Run, gazette: Path, week: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def browse(address: str) -> bool:
        opened.append(address)
        return True

    monkeypatch.setattr("webbrowser.open", browse)
    assert run("report", "--chart", "figures.html").exit_code == 0
    assert "<h1>Every mail was accepted</h1>" in Path("figures.html").read_text(encoding="utf-8")
    assert opened == []
    assert run("report", "--open").exit_code == 0
    path = gazette / "issues" / week / "build" / "figures.html"
    assert opened == [path.as_uri()]
    assert path.is_file()


def test_the_chart_page_overwrites_nothing_else(run: Run, gazette: Path, week: str) -> None:
    result = run("report", "--chart", "publication.toml")
    assert result.exit_code == 1
    assert "ends in .html" in result.output
    assert (gazette / "publication.toml").read_text().startswith("#")


def test_without_a_browser_the_page_is_named(
    run: Run, gazette: Path, week: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webbrowser.open", lambda _: False)
    result = run("report", "--open")
    assert result.exit_code == 0
    assert "open the file yourself" in result.output


def blocked(gazette: Path, week: str) -> None:
    news = Heard(Kind.BLOCKED, 1, "550 5.7.1 policy")
    listen(gazette, week, {"ada@example.org": news, "bob@outlook.com": news})


def test_retry_shows_whom_and_asks(
    run: Run, gazette: Path, week: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked(gazette, week)
    assert "say --yes" in run("retry").output
    monkeypatch.setattr("publisher.cli.retrying.at_a_terminal", lambda: True)
    refused = run("retry", answer="n\n")
    assert refused.exit_code == 1
    assert "2 blocked by the reader's provider" in refused.output
    assert "bob@outlook.com" in refused.output
    assert "Nobody was mailed" in refused.output
    done = run("retry", answer="y\n")
    assert done.exit_code == 0, done.output
    assert "2 readers were planned once more" in done.output
    assert f"{week} to readers: 3 of 3 accepted" in done.output
    assert "nobody" in run("retry").output


def test_retry_can_be_tried_dry_and_for_one_provider(run: Run, gazette: Path, week: str) -> None:
    blocked(gazette, week)
    found = said_json(run("retry", "--dry-run", "--json", "--provider", "outlook"))
    assert [reader["email"] for reader in found["readers"]] == ["bob@outlook.com"]
    assert found["readers"][0]["cause"] == "blocked"
    done = said_json(run("retry", week, "--yes", "--json", "--provider", "outlook.com"))
    assert done["retried"] == 1
    left = said_json(run("retry", "--dry-run", "--json"))["readers"]
    assert [reader["email"] for reader in left] == ["ada@example.org"]


def test_retry_says_who_else_is_mailed(
    run: Run, gazette: Path, week: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked(gazette, week)
    run("subscribers", "add", "new@example.org")
    monkeypatch.setattr("publisher.cli.retrying.at_a_terminal", lambda: True)
    assert "and 1 who came since or still wait" in run("retry", answer="n\n").output
