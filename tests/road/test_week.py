"""A week of a newsroom, in two processes that share a database: nothing happens twice."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from publisher.audience import changes
from publisher.config import Publication, Secrets, load_publication
from publisher.deliver import make_sender
from publisher.pipeline import record as records
from publisher.pipeline import steps
from publisher.pipeline.approving import approve
from publisher.pipeline.desk import Desk
from publisher.pipeline.performing import perform
from publisher.pipeline.sending import send_issue
from publisher.pipeline.states import State
from tests.pipeline.conftest import W47, write_article
from tests.servers.sendgrid import KEY, Fault, SendGridServer, sendgrid_server

ROOT = Path(__file__).parent.parent.parent
READERS = [f"reader{n}@example.org" for n in range(40)]


@dataclass
class Newsroom:
    """A publication that mails through the local SendGrid."""

    folder: Path
    environment: dict[str, str]
    sendgrid: SendGridServer
    engine: Engine

    def live(self, *moments: str, processes: int = 2) -> str:
        """Let processes live through the same moments together; return what they did."""
        command = [sys.executable, "-m", "tests.road.newsroom", str(self.folder)]
        said = []
        with ExitStack() as stack:
            running = [
                stack.enter_context(
                    subprocess.Popen(
                        command,
                        cwd=ROOT,
                        env=self.environment,
                        stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE,
                        text=True,
                    )
                )
                for _ in range(processes)
            ]
            for moment in moments:
                for process in running:
                    assert process.stdin
                    process.stdin.write(f"{moment}\n")
                    process.stdin.flush()
                for process in running:
                    assert process.stdout
                    said += list(iter(process.stdout.readline, "done\n"))
        assert all(process.returncode == 0 for process in running)
        return "".join(said)

    def desk(self) -> Desk:
        """Open it as an operator would."""
        publication, secrets = load_publication(self.folder), Secrets(sendgrid_api_key=KEY)
        return Desk(
            publication=publication,
            secrets=secrets,
            engine=self.engine,
            sender=lambda: make_sender(publication, secrets),
            clock=lambda: at("2026-11-21T07:00"),
        )

    def record(self) -> records.Record:
        """Look at the issue's row."""
        return records.get(self.engine, W47)

    @property
    def readers_mailed(self) -> dict[str, int]:
        """How often each reader was mailed."""
        return {e: n for e, n in self.sendgrid.mails.items() if e.startswith("reader")}


@pytest.fixture
def newsroom(publication: Publication, engine: Engine, database_url: str) -> Iterator[Newsroom]:
    """A newsroom with two articles and forty readers."""
    with sendgrid_server() as sendgrid:
        file = publication.root / "publication.toml"
        text = file.read_text()
        text = text.replace('sender = "outbox"', 'sender = "sendgrid"\nbatch = 10')
        text = re.sub(r"(?m)^make = .*", 'make = ["email", "web"]', text)
        text += f'\n[delivery.sendgrid]\nendpoint = "{sendgrid.url}"\n'
        file.write_text(text)
        for slug in ("salt-and-stone", "rain-at-last"):
            write_article(publication, slug)
        with engine.begin() as connection:
            for email in READERS:
                changes.add(connection, email, list_name="readers", now=at("2026-11-16T06:00"))
        secrets = {"SENDGRID_API_KEY": KEY, "DATABASE_URL": database_url}
        yield Newsroom(publication.root, {**os.environ, **secrets}, sendgrid, engine)


def at(text: str) -> datetime:
    """Read a moment in Tunis."""
    return datetime.fromisoformat(f"{text}:00+01:00")


MONDAY, FRIDAY = "2026-11-16T05:30:00+01:00", "2026-11-20T07:00:00+01:00"
SATURDAY = "2026-11-21T07:00:00+01:00"


def approve_now(newsroom: Newsroom) -> None:
    approve(newsroom.desk(), W47, by="ada")


def test_a_week_runs_by_itself_and_every_reader_is_mailed_once(newsroom: Newsroom) -> None:
    said = newsroom.live(MONDAY, FRIDAY)
    assert said.count("2026-W47 draft: ") == 1
    assert newsroom.record().state is State.RENDERED
    assert newsroom.sendgrid.mails["editors@sirocco.example"] == 1
    approve_now(newsroom)
    said = newsroom.live(SATURDAY, "2026-11-21T07:00:30+01:00", "2026-11-21T08:00:00+01:00")
    assert said.count("send: 2026-W47 to readers: 40 of 40 accepted") == 1
    assert newsroom.readers_mailed == dict.fromkeys(READERS, 1)
    assert newsroom.record().state is State.SENT


def test_a_clock_set_back_and_forth_sends_nothing_twice(newsroom: Newsroom) -> None:
    newsroom.live(MONDAY, FRIDAY, processes=1)
    approve_now(newsroom)
    newsroom.live(SATURDAY, MONDAY, FRIDAY, SATURDAY, "2026-11-28T07:00:00+01:00", SATURDAY)
    assert newsroom.readers_mailed == dict.fromkeys(READERS, 1)


def test_an_issue_nobody_approved_waits_and_its_editors_are_reminded_once(
    newsroom: Newsroom,
) -> None:
    newsroom.live(FRIDAY, SATURDAY, "2026-11-21T09:00:00+01:00")
    assert newsroom.readers_mailed == {}
    assert newsroom.sendgrid.mails["editors@sirocco.example"] == 2  # the draft, one reminder
    approve_now(newsroom)
    newsroom.live("2026-11-21T10:00:00+01:00")
    assert newsroom.readers_mailed == dict.fromkeys(READERS, 1)


def test_beyond_the_grace_period_the_issue_is_held_and_says_so(newsroom: Newsroom) -> None:
    newsroom.live(FRIDAY, processes=1)
    approve_now(newsroom)
    newsroom.live("2026-11-21T20:00:00+01:00", "2026-11-21T20:01:00+01:00")
    assert newsroom.readers_mailed == {}
    assert newsroom.record().state is State.HELD
    assert newsroom.record().reason == "it was not sent within 12 hours of its time"
    assert newsroom.sendgrid.mails["editors@sirocco.example"] == 2  # the draft, the bad news


def test_a_wrong_key_holds_the_issue_with_a_sentence_and_loses_nobody(newsroom: Newsroom) -> None:
    newsroom.live(FRIDAY, processes=1)
    approve_now(newsroom)
    newsroom.sendgrid.judge = lambda _: Fault.UNAUTHORIZED
    newsroom.live(SATURDAY)
    assert newsroom.record().state is State.HELD
    assert "SENDGRID_API_KEY" in newsroom.record().reason
    newsroom.sendgrid.judge = lambda _: None
    records.move(newsroom.engine, W47, State.SENDING, now=at("2026-11-21T08:00"), who="ada")
    assert send_issue(newsroom.desk(), W47).accepted == 40
    assert newsroom.readers_mailed == dict.fromkeys(READERS, 1)


def test_an_empty_week_is_left_alone(newsroom: Newsroom) -> None:
    for path in (newsroom.folder / "issues" / "inbox").glob("*.md"):
        path.unlink()
    said = newsroom.live(FRIDAY, SATURDAY, processes=1)
    assert "draft: no articles this week" in said
    assert records.all_records(newsroom.engine) == []


def test_each_step_and_its_result_are_on_the_record(newsroom: Newsroom) -> None:
    newsroom.live(FRIDAY, processes=1)
    found = {step.name: step.result for step in steps.of_week(newsroom.engine, W47)}
    assert "rendered" in found["draft"]


def test_a_process_told_to_stop_gives_the_rest_to_the_next(newsroom: Newsroom) -> None:
    newsroom.live(FRIDAY, processes=1)
    approve_now(newsroom)
    asked = iter([False, False, True])
    stopped = replace(newsroom.desk(), who="stopped", stopping=lambda: next(asked, True))
    assert perform(stopped, W47, "send") == ""
    assert 0 < len(newsroom.readers_mailed) < len(READERS)
    newsroom.live(SATURDAY, processes=1)
    assert newsroom.readers_mailed == dict.fromkeys(READERS, 1)
    assert newsroom.record().state is State.SENT
