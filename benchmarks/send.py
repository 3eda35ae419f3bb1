"""How fast a mailing goes out through the whole ledger, and what memory it takes.

`python -m benchmarks.send [--readers N] [--databases sqlite,postgresql] [--workers 1,2]
[--sweep 10000,100000] [--statements]`: real workers in processes of their own, a local
SendGrid in another, no network beyond loopback. Both sides' books are compared after every
run. The last line is one JSON object, of the first run at --readers.
"""

import argparse
import json
import multiprocessing
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.context import SpawnContext
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sqlalchemy import URL, make_url

from benchmarks.send_list import LIST, WEEK, newsletter, now, subscribe, unsubscribe_url
from benchmarks.stopwatch import watch
from publisher.config import SendgridConfig
from publisher.deliver.certificate import counts_of
from publisher.deliver.mailing import find_mailing, freeze, plan
from publisher.deliver.senders.sendgrid import SendGrid
from publisher.deliver.senders.sendgrid_body import READER_ARG
from publisher.deliver.sending import Progress, send_mailing
from publisher.pipeline.rehearsal.both_books import Taken, compare
from publisher.rehearsal.process import SendGridProcess, sendgrid_process
from publisher.rehearsal.service import KEY
from publisher.storage.engine import open_url
from tests.servers.postgres import postgres_server

BATCH = 500
DATABASES = ("sqlite", "postgresql")
_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)
_SPAWNING: SpawnContext = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Share:
    """What one process did: planning, or a worker's part of the sending."""

    seconds: float
    ended: float  #: when its last chunk was settled, by the clock all processes share
    database_s: float  #: of the seconds, waiting for the database
    peak_mb: float  #: of memory, from the process's start on
    statements: Sequence[tuple[str, int, float]]  #: the costliest, see `Stopwatch`


@dataclass(frozen=True)
class Run:
    """One mailing from plan to end."""

    database: str
    workers: int
    readers: int
    planning: Share
    sending: Sequence[Share]
    seconds: float  #: of sending, until the last chunk was settled
    exact: bool  #: both books say: everybody once

    @property
    def readers_per_s(self) -> float:
        """Readers in a second, planning included."""
        return self.readers / (self.planning.seconds + self.seconds)

    @property
    def peak_mb(self) -> float:
        """The most memory that any process of ours held."""
        return max(share.peak_mb for share in (self.planning, *self.sending))

    @property
    def database_share(self) -> float:
        """Of the workers' time, how much they waited for the database."""
        return sum(s.database_s for s in self.sending) / sum(s.seconds for s in self.sending)


def peak_mb() -> float:
    """Return the most memory this process has held since its program began, in MB."""
    found = _PEAK.search(Path("/proc/self/status").read_text())
    assert found  # noqa: S101 - Linux has it
    return int(found[1]) * 1024 / 1e6


def plan_all(url: URL, shares: "Queue[Share]") -> None:
    """Freeze the mail and write its readers down, as `publisher send` does."""
    engine = open_url(url)
    watched, began = watch(engine), time.perf_counter()
    mailing = freeze(engine, week=WEEK, list_name=LIST, message=newsletter(), now=now())
    plan(engine, mailing, batch=BATCH, now=now())
    seconds = time.perf_counter() - began
    shares.put(Share(seconds, began + seconds, watched.seconds, peak_mb(), watched.costliest()))


def work(url: URL, endpoint: str, number: int, ready: Barrier, shares: "Queue[Share]") -> None:
    """Send as one of the workers."""
    engine = open_url(url)
    mailing = find_mailing(engine, week=WEEK, list_name=LIST)
    assert mailing  # noqa: S101 - it was planned before
    sender = SendGrid(KEY, SendgridConfig(endpoint=endpoint), batch=BATCH)
    watched = watch(engine)
    ready.wait()
    began = ended = time.perf_counter()

    def settled(_: Progress) -> None:
        nonlocal ended
        ended = time.perf_counter()

    report = send_mailing(
        engine,
        mailing,
        sender,
        clock=now,
        unsubscribe_url=unsubscribe_url,
        owner=f"benchmark {number}",
        progress=settled,
    )
    # a figure of a mailing that stopped must not be printed
    assert report.state == "done", report  # noqa: S101
    shares.put(Share(ended - began, ended, watched.seconds, peak_mb(), watched.costliest()))


def measure(database: str, url: URL, workers: int, readers: int) -> Run:
    """Fill a database, plan, send, and compare both books."""
    _apart(subscribe, url, readers)
    shares: Queue[Share] = _SPAWNING.Queue()
    with tempfile.TemporaryDirectory() as folder, _sendgrid(Path(folder)) as sendgrid:
        planning = _SPAWNING.Process(target=plan_all, args=(url, shares))
        planning.start()
        planned = _answers(shares, [planning])[0]
        ready = _SPAWNING.Barrier(workers + 1)
        processes = [
            _SPAWNING.Process(target=work, args=(url, sendgrid.url, number, ready, shares))
            for number in range(workers)
        ]
        for process in processes:
            process.start()
        ready.wait(120)
        began = time.perf_counter()
        sent = _answers(shares, processes)
        return Run(
            database=database,
            workers=workers,
            readers=readers,
            planning=planned,
            sending=sent,
            seconds=max(share.ended for share in sent) - began,
            exact=books_agree(url, sendgrid, readers),
        )


def books_agree(url: URL, sendgrid: SendGridProcess, readers: int) -> bool:
    """Whether ledger and SendGrid both say that every reader was mailed, once."""
    engine = open_url(url)
    try:
        mailing = find_mailing(engine, week=WEEK, list_name=LIST)
        assert mailing  # noqa: S101 - it was sent
        mails = (
            Taken(subscriber_id=int(mail.args[READER_ARG]), email=mail.email)
            for mail in sendgrid.mails()
        )
        books, counts = compare(engine, mailing, mails), counts_of(engine, mailing)
        return books.agree and books.mails == counts.accepted == counts.settled == readers
    finally:
        engine.dispose()


def _apart(target: Callable[..., None], *args: object) -> None:
    process = _SPAWNING.Process(target=target, args=args)
    process.start()
    process.join()
    assert process.exitcode == 0, target  # noqa: S101 - it has told why


def _answers(
    shares: "Queue[Share]", processes: Sequence[multiprocessing.process.BaseProcess]
) -> list[Share]:
    """Wait for what each process did; one that broke would never tell."""
    found: list[Share] = []
    while len(found) < len(processes):
        if any(process.exitcode for process in processes):
            raise ChildProcessError("a process of the measurement failed; see above")
        if shares.empty():
            time.sleep(0.005)
        else:
            found.append(shares.get())
    for process in processes:
        process.join()
    return found


@contextmanager
def _sendgrid(folder: Path) -> Iterator[SendGridProcess]:
    with sendgrid_process(book=folder / "book.db") as sendgrid:
        yield sendgrid


def address(text: str) -> URL:
    """Read a database's address as DATABASE_URL would hold it."""
    url = make_url(text)
    return url if url.get_backend_name() == "sqlite" else url.set(drivername="postgresql+psycopg")


@contextmanager
def databases(names: Sequence[str]) -> Iterator[Callable[[str], URL]]:
    """Give a function that makes an empty database of a kind and returns its address."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        postgres = (
            stack.enter_context(postgres_server(durable=True)) if "postgresql" in names else None
        )
        made: list[str] = []

        def make(kind: str) -> URL:
            name = f"send{len(made)}"
            made.append(name)
            if kind == "sqlite":
                for file in folder.iterdir():
                    file.unlink()
                return URL.create("sqlite", database=str(folder / f"{name}.db"))
            assert postgres  # noqa: S101 - it was started above
            if len(made) > 1:
                for old in made[:-1]:
                    postgres.run(f"DROP DATABASE IF EXISTS {old} WITH (FORCE)")
            postgres.run(f"CREATE DATABASE {name}")
            return address(postgres.url(name))

        yield make


def show(runs: Sequence[Run]) -> None:
    """Print a line for each run."""
    table = Table(title=f"{BATCH} readers in a request")
    for heading in (
        *("database", "workers", "readers", "plan s", "send s", "readers/s"),
        *("in the database", "peak MB plan", "peak MB send", "books"),
    ):
        table.add_column(heading, justify="left" if heading == "database" else "right")
    for run in runs:
        table.add_row(
            *(run.database, str(run.workers), f"{run.readers:,}"),
            *(f"{run.planning.seconds:.2f}", f"{run.seconds:.2f}", f"{run.readers_per_s:,.0f}"),
            *(f"{run.database_share:.0%}", f"{run.planning.peak_mb:.0f}"),
            f"{max(share.peak_mb for share in run.sending):.0f}",
            "agree" if run.exact else "DISAGREE",
        )
    Console(width=120).print(table)


def show_statements(run: Run) -> None:
    """Print what costs most in the database."""
    for name, share in (("planning", run.planning), ("sending", run.sending[0])):
        print(f"{run.database}, {name}: {share.database_s:.2f} of {share.seconds:.2f} s")
        for statement, times, seconds in share.statements:
            each = 1000 * seconds / times
            print(f"  {seconds:7.2f} s {times:6} x {each:8.2f} ms  {statement[:150]}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print a table and, as the last line, the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=100_000)
    parser.add_argument("--databases", default="sqlite", help="of sqlite, postgresql")
    parser.add_argument("--workers", default="1", help="how many processes send, such as 1,2")
    parser.add_argument("--sweep", default="", help="sizes to measure memory at as well")
    parser.add_argument("--statements", action="store_true", help="show what costs most")
    asked = parser.parse_args(arguments)
    kinds, crews = asked.databases.split(","), [int(n) for n in asked.workers.split(",")]
    if wrong := [kind for kind in kinds if kind not in DATABASES]:
        parser.error(f"--databases: {wrong[0]} is none of {', '.join(DATABASES)}")
    if asked.readers < 1 or min(crews) < 1:
        parser.error("there must be a reader and a worker")
    wanted = [(kind, crew, asked.readers) for kind in kinds for crew in crews]
    wanted += [(kinds[0], crews[0], int(size)) for size in filter(None, asked.sweep.split(","))]
    runs: list[Run] = []
    with databases(kinds) as empty:
        for kind, crew, readers in wanted:
            runs.append(measure(kind, empty(kind), crew, readers))
            if asked.statements:
                show_statements(runs[-1])
    show(runs)
    figures = {
        "readers": runs[0].readers,
        "readers_per_s": round(runs[0].readers_per_s),
        "peak_mb": round(runs[0].peak_mb, 1),
    }
    print(json.dumps(figures))
    if not all(run.exact for run in runs):
        sys.exit(1)


if __name__ == "__main__":
    main()
