"""The process that sends in a rehearsal, and may be killed: `python -m` of this module.

It is told in one JSON object on its first line of input what to do, and says in one on
its last line of output how it ended. It dies with whoever started it. What would be
waited for is walked through: its clock jumps ahead instead.
"""

import json
import os
import re
import resource
import sys
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import sleep
from typing import Any

from publisher.config import Secrets, load_publication
from publisher.deliver.mailing import find_mailing, plan
from publisher.deliver.senders.sendgrid import SendGrid
from publisher.deliver.sending import send_mailing
from publisher.errors import PublisherError
from publisher.pipeline.addressing import addresses_of
from publisher.pipeline.desk import Desk, is_dead_worker, this_worker
from publisher.pipeline.rehearsal.understudy import open_understudy, room_for
from publisher.week import Week


@dataclass(frozen=True, kw_only=True)
class Task:
    """What a worker has to do."""

    publication: str  #: folder
    database: str  #: the understudy's file
    week: str
    endpoint: str  #: of the local SendGrid
    key: str
    timeout_s: float
    ahead_s: float = 0  #: how far its clock is ahead


@dataclass
class Clock:
    """A clock that jumps where others would wait."""

    ahead_s: float

    def __call__(self) -> datetime:
        """Return the moment."""
        return datetime.now(UTC) + timedelta(seconds=self.ahead_s)

    def wait(self, seconds: float) -> None:
        """Let time pass at once, but let another process have its turn."""
        self.ahead_s += seconds
        sleep(0.001)


def perform(task: Task) -> dict[str, Any]:
    """Plan and send what is left; return how it ended."""
    publication = load_publication(Path(task.publication))
    delivery, clock = publication.delivery, Clock(task.ahead_s)
    engine = open_understudy(Path(task.database))
    sender = SendGrid(
        task.key,
        replace(delivery.sendgrid, endpoint=task.endpoint, sandbox=False),
        batch=delivery.batch,
        timeout_s=task.timeout_s,
    )
    secrets = Secrets.from_environment()
    desk = Desk(
        publication=publication,
        secrets=secrets,
        engine=engine,
        sender=lambda: sender,
        clock=clock,
    )
    week = Week.parse(task.week)
    mailing = find_mailing(engine, week=week, list_name=delivery.list_name)
    if mailing is None:
        raise AssertionError("the mail is frozen before a worker starts")
    plan(engine, mailing, batch=sender.capabilities.batch, now=clock())
    addresses = addresses_of(desk)
    report = send_mailing(
        engine,
        mailing,
        sender,
        clock=clock,
        unsubscribe_url=addresses.unsubscribe,
        preferences_url=addresses.preferences,
        owner=this_worker(),
        is_dead=is_dead_worker,
        wait=clock.wait,
    )
    engine.dispose()
    return {
        "state": report.state,
        "reason": report.reason,
        "settled": report.counts.settled,
        "uncertain": report.counts.uncertain,
        "waiting": report.counts.waiting,
        "ahead_s": clock.ahead_s,
        "peak_mb": round(_peak_mb(), 1),
    }


def main() -> None:
    """Read the task, do it, and say how it ended."""
    task = Task(**json.loads(sys.stdin.readline()))
    threading.Thread(target=_die_with_the_stage, daemon=True).start()
    try:
        with room_for(Path(task.database).parent):
            done = perform(task)
    except PublisherError as error:
        done = {"error": str(error)}
    print(json.dumps(done), flush=True)  # noqa: T201 - the stage reads it


def _peak_mb() -> float:
    """Return the most memory this program has held, in MB."""
    try:
        # the usual figure counts what stood here before the program began: its parent's
        (line,) = re.findall(r"^VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.M)
        return int(line) * 1024 / 1e6
    except (OSError, ValueError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def _die_with_the_stage() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    main()
