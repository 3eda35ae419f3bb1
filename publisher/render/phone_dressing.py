"""Dress articles for the phone: the text block by block, measured and put on screens."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from publisher.content.article import Kind, Picture
from publisher.content.body import Body, Look, Medium
from publisher.content.markdown import render_body
from publisher.problems import Problem
from publisher.render import colour
from publisher.render.blocks import Block, split_blocks, with_dropcap, with_end_mark
from publisher.render.pdf import Leaf
from publisher.render.phone_blocks import (
    Makings,
    Part,
    on_screen,
    parts_of,
    turned,
    with_air,
    with_picture,
    without_picture,
)
from publisher.render.phone_flow import Plan, Shape, Strip, even, plan
from publisher.render.phone_pictures import WIDTH, Frames
from publisher.render.phone_sheet import PHONE, line
from publisher.render.places import Place
from publisher.render.plates import Plates

GALLEY = 480.0  #: height of the page blocks are measured on, millimetres
SENTINEL = 10.0  #: what stands below each of them there
#: spaces above and below by shape, in lines of text, as in the style sheet
_SPACES = {
    Shape.TEXT: (0.0, 0.5),
    Shape.HEAD: (1.0, 0.2),
    Shape.SOLID: (0.75, 0.75),
    Shape.PICTURE: (0.75, 0.75),
    Shape.FIGURE: (0.75, 0.75),
    Shape.QUOTE: (0.75, 0.75),
    Shape.SCREEN: (0.0, 0.5),
}
_HANG = 4.0  #: the padding below a link to tap, which the engine counts twice at a page's end
#: charts are drawn narrower and printed larger: their 6.5 and 7.5 points become 9 and more
_CHART_SCALE = 1.39
_QUOTE_AIR = 26.0  #: millimetres a quote may take
#: kinds whose first letter is enlarged, and those that need no end mark
_DROPCAP = frozenset({Kind.FEATURE, Kind.OPINION})
_LISTS = frozenset({Kind.LISTING, Kind.QUIZ})
_UNMARKED = frozenset({Kind.PHOTO_ESSAY, Kind.LISTING, Kind.QUIZ})

#: lays blocks out one by one on a galley and returns its pages
Galley = Callable[[Place, Sequence[str]], Sequence[Leaf]]


@dataclass(frozen=True, kw_only=True)
class Flowed:
    """A text put on screens."""

    html: Markup
    sink: float  #: millimetres of air above its first lines
    height: float  #: millimetres of its last screen


class PhoneDresser:
    """Makes the texts of one issue."""

    def __init__(self, plates: Plates, frames: Frames, galley: Galley) -> None:
        self._plates, self._frames, self._galley = plates, frames, galley
        self._bodies: dict[str, Body] = {}

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was found wrong in the articles' texts."""
        return tuple(p for body in self._bodies.values() for p in body.problems)

    @property
    def credits(self) -> list[str]:
        """The credits of the pictures within the texts."""
        return [p.credit for body in self._bodies.values() for p in body.pictures if p.credit]

    def figures(self, place: Place) -> list[tuple[Picture, bool]]:
        """Return the pictures of a text in order, and whether each is to be set wide."""
        return [
            (p.picture, p.wide)
            for p in self._parts(place, {"answers": "", "to_answers": ""})
            if p.picture
        ]

    def text(self, place: Place, words: dict[str, str], head: str = "", after: str = "") -> Flowed:
        """Return a place's text on screens, with what stands above and below it.

        An essay's pictures are left out: they have screens of their own.
        """
        parts = self._parts(place, words)
        if place.kind is Kind.PHOTO_ESSAY:
            parts = [part for part in parts if part.shape is not Shape.PICTURE]
        if head:
            parts.insert(0, Part(html=head, shape=Shape.SOLID))
        if after:
            parts.append(Part(html=after, shape=Shape.SOLID, kept=True))
        strips = self._measured(place, parts)
        pages = even if place.kind in _LISTS else plan
        found = pages(strips, height=PHONE.type_height, line=line(place.direction))
        return self._printed(place, parts, strips, found)

    # ---- making ----------------------------------------------------------------------

    def _parts(self, place: Place, words: dict[str, str]) -> list[Part]:
        body, article = self._body(place), place.article
        blocks: Sequence[Block] = split_blocks(body.html)
        if place.kind in _DROPCAP and place.direction == "ltr":
            blocks = with_dropcap(blocks)
        if place.kind not in _UNMARKED:
            blocks = [_untied(block) for block in with_end_mark(blocks)]
        pictures = {picture.path: picture for picture in body.pictures}
        face = self._frames.voices.plain("table", place.language).path
        makings = Makings(
            kind=place.kind,
            slug=article.slug,
            pictures=pictures,
            words=words,
            face=face,
            scale=_CHART_SCALE,
        )
        return parts_of(blocks, makings)

    def _body(self, place: Place) -> Body:
        slug = place.article.slug
        if slug not in self._bodies:
            self._bodies[slug] = render_body(
                place.article,
                medium=Medium.PRINT,
                picture_url=lambda picture, _wide: self._address(picture, slug),
                look=self._look(place),
            )
        return self._bodies[slug]

    def _address(self, picture: Picture, slug: str) -> str:
        """Return the picture's own path, for which its rendition is put later.

        Raises `ContentError` when it is missing or no picture.
        """
        if self._plates.ratio(picture) is None:
            self._plates.url(picture, slug, width=WIDTH, role="text")
        return picture.path

    def _look(self, place: Place) -> Look:
        voices = self._frames.voices
        colours = voices.theme.tokens.colours
        return Look(
            family=voices.theme.lists["sans"].replace('"', "'"),
            regular=voices.plain("source", "en").path,
            bold=voices.plain("chart_title", "en").path,
            accent=colour.legible(place.colour, colours.paper),
            ink=colours.ink,
            muted=colours.soft,
            grid=colours.hair,
            paper=colours.paper,
            arabic=voices.plain("source", "ar").path,
            arabic_bold=voices.plain("chart_title", "ar").path,
            maps=voices.theme.maps,
            width=PHONE.type_width / _CHART_SCALE,
        )

    # ---- measuring -------------------------------------------------------------------

    def _measured(self, place: Place, parts: Sequence[Part]) -> list[Strip]:
        printed = [without_picture(part).html if part.picture else part.html for part in parts]
        leaves = self._galley(place, printed)
        heights = [
            sum(leaf.fill for leaf in leaves if f"galley-{n}" in leaf.anchors) * GALLEY - SENTINEL
            for n in range(len(parts))
        ]
        return [self._strip(place, *one) for one in zip(parts, heights, strict=True)]

    def _strip(self, place: Place, part: Part, height: float) -> Strip:
        space = line(place.direction)
        before, after = (lines * space for lines in _SPACES[part.shape])
        less = more = 0.0
        shape = part.shape
        if part.picture and (band := self._frames.band(part.picture)):
            height, less, more = height + band[0], band[1], band[2]
        if shape is Shape.QUOTE:
            more = _QUOTE_AIR
        if shape in (Shape.FIGURE, Shape.SOLID) and height > PHONE.type_height:
            shape = Shape.TEXT
        return Strip(
            shape=shape,
            height=round(max(height, 0.0), 2),
            before=before,
            after=after,
            less=less,
            more=more,
            notes=part.notes,
            kept=part.kept,
            hang=_HANG if part.shape is Shape.SOLID and "<a " in part.html else 0.0,
        )

    # ---- printing --------------------------------------------------------------------

    def _printed(
        self, place: Place, parts: Sequence[Part], strips: Sequence[Strip], found: Plan
    ) -> Flowed:
        made = [
            self._final(place, part, found.gains[n], own=n in found.screens)
            for n, part in enumerate(parts)
        ]
        made = [turned(html) if n in found.turns else html for n, html in enumerate(made)]
        html = "\n".join(made[n] for n in found.order)
        height = found.fills[-1] * PHONE.type_height if found.fills else 0.0
        safe = Markup(html)  # noqa: S704 -- render_body sanitised it
        return Flowed(html=safe, sink=found.sink, height=height)

    def _final(self, place: Place, part: Part, gain: float, *, own: bool) -> str:
        if own:
            voice = self._frames.voices.plain("pull_quote", place.language)
            return on_screen(part, voice.path, rtl=place.direction == "rtl").html
        band = self._frames.band(part.picture) if part.picture else None
        if part.picture is None or band is None:
            if part.shape is Shape.QUOTE and gain > 0:
                space = _SPACES[Shape.QUOTE][0] * line(place.direction)
                return with_air(part, gain, space).html
            return part.html
        lead = self._frames.made(
            part.picture,
            place.article.slug,
            width=WIDTH,
            height=band[0] + gain,
            role=f"phone-{part.picture.path}",
        )
        if lead is None:
            return replace(part, html="").html
        return with_picture(part, lead.url, lead.width, lead.height).html


def _untied(block: Block) -> Block:
    """Take away the space before an end mark: on the phone the mark hangs in the margin."""
    return replace(
        block, html=block.html.replace('\u00a0<span class="end-mark">', '<span class="end-mark">')
    )
