"""Real processes, killed by SIGKILL in the middle of their work, and two working at once."""

import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from publisher.config import Security, SmtpConfig
from publisher.deliver.certificate import Certificate, certificate_of
from publisher.deliver.mailing import Mailing
from publisher.deliver.senders.smtp import Smtp
from tests.deliver.world import planned, subscribe
from tests.servers.sendgrid import Fault, SendGridServer
from tests.servers.smtp import smtp_server

ROOT = Path(__file__).parents[2]
READERS = 120


class Workers:
    """Starts workers on one database and peer, and kills them."""

    def __init__(self, engine: Engine, sender: str, peer: str) -> None:
        self.engine, self.sender, self.peer = engine, sender, peer
        self.started: list[subprocess.Popen[str]] = []

    def start(self, *, ahead: int | None = None) -> subprocess.Popen[str]:
        # each later one has its clock an hour ahead, so that dead ones' leases have run out
        number = len(self.started)
        seconds = 3600 * number if ahead is None else ahead
        database = self.engine.url.render_as_string(hide_password=False)
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.deliver.worker", "--database", database),
                *("--sender", self.sender, "--peer", self.peer),
                *("--owner", f"worker {number}", "--ahead", str(seconds)),
            ],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def finish(self) -> None:
        """Let a last worker do all that is left."""
        out, err = self.start().communicate(timeout=60)
        assert "state='done'" in out, err

    def kill_when(self, moment: threading.Event) -> None:
        """Kill the worker that was started last at this moment."""
        assert moment.wait(30), self.started[-1].communicate()
        self.started[-1].kill()
        self.started[-1].communicate(timeout=30)


def at_mail(number: int) -> tuple[Callable[[], bool], threading.Event]:
    """Return a counter to call at each mail, and what it sets at the given one."""
    moment, count = threading.Event(), Counter[str]()

    def seen() -> bool:
        count["mails"] += 1
        if count["mails"] == number:
            moment.set()
        return count["mails"] == number

    return seen, moment


def all_is_accounted_for(engine: Engine, mailing: Mailing, mailed: Counter[str]) -> Certificate:
    """Nobody twice, nobody lost, every doubt named."""
    found = certificate_of(engine, mailing)
    assert [to for to, times in mailed.items() if times > 1] == []
    assert found.intended == READERS
    assert found.waiting == 0
    doubtful = {reader.email for reader in found.unserved if reader.state == "uncertain"}
    everybody = {f"reader{number}@example.org" for number in range(1, READERS + 1)}
    assert everybody - set(mailed) <= doubtful
    assert len(set(mailed) | doubtful) == READERS
    assert found.accepted + found.uncertain == READERS
    return found


@pytest.fixture
def mailing(engine: Engine) -> Mailing:
    subscribe(engine, READERS)
    return planned(engine)


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_at_any_moment_sendgrid_is_asked_again_only_for_what_it_never_had(
    engine: Engine, mailing: Mailing, sendgrid: SendGridServer, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - a test that can be repeated
    workers = Workers(engine, "sendgrid", sendgrid.url)
    sendgrid.log = seed == 1
    for fault in chance.sample([None, Fault.DROP_ANSWER, Fault.HANG], k=2):
        seen, moment = at_mail(chance.randint(1, 4))
        sendgrid.judge = lambda _, seen=seen, fault=fault: fault if seen() else None  # type: ignore[misc]  # bound now
        workers.start()
        workers.kill_when(moment)
        sendgrid.released.set()
    sendgrid.judge = lambda _: None
    workers.finish()
    found = all_is_accounted_for(engine, mailing, sendgrid.mails)
    assert found.uncertain <= 2 * 10


@pytest.mark.parametrize(("connections", "batch"), [(1, 10), (1, 60), (3, 60)])
def test_killed_in_the_middle_of_a_chunk_smtp_leaves_few_readers_in_doubt(
    engine: Engine, connections: int, batch: int
) -> None:
    subscribe(engine, READERS)
    mailing = planned(engine, batch=batch)
    with smtp_server(pipelining=connections > 1) as server:
        workers = Workers(engine, "smtp", f"{server.port}x{connections}")
        for number in (7, 30):
            seen, moment = at_mail(number)
            server.watch = seen
            workers.start()
            workers.kill_when(moment)
        server.watch = lambda: False
        workers.finish()
        mailed = Counter(to for to, _ in server.mails)
    found = all_is_accounted_for(engine, mailing, mailed)
    settings = SmtpConfig(security=Security.NONE, connections=connections)
    assert found.uncertain <= 2 * Smtp(settings).capabilities.doubt


def test_killed_while_writing_files_nobody_is_in_doubt(
    engine: Engine, mailing: Mailing, tmp_path: Path
) -> None:
    outbox = tmp_path / "outbox"
    workers = Workers(engine, "outbox", str(outbox))
    process = workers.start()
    while len(list(outbox.rglob("*.eml"))) < 25:
        assert process.poll() is None
    process.kill()
    process.communicate()
    workers.finish()
    found = certificate_of(engine, mailing)
    assert (found.accepted, found.intended) == (READERS, READERS)
    assert len(list(outbox.rglob("*.eml"))) == READERS


def test_two_workers_at_once_mail_every_reader_exactly_once(
    engine: Engine, mailing: Mailing, sendgrid: SendGridServer
) -> None:
    # the first request is answered only when a second one is there: both truly work at once
    both = threading.Barrier(2)
    waited: list[bool] = []

    def wait_for_the_other(_: object) -> None:
        if len(waited) < 2:
            waited.append(True)
            both.wait(30)

    sendgrid.judge = wait_for_the_other
    workers = Workers(engine, "sendgrid", sendgrid.url)
    workers.start(ahead=0)
    workers.start(ahead=0)
    outputs = [process.communicate(timeout=60) for process in workers.started]
    assert all("state='done'" in out for out, _ in outputs), outputs
    found = all_is_accounted_for(engine, mailing, sendgrid.mails)
    assert found.accepted == READERS
