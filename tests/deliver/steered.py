"""A real worker that runs one step at a time, so that a test chooses what happens in between.

The worker is a greenlet. It pauses before each transaction, with each request, and where
it would wait; a test may then let others work, push the clock, cut a connection, or end
the worker as SIGKILL would: nothing it has in hand is written after that.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]  # it has no types
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError

from publisher.deliver.sender import (
    Answer,
    Capabilities,
    Message,
    Outcome,
    Recipient,
    Reference,
    Retry,
    Stop,
    TooLarge,
)


class Killed(BaseException):
    """Stands in for SIGKILL."""


class Cut(Enum):
    """When the connection to the database breaks."""

    BEFORE_COMMIT = "before"  #: the transaction is lost
    AFTER_COMMIT = "after"  #: it is written, and the worker cannot know


@dataclass(repr=False)
class Request:
    """A request in the air: the provider may take it, whatever becomes of who sent it."""

    message: Message
    recipients: tuple[Recipient, ...]
    reference: Reference
    moment: datetime
    first: bool  #: of its attempt
    taken: str = ""  #: the provider's id, once it has taken the request

    def __repr__(self) -> str:
        """Say as much as a failing test needs to be read."""
        return f"chunk {self.reference.chunk}, attempt {self.reference.attempt}"

    @property
    def readers(self) -> list[int]:
        """The subscribers' numbers."""
        return [recipient.subscriber_id for recipient in self.recipients]


@dataclass(frozen=True)
class Pause:
    """Where a worker stands."""

    at: str  #: database, request, building or waiting
    request: Request | None = None
    seconds: float = 0.0


class Steered:
    """A function that runs in steps."""

    def __init__(self, name: str, work: Callable[["Steered"], object]) -> None:
        self.name = name
        self.skew = timedelta(0)  #: how far its clock is ahead
        self.cut: Cut | None = None  #: what happens at its next commit
        self.slow = False  #: whether it pauses while it puts the next mail together
        self.asked_to_stop = False
        self.killed = False
        self.place: Pause | None = Pause("start")
        self.result: object = None
        self._greenlet: Any = greenlet(lambda _=None: self._run(work))
        self._greenlet.steered = self

    def __repr__(self) -> str:
        """Say who it is."""
        return self.name

    @property
    def alive(self) -> bool:
        """Whether there is anything left to do."""
        return self.place is not None

    def step(self, answer: Outcome | None = None) -> Pause | None:
        """Go on to the next pause; raise what the worker raises."""
        self.place = self._greenlet.switch(answer)
        return self.place

    def kill(self) -> None:
        """End it as SIGKILL would."""
        self.killed = True
        if self._greenlet:
            self._greenlet.throw(Killed)
        self.place = None

    def interrupt(self) -> None:
        """Press Ctrl-C; it may pause again while it tidies up."""
        if self._greenlet:
            self.place = self._greenlet.throw(KeyboardInterrupt)
        else:
            self.place = None  # it had not begun

    def pause(self, place: Pause) -> Any:
        """Stop here; called by what the worker uses."""
        if self.killed:
            raise Killed
        return self._greenlet.parent.switch(place)

    def _run(self, work: Callable[["Steered"], object]) -> None:
        try:
            self.result = work(self)
        except (Killed, KeyboardInterrupt):
            self.result = None


def current() -> Steered | None:
    """Return the worker that runs just now, or None if it is the test itself."""
    return getattr(getcurrent(), "steered", None)


def steer(engine: Engine) -> Callable[[], None]:
    """Make workers on this engine pause before their transactions; return how to undo it."""

    def checkout(*_: object) -> None:
        if worker := current():
            worker.pause(Pause("database"))

    def commit(connection: Connection) -> None:
        worker = current()
        if worker is None or worker.cut is None:
            return
        if worker.cut is Cut.AFTER_COMMIT:
            connection.connection.dbapi_connection.commit()  # type: ignore[union-attr]  # it is open
        worker.cut = None
        raise OperationalError("COMMIT", {}, Exception("the connection was cut"))

    event.listen(engine, "checkout", checkout)
    event.listen(engine, "commit", commit)

    def undo() -> None:
        event.remove(engine, "checkout", checkout)
        event.remove(engine, "commit", commit)

    return undo


@dataclass
class Provider:
    """A mail service whose own books are the truth; a test answers its requests."""

    batch: int = 3
    doubt: int = 3
    singly: bool = False  #: one request for each reader, as SMTP has it
    events: bool = True
    lag: timedelta = timedelta(minutes=10)
    records_open: bool = False  #: whether `find` works
    clock: Callable[[], datetime] = field(default=datetime.now)
    sent: list[Request] = field(default_factory=list)  #: every request that ever left
    air: list[Request] = field(default_factory=list)  #: those without an answer
    taken: list[Request] = field(default_factory=list)

    @property
    def capabilities(self) -> Capabilities:
        """As told."""
        return Capabilities(
            name="provider",
            batch=self.batch,
            doubt=self.doubt,
            size_limit=10_000_000,
            timeout_s=30.0,
            evidence_lag=self.lag,
            events=self.events,
        )

    def take(self, request: Request) -> None:
        """Take a request over: its readers are mailed."""
        if not request.taken:
            request.taken = f"id{len(self.taken) + 1}"
            self.taken.append(request)

    def mailed(self, subscriber_id: int) -> int:
        """Count the mails a reader was sent."""
        return sum(request.readers.count(subscriber_id) for request in self.taken)

    def send(
        self,
        message: Message,
        recipients: Sequence[Recipient],
        *,
        now: datetime,
        reference: Reference | None = None,
    ) -> Iterator[Answer]:
        """Pause with each request until the test has an answer."""
        worker = current()
        assert worker
        assert reference
        groups = [(one,) for one in recipients] if self.singly else [tuple(recipients)]
        for number, group in enumerate(groups):
            request = Request(message, group, reference, self.clock(), number == 0)
            self.sent.append(request)
            self.air.append(request)
            outcome = worker.pause(Pause("request", request))
            self.air.remove(request)
            if isinstance(outcome, Retry | Stop | TooLarge):
                # nothing more is tried: the rest shares this answer
                yield Answer(tuple(r for later in groups[number:] for r in later), outcome)
                return
            yield Answer(group, outcome)

    def find(
        self, message: Message, recipients: Sequence[Recipient], reference: Reference
    ) -> str | None:
        """Look the readers up, as SendGrid's Email Logs allow: by address and mailing."""
        wanted = {recipient.subscriber_id for recipient in recipients}
        if self.records_open and not self.singly:  # no mail server keeps such books
            for request in self.taken:
                if wanted & set(request.readers):
                    return request.taken
        return None

    def close(self) -> None:
        """Nothing to let go."""
