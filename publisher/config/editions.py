"""What is made of an issue, and what stands in it that is the house's own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from publisher.config.values import web_address
from publisher.errors import ConfigError
from publisher.tables import key

#: every way of putting an issue before its readers
EDITIONS = ("magazine", "letter", "phone", "print", "epub", "email", "web")
#: what may fill the foot of a last page
FILLERS = ("strip", "house", "scan")


class PageSize(StrEnum):
    """The paper of the magazine edition."""

    A4 = "A4"
    LETTER = "letter"


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
        web_address(self.url, "url")
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
