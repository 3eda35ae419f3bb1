"""What the README says is so."""

import re
import tomllib
from pathlib import Path

import pytest
from typer.main import get_command

from publisher.cli import app
from publisher.config import Publication
from publisher.content.article import parse_article
from publisher.content.issue import IssueFile
from publisher.tables import describe, read

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SETTINGS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")


def table(cls: type) -> str:
    lines = ["| key | default | meaning |", "| --- | --- | --- |"]
    for doc in describe(cls):
        default = f"`{doc.default}`" if doc.default else ""
        lines.append(f"| `{doc.path}` | {default} | {doc.help} |")
    return "\n".join(lines)


def between(name: str) -> str:
    match = re.search(f"<!-- {name} -->\n(.*?)\n?<!-- /{name} -->", SETTINGS, re.DOTALL)
    assert match, f"docs/settings.md has no part for {name}"
    return match[1].strip()


@pytest.mark.parametrize(
    ("name", "cls"), [("publication keys", Publication), ("issue keys", IssueFile)]
)
def test_the_tables_of_keys_are_those_of_the_code(name: str, cls: type) -> None:
    assert between(name) == table(cls), f"put this between the marks of {name}:\n{table(cls)}"


@pytest.mark.parametrize("name", sorted(get_command(app).commands))  # type: ignore[attr-defined]  # a group has commands
def test_every_command_is_in_the_readme(name: str) -> None:
    assert re.search(rf"publisher {name}|`{name}`", README)


def test_every_command_the_readme_names_exists() -> None:
    commands = set(get_command(app).commands)  # type: ignore[attr-defined]
    named = set(re.findall(r"publisher ([a-z]+)", README))
    assert named <= commands


def test_the_article_of_the_readme_can_be_read(demo: Publication) -> None:
    match = re.search(r"```markdown\n(.*?)```", README, re.DOTALL)
    assert match
    article = parse_article(match[1], slug="sample", zone=demo.timezone)
    assert article.title == "The rivers under the sand"
    assert article.picture
    assert article.picture.focus == (0.5, 0.6)


def test_the_settings_the_readme_shows_are_accepted() -> None:
    demo = tomllib.loads((ROOT / "publication.toml").read_text(encoding="utf-8"))
    for block in re.findall(r"```toml\n(.*?)```", README, re.DOTALL):
        read(Publication, demo | tomllib.loads(block), file="README.md")


PAGES = sorted((ROOT / "docs").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_shows_settings_and_commands_and_files_that_there_are(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    demo = tomllib.loads((ROOT / "publication.toml").read_text(encoding="utf-8"))
    for block in re.findall(r"```toml\n(.*?)```", text, re.DOTALL):
        read(Publication, demo | tomllib.loads(block), file=page.name)
    commands = get_command(app).commands  # type: ignore[attr-defined]  # a group has commands
    for name, rest in re.findall(r"(?m)(?:^|`)publisher ([a-z]+)([^`\n#]*)", text):
        known = {o for parameter in commands[name].params for o in parameter.opts}
        if not hasattr(commands[name], "commands"):
            assert set(re.findall(r"--[a-z-]+", rest)) <= known, f"publisher {name}{rest}"
    prose = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#]+)\)", prose):
        assert target.startswith("http") or (page.parent / target).exists(), target


def test_the_make_targets_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"(?:^|`)make (\w+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_file_the_readme_shows_or_links_exists() -> None:
    prose = re.sub(r"```.*?```|`[^`]*`", "", README, flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#]+)\)", prose):
        assert (ROOT / target).exists(), target


def test_the_map_names_every_module() -> None:
    architecture = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    for folder in sorted(p for p in (ROOT / "publisher").iterdir() if p.is_dir()):
        if folder.name != "__pycache__":
            assert f"{folder.name}/" in architecture, folder.name
