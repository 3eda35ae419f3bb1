"""Start the local SendGrid as a process of its own, and speak with it."""

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from publisher.rehearsal.book import Mail
from publisher.rehearsal.control import PREFIX
from publisher.rehearsal.service import KEY

_TIMEOUT = 120.0  #: flushing a webhook may take its time


class SendGridProcess:
    """A local SendGrid in another process; see `control` for what can be asked of it."""

    def __init__(self, url: str, key: str, pid: int) -> None:
        """Speak with the server at an address."""
        self.url, self.key, self.pid = url, key, pid

    def state(self) -> dict[str, Any]:
        """Return how much it accepted and answered, and the faults that happened."""
        return dict(self._ask("GET", "state"))

    def change(self, **settings: Any) -> None:
        """Change how it behaves; the names are those of `SendGridServer`, values plain data."""
        self._ask("PUT", "settings", settings)

    def mails(self) -> Iterator[Mail]:
        """Go through the accepted mails in order, a page at a time."""
        last = 0
        while page := self._ask("GET", f"mails?after={last}"):
            yield from (Mail(*entry) for entry in page)
            last = page[-1][0]

    def doubled(self) -> dict[str, int]:
        """Return addresses that were mailed more than once (at most 1000), and how often."""
        return dict(self._ask("GET", "doubled"))

    def forget(self) -> None:
        """Empty its book."""
        self._ask("POST", "forget")

    def linger(self) -> int:
        """Let the webhook tell that some mails were opened just now; return how many."""
        return int(self._ask("POST", "linger"))

    def flush(self) -> dict[str, int]:
        """Wait until the webhook has told everything; return what it posted."""
        return dict(self._ask("POST", "flush"))

    def _ask(self, method: str, name: str, body: Any = None) -> Any:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=_TIMEOUT)
        try:
            raw = b"" if body is None else json.dumps(body).encode()
            connection.request(method, PREFIX + name, raw, {"Authorization": f"Bearer {self.key}"})
            answer = connection.getresponse()
            found = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status != 200:
            raise ValueError(found.get("error", found))
        return found


@contextmanager
def sendgrid_process(*, key: str = KEY, book: Path | None = None) -> Iterator[SendGridProcess]:
    """Run the server as a process and give it; `book` is a new file for what it accepts."""
    command = [sys.executable, "-m", "publisher.rehearsal"]
    process = subprocess.Popen(  # noqa: S603 - our own program
        [*command, "--book", str(book)] if book else command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "REHEARSAL_KEY": key},
    )
    assert process.stdin  # noqa: S101 - it was asked for
    assert process.stdout  # noqa: S101 - as above
    with process.stdin, process.stdout:
        try:
            url = process.stdout.readline().strip()
            if not url:
                raise ChildProcessError("the local SendGrid did not start")
            yield SendGridProcess(url, key, process.pid)
        finally:
            process.terminate()
            process.wait()
