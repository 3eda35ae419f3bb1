"""What the magazine's templates are given: an article dressed for its page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from publisher.content.article import Article, Kind
from publisher.content.typography import typeset
from publisher.render.balance import Headline, balance, fit_headline, tied
from publisher.render.sheet import MM, Sheet
from publisher.render.templates import STATIC

FONTS = STATIC / "fonts"


@dataclass(frozen=True, kw_only=True)
class Lead:
    """A picture at its printed size in millimetres."""

    url: str
    width: float
    height: float
    alt: str = ""
    caption: str = ""
    credit: str = ""


@dataclass(frozen=True, kw_only=True)
class Plate:
    """One page of a photo essay."""

    layout: str  #: opening, bleed, tall, pair or single
    pictures: tuple[Lead, ...]


@dataclass(frozen=True, kw_only=True)
class Piece:
    """An article, typeset and dressed for one layout."""

    slug: str
    template: str
    language: str
    direction: str
    colour: str  #: of its section, legible on white
    tint: str  #: the same, as a ground for small boxes
    deep: str  #: the same, as a ground for white text
    flag: str  #: section name at the head of the page
    part: str  #: the section, where it begins in the outline; else empty
    title: str
    headline: Headline
    kicker: str
    standfirst: str
    byline: str
    dateline: str
    body: Markup
    lead: Lead | None
    second: Lead | None  #: stands beside the lead picture
    plates: tuple[Plate, ...]
    variant: str
    stands: str  #: where the lead picture stands, see `variants.Frame`; empty without one
    give: str  #: what may stretch to fill the last page: lead, head or nothing
    air: float  #: millimetres of free space a layout may give or take
    sources: tuple[str, ...]
    corrections: tuple[str, ...]
    url: str
    words: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a kind is set: columns, headline, and what may grow so that the last page is full.

    The air about the headline, where no picture can give, runs between its bounds in
    millimetres; what a picture may take stands in `variants.FRAMES`.
    """

    template: str
    columns: int
    gap: float = 5.0  #: millimetres between columns, as in the style sheet
    sizes: tuple[int, ...]  #: headline, points, large to small
    lines: int = 2
    face: str = "display-bold"
    air: tuple[float, float] = (0, 0)
    dropcap: bool = False
    end_mark: bool = True


_NEWS = (38, 34, 31, 28, 25, 22)
LAYOUTS: dict[Kind, Layout] = {
    Kind.NEWS: Layout(template="news", columns=3, sizes=_NEWS, air=(0, 12)),
    #: less than no air makes the page's title smaller
    Kind.BRIEF: Layout(template="briefs", columns=3, sizes=(15,), lines=4, air=(-8, 30)),
    Kind.FEATURE: Layout(
        template="feature",
        columns=2,
        gap=6,
        sizes=(48, 44, 40, 36, 32, 28),
        air=(0, 30),
        dropcap=True,
    ),
    Kind.OPINION: Layout(
        template="opinion",
        columns=2,
        gap=7,
        sizes=(52, 46, 42, 38, 32, 28),
        face="display-italic",
        air=(0, 45),
        dropcap=True,
    ),
    Kind.INTERVIEW: Layout(
        template="interview",
        columns=3,
        sizes=(56, 52, 48, 42, 36, 30),
        face="display-black",
        air=(20, 95),
    ),
    Kind.LETTER: Layout(template="letter", columns=1, sizes=(40, 36, 32, 28, 24), lines=3),
    Kind.DATA: Layout(
        template="data", columns=2, gap=7, sizes=(46, 42, 38, 34, 30, 26), air=(0, 9)
    ),
    Kind.PHOTO_ESSAY: Layout(
        template="photo-essay",
        columns=3,
        sizes=(60, 54, 48, 42, 36, 30),
        face="display-regular",
        end_mark=False,
    ),
    Kind.LISTING: Layout(
        template="listing",
        columns=2,
        gap=8,
        sizes=(56, 50, 44, 38, 32, 28),
        face="display-black",
        air=(0, 14),
        end_mark=False,
    ),
    Kind.QUIZ: Layout(
        template="quiz",
        columns=2,
        gap=8,
        sizes=(50, 44, 38, 32, 28),
        face="display-black",
        air=(0, 14),
        end_mark=False,
    ),
}
COVER_STORY = Layout(
    template="cover-story",
    columns=2,
    gap=6,
    sizes=(62, 56, 50, 44, 38, 32),
    lines=3,
    air=(6, 90),
    dropcap=True,
)
SIDE_STANDFIRST = 12.5  #: points, as in the style sheet


def layout_of(kind: Kind, *, cover_story: bool) -> Layout:
    """Return how a kind is set."""
    if cover_story and kind in (Kind.FEATURE, Kind.NEWS):
        return COVER_STORY
    return LAYOUTS[kind]


#: variants whose headline stands in a column: its sizes in points, and most lines
_NARROW = {"side": (29, 27, 25, 23, 21, 19, 17), "beside": (29, 27, 25, 23, 21, 19, 17)}
_HALF = (40, 37, 34, 31, 28, 25, 22)


def set_headline(text: str, layout: Layout, variant: str, sheet: Sheet, language: str) -> Headline:
    """Return a headline at the largest size its place allows, in even lines."""
    face = FONTS / f"{'amiri-bold' if language.startswith('ar') else layout.face}.ttf"
    sizes: Sequence[float] = layout.sizes
    measure, lines = sheet.type_width, layout.lines
    if variant in _NARROW:
        measure, sizes, lines = sheet.column(3) - 2, _NARROW[variant], 6
    elif variant in ("tall", "portrait") and layout.template in _HALVED:
        measure, sizes, lines = sheet.column(2, 6), _HALF, 6
    elif layout.template == "briefs":
        measure = sheet.column(3) - 2
    elif layout.template == "letter":
        measure = 2 * sheet.column(3) + sheet.gutter
    return fit_headline(text, measure=measure, face=face, sizes=sizes, max_lines=lines)


#: layouts in which a tall picture takes half the page and the headline the other
_HALVED = frozenset({"feature", "interview", "cover-story"})


def set_standfirst(text: str, variant: str, sheet: Sheet, language: str) -> str:
    """Return a standfirst whose last line is no single word; in a narrow column all are even."""
    words = typeset(text, language)
    if variant not in _NARROW or language.startswith("ar"):
        return tied(words)
    measure = (sheet.column(3) - 3) * MM
    return "\n".join(balance(words, measure, FONTS / "subhead-regular.ttf", SIDE_STANDFIRST))


def credits(articles: Sequence[Article], more: Sequence[str] = ()) -> list[str]:
    """Return every picture's credit once, in order."""
    names = [a.picture.credit for a in articles if a.picture and a.picture.credit]
    return list(dict.fromkeys([*more, *names]))
