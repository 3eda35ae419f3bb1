"""The newsroom: its sections, its sources, whom its mail is from, and its week."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from publisher.config.values import ADDRESS, COLOUR, web_address
from publisher.errors import ConfigError
from publisher.tables import key
from publisher.week import WeekMoment


class SourceKind(StrEnum):
    """Where articles come from."""

    FOLDER = "folder"
    FEED = "feed"


class Approval(StrEnum):
    """Who lets an issue go out."""

    EDITOR = "editor"
    AUTOMATIC = "automatic"


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the magazine with its own colour."""

    name: str = key("Name as printed; articles name it in their front matter")
    colour: str = key("Colour of kickers and rules, `#rrggbb`", "#8a3324")

    def __post_init__(self) -> None:
        if not COLOUR.fullmatch(self.colour):
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
            web_address(self.url, "url of a feed source")
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
            if (value or name == "address") and not ADDRESS.fullmatch(value):
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
            if not ADDRESS.fullmatch(editor):
                raise ConfigError(f'editors: "{editor}" is not an e-mail address')
        order = [(m.weekday, m.time) for m in (self.cutoff, self.draft, self.send)]
        if order != sorted(order):
            raise ConfigError("cutoff, draft and send must follow one another in the week")
