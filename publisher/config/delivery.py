"""How an issue reaches its readers, and how what comes back is heard."""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from publisher.config.values import ADDRESS, web_address
from publisher.errors import ConfigError
from publisher.tables import key

#: mails a day while mailbox providers get to know a new sender, about twice as many each day
WARM_UP = (
    *(50, 100, 500, 1_000, 5_000, 10_000, 20_000, 40_000, 70_000, 100_000),
    *(150_000, 250_000, 400_000, 600_000),
)


class SenderKind(StrEnum):
    """What carries the mail."""

    OUTBOX = "outbox"
    SENDGRID = "sendgrid"
    SMTP = "smtp"


class Security(StrEnum):
    """How an SMTP connection is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class MailboxKind(StrEnum):
    """Where bounces wait to be read."""

    MAILDIR = "maildir"
    MBOX = "mbox"
    IMAP = "imap"
    POP3 = "pop3"


class Handled(StrEnum):
    """What becomes of a bounce once it is in the books."""

    MOVE = "move"
    DELETE = "delete"
    LEAVE = "leave"


class Form(StrEnum):
    """How a reader wants the issue."""

    LINK = "link"  #: the mail links to the PDF
    ATTACH = "attach"  #: the PDF travels with the mail
    TEXT = "text"  #: plain text alone


@dataclass(frozen=True, kw_only=True)
class SmtpConfig:
    """The mail server of the SMTP sender; the password is SMTP_PASSWORD."""

    host: str = key("Server name", "localhost")
    port: int = key("Port", 587)
    user: str = key("User name, if the server wants one", "")
    security: Security = key("`starttls`, `tls` or `none` (loopback only)", Security.STARTTLS)
    connections: int = key("Connections kept open at the same time, at most 50", 4)
    bounces: str = key(
        "Address bounces go to, if another than the sender's; each reader's mail gets a mark of"
        " its own after a + in it, which `publisher bounces` reads",
        "",
    )
    dkim_key: Path | None = key(
        "File of the private key that signs mails (PEM), if the mail server does not sign", None
    )
    dkim_selector: str = key("Selector of the key's public half in the domain's DNS", "")

    def __post_init__(self) -> None:
        if not 1 <= self.connections <= 50:
            raise ConfigError("connections must be from 1 to 50")
        if self.bounces and not ADDRESS.fullmatch(self.bounces):
            raise ConfigError(f'bounces = "{self.bounces}" is not an e-mail address')
        if (self.dkim_key is None) != (not self.dkim_selector):
            raise ConfigError("dkim_key and dkim_selector belong together: give both or none")


@dataclass(frozen=True, kw_only=True)
class SendgridConfig:
    """The SendGrid sender; the key is SENDGRID_API_KEY."""

    region: str = key("`global` or `eu`", "global")
    sandbox: bool = key("Let SendGrid check every request but mail nothing", False)
    categories: tuple[str, ...] = key("Categories for SendGrid's statistics (at most 8)", ())
    endpoint: str = key("Another API address, for tests and proxies", "")
    webhook_key: str = key(
        "Public key that SendGrid shows for its signed Event Webhook; without it"
        " /webhooks/sendgrid answers 404",
        "",
    )
    webhook_hours: int = key(
        "How old a signed request may be, in hours; SendGrid tries for 24 hours", 25
    )

    def __post_init__(self) -> None:
        if self.region not in ("global", "eu"):
            raise ConfigError(f'region = "{self.region}" is not allowed: use global or eu')
        if len(self.categories) > 8:
            raise ConfigError("categories: at most 8, two more are ours")
        if self.endpoint:
            web_address(self.endpoint, "endpoint")
        if not 1 <= self.webhook_hours <= 72:
            raise ConfigError("webhook_hours must be from 1 to 72")


@dataclass(frozen=True, kw_only=True)
class Bounces:
    """The mailbox of bounces and complaints; its password is BOUNCES_PASSWORD."""

    kind: MailboxKind | None = key(
        "`maildir`, `mbox`, `imap` or `pop3`: the mailbox that `publisher bounces` reads", None
    )
    path: Path | None = key("Maildir or mbox file, relative to publication.toml", None)
    host: str = key("Name of the IMAP or POP3 server", "")
    port: int = key("Its port; 0 for the usual one", 0)
    user: str = key("User name there", "")
    security: Security = key("`tls`, `starttls` or `none` (loopback only)", Security.TLS)
    folder: str = key("IMAP folder the bounces are in", "INBOX")
    handled: Handled = key(
        "What becomes of a mail once it is in the books: `move` it to the folder `keep`,"
        " `delete` it, or `leave` it; any other mail is left as it is",
        Handled.MOVE,
    )
    keep: str = key("Folder that handled mails are moved to; it is made if need be", "Handled")
    threshold: float = key("Score that ends mailing: a soft bounce counts 0.5, once a day", 5.0)
    stale_days: int = key("Days without a bounce after which a score is forgotten", 15)

    def __post_init__(self) -> None:
        local = self.kind in (MailboxKind.MAILDIR, MailboxKind.MBOX)
        if local and self.path is None:
            raise ConfigError(f'kind = "{self.kind}" needs path = "..."')
        if self.kind and not local and not (self.host and self.user):
            raise ConfigError(f'kind = "{self.kind}" needs host = "..." and user = "..."')
        if self.kind is MailboxKind.POP3 and self.handled is Handled.MOVE:
            raise ConfigError('POP3 has no folders: set handled = "delete" or "leave"')
        if not re.fullmatch(r"[\w][\w .-]*", self.keep):
            raise ConfigError(f'keep = "{self.keep}" is no name of a folder')
        if not 0 <= self.port <= 65535:
            raise ConfigError("port must be from 0 to 65535")
        if not 0.5 <= self.threshold <= 15:
            raise ConfigError("threshold must be from 0.5 to 15")
        if not 1 <= self.stale_days <= 365:
            raise ConfigError("stale_days must be from 1 to 365")


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """How an issue reaches its readers."""

    sender: SenderKind = key(
        "`outbox` (writes .eml files), `sendgrid` or `smtp`", SenderKind.OUTBOX
    )
    outbox: Path = key("Folder of the outbox sender", Path("outbox"))
    pdf: Form = key(
        "What readers get who have not chosen: a mail with a `link` to the PDF, one to which they"
        " `attach` it, or plain `text` alone",
        Form.LINK,
    )
    attach_limit_mb: float = key(
        "Largest PDF that is attached, in MB; of a larger magazine the phone edition is, if it is"
        " made and small enough, else the mail has the link alone",
        7.0,
    )
    batch: int = key("Readers in one request, at most 1000", 500)
    timeout_s: float = key("Seconds to wait for the mail server", 60.0)
    list_name: str = key("Name of the mailing list", "readers")
    keep_events_days: int = key(
        "Days for which the provider's events are kept as they came; what they told of each"
        " reader stays",
        90,
    )
    per_minute: int = key("Most mails a minute, by all workers together; 0 for no limit", 0)
    warm_up: date | None = key(
        "First day of a new sending domain or address: from it on, no more mails a day leave"
        " than `daily_caps` says",
        None,
    )
    daily_caps: tuple[int, ...] = key(
        "Most mails of the first, second, ... day of the warm-up; no limit afterwards", WARM_UP
    )
    smtp: SmtpConfig = key("", default_factory=SmtpConfig)
    sendgrid: SendgridConfig = key("", default_factory=SendgridConfig)
    bounces: Bounces = key("", default_factory=Bounces)

    def __post_init__(self) -> None:
        if not 1 <= self.batch <= 1000:
            raise ConfigError("batch must be from 1 to 1000 (SendGrid takes no more)")
        if not 1 <= self.timeout_s <= 240:
            raise ConfigError("timeout_s must be from 1 to 240")
        if not 0 < self.attach_limit_mb <= 20:
            raise ConfigError("attach_limit_mb must be from 0 to 20 (mail servers refuse more)")
        if not 7 <= self.keep_events_days <= 3650:
            raise ConfigError("keep_events_days must be from 7 to 3650")
        if self.per_minute < 0:
            raise ConfigError("per_minute must be 0 or more")
        if not self.daily_caps or min(self.daily_caps) < 1:
            raise ConfigError("daily_caps must name at least one day, each of 1 mail or more")
