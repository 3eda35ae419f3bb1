"""`publisher worker`: real processes that share a mailing, end in peace and die in the middle."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from publisher.config import Publication
from publisher.deliver.certificate import certificate_of
from publisher.deliver.mailing import Mailing
from publisher.storage.schema import mailings
from tests.deliver.world import planned, subscribe
from tests.servers.sendgrid import KEY, Fault, SendGridServer, sendgrid_server

ROOT = Path(__file__).parents[2]
READERS = 60


@pytest.fixture
def sendgrid() -> Iterator[SendGridServer]:
    with sendgrid_server() as server:
        yield server


@pytest.fixture
def newsroom(publication: Publication, sendgrid: SendGridServer) -> Path:
    """A publication that mails through the SendGrid of these tests."""
    path = publication.root / "publication.toml"
    text = re.sub(r'(?m)^sender = "outbox"', 'sender = "sendgrid"', path.read_text())
    path.write_text(f'{text}\n[delivery.sendgrid]\nendpoint = "{sendgrid.url}"\n')
    return publication.root


@pytest.fixture
def mailing(engine: Engine) -> Mailing:
    """Sixty readers in twelve chunks, going out."""
    subscribe(engine, READERS)
    mailing = planned(engine, batch=5)
    with engine.begin() as connection:
        connection.execute(update(mailings).values(state="sending"))
    return mailing


@contextmanager
def working(folder: Path, database_url: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "publisher", "-C", str(folder), "worker"],
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": database_url,
            "SENDGRID_API_KEY": KEY,
            "COLUMNS": "200",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        try:
            assert process.stdout
            for line in process.stdout:
                if "ready" in line:
                    break
            yield process
        finally:
            process.kill()


def ended(process: subprocess.Popen[str]) -> str:
    """Ask a worker to end; return what it had to say."""
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert "Traceback" not in said
    return said


def at_request(number: int) -> tuple[Callable[[object], bool], threading.Event]:
    """Return a counter of requests, and what it sets at the given one."""
    moment, lock, seen = threading.Event(), threading.Lock(), [0]

    def count(_: object) -> bool:
        with lock:
            seen[0] += 1
            if seen[0] == number:
                moment.set()
            return seen[0] == number

    return count, moment


def test_two_workers_share_a_mailing_and_no_reader_is_mailed_twice(
    newsroom: Path, engine: Engine, database_url: str, mailing: Mailing, sendgrid: SendGridServer
) -> None:
    both, done = threading.Barrier(2), threading.Event()
    waited: list[bool] = []
    _count, lock = [0], threading.Lock()

    def wait_for_the_other(body: dict[str, list[object]]) -> None:
        if len(waited) < 2:
            waited.append(True)
            both.wait(60)  # the first request is answered only when a second one is there
        with lock:
            _count[0] += len(body["personalizations"])
            if _count[0] == READERS:
                done.set()

    sendgrid.judge = wait_for_the_other
    with ExitStack() as stack:
        workers = [stack.enter_context(working(newsroom, database_url)) for _ in range(2)]
        assert done.wait(90)
        for process in workers:
            ended(process)
    found = certificate_of(engine, mailing)
    assert (found.accepted, found.state) == (READERS, "done")
    assert sendgrid.doubled == []


def test_told_to_end_a_worker_finishes_the_chunk_at_hand(
    newsroom: Path, engine: Engine, database_url: str, mailing: Mailing, sendgrid: SendGridServer
) -> None:
    there, go_on = threading.Event(), threading.Event()

    def hold(_: object) -> None:
        there.set()
        go_on.wait(60)

    sendgrid.judge = hold
    with working(newsroom, database_url) as process:
        assert there.wait(60)
        process.send_signal(signal.SIGTERM)
        go_on.set()
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 0, said
    found = certificate_of(engine, mailing)
    assert (found.accepted, found.uncertain, found.waiting) == (5, 0, READERS - 5)


def test_what_a_killed_worker_left_is_taken_up_without_an_operator(
    newsroom: Path, engine: Engine, database_url: str, mailing: Mailing, sendgrid: SendGridServer
) -> None:
    third, moment = at_request(3)
    sendgrid.judge = lambda body: Fault.DROP_ANSWER if third(body) else None
    with working(newsroom, database_url) as process:
        assert moment.wait(60)
        process.kill()
        process.communicate(timeout=30)
    last, done = at_request(9)

    def note_last(body: dict[str, object]) -> None:
        last(body)

    sendgrid.judge = note_last
    with working(newsroom, database_url) as process:
        assert done.wait(90)
        ended(process)
    found = certificate_of(engine, mailing)
    assert sendgrid.doubled == []
    assert len(sendgrid.mails) == found.accepted + found.uncertain
    assert found.intended == READERS
    assert found.uncertain <= 5
