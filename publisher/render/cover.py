"""The front page: its picture, its lines, and which layout the picture can carry."""

from dataclasses import dataclass

from publisher.config import Publication
from publisher.content.issue import Issue
from publisher.content.typography import typeset
from publisher.render import colour
from publisher.render.balance import Headline, fit_headline
from publisher.render.pieces import Lead
from publisher.render.plates import COVER_BYTES, Plates
from publisher.render.sheet import OVERHANG, Sheet
from publisher.render.theme import Theme

#: below so many pixels an inch a picture is not blown up to the whole page but framed
_FULL_PPI = 84
_FRAMED = 203.0  #: millimetres that masthead and lines take beside a framed picture


@dataclass(frozen=True, kw_only=True)
class Line:
    """A coverline."""

    text: str
    section: str
    story: str


@dataclass(frozen=True, kw_only=True)
class Cover:
    """What the cover's template prints."""

    layout: str  #: full, framed or plain
    lead: Lead | None
    thumb: str  #: small picture of the cover, for the letter
    thumb_height: float  #: millimetres
    thumb_share: float  #: its size to the cover's
    headline: Headline
    kicker: str
    standfirst: str
    story: str
    lines: tuple[Line, ...]
    colour: str


def make_cover(
    issue: Issue, publication: Publication, sheet: Sheet, plates: Plates, theme: Theme
) -> Cover:
    """Set the front page of an issue.

    A sharp picture fills the page; a small one stands in a frame of the section's
    colour; without any the page is type on colour.
    """
    cover, language = issue.cover, publication.language
    owner = cover.story or "cover"
    slot = next((s for s in issue.slots if any(a.slug == cover.story for a in s.articles)), None)
    ground = slot.section.colour if slot else publication.colour
    lead, thumb, layout = None, "", "plain"
    small, tall = sheet.column(3) - 6, sheet.height / sheet.width
    picture = cover.picture
    if picture is not None and plates.ratio(picture) is not None:
        layout = "full"
        height = sheet.height + OVERHANG
        if plates.resolution(picture, sheet.width, sheet.height) < _FULL_PPI:
            layout = "framed"
            height = min(sheet.width / (plates.ratio(picture) or 1.5), sheet.height - _FRAMED)
        lead = plates.lead(
            picture,
            owner,
            width=sheet.width + OVERHANG,
            height=height,
            max_bytes=COVER_BYTES,
            role="cover",
        )
        thumb = plates.url(picture, "", width=small, height=small * tall, role="thumb")
    elif picture is not None:
        plates.lead(picture, owner, width=sheet.width, height=sheet.height, role="cover")
    title = typeset(cover.title, language)
    how = theme.tokens.cover
    return Cover(
        layout=layout,
        lead=lead,
        thumb=thumb,
        thumb_height=round(small * tall, 1),
        thumb_share=round(small / sheet.width, 4),
        headline=fit_headline(
            how.headline.printed(title),
            measure=sheet.type_width,
            face=theme.face(how.headline, language),
            sizes=how.framed_sizes if layout == "framed" else how.sizes,
            max_lines=2 if layout == "framed" else 3,
        ),
        kicker=typeset(cover.kicker, language),
        standfirst=typeset(cover.standfirst, language),
        story=cover.story,
        lines=tuple(
            Line(text=typeset(line.text, language), section=line.section.name, story=line.story)
            for line in cover.lines
        ),
        colour=colour.legible(ground, theme.tokens.colours.paper, 7.0),
    )
