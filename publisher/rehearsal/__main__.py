"""The local SendGrid as a process: `python -m publisher.rehearsal`.

Set `endpoint` in [delivery.sendgrid] to its address to try a publication out against it.
The first line of its output is its address. The key it takes is REHEARSAL_KEY. It ends
when its standard input does, so that it never outlives whoever started it.
"""

import argparse
import os
import sys
import threading
from pathlib import Path

from publisher.rehearsal.book import Book
from publisher.rehearsal.faults import Chances, parse_faults
from publisher.rehearsal.server import bind
from publisher.rehearsal.service import KEY, SendGridServer
from publisher.rehearsal.webhook import Habits, WebhookSender, new_key, shown_key


def main() -> None:
    """Serve until killed or left alone."""
    parser = argparse.ArgumentParser(
        prog="python -m publisher.rehearsal",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=0, help="on loopback; a free one if absent")
    parser.add_argument("--book", type=Path, help="new file for what is accepted; else in memory")
    parser.add_argument("--faults", default="", help="what goes wrong, such as drop,429=0.1")
    parser.add_argument("--seed", type=int, default=0, help="of faults and events")
    parser.add_argument("--webhook", metavar="URL", help="where to tell what became of mails")
    asked = parser.parse_args()
    try:
        shares = parse_faults(asked.faults)
    except ValueError as error:
        parser.error(f"--faults: {error}")
    if asked.book and asked.book.exists():
        parser.error(f"--book: {asked.book} exists already")
    key = os.environ.get("REHEARSAL_KEY", KEY)
    service = SendGridServer(key=key, keep=False, book=Book(asked.book))
    service.chances = Chances(shares, asked.seed)
    lines = []
    if asked.webhook:
        private = new_key()
        habits = Habits(doubled=0.3, seed=asked.seed)
        service.webhook = WebhookSender(asked.webhook, private, habits)
        lines.append(f'webhook_key = "{shown_key(private)}"')
    server = bind(service, asked.port)
    print(service.url, *lines, sep="\n", flush=True)  # noqa: T201 - whoever started it reads this
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
