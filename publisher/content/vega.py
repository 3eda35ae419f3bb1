"""A Vega specification -> SVG, drawn by d3 and Vega in a helper process, each drawing once.

Vega (by way of `vl-convert`) brings a JavaScript engine of about 100 MB, which starts in
0.4 s and draws in milliseconds. So it lives in a helper that is started for the first
drawing nobody has made yet and ends when idle; what it drew is kept by content in a
user's cache (`PUBLISHER_CACHE`, else `XDG_CACHE_HOME`, else ~/.cache).
"""

import atexit
import hashlib
import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any, cast

from publisher.content.files import save
from publisher.errors import ContentError

Spec = Mapping[str, Any]

_HELPER = Path(__file__).with_name("vega_helper.py")
_PATIENCE = 30.0  #: seconds a drawing may take
_KEPT = 800  #: drawings


def draw(spec: Spec) -> str:
    """Return the SVG of a specification; the same one gives the same bytes.

    Raises `ContentError` if the helper cannot be started, takes too long or refuses.
    """
    return _drawn(json.dumps(spec, sort_keys=True, ensure_ascii=False))


@lru_cache(maxsize=64)
def _drawn(spec: str) -> str:
    recipe = f"{version('vl-convert-python')}\n{spec}"
    path = cache_folder() / f"{hashlib.sha256(recipe.encode()).hexdigest()}.svg"
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        svg = _HELPERS.ask(spec)
    _keep(path, svg)
    return svg


def cache_folder() -> Path:
    """Return where drawings are kept."""
    ours = os.environ.get("PUBLISHER_CACHE")
    if ours:
        return Path(ours) / "drawings"
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111  # without a home it stays "~"
    return Path(base) / "publisher" / "drawings"


def _keep(path: Path, svg: str) -> None:
    """Store a drawing; a folder that cannot be written costs time, nothing else."""
    try:
        save(path, svg)
        drawings = sorted(path.parent.glob("*.svg"), key=lambda one: one.stat().st_mtime)
        for old in drawings[:-_KEPT]:
            old.unlink(missing_ok=True)
    except OSError:
        return


class _Helpers:
    """The one helper of this process, started when needed; for any number of threads."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def ask(self, spec: str) -> str:
        with self._lock:
            answer = self._exchange(spec) or self._exchange(spec)  # an idle one may have ended
        if not answer:
            raise ContentError("the drawing program does not start or ends at once: install again")
        if "svg" not in answer:
            raise ContentError(f"it cannot be drawn ({answer.get('error', 'no reason given')})")
        return str(answer["svg"])

    def _exchange(self, spec: str) -> dict[str, Any]:
        process = self._process
        if process is None or process.poll() is not None:
            self.stop()
            process = self._process = _start()
        ours, theirs = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
        try:
            ours.write(spec.encode() + b"\n")
            ours.flush()
            line = _line(theirs)
        except BrokenPipeError:
            line = b""
        except TimeoutError:
            self.stop()
            raise ContentError(
                f"it is not drawn within {_PATIENCE:.0f} seconds: give it fewer figures"
            ) from None
        if not line:
            self.stop()
            return {}
        answer: dict[str, Any] = json.loads(line)
        return answer

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue

    def forget(self) -> None:
        """In a forked process: the helper is the parent's, and so may the lock be."""
        if self._process is not None:
            self._process.returncode = 0  # not ours to wait for
        self._process, self._lock = None, threading.Lock()


def _start() -> subprocess.Popen[bytes]:
    # -P: beside the script lie modules named like Python's own
    return subprocess.Popen(  # noqa: S603  # our own file, no shell
        [sys.executable, "-P", str(_HELPER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
    )


def _line(pipe: IO[bytes]) -> bytes:
    """Read one line; empty if the other end is closed. Raises `TimeoutError`."""
    parts: list[bytes] = []
    deadline = time.monotonic() + _PATIENCE
    while True:
        ready, _, _ = select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))
        if not ready or time.monotonic() > deadline:
            raise TimeoutError
        part = os.read(pipe.fileno(), 1 << 16)
        parts.append(part)
        if not part:
            return b""
        if part.endswith(b"\n"):
            return b"".join(parts)


_HELPERS = _Helpers()
atexit.register(_HELPERS.stop)
os.register_at_fork(after_in_child=_HELPERS.forget)
