"""How fast mails of 40 KB leave by SMTP with the whole ledger, beside the bare ways.

`python -m benchmarks.smtp [--readers 4000] [--rounds 5] [--connections 10]`: SQLite in a
file, into postfix's smtp-sink on loopback. Rounds take turns: ours, smtplib's one kept
connection in a plain loop over finished bytes, postfix's own smtp-source with as many
kept connections as ours. The last line is one JSON object.
"""

import argparse
import json
import os
import re
import shutil
import smtplib
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sqlalchemy import URL, Engine

from publisher.config import Security, SmtpConfig
from publisher.deliver import letter_to
from publisher.deliver.certificate import counts_of
from publisher.deliver.mailing import Mailing, freeze, plan
from publisher.deliver.sender import Message
from publisher.deliver.senders.mime import frame, splice
from publisher.deliver.senders.smtp import BATCH, Smtp
from publisher.deliver.sending import send_mailing
from publisher.storage.engine import open_url
from publisher.storage.inserts import insert_new
from publisher.storage.schema import lists, subscribers, subscriptions

ROOT = Path(__file__).parents[1]
MAIL_BYTES = 40 * 1024
POSTAL = "Sirocco, 12 rue de la Kasbah, 1008 Tunis, Tunisia"
WAYS = ("ours", "smtplib", "smtp-source")


def now() -> datetime:
    """Return this moment."""
    return datetime.now(UTC)


def unsubscribe_url(subscriber_id: int, _list: str) -> str:
    """Return an address as long as a signed one is."""
    return f"https://sirocco.example/unsubscribe/{subscriber_id:08x}{'k' * 40}"


def newsletter() -> Message:
    """Return a mail that is 40 KB on the wire."""
    line = "<p>The wind came from the south and brought dust.</p>\n"
    tail = f'<a href="%%unsubscribe_url%%">Leave</a> {POSTAL}'

    def made(lines: int) -> Message:
        return Message(
            subject="Sirocco 12: The water below",
            html=line * lines + tail,
            text=f"The wind came from the south.\n%%unsubscribe_url%%\n{POSTAL}\n",
            from_address="weekly@sirocco.example",
            from_name="Sirocco",
            reply_to="editors@sirocco.example",
            postal=POSTAL,
            list_id="readers.sirocco.example",
            list_name="Sirocco",
            week="2026-W47",
            archive_url="https://sirocco.example/issues/",
        )

    short = len(one_mail(made(0)))
    return made((MAIL_BYTES - short) // (len(one_mail(made(1))) - short))


def one_mail(message: Message) -> bytes:
    """Return the mail as one reader gets it."""
    reader = letter_to(
        message,
        "reader1234@example.org",
        now=now(),
        name="Reader 1234",
        unsubscribe_url=unsubscribe_url(1234, ""),
    )
    return splice(frame(message, now()), reader)


def subscribe(engine: Engine, readers: int) -> None:
    """Fill the list."""
    moment = now()
    with engine.begin() as connection:
        connection.execute(lists.insert().values(id=1, name="readers", created=moment))
        people = [
            {
                "id": number,
                "email": f"reader{number}@example.org",
                "email_key": f"reader{number}@example.org",
                "name": f"Reader {number}",
                "status": "enabled",
                "created": moment,
            }
            for number in range(1, readers + 1)
        ]
        insert_new(connection, subscribers, people)
        membership = {"list_id": 1, "status": "active", "changed": moment}
        rows = [{"subscriber_id": person["id"], **membership} for person in people]
        insert_new(connection, subscriptions, rows)


@contextmanager
def mail_sink(log: Path) -> Iterator[int]:
    """Run smtp-sink, or a simple one of our own where postfix is not installed; give its port.

    Both write into `log` how many mails they have taken.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "benchmarks.sink", str(port)]
    if found := shutil.which("smtp-sink", path=_path()):
        as_user = ["-u", "nobody"] if os.geteuid() == 0 else []
        command = [found, *as_user, "-c", f"127.0.0.1:{port}", "200"]
    with log.open("wb") as counts:
        process = subprocess.Popen(command, cwd=ROOT, stdout=counts)
        try:
            for _ in range(100):
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=5).close()
                    break
                except ConnectionRefusedError:
                    time.sleep(0.05)
            yield port
        finally:
            process.terminate()
            process.wait()


def taken_by_sink(log: Path) -> int:
    """Return how many mails the sink says it has taken."""
    return int(re.findall(rb"mesg=(\d+)", log.read_bytes()[-200:])[-1])


def send_some(engine: Engine, mailing: Mailing, sender: Smtp, readers: int) -> None:
    """Mail so many more readers through the whole ledger."""
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


def loop_with_smtplib(port: int, mail: bytes, mails: int) -> None:
    """Send as a plain script would: one connection kept, the bytes finished beforehand."""
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as connection:
        for number in range(mails):
            connection.sendmail("weekly@sirocco.example", [f"reader{number}@example.org"], mail)


def run_smtp_source(port: int, size: int, mails: int, connections: int) -> None:
    """Send with postfix's own load generator; -d keeps its connections."""
    command = [
        shutil.which("smtp-source", path=_path()) or "smtp-source",
        "-d",
        *("-s", str(connections), "-l", str(size), "-m", str(mails)),
        *("-f", "weekly@sirocco.example", "-t", "reader@example.org", f"127.0.0.1:{port}"),
    ]
    subprocess.run(command, check=True, timeout=600)


def measure(
    engine: Engine, port: int, *, readers: int, rounds: int, connections: int
) -> dict[str, list[float]]:
    """Return mails a second of every round, by way; planning is part of ours."""
    message = newsletter()
    mail = one_mail(message)
    config = SmtpConfig(
        host="127.0.0.1", port=port, security=Security.NONE, connections=connections
    )
    began = time.perf_counter()
    mailing = freeze(engine, week="2026-W47", list_name="readers", message=message, now=now())
    plan(engine, mailing, batch=BATCH, now=now())
    planning = (time.perf_counter() - began) / rounds
    rates: dict[str, list[float]] = {way: [] for way in WAYS}
    sender = Smtp(config)
    for _ in range(rounds):
        began = time.perf_counter()
        send_some(engine, mailing, sender, readers)
        rates["ours"].append(readers / (time.perf_counter() - began + planning))
        began = time.perf_counter()
        loop_with_smtplib(port, mail, readers)
        rates["smtplib"].append(readers / (time.perf_counter() - began))
        if shutil.which("smtp-source", path=_path()):
            began = time.perf_counter()
            run_smtp_source(port, len(mail), readers, connections)
            rates["smtp-source"].append(readers / (time.perf_counter() - began))
    counted = counts_of(engine, mailing)
    # a figure of a mailing that lost somebody must not be printed
    assert counted.accepted == counted.intended == readers * rounds, counted  # noqa: S101
    return rates


def median(rates: Sequence[float]) -> int | None:
    """Return the round in the middle; None if nothing was measured."""
    return round(statistics.median(rates)) if rates else None


def main() -> None:
    """Measure, print a table and, as the last line, the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=4000, help="in a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=10)
    asked = parser.parse_args()
    readers = -(-asked.readers // BATCH) * BATCH
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "sink"
        with mail_sink(log) as port:
            engine = open_url(URL.create("sqlite", database=str(Path(folder) / "publisher.db")))
            subscribe(engine, readers * asked.rounds)
            rates = measure(
                engine, port, readers=readers, rounds=asked.rounds, connections=asked.connections
            )
            engine.dispose()
        taken = taken_by_sink(log)
    sent = readers * sum(len(rounds) for rounds in rates.values())
    figures = {way: median(rates[way]) for way in WAYS}
    ours = figures["ours"] or 0
    names = {
        "ours": f"publisher, ledger in SQLite, {asked.connections} connections",
        "smtplib": "smtplib, one connection, finished bytes, no ledger",
        "smtp-source": f"postfix's smtp-source, {asked.connections} connections, no ledger",
    }
    console = Console()
    where = "smtp-sink" if shutil.which("smtp-sink", path=_path()) else "a sink of our own"
    title = f"{asked.rounds} x {readers:,} mails of {MAIL_BYTES // 1024} KB into {where}"
    table = Table(title=title)
    for heading in ("way", "mails/s", "slowest", "fastest", "ours is"):
        table.add_column(heading, justify="left" if heading == "way" else "right")
    for way in WAYS:
        found = figures[way]
        if found is None:
            table.add_row(names[way], "not installed", "", "", "")
            continue
        spread = (f"{min(rates[way]):,.0f}", f"{max(rates[way]):,.0f}")
        table.add_row(names[way], f"{found:,}", *spread, f"{ours / found:.2f}")
    console.print(table)
    console.print(f"the sink took {taken:,} of {sent:,} mails")
    print(
        json.dumps(
            {
                "messages_per_s": ours,
                "smtplib_per_s": figures["smtplib"],
                "smtp_source_per_s": figures["smtp-source"],
            }
        )
    )
    if taken != sent:
        sys.exit(1)


def _path() -> str:
    # Debian keeps them where only the administrator's PATH leads
    return os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])


if __name__ == "__main__":
    main()
