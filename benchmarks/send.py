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
from collections.abc import Iterator
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
ROUNDS = 4
HTML_BYTES, TEXT_BYTES = 60_000, 12_000  #: of a newsletter as they are
POSTAL = "Sirocco, 12 rue de la Kasbah, 1008 Tunis, Tunisia"


@dataclass(frozen=True)
class Measured:
    """One step of the work."""

    name: str
    readers: int
    seconds: float
    peak_mb: float = 0.0  #: of the process that did it, from its start on

    @property
    def rate(self) -> float:
        """Readers in a second."""
        return self.readers / self.seconds


def now() -> datetime:
    """Return this moment."""
    return datetime.now(UTC)


def unsubscribe_url(subscriber_id: int, _list: str) -> str:
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


def write_down(engine: Engine) -> Mailing:
    """Freeze the mail and plan its readers, as `publisher send` does."""
    mailing = freeze(engine, week="2026-W47", list_name="readers", message=newsletter(), now=now())
    plan(engine, mailing, batch=BATCH, now=now())
    return mailing


def send_some(engine: Engine, mailing: Mailing, sender: SendGrid, readers: int) -> None:
    """Send to so many more readers through the whole ledger."""
    settled: list[int] = []
    report = send_mailing(
        engine,
        mailing,
        sender,
        clock=now,
        unsubscribe_url=unsubscribe_url,
        owner="benchmark",
        progress=lambda progress: settled.append(progress.settled),
        stop=lambda: settled[-1] - settled[0] >= readers,
    )
    # a figure of a mailing that stopped must not be printed
    assert report.state in ("sending", "done"), report  # noqa: S101


def post_some(engine: Engine, sender: SendGrid, readers: int, after: int) -> int:
    """Post the same requests for so many readers with no ledger; return the last one's number."""
    message, last = newsletter(), after
    while last < after + readers:
        with reading(engine) as connection:
            rows = connection.execute(
                select(subscribers.c.id, subscribers.c.email, subscribers.c.name)
                .where(subscribers.c.id > last)
                .order_by(subscribers.c.id)
                .limit(BATCH)
            ).all()
        if not rows:
            break
        last = rows[-1].id
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
        reference = Reference(mailing=1, chunk=last, attempt=1)
        for answer in sender.send(message, recipients, now=now(), reference=reference):
            assert isinstance(answer.outcome, Accepted), answer  # noqa: S101 - as above
    return last


def measure(engine: Engine, address: str, readers: int) -> tuple[list[Measured], bool]:
    """Take turns between the ledger and the bare requests, so that both meet the same machine.

    Also tells whether the local SendGrid and the ledger agree on every reader.
    """
    sender = SendGrid(KEY, SendgridConfig(endpoint=address), batch=BATCH)
    began = time.perf_counter()
    mailing = write_down(engine)
    planning = time.perf_counter() - began
    seconds, taken, doubled, last = {"send": 0.0, "bare": 0.0}, 0, 0, 0
    share = -(-readers // ROUNDS // BATCH) * BATCH
    for _ in range(ROUNDS):
        began = time.perf_counter()
        send_some(engine, mailing, sender, share)
        sent = time.perf_counter()
        accepted = accepted_by(address)
        taken, doubled = taken + accepted["mails"], doubled + accepted["doubled"]
        began_bare = time.perf_counter()
        last = post_some(engine, sender, share, last)
        seconds["send"] += sent - began
        seconds["bare"] += time.perf_counter() - began_bare
        accepted_by(address)
    peak = peak_mb()
    steps = [
        Measured("plan: every reader written down", readers, planning),
        Measured("send: claim, mark, request, settle", readers, seconds["send"]),
        Measured("mailing with the whole ledger", readers, planning + seconds["send"], peak),
        Measured("the same requests without a ledger", readers, seconds["bare"]),
    ]
    exact = taken == counts_of(engine, mailing).accepted == readers and not doubled
    return steps, exact


def peak_mb() -> float:
    """Return the most memory this process has ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def main() -> None:
    """Measure, print a table and, as the last line, the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=100_000)
    readers: int = parser.parse_args().readers
    with tempfile.TemporaryDirectory() as folder, local_sendgrid() as address:
        path = Path(folder) / "publisher.db"
        spawning = multiprocessing.get_context("spawn")
        filling = spawning.Process(target=subscribe, args=(path, readers))
        filling.start()
        filling.join()
        engine = open_url(URL.create("sqlite", database=str(path)))
        steps, exact = measure(engine, address, readers)
        engine.dispose()
    whole, bare = steps[-2:]
    console = Console()
    table = Table(title=f"{readers:,} readers, {BATCH} in a request, SQLite")
    for heading in ("step", "seconds", "readers/s"):
        table.add_column(heading, justify="left" if heading == "step" else "right")
    for step in steps:
        table.add_row(step.name, f"{step.seconds:.2f}", f"{step.rate:,.0f}")
    console.print(table)
    console.print(f"with the ledger: {whole.rate / bare.rate:.2f} of the bare requests' speed")
    console.print(f"most memory of the sending process: {whole.peak_mb:.0f} MB")
    console.print(f"every reader exactly once, by both sides' books: {'yes' if exact else 'NO'}")
    figures = {
        "readers": readers,
        "readers_per_s": round(whole.rate),
        "peak_mb": round(whole.peak_mb, 1),
    }
    print(json.dumps(figures))
    if not exact:
        sys.exit(1)


if __name__ == "__main__":
    main()
