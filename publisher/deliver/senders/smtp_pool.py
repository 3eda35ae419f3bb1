"""Connections kept from mail to mail, as many as the server allows."""

from collections.abc import Callable, Iterator
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from time import monotonic

from publisher.deliver.senders.smtp_dialling import CannotDial
from publisher.deliver.senders.smtp_line import Job, Line, Verdict

_IDLE_S = 60.0  #: how long a connection nobody uses is trusted
_CONTENT_S = 300.0  #: how long a server's limit on connections is respected before it is tried


class Pool:
    """Opens, keeps, listens to and closes connections."""

    def __init__(
        self, dial: Callable[[], Line], most: int, *, clock: Callable[[], float] = monotonic
    ) -> None:
        self._dial, self._most, self._clock = dial, most, clock
        self._allowed = most
        self._content_until = 0.0
        self._lines: dict[int, Line] = {}  #: by file number
        self._writing: set[int] = set()
        self._selector: DefaultSelector | None = None

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def busy(self) -> list[Line]:
        """The connections that have something under way."""
        return [line for line in self._lines.values() if line.busy]

    def idle(self) -> Line | None:
        """Return a connection with nothing to do."""
        return next((line for line in self._lines.values() if not line.busy), None)

    def one_more(self) -> Line | None:
        """Open another connection, unless there are as many as there may be.

        A server that allows no more is content with those it has; raises `CannotDial`
        if there is none at all.
        """
        if self._allowed < self._most and self._clock() >= self._content_until:
            self._allowed = self._most
        if len(self._lines) >= self._allowed:
            return None
        try:
            line = self._dial()
        except CannotDial:
            if not self._lines:
                raise
            self.be_content()
            return None
        if self._selector is None:
            self._selector = DefaultSelector()
        self._lines[line.socket.fileno()] = line
        self._selector.register(line.socket, EVENT_READ)
        return line

    def be_content(self) -> None:
        """Open no more than are open now, for a while."""
        self._allowed = max(1, len(self._lines))
        self._content_until = self._clock() + _CONTENT_S

    def refresh(self) -> None:
        """Leave connections that nobody used for a while, and notice those that are closed.

        Firewalls forget an idle connection without telling; a mail would wait for long.
        """
        for number, line in list(self._lines.items()):
            if not line.busy and line.silent_s > _IDLE_S:
                line.leave()
                self._tend(line, number)
        for _ in self.listen(lambda: None, within=0.0):
            pass  # nothing is under way

    def listen(
        self, next_job: Callable[[], Job | None], *, within: float | None = None
    ) -> Iterator[tuple[Line, Job, Verdict]]:
        """Wait for the server, go on with what came, and yield what is decided.

        Waits `within` seconds at most, or for as long as the server may take.
        """
        if self._selector is None or not self._lines:
            return
        now = self._clock()
        soonest = min((line.deadline for line in self.busy), default=now)
        heard = set()
        patience = soonest - now if within is None else min(soonest - now, within)
        for key, mask in self._selector.select(max(0.0, patience)):
            line = self._lines.get(key.fd)
            if line is None:
                continue  # dropped, for what another said
            heard.add(key.fd)
            told = line.go_on(
                readable=bool(mask & EVENT_READ),
                writable=bool(mask & EVENT_WRITE),
                next_job=next_job,
            )
            self._tend(line, key.fd)
            yield from ((line, job, verdict) for job, verdict in told)
        now = self._clock()
        for number, line in list(self._lines.items()):
            if line.busy and number not in heard and line.deadline <= now:
                told = line.expire()
                self._tend(line, number)
                yield from ((line, job, verdict) for job, verdict in told)

    def linger(
        self, next_job: Callable[[], Job | None], seconds: float
    ) -> Iterator[tuple[Line, Job, Verdict]]:
        """Listen for so long, or until nothing is under way any more."""
        end = self._clock() + seconds
        while self.busy and (left := end - self._clock()) > 0:
            yield from self.listen(next_job, within=left)

    def give(
        self, line: Line, next_job: Callable[[], Job | None]
    ) -> list[tuple[Line, Job, Verdict]]:
        """Let an idle connection begin the next mail."""
        number = line.socket.fileno()
        told = line.take(next_job)
        self._tend(line, number)
        return [(line, job, verdict) for job, verdict in told]

    def drop(self, line: Line, reason: str) -> list[tuple[Line, Job, Verdict]]:
        """Close a connection at once and return what that decides."""
        number = line.socket.fileno()
        told = line.drop(reason)
        self._tend(line, number)
        return [(line, job, verdict) for job, verdict in told]

    def close(self) -> None:
        """Say goodbye on all connections and close them."""
        for line in self._lines.values():
            line.leave()
        self._lines.clear()
        self._writing.clear()
        if self._selector:
            self._selector.close()
            self._selector = None

    def _tend(self, line: Line, number: int) -> None:
        """Listen for what the connection waits for now, or forget it if it is dead."""
        if self._selector is None:
            return
        if line.dead:
            self._lines.pop(number, None)
            self._writing.discard(number)
            self._selector.unregister(number)
        elif line.wants_to_write != (number in self._writing):
            self._writing ^= {number}
            writing = EVENT_WRITE if line.wants_to_write else 0
            self._selector.modify(line.socket, EVENT_READ | writing)
