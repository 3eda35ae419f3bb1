"""One kept connection to a mail server, which speaks SMTP and never waits.

A mail is an envelope (MAIL, RCPT, DATA) and, when the server says 354, the mail itself.
Where the server offers PIPELINING (RFC 2920) an envelope is one write, and the next
reader's envelope travels behind the final dot of the mail before: one round trip a mail.
"""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from socket import socket

from publisher.deliver.sender import Outcome, Recipient, Refused, Stop, TooLarge, Uncertain
from publisher.deliver.senders.headers import address_problem
from publisher.deliver.senders.smtp_channel import Channel
from publisher.deliver.senders.smtp_replies import (
    Fault,
    Lost,
    NotSmtp,
    Reply,
    ReplyReader,
    mail_judged,
    reader_refused,
    sender_refused,
)

# checking a mail may take a server long, and whoever gives up then can only doubt: RFC 5321
# asks for ten minutes; more than this and the lease of the chunk might run out
_PATIENCE_AT_THE_END = 2


@dataclass(frozen=True, kw_only=True)
class Features:
    """What a server said it can do."""

    pipelining: bool = False
    size: bool = False
    size_limit: int = 0  #: bytes of a mail; 0 if it names no limit
    utf8: bool = False  #: SMTPUTF8, RFC 6531


@dataclass(slots=True, eq=False)
class Job:
    """One reader's mail on its way."""

    number: int  #: among the readers of the chunk
    recipient: Recipient
    sender: str  #: of the envelope
    to: str
    mail: tuple[bytes, ...]  #: with dots doubled, up to and with the final dot
    size: int
    losses: int = 0  #: new connections that broke under its envelope
    kept_losses: int = 0  #: connections that broke under it but had served others
    served_before: int = 0  #: mails the server had taken when it was begun


Verdict = Outcome | Fault | Lost


class _Step(Enum):
    RESET = 1
    SENDER = 2
    READER = 3
    DATA = 4
    DOT = 5
    NOTHING = 6  #: the end of a mail without readers


class Line:
    """A connection; the caller listens to its socket, and tells it when something came."""

    def __init__(
        self,
        connected: socket,
        features: Features,
        *,
        host: str,
        timeout_s: float,
        clock: Callable[[], float],
    ) -> None:
        self._channel = Channel(connected)
        self.features = features
        self.served = 0  #: mails and envelopes that were answered
        self.dead = False
        self._host, self._timeout_s, self._clock = host, timeout_s, clock
        self._heard_at = clock()
        self._allowed_s = timeout_s
        self._job: Job | None = None
        self._ahead: Job | None = None  #: whose envelope travels behind the mail
        self._awaited: deque[_Step] = deque()
        self._refusal: Verdict | None = None
        self._halted = False
        self._dirty = False  #: an envelope was refused: the next one begins with RSET
        self._replies = ReplyReader()
        self._verdicts: list[tuple[Job, Verdict]] = []

    @property
    def socket(self) -> socket:
        """What to listen to."""
        return self._channel.socket

    @property
    def busy(self) -> bool:
        """Whether a mail or the end of one is under way."""
        return bool(self._awaited)

    @property
    def mailing(self) -> bool:
        """Whether the mail itself, not only an envelope, is under way."""
        return bool(self._awaited) and self._awaited[0] is _Step.DOT

    @property
    def wants_to_write(self) -> bool:
        """Whether the server has not yet taken all that was written."""
        return self._channel.is_full

    @property
    def deadline(self) -> float:
        """When to give up, by the clock, if it is busy."""
        return self._heard_at + self._allowed_s

    @property
    def silent_s(self) -> float:
        """Seconds since something went to and fro."""
        return self._clock() - self._heard_at

    def take(self, next_job: Callable[[], Job | None]) -> list[tuple[Job, Verdict]]:
        """Begin the next envelope if there is a job; return what needed no server."""
        self._begin(next_job)
        return self._told()

    def go_on(
        self, *, readable: bool, writable: bool, next_job: Callable[[], Job | None]
    ) -> list[tuple[Job, Verdict]]:
        """Read and write what can be; return the jobs that are decided, with their verdicts."""
        if writable and not self.dead:
            self._write([])
        if readable and not self.dead:
            self._read(next_job)
        return self._told()

    def expire(self) -> list[tuple[Job, Verdict]]:
        """Give up waiting."""
        self._break(f"silent for {self._allowed_s:g} seconds")
        return self._told()

    def drop(self, reason: str) -> list[tuple[Job, Verdict]]:
        """Close at once, whatever is under way."""
        self._break(reason)
        return self._told()

    def halt(self) -> None:
        """Hand over no other mail: close when the one under way is answered."""
        self._halted = True

    def leave(self) -> None:
        """Say goodbye without waiting for an answer, and close."""
        if not self.dead and not self.busy:
            with suppress(OSError):  # it may be gone already
                self.socket.send(b"QUIT\r\n")
        self._close()

    def _begin(self, next_job: Callable[[], Job | None]) -> None:
        self._job = self._acceptable(next_job)
        if self._job:
            self._later()
            self._write([self._envelope(self._job)])

    def _acceptable(self, next_job: Callable[[], Job | None]) -> Job | None:
        while job := next_job():
            problem = self._problem(job)
            if problem is None:
                return job
            self._verdicts.append((job, problem))
        return None

    def _problem(self, job: Job) -> Verdict | None:
        utf8 = self.features.utf8
        if not job.to.isascii() and not utf8:
            return Refused(reason=address_problem(job.to, smtputf8=False))
        if not job.sender.isascii() and not utf8:
            return Fault(
                Stop(
                    reason=f"{self._host} takes no sender with letters beyond ASCII before the @:"
                    " give another address in [sender]"
                )
            )
        limit = self.features.size_limit
        if limit and job.size > limit:
            return Fault(TooLarge(reason=f"{self._host} takes at most {limit} bytes"))
        return None

    def _envelope(self, job: Job) -> bytes:
        options = f" SIZE={job.size}" if self.features.size else ""
        if not (job.sender + job.to).isascii():
            options += " SMTPUTF8 BODY=8BITMIME"
        first = f"MAIL FROM:<{job.sender}>{options}\r\n"
        steps = [_Step.SENDER, _Step.READER, _Step.DATA]
        if self._dirty:
            first = f"RSET\r\n{first}"
            steps.insert(0, _Step.RESET)
            self._dirty = False
        if self.features.pipelining:
            self._awaited.extend(steps)
            return f"{first}RCPT TO:<{job.to}>\r\nDATA\r\n".encode()
        self._awaited.append(steps[0])
        return (first.partition("\r\n")[0] + "\r\n").encode()

    def _next_command(self, job: Job, done: _Step) -> None:
        """Without pipelining every command waits for the reply to the one before."""
        if self.features.pipelining:
            return
        if done is _Step.RESET:
            self._write([self._envelope(job)])
        elif done is _Step.SENDER:
            self._awaited.append(_Step.READER)
            self._write([f"RCPT TO:<{job.to}>\r\n".encode()])
        else:
            self._awaited.append(_Step.DATA)
            self._write([b"DATA\r\n"])

    def _hand_over(self, job: Job, next_job: Callable[[], Job | None]) -> None:
        self._awaited.append(_Step.DOT)
        parts, to_dot = [*job.mail], sum(map(len, job.mail))
        ahead = self._acceptable(next_job) if self.features.pipelining else None
        if ahead:
            self._ahead = ahead
            if not self._channel.is_tls:
                parts.append(self._envelope(ahead))
        self._write(parts, to_dot)
        if ahead and self._channel.is_tls and not self.dead:
            # apart: TLS tells only that all of a write is done, and the final dot must end one
            self._write([self._envelope(ahead)])

    def _read(self, next_job: Callable[[], Job | None]) -> None:
        try:
            for data in self._channel.read():
                if not data:
                    self._break("it closed the connection")
                for reply in self._replies.feed(data):
                    if self.dead:
                        return
                    self._heard(reply, next_job)
        except (NotSmtp, OSError) as error:
            self._break(str(error))

    def _heard(self, reply: Reply, next_job: Callable[[], Job | None]) -> None:
        job = self._job
        if job is None or not self._awaited:
            self._break(reply.sentence)  # a goodbye, for nothing was asked
            return
        self._later()
        step = self._awaited.popleft()
        if step is _Step.DOT:
            self._mail_answered(job, reply, next_job)
        elif reply.code == 421 or (step is _Step.RESET and reply.code != 250):
            self._break(reply.sentence)
        elif step is _Step.RESET:
            self._next_command(job, step)
        elif step is _Step.SENDER and reply.code != 250:
            self._refuse(job, sender_refused(self._host, reply), next_job)
        elif step is _Step.READER and reply.code not in (250, 251):
            self._refuse(job, reader_refused(self._host, reply), next_job)
        elif step in (_Step.SENDER, _Step.READER):
            self._next_command(job, step)
        elif step is _Step.DATA and reply.code == 354:
            if self._refusal is None:
                self._hand_over(job, next_job)
            else:  # it asks for a mail that has no reader (RFC 2920, 3.1)
                self._awaited.append(_Step.NOTHING)
                self._write([b".\r\n"])
        elif reply.code < 400 and step is _Step.DATA and self._refusal is None:
            self._break(reply.sentence)  # neither yes nor no
        else:
            self._decide(job, self._refusal or mail_judged(self._host, reply), next_job)

    def _refuse(self, job: Job, verdict: Verdict, next_job: Callable[[], Job | None]) -> None:
        if self._refusal is None:
            self._refusal = verdict
        if not self.features.pipelining:
            self._decide(job, self._refusal, next_job)

    def _decide(self, job: Job, verdict: Verdict, next_job: Callable[[], Job | None]) -> None:
        """End an envelope that led to no mail."""
        self._refusal, self._job, self._dirty = None, None, True
        self.served += 1
        self._verdicts.append((job, verdict))
        self._begin(next_job)

    def _mail_answered(self, job: Job, reply: Reply, next_job: Callable[[], Job | None]) -> None:
        if self._channel.owed and (reply.code == 421 or reply.code < 400):
            self._break(reply.sentence)
            return
        judged: Verdict = mail_judged(self._host, reply)
        if reply.code // 100 not in (2, 4, 5):
            judged = Uncertain(reason=f"{self._host} had the whole mail: {reply.sentence}")
        self._verdicts.append((job, judged))
        self._job, self._ahead = self._ahead, None
        raving = self._channel.owed or reply.code == 421 or isinstance(judged, Uncertain)
        if raving or self._halted:
            self._break(reply.sentence)
            return
        self.served += 1
        if self._job is None:
            self._begin(next_job)

    def _write(self, parts: Sequence[bytes], to_dot: int = 0) -> None:
        try:
            if self._channel.write(parts, mark=to_dot):
                self._later()
        except OSError as error:
            # what it said before it hung up tells more than the broken pipe
            self._read(lambda: None)
            self._break(str(error))

    def _later(self) -> None:
        self._heard_at = self._clock()
        self._allowed_s = self._timeout_s
        if self.mailing and not self._channel.owed:
            self._allowed_s *= _PATIENCE_AT_THE_END

    def _break(self, reason: str) -> None:
        if self.dead:
            return
        handed_over = self.mailing and not self._channel.owed
        self._close()
        if self._job and handed_over:
            doubt = f"{self._host} had the whole mail and gave no answer: {reason}"
            self._verdicts.append((self._job, Uncertain(reason=doubt)))
        elif self._job:
            self._verdicts.append((self._job, Lost(reason)))
        if self._ahead:
            self._verdicts.append((self._ahead, Lost(reason)))
        self._job = self._ahead = None
        self._awaited.clear()

    def _close(self) -> None:
        self.dead = True
        self._channel.close()

    def _told(self) -> list[tuple[Job, Verdict]]:
        told, self._verdicts = self._verdicts, []
        return told
