"""The local SendGrid as a process: `python -m publisher.rehearsal [--port N] [--book FILE]`.

The first line of its output is its address. The key it takes is REHEARSAL_KEY. It ends
when its standard input does, so that it never outlives whoever started it.
"""

import argparse
import os
import sys
import threading
from pathlib import Path

from publisher.rehearsal.book import Book
from publisher.rehearsal.server import bind
from publisher.rehearsal.service import KEY, SendGridServer


def main() -> None:
    """Serve until killed or left alone."""
    parser = argparse.ArgumentParser(prog="python -m publisher.rehearsal", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="loopback port; a free one if absent")
    parser.add_argument("--book", type=Path, help="new file for what is accepted; else in memory")
    asked = parser.parse_args()
    key = os.environ.get("REHEARSAL_KEY", KEY)
    service = SendGridServer(key=key, keep=False, book=Book(asked.book))
    server = bind(service, asked.port)
    print(service.url, flush=True)  # noqa: T201 - whoever started it reads this
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
