"""What an operator sees: tables, sentences, exit codes; never a traceback."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from publisher.audience.signup import unsubscribe
from publisher.audience.tokens import Tokens
from publisher.config import Secrets, load_publication
from publisher.storage.engine import open_database
from publisher.storage.settings import signing_keys
from publisher.week import Week
from tests.cli.conftest import Run, said_json


def rendered(run: Run) -> None:
    for command in ("collect", "render"):
        result = run(command)
        assert result.exit_code == 0, result.output


def outbox(folder: Path) -> list[str]:
    return sorted(path.read_text() for path in folder.glob("outbox/*/*.eml"))


def test_help_shows_the_road(run: Run) -> None:
    result = run("--help")
    assert "collect → compose → render → approve → send" in " ".join(result.output.split())


def test_outside_a_publication_every_command_says_how_to_make_one(run: Run) -> None:
    for command in ("collect", "status", "send", "preview"):
        result = run(command)
        assert result.exit_code == 2
        assert "publisher init DIR" in result.output
        assert "Traceback" not in result.output


def test_a_new_publication_renders_at_once(run: Run, gazette: Path) -> None:
    rendered(run)
    assert list(gazette.glob("issues/*/build/web/index.html"))


def test_init_touches_nothing_that_is_there(run: Run, gazette: Path) -> None:
    before = (gazette / "publication.toml").read_text()
    result = run("init", ".")
    assert result.exit_code == 2
    assert "there already" in result.output
    assert (gazette / "publication.toml").read_text() == before


def test_init_with_a_bad_option_leaves_nothing_behind(run: Run, tmp_path: Path) -> None:
    result = run("init", "paper", "--language", "English")
    assert result.exit_code == 2
    assert "en, fr, ar" in result.output
    assert not (tmp_path / "paper" / "publication.toml").exists()


def test_a_week_that_is_none_is_refused_with_an_example(run: Run, gazette: Path) -> None:
    result = run("compose", "--week", "47")
    assert result.exit_code == 2
    assert "2026-W47" in result.output


def test_an_empty_week_says_what_to_do(run: Run, gazette: Path) -> None:
    result = run("render", "--week", "2020-W01")
    assert result.exit_code == 3
    assert "publisher collect --week 2020-W01" in result.output


def test_compose_shows_the_running_order(run: Run, gazette: Path) -> None:
    run("collect")
    result = run("compose")
    assert "How an article is written" in result.output
    order = said_json(run("compose", "--json"))["issue"]["slots"]
    assert [slot["articles"][0]["slug"] for slot in order]


def test_compose_write_freezes_the_proposal_and_keeps_what_was_typed(
    run: Run, gazette: Path
) -> None:
    run("collect")
    run("compose")
    file = next(gazette.glob("issues/*/issue.toml"))
    file.write_text(f'subject = "My own subject"\n{file.read_text()}')
    assert run("compose", "--write").exit_code == 0
    text = file.read_text()
    assert 'subject = "My own subject"' in text
    assert "[[slots]]" in text


def test_status_of_a_new_publication_says_how_to_begin(run: Run, gazette: Path) -> None:
    assert "`publisher collect` begins the first" in run("status").output


def test_status_lists_weeks_and_what_comes_next(run: Run, gazette: Path) -> None:
    rendered(run)
    found = said_json(run("status", "--json"))
    assert [issue["state"] for issue in found["issues"]] == ["rendered"]
    assert {step["step"] for step in found["next"]} == {"collect", "draft", "send"}
    assert "rendered" in run("status").output


def test_sending_asks_first_and_no_means_no(run: Run, gazette: Path) -> None:
    rendered(run)
    run("subscribers", "add", "ada@example.org")
    result = run("send")
    assert result.exit_code == 1
    assert "--yes" in result.output
    assert outbox(gazette) == []


def test_a_dry_run_says_what_would_be_done(run: Run, gazette: Path) -> None:
    rendered(run)
    run("subscribers", "add", "ada@example.org")
    assert said_json(run("send", "--dry-run", "--json"))["waiting"] == 1
    assert "Nothing was sent" in run("send", "--dry-run").output
    assert outbox(gazette) == []


def test_yes_approves_and_sends_and_a_second_time_mails_nobody(run: Run, gazette: Path) -> None:
    rendered(run)
    run("subscribers", "add", "ada@example.org")
    assert "1 of 1 accepted" in run("send", "--yes").output
    first = outbox(gazette)
    assert len(first) == 1
    assert "1 of 1 accepted" in run("send").output
    assert outbox(gazette) == first


def test_a_test_mail_goes_to_one_person(run: Run, gazette: Path) -> None:
    rendered(run)
    result = run("send", "--to", "me@example.org")
    assert result.exit_code == 0, result.output
    assert "[Test]" in outbox(gazette)[0]
    # a beginner would look into a mailbox
    assert f"a file in {gazette}/outbox/" in result.output


def test_approve_hold_release_reopen(run: Run, gazette: Path) -> None:
    rendered(run)
    for command, state in (
        (("approve",), "approved"),
        (("reopen",), "rendered"),
        (("hold", "--reason", "a fact is wrong"), "held"),
        (("release",), "rendered"),
    ):
        result = run(*command)
        assert result.exit_code == 0, result.output
        assert said_json(run("status", "--json"))["issues"][0]["state"] == state


def test_a_missing_key_is_named_and_nothing_is_lost(run: Run, gazette: Path) -> None:
    rendered(run)
    run("subscribers", "add", "ada@example.org")
    file = gazette / "publication.toml"
    file.write_text(file.read_text().replace('sender = "outbox"', 'sender = "sendgrid"'))
    result = run("send", "--yes")
    assert result.exit_code == 4
    assert "SENDGRID_API_KEY" in result.output
    file.write_text(file.read_text().replace('sender = "sendgrid"', 'sender = "outbox"'))
    assert "1 of 1 accepted" in run("send", "--yes").output


def test_a_database_that_is_none_is_named(run: Run, gazette: Path) -> None:
    (gazette / "publisher.db").write_text("this is no database" * 100)
    result = run("status")
    assert result.exit_code == 1
    assert "publisher.db is not a database" in result.output


def test_templates_says_where_they_are(run: Run) -> None:
    assert (Path(run("templates").output.strip()) / "magazine").is_dir()


def test_a_template_of_the_publication_wins(run: Run, gazette: Path) -> None:
    own = gazette / "templates" / "email" / "issue"
    own.mkdir(parents=True)
    (own / "subject.txt").write_text("My own subject for {{ publication.title }}")
    rendered(run)
    subject = next(gazette.glob("issues/*/build/email/subject.txt")).read_text()
    assert subject.strip() == "My own subject for The Gazette"


def test_a_broken_template_is_named_with_its_line(run: Run, gazette: Path) -> None:
    own = gazette / "templates" / "email" / "issue"
    own.mkdir(parents=True)
    (own / "subject.txt").write_text("{{ publication.titel }}")
    run("collect")
    result = run("render")
    assert result.exit_code == 1
    assert "templates/email/issue/subject.txt" in result.output
    assert "titel" in result.output


def test_subscribers_come_and_go(run: Run, gazette: Path) -> None:
    assert "added" in run("subscribers", "add", "ada@example.org", "--name", "Ada").output
    listed = said_json(run("subscribers", "list", "--json"))
    assert [person["email"] for person in listed["subscribers"]] == ["ada@example.org"]
    assert "1 active" in run("subscribers", "list").output
    assert run("subscribers", "remove", "ada@example.org").exit_code == 0
    (gazette / "old.csv").write_text("email\nada@example.org\n")
    summary = said_json(run("subscribers", "import", "old.csv", "--json"))
    assert (summary["added"], summary["opted_out"]) == (0, 1)


def test_a_list_is_imported_and_exported(run: Run, gazette: Path) -> None:
    (gazette / "old.csv").write_text(
        "Courriel,Nom\nada@example.org,Ada\nnot an address,Bob\nada@example.org,Twice\n"
    )
    summary = said_json(run("subscribers", "import", "old.csv", "--json"))
    assert (summary["added"], summary["already"], summary["rejected"]) == (1, 1, 1)
    assert "not an address" in (gazette / "old.rejected.csv").read_text()
    result = run("subscribers", "export", "all.csv")
    assert "1 readers" in result.output
    assert "ada@example.org" in (gazette / "all.csv").read_text()
    assert (gazette / "all.csv").stat().st_mode & 0o077 == 0
    assert run("subscribers", "export", "all.csv").exit_code == 1
    assert run("subscribers", "export", "all.xls").exit_code == 1


def test_an_import_takes_a_mapping_of_headings(run: Run, gazette: Path) -> None:
    (gazette / "odd.csv").write_text("A;B\nAda;ada@example.org\n")
    result = run("subscribers", "import", "odd.csv", "--column", "email=B", "--column", "name=A")
    assert result.exit_code == 0, result.output
    assert "Ada" in run("subscribers", "list").output
    assert run("subscribers", "import", "odd.csv", "--column", "email").exit_code == 1


@pytest.mark.parametrize("command", ["collect", "compose", "render"])
def test_json_is_json(run: Run, gazette: Path, command: str) -> None:
    run("collect")
    result = run(command, "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.output)


def test_a_named_week_is_taken(run: Run, gazette: Path) -> None:
    week = Week(2026, 47)
    run("collect", "--week", str(week))
    assert (gazette / "issues" / str(week) / "articles").is_dir()


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        (b"{% set x = 1/0 %}", "division by zero"),
        (b"{% for n in range(10000000) %}{% endfor %}", "Range too big"),
        (b"{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}", "itself without end"),
        (b"\xff", "not UTF-8"),
    ],
)
def test_a_template_that_breaks_while_it_runs_is_named(
    run: Run, gazette: Path, template: bytes, sentence: str
) -> None:
    own = gazette / "templates" / "email" / "issue"
    own.mkdir(parents=True)
    (own / "subject.txt").write_bytes(template)
    run("collect")
    result = run("render")
    assert result.exit_code == 1
    assert "templates/email/issue/subject.txt" in result.output
    assert sentence in result.output


def test_a_feeds_picture_without_a_credit_does_not_hold_the_magazine_up(
    run: Run, gazette: Path
) -> None:
    (gazette / "publication.toml").write_text(
        (gazette / "publication.toml").read_text().replace('["email", "web"]', '["magazine"]')
    )
    run("collect")
    issue = next(gazette.glob("issues/20*"))
    (issue / "pictures").mkdir(exist_ok=True)
    Image.new("RGB", (1200, 900), "teal").save(issue / "pictures" / "port.jpg")
    text = (
        "---\ntitle: The port\nsection: News\npicture: pictures/port.jpg\n{}---\n\n" + "Word. " * 90
    )
    article = issue / "articles" / "port.md"
    for fetched, severity in (("", "error"), ("fetched: {kind: feed}\n", "warning")):
        article.write_text(text.format(fetched))
        problems = said_json(run("render", "--json"))["problems"]
        found = {p["severity"] for p in problems if p["article"] == "port"}
        assert found == {severity}, problems


def test_the_demo_can_be_run_again_after_trying_the_unsubscribe_link(
    run: Run, gazette: Path
) -> None:
    assert run("demo").exit_code == 0
    links = [re.search(r"List-Unsubscribe: <([^>]+)>", mail) for mail in outbox(gazette)]
    assert len(links) == 5
    publication = load_publication(gazette)
    engine = open_database(publication, Secrets())
    tokens = Tokens(signing_keys(engine, Secrets()))
    assert links[0]
    unsubscribe(
        engine, tokens, links[0][1].rpartition("/")[2], source="test", now=datetime.now(UTC)
    )
    engine.dispose()
    again = run("demo")
    assert again.exit_code == 0, again.output
    counts = said_json(run("subscribers", "list", "--json"))["counts"]
    assert (counts["active"], counts["unsubscribed"]) == (4, 1)


def test_the_demo_is_refused_where_real_mail_goes_out(run: Run, gazette: Path) -> None:
    file = gazette / "publication.toml"
    file.write_text(file.read_text().replace('sender = "outbox"', 'sender = "smtp"'))
    result = run("demo")
    assert result.exit_code == 2
    assert 'the demo is for sender = "outbox"' in result.output
    assert said_json(run("subscribers", "list", "--json"))["subscribers"] == []
