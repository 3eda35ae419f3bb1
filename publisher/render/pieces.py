"""What the magazine's templates are given: an article dressed for its page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from publisher.content.article import Article, Kind
from publisher.content.typography import typeset
from publisher.render.balance import Headline, balance, fit_headline, tied
from publisher.render.lettering import Style
from publisher.render.sheet import MM, Sheet
from publisher.render.templates import STATIC
from publisher.render.theme import Theme
from publisher.render.tokens import Layout

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

    layout: str  #: poster, opening, bleed, tall, pair or single
    pictures: tuple[Lead, ...]
    ink: str = ""  #: colour of words on the picture, shade what is laid under them
    shade: str = ""


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
    ink: str  #: colour of words on the lead picture, shade what is laid under them
    shade: str
    give: str  #: what may stretch to fill the last page: lead, head or nothing
    air: float  #: millimetres of free space a layout may give or take
    sources: tuple[str, ...]
    corrections: tuple[str, ...]
    url: str
    words: Mapping[str, str]


_NARROW = 6  #: columns of the grid up to which a headline keeps clear of its neighbour
_CLEAR = 2.0  #: millimetres it does
_OTHER, _APART = 6.0, 14.0  #: millimetres of a kicker or byline, and of all the space between


def kind_of(place_kind: Kind, *, cover_story: bool) -> str:
    """Return the name under which the theme says how a kind is set."""
    if cover_story and place_kind in (Kind.FEATURE, Kind.NEWS):
        return "cover-story"
    return place_kind.value


def set_headline(text: str, layout: Layout, sheet: Sheet, theme: Theme, language: str) -> Headline:
    """Return a headline at the largest size its place allows, in even lines."""
    return fit_headline(
        layout.headline.printed(text),
        measure=sheet.span(layout.span) - (_CLEAR if layout.span < _NARROW else 0),
        face=theme.face(layout.headline, language),
        sizes=layout.sizes,
        max_lines=layout.lines,
    )


def set_standfirst(text: str, layout: Layout, sheet: Sheet, theme: Theme, language: str) -> str:
    """Return a standfirst whose last line is no single word; in a narrow column all are even."""
    words = typeset(text, language)
    if layout.span >= _NARROW or layout.template == "briefs" or language.startswith("ar"):
        return tied(words)
    style = layout.standfirst or theme.tokens.type.standfirst
    measure = (sheet.span(layout.span) - 3) * MM
    return "\n".join(balance(words, measure, theme.face(style), style.size))


def head_height(
    headline: Headline,
    standfirst: str,
    layout: Layout,
    sheet: Sheet,
    theme: Theme,
    language: str,
    *,
    others: int,
) -> float:
    """Return about how many millimetres the words of a head take, from the paper's edge.

    `others` counts kicker and byline.
    """
    style = layout.standfirst or theme.tokens.type.standfirst
    words = len(headline.lines) * line_height(layout.headline, theme, language, headline.size)
    words += block_height(standfirst, style, sheet.span(layout.span), theme, language)
    return sheet.top + words + others * _OTHER + _APART


def block_height(text: str, style: Style, width: float, theme: Theme, language: str) -> float:
    """Return how tall a text is in a style and width, in millimetres."""
    if not text:
        return 0.0
    size = style.size * (theme.tokens.arabic.larger if language.split("-")[0] == "ar" else 1)
    lines = balance(text, width * MM, theme.face(style, language), size)
    return len(lines) * line_height(style, theme, language)


def line_height(style: Style, theme: Theme, language: str, size: float = 0.0) -> float:
    """Return the height of a line in millimetres; `size` in points where the style has none."""
    arabic = theme.tokens.arabic if language.split("-")[0] == "ar" else None
    if not style.relative:
        return style.leading * (arabic.airier if arabic else 1) / MM
    return (size or style.size) * style.leading * (arabic.taller if arabic else 1) / MM


def credits(articles: Sequence[Article], more: Sequence[str] = ()) -> list[str]:
    """Return every picture's credit once, in order."""
    names = [a.picture.credit for a in articles if a.picture and a.picture.credit]
    return list(dict.fromkeys([*more, *names]))
