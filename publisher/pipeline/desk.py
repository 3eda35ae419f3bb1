"""The desk: one publication with its database, its clock and its mail."""

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex

from sqlalchemy import Engine

from publisher.config import Publication, Secrets, load_publication
from publisher.deliver import make_sender
from publisher.deliver.sender import Sender
from publisher.storage.clocks import shared_clock
from publisher.storage.engine import open_database
from publisher.week import Week

_workers_here: set[str] = set()  # several may work in this process, in threads


def wall_clock() -> datetime:
    """Return this moment, aware, in UTC."""
    return datetime.now(UTC)


def this_process() -> str:
    """Return a name that no other process has, for leases and the audit."""
    return f"{socket.gethostname()}:{os.getpid()}"


def this_worker() -> str:
    """Return a name that no other worker has, in this process or one that had its number.

    A container that starts again often has the same host name and process number.
    """
    name = f"{this_process()}:{token_hex(4)}"
    _workers_here.add(name)
    return name


def is_dead_worker(name: str) -> bool:
    """Whether a worker named by `this_worker` ran on this machine and is no more."""
    if name in _workers_here:
        return False
    return is_dead(name)


def is_dead(process: str) -> bool:
    """Whether a process named by `this_process` ran on this machine and is no more.

    Of a process on another machine nobody here knows. A process that had our own name
    is dead, for we have only just begun.
    """
    host, _, rest = process.partition(":")
    number = rest.partition(":")[0]
    if host != socket.gethostname() or not number.isdigit():
        return False
    if int(number) == os.getpid():
        return True
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False  # it runs as another user
    return False


@dataclass(frozen=True, kw_only=True)
class Desk:
    """All that the stages need from the world."""

    publication: Publication
    secrets: Secrets
    engine: Engine
    sender: Callable[[], Sender]  #: made when first needed, so that a missing key stops only mail
    clock: Callable[[], datetime] = wall_clock
    who: str = "operator"
    stopping: Callable[[], bool] = lambda: False  #: whether long work should end at the next pause

    def folder(self, week: Week) -> Path:
        """The folder of a week's issue."""
        return self.publication.issues / str(week)

    def collecting_week(self) -> Week:
        """The week whose issue is being collected now."""
        publication = self.publication
        return Week.collecting(self.clock(), publication.timezone, publication.schedule.cutoff)


def open_desk(
    folder: Path, *, who: str = "operator", clock: Callable[[], datetime] | None = None
) -> Desk:
    """Open the publication in a folder, and its database; raise `PublisherError`.

    Without another clock it goes by the database's, as all other machines do.
    """
    publication = load_publication(folder)
    secrets = Secrets.from_environment()
    engine = open_database(publication, secrets)
    return Desk(
        publication=publication,
        secrets=secrets,
        engine=engine,
        sender=lambda: make_sender(publication, secrets),
        clock=clock or shared_clock(engine, wall_clock),
        who=who,
    )
