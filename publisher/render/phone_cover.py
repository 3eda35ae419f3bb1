"""The phone's front page: a picture cropped to the screen, and lines that can be read on it."""

from dataclasses import dataclass, replace

from publisher.config import Publication
from publisher.content.issue import Issue
from publisher.content.typography import typeset
from publisher.render import colour
from publisher.render.balance import Headline, fit_headline, text_width, tied
from publisher.render.front_zones import clear_of
from publisher.render.legibility import LIGHT, Band, gradient, ground
from publisher.render.phone_pictures import WIDTH, Frames
from publisher.render.phone_pieces import lines_of
from publisher.render.phone_sheet import COVER_BYTES, PHONE
from publisher.render.phone_type import Voices, bold
from publisher.render.pieces import Lead
from publisher.render.sheet import MM, OVERHANG

_SIZES = (50, 46, 42, 39, 36, 33, 30, 27, 24)
_LARGE = 33  #: points of a main line in two lines
_MANY = 39  #: points at most in more: four lines of more would leave nothing of the picture
_MASTHEAD, _TOP = 88.0, 7.0  #: points at most; millimetres from the edge
_STRAP = 5.0  #: height of the line below the masthead, millimetres
_LINES = 3  #: coverlines on a phone
_FOOT = 4.0  #: below the last
_ROW = 13.5  #: millimetres a coverline takes at least
_ABOVE_ROWS = 6.0  #: from the words to the coverlines, as in the style sheet
_FADE = 26.0  #: millimetres over which a shade ends
_LEAST_CALM = 14.0  #: of the picture between the words, without any shade
_PT = 25.4 / 72


@dataclass(frozen=True, kw_only=True)
class Line:
    """A coverline."""

    text: str
    section: str
    story: str


@dataclass(frozen=True, kw_only=True)
class Cover:
    """What the cover's template prints."""

    lead: Lead | None
    masthead: Headline
    strap_top: float  #: millimetres from the edge
    headline: Headline
    kicker: str
    standfirst: str
    story: str
    lines: tuple[Line, ...]
    deep: str  #: ground of the coverlines, and of the page without a picture
    rows: float  #: millimetres the coverlines take
    shade: str  #: a CSS gradient that makes the words legible


def make_cover(issue: Issue, publication: Publication, frames: Frames, voices: Voices) -> Cover:
    """Set the front page; without a picture it is type on the section's colour."""
    cover, language, how = issue.cover, publication.language, voices.theme.tokens
    slot = next((s for s in issue.slots if any(a.slug == cover.story for a in s.articles)), None)
    section = slot.section.colour if slot else publication.colour
    lines = tuple(
        Line(text=tied(typeset(line.text, language)), section=line.section.name, story=line.story)
        for line in cover.lines[:_LINES]
    )
    rows = _ROW * len(lines) + (_FOOT if lines else 0.0)
    headline = _headline(
        how.cover.headline.printed(typeset(cover.title, language)), voices, language
    )
    masthead = _masthead(publication, voices)
    tall = 1.25 if language.startswith("ar") else how.masthead.tall
    strap_top = round(_TOP + masthead.size * _PT * tall + 3, 1)
    made = Cover(
        lead=None,
        masthead=masthead,
        strap_top=strap_top,
        headline=headline,
        kicker=typeset(cover.kicker, language),
        standfirst=tied(typeset(cover.standfirst, language)),
        story=cover.story,
        lines=lines,
        deep=colour.legible(section, "#ffffff", 8.0),
        rows=rows,
        shade="",
    )
    return _pictured(made, issue, frames, voices, language)


def _headline(text: str, voices: Voices, language: str) -> Headline:
    """Return the main line in two lines if it can be large in them, so that the picture shows."""
    face = voices.of(bold(voices.theme.tokens.cover.headline, language), language).path
    measure = PHONE.type_width
    short = fit_headline(text, measure=measure, face=face, sizes=_SIZES, max_lines=2)
    if short.size >= _LARGE and len(short.lines) <= 2:
        return short
    sizes = [size for size in _SIZES if size <= _MANY]
    return fit_headline(text, measure=measure, face=face, sizes=sizes, max_lines=4)


def _masthead(publication: Publication, voices: Voices) -> Headline:
    """Return the magazine's name, as wide as the screen if that is not too tall."""
    style, language = voices.theme.tokens.masthead.style, publication.language
    voice = voices.of(bold(style, language), language)
    name = voice.printed(typeset(publication.title, language))
    em = text_width(name, voice.path, 1) + voice.tracking * len(name)
    most = _MASTHEAD * (0.7 if voice.arabic else 1)
    return Headline((name,), round(min(most, (PHONE.width - 2 * _TOP) * MM / em), 1))


def _pictured(cover: Cover, issue: Issue, frames: Frames, voices: Voices, language: str) -> Cover:
    """Return the cover with its picture, and with as much shade as its words need."""
    picture, height = issue.cover.picture, PHONE.height - cover.rows + OVERHANG
    size = frames.plates.pixels(picture) if picture else None
    if picture is None or size is None:
        if picture is not None:  # it is lost: that is told, and the page does without
            frames.made(picture, cover.story, width=WIDTH, height=height, role="phone-cover")
        return cover
    words = _words(cover, voices, language) + _ABOVE_ROWS
    aimed = clear_of(picture, size, WIDTH / height, min(words / height, 0.7))
    lead = frames.made(
        aimed,
        cover.story or "cover",
        width=WIDTH,
        height=height,
        role="phone-cover",
        max_bytes=COVER_BYTES,
    )
    file = frames.plates.file(lead) if lead else None
    if lead is None or file is None:
        return replace(cover, lead=lead)
    head = (cover.strap_top + _STRAP + 2) / height
    top = max(1 - (words + 4) / height, head)
    fade = min(_FADE, (top - head) * height * 0.5) / height
    if (top - head) * height < _LEAST_CALM:  # words all over: one even shade
        whole = ground(file, ((0.0, 0.0, 1.0, 1.0),), LIGHT)
        return replace(cover, lead=lead, shade=gradient([Band(0.0, 1.0, whole)]))
    bands = [
        Band(0.0, head, ground(file, ((0.0, 0.0, 1.0, head),), LIGHT), below=fade),
        Band(top, 1.0, ground(file, ((0.0, top, 1.0, 1.0),), LIGHT), above=fade),
    ]
    return replace(cover, lead=lead, shade=gradient(bands))


def _words(cover: Cover, voices: Voices, language: str) -> float:
    """Return the height of the words above the coverlines, in millimetres."""
    arabic = language.startswith("ar")
    lines = lines_of(cover.standfirst, voices.plain("cover_standfirst", language), 13.5)
    headline = len(cover.headline.lines) * cover.headline.size * (1.36 if arabic else 1.02)
    points = headline + lines * (24 if arabic else 18) + (18 if cover.kicker else 0) + 30
    return points * _PT
