"""What may go wrong with a request, and how often."""

import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from random import Random

USUAL = 0.02  #: how often a fault happens that is named without a number


class Fault(Enum):
    """What goes wrong with a request."""

    BAD_REQUEST = 400
    UNAUTHORIZED = 401
    FORBIDDEN = 403
    NOT_FOUND = 404
    TOO_LARGE = 413
    TOO_MANY = 429
    SERVER_ERROR = 500
    UNAVAILABLE = 503
    REDIRECT = 302
    PLAIN_200 = 200
    HANG = "hang"  #: reads the request and says nothing
    HANG_ACCEPTED = "hang-accepted"  #: accepts, and says nothing
    DROP_ANSWER = "drop"  #: accepts, then closes the connection without a word
    ERROR_ACCEPTED = "500-accepted"  #: accepts, and says it failed
    SLOW = "slow"  #: accepts, and takes its time to say so
    RESET_BEFORE = "reset-before"  #: resets the connection before it has read the body
    RESET = "reset"  #: resets the connection in the middle of the body, accepting nothing
    HALF_ERROR = "half"  #: begins a 400 and breaks off

    @property
    def word(self) -> str:
        """The word by which an operator asks for it."""
        return str(self.value)


#: those that end well if the sender does right; the others need an operator
PASSING = (
    *(Fault.TOO_MANY, Fault.SERVER_ERROR, Fault.UNAVAILABLE, Fault.HANG, Fault.HANG_ACCEPTED),
    *(Fault.DROP_ANSWER, Fault.ERROR_ACCEPTED, Fault.SLOW, Fault.RESET_BEFORE, Fault.RESET),
    Fault.HALF_ERROR,
)


def parse_faults(text: str) -> dict[Fault, float]:
    """Read "drop,429=0.1" into shares of requests; "all" means every passing fault.

    Raises `ValueError` telling what is allowed.
    """
    found: dict[Fault, float] = {}
    by_word = {fault.word: fault for fault in PASSING}
    for part in filter(None, (part.strip() for part in text.split(","))):
        word, _, number = (piece.strip() for piece in part.partition("="))
        if word != "all" and word not in by_word:
            raise ValueError(f'"{word}" is no fault: use all, {", ".join(by_word)}')
        try:
            share = float(number) if number else USUAL
        except ValueError:
            raise ValueError(f'"{number}" is not a share: write it like {word}=0.05') from None
        if not 0 <= share <= 1:
            raise ValueError(f"{word}={number} is not a share from 0 to 1")
        for fault in PASSING if word == "all" else (by_word[word],):
            found[fault] = share
    if sum(found.values()) > 0.9:
        raise ValueError("these faults leave less than a tenth of the requests to go well")
    return found


@dataclass
class Chances:
    """Faults by chance, the same for the same seed and order of requests."""

    shares: Mapping[Fault, float] = field(default_factory=dict)
    seed: int = 0
    _random: Random = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)  # noqa: S311 - a rehearsal

    def draw(self) -> Fault | None:
        """Return what goes wrong with the next request, if anything."""
        if not self.shares:
            return None
        with self._lock:
            chance = self._random.random()
        for fault, share in self.shares.items():
            if chance < share:
                return fault
            chance -= share
        return None


@dataclass
class RateLimit:
    """So many requests in a stretch of time, as X-RateLimit-* tell it; a fixed window.

    https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/rate-limits
    """

    requests: int = 10_000
    seconds: float = 1.0
    _window: int = -1
    _used: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, now: float) -> tuple[bool, dict[str, str]]:
        """Count a request at this moment (Unix seconds); tell whether it may pass, and headers."""
        window = int(now / self.seconds)
        with self._lock:
            if window != self._window:
                self._window, self._used = window, 0
            self._used += 1
            left = self.requests - self._used
        headers = {
            "X-RateLimit-Limit": str(self.requests),
            "X-RateLimit-Remaining": str(max(left, 0)),
            # whole seconds, so never before the window truly ends
            "X-RateLimit-Reset": str(math.ceil((window + 1) * self.seconds)),
        }
        return left >= 0, headers
