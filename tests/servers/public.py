"""The public pages as `publisher run` serves them, on a free port of loopback."""

import email
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from threading import Thread

import httpx
import uvicorn

from publisher.audience.tokens import Tokens
from publisher.config import Publication, Secrets
from publisher.deliver import make_sender
from publisher.deliver.sender import Sender
from publisher.pipeline.desk import Desk
from publisher.storage.engine import open_database
from publisher.storage.settings import signing_keys
from publisher.web.app import create_app


@dataclass
class HandClock:
    """A clock that is moved by hand."""

    now: datetime = field(default_factory=lambda: datetime.fromisoformat("2026-11-21T09:00+01:00"))

    def __call__(self) -> datetime:
        return self.now

    def ahead(self, **by: float) -> None:
        """Move it, by hours=, days= and so on."""
        self.now += timedelta(**by)


@dataclass(frozen=True)
class Site:
    """A running site and what stands behind it."""

    url: str
    desk: Desk
    clock: HandClock
    tokens: Tokens
    web: httpx.Client  #: follows no redirects

    def mails(self) -> list[EmailMessage]:
        """The mails that were sent, oldest first."""
        folder = self.desk.publication.root / self.desk.publication.delivery.outbox
        files = sorted(folder.rglob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
        return [email.message_from_bytes(f.read_bytes(), policy=default) for f in files]


@contextmanager
def running_site(
    publication: Publication,
    *,
    secrets: Secrets | None = None,
    path: str = "",
    sender: Callable[[], Sender] | None = None,
) -> Iterator[Site]:
    """Serve a publication's public pages; its public address ends with `path`."""
    secrets = secrets or Secrets()
    listener = socket.create_server(("127.0.0.1", 0))
    root = f"http://127.0.0.1:{listener.getsockname()[1]}"
    publication = replace(publication, web=replace(publication.web, url=f"{root}{path}"))
    engine = open_database(publication, secrets)
    clock = HandClock()
    desk = Desk(
        publication=publication,
        secrets=secrets,
        engine=engine,
        sender=sender or (lambda: make_sender(publication, secrets)),
        clock=clock,
    )
    config = uvicorn.Config(create_app(desk), log_level="critical", timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    tokens = Tokens(signing_keys(engine, secrets))
    try:
        with httpx.Client(base_url=root, trust_env=False) as web:
            yield Site(root, desk, clock, tokens, web)
    finally:
        server.should_exit = True
        thread.join(timeout=20)
        assert not thread.is_alive()
        listener.close()
        engine.dispose()
