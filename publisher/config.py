"""publication.toml -> Publication; secrets come from the environment alone."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from publisher.checks import Preflight
from publisher.errors import ConfigError
from publisher.tables import key, load_toml, read
from publisher.week import WeekMoment

FILE = "publication.toml"
#: every way of putting an issue before its readers
EDITIONS = ("magazine", "letter", "phone", "print", "epub", "email", "web")
#: what may fill the foot of a last page
FILLERS = ("strip", "house", "scan")
#: mails a day while mailbox providers get to know a new sender, about twice as many each day
WARM_UP = (
    *(50, 100, 500, 1_000, 5_000, 10_000, 20_000, 40_000, 70_000, 100_000),
    *(150_000, 250_000, 400_000, 600_000),
)
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+")


def _web_address(value: str, name: str) -> None:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ConfigError(f"{name} must be a web address such as https://example.org")


class SourceKind(StrEnum):
    """Where articles come from."""

    FOLDER = "folder"
    FEED = "feed"


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


class Approval(StrEnum):
    """Who lets an issue go out."""

    EDITOR = "editor"
    AUTOMATIC = "automatic"


class PageSize(StrEnum):
    """The paper of the magazine edition."""

    A4 = "A4"
    LETTER = "letter"


class Form(StrEnum):
    """How a reader wants the issue."""

    LINK = "link"  #: the mail links to the PDF
    ATTACH = "attach"  #: the PDF travels with the mail
    TEXT = "text"  #: plain text alone


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the magazine with its own colour."""

    name: str = key("Name as printed; articles name it in their front matter")
    colour: str = key("Colour of kickers and rules, `#rrggbb`", "#8a3324")

    def __post_init__(self) -> None:
        if not _COLOUR.fullmatch(self.colour):
            raise ConfigError(f'colour = "{self.colour}" is not a colour: write it like #8a3324')


@dataclass(frozen=True, kw_only=True)
class SourceConfig:
    """One place articles are collected from."""

    kind: SourceKind = key("`folder` or `feed`")
    name: str = key("Name shown in reports; the path or address if left out", "")
    path: Path | None = key("Folder of Markdown files, relative to publication.toml", None)
    url: str = key("Address of an RSS, Atom or JSON feed", "")
    section: str = key("Section for articles that name none", "")
    language: str = key("Language of articles that name none", "")
    limit: int = key("Most articles taken from one fetch", 50)
    allow_private: tuple[str, ...] = key(
        "Hosts of your own network this source may use; any other private address is refused", ()
    )

    def __post_init__(self) -> None:
        if self.kind is SourceKind.FOLDER and self.path is None:
            raise ConfigError('a folder source needs path = "..."')
        if self.kind is SourceKind.FEED:
            _web_address(self.url, "url of a feed source")
        if self.limit < 1:
            raise ConfigError("limit must be 1 or more")

    @property
    def label(self) -> str:
        """The name an operator sees."""
        return self.name or self.url or str(self.path)


@dataclass(frozen=True, kw_only=True)
class MailFrom:
    """Who the mail is from; the postal address is required by law in bulk mail."""

    name: str = key("Name readers see as sender")
    address: str = key("Address readers see as sender")
    reply_to: str = key("Address for answers, if another", "")
    postal: str = key("Postal address printed in every mail (required by anti-spam laws)")

    def __post_init__(self) -> None:
        for name, value in (("address", self.address), ("reply_to", self.reply_to)):
            if (value or name == "address") and not _ADDRESS.fullmatch(value):
                raise ConfigError(f'{name} = "{value}" is not an e-mail address')


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """The week's clock, in the publication's zone."""

    cutoff: WeekMoment = key(
        "When the week closes: later articles belong to the next issue",
        WeekMoment.parse("Friday 06:00"),
    )
    collect: tuple[WeekMoment, ...] = key(
        "When sources are read",
        tuple(WeekMoment.parse(f"{d} 05:30") for d in ("Mon", "Tue", "Wed", "Thu", "Fri")),
    )
    draft: WeekMoment = key(
        "When the draft is composed, rendered and shown to the editors",
        WeekMoment.parse("Friday 07:00"),
    )
    send: WeekMoment = key("When the issue goes out", WeekMoment.parse("Saturday 07:00"))
    approval: Approval = key(
        "`editor`: only an approved issue goes out; `automatic`: it goes out by itself",
        Approval.EDITOR,
    )
    editors: tuple[str, ...] = key("Addresses that get the draft and the bad news", ())
    grace_hours: int = key("How late a missed time is still made up for, in hours", 12)

    def __post_init__(self) -> None:
        if not 0 <= self.grace_hours <= 96:
            raise ConfigError("grace_hours must be from 0 to 96")
        for editor in self.editors:
            if not _ADDRESS.fullmatch(editor):
                raise ConfigError(f'editors: "{editor}" is not an e-mail address')
        order = [(m.weekday, m.time) for m in (self.cutoff, self.draft, self.send)]
        if order != sorted(order):
            raise ConfigError("cutoff, draft and send must follow one another in the week")


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
        if self.bounces and not _ADDRESS.fullmatch(self.bounces):
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
            _web_address(self.endpoint, "endpoint")
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


@dataclass(frozen=True, kw_only=True)
class Editions:
    """What is made of an issue."""

    make: tuple[str, ...] = key(
        "Editions to build: " + ", ".join(EDITIONS), ("magazine", "email", "web")
    )
    page_size: PageSize = key("Paper of the magazine, `A4` or `letter`", PageSize.A4)
    theme: str = key("How paged editions look: a folder of templates/themes/", "classic")
    fillers: tuple[str, ...] = key(
        "What may fill the foot of a last page: `strip` (other stories), `house` (your own"
        " advertisements), `scan` (a code that leads to the story online)",
        FILLERS,
    )

    def __post_init__(self) -> None:
        check_editions(self.make, "make")
        for name in self.fillers:
            if name not in FILLERS:
                raise ConfigError(f'fillers: "{name}" is none: use {", ".join(FILLERS)}')


def check_editions(names: Sequence[str], where: str) -> None:
    """Raise `ConfigError` if a name is no edition."""
    for name in names:
        if name not in EDITIONS:
            raise ConfigError(f'{where}: "{name}" is no edition: use {", ".join(EDITIONS)}')


@dataclass(frozen=True, kw_only=True)
class House:
    """An advertisement of the house's own, for the foot of a page that is not full."""

    title: str = key("What it says, large")
    text: str = key("A sentence or two below it", "")
    url: str = key("Where it leads; printed, and as a QR code where there is no picture")
    picture: Path | None = key("Picture beside the words, relative to publication.toml", None)
    alt: str = key("What the picture shows", "")

    def __post_init__(self) -> None:
        if not self.title.strip():
            raise ConfigError("title is empty: say what the advertisement is for")
        _web_address(self.url, "url")
        if self.picture and (self.picture.is_absolute() or ".." in self.picture.parts):
            raise ConfigError("picture must lie below the folder of publication.toml")
        if self.picture and not self.alt.strip():
            raise ConfigError("alt is missing: say what the picture shows")


#: disputed land -> how a map may draw it
DISPUTED: Mapping[str, tuple[str, ...]] = {
    "western_sahara": ("separate", "dashed", "morocco"),
    "halaib": ("dashed", "egypt", "sudan"),
    "bir_tawil": ("dashed", "egypt", "sudan"),
    "abyei": ("dashed", "sudan", "south_sudan"),
    "palestine": ("dashed", "separate"),
    "golan": ("syria", "dashed", "israel"),
    "northern_cyprus": ("cyprus", "dashed", "separate"),
    "somaliland": ("somalia", "dashed", "separate"),
    "kosovo": ("dashed", "separate", "serbia"),
    "crimea": ("ukraine", "dashed", "russia"),
}


@dataclass(frozen=True, kw_only=True)
class Maps:
    """How maps draw disputed land; left alone they follow the United Nations."""

    western_sahara: str = key("Western Sahara: `separate`, `dashed` or `morocco`", "separate")
    halaib: str = key("Halaib Triangle: `dashed`, `egypt` or `sudan`", "dashed")
    bir_tawil: str = key("Bir Tawil: `dashed`, `egypt` or `sudan`", "dashed")
    abyei: str = key("Abyei: `dashed`, `sudan` or `south_sudan`", "dashed")
    palestine: str = key("West Bank and Gaza: `dashed` or `separate`", "dashed")
    golan: str = key("Golan Heights: `syria`, `dashed` or `israel`", "syria")
    northern_cyprus: str = key("Northern Cyprus: `cyprus`, `dashed` or `separate`", "cyprus")
    somaliland: str = key("Somaliland: `somalia`, `dashed` or `separate`", "somalia")
    kosovo: str = key("Kosovo: `dashed`, `separate` or `serbia`", "dashed")
    crimea: str = key("Crimea: `ukraine`, `dashed` or `russia`", "ukraine")

    def __post_init__(self) -> None:
        for name, allowed in DISPUTED.items():
            value = getattr(self, name)
            if value not in allowed:
                raise ConfigError(
                    f'{name} = "{value}" is not allowed: use one of {", ".join(allowed)}'
                )


@dataclass(frozen=True, kw_only=True)
class Web:
    """The public pages served by `publisher run`."""

    host: str = key("Address to listen on", "127.0.0.1")
    port: int = key("Port to listen on", 8300)
    url: str = key(
        "Public address of these pages, used in mails and QR codes", "http://127.0.0.1:8300"
    )

    def __post_init__(self) -> None:
        _web_address(self.url, "url")
        if not 1 <= self.port <= 65535:
            raise ConfigError("port must be from 1 to 65535")


@dataclass(frozen=True, kw_only=True)
class Publication:
    """A publication: one folder, one magazine, one audience."""

    title: str = key("Name of the magazine")
    tagline: str = key("Line under the name", "")
    language: str = key("Language of the magazine, such as en, fr or ar", "en")
    timezone: ZoneInfo = key("Zone of every clock and week", ZoneInfo("UTC"))
    site: str = key("Address of your news site")
    colour: str = key("The magazine's own colour, `#rrggbb`", "#b4412a")
    first_number: int = key("Number of the first issue made here", 1)
    about: str = key("Two or three sentences for the colophon", "")
    licence: str = key("Rights line of the colophon", "")
    sender: MailFrom = key("")
    sections: tuple[Section, ...] = key("", (Section(name="News"),))
    sources: tuple[SourceConfig, ...] = key("", ())
    schedule: Schedule = key("", default_factory=Schedule)
    delivery: Delivery = key("", default_factory=Delivery)
    editions: Editions = key("", default_factory=Editions)
    house: tuple[House, ...] = key("", ())
    maps: Maps = key("", default_factory=Maps)
    preflight: Preflight = key("", default_factory=Preflight)
    web: Web = key("", default_factory=Web)
    root: Path = field(default=Path(), metadata={"hidden": True})  #: folder of publication.toml

    def __post_init__(self) -> None:
        if not self.title.strip():
            raise ConfigError("title is empty: give the magazine a name")
        if not _LANGUAGE.fullmatch(self.language):
            raise ConfigError(f'language = "{self.language}" is not allowed: use en, fr, ar, ...')
        if not _COLOUR.fullmatch(self.colour):
            raise ConfigError(f'colour = "{self.colour}" is not a colour: write it like #b4412a')
        _web_address(self.site, "site")
        names = [section.name.casefold() for section in self.sections]
        if not names or len(set(names)) != len(names):
            raise ConfigError("sections: give at least one, and each its own name")

    @property
    def slug(self) -> str:
        """The title as a file name in ASCII, such as "sirocco"."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-") or "magazine"

    @property
    def issues(self) -> Path:
        """The folder of all issues."""
        return self.root / "issues"

    @property
    def database(self) -> Path:
        """The embedded database's file, used when DATABASE_URL is not set."""
        return self.root / "publisher.db"

    @property
    def public_url(self) -> str:
        """The public pages' address without a slash at the end."""
        return self.web.url.rstrip("/")

    def section(self, name: str) -> Section:
        """Return the section of this name; an unknown name gets the magazine's colour."""
        for section in self.sections:
            if section.name.casefold() == name.casefold():
                return section
        return Section(name=name or self.sections[0].name, colour=self.colour)


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """What must never stand in a file."""

    sendgrid_api_key: str = ""
    smtp_password: str = ""
    bounces_password: str = ""
    database_url: str = ""
    secret_key: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Secrets":
        """Read SENDGRID_API_KEY, SMTP_PASSWORD, BOUNCES_PASSWORD, DATABASE_URL and SECRET_KEY."""
        return cls(
            sendgrid_api_key=environment.get("SENDGRID_API_KEY", "").strip(),
            smtp_password=environment.get("SMTP_PASSWORD", ""),
            bounces_password=environment.get("BOUNCES_PASSWORD", ""),
            database_url=environment.get("DATABASE_URL", "").strip(),
            secret_key=environment.get("SECRET_KEY", "").strip(),
        )

    def __repr__(self) -> str:
        return "Secrets(...)"  # a traceback or log line must not show them


def load_publication(folder: Path) -> Publication:
    """Read publication.toml of this folder.

    Raises `ConfigError` naming file, key and what is allowed.
    """
    path = folder / FILE
    if not path.is_file():
        raise ConfigError(
            f"there is no {FILE} in {folder.resolve()}:"
            " go to a publication's folder or make one with `publisher init DIR`"
        )
    publication = read(Publication, load_toml(path), file=FILE)
    return replace(publication, root=folder.resolve())
