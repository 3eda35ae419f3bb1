"""What every sender understands: a message, its recipients, and the answers it may give.

A sender is a lazy generator: it begins with the recipients in the order given and yields
an `Answer` for those it is done with, in whatever order answers come. Whoever drives it
records what was yielded as soon as `Capabilities.recorded` readers have answers, before
asking for more; so after a crash at most `Capabilities.doubt` readers are in doubt.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from publisher.config import Form as Form  # the publication's, its readers' and its chunks'

#: all that differs in html and text from reader to reader, see `own_addresses`
UNSUBSCRIBE_URL = "%%unsubscribe_url%%"
PREFERENCES_URL = "%%preferences_url%%"
PLACEHOLDERS = (UNSUBSCRIBE_URL, PREFERENCES_URL)


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file that travels with the mail."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Message:
    """One mail as approved, the same for every reader but for `PLACEHOLDERS`."""

    subject: str
    html: str  #: empty: the mail is plain text alone
    text: str
    from_address: str
    from_name: str = ""
    reply_to: str = ""
    postal: str = ""  #: required by law in bulk mail; `freeze` refuses a mail that lacks it
    list_id: str = ""  #: RFC 2919, such as readers.sirocco.example; empty in mail to one person
    list_name: str = ""
    week: str = ""
    web_url: str = ""  #: this very mail or issue in the browser
    archive_url: str = ""
    attachments: tuple[Attachment, ...] = ()
    #: public address -> bytes; the outbox puts them into the mail, others leave the address
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    #: put them in whoever sends: nothing is public yet when a draft is tried out
    embed: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)  #: further ones, by name

    @property
    def domain(self) -> str:
        """The domain the mail is from, for the ids that must be ours."""
        return self.from_address.rpartition("@")[2].lower()

    @property
    def size(self) -> int:
        """Bytes that travel, attachments counted as base64."""
        files = sum(len(a.content) for a in self.attachments)
        return len(self.html.encode()) + len(self.text.encode()) + files * 4 // 3


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """One reader of a message."""

    email: str
    message_id: str  #: without angle brackets; the same whenever the same mail is tried again
    subscriber_id: int = 0  #: 0 for a person who is not (yet) a subscriber
    name: str = ""
    unsubscribe_url: str = ""
    preferences_url: str = ""  #: where she says how she wants the issue
    return_path: str = ""  #: where a bounce goes (the envelope's sender); empty: as From


def own_addresses(recipient: Recipient) -> dict[str, str]:
    """Return what stands in one reader's mail for each of `PLACEHOLDERS`.

    Whoever has no page of preferences is led to the one where she can at least leave.
    """
    return {
        UNSUBSCRIBE_URL: recipient.unsubscribe_url,
        PREFERENCES_URL: recipient.preferences_url or recipient.unsubscribe_url,
    }


@dataclass(frozen=True, kw_only=True)
class Reference:
    """Where in the ledger a request belongs; it comes back in the provider's events."""

    mailing: int
    chunk: int
    attempt: int
    token: str = ""  #: the mailing's own name, which no other database gives to another


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """The provider has taken the mail over; whether it arrives is another matter."""

    provider_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Refused:
    """The provider will not take this, whenever it is tried."""

    reason: str
    guilty: frozenset[int] = frozenset()  #: subscribers the provider named, if it did


@dataclass(frozen=True, kw_only=True)
class TooLarge:
    """The request is over the provider's limit; nothing was sent."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Retry:
    """Nothing was sent and nothing will be before the provider is well again."""

    reason: str
    at: datetime | None = None  #: when the provider says it will be


@dataclass(frozen=True, kw_only=True)
class Deferred:
    """This reader cannot be mailed now; others can."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Stop:
    """Nothing was sent, and the operator must mend something first."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Uncertain:
    """The mail was handed over, and no answer came: nobody can say whether it was taken."""

    reason: str


Outcome = Accepted | Refused | TooLarge | Retry | Deferred | Stop | Uncertain


@dataclass(frozen=True)
class Answer:
    """What became of some of the recipients."""

    recipients: tuple[Recipient, ...]
    outcome: Outcome


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a sender can do, for those who plan its work."""

    name: str
    batch: int  #: readers in one chunk
    #: readers a crash leaves in doubt: the first so many of a chunk without an answer
    doubt: int
    size_limit: int  #: bytes of a message as `Message.size` counts them
    timeout_s: float  #: seconds after which the sender gives up waiting for an answer
    #: how old a doubt must be before the provider's own records are conclusive
    evidence_lag: timedelta = timedelta(0)
    idempotent: bool = False  #: whether a mail tried again replaces the first
    #: readers whose answers are to be recorded together, at most `doubt`; 0 for `doubt`
    recorded: int = 0
    events: bool = False  #: whether the provider tells afterwards what became of each mail


class Sender(Protocol):
    """Carries messages; outbox, SMTP and SendGrid are senders."""

    @property
    def capabilities(self) -> Capabilities:
        """What this sender can do."""
        ...

    def send(
        self,
        message: Message,
        recipients: Sequence[Recipient],
        *,
        now: datetime,
        reference: Reference | None = None,
    ) -> Iterator[Answer]:
        """Try the recipients in order; yield one answer for each of them, alone or with others.

        At most `capabilities.batch` recipients. `now` becomes the mail's Date. Raises
        nothing that a mail server or network can cause: those are answers.
        """
        ...

    def find(
        self, message: Message, recipients: Sequence[Recipient], reference: Reference
    ) -> str | None:
        """Return the provider's id if its own records prove that it accepted this chunk.

        None proves nothing.
        """
        ...

    def close(self) -> None:
        """Let go of connections; the sender may be used again."""
        ...
