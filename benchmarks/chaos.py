"""Whether anybody is lost or mailed twice when everything goes wrong, many times over.

`python -m benchmarks.chaos [--runs 200] [--readers 20000] [--seed N]`: each run sends a
planned mailing with worker processes that are killed, frozen and robbed of their database,
through the local SendGrid, which drops answers and tells its news late and doubled; SQLite
and PostgreSQL take turns. Its books are the truth. A run that fails prints its seed, and
is repeated alone by `--seed N --runs 1`. The last line is one JSON object.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import psycopg
from rich.console import Console
from rich.table import Table

from publisher.rehearsal.process import sendgrid_process
from tests.deliver.crew import context, weather_of
from tests.deliver.rough import Crossing, cross, write_down
from tests.servers.postgres import Postgres, postgres_server

BATCH = 500
KINDS = ("SQLite", "PostgreSQL")


@contextmanager
def harbours(folder: Path, readers: int) -> Iterator[Callable[[int], tuple[str, str]]]:
    """Prepare a planned mailing in both databases; give what copies one for a seed."""
    with postgres_server() as postgres:
        file = folder / "template.db"
        write_down(f"sqlite:///{file}", readers, BATCH)
        postgres.run("CREATE DATABASE template_chaos")
        write_down(_url(postgres, "template_chaos"), readers, BATCH)

        def harbour(seed: int) -> tuple[str, str]:
            if KINDS[seed % 2] == "SQLite":
                copy = folder / "chaos.db"
                for old in folder.glob("chaos.db*"):
                    old.unlink()
                shutil.copy(file, copy)
                return f"sqlite:///{copy}", ""
            postgres.run("DROP DATABASE IF EXISTS chaos WITH (FORCE)")
            postgres.run("CREATE DATABASE chaos TEMPLATE template_chaos")
            return _url(postgres, "chaos"), postgres.url("postgres")

        yield harbour


def cutter(server: str, seed: int) -> Callable[[], None] | None:
    """Return what ends a connection to the database, if a server can."""
    if not server:
        return None
    chance = Random(seed)

    def cut() -> None:
        with psycopg.connect(server, autocommit=True) as connection:
            query = "SELECT pid FROM pg_stat_activity WHERE datname = 'chaos' ORDER BY pid"
            if rows := connection.execute(query).fetchall():
                connection.execute("SELECT pg_terminate_backend(%s)", chance.choice(rows))

    return cut


def sail(runs: int, readers: int, first: int, console: Console) -> list[Crossing]:
    """Do all the runs; a run that does not end well is told at once."""
    found: list[Crossing] = []
    processes = context()
    with (
        tempfile.TemporaryDirectory() as folder,
        harbours(Path(folder), readers) as harbour,
        sendgrid_process() as provider,
    ):
        for seed in range(first, first + runs):
            url, server = harbour(seed)
            crossing = cross(
                url,
                provider,
                weather_of(seed),
                batch=BATCH,
                processes=processes,
                cut=cutter(server, seed),
            )
            found.append(crossing)
            if not crossing.well:
                console.print(
                    f"seed {seed} on {KINDS[seed % 2]}: {len(crossing.lost)} lost,"
                    f" {len(crossing.doubled)} doubled, {len(crossing.unnamed)} unnamed:"
                    f" python -m benchmarks.chaos --seed {seed} --runs 1 --readers {readers}"
                )
    return found


def report(found: list[Crossing], readers: int, seconds: float, console: Console) -> None:
    """Print the table."""
    table = Table(title=f"{len(found)} mailings to {readers:,} readers in {seconds:,.0f} s")
    for heading in ("", "runs", "s each", "kills", "readers resent", "in doubt, named"):
        table.add_column(heading, justify="right" if heading else "left")
    for parity, kind in enumerate(KINDS):
        some = [crossing for crossing in found if crossing.seed % 2 == parity]
        if some:
            table.add_row(
                kind,
                str(len(some)),
                f"{sum(c.seconds for c in some) / len(some):.1f}",
                str(sum(c.kills for c in some)),
                f"{sum(c.resent for c in some):,}",
                f"{sum(c.uncertain for c in some):,}",
            )
    console.print(table)
    console.print(
        "in one run of eight the provider tells nothing: those doubts stay, and are named"
    )


def _url(postgres: Postgres, name: str) -> str:
    return postgres.url(name).replace("postgresql:", "postgresql+psycopg:", 1)


def main() -> None:
    """Sail, print a table and, as the last line, the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--readers", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1, help="of the first run")
    asked = parser.parse_args()
    console, began = Console(), time.monotonic()
    found = sail(asked.runs, asked.readers, asked.seed, console)
    report(found, asked.readers, time.monotonic() - began, console)
    figures = {
        "runs": len(found),
        "kills": sum(crossing.kills for crossing in found),
        "lost": sum(len(crossing.lost) for crossing in found),
        "doubled": sum(len(crossing.doubled) for crossing in found),
        "uncertain_unnamed": sum(len(crossing.unnamed) for crossing in found),
    }
    print(json.dumps(figures))
    if not all(crossing.well for crossing in found):
        sys.exit(1)


if __name__ == "__main__":
    main()
