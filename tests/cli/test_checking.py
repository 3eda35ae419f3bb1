"""`publisher check`, as an operator and a script use it."""

import json
from pathlib import Path

from tests.cli.conftest import Run


def gap(gazette: Path) -> str:
    """Leave something to be filled in, in the first article; return its headline."""
    path = min(gazette.glob("issues/*/articles/*.md"))
    text = path.read_text()
    path.write_text(f"{text}\n\nTK more of this.\n")
    return str(text.split("title: ")[1].splitlines()[0])


def test_a_sound_issue_is_said_to_be_so(run: Run, gazette: Path) -> None:
    run("collect")
    result = run("check")
    assert result.exit_code == 0, result.output
    assert "Nothing stands in the way of sending" in result.output
    assert "build/check/index.html" in result.output
    assert list(gazette.glob("issues/*/build/check/index.html"))


def test_an_error_is_named_under_its_article_and_ends_with_exit_code_1(
    run: Run, gazette: Path
) -> None:
    run("collect")
    headline = gap(gazette)
    result = run("check")
    assert result.exit_code == 1
    assert headline in result.output.split("“TK”")[0].splitlines()[-2]
    assert "“TK” is left in the text" in result.output
    assert "(leftovers)" in result.output
    assert "1 error to mend" in result.output
    assert "Traceback" not in result.output


def test_scripts_get_json_and_the_same_exit_code(run: Run, gazette: Path) -> None:
    run("collect")
    gap(gazette)
    result = run("check", "--json")
    assert result.exit_code == 1
    found = json.loads(result.output)
    assert found["errors"] == 1
    assert found["links"] is None
    errors = [p for p in found["problems"] if p["severity"] == "error"]
    assert errors[0]["check"] == "leftovers"


def test_an_edition_that_is_none_is_refused_with_those_there_are(run: Run, gazette: Path) -> None:
    result = run("check", "--edition", "papyrus")
    assert result.exit_code == 2
    assert "use magazine, letter, phone" in result.output


def test_an_issue_with_errors_is_not_sent(run: Run, gazette: Path) -> None:
    run("collect")
    run("subscribers", "add", "ada@example.org")
    gap(gazette)
    run("render")
    result = run("send", "--yes")
    assert result.exit_code == 3
    assert "1 error to mend before it can be approved" in result.output
    assert not list(gazette.glob("outbox/*/*.eml"))
