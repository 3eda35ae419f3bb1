"""What a mail server says, and what it means for a reader or for all of them."""

from dataclasses import dataclass

from publisher.deliver.sender import (
    Accepted,
    Deferred,
    Outcome,
    Refused,
    Retry,
    Stop,
    TooLarge,
)

_LONGEST = 65_536  # bytes of a reply that has no end yet; RFC 5321 allows lines of 512
_TOO_LARGE = (552, 523)  #: RFC 5321 4.2.2 and the older 523
_LOGIN_WANTED = (530, 538)  #: RFC 4954, 6


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply, all its lines."""

    code: int
    text: str

    @property
    def sentence(self) -> str:
        """The reply as a report shows it."""
        return f"{self.code} {self.text}"[:500]


@dataclass(frozen=True)
class Fault:
    """An answer that is no reader's own: it holds for all who are left."""

    outcome: Outcome


@dataclass(frozen=True)
class Lost:
    """The connection broke before the mail was handed over."""

    reason: str


class NotSmtp(Exception):
    """The other side says what no mail server says."""


class ReplyReader:
    """Puts replies together from the bytes as they come (RFC 5321, 4.2)."""

    def __init__(self) -> None:
        self._rest = b""
        self._lines: list[bytes] = []

    def feed(self, data: bytes) -> list[Reply]:
        """Return the replies that are complete now; raise `NotSmtp` for anything else."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        found = []
        for line in lines:
            code, mark = line[:3], line[3:4]
            if not code.isdigit() or mark not in b" -\r":
                raise NotSmtp(f"no reply code: {_plain(line)[:80]}")
            self._lines.append(line[4:])
            if mark != b"-":
                found.append(Reply(int(code), _plain(b" ".join(self._lines))))
                self._lines = []
        if len(self._rest) + sum(map(len, self._lines)) > _LONGEST:
            raise NotSmtp("a reply without an end")
        return found


def sender_refused(host: str, reply: Reply) -> Fault:
    """Judge what was said to MAIL FROM: it is said to all readers."""
    if reply.code in _TOO_LARGE:
        return Fault(TooLarge(reason=reply.sentence))
    if 400 <= reply.code < 500:
        return Fault(Retry(reason=f"{host}: {reply.sentence}"))
    if reply.code in _LOGIN_WANTED:
        return login_wanted(host, reply)
    return Fault(
        Stop(
            reason=f"{host} refuses the sender's address: {reply.sentence}:"
            " correct address in [sender], or user in [delivery.smtp]"
        )
    )


def reader_refused(host: str, reply: Reply) -> Outcome | Fault:
    """Judge what was said to RCPT TO."""
    if reply.code in _LOGIN_WANTED:
        return login_wanted(host, reply)
    if 400 <= reply.code < 500:
        return Deferred(reason=reply.sentence)
    return Refused(reason=reply.sentence)


def mail_judged(host: str, reply: Reply) -> Outcome | Fault:
    """Judge what was said to DATA or to the whole mail."""
    if 200 <= reply.code < 300:
        return Accepted(provider_id=reply.text[:200])
    # 5.2.x is about this reader's mailbox, such as one that is full (RFC 3463, 3.3)
    if reply.code in _TOO_LARGE and not reply.text.startswith("5.2."):
        return Fault(TooLarge(reason=reply.sentence))
    return reader_refused(host, reply)


def login_wanted(host: str, reply: Reply) -> Fault:
    """Return the fault of a server that mails for nobody it does not know."""
    return Fault(
        Stop(
            reason=f"{host} wants a login or TLS first: {reply.sentence}:"
            " set user and security in [delivery.smtp], and SMTP_PASSWORD"
        )
    )


def _plain(text: bytes) -> str:
    return " ".join(text.decode("utf-8", "replace").split())
