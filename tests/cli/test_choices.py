"""How readers want the issue, as an operator sees and sets it."""

from pathlib import Path

from tests.cli.conftest import Run, said_json


def forms(run: Run) -> dict[str, str | None]:
    people = said_json(run("subscribers", "list", "--json"))["subscribers"]
    return {person["email"]: person["form"] for person in people}


def test_a_choice_is_set_shown_and_taken_back(run: Run, gazette: Path) -> None:
    run("subscribers", "add", "ada@example.org", "--pdf", "attach")
    run("subscribers", "add", "bob@example.org")
    assert forms(run) == {"ada@example.org": "attach", "bob@example.org": None}
    result = run("subscribers", "set", "bob@example.org", "--pdf", "text")
    assert result.exit_code == 0
    assert "bob@example.org: as plain text, from the next issue on" in result.output
    listed = run("subscribers", "list").output
    assert "Of the active, 0 get a link to the PDF, 1 the PDF attached, 1 plain text" in listed
    result = run("subscribers", "set", "ada@example.org", "--pdf", "usual")
    assert "as usual, with a link to the PDF" in result.output
    assert forms(run) == {"ada@example.org": None, "bob@example.org": "text"}


def test_what_is_no_choice_is_said_so(run: Run, gazette: Path) -> None:
    run("subscribers", "add", "ada@example.org")
    result = run("subscribers", "set", "ada@example.org", "--pdf", "pigeon")
    assert result.exit_code == 2
    assert "'link', 'attach', 'text', 'usual'" in result.output
    assert "say what to change" in run("subscribers", "set", "ada@example.org").output
    result = run("subscribers", "set", "eve@example.org", "--pdf", "text")
    assert result.exit_code == 1
    assert "is not on the list" in result.output


def test_choices_survive_export_and_import(run: Run, gazette: Path) -> None:
    run("subscribers", "add", "ada@example.org", "--pdf", "attach")
    run("subscribers", "add", "bob@example.org")
    run("subscribers", "export", "all.csv")
    run("subscribers", "import", "all.csv", "--list", "copy")
    people = said_json(run("subscribers", "list", "--list", "copy", "--json"))["subscribers"]
    assert [person["form"] for person in people] == ["attach", None]


def test_an_editor_can_have_any_readers_mail_as_a_test(run: Run, gazette: Path) -> None:
    for command in ("collect", "render"):
        run(command)
    assert run("send", "--to", "editor@example.org", "--pdf", "text").exit_code == 0
    (mail,) = [path.read_text() for path in gazette.glob("outbox/*/*.eml")]
    assert "Content-Type: text/plain" in mail
    assert "text/html" not in mail
    alone = run("send", "--pdf", "text")
    assert alone.exit_code != 0
    assert "together with --to ADDRESS" in alone.output


def test_a_limit_that_readers_feel_is_told_before_and_when_approving(
    run: Run, gazette: Path
) -> None:
    for command in ("collect", "render"):
        run(command)
    run("subscribers", "add", "ada@example.org", "--pdf", "attach")
    told = "who wants it attached gets the mail with the link alone"
    # the test's publication makes no PDF at all
    assert told in " ".join(run("send", "--dry-run").output.split())
    approved = run("approve", "--despite-errors")
    assert approved.exit_code == 0, approved.output
    assert told in " ".join(approved.output.split())
