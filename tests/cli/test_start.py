"""A new publication speaks the language it is made in."""

from pathlib import Path

import pytest

from publisher.config import load_publication
from publisher.content.article import Kind, read_article
from tests.cli.conftest import Run


def made(run: Run, folder: Path, language: str) -> str:
    result = run("init", "paper", "--language", language, "--title", "Paper")
    assert result.exit_code == 0, result.output
    return (folder / "paper" / "publication.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("language", "tagline", "section"),
    [
        ("en", "Once a week", "News"),
        ("fr", "Une fois par semaine", "Actualité"),
        ("ar-EG", "مرة كل أسبوع", "أخبار"),
        ("es", "Once a week", "News"),
    ],
)
def test_sections_and_examples_come_in_the_language(
    run: Run, tmp_path: Path, language: str, tagline: str, section: str
) -> None:
    made(run, tmp_path, language)
    publication = load_publication(tmp_path / "paper")
    assert (publication.language, publication.tagline) == (language, tagline)
    assert publication.sections[0].name == section
    inbox = sorted((tmp_path / "paper" / "issues" / "inbox").glob("*.md"))
    articles = [read_article(path, publication.timezone) for path in inbox]
    spoken = language if language != "es" else "en"
    assert {article.language for article in articles} == {spoken}
    assert {article.kind for article in articles} == {Kind.LETTER, Kind.FEATURE, Kind.BRIEF}
    names = {part.name for part in publication.sections}
    assert all(article.section in names for article in articles if article.section)


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_the_examples_compose_and_print_without_a_problem(
    run: Run, tmp_path: Path, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(run, tmp_path, language)
    monkeypatch.chdir(tmp_path / "paper")
    assert run("collect").exit_code == 0
    result = run("render")
    assert result.exit_code == 0, result.output
    told = [line for line in result.output.splitlines() if line.strip().startswith("warning")]
    assert [line for line in told if "thin week" not in line and "no picture" not in line] == []
    assert "error" not in result.output
    assert list(tmp_path.glob("paper/issues/*/build/paper-*.pdf"))


def test_a_language_that_is_a_path_leads_nowhere(run: Run, tmp_path: Path) -> None:
    result = run("init", "paper", "--language", "..")
    assert result.exit_code == 2
    assert not (tmp_path / "paper").exists()
