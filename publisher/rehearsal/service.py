"""What the local SendGrid is and remembers, apart from how it speaks HTTP."""

import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from publisher.rehearsal.book import Book
from publisher.rehearsal.events import Behaviour, Event, events_of, late_open, outcome_of
from publisher.rehearsal.faults import Chances, Fault, RateLimit
from publisher.rehearsal.webhook import WebhookSender

KEY = "SG.test-key"
LIMIT = 30_000_000  #: bytes of a request


@dataclass
class Accepted:
    """One mail the server took over."""

    email: str
    headers: dict[str, str]
    substitutions: dict[str, str]
    custom_args: dict[str, str]
    categories: list[str]
    message_id: str


@dataclass
class SendGridServer:
    """The running server; change its fields at any time."""

    url: str = ""
    key: str = KEY
    keep: bool = True  #: whether to remember mails and bodies, or only what `book` keeps
    bodies: list[dict[str, Any]] = field(default_factory=list)  #: of accepted requests
    answers: list[int] = field(default_factory=list)  #: every status given, 0 for none
    accepted: list[Accepted] = field(default_factory=list)
    mails: Counter[str] = field(default_factory=Counter)  #: accepted mails by address
    book: Book = field(default_factory=Book)  #: what Email Logs knows
    faults: list[Fault] = field(default_factory=list)  #: one for each of the next requests
    chances: Chances = field(default_factory=Chances)  #: asked when `faults` has none
    #: a fault for a request by its body, asked after those
    judge: Callable[[dict[str, Any]], Fault | None] = lambda _: None
    happened: Counter[str] = field(default_factory=Counter)  #: faults by their word
    poisoned: set[str] = field(default_factory=set)  #: addresses the server calls invalid
    names_culprits: bool = True  #: whether a 400 names the personalization
    verified: set[str] | None = None  #: sender identities; None takes any
    attachment_limit: int = LIMIT
    rate_limit: RateLimit = field(default_factory=RateLimit)
    reset_after: float = 1.0  #: seconds until X-RateLimit-Reset of the fault 429
    slow_s: float = 1.0  #: how long the fault "slow" takes to answer
    hang_s: float = 60.0  #: how long the fault "hang" keeps the connection
    log: bool = True  #: whether POST /v3/logs knows what was accepted
    log_lag_s: float = 0.0  #: how long it takes to know it
    webhook: WebhookSender | None = None  #: told what becomes of accepted mails
    behaviour: Behaviour = field(default_factory=Behaviour)
    clock: Callable[[], float] = time.time
    released: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def doubled(self) -> list[str]:
        """The addresses that were mailed more than once."""
        return [email for email, _ in self.book.doubled()]

    def next_fault(self) -> Fault | None:
        """Return what goes wrong with the next request, before its body is read."""
        with self.lock:
            if self.faults:
                return self.faults.pop(0)
        return self.chances.draw()

    def answered(self, status: int) -> None:
        """Count an answer, 0 for none."""
        with self.lock:
            self.answers.append(status)

    def accept(self, body: dict[str, Any]) -> str:
        """Take over the mails of a request and return its X-Message-Id."""
        message_id, at = secrets.token_urlsafe(16), self.clock()
        events: list[Event] = []
        outcomes: dict[str, tuple[str, str]] = {}
        if self.webhook:
            events = list(events_of(body, message_id, self.behaviour, at=int(at)))
            for event in events:
                changed = outcome_of(event)
                if changed:
                    outcomes[event["email"]] = changed
        self.book.enter(body, message_id, at=at, outcomes=outcomes)
        if self.keep:
            with self.lock:
                self._remember(body, message_id)
        if self.webhook:
            self.webhook.later(events)
        return message_id

    def linger(self, *, at_most: int = 20) -> int:
        """Tell of some mails that they were opened just now; return how many."""
        found = self.book.latest(at_most)
        if self.webhook is None:
            return 0
        at, seed = int(self.clock()), secrets.token_hex(4)
        self.webhook.later(
            late_open(mail.email, mail.message_id, mail.args, seed, at=at) for mail in found
        )
        return len(found)

    def _remember(self, body: dict[str, Any], message_id: str) -> None:
        for person in body["personalizations"]:
            email = person["to"][0]["email"]
            self.mails[email] += 1
            self.accepted.append(
                Accepted(
                    email=email,
                    headers=person.get("headers", {}),
                    substitutions=person.get("substitutions", {}),
                    custom_args={**body.get("custom_args", {}), **person.get("custom_args", {})},
                    categories=body.get("categories", []),
                    message_id=message_id,
                )
            )
        self.bodies.append(body)
