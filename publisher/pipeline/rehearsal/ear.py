"""Hears in a rehearsal what the local SendGrid tells: as the public pages do, on loopback."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from publisher.deliver.feedback.events import part
from publisher.deliver.feedback.events_kept import keep
from publisher.deliver.feedback.events_signed import SIGNATURE, TIMESTAMP, doubt, read_key
from publisher.pipeline.desk import Desk
from publisher.pipeline.hearing import Heard, hear

_WITHIN = timedelta(hours=1)


@contextmanager
def ear(engine: Engine, public_key: str) -> Iterator[str]:
    """Listen for signed events, store them, and give the address to post them to."""
    key = read_key(public_key)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            now = datetime.now(UTC)
            wrong = doubt(
                key,
                signature=self.headers.get(SIGNATURE, ""),
                timestamp=self.headers.get(TIMESTAMP, ""),
                body=body,
                now=now,
                within=_WITHIN,
            )
            status = 403 if wrong else 200
            if not wrong:
                try:
                    keep(engine, part(body), now=now)
                except SQLAlchemyError:
                    status = 503  # the sender tries again
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/webhooks/sendgrid"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def hear_later(desk: Desk, engine: Engine, ahead_s: float) -> Heard:
    """Interpret what was heard, so many seconds from now on the rehearsal's clock."""
    moment = datetime.now(UTC) + timedelta(seconds=ahead_s)
    return hear(replace(desk, engine=engine, clock=lambda: moment))
