"""The whole circle: `publisher run` mails through SendGrid, hears what became of it, and proves it."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, update

from publisher.audience.subscribers import Subscription, find
from publisher.config import Publication
from publisher.deliver.certificate import counts_of
from publisher.rehearsal.events import Behaviour
from publisher.rehearsal.webhook import Habits, WebhookSender, new_key, shown_key
from publisher.storage.schema import mailings
from tests.deliver.world import planned, subscribe
from tests.road.test_run import free_port, running
from tests.servers.sendgrid import KEY, Fault, SendGridServer, sendgrid_server

ROOT = Path(__file__).parents[2]
READERS = 40


def reader(number: int) -> str:
    return f"reader{number}@example.org"


FATES = {reader(number): "delivered" for number in range(1, READERS + 1)} | {
    reader(2): "bounced",
    reader(3): "delivered+complained",
    reader(4): "delivered+unsubscribed",
    reader(5): "delivered+opened+clicked",
    reader(6): "blocked",
}


@pytest.fixture
def sendgrid() -> Iterator[SendGridServer]:
    with sendgrid_server() as server:
        server.behaviour = Behaviour(fates=FATES)
        yield server


@pytest.fixture
def newsroom(
    publication: Publication, sendgrid: SendGridServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Path, int]]:
    """A publication and its port; SendGrid's webhook posts there, doubled and out of order."""
    key, port = new_key(), free_port()
    path = publication.root / "publication.toml"
    text = re.sub(r'(?m)^sender = "outbox"', 'sender = "sendgrid"', path.read_text())
    text += (
        f'\n[delivery.sendgrid]\nendpoint = "{sendgrid.url}"\nwebhook_key = "{shown_key(key)}"\n'
    )
    path.write_text(text)
    monkeypatch.setenv("SENDGRID_API_KEY", KEY)
    url = f"http://127.0.0.1:{port}/webhooks/sendgrid"
    webhook = WebhookSender(url, key, habits=Habits(batch=7, doubled=0.5))
    sendgrid.webhook = webhook
    yield publication.root, port
    webhook.close()


def report(folder: Path, database_url: str) -> dict[str, Any]:
    said = subprocess.run(
        [sys.executable, "-m", "publisher", "-C", str(folder), "report", "2026-W47", "--json"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database_url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    return dict(json.loads(said.stdout))


def wait_for(what: str, done: Any) -> None:
    """Give another process the time it needs."""
    end = time.monotonic() + 60
    while not done():
        assert time.monotonic() < end, f"{what} never came"


def test_what_sendgrid_tells_settles_a_doubt_and_is_in_the_report(
    newsroom: tuple[Path, int],
    engine: Engine,
    database_url: str,
    sendgrid: SendGridServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder, port = newsroom
    monkeypatch.setenv("DATABASE_URL", database_url)
    subscribe(engine, READERS)
    mailing = planned(engine, batch=10)
    with engine.begin() as connection:
        connection.execute(update(mailings).values(state="sending"))
    sendgrid.faults = [Fault.DROP_ANSWER]
    with running(folder, port, database_url) as process:
        wait_for("the certificate", lambda: counts_of(engine, mailing).accepted == READERS)
        assert sendgrid.webhook
        told = sendgrid.webhook.flush()
        assert told.given_up == 0

        def gone() -> bool:
            with engine.connect() as connection:
                four = find(connection, reader(4), "readers")
            return bool(four and four.subscription is Subscription.UNSUBSCRIBED)

        wait_for("the unsubscribing", gone)
        assert process.poll() is None
    assert sendgrid.doubled == []
    found = report(folder, database_url)
    assert (found["certificate"]["accepted"], found["certificate"]["uncertain"]) == (READERS, 0)
    text = json.dumps(found)
    assert '"bounced": 1' in text
    assert '"complained": 1' in text
    assert '"unsubscribed": 1' in text
