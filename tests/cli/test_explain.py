"""publisher compose --explain, as an editor asks for it."""

from pathlib import Path

import pytest

from tests.cli.conftest import Run, said_json

SHORT = "The harbour was rebuilt by its own people, stone upon stone. "


@pytest.fixture
def issue(gazette: Path) -> Path:
    """An issue with a short piece of news and a long feature; the magazine is made."""
    file = gazette / "publication.toml"
    file.write_text(file.read_text().replace('["email", "web"]', '["magazine"]'))
    folder = gazette / "issues" / "2026-W47" / "articles"
    folder.mkdir(parents=True)
    for name, kind, count in (("short", "news", 5), ("long", "feature", 24)):
        body = "\n\n".join([SHORT * 5] * count)
        front = f"title: A {name} one\nkind: {kind}\nstandfirst: Read it."
        (folder / f"{name}.md").write_text(f"---\n{front}\n---\n\n{body}\n")
    return gazette


def test_an_editor_is_told_why_and_how_each_article_was_set(run: Run, issue: Path) -> None:
    told = run("compose", "--week", "2026-W47", "--explain")
    assert told.exit_code == 0, told.output
    assert "A short one  p. " in told.output
    assert "A long one  pp. " in told.output
    assert "front matter says so" in told.output
    assert "lines short (its page is " in told.output
    assert not list(issue.glob("issues/*/build/*.pdf"))


def test_scripts_get_the_same_as_json(run: Run, issue: Path) -> None:
    told = said_json(run("compose", "--week", "2026-W47", "--explain", "--json"))
    by_slug = {one["article"]: one for one in told["articles"]}
    assert by_slug["short"]["pages"] == 1
    assert by_slug["long"]["kind"] == "cover story"
    assert any("lines short" in fact for fact in by_slug["short"]["fitted"])


def test_without_a_magazine_only_the_reasons_are_told(run: Run, issue: Path) -> None:
    file = issue / "publication.toml"
    file.write_text(file.read_text().replace('["magazine"]', '["web"]'))
    told = said_json(run("compose", "--week", "2026-W47", "--explain", "--json"))
    assert all(one["page"] is None and one["why"] for one in told["articles"])
