"""publisher bounces, as operators and mail servers call it."""

import mailbox
import os
import re
import subprocess
import sys
import tomllib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, select

from publisher.audience.tokens import Tokens
from publisher.config import Bounces, Secrets
from publisher.storage.schema import events, subscribers, suppressions
from publisher.storage.settings import signing_keys
from publisher.tables import read
from tests.cli.conftest import Run, said_json

ROOT = Path(__file__).parent.parent.parent
SAMPLES = ROOT / "tests" / "deliver" / "feedback" / "reports"
READER = "ada@example.org"


def engine_of(folder: Path) -> Engine:
    return create_engine(f"sqlite:///{folder / 'publisher.db'}")


def bounce(folder: Path, name: str = "exim-old") -> bytes:
    """Return a bounce about a letter to the reader, proved by her link to unsubscribe."""
    engine = engine_of(folder)
    with engine.connect() as connection:
        id = connection.scalar(select(subscribers.c.id).where(subscribers.c.email == READER))
    link = Tokens(signing_keys(engine, Secrets())).unsubscribe(id or 0, "readers")
    engine.dispose()
    text = (SAMPLES / f"{name}.eml").read_text(encoding="utf-8")
    text = text.replace("%MARK%", "x").replace("%LINK%", link)
    # she was added just now, and what was written before that would not count
    soon = format_datetime(datetime.now(UTC) + timedelta(minutes=1))
    return re.sub(r"(?m)^Date: .*", f"Date: {soon}", text, count=1).encode()


def suppressed(folder: Path) -> list[str]:
    engine = engine_of(folder)
    with engine.connect() as connection:
        found = list(connection.scalars(select(suppressions.c.reason)))
    engine.dispose()
    return found


@pytest.fixture
def readers(run: Run, gazette: Path) -> Path:
    """A publication with one reader."""
    added = run("subscribers", "add", READER)
    assert added.exit_code == 0, added.output
    return gazette


@pytest.fixture
def box(readers: Path) -> mailbox.Maildir:
    """Its mailbox of bounces, configured."""
    made = mailbox.Maildir(readers / "bounces", create=True)
    file = readers / "publication.toml"
    text = file.read_text()
    file.write_text(f'{text}\n[delivery.bounces]\nkind = "maildir"\npath = "bounces"\n')
    return made


def test_the_mailbox_is_read_and_told_of(run: Run, readers: Path, box: mailbox.Maildir) -> None:
    box.add(bounce(readers))
    box.add(bounce(readers, "person"))
    dry = run("bounces", "--dry-run")
    assert "Nothing was changed" in dry.output
    assert suppressed(readers) == []
    done = run("bounces")
    assert done.exit_code == 0, done.output
    assert "2 mails read" in done.output
    assert "1 bounced for good" in done.output
    assert "My mail could not be delivered: neither a bounce nor a complaint" in done.output
    assert "1 addresses are mailed no more" in done.output
    assert suppressed(readers) == ["bounced"]
    assert "1 passed by" in run("bounces").output
    assert said_json(run("bounces", "--again", "--json"))["counts"] == {"unknown": 1}


def test_a_saved_mail_can_be_read_from_its_file(run: Run, readers: Path) -> None:
    file = readers / "saved.eml"
    file.write_bytes(bounce(readers, "jmrp-old"))
    assert "1 complained of as spam" in run("bounces", str(file)).output
    assert "1 known already" in run("bounces", str(file)).output
    assert file.exists()
    assert suppressed(readers) == ["complained"]


def test_without_a_mailbox_the_operator_learns_how_to_have_one(run: Run, readers: Path) -> None:
    told = run("bounces")
    assert told.exit_code == 1
    assert "set kind in [delivery.bounces]" in told.output


def piped(folder: Path, mail: bytes, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Hand a mail over as a mail server does, in a process of its own."""
    command = [sys.executable, "-m", "publisher", "-C", str(folder), "bounces", "--pipe"]
    kept = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(command, input=mail, capture_output=True, env=kept, check=False)


def test_a_mail_server_hands_a_bounce_over(readers: Path) -> None:
    done = piped(readers, bounce(readers) + b"x" * 5_000_000)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert suppressed(readers) == ["bounced"]
    # what nobody understands is kept, for there is no mailbox that it could stay in
    assert piped(readers, b"Subject: hello\n\nis anybody there?\n").returncode == 0
    engine = engine_of(readers)
    with engine.connect() as connection:
        assert any("anybody" in raw for raw in connection.scalars(select(events.c.raw)))
    engine.dispose()


@pytest.mark.parametrize("url", ["postgresql://nobody@127.0.0.1:1/none", "nonsense"])
def test_the_mail_server_keeps_the_mail_while_the_database_is_away(readers: Path, url: str) -> None:
    done = piped(readers, bounce(readers), DATABASE_URL=url)
    assert done.returncode == os.EX_TEMPFAIL == 75
    assert b"the mail is not taken yet" in done.stderr
    assert suppressed(readers) == []


def test_so_it_does_while_the_publication_is_not_there(tmp_path: Path) -> None:
    assert piped(tmp_path, b"Subject: x\n\n").returncode == 75


GUIDE = (ROOT / "docs" / "bounces.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("block", re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL))
def test_the_settings_in_the_guide_are_right(block: str) -> None:
    table = tomllib.loads(block)["delivery"].get("bounces", {})
    assert read(Bounces, table, file="docs/bounces.md") or not table


def test_the_guide_names_every_kind_of_mailbox_and_option(run: Run) -> None:
    for kind in ("maildir", "mbox", "imap", "pop3"):
        assert f'kind = "{kind}"' in GUIDE
    help_text = run("bounces", "--help").output
    for option in set(re.findall(r"bounces (--[a-z-]+)", GUIDE)):
        assert option in help_text
