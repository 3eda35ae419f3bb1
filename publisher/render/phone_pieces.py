"""What the phone's templates are given: a story dressed for its screens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from publisher.content.article import Article, Kind
from publisher.content.typography import typeset
from publisher.render import colour
from publisher.render.balance import Headline, balance, fit_headline, tied
from publisher.render.phone_sheet import PHONE
from publisher.render.phone_type import Voice, Voices
from publisher.render.pieces import Lead
from publisher.render.places import Place
from publisher.render.plates import Plates
from publisher.render.sheet import MM

#: heights of a row of contents in millimetres, and what stands above them on the first screen
_ROW, _ROW_MOST, _ABOVE_ROWS = 21.5, 25.5, 26.0
_ROW_WIDTH, _ROW_SIZES = 57.0, (14, 13, 12, 11, 10)  #: of its title, millimetres and points
_PACE = 200  #: words a minute, as people read on a phone
#: headline sizes in points and most lines, by how a story opens
_SIZES: dict[str, tuple[Sequence[int], int]] = {
    "hero": ((40, 36, 33, 30, 27, 24, 21), 4),
    "ground": ((54, 49, 44, 40, 36, 32, 28, 24), 6),
    "head": ((38, 34, 31, 28, 25, 22), 4),
    "brief": ((30, 28, 26, 24, 22), 4),
}
#: kinds that begin with a head above their text instead of a screen of their own
_HEADED = frozenset({Kind.LETTER, Kind.DATA, Kind.LISTING, Kind.QUIZ})


@dataclass(frozen=True, kw_only=True)
class Plate:
    """A picture of an essay on its own screen."""

    lead: Lead
    air: float  #: millimetres above it
    full: bool  #: whether it fills the screen down to its caption


@dataclass(frozen=True, kw_only=True)
class Story:
    """An article dressed, but for its text."""

    slug: str
    kind: str
    opening: str  #: hero (picture), ground (type on colour) or head (above the text)
    language: str
    direction: str
    colour: str  #: of its section, legible on paper
    tint: str
    deep: str  #: the same, as a ground for white text
    face: str  #: of its headline, as CSS declarations
    flag: str
    part: str  #: the section, where it begins in the outline; else empty
    title: str
    headline: Headline
    kicker: str
    standfirst: str
    byline: str
    dateline: str
    minutes: int
    sources: tuple[str, ...]
    corrections: tuple[str, ...]
    url: str
    words: Mapping[str, str]


def opening_of(place: Place, plates: Plates) -> str:
    """Return how a place opens: hero, ground or head."""
    if place.kind is Kind.BRIEF:
        return "brief"
    if place.kind in _HEADED:
        return "head"
    picture = place.article.picture
    return "hero" if picture and plates.ratio(picture) else "ground"


def dress(
    place: Place,
    opening: str,
    words: Mapping[str, str],
    voices: Voices,
    paper: str,
    *,
    smaller: int = 0,
) -> Story:
    """Dress an article; `smaller` skips so many of the largest headline sizes."""
    article, language = place.article, place.language
    colours = voices.theme.tokens.colours
    title = typeset(article.title, language)
    sizes, lines = _SIZES[opening]
    voice = voices.headline(place)
    return Story(
        slug=article.slug,
        kind=str(place.kind),
        opening=opening,
        language=language,
        direction=place.direction,
        colour=colour.legible(place.colour, paper),
        tint=colour.mixed(place.colour, colours.paper, colours.tint),
        deep=colour.legible(place.colour, "#ffffff", 8.0),
        face=cssface(voice),
        flag=place.section,
        part=place.part,
        title=title,
        headline=fit_headline(
            voice.printed(title),
            measure=PHONE.type_width,
            face=voice.path,
            sizes=sizes[min(smaller, len(sizes) - 1) :],
            max_lines=lines,
            tracking=voice.tracking,
        ),
        kicker=typeset(article.kicker, language),
        standfirst=tied(typeset(article.standfirst, language)),
        byline=article.byline,
        dateline=article.dateline,
        minutes=minutes(article),
        sources=tuple(typeset(source, language) for source in article.sources),
        corrections=tuple(typeset(text, language) for text in article.corrections),
        url=article.url,
        words=words,
    )


def cssface(voice: Voice) -> str:
    """Return a voice's face without size, as CSS declarations."""
    if voice.arabic:
        return ""
    how = voice.style
    slant = "italic" if how.italic else "normal"
    return (
        f"font-family: var(--{how.family}); font-weight: {how.weight}; font-style: {slant};"
        f" letter-spacing: {how.spaced}; text-transform: {how.case}"
    )


def minutes(article: Article) -> int:
    """Return how long an article takes to read, at least one minute."""
    return max(1, round(article.words / _PACE))


def lines_of(text: str, voice: Voice, size: float, measure: float = PHONE.type_width) -> int:
    """Return how many lines a text takes in a measure in millimetres."""
    return len(balance(text, measure * MM, voice.path, size)) if text else 0


def row(place: Place, words: Mapping[str, str], voice: Voice, paper: str) -> dict[str, Any]:
    """Return what a line that leads to a place says of it."""
    brief, article = place.kind is Kind.BRIEF, place.article
    title = words["in_brief"] if brief else typeset(article.title, place.language)
    kickers = dict.fromkeys(one.kicker or one.section for one in place.articles)
    return {
        "slug": place.anchor,
        "flag": "" if brief else place.section,
        "about": ", ".join(k for k in kickers if k) if brief else "",
        "title": tied(title),
        "headline": fit_headline(
            voice.printed(title),
            measure=_ROW_WIDTH,
            face=voice.path,
            sizes=_ROW_SIZES,
            max_lines=2,
            tracking=voice.tracking,
        ),
        "language": place.language,
        "direction": place.direction,
        "colour": colour.legible(place.colour, paper),
        "deep": colour.legible(place.colour, "#ffffff", 8.0),
        "minutes": sum(minutes(one) for one in place.articles) if not brief else 0,
        "cover_story": place.cover_story,
    }


def grouped(rows: Sequence[dict[str, Any]]) -> list[tuple[float, Sequence[dict[str, Any]]]]:
    """Spread the rows of contents evenly over screens; with each the height of its rows in mm."""
    first, more = PHONE.type_height - _ABOVE_ROWS, PHONE.type_height
    count = 1
    while first // _ROW + (count - 1) * (more // _ROW) < len(rows):
        count += 1
    screens, taken = [], 0
    for number in range(count):
        room = first if number == 0 else more
        share = -(-(len(rows) - taken) // (count - number))
        share = min(share, int(room // _ROW))
        height = min(room / max(share, 1), _ROW_MOST)
        screens.append((round(height - 0.05, 2), rows[taken : taken + share]))
        taken += share
    return screens


def share_links(address: str, text: str) -> list[tuple[str, str]]:
    """Return the ways of passing an issue on: which, and the address that opens it."""
    said, both = quote(text, safe=""), quote(f"{text} {address}", safe="")
    return [
        ("whatsapp", f"https://wa.me/?text={both}"),
        ("telegram", f"https://t.me/share/url?url={quote(address, safe='')}&text={said}"),
        ("mail", f"mailto:?subject={said}&body={both}"),
    ]
