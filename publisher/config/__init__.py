"""publication.toml -> Publication; secrets come from the environment alone."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from zoneinfo import ZoneInfo

from publisher.checks import Preflight
from publisher.config.delivery import (
    Bounces,
    Delivery,
    Form,
    Handled,
    MailboxKind,
    Security,
    SenderKind,
    SendgridConfig,
    SmtpConfig,
)
from publisher.config.editions import (
    DISPUTED,
    EDITIONS,
    FILLERS,
    Editions,
    House,
    Maps,
    PageSize,
    check_editions,
)
from publisher.config.newsroom import (
    Approval,
    MailFrom,
    Schedule,
    Section,
    SourceConfig,
    SourceKind,
)
from publisher.config.values import COLOUR, LANGUAGE, web_address
from publisher.errors import ConfigError
from publisher.tables import key, load_toml, read

__all__ = [
    "DISPUTED",
    "EDITIONS",
    "FILE",
    "FILLERS",
    "Approval",
    "Bounces",
    "Delivery",
    "Editions",
    "Form",
    "Handled",
    "House",
    "MailFrom",
    "MailboxKind",
    "Maps",
    "PageSize",
    "Publication",
    "Schedule",
    "Secrets",
    "Section",
    "Security",
    "SenderKind",
    "SendgridConfig",
    "SmtpConfig",
    "SourceConfig",
    "SourceKind",
    "Web",
    "check_editions",
    "load_publication",
]

FILE = "publication.toml"


@dataclass(frozen=True, kw_only=True)
class Web:
    """The public pages served by `publisher run`."""

    host: str = key("Address to listen on", "127.0.0.1")
    port: int = key("Port to listen on", 8300)
    url: str = key(
        "Public address of these pages, used in mails and QR codes", "http://127.0.0.1:8300"
    )

    def __post_init__(self) -> None:
        web_address(self.url, "url")
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
        if not LANGUAGE.fullmatch(self.language):
            raise ConfigError(f'language = "{self.language}" is not allowed: use en, fr, ar, ...')
        if not COLOUR.fullmatch(self.colour):
            raise ConfigError(f'colour = "{self.colour}" is not a colour: write it like #b4412a')
        web_address(self.site, "site")
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
