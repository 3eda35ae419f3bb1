"""How fast SendGrid's events are taken in, and whether everything is known exactly afterwards.

`python -m benchmarks.events [--events 3000000]`: the whole road. POSTs over HTTP on
loopback to the web server as `publisher run` starts it; there the signature is verified,
the events are stored; and they are interpreted into receipts, clicks, evidence and
suppressions: on SQLite by a thread of the same process, on PostgreSQL by a process of
its own, as `publisher worker` does. The clock runs from the first POST until the last
event is interpreted. Bodies and signatures are made before.

Both databases wait for the disk at every commit (SQLite: synchronous = FULL). SendGrid's
part is played on the same machine. A third of the events are doubles. The last line is one JSON object; its rate is the
smallest of those measured. Ends with 1 if anything that is known then differs from what
the inventor of the events expects.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import astuple, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from multiprocessing.synchronize import Event as Flag
from pathlib import Path

import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec
from rich.console import Console
from rich.table import Table
from sqlalchemy import URL, Engine, func, make_url, select

from benchmarks import events_story as story
from publisher.config import (
    Delivery,
    MailFrom,
    Publication,
    Secrets,
    SendgridConfig,
    Web,
)
from publisher.deliver import make_sender
from publisher.deliver.mailing import freeze
from publisher.deliver.sender import Message
from publisher.pipeline.desk import Desk
from publisher.pipeline.hearing import hear
from publisher.rehearsal.webhook import new_key, shown_key, signed_headers
from publisher.storage.engine import open_url, reading
from publisher.storage.schema import clicks, evidence, parcels, receipts, suppressions
from publisher.storage.suppressions import email_hash
from publisher.web.app import create_app
from publisher.web.webhooks import PATH
from tests.servers.postgres import postgres_server

SIZES = (50, 500)  #: events in a POST
CONNECTIONS = 16  #: over which SendGrid posts at the same time; it has many servers
PAUSE = 0.5  #: seconds between two calls of the interpreter; `publisher run` makes it 5
POSTAL = "Sirocco, 12 rue de la Kasbah, 1008 Tunis, Tunisia"


@dataclass(frozen=True)
class Measured:
    """One run."""

    database: str
    size: int
    events: int
    stored_s: float  #: until all were acknowledged
    seconds: float  #: until all were interpreted
    wrong: int  #: things that are known otherwise than they are

    @property
    def rate(self) -> float:
        """Events in a second, the whole road."""
        return self.events / self.seconds


def desk_of(root: Path, url: str, key: str) -> Desk:
    """Return a desk on a database; made anew in every process."""
    engine = open_url(_address(url))
    sendgrid = SendgridConfig(webhook_key=key)
    publication = Publication(
        title="Sirocco",
        site="https://sirocco.example",
        sender=MailFrom(name="Sirocco", address="weekly@sirocco.example", postal=POSTAL),
        delivery=Delivery(sendgrid=sendgrid),
        web=Web(url=story.SITE),
        root=root,
    )
    secrets = Secrets()
    return Desk(
        publication=publication,
        secrets=secrets,
        engine=engine,
        sender=partial(make_sender, publication, secrets),
    )


def freeze_mailing(engine: Engine) -> None:
    """Freeze the mail that all events are about."""
    links = "".join(f'<a href="{story.SITE}/issues/2026-W47/#{s}">{s}</a>' for s in story.STORIES)
    tail = f"%%unsubscribe_url%% {POSTAL}"
    message = Message(
        subject="Sirocco 12",
        html=f"{links} {tail}",
        text=tail,
        from_address="weekly@sirocco.example",
        from_name="Sirocco",
        postal=POSTAL,
        list_id="readers.sirocco.example",
        list_name="Sirocco",
        week="2026-W47",
    )
    now = datetime.now(UTC)
    freeze(
        engine,
        week="2026-W47",
        list_name="readers",
        message=message,
        now=now,
        token=story.TOKEN,
    )


# ---- the program under test ------------------------------------------------------


def serve(root: Path, url: str, key: str, listener: socket.socket, hears: bool, end: Flag) -> None:
    """Serve the web application, as `publisher run` does."""
    desk = replace(desk_of(root, url, key), stopping=end.is_set)
    server = uvicorn.Server(uvicorn.Config(create_app(desk), log_config=None, server_header=False))
    worker = threading.Thread(target=_hear, args=(desk, end)) if hears else None
    if worker:
        worker.start()
    threading.Thread(target=_stop, args=(server, end), daemon=True).start()
    server.run(sockets=[listener])
    if worker:
        worker.join()


def work(root: Path, url: str, key: str, end: Flag) -> None:
    """Interpret events in a process of its own."""
    _hear(replace(desk_of(root, url, key), stopping=end.is_set), end)


def _hear(desk: Desk, end: Flag) -> None:
    while not end.wait(PAUSE):
        hear(desk)


def _stop(server: uvicorn.Server, end: Flag) -> None:
    end.wait()
    server.should_exit = True


@contextmanager
def running(root: Path, url: str, key: str) -> Iterator[int]:
    """Run what takes events in; yields the port it listens on."""
    spawn = multiprocessing.get_context("spawn")
    end = spawn.Event()
    alone = url.startswith("sqlite")
    # as `publisher run` listens
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1024)
        port = int(listener.getsockname()[1])
        processes = [spawn.Process(target=serve, args=(root, url, key, listener, alone, end))]
        if not alone:
            processes.append(spawn.Process(target=work, args=(root, url, key, end)))
        for process in processes:
            process.start()
    try:
        yield port
    finally:
        end.set()
        for process in processes:
            process.join(30)


# ---- SendGrid's side -------------------------------------------------------------


def write_posts(
    path: Path, order: list[int], size: int, key: ec.EllipticCurvePrivateKey
) -> list[tuple[int, int]]:
    """Write every POST as it goes over the wire; return where each begins and how long it is."""
    places: list[tuple[int, int]] = []
    with path.open("wb") as file:
        for body in story.posts(order, size):
            headers = signed_headers(body, key, timestamp=int(time.time()))
            lines = [f"{name}: {value}" for name, value in headers.items()]
            head = [f"POST {PATH} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
            post = "\r\n".join([*head, *lines, "", ""]).encode() + body
            places.append((file.tell(), len(post)))
            file.write(post)
    return places


async def post_all(path: Path, places: list[tuple[int, int]], port: int) -> None:
    """Post everything over a few connections, each waiting for its answer."""
    rest = iter(places)
    with path.open("rb") as file:
        number = file.fileno()

        async def post() -> None:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for start, length in rest:
                writer.write(os.pread(number, length, start))
                answer = await reader.readuntil(b"\r\n\r\n")
                if not answer.startswith(b"HTTP/1.1 200"):
                    raise AssertionError(answer)
                await reader.readuntil(b"kept\n")
            writer.close()

        await asyncio.gather(*(post() for _ in range(CONNECTIONS)))


def wait_until_heard(engine: Engine) -> None:
    """Wait until no parcel waits to be interpreted."""
    waiting = select(parcels.c.id).where(parcels.c.interpreted.is_(None)).limit(1)
    while True:
        with reading(engine) as connection:
            if connection.scalar(waiting) is None:
                return
        time.sleep(0.02)


def wait_until_up(port: int) -> None:
    """Wait until the server answers."""
    for _ in range(600):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
                if connection.recv(64).startswith(b"HTTP/1.1 200"):
                    return
        except OSError:
            pass
        time.sleep(0.1)
    raise AssertionError("the server does not come up")


# ---- is it exact? ----------------------------------------------------------------


def wrong(engine: Engine, readers: int) -> int:
    """Count what is known otherwise than it is."""
    faults = 0
    hashes: dict[str, set[str]] = {"bounced": set(), "complained": set(), "unsubscribed": set()}
    columns = [receipts.c[name] for name in story.Expected.__dataclass_fields__]
    with reading(engine) as connection:
        rows = connection.execution_options(yield_per=10_000).execute(
            select(receipts.c.subscriber_id, *columns).order_by(receipts.c.subscriber_id)
        )
        seen = 0
        for row in rows:
            seen += 1
            expected = story.life(row[0]).expected
            known = [int(v.timestamp()) if isinstance(v, datetime) else v for v in row[1:]]
            faults += known != list(astuple(expected))
            for reason in hashes:
                if expected.state == reason or getattr(expected, reason, None):
                    hashes[reason].add(email_hash(f"reader{row[0]}@example.org"))
        faults += abs(readers - seen)
        for reason, expected_hashes in hashes.items():
            found = select(suppressions.c.email_hash).where(suppressions.c.reason == reason)
            kept = set(connection.scalars(found))
            # a complaint is everywhere and an unsubscription on one list: both may stand
            faults += len(expected_hashes ^ kept)
        followed = connection.execute(
            select(clicks.c.subscriber_id, clicks.c.link, clicks.c.machine)
        )
        found_clicks = {(row[0], row[1], row[2]) for row in followed}
        faults += len(found_clicks ^ _followed(readers))
        chunks = (readers - 1) // story.CHUNK + 1
        proved = connection.scalar(select(func.count()).select_from(evidence)) or 0
        faults += abs(chunks - proved)
    return faults


def _followed(readers: int) -> set[tuple[int, str, bool]]:
    return {
        (reader, slug, machine)
        for reader in range(1, readers + 1)
        for slug, machine in story.life(reader).followed
    }


# ---- the runs --------------------------------------------------------------------


@dataclass(frozen=True)
class Posts:
    """All POSTs of one size, signed, in a file."""

    path: Path
    places: list[tuple[int, int]]
    size: int
    events: int
    readers: int
    key: str  #: as SendGrid shows it


@contextmanager
def prepared(order: list[int], readers: int, size: int) -> Iterator[Posts]:
    """Make the POSTs before anything is measured."""
    with tempfile.TemporaryDirectory() as folder:
        key, path = new_key(), Path(folder) / "posts"
        places = write_posts(path, order, size, key)
        yield Posts(path, places, size, len(order), readers, shown_key(key))


def measure(database: str, url: str, posts: Posts) -> Measured:
    """Take all events in, into a database with nothing in it."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        url = url or f"sqlite:///{root / 'publisher.db'}"
        desk = desk_of(root, url, posts.key)
        freeze_mailing(desk.engine)
        with running(root, url, posts.key) as port:
            wait_until_up(port)
            start = time.perf_counter()
            asyncio.run(post_all(posts.path, posts.places, port))
            stored = time.perf_counter() - start
            wait_until_heard(desk.engine)
            seconds = time.perf_counter() - start
        faults = wrong(desk.engine, posts.readers)
        desk.engine.dispose()
    return Measured(database, posts.size, posts.events, stored, seconds, faults)


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; 0 if everything was exact."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=3_000_000, help="doubles included")
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    options = parser.parse_args(arguments)
    order, readers = story.arrivals(options.events)
    runs: list[Measured] = []
    with ExitStack() as stack:
        server = None
        if options.database != "sqlite":
            server = stack.enter_context(postgres_server(durable=True))
        for size in SIZES:
            with prepared(order, readers, size) as posts:
                if options.database != "postgresql":
                    runs.append(measure("SQLite", "", posts))
                if server:
                    server.run(f"CREATE DATABASE events_{size}")
                    runs.append(measure("PostgreSQL", server.url(f"events_{size}"), posts))
                    server.run(f"DROP DATABASE events_{size} WITH (FORCE)")
    _show(sorted(runs, key=lambda run: run.database, reverse=True))
    exact = not any(run.wrong for run in runs)
    worst = min(run.rate for run in runs)
    print(json.dumps({"events_per_s": round(worst), "exact": exact}))
    return 0 if exact else 1


def _show(runs: list[Measured]) -> None:
    table = Table(title="SendGrid's events: verified, stored and interpreted, over HTTP")
    for heading in (
        "database",
        "events a POST",
        "events",
        "acknowledged/s",
        "whole road/s",
        "wrong",
    ):
        table.add_column(heading, justify="left" if heading == "database" else "right")
    for run in runs:
        table.add_row(
            run.database,
            str(run.size),
            f"{run.events:,}",
            f"{run.events / run.stored_s:,.0f}",
            f"{run.rate:,.0f}",
            str(run.wrong),
        )
    Console().print(table)


def _address(text: str) -> URL:
    url = make_url(text)
    return url if url.get_backend_name() == "sqlite" else url.set(drivername="postgresql+psycopg")


if __name__ == "__main__":
    sys.exit(main())
