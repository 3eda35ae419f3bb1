"""The most memory a process had, and those it started, and the time they worked."""

import os
import resource
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PROC = Path("/proc")


def peak_mb(process: int) -> float:
    """Return the most memory, in MB, that a process or any that it started ever had resident.

    Only processes that are still there are known; see `watched` for those that end.
    Without /proc, what the system remembers of this process and of those that ended counts.
    """
    if not (_PROC / "self" / "status").exists():
        usage = (
            resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
        return max(one.ru_maxrss for one in usage) / 1024
    return max((_peak(one) for one in _family(process)), default=0.0)


@contextmanager
def watched(process: int, every: float = 0.1) -> Iterator[list[float]]:
    """Look at a family of processes every so many seconds; the list holds the peak in MB."""
    found, over = [0.0], threading.Event()

    def look() -> None:
        while not over.wait(every):
            found[0] = max(found[0], peak_mb(process))

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield found
    finally:
        over.set()
        watcher.join()


def cpu_s(process: int) -> float:
    """Return the seconds of processor time a process and those it started have taken.

    On a shared machine this says more than the clock. Those that ended are not counted.
    """
    if not (_PROC / "self" / "stat").exists():
        return time.process_time()
    ticks = 0
    for one in _family(process):
        with suppress(OSError, ValueError, IndexError):
            fields = (_PROC / str(one) / "stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _family(process: int) -> set[int]:
    """Return a process and all that descend from it."""
    parents = {}
    for path in _PROC.iterdir():
        if path.name.isdigit():
            parents[int(path.name)] = _parent(path)
    found = {process}
    while more := {one for one, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def _parent(path: Path) -> int:
    try:  # "pid (any name) state parent ..."
        return int(path.joinpath("stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        return 0


def _peak(process: int) -> float:
    try:
        lines = (_PROC / str(process) / "status").read_text().splitlines()
    except OSError:
        return 0.0
    return (
        max((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), default=0) / 1024
    )
