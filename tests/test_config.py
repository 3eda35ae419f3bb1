"""publication.toml: what an operator reads when something in it is wrong."""

from pathlib import Path

import pytest

from publisher.config import Publication, Secrets, SenderKind, load_publication
from publisher.errors import ConfigError

ROOT = Path(__file__).parent.parent
MINIMAL = """
title = "Levant"
site = "https://levant.example"
[sender]
name = "Levant"
address = "weekly@levant.example"
postal = "1 Harbour Street"
"""


def load(folder: Path, text: str) -> Publication:
    (folder / "publication.toml").write_text(text, encoding="utf-8")
    return load_publication(folder)


def refused(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(folder, text)
    return str(caught.value)


def test_the_demo_publication_loads() -> None:
    demo = load_publication(ROOT)
    assert demo.title == "Sirocco"
    assert demo.delivery.sender is SenderKind.OUTBOX


def test_six_lines_are_enough(tmp_path: Path) -> None:
    publication = load(tmp_path, MINIMAL)
    assert publication.slug == "levant"
    assert str(publication.schedule.send) == "Saturday 07:00"
    assert publication.root == tmp_path.resolve()


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="publisher init"):
        load_publication(tmp_path)


def test_a_misspelt_key_is_named_with_the_one_that_was_meant(tmp_path: Path) -> None:
    message = refused(tmp_path, 'tilte = "x"\n' + MINIMAL)
    assert message.startswith("publication.toml: unknown key tilte: did you mean title?")


def test_an_unknown_key_in_a_table_is_named_by_its_path(tmp_path: Path) -> None:
    message = refused(tmp_path, MINIMAL + "[delivery.smtp]\npasword = 'x'\n")
    assert "unknown key delivery.smtp.pasword" in message
    assert "Allowed here: host, port, user, security" in message


def test_a_missing_key_is_named_with_its_meaning(tmp_path: Path) -> None:
    message = refused(tmp_path, MINIMAL.replace('postal = "1 Harbour Street"', ""))
    assert "sender.postal is missing: Postal address printed in every mail" in message


@pytest.mark.parametrize(
    ("line", "allowed"),
    [
        ("[delivery]\nsender = 'pigeon'", "outbox, sendgrid, smtp"),
        ("[delivery]\nbatch = 5000", "from 1 to 1000"),
        ("[delivery]\nbatch = 'many'", "a whole number"),
        ("[delivery]\nbatch = true", "a whole number"),
        ("[schedule]\nsend = 'Caturday 07:00'", "Friday 06:00"),
        ("[schedule]\ncutoff = 'Sunday 06:00'", "follow one another"),
        ("[schedule]\neditors = ['nobody']", "not an e-mail address"),
        ("[schedule]\ngrace_hours = 200", "from 0 to 96"),
        ("[[sections]]\nname = 'News'\ncolour = 'red'", "#8a3324"),
        ("[[sections]]\nname = 'News'\n[[sections]]\nname = 'NEWS'", "each its own name"),
        ("[[sources]]\nkind = 'feed'\nurl = 'ftp://x'", "https://example.org"),
        ("[[sources]]\nkind = 'folder'", "path"),
        ("[editions]\nmake = ['papyrus']", "magazine, letter, phone, print, epub, email, web"),
        ("[editions]\npage_size = 'A5'", "A4, letter"),
        ("[web]\nport = 99999", "from 1 to 65535"),
        ("[delivery.sendgrid]\nregion = 'mars'", "global or eu"),
    ],
)
def test_a_bad_value_says_what_is_allowed(tmp_path: Path, line: str, allowed: str) -> None:
    message = refused(tmp_path, MINIMAL + line)
    assert message.startswith("publication.toml: ")
    assert allowed in message


@pytest.mark.parametrize(
    ("line", "allowed"),
    [
        ("timezone = 'Africa/Atlantis'", "Africa/Tunis"),
        ("timezone = '../etc/passwd'", "Africa/Tunis"),
        ("language = 'English'", "en, fr, ar"),
        ("colour = 'rust'", "#b4412a"),
        ("title = ' '", "title"),
    ],
)
def test_a_bad_value_at_the_top_says_what_is_allowed(
    tmp_path: Path, line: str, allowed: str
) -> None:
    key = line.split(" ")[0]
    kept = [row for row in MINIMAL.splitlines() if not row.startswith(f"{key} =")]
    assert allowed in refused(tmp_path, "\n".join([line, *kept]))


def test_broken_toml_names_the_line(tmp_path: Path) -> None:
    assert "line 2" in refused(tmp_path, 'site = "https://x.example"\ntitle = Levant\n')


def test_secrets_come_from_the_environment_and_are_never_shown() -> None:
    secrets = Secrets.from_environment({"SENDGRID_API_KEY": " SG.key \n", "SECRET_KEY": "s"})
    assert secrets.sendgrid_api_key == "SG.key"
    assert "SG.key" not in repr(secrets)


def test_no_secret_is_accepted_in_the_file(tmp_path: Path) -> None:
    message = refused(tmp_path, MINIMAL + "[delivery.sendgrid]\napi_key = 'SG.x'\n")
    assert "unknown key delivery.sendgrid.api_key" in message
