"""How fast a mailing goes out through the whole ledger, beside the bare requests.

`python -m benchmarks.send [--readers 100000]`: SQLite, a local SendGrid in a process of
its own, no network beyond loopback. The last line is one JSON object.
"""

import argparse
import json
import multiprocessing
import resource
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sqlalchemy import URL, Engine, select

from publisher.config import SendgridConfig
from publisher.deliver.certificate import counts_of
from publisher.deliver.mailing import Mailing, freeze, plan
from publisher.deliver.sender import Accepted, Message, Recipient, Reference
from publisher.deliver.sendgrid import SendGrid
from publisher.deliver.sending import send_mailing
from publisher.storage.engine import open_url, reading
from publisher.storage.inserts import insert_new
from publisher.storage.schema import lists, subscribers, subscriptions
from tests.servers.sendgrid import KEY

ROOT = Path(__file__).parents[1]
BATCH = 500
HTML_BYTES, TEXT_BYTES = 60_000, 12_000  #: of a newsletter as they are
POSTAL = "Sirocco, 12 rue de la Kasbah, 1008 Tunis, Tunisia"


@dataclass(frozen=True)
class Measured:
    """One step of the work."""

    name: str
    readers: int
    seconds: float
    peak_mb: float  #: of the process that did it, from its start to the end of this step

    @property
    def rate(self) -> float:
        """Readers in a second."""
        return self.readers / self.seconds


def now() -> datetime:
    """Return this moment."""
    return datetime.now(UTC)


def unsubscribe_url(subscriber_id: int, list_name: str) -> str:
    """Return an address as long as a signed one is."""
    return f"https://sirocco.example/unsubscribe/{subscriber_id:x}.{'k' * 64}"


def newsletter() -> Message:
    """Return a mail of the usual weight."""
    line = "<p>The wind came from the south and brought the dust of four countries.</p>\n"
    text = "The wind came from the south and brought the dust of four countries.\n"
    tail = f"%%unsubscribe_url%% {POSTAL}"
    return Message(
        subject="Sirocco 12: The water below",
        html=line * (HTML_BYTES // len(line)) + tail,
        text=text * (TEXT_BYTES // len(text)) + tail,
        from_address="weekly@sirocco.example",
        from_name="Sirocco",
        reply_to="editors@sirocco.example",
        postal=POSTAL,
        list_id="readers.sirocco.example",
        list_name="Sirocco",
        week="2026-W47",
        archive_url="https://sirocco.example/issues/",
    )


def subscribe(path: Path, readers: int) -> None:
    """Fill the list; runs in a process of its own, so that its memory is not counted."""
    engine = open_url(URL.create("sqlite", database=str(path)))
    moment = now()
    with engine.begin() as connection:
        connection.execute(lists.insert().values(id=1, name="readers", created=moment))
    for first in range(1, readers + 1, 10_000):
        numbers = range(first, min(first + 10_000, readers + 1))
        with engine.begin() as connection:
            insert_new(
                connection,
                subscribers,
                [
                    {
                        "id": number,
                        "email": f"reader{number}@example.org",
                        "email_key": f"reader{number}@example.org",
                        "name": f"Reader {number}",
                        "status": "enabled",
                        "created": moment,
                    }
                    for number in numbers
                ],
            )
            membership = {"list_id": 1, "status": "active", "changed": moment}
            rows = [{"subscriber_id": number, **membership} for number in numbers]
            insert_new(connection, subscriptions, rows)
    engine.dispose()


@contextmanager
def local_sendgrid() -> Iterator[str]:
    """Run the local SendGrid as a process and give its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.servers.sendgrid"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout  # noqa: S101 - it was asked for
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


def accepted_by(address: str) -> dict[str, int]:
    """Ask the local SendGrid what it has accepted, and let it forget."""
    request = urllib.request.Request(f"{address}/_accepted", headers={"X-Forget": "yes"})  # noqa: S310 - loopback
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - loopback
        return dict(json.load(answer))


def with_ledger(
    engine: Engine, sender: SendGrid, readers: int, tell: Callable[[Measured], None]
) -> Mailing:
    """Freeze, plan and send as `publisher send` does."""
    began = time.perf_counter()
    mailing = freeze(engine, week="2026-W47", list_name="readers", message=newsletter(), now=now())
    plan(engine, mailing, batch=BATCH, now=now())
    planned = time.perf_counter()
    tell(Measured("plan: every reader written down", readers, planned - began, peak_mb()))
    report = send_mailing(
        engine, mailing, sender, clock=now, unsubscribe_url=unsubscribe_url, owner="benchmark"
    )
    sent = time.perf_counter()
    tell(Measured("send: claim, mark, request, settle", readers, sent - planned, peak_mb()))
    tell(Measured("mailing with the whole ledger", readers, sent - began, peak_mb()))
    assert report.state == "done", report  # noqa: S101 - a wrong figure must not be printed
    return mailing


def bare(engine: Engine, sender: SendGrid, readers: int) -> Measured:
    """Post the same bodies with no ledger, reading the readers page by page."""
    message, last, chunk = newsletter(), 0, 0
    began = time.perf_counter()
    while True:
        with reading(engine) as connection:
            rows = connection.execute(
                select(subscribers.c.id, subscribers.c.email, subscribers.c.name)
                .where(subscribers.c.id > last)
                .order_by(subscribers.c.id)
                .limit(BATCH)
            ).all()
        if not rows:
            break
        last, chunk = rows[-1].id, chunk + 1
        recipients = [
            Recipient(
                email=row.email,
                message_id=f"2026-W47.1.{row.id}@sirocco.example",
                subscriber_id=row.id,
                name=row.name,
                unsubscribe_url=unsubscribe_url(row.id, "readers"),
            )
            for row in rows
        ]
        reference = Reference(mailing=1, chunk=chunk, attempt=1)
        for answer in sender.send(message, recipients, now=now(), reference=reference):
            assert isinstance(answer.outcome, Accepted), answer  # noqa: S101 - as above
    return Measured(
        "the same requests without a ledger", readers, time.perf_counter() - began, peak_mb()
    )


def peak_mb() -> float:
    """Return the most memory this process has ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def main() -> None:
    """Measure, print a table and, as the last line, the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=100_000)
    readers: int = parser.parse_args().readers
    steps: list[Measured] = []
    with tempfile.TemporaryDirectory() as folder, local_sendgrid() as address:
        path = Path(folder) / "publisher.db"
        filling = multiprocessing.get_context("spawn").Process(
            target=subscribe, args=(path, readers)
        )
        filling.start()
        filling.join()
        engine = open_url(URL.create("sqlite", database=str(path)))
        sender = SendGrid(KEY, SendgridConfig(endpoint=address), batch=BATCH)
        mailing = with_ledger(engine, sender, readers, steps.append)
        taken = accepted_by(address)
        counts = counts_of(engine, mailing)
        steps.append(bare(engine, sender, readers))
        engine.dispose()
    whole, without = steps[-2], steps[-1]
    exact = taken["mails"] == counts.accepted == readers and not taken["doubled"]
    console = Console()
    table = Table(title=f"{readers:,} readers, {BATCH} in a request, SQLite")
    for heading in ("step", "seconds", "readers/s", "peak MB"):
        table.add_column(heading, justify="left" if heading == "step" else "right")
    for step in steps:
        table.add_row(step.name, f"{step.seconds:.2f}", f"{step.rate:,.0f}", f"{step.peak_mb:.0f}")
    console.print(table)
    console.print(
        f"with the ledger: {whole.rate / without.rate:.2f} of the bare requests' speed;"
        f" every reader exactly once: {'yes' if exact else 'NO'}"
    )
    figures = {
        "readers": readers,
        "readers_per_s": round(whole.rate),
        "peak_mb": round(whole.peak_mb, 1),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
