"""Other programs that print HTML, on the same document: Chromium, Paged.js, Vivliostyle.

Each is used as its own documentation has it. `make bench-peers` installs the latter two in
.peers/; Chromium is the system's.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.memory import watched

PEERS = Path(__file__).parent.parent / ".peers"
_LONGEST = 900  #: seconds
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A program and how it is called; {html}, {pdf}, {browser} and {profile} are filled in."""

    name: str
    program: str
    arguments: tuple[str, ...]


CHROMIUM = Peer(
    name="Chromium's print",
    program="chromium",
    arguments=(
        "--headless",
        *_QUIET,
        "--user-data-dir={profile}",
        "--no-pdf-header-footer",
        "--virtual-time-budget=600000",
        "--print-to-pdf={pdf}",
        "file://{html}",
    ),
)
PAGEDJS = Peer(
    name="Paged.js",
    program="pagedjs-cli",
    arguments=(
        "--inputs",
        "{html}",
        "--output",
        "{pdf}",
        "--timeout",
        f"{_LONGEST}000",
        "--browserArgs",
        ",".join(_QUIET),
    ),
)
VIVLIOSTYLE = Peer(
    name="Vivliostyle CLI",
    program="vivliostyle",
    arguments=(
        "build",
        "{html}",
        "--single-doc",
        "--output",
        "{pdf}",
        "--executable-browser",
        "{browser}",
        "--timeout",
        str(_LONGEST),
        "--log-level",
        "info",
    ),
)
ALL = {"chromium": CHROMIUM, "pagedjs": PAGEDJS, "vivliostyle": VIVLIOSTYLE}


@dataclass(frozen=True, kw_only=True)
class Printing:
    """What a peer took; without a file it failed, and `said` tells why."""

    seconds: float = 0.0
    peak_mb: float = 0.0
    said: str = ""

    @property
    def failed(self) -> bool:
        """Whether there is no PDF."""
        return bool(self.said)


def browser() -> str | None:
    """Return Chromium's program, if there is one."""
    return next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)


def program(peer: Peer) -> str | None:
    """Return a peer's program, if it and the browser it needs are installed."""
    if peer is CHROMIUM or browser() is None:
        return browser()
    return shutil.which(peer.program, path=str(PEERS / "node_modules" / ".bin"))


def printed(peer: Peer, html: Path, pdf: Path) -> Printing:
    """Let a peer print a document, and wait for it."""
    found, chromium = program(peer), browser()
    if found is None or chromium is None:
        return Printing(said="not installed")
    pdf.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        places = {"html": html, "pdf": pdf, "browser": chromium, "profile": profile}
        command = [found, *(one.format(**places) for one in peer.arguments)]
        extra = {"PUPPETEER_EXECUTABLE_PATH": chromium, "TMPDIR": profile}
        made = _waited(command, os.environ | extra, html.parent)
    if not made.failed and not (pdf.exists() and pdf.stat().st_size):
        return Printing(said="it made no PDF")
    return made


def _waited(command: Sequence[str], environment: Mapping[str, str], folder: Path) -> Printing:
    with tempfile.TemporaryFile() as said:
        started = time.perf_counter()
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        with watched(process.pid) as peak:
            try:
                process.wait(_LONGEST)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                return Printing(said=f"not done in {_LONGEST} s")
        seconds = time.perf_counter() - started
        said.seek(0)
        words = said.read().decode(errors="replace").strip()
    if process.returncode:
        return Printing(said=f"code {process.returncode}: {words[-300:]}")
    return Printing(seconds=seconds, peak_mb=peak[0])
