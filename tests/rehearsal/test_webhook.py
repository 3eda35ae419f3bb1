"""The webhook of the local SendGrid: what it signs, and how stubborn it is."""

import json
import threading
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from publisher.rehearsal.events import QUIET, events_of
from publisher.rehearsal.webhook import (
    SIGNATURE,
    TIMESTAMP,
    Habits,
    WebhookSender,
    batches,
    new_key,
    shown_key,
)
from tests.rehearsal.test_events import AT, request

EVENTS = list(events_of(request(*(f"r{n}@example.org" for n in range(60))), "id", QUIET, at=AT))


class Heard:
    """What a listener was told, and what it answers next."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.answers: list[int] = []
        self.url = ""

    @property
    def events(self) -> list[str]:
        return [event["sg_event_id"] for body in self.bodies for event in json.loads(body)]


@contextmanager
def listener() -> Iterator[Heard]:
    """Listen for POSTs."""
    heard, lock = Heard(), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with lock:
                status = heard.answers.pop(0) if heard.answers else 200
                if status == 200:
                    heard.bodies.append(body)
                    heard.headers.append(dict(self.headers.items()))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    heard.url = f"http://127.0.0.1:{server.server_address[1]}/webhooks/sendgrid"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_signature_covers_timestamp_and_raw_body() -> None:
    key = new_key()
    with listener() as heard:
        sender = WebhookSender(heard.url, key, clock=lambda: AT)
        sender.tell(EVENTS[:3])
        sender.close()
    public = load_der_public_key(b64decode(shown_key(key)))
    assert isinstance(public, ec.EllipticCurvePublicKey)
    (headers,), (body,) = heard.headers, heard.bodies
    assert headers[TIMESTAMP] == str(AT)
    signature = b64decode(headers[SIGNATURE])
    public.verify(signature, str(AT).encode() + body, ec.ECDSA(hashes.SHA256()))
    with pytest.raises(InvalidSignature):
        public.verify(signature, str(AT + 1).encode() + body, ec.ECDSA(hashes.SHA256()))


def test_every_event_arrives_in_batches_out_of_order_and_some_of_them_twice() -> None:
    with listener() as heard:
        habits = Habits(batch=7, doubled=0.5, seed=3)
        sender = WebhookSender(heard.url, new_key(), habits)
        posted = sender.tell(EVENTS)
        sender.close()
    count = Counter(heard.events)
    assert set(count) == {event["sg_event_id"] for event in EVENTS}
    assert max(count.values()) == 2
    assert posted.events == len(heard.events) == sum(count.values())
    assert all(len(json.loads(body)) <= 7 for body in heard.bodies)
    assert heard.events[: len(EVENTS)] != [event["sg_event_id"] for event in EVENTS]


def test_what_is_not_taken_is_told_again() -> None:
    with listener() as heard:
        heard.answers = [500, 403, 302]
        sender = WebhookSender(heard.url, None, Habits(batch=200), wait=lambda _: None)
        posted = sender.tell(EVENTS)
        sender.close()
    assert (posted.posts, posted.retries, posted.given_up) == (1, 3, 0)
    assert len(heard.events) == len(EVENTS)
    assert SIGNATURE not in heard.headers[0]


def test_nobody_there_is_given_up_in_the_end() -> None:
    waits: list[float] = []
    habits = Habits(tries=3, patience_s=1, late_s=60)
    sender = WebhookSender("http://127.0.0.1:1/", None, habits, wait=waits.append)
    posted = sender.tell(EVENTS[:5])
    sender.close()
    assert (posted.posts, posted.retries, posted.given_up) == (0, 3, 5)
    assert waits[0] == pytest.approx(60, abs=5)
    assert waits[1:] == [1, 2]


def test_batches_keep_to_the_order_if_that_is_the_habit() -> None:
    assert [
        e for batch in batches(EVENTS, Habits(batch=9, shuffled=False)) for e in batch
    ] == EVENTS
