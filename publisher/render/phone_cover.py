"""The phone's front page: a picture cropped to the screen, and lines that can be read on it."""

from dataclasses import dataclass

from publisher.config import Publication
from publisher.content.issue import Issue
from publisher.content.typography import typeset
from publisher.render import colour
from publisher.render.balance import Headline, fit_headline, text_width, tied
from publisher.render.phone_pictures import WIDTH, Frames
from publisher.render.phone_sheet import COVER_BYTES, PHONE
from publisher.render.phone_type import Voices, bold
from publisher.render.pieces import Lead
from publisher.render.sheet import MM, OVERHANG

_SIZES = (48, 44, 40, 36, 33, 30, 27, 24)
_MASTHEAD = 88.0  #: points at most
_LINES = 3  #: coverlines on a phone
_FOOT = 4.0  #: below the last
_ROW = 13.5  #: millimetres a coverline takes at least


@dataclass(frozen=True, kw_only=True)
class Line:
    """A coverline."""

    text: str
    section: str
    story: str
    language: str


@dataclass(frozen=True, kw_only=True)
class Cover:
    """What the cover's template prints."""

    lead: Lead | None
    masthead: Headline
    headline: Headline
    kicker: str
    standfirst: str
    story: str
    lines: tuple[Line, ...]
    deep: str  #: ground of the coverlines, and of the page without a picture
    rows: float  #: millimetres the coverlines take


def make_cover(issue: Issue, publication: Publication, frames: Frames, voices: Voices) -> Cover:
    """Set the front page; without a picture it is type on the section's colour."""
    cover, language = issue.cover, publication.language
    slot = next((s for s in issue.slots if any(a.slug == cover.story for a in s.articles)), None)
    ground = slot.section.colour if slot else publication.colour
    lines = tuple(
        Line(
            text=tied(typeset(line.text, language)),
            section=line.section.name,
            story=line.story,
            language=language,
        )
        for line in cover.lines[:_LINES]
    )
    rows = _ROW * len(lines) + (_FOOT if lines else 0.0)
    lead = None
    if cover.picture is not None:
        lead = frames.made(
            cover.picture,
            cover.story or "cover",
            width=WIDTH,
            height=PHONE.height - rows + OVERHANG,
            role="phone-cover",
            max_bytes=COVER_BYTES,
        )
    how = voices.theme.tokens
    voice = voices.of(bold(how.masthead.style, language), language)
    name = voice.printed(typeset(publication.title, language))
    em = text_width(name, voice.path, 1) + voice.tracking * len(name)
    size = round(
        min(_MASTHEAD * (0.7 if language.startswith("ar") else 1), (PHONE.width - 14) * MM / em), 1
    )
    return Cover(
        lead=lead,
        masthead=Headline((name,), size),
        headline=fit_headline(
            typeset(cover.title, language),
            measure=PHONE.type_width,
            face=voices.of(bold(how.cover.headline, language), language).path,
            sizes=_SIZES,
            max_lines=4,
        ),
        kicker=typeset(cover.kicker, language),
        standfirst=tied(typeset(cover.standfirst, language)),
        story=cover.story,
        lines=lines,
        deep=colour.legible(ground, "#ffffff", 8.0),
        rows=rows,
    )
