"""The Event Webhook as SendGrid posts it: signed, in batches, doubled, out of order, retried.

https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features
"""

import http.client
import json
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from random import Random
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from publisher.rehearsal.events import Event

SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"


@dataclass(frozen=True, kw_only=True)
class Habits:
    """How the webhook posts what it has to tell."""

    batch: int = 100  #: events in one POST
    doubled: float = 0.0  #: share of events told once more, in another POST
    shuffled: bool = True  #: whether later events may come before earlier ones
    parallel: int = 4  #: POSTs at once
    late_s: float = 0.0  #: seconds that events wait before they are told
    tries: int = 8  #: POSTs of one batch until it is given up
    patience_s: float = 0.05  #: before the second try; doubles each time
    timeout_s: float = 10.0
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Posted:
    """What was told."""

    posts: int = 0  #: that were answered 2xx
    events: int = 0  #: in them, doubles counted
    retries: int = 0  #: POSTs that were answered otherwise, or not at all
    given_up: int = 0  #: events nobody took


def new_key() -> ec.EllipticCurvePrivateKey:
    """Return a key pair as SendGrid makes one for a signed webhook."""
    return ec.generate_private_key(ec.SECP256R1())


def shown_key(key: ec.EllipticCurvePrivateKey) -> str:
    """Return the public key as SendGrid shows it: DER in base64, on one line."""
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b64encode(der).decode()


def private_text(key: ec.EllipticCurvePrivateKey) -> str:
    """Return the private key as the server's settings take it: DER in base64."""
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return b64encode(der).decode()


def payload(events: Sequence[Event]) -> bytes:
    """Return the body of a POST, with SendGrid's own line breaks, which are signed too."""
    lines = (json.dumps(event, separators=(",", ":")) for event in events)
    return ("[" + ",\r\n".join(lines) + "]\r\n").encode()


def signed_headers(
    body: bytes, key: ec.EllipticCurvePrivateKey | None, *, timestamp: int
) -> dict[str, str]:
    """Return the headers of a POST; without a key there is no signature.

    ECDSA on P-256 with SHA-256 over the timestamp's digits and the raw body.
    """
    headers = {"Content-Type": "application/json", "User-Agent": "SendGrid Event API"}
    if key is None:
        return headers
    told = str(timestamp)
    signature = key.sign(told.encode() + body, ec.ECDSA(hashes.SHA256()))
    return {**headers, SIGNATURE: b64encode(signature).decode(), TIMESTAMP: told}


def batches(events: Iterable[Event], habits: Habits) -> Iterator[list[Event]]:
    """Part events into POSTs, some of them doubled and all out of order if that is the habit."""
    chance = Random(habits.seed)  # noqa: S311 - a rehearsal
    told = list(events)
    told += [event for event in told if chance.random() < habits.doubled]
    if habits.shuffled:
        chance.shuffle(told)
    for first in range(0, len(told), habits.batch):
        yield told[first : first + habits.batch]


class WebhookSender:
    """Posts events to an address, in parallel and again until they are taken.

    `tell` posts and waits; `later` leaves it to a thread, and `flush` waits for that.
    """

    def __init__(
        self,
        url: str,
        key: ec.EllipticCurvePrivateKey | None,
        habits: Habits | None = None,
        *,
        clock: Callable[[], float] = time.time,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        """Prepare to post; `clock` (Unix seconds) makes the signed timestamps."""
        self.url, self._key, self._habits = url, key, habits or Habits()
        self._clock, self._wait = clock, wait
        self._pool = ThreadPoolExecutor(self._habits.parallel, thread_name_prefix="webhook")
        self._lock = threading.Condition()
        self._under_way = 0
        self._round = 0
        self._posted = Posted()

    @property
    def posted(self) -> Posted:
        """What was told so far."""
        with self._lock:
            return self._posted

    def tell(self, events: Iterable[Event]) -> Posted:
        """Post events and return when all are taken or given up; what was told in all."""
        self.later(events)
        return self.flush()

    def later(self, events: Iterable[Event]) -> None:
        """Post events in the background."""
        with self._lock:
            self._round += 1
            habits = self._habits
            seed = habits.seed * 1_000_003 + self._round
        due = time.monotonic() + habits.late_s
        for batch in batches(events, replace(habits, seed=seed)):
            with self._lock:
                self._under_way += 1
            self._pool.submit(self._deliver, batch, due)

    def flush(self) -> Posted:
        """Wait until nothing is under way; return what was told in all."""
        with self._lock:
            self._lock.wait_for(lambda: not self._under_way)
            return self._posted

    def close(self) -> None:
        """Post what is left and end."""
        self.flush()
        self._pool.shutdown()

    def _deliver(self, batch: list[Event], due: float) -> None:
        taken, tries = False, 0
        try:
            if due > time.monotonic():
                self._wait(due - time.monotonic())
            body = payload(batch)
            while not taken and tries < self._habits.tries:
                if tries:
                    self._wait(self._habits.patience_s * 2 ** (tries - 1))
                taken = self._post(body)
                tries += 1
        finally:
            with self._lock:
                before = self._posted
                self._posted = Posted(
                    posts=before.posts + taken,
                    events=before.events + len(batch) * taken,
                    retries=before.retries + tries - taken,
                    given_up=before.given_up + len(batch) * (not taken),
                )
                self._under_way -= 1
                self._lock.notify_all()

    def _post(self, body: bytes) -> bool:
        parts = urlsplit(self.url)
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        connection = kind(parts.netloc, timeout=self._habits.timeout_s)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        try:
            headers = signed_headers(body, self._key, timestamp=int(self._clock()))
            connection.request("POST", path or "/", body, headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        return 200 <= answer.status < 300
