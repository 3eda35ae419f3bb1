"""Which variants of its kind's layout an article can have: decided from facts alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from publisher.content.article import Kind

#: a lead picture is not printed with fewer pixels an inch, unless an editor asks for it
LEAST_PPI = 96
_PAIR_PPI = 130  #: two small pictures side by side only if both are good
UPRIGHT, SQUARE = 0.9, 1.15  #: width over height up to which a picture counts as such
_SIDE_WORDS = 640  #: a news piece without picture up to here has its headline in its own column
_BESIDE_WORDS = 480  #: with a picture beside its headline, it must end on that page
_LONG = 900  #: words of a story that may open with a whole page, or two
_DENSER = {"rtl": 0.8}  #: words that take the room of one, for scripts that are set larger


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All that the choice depends on."""

    kind: Kind
    cover_story: bool = False
    pixels: tuple[int, int] | None = None  #: of the lead picture; None without one
    inside: tuple[tuple[int, int], ...] = ()  #: pixels of the pictures in the text
    portrait: bool = False  #: the lead picture shows who wrote it
    words: int = 0
    direction: str = "ltr"
    turn: int = 0  #: among those with a picture; neighbours should not open alike
    page: tuple[float, float] = (210.0, 297.0)  #: millimetres
    ppi: float = LEAST_PPI  #: pixels an inch that pictures should have

    @property
    def ratio(self) -> float:
        """Width over height of the lead picture."""
        return self.pixels[0] / self.pixels[1] if self.pixels else 0.0

    def sharp(self, width: float, height: float) -> bool:
        """Return whether the lead picture can fill a place in millimetres."""
        return self.pixels is not None and _sharp(self.pixels, width, height, self.ppi)

    @property
    def fills_page(self) -> bool:
        """Whether it can be printed over a whole page."""
        return self.sharp(*self.page)

    @property
    def crosses(self) -> bool:
        """Whether it can be printed across the page, as a shallow strip at least."""
        return self.sharp(self.page[0], self.page[0] / 4)

    @property
    def length(self) -> float:
        """Words, counted by the room they take."""
        return self.words / _DENSER.get(self.direction, 1.0)


def _sharp(pixels: tuple[int, int], width: float, height: float, ppi: float) -> bool:
    return min(pixels[0] / width, pixels[1] / height) * 25.4 >= ppi


def variants(facts: Facts) -> tuple[str, ...]:
    """Return the variants that suit an article, best first; never none.

    The first is printed unless it leaves a page badly filled.
    """
    if facts.cover_story and facts.kind in (Kind.FEATURE, Kind.NEWS):
        return _cover_story(facts)
    match facts.kind:
        case Kind.NEWS:
            return _news(facts)
        case Kind.FEATURE:
            return _feature(facts)
        case Kind.OPINION:
            return _opinion(facts)
        case Kind.INTERVIEW:
            return _interview(facts)
        case Kind.PHOTO_ESSAY:
            return _essay(facts)
        case Kind.LETTER:
            return ("portrait",) if facts.pixels else ("plain",)
        case Kind.BRIEF:
            return ("plain",)
        case _:
            return ("picture",) if facts.pixels else ("plain",)


def possible(facts: Facts) -> tuple[str, ...]:
    """Return every variant an editor may name for an article."""
    more: list[str] = []
    if facts.cover_story and facts.kind in (Kind.FEATURE, Kind.NEWS):
        more = ["panel", "full", "tall", "spread", "framed"] if facts.pixels else ["type"]
    elif facts.kind is Kind.NEWS:
        more = ["under", "top", "strip", "column", "beside"] if facts.pixels else ["side", "plain"]
        more += ["pair"] if facts.pixels and facts.inside else []
    elif facts.kind is Kind.FEATURE:
        more = ["wide", "under", "full", "tall", "inset"] if facts.pixels else ["type", "plain"]
    elif facts.kind is Kind.OPINION and facts.pixels:
        more = ["picture", "column", "portrait"]
    elif facts.kind is Kind.INTERVIEW and facts.pixels:
        more = ["landscape", "portrait", "inset"]
    elif facts.kind is Kind.PHOTO_ESSAY and facts.inside:
        more = ["framed", "full"]
    big = {"full", "spread"}
    able = facts.fills_page
    if facts.kind is Kind.PHOTO_ESSAY and facts.inside:
        able = _sharp(facts.inside[0], *facts.page, facts.ppi)
    named = [name for name in more if able or name not in big]
    return tuple(dict.fromkeys([*variants(facts), *named]))


def _turned(choices: Sequence[str], turn: int) -> tuple[str, ...]:
    """Let neighbours begin with another one of the first two."""
    first, *rest = choices
    if turn % 2 and rest:
        return rest[0], first, *rest[1:]
    return tuple(choices)


def _cover_story(facts: Facts) -> tuple[str, ...]:
    """The cover shows the picture whole page already: the opening shows it another way."""
    if not facts.pixels:
        return ("type",)
    if not facts.crosses:
        return ("framed",)
    big: tuple[str, ...] = ("full",) if facts.fills_page else ()
    if big and facts.length >= _LONG:  # two pages are only opened for a long story
        big = ("spread", *big)
    return ("tall", *big, "panel") if facts.ratio < UPRIGHT else ("panel", *big)


def _news(facts: Facts) -> tuple[str, ...]:
    if not facts.pixels:
        return ("side", "plain") if facts.length <= _SIDE_WORDS else ("plain",)
    if not facts.crosses:
        return ("column", "beside") if facts.length <= _BESIDE_WORDS else ("column",)
    if facts.ratio < UPRIGHT:
        return ("column", "pair") if _pairs(facts) else ("column",)
    flat = _turned(("under", "top"), facts.turn)
    beside = ("beside",) if facts.length <= _BESIDE_WORDS else ()
    pair = ("pair",) if _pairs(facts) else ()
    return (*pair, *flat, *beside, "strip") if facts.ratio > SQUARE else (*pair, *flat, "column")


def _pairs(facts: Facts) -> bool:
    """Return whether the first picture in the text is fit to stand beside the lead picture."""
    return bool(facts.inside) and _sharp(facts.inside[0], 80.0, 50.0, max(_PAIR_PPI, facts.ppi))


def _feature(facts: Facts) -> tuple[str, ...]:
    if not facts.pixels:
        return "type", "plain"
    if not facts.crosses:
        return ("inset",)
    full = facts.length >= _LONG and facts.fills_page
    if facts.ratio < UPRIGHT:
        return ("full", "tall", "wide") if full and facts.turn % 2 else ("tall", "wide")
    if facts.ratio <= SQUARE:
        return _turned(("wide", "tall"), facts.turn)
    flat = _turned(("wide", "under"), facts.turn)
    return (flat[0], "full", flat[1]) if full else flat


def _opinion(facts: Facts) -> tuple[str, ...]:
    if not facts.pixels:
        return ("plain",)
    if facts.portrait or not facts.sharp(120, 80):
        return ("portrait",)
    return ("picture", "column")


def _interview(facts: Facts) -> tuple[str, ...]:
    if not facts.pixels:
        return ("plain",)
    if not facts.crosses:
        return ("portrait", "inset") if facts.sharp(100, 120) else ("inset",)
    if facts.ratio < UPRIGHT:
        return "portrait", "landscape"
    return ("landscape", "portrait") if facts.ratio <= SQUARE else ("landscape",)


def _essay(facts: Facts) -> tuple[str, ...]:
    if not facts.inside:
        return ("plain",)
    upright = facts.inside[0][0] < facts.inside[0][1] * UPRIGHT
    if upright and _sharp(facts.inside[0], *facts.page, facts.ppi):
        return "full", "framed"
    return ("framed",)


# ---- where the lead picture stands -------------------------------------------------


@dataclass(frozen=True)
class Frame:
    """The lead picture's place: where, how wide, and how tall it may be in millimetres.

    It stands on a page of its own, on top of the page, in half of the page's head beside
    the headline, under the headline, in the text's first column, or in the head as the
    small picture of a person. `columns` is over how many columns of text its height tells.
    """

    stands: Literal["page", "top", "half", "under", "in", "person"]
    width: Literal["page", "type", "half", "column", "two", "inset", "portrait"]
    low: float = 0
    high: float = 0
    columns: int = 1

    @property
    def bleeds(self) -> bool:
        """Whether it runs to the edges of the paper."""
        return self.width in ("page", "half")


FRAMES: dict[tuple[str, str], Frame] = {
    ("cover-story", "panel"): Frame("page", "page", 120, 178),
    ("cover-story", "full"): Frame("page", "page"),
    ("cover-story", "spread"): Frame("page", "page"),
    ("cover-story", "tall"): Frame("page", "half"),
    ("cover-story", "framed"): Frame("page", "inset", 40, 120),
    ("feature", "wide"): Frame("top", "page", 80, 165),
    ("feature", "under"): Frame("under", "page", 80, 150),
    ("feature", "full"): Frame("page", "page"),
    ("feature", "tall"): Frame("half", "half", 118, 190),
    ("feature", "inset"): Frame("in", "column", 40, 110, 2),
    ("news", "under"): Frame("under", "type", 48, 150),
    ("news", "top"): Frame("top", "page", 48, 150),
    ("news", "strip"): Frame("top", "page", 34, 62),
    ("news", "column"): Frame("in", "column", 40, 98, 3),
    ("news", "beside"): Frame("in", "two", 50, 120),
    ("news", "pair"): Frame("under", "type", 42, 100),
    ("opinion", "picture"): Frame("under", "type", 55, 150),
    ("opinion", "column"): Frame("in", "column", 50, 140, 2),
    ("opinion", "portrait"): Frame("person", "portrait"),
    ("interview", "landscape"): Frame("top", "page", 60, 150),
    ("interview", "portrait"): Frame("half", "half", 118, 190),
    ("interview", "inset"): Frame("person", "portrait"),
    ("letter", "portrait"): Frame("person", "portrait"),
    ("data", "picture"): Frame("under", "type", 34, 90),
    ("listing", "picture"): Frame("under", "type", 34, 110),
    ("quiz", "picture"): Frame("under", "type", 34, 110),
}
