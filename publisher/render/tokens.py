"""What theme.toml may say: each table a dataclass, each key with its explanation.

Lengths of the page are millimetres, of type points, of tracking thousandths of an em.
"""

import re
from dataclasses import dataclass, field, fields

from publisher.content.article import Kind
from publisher.errors import ConfigError
from publisher.render.lettering import FAMILIES, WEIGHTS, Style
from publisher.tables import key

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, kw_only=True)
class Page:
    """Margins and columns; inner and outer margins are alike, so that pages can change sides."""

    top: float = key("Margin above the text, mm")
    side: float = key("Margin beside the text, mm")
    foot: float = key("Margin below the text, mm")
    gutter: float = key("Between the columns of the twelve-column grid, mm")

    def __post_init__(self) -> None:
        if min(self.top, self.side, self.foot, self.gutter) < 0 or self.side > 60:
            raise ConfigError("margins must be from 0 to 60 mm")


@dataclass(frozen=True, kw_only=True)
class Arabic:
    """How Arabic is set beside Latin: every size and leading of the theme, times this."""

    larger: float = key("Sizes")
    airier: float = key("Leading of text; the baseline grid of Arabic pieces")
    taller: float = key("Leading of headlines")

    def __post_init__(self) -> None:
        if not all(0.8 <= value <= 2 for value in (self.larger, self.airier, self.taller)):
            raise ConfigError("larger, airier and taller must be from 0.8 to 2")


@dataclass(frozen=True, kw_only=True)
class Family:
    """Font files of a family; a weight that is missing is printed in the nearest."""

    light: str = key("File in fonts/, weight 300", "")
    regular: str = key("Weight 400")
    italic: str = key("Weight 400, slanted", "")
    medium: str = key("Weight 500", "")
    semibold: str = key("Weight 600", "")
    bold: str = key("Weight 700", "")
    bold_italic: str = key("Weight 700, slanted", "")
    black: str = key("Weight 900", "")

    def files(self) -> list[tuple[int, bool, str]]:
        """Return weight, slant and file of every face there is."""
        found = []
        for one in fields(self):
            word, _, slant = one.name.partition("_")
            italic = "italic" in (word, slant)
            weight = WEIGHTS.get(word, 400)
            if name := getattr(self, one.name):
                found.append((weight, italic, name))
        return found


@dataclass(frozen=True, kw_only=True)
class Families:
    """What each family is for; the publication's own files may stand in the theme's fonts/."""

    names: str = key("The faces and their makers, as the colophon prints them")
    text: Family = key("Running text")
    subhead: Family = key("Standfirsts and other text of 12 to 20 points")
    display: Family = key("Headlines")
    sans: Family = key("Captions, tables, charts and other small type")
    arabic: Family = key("Everything in Arabic")
    fallback: dict[str, Family] = key("Families for what the others lack, in order")

    def families(self) -> dict[str, Family]:
        """Return the families a style may name."""
        return {name: getattr(self, name) for name in FAMILIES}

    def all(self) -> dict[str, Family]:
        """Return every family by name."""
        return self.families() | self.fallback


@dataclass(frozen=True, kw_only=True)
class Colours:
    """Colours by what they are for, `#rrggbb`."""

    ink: str = key("Text")
    soft: str = key("Captions and other secondary text")
    hair: str = key("Thin lines")
    hair_on_tone: str = key("Thin lines on the second paper")
    paper: str = key("Pages")
    tone: str = key("Second paper: contents, letter, opinion, colophon")
    night: str = key("Pages of a photo essay")
    on_night: str = key("Text on them")
    soft_on_night: str = key("Secondary text on them")
    tint: float = key("How much of the paper is in a section's tint, 0 to 1")

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, str) and not _COLOUR.fullmatch(value):
                raise ConfigError(f'{one.name} = "{value}" is no colour: write #rrggbb')
        if not 0 <= self.tint <= 1:
            raise ConfigError("tint must be from 0 to 1")


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Lines and corners."""

    hair: float = key("Thin lines, points")
    thin: float = key("Lines above teasers and coverlines, points")
    thick: float = key("Lines above quotes, boxes and heads, points")
    corner: float = key("Radius of the corners of pictures and boxes, mm")


@dataclass(frozen=True, kw_only=True)
class Masthead:
    """The name on cover, letter and back page."""

    style: Style = key("Face, capitals and tracking; the size comes from the width")
    top: float = key("Distance from the edge of the paper, mm")
    most: float = key("Largest size, points")
    width: float = key("Share of the type area's width, 0 to 1")
    below: float = key("From the foot of its letters to the line below it, mm")
    tall: float = key("Height of its letters, ems")


@dataclass(frozen=True, kw_only=True)
class DropCap:
    """The large first letter, in multiples of the text's leading."""

    style: Style = key("Face and weight")
    size: float = key("Size, in leadings")
    height: float = key("Height of its line, in leadings")
    top: float = key("Moved down, points")
    apart: float = key("From the text beside it, points")


@dataclass(frozen=True, kw_only=True)
class EndMark:
    """A small mark after the last word."""

    width: float = key("Width, points")
    height: float = key("Height, points")
    round: float = key("Radius of its corners, points")


@dataclass(frozen=True, kw_only=True)
class Cover:
    """The main line of the front page."""

    headline: Style = key("Face, leading and tracking of the main line")
    sizes: tuple[float, ...] = key("Its sizes on a full picture, points, large to small")
    framed_sizes: tuple[float, ...] = key("Its sizes beside a framed picture")
    type_sizes: tuple[float, ...] = key("Its sizes on a cover of type alone")
    standfirst_width: float = key("Width of the words below it, mm")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """How large the list of contents is set."""

    title: Style = key("Title of a story")
    number: Style = key("Its page")
    cover: Style = key("Title of the cover story")
    cover_number: Style = key("Its page")
    row: tuple[float, float] = key("Least and most height of a story with a title of one line, mm")


@dataclass(frozen=True, kw_only=True)
class Contents:
    """The list of contents and the pictures beside it."""

    top: float = key("From the type area's head to the list, mm")
    thumbs_top: float = key("From the type area's head to the pictures, mm")
    indent: float = key("From the list's edge to the titles, mm")
    apart: float = key("Between list and pictures, mm")
    thumbs: int = key("Pictures at most")
    thumb: tuple[float, float] = key("Least and most height of a picture, mm")
    first: float = key("The first picture is so many times as tall")
    label: float = key("Height of a picture's title, mm")
    between: float = key("Between two pictures, mm")
    roomy: Entry = key("A short list")
    plain: Entry = key("A list of usual length")
    dense: Entry = key("A very long list")


@dataclass(frozen=True, kw_only=True)
class Teasers:
    """Other stories at the foot of a page."""

    height: float = key("Height of a teaser's picture, mm")
    least: float = key("Least height; below it there are words only, mm")
    most: float = key("Most height, mm")
    words: float = key("What a teaser takes beside its picture, mm")
    air: float = key("Between the article and the teasers, mm")


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a kind is set: columns, headline, and what may grow so that the last page is full.

    The air about the headline, where no picture can give, runs between its bounds.
    """

    #: name of its template and of its class in the style sheets; the program says it
    template: str = field(default="", metadata={"hidden": True})
    variant: str = field(default="", metadata={"hidden": True})
    columns: int = key("Columns of the text")
    gap: float = key("Between the columns, mm", 5.0)
    text: Style = key("Its text; the leading is its baseline grid")
    justify: bool = key("Set the text justified; else ragged", False)
    headline: Style = key("Face, leading and tracking of the headline")
    sizes: tuple[float, ...] = key("Sizes of the headline, points, large to small")
    lines: int = key("Lines of the headline at most", 2)
    span: int = key("Columns of the twelve-column grid the headline may take", 12)
    standfirst: Style | None = key("Its standfirst, if not as in `type`", None)
    air: tuple[float, float] = key("Least and most free space about the head, mm", (0.0, 0.0))
    dropcap: bool = key("Enlarge the first letter", False)
    end_mark: bool = key("Print the end mark", True)

    def __post_init__(self) -> None:
        if not self.sizes:
            raise ConfigError("sizes: at least one size is needed")
        if not 1 <= self.columns <= 6 or not 1 <= self.span <= 12:
            raise ConfigError("columns must be from 1 to 6, span from 1 to 12")


#: the layouts every theme has; more may be named KIND-VARIANT
LAYOUTS = (*(kind.value for kind in Kind), "cover-story")
