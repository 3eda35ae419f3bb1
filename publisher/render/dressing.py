"""Dress articles for their pages: picture, headline, text block by block."""

from collections.abc import Collection, Mapping, Sequence
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
    repeated,
    split_blocks,
    with_dropcap,
    with_end_mark,
    without_short_ends,
)
from publisher.render.essay import essay_plates, opening_bounds
from publisher.render.leads import Leads
from publisher.render.lettering import Style
from publisher.render.overlay import Overlay, overlay
from publisher.render.pieces import Piece, head_height, kind_of, set_headline, set_standfirst
from publisher.render.places import Place
from publisher.render.plates import Plates
from publisher.render.rtl import spaces_within
from publisher.render.sheet import Sheet
from publisher.render.theme import Theme
from publisher.render.tokens import Layout
from publisher.render.variants import possible, variants

#: millimetres below the words of an opening page, without and with a caption
_FOOT, _FOOT_CAPTION = 24.0, 34.0
_PANEL = 7.0  #: below the words beside a picture, where they stand on colour
_FRAMED = 62.0  #: about and between words and picture on an opening page


class Dresser:
    """Makes `Piece`s of places; bodies are made once, the order of their blocks may change."""

    def __init__(self, sheet: Sheet, plates: Plates, theme: Theme) -> None:
        self._sheet, self._plates, self._theme = sheet, plates, theme
        self._leads = Leads(sheet, plates)
        self._bodies: dict[str, Body] = {}
        self._orders: dict[str, tuple[int, ...]] = {}
        self._variants: dict[str, tuple[str, ...]] = {}
        self._misnamed: dict[str, Problem] = {}

    # ---- the text ------------------------------------------------------------------

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was found wrong in the articles' texts, and layouts they cannot have."""
        found = [p for body in self._bodies.values() for p in body.problems]
        return (*found, *self._misnamed.values())

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

    def quotes(self, place: Place) -> tuple[int, ...]:
        """Return the pull quotes that can be left out, for the text says what they say.

        They are numbered as they were written, as in `order`.
        """
        blocks = self._written(place)
        return tuple(
            number
            for number, block in enumerate(blocks)
            if "pull-quote" in block.classes and repeated(block, blocks)
        )

    def _written(self, place: Place) -> tuple[Block, ...]:
        return self._split(place, self._body(place))

    def _split(self, place: Place, body: Body) -> tuple[Block, ...]:
        blocks = split_blocks(body.html)
        if place.kind is Kind.DATA:  # the chart is the story
            blocks = tuple(sorted(blocks, key=lambda one: not {"chart", "map"} & one.classes))
        return quotes_apart(blocks)

    def _body(self, place: Place) -> Body:
        slug = place.article.slug
        if slug not in self._bodies:
            self._bodies[slug] = self._rendered(place, self._measure(place))
        return self._bodies[slug]

    def _rendered(self, place: Place, width: float) -> Body:
        return render_body(
            place.article,
            medium=Medium.PRINT,
            picture_url=lambda picture, wide: self._inner(place, picture, wide),
            look=self._look(place, width),
        )

    def _fitted(self, place: Place, variant: str) -> tuple[Block, ...]:
        """Return the blocks in printed order, with charts as wide as a variant's columns."""
        width = self._measure(place, variant)
        if width == self._measure(place):
            return self.blocks(place)
        made = self._split(place, self._rendered(place, width))
        return tuple(made[number] for number in self.order(place))

    def _measure(self, place: Place, variant: str = "") -> float:
        """Return how wide charts are drawn, in millimetres: as a column, or as the page."""
        sheet, how = self._sheet, self.layout(place, variant)
        if place.kind is Kind.DATA:
            return sheet.type_width
        whole = sheet.type_width
        if how.template == "news" and variant in ("side", "beside"):  # beside the headline's
            whole -= sheet.column(3) + sheet.gutter
        gap = sheet.gutter if how.gap is None else how.gap
        return round((whole - (how.columns - 1) * gap) / how.columns, 2)

    def _inner(self, place: Place, picture: Picture, wide: bool) -> str:
        """Return the address of a picture in the text, as wide as its column or the page."""
        sheet, how = self._sheet, self.layout(place)
        width = sheet.type_width if wide else sheet.column(how.columns, how.gap)
        ratio, height = self._plates.ratio(picture), None
        if ratio is not None and ratio < 1 / 1.2:
            height = width * 1.2  # an upright one leaves room for text in its column
        if wide and ratio is not None and ratio < 1.6:
            height = width / 1.6
        return self._plates.url(
            picture, place.article.slug, width=width, height=height, role="text"
        )

    def _look(self, place: Place, width: float) -> Look:
        theme, colours = self._theme, self._theme.tokens.colours
        return Look(
            family=f"{theme.lists['sans']}, sans-serif".replace('"', "'"),
            regular=theme.face(Style(family="sans")),
            bold=theme.face(Style(family="sans", weight=600)),
            accent=colour.legible(place.colour, colours.paper),
            ink=colours.ink,
            muted=colours.soft,
            paper=colours.paper,
            grid=colours.hair,
            arabic=theme.face(Style(family="sans"), "ar"),
            arabic_bold=theme.face(Style(family="sans", weight=700), "ar"),
            maps=theme.maps,
            width=width,
        )

    def layout(self, place: Place, variant: str = "") -> Layout:
        """Return how a place is set, by its kind or in one variant."""
        return self._theme.layout(kind_of(place.kind, cover_story=place.cover_story), variant)

    # ---- the variants ----------------------------------------------------------------

    def variants(self, place: Place) -> tuple[str, ...]:
        """Return the variants of its layout that suit an article, best first; never none.

        One that an editor names is the only one; a name that cannot be is a problem.
        """
        slug = place.article.slug
        if slug not in self._variants:
            facts = self._leads.facts(place, self._body(place))
            named, able = place.article.layout, possible(facts)
            self._variants[slug] = (named,) if named in able else variants(facts)
            if named and named not in able:
                message = (
                    f'layout = "{named}" is not possible for this {place.kind} as it is:'
                    f" possible are {', '.join(able)}"
                )
                self._misnamed[slug] = Problem(message=message, article=slug)
        return self._variants[slug]

    def variant(self, place: Place) -> str:
        """Return the variant that suits an article best."""
        return self.variants(place)[0]

    def bounds(self, place: Place, variant: str | None = None) -> tuple[float, float, float]:
        """Return the size a place would like best, the least and the most it may have, in mm.

        It is its lead picture's height, or without one the air about its headline.
        """
        how, variant = self.layout(place), variant or self.variant(place)
        if place.kind is Kind.PHOTO_ESSAY:
            above = self._body(place).pictures[int(variant == "full") :]
            ratio = self._plates.ratio(above[0]) if above else None
            return opening_bounds(ratio, self._sheet) if ratio else (0.0, 0.0, 0.0)
        if how.template == "cover-story" and variant != "spread":
            return 0.0, 0.0, 0.0
        second = self._second(place) if variant == "pair" else None
        found = self._leads.bounds(place, how, variant, second)
        frame = self._leads.frame(how, variant)
        if found is not None:
            wish, low, high = found
            if frame and frame.stands == "half":  # as tall as the words beside it
                low = max(low, self._head(place, variant) + _PANEL)
            return max(wish, low), low, max(high, low)
        if frame and frame.bleeds and variant != "spread":
            return 0.0, 0.0, 0.0
        least, most = self.layout(place, variant).air
        return max(least, 0.0), least, most

    def _head(self, place: Place, variant: str) -> float:
        article, language, how = place.article, place.language, self.layout(place, variant)
        title = typeset(article.title, language)
        return head_height(
            set_headline(title, how, self._sheet, self._theme, language),
            typeset(article.standfirst, language),
            how,
            self._sheet,
            self._theme,
            language,
            others=bool(article.kicker) + bool(article.byline or article.dateline),
        )

    def _words_beside(self, place: Place, variant: str) -> float:
        """Return how many millimetres words take of a page that only opens."""
        if variant == "framed" and place.kind is not Kind.PHOTO_ESSAY:
            return self._head(place, variant) + _FRAMED
        if variant not in ("full", "panel"):
            return 0.0
        foot = _FOOT if place.kind is Kind.PHOTO_ESSAY else _FOOT_CAPTION
        air = _PANEL if variant == "panel" else 0.0
        return self._head(place, variant) - self._sheet.top + foot + air

    def give(self, place: Place, variant: str | None = None) -> float:
        """Return how many millimetres of a lead's height lengthen the text by a page."""
        frame = self._leads.frame(self.layout(place), variant or self.variant(place))
        return self._sheet.type_height * (frame.columns if frame else 1)

    def _second(self, place: Place) -> Picture | None:
        """Return the first picture of the text that can be used."""
        pictures = self._body(place).pictures
        return next((picture for picture in pictures if self._plates.pixels(picture)), None)

    # ---- the piece -------------------------------------------------------------------

    def piece(
        self,
        place: Place,
        size: float | None,
        words: Mapping[str, str],
        variant: str | None = None,
        *,
        without: Collection[int] = (),
    ) -> Piece:
        """Dress an article for its layout; `size` as in `bounds`.

        `without` names pull quotes that are left out, numbered as in `quotes`.
        """
        article, language, how = place.article, place.language, self.layout(place)
        colours = self._theme.tokens.colours
        variant = variant or self.variant(place)
        blocks = self._fitted(place, variant)
        shown = self.layout(place, variant)
        order = self.order(place)
        left = {at for at, number in enumerate(order) if number in without}
        essay, second = place.kind is Kind.PHOTO_ESSAY, None
        _, low, high = self.bounds(place, variant)
        size = size if high > low else None
        self._plates.forget(article.slug, "lead")
        low_words = self._words_beside(place, variant)
        lead = None if essay else self._leads.lead(place, how, variant, size, low_words)
        on_lead = Overlay()
        if lead and variant == "full" and (file := self._plates.file(lead)):
            on_lead = overlay(file, self._sheet, low_words)
        if variant == "pair" and (other := self._second(place)):
            pair = self._leads.pair(place, other, how, size)
            if pair:
                lead, second = pair
                left.add(next(at for at, b in enumerate(blocks) if "picture" in b.classes))
        if essay:
            left |= {at for at, block in enumerate(blocks) if block.tag == "figure"}
        pictured = lead is not None and self._leads.bounds(place, how, variant)
        title = typeset(article.title, language)
        return Piece(
            slug=article.slug,
            template=how.template,
            language=language,
            direction=place.direction,
            colour=colour.legible(place.colour, colours.tone),
            tint=colour.mixed(place.colour, colours.paper, colours.tint),
            deep=colour.legible(place.colour, colours.paper, 8.0),
            flag=place.section,
            part=place.part,
            title=title,
            headline=set_headline(title, shown, self._sheet, self._theme, language),
            kicker=typeset(article.kicker, language),
            standfirst=set_standfirst(
                article.standfirst, shown, self._sheet, self._theme, language
            ),
            byline=article.byline,
            dateline=article.dateline,
            body=_dressed(blocks, place, how, left),
            lead=lead,
            second=second,
            plates=essay_plates(
                place,
                blocks,
                self._body(place).pictures,
                self._plates,
                self._sheet,
                size,
                variant,
                low_words,
            )
            if essay
            else (),
            variant=variant,
            stands=frame.stands if lead and (frame := self._leads.frame(how, variant)) else "",
            ink=on_lead.ink,
            shade=on_lead.shade,
            give="" if high <= low else "lead" if pictured or essay else "head",
            air=size if size is not None and not pictured else max(shown.air[0], 0.0),
            sources=tuple(typeset(source, language) for source in article.sources),
            corrections=tuple(typeset(text, language) for text in article.corrections),
            url=article.url,
            words=words,
        )


def _dressed(blocks: Sequence[Block], place: Place, how: Layout, left: Collection[int]) -> Markup:
    """Return a body with drop cap, end mark and numbers, but for the blocks that are left out.

    The title of a fact box is a heading of the second rank, like a crosshead: a third
    rank without a second before it would be a hole in the document's outline.
    """
    printed = [number for number in range(len(blocks)) if number not in left]
    dressed: Sequence[Block] = [
        replace(block, html=block.html.replace("<h3", "<h2").replace("</h3>", "</h2>"))
        if "fact-box" in block.classes
        else block
        for block in without_short_ends([blocks[number] for number in printed])
    ]
    if how.dropcap and place.direction == "ltr":
        dressed = with_dropcap(dressed)
    if how.end_mark:
        dressed = with_end_mark(dressed)
    html = join_blocks(numbered(dressed, printed))
    if place.direction == "rtl":
        html = spaces_within(html)
    return Markup(html)  # noqa: S704 -- render_body sanitised it
