"""Dress articles for their pages: picture, headline, text block by block."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from markupsafe import Markup

from publisher.content.article import Kind, Picture
from publisher.content.body import Body, Look, Medium
from publisher.content.markdown import render_body
from publisher.content.typography import typeset
from publisher.problems import Problem
from publisher.render import colour
from publisher.render.blocks import (
    Block,
    join_blocks,
    numbered,
    quotes_apart,
    split_blocks,
    with_dropcap,
    with_end_mark,
    without_short_ends,
)
from publisher.render.essay import essay_plates, opening_bounds
from publisher.render.guide import TONE
from publisher.render.pieces import (
    FONTS,
    SIDE_WORDS,
    Layout,
    Lead,
    Piece,
    layout_of,
    set_headline,
    set_standfirst,
)
from publisher.render.places import Place
from publisher.render.plates import Plates
from publisher.render.sheet import OVERHANG, Sheet

_LEAST_PPI = 96  #: a lead picture is not made taller than this allows
_PORTRAIT = 0.9  #: width over height below which a news picture stands in a column
_PAPER = "#ffffff"


class Dresser:
    """Makes `Piece`s of places; bodies are made once, the order of their blocks may change."""

    def __init__(self, sheet: Sheet, plates: Plates) -> None:
        self._sheet, self._plates = sheet, plates
        self._bodies: dict[str, Body] = {}
        self._orders: dict[str, tuple[int, ...]] = {}

    # ---- the text ------------------------------------------------------------------

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was found wrong in the articles' texts."""
        return tuple(p for body in self._bodies.values() for p in body.problems)

    @property
    def credits(self) -> list[str]:
        """The credits of the pictures within the texts."""
        return [p.credit for body in self._bodies.values() for p in body.pictures if p.credit]

    def blocks(self, place: Place) -> tuple[Block, ...]:
        """Return an article's text block by block, in the order it is printed."""
        first = self._written(place)
        order = self._orders.get(place.article.slug)
        return tuple(first[number] for number in order) if order else first

    def order(self, place: Place) -> tuple[int, ...]:
        """Return the printed order of an article's blocks, numbered as they were written."""
        count = len(self._written(place))
        return self._orders.get(place.article.slug) or tuple(range(count))

    def arrange(self, place: Place, order: Sequence[int]) -> None:
        """Print an article's blocks in another order; one that does not fit is ignored."""
        if sorted(order) == list(range(len(self._written(place)))):
            self._orders[place.article.slug] = tuple(order)

    def _written(self, place: Place) -> tuple[Block, ...]:
        blocks = split_blocks(self._body(place).html)
        if place.kind is Kind.DATA:  # the chart is the story
            blocks = tuple(sorted(blocks, key=lambda one: not {"chart", "map"} & one.classes))
        return quotes_apart(blocks)

    def _body(self, place: Place) -> Body:
        slug = place.article.slug
        if slug not in self._bodies:
            self._bodies[slug] = render_body(
                place.article,
                medium=Medium.PRINT,
                picture_url=lambda picture, wide: self._inner(place, picture, wide),
                look=self._look(place),
            )
        return self._bodies[slug]

    def _inner(self, place: Place, picture: Picture, wide: bool) -> str:
        """Return the address of a picture in the text, as wide as its column or the page."""
        sheet, how = self._sheet, layout(place)
        width = sheet.type_width if wide else sheet.column(how.columns, how.gap)
        ratio, height = self._plates.ratio(picture), None
        if ratio is not None and ratio < 1 / 1.2:
            height = width * 1.2  # an upright one leaves room for text in its column
        if wide and ratio is not None and ratio < 1.6:
            height = width / 1.6
        return self._plates.url(
            picture, place.article.slug, width=width, height=height, role="text"
        )

    def _look(self, place: Place) -> Look:
        wide, how = place.kind is Kind.DATA, layout(place)
        return Look(
            family="'Publisher Sans', 'Publisher Arabic', sans-serif",
            regular=FONTS / "sans-regular.ttf",
            bold=FONTS / "sans-semibold.ttf",
            accent=colour.legible(place.colour, _PAPER),
            ink="#1b1a17",
            muted="#5b5750",
            width=self._sheet.type_width if wide else self._sheet.column(how.columns, how.gap),
        )

    # ---- the lead picture ------------------------------------------------------------

    def bounds(self, place: Place) -> tuple[float, float, float]:
        """Return the size a place would like best, the least and the most it may have, in mm.

        It is its lead picture's height, or without one the air about its headline.
        """
        if place.cover_story:
            return 0.0, 0.0, 0.0
        if place.kind is Kind.PHOTO_ESSAY:
            first = next(iter(self._body(place).pictures), None)
            ratio = self._plates.ratio(first) if first else None
            return opening_bounds(ratio, self._sheet) if ratio else (0.0, 0.0, 0.0)
        natural = self._natural(place)
        if natural is not None and place.kind is not Kind.BRIEF:
            return natural, *self._lead_bounds(place)
        least, most = layout(place).air
        return max(least, 0.0), least, most

    def give(self, place: Place) -> float:
        """Return how many millimetres of a lead's height lengthen the text by a page."""
        columns = layout(place).columns if self.variant(place) == "column" else 1
        return self._sheet.type_height * columns

    def variant(self, place: Place) -> str:
        """Return the variant of a news layout; other kinds have one only.

        side: no picture, the headline in a column of its own; column: an upright
        picture in a column; top: the picture across the head of the page, every other time.
        """
        if place.kind is not Kind.NEWS or place.cover_story:
            return ""
        picture = place.article.picture
        ratio = self._plates.ratio(picture) if picture else None
        if ratio is None:
            return "side" if place.article.words <= SIDE_WORDS else ""
        if ratio < _PORTRAIT:
            return "column"
        return "top" if place.number % 2 else ""

    def _lead_width(self, place: Place) -> float:
        variant = self.variant(place)
        if place.kind is Kind.BRIEF:
            return self._sheet.column(3) - 2
        if variant == "column":
            return self._sheet.column(3)
        if layout(place).bleed or variant == "top":
            return self._sheet.width + OVERHANG
        return self._sheet.type_width

    def _natural(self, place: Place) -> float | None:
        """Return the height at which the lead picture is hardly cropped; None without one."""
        picture = place.article.picture
        if picture is None or place.kind in (Kind.PHOTO_ESSAY, Kind.LETTER):
            return None
        ratio = self._plates.ratio(picture)
        if ratio is None:
            return None
        low, high = self._lead_bounds(place)
        return min(max(self._lead_width(place) / ratio, low), high)

    def _lead_bounds(self, place: Place) -> tuple[float, float]:
        if self.variant(place) == "column":
            width = self._sheet.column(3)
            return width * 1.1, width * 1.7
        low, high = layout(place).lead
        picture = place.article.picture
        if picture is None:
            return low, high
        sharp = self._plates.pixels_high(picture) / _LEAST_PPI * 25.4
        return low, max(low, min(high, sharp))

    def _lead(self, place: Place, size: float | None) -> Lead | None:
        if place.kind in (Kind.PHOTO_ESSAY, Kind.LETTER):
            return None
        width, natural = self._lead_width(place), self._natural(place)
        if natural is None:
            height = width / 1.5  # a lost picture is reported; the page does without
        elif place.cover_story:
            height = self._opening(place, width)
        elif place.kind is Kind.BRIEF:
            height = min(natural, width * 0.7)
        else:
            height = size if size is not None else natural
        lead = self._plates.lead(
            place.article.picture, place.article.slug, width=width, height=height
        )
        return replace(lead, caption=typeset(lead.caption, place.language)) if lead else None

    def _opening(self, place: Place, width: float) -> float:
        """Return the height of the cover story's picture, at most three fifths of the page."""
        picture = place.article.picture
        ratio = (self._plates.ratio(picture) if picture else None) or 1.5
        return min(max(width / ratio, 120), self._sheet.height * 0.6)

    # ---- the piece -------------------------------------------------------------------

    def piece(self, place: Place, size: float | None, words: Mapping[str, str]) -> Piece:
        """Dress an article for its layout; `size` as in `bounds`."""
        article, language, how = place.article, place.language, layout(place)
        variant, blocks = self.variant(place), self.blocks(place)
        essay = place.kind is Kind.PHOTO_ESSAY
        title, lead = typeset(article.title, language), self._lead(place, size)
        pictures = self._body(place).pictures
        return Piece(
            slug=article.slug,
            template=how.template,
            language=language,
            direction=place.direction,
            colour=colour.legible(place.colour, TONE),
            tint=colour.mixed(place.colour, _PAPER, 0.9),
            deep=colour.legible(place.colour, _PAPER, 8.0),
            flag=place.section,
            part=place.part,
            title=title,
            headline=set_headline(title, how, variant, self._sheet, language),
            kicker=typeset(article.kicker, language),
            standfirst=set_standfirst(article.standfirst, variant, self._sheet, language),
            byline=article.byline,
            dateline=article.dateline,
            body=_dressed([b for b in blocks if not (essay and b.tag == "figure")], place),
            lead=lead,
            plates=essay_plates(place, blocks, pictures, self._plates, self._sheet, size or None)
            if essay
            else (),
            variant=variant,
            air=size if size is not None and not lead else max(how.air[0], 0.0),
            sources=tuple(typeset(source, language) for source in article.sources),
            corrections=tuple(typeset(text, language) for text in article.corrections),
            url=article.url,
            words=words,
        )


def layout(place: Place) -> Layout:
    """Return how a place is set."""
    return layout_of(place.kind, cover_story=place.cover_story)


def _dressed(blocks: Sequence[Block], place: Place) -> Markup:
    """Return a body with drop cap, end mark and numbers.

    The title of a fact box is a heading of the second rank, like a crosshead: a third
    rank without a second before it would be a hole in the document's outline.
    """
    how = layout(place)
    dressed: Sequence[Block] = [
        replace(block, html=block.html.replace("<h3", "<h2").replace("</h3>", "</h2>"))
        if "fact-box" in block.classes
        else block
        for block in without_short_ends(blocks)
    ]
    if how.dropcap and place.direction == "ltr":
        dressed = with_dropcap(dressed)
    if how.end_mark:
        dressed = with_end_mark(dressed)
    return Markup(join_blocks(numbered(dressed)))  # noqa: S704 -- render_body sanitised it
