"""One worker as a process of its own: `python -m tests.deliver.worker`; tests kill it."""

import argparse
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import make_url

from publisher.config import Security, SendgridConfig, SmtpConfig
from publisher.deliver.mailing import find_mailing
from publisher.deliver.sender import Sender
from publisher.deliver.senders.outbox import Outbox
from publisher.deliver.senders.sendgrid import SendGrid
from publisher.deliver.senders.smtp import Smtp
from publisher.deliver.sending import send_mailing
from publisher.storage.engine import open_url
from tests.deliver.world import unsubscribe_url
from tests.servers.sendgrid import KEY


def sender_of(kind: str, peer: str) -> Sender:
    """Return a sender whose other side is at `peer`: an address, a port or a folder.

    A port may be followed by x and a number of connections.
    """
    if kind == "sendgrid":
        return SendGrid(KEY, SendgridConfig(endpoint=peer), batch=10, timeout_s=10)
    if kind == "smtp":
        port, _, connections = peer.partition("x")
        config = SmtpConfig(
            host="127.0.0.1",
            port=int(port),
            security=Security.NONE,
            connections=int(connections or 1),
        )
        return Smtp(config, timeout_s=10)
    return Outbox(Path(peer), batch=10)


def main() -> None:
    """Send what is left of week 2026-W47; the last line of output is the report."""
    parser = argparse.ArgumentParser()
    for name in ("database", "sender", "peer", "owner"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--ahead", type=float, default=0, help="seconds its clock is ahead")
    asked = parser.parse_args()
    engine = open_url(make_url(asked.database))
    mailing = find_mailing(engine, week="2026-W47", list_name="readers")
    assert mailing
    report = send_mailing(
        engine,
        mailing,
        sender_of(asked.sender, asked.peer),
        clock=lambda: datetime.now(UTC) + timedelta(seconds=asked.ahead),
        unsubscribe_url=unsubscribe_url,
        owner=asked.owner,
    )
    print(report, flush=True)  # noqa: T201 - the test reads it


if __name__ == "__main__":
    main()
