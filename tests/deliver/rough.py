"""A rough crossing: a mailing sent by real processes while everything goes wrong around them.

Workers are killed, frozen and robbed of their database; the provider (a process of its
own, whose books are the truth) drops answers, fails after accepting, and tells its news
late, doubled and out of order. Used by `test_chaos` and `benchmarks.chaos`.
"""

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.context import ForkServerContext, ForkServerProcess
from random import Random

from sqlalchemy import Engine, make_url, select
from sqlalchemy.exc import DBAPIError, OperationalError

from publisher.config import SendgridConfig
from publisher.deliver import tending
from publisher.deliver.certificate import Certificate, certificate_of
from publisher.deliver.feedback.consequences import Consequences
from publisher.deliver.feedback.events import part
from publisher.deliver.feedback.events_kept import keep
from publisher.deliver.feedback.interpreting import interpret
from publisher.deliver.mailing import Mailing, find_mailing, read_mailing
from publisher.deliver.resolving import resolve_uncertain
from publisher.deliver.senders.sendgrid import SendGrid
from publisher.deliver.sending import send_mailing
from publisher.rehearsal.process import SendGridProcess
from publisher.storage.engine import open_url, reading
from publisher.storage.schema import audit, chunks, deliveries
from tests.deliver.crew import LEASE, Clock, Weather, work
from tests.deliver.world import planned, subscribe, unsubscribe_url

_PATIENCE = 60.0  #: seconds of ours until a crossing is given up


@dataclass(frozen=True, kw_only=True)
class Crossing:
    """How it went, by both sides' books."""

    seed: int
    seconds: float
    kills: int
    accepted: int  #: by the provider's books
    uncertain: int  #: readers of whom the ledger does not know
    resent: int  #: readers planned again because evidence ruled out that they had it
    lost: tuple[int, ...]  #: readers who got nothing and are not named
    doubled: tuple[int, ...]  #: readers who got it twice though evidence existed
    unnamed: tuple[int, ...]  #: readers of whom the certificate says something untrue, or nothing

    @property
    def well(self) -> bool:
        """Whether both books agree on every reader."""
        return not (self.lost or self.doubled or self.unnamed)


def cross(
    url: str,
    provider: SendGridProcess,
    weather: Weather,
    *,
    batch: int,
    processes: ForkServerContext,
    workers: int = 2,
    cut: Callable[[], object] | None = None,
) -> Crossing:
    """Send the mailing that is planned in a database through this weather.

    `cut` ends a connection of the database, if its server can. Raises `AssertionError` if
    it does not come to an end.
    """
    began, chance = time.monotonic(), Random(weather.seed)  # noqa: S311 - as above
    clock = Clock(processes)
    engine = open_url(make_url(url))
    mailing = find_mailing(engine, week="2026-W47", list_name="readers")
    assert mailing
    with _ear(engine, clock) as address:
        _prepare(provider, weather, address)

        def launch(number: int) -> ForkServerProcess:
            named = (url, provider.url, batch, clock, weather, number)
            process = processes.Process(target=work, args=named)
            process.start()
            return process

        crew = [launch(number) for number in range(workers)]
        started = workers
        accidents = [
            *["kill"] * weather.kills,
            *["freeze"] * weather.freezes,
            *["cut"] * (weather.cuts if cut else 0),
        ]
        chance.shuffle(accidents)
        due = time.monotonic() + chance.uniform(0.05, 0.4)
        kills = 0
        frozen: list[tuple[float, ForkServerProcess]] = []
        try:
            while any(process.is_alive() for process in crew):
                assert time.monotonic() - began < _PATIENCE, f"seed {weather.seed} does not end"
                _hear(engine, clock)
                frozen = _thaw(frozen)
                if accidents and time.monotonic() >= due:
                    due = time.monotonic() + chance.uniform(0.02, 0.3)
                    alive = [p for p in crew if p.is_alive() and p not in [f for _, f in frozen]]
                    if not alive:
                        continue
                    unlucky, what = chance.choice(alive), accidents.pop()
                    if what == "kill":
                        if chance.random() < 0.5:
                            unlucky = _one_that_sends(engine, alive) or unlucky
                        unlucky.kill()
                        unlucky.join()
                        kills += 1
                        crew[crew.index(unlucky)] = launch(started)
                        started += 1
                    elif what == "freeze" and unlucky.pid:
                        os.kill(unlucky.pid, signal.SIGSTOP)
                        frozen.append((time.monotonic() + 0.2, unlucky))
                        clock.push(2 * LEASE)
                    elif cut:
                        cut()
                time.sleep(0.01)
        finally:
            for process in crew:
                process.kill()
                process.join()
        _settle(engine, mailing, provider, clock, batch, weather)
    found = _compare(engine, mailing, provider, weather, kills, time.monotonic() - began)
    engine.dispose()
    return found


def _one_that_sends(engine: Engine, crew: list[ForkServerProcess]) -> ForkServerProcess | None:
    """Return a worker that has a request in the air, or may just be about to."""
    with suppress(OperationalError), reading(engine) as connection:
        owners = connection.scalars(
            select(chunks.c.lease_owner).where(chunks.c.state == "sending")
        ).all()
        return next((process for process in crew if str(process.pid) in owners), None)
    return None


def _prepare(provider: SendGridProcess, weather: Weather, address: str) -> None:
    provider.forget()
    quiet = dict.fromkeys(
        (
            *("deferred", "dropped", "bounced", "blocked", "opened", "machine_opened", "clicked"),
            *("scanned", "complained", "unsubscribed", "unknown"),
        ),
        0,
    )
    habits = {
        "batch": 2000,
        "doubled": weather.doubled,
        "late_s": weather.late_s,
        "seed": weather.seed,
    }
    provider.change(
        chances={"shares": dict(weather.faults), "seed": weather.seed},
        behaviour={**quiet, "seed": weather.seed, "processed": 0},  # one event for each mail
        webhook={"url": address, "habits": habits} if weather.events else None,
        reset_after=1,
        hang_s=3,
        slow_s=0.1,
    )


def _settle(
    engine: Engine,
    mailing: Mailing,
    provider: SendGridProcess,
    clock: Clock,
    batch: int,
    weather: Weather,
) -> None:
    """Let all news come in and time pass, and whatever can be settled be settled."""
    provider.change(chances={"shares": {}})
    sender = SendGrid("SG.test-key", SendgridConfig(endpoint=provider.url), batch=batch)
    if not weather.events:
        provider.change(log=False)  # then nothing but the answers themselves tells anything
    for _ in range(4):
        provider.flush()
        clock.push(timedelta(minutes=45))
        if weather.events:
            _somebody_opens(engine, provider, clock)
        _hear(engine, clock)
        with engine.begin() as connection:
            tending.take_back(connection, mailing, now=clock())
        resolve_uncertain(engine, mailing, sender, now=clock())
        report = send_mailing(
            engine,
            mailing,
            sender,
            clock=clock,
            unsubscribe_url=unsubscribe_url,
            owner="the last",
            wait=clock.wait,
            lease=LEASE,
        )
        if report.state == "done" and not report.counts.uncertain:
            break
    provider.flush()
    provider.change(log=True)


def _somebody_opens(engine: Engine, provider: SendGridProcess, clock: Clock) -> None:
    """Let the news go on: readers open their mail hours later."""
    mail = next(provider.mails(), None)
    if mail:
        told = {"email": mail.email, "event": "open", "timestamp": int(clock().timestamp())}
        named = {"sg_event_id": f"open {clock()}", "sg_message_id": f"{mail.message_id}.recvd-1"}
        body = json.dumps([{**told, **named, **mail.args}]).encode()
        keep(engine, part(body), now=clock())


def _compare(
    engine: Engine,
    mailing: Mailing,
    provider: SendGridProcess,
    weather: Weather,
    kills: int,
    seconds: float,
) -> Crossing:
    certificate = certificate_of(engine, mailing, named=1_000_000)
    with reading(engine) as connection:
        rows = connection.execute(
            select(deliveries.c.subscriber_id, deliveries.c.email).where(
                deliveries.c.mailing_id == mailing.id
            )
        )
        readers = {row.email: row.subscriber_id for row in rows}
        resent = connection.scalars(select(audit.c.details).where(audit.c.act.startswith("resend")))
        again = [reader for details in resent for reader in details["readers"]]
        assert read_mailing(connection, mailing.id).state == "done", f"seed {weather.seed}"
    mailed = {readers[mail.email] for mail in provider.mails()}
    twice = {readers[email] for email in provider.doubled()}
    named = {reader.subscriber_id: reader.state for reader in certificate.unserved}
    return Crossing(
        seed=weather.seed,
        seconds=seconds,
        kills=kills,
        accepted=len(mailed),
        uncertain=certificate.uncertain,
        resent=len(again),
        lost=tuple(sorted(set(readers.values()) - mailed - set(named))),
        doubled=tuple(sorted(twice)),
        unnamed=tuple(sorted(_unnamed(certificate, named, mailed, set(readers.values())))),
    )


def _unnamed(
    certificate: Certificate, named: dict[int, str], mailed: set[int], readers: set[int]
) -> set[int]:
    """Return the readers of whom the certificate is silent or wrong."""
    if certificate.unnamed or len(named) != certificate.intended - certificate.accepted:
        return readers
    wrong = {reader for reader in mailed if named.get(reader, "uncertain") != "uncertain"}
    return wrong | {reader for reader, state in named.items() if state == "waiting"}


def _hear(engine: Engine, clock: Clock) -> None:
    then = Consequences(leave=lambda *_: None, complain=lambda *_: False)
    with suppress(OperationalError):  # its connection may be the one that is cut
        while interpret(engine, now=clock(), link_of=lambda *_: None, then=then, at_most=5000):
            pass


def _thaw(frozen: list[tuple[float, ForkServerProcess]]) -> list[tuple[float, ForkServerProcess]]:
    for until, process in frozen:
        if until <= time.monotonic() and process.pid and process.is_alive():
            os.kill(process.pid, signal.SIGCONT)
    return [(until, process) for until, process in frozen if until > time.monotonic()]


@contextmanager
def _ear(engine: Engine, clock: Clock) -> Iterator[str]:
    """Listen for events and store them, as the public pages do."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body, status = self.rfile.read(int(self.headers["Content-Length"])), 200
            try:
                keep(engine, part(body), now=clock())
            except DBAPIError:
                status = 503  # the provider tells it again
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def write_down(url: str, readers: int, batch: int) -> None:
    """Plan a mailing in an empty database."""
    engine = open_url(make_url(url))
    for first in range(1, readers + 1, 5000):
        subscribe(engine, min(5000, readers - first + 1), first=first)
    planned(engine, batch=batch)
    engine.dispose()
