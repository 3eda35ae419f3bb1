"""What a rendered article body is: the types the editions and the content modules share."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from publisher.config import Maps
from publisher.content.article import Picture
from publisher.problems import Problem


class Medium(StrEnum):
    """What the body is printed on: footnotes stand in the text on paper, in a list on screens."""

    PRINT = "print"
    WEB = "web"


@dataclass(frozen=True, kw_only=True)
class Look:
    """What charts and maps must know of the theme, so that they look like its pages.

    `family` is what the style sheet calls the face, a CSS font-family list; `regular`
    and `bold` are the TTF files behind it, to measure text with. Without them text is
    measured (but not printed) in DejaVu Sans, which is wider: nothing overlaps.
    """

    family: str = "'DejaVu Sans', sans-serif"
    regular: Path | None = None
    bold: Path | None = None
    arabic: Path | None = None
    arabic_bold: Path | None = None
    ink: str = "#1d1d1b"
    muted: str = "#6b6864"  #: secondary text, at least 4.5:1 on `paper`
    accent: str = "#b4412a"
    grid: str = "#d9d5ce"
    paper: str = "#ffffff"
    land: str = "#efebe3"  #: countries that are not the map's subject
    sea: str = "#dde8ec"
    #: further colours of lines and areas; as names they stand on paper, so 4.5:1 there too
    series: tuple[str, ...] = ("#1f6480", "#a8481f", "#4d6b3c", "#6d4a86", "#8a6414", "#5c5c5c")
    width: float = 84.0  #: millimetres a chart is printed at; its 7.5 pt text is measured by it
    maps: Maps = Maps()  #: how disputed borders are drawn


@dataclass(frozen=True, kw_only=True)
class Body:
    """An article's running text, ready to be put into a page."""

    html: str  #: escaped and sanitised: safe to print as it is
    words: int
    pictures: tuple[Picture, ...] = ()  #: inner figures, in order
    problems: tuple[Problem, ...] = ()


#: (picture, set wide) -> the address to print; a `PublisherError` leaves the picture out
PictureUrl = Callable[[Picture, bool], str]
