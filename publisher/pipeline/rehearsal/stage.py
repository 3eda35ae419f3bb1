"""Where a rehearsal happens: workers are started, killed and started again until all is sent."""

import json
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from random import Random
from typing import IO, Any

from publisher.deliver.sending import Progress
from publisher.errors import DeliveryError
from publisher.pipeline.rehearsal.worker import Task
from publisher.rehearsal.faults import Fault
from publisher.rehearsal.process import SendGridProcess

_AT_REST, _ON_WATCH = 0.25, 0.003  #: seconds between looks; while a crash is to come, few
_JITTER, _PLANNING = 0.08, 1.5  #: a crash comes up to so many seconds after its request or start
_HANGING = (Fault.HANG, Fault.HANG_ACCEPTED)
_HANG_TIMEOUT_S = 2.0  #: nobody wants to sit through the real ones
_RECORDS_LAG_S = 900.0  #: records are asked for when they are surely complete
_SILENCE_S = 1900.0  #: after it, no event of a chunk means that it was not accepted
_VAIN_LOOKS = 2
_VAIN_STARTS = 3  #: with not one more reader settled; then it is a real stop


@dataclass(frozen=True, kw_only=True)
class Mishaps:
    """What shall go wrong; nothing by default."""

    crashes: int = 0  #: times the sending process is killed
    faults: Mapping[Fault, float] = field(default_factory=dict)  #: share of requests
    seed: int = 0
    events: bool = False  #: whether SendGrid tells what became of each mail


@dataclass(frozen=True, kw_only=True)
class Performance:
    """How the sending went."""

    seconds: float
    crashes: int
    stops: int  #: how often an operator would have had to start it again
    peak_mb: float  #: of a sending process
    reason: str = ""  #: why it did not come to its end, if it did not


@dataclass(kw_only=True)
class _Stage:
    task: Task
    sendgrid: SendGridProcess
    asked: Mishaps
    readers: int
    progress: Callable[[Progress], None]
    hear: Callable[[float], object] | None
    moments: list[int]  #: of the crashes to come: answers the local SendGrid has given
    chance: Random
    crashes: int = 0
    stops: int = 0
    peak_mb: float = 0.0


def perform(
    task: Task,
    sendgrid: SendGridProcess,
    asked: Mishaps,
    *,
    readers: int,
    batch: int,
    progress: Callable[[Progress], None],
    hear: Callable[[float], object] | None = None,
) -> Performance:
    """Send until all is settled, with everything going wrong that was asked for.

    The part of an operator is played too: a mailing that stops is started again, and in
    the end, later on the rehearsal's clock, doubts are looked at again. `hear` takes in,
    so many seconds ahead, what SendGrid has told.
    """
    chance = Random(asked.seed)  # noqa: S311 - a rehearsal that can be repeated
    chunks = -(-readers // batch)
    moments = sorted(chance.randrange(chunks + 1) for _ in range(asked.crashes))
    if asked.faults:
        shares = {fault.word: share for fault, share in asked.faults.items()}
        sendgrid.change(chances={"shares": shares, "seed": asked.seed}, hang_s=30, reset_after=0)
    if any(fault in asked.faults for fault in _HANGING):
        task = replace(task, timeout_s=min(task.timeout_s, _HANG_TIMEOUT_S))
    stage = _Stage(
        task=task,
        sendgrid=sendgrid,
        asked=asked,
        readers=readers,
        progress=progress,
        hear=hear,
        moments=moments,
        chance=chance,
    )
    began = time.perf_counter()
    ended = _run(stage, ahead_s=0)
    seconds = time.perf_counter() - began
    ended = _look_again(stage, ended)
    return Performance(
        seconds=seconds,
        crashes=stage.crashes,
        stops=stage.stops,
        peak_mb=stage.peak_mb,
        reason=ended["reason"],
    )


def _run(stage: _Stage, *, ahead_s: float) -> dict[str, Any]:
    """Start workers until one comes to the end, or they stop again and again in vain."""
    vain, settled = 0, -1
    while True:
        ended = _act(stage, ahead_s=ahead_s)
        if ended is None:
            continue
        stage.peak_mb = max(stage.peak_mb, ended["peak_mb"])
        if ended["state"] != "stopped":
            return ended
        stage.stops += 1
        vain = vain + 1 if ended["settled"] == settled else 0
        settled, ahead_s = ended["settled"], ended["ahead_s"]
        if vain >= _VAIN_STARTS:
            return ended


def _look_again(stage: _Stage, ended: dict[str, Any]) -> dict[str, Any]:
    """Let time pass on the rehearsal's clock and the worker look at doubts, as long as it helps.

    Records are complete after a quarter of an hour. With events it takes half an hour
    until silence tells something too; what was surely not accepted is sent again then.
    """
    stage.moments = []
    vain, answers = 0, stage.sendgrid.state()["answers"]
    while ended["uncertain"] and ended["state"] != "stopped" and vain < _VAIN_LOOKS:
        ahead = ended["ahead_s"]
        if stage.hear:
            stage.sendgrid.linger()  # mails are opened for days, so events keep coming
            stage.sendgrid.flush()
            stage.hear(ahead + _SILENCE_S - 60)
        again = _run(stage, ahead_s=ahead + (_SILENCE_S if stage.hear else _RECORDS_LAG_S))
        before, answers = answers, stage.sendgrid.state()["answers"]
        fewer = again["uncertain"] < ended["uncertain"]
        # tried again and failed again is no reason to stop: the ledger knows when to
        vain = 0 if fewer or answers > before else vain + 1
        ended = again
    if stage.hear:
        stage.sendgrid.flush()
        stage.hear(ended["ahead_s"])
    return ended


def _act(stage: _Stage, *, ahead_s: float) -> dict[str, Any] | None:
    """Run one worker; return how it ended, or None if it was killed."""
    with tempfile.TemporaryFile("w+") as complaints:
        with _worker(replace(stage.task, ahead_s=ahead_s), complaints) as worker:
            if _watch(stage, worker):
                worker.send_signal(signal.SIGKILL)
                worker.communicate()
                stage.crashes += 1
                return None
            out, _ = worker.communicate()
        complaints.seek(0)
        return _told(out, complaints.read())


def _told(out: str, err: str) -> dict[str, Any]:
    lines = out.strip().splitlines()
    if not lines:
        why = err.strip().splitlines()[-1:] or ["it said nothing"]
        raise DeliveryError(f"the rehearsal's worker ended before its work: {why[0]}")
    told: dict[str, Any] = json.loads(lines[-1])
    if "error" in told:
        raise DeliveryError(str(told["error"]))
    return told


def _watch(stage: _Stage, worker: subprocess.Popen[str]) -> bool:
    """Look on until the worker ends; True if it is to be killed now."""
    assert worker.stdout  # noqa: S101 - it was asked for
    with selectors.DefaultSelector() as selector:
        selector.register(worker.stdout, selectors.EVENT_READ)
        while True:
            pause = _ON_WATCH if stage.moments else _AT_REST
            if selector.select(pause):
                return False  # its last line, or its end
            state = stage.sendgrid.state()
            stage.progress(
                Progress(settled=min(state["mails"], stage.readers), intended=stage.readers)
            )
            if stage.moments and state["answers"] >= stage.moments[0]:
                # somewhere in the work for this chunk or the next, or while readers are planned
                within = _JITTER if stage.moments.pop(0) else _PLANNING
                return not selector.select(stage.chance.random() * within)


@contextmanager
def _worker(task: Task, complaints: IO[str]) -> Iterator[subprocess.Popen[str]]:
    worker = subprocess.Popen(
        [sys.executable, "-m", "publisher.pipeline.rehearsal.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=complaints,
        text=True,
    )
    with worker:
        try:
            assert worker.stdin  # noqa: S101 - it was asked for
            worker.stdin.write(json.dumps(asdict(task)) + "\n")
            worker.stdin.flush()
            yield worker
        finally:
            if worker.poll() is None:
                worker.kill()
