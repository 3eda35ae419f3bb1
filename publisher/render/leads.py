"""Lead pictures: how wide and how tall each variant of a layout prints them."""

import re
from dataclasses import replace

from publisher.content.article import Picture
from publisher.content.body import Body
from publisher.content.typography import typeset
from publisher.render.front_zones import clear_of
from publisher.render.pieces import Lead
from publisher.render.places import Place
from publisher.render.plates import Plates
from publisher.render.sheet import OVERHANG, Sheet
from publisher.render.tokens import Layout
from publisher.render.variants import FRAMES, UPRIGHT, Facts, Frame

_PORTRAIT, _LETTER = 34.0, 1.25  #: width of a writer's picture; height over width
_LEAST_WIDTH = 25.0  #: millimetres; a picture of a few pixels is blown up to this
_UPRIGHT_LEAST = 0.4  #: of an upright picture's height must be seen in a column
PAIR_GAP = 5.0  #: millimetres between two pictures side by side
_WORD = re.compile(r"\w{3,}")


class Leads:
    """Sizes and crops the lead pictures of one issue."""

    def __init__(self, sheet: Sheet, plates: Plates) -> None:
        self._sheet, self._plates = sheet, plates

    def facts(self, place: Place, body: Body) -> Facts:
        """Return what the choice of a variant depends on."""
        article = place.article
        picture = article.picture
        sizes = (self._plates.pixels(inner) for inner in body.pictures)
        return Facts(
            kind=place.kind,
            cover_story=place.cover_story,
            pixels=self._plates.pixels(picture) if picture else None,
            inside=tuple(size for size in sizes if size),
            portrait=picture is not None and _shows(picture, article.byline),
            words=article.words,
            direction=place.direction,
            turn=place.turn,
            page=(self._sheet.width, self._sheet.height),
            ppi=self._plates.floor(article.slug),
        )

    def frame(self, how: Layout, variant: str) -> Frame | None:
        """Return the place a variant has for a lead picture."""
        return FRAMES.get((how.template, variant))

    def width(self, how: Layout, variant: str) -> float:
        """Return how wide a variant prints its lead picture, in millimetres."""
        sheet, frame = self._sheet, self.frame(how, variant)
        if frame is None:  # a brief's
            return sheet.column(3) - 2
        match frame.width:
            case "page":
                return sheet.width + OVERHANG
            case "half":
                return sheet.width / 2 if frame.high == 0 else sheet.side + sheet.column(2, 6)
            case "column":
                return sheet.column(how.columns, how.gap)
            case "two":
                return 2 * sheet.column(3) + sheet.gutter
            case "inset":
                return sheet.type_width * 0.62
            case "portrait":
                return sheet.column(3) - 6 if how.template == "letter" else _PORTRAIT
        return sheet.type_width

    def bounds(
        self, place: Place, how: Layout, variant: str, second: Picture | None = None
    ) -> tuple[float, float, float] | None:
        """Return the height at which a lead is hardly cropped, the least and the most, in mm.

        None if it cannot give: there is none, or its place is as large as it is.
        """
        frame, size = self.frame(how, variant), self._pixels(place.article.picture)
        ppi = self._plates.floor(place.article.slug)
        if frame is None or size is None or frame.high == 0:
            return None
        low, high = frame.low, frame.high
        ratio = size[0] / size[1]
        width = self._wide(size, self.width(how, variant), frame, ppi)
        sharp = size[1] / ppi * 25.4
        if second is not None:
            other = self._pixels(second) or (3, 2)
            ratio += other[0] / other[1]
            width -= PAIR_GAP
        if frame.width in ("column", "inset") or width < self.width(how, variant):
            low = min(low, width / ratio * 0.85)
        if frame.width == "column" and ratio < UPRIGHT:  # what stands upright keeps its head
            low = max(low, min(width / ratio * _UPRIGHT_LEAST, high))
        high = max(low, min(high, sharp))
        wish = min(width / ratio, self._sheet.type_height * 0.6)
        return min(max(wish, low), high), low, high

    def _wide(self, size: tuple[int, int], width: float, frame: Frame, ppi: float) -> float:
        """Return the width in which a picture stays sharp; what bleeds must reach the edge."""
        if frame.bleeds:
            return width
        return min(width, max(size[0] / ppi * 25.4, _LEAST_WIDTH))

    def lead(
        self,
        place: Place,
        how: Layout,
        variant: str,
        size: float | None,
        words: float = 0.0,
    ) -> Lead | None:
        """Return the lead picture of a variant, `size` millimetres high where it can give.

        Where it fills a page, its point of interest stands clear of the lowest `words`
        millimetres; framed on a page, or above a panel, it leaves the words as many.
        """
        picture, frame = place.article.picture, self.frame(how, variant)
        if picture is None or (frame is None and how.template != "briefs"):
            return None
        pixels = self._pixels(picture)
        width = self.width(how, variant)
        bounds = self.bounds(place, how, variant)
        if pixels is None:
            height = width / 1.5  # a lost picture is reported; the page does without
        elif frame is None:
            height = min(width * pixels[1] / pixels[0], width * 0.7)
        elif bounds is not None:
            width = self._wide(pixels, width, frame, self._plates.floor(place.article.slug))
            height = size if size is not None else bounds[0]
            if frame.width == "inset" or variant == "panel":  # what the words beside it leave
                height = min(height, max(self._sheet.height - words, frame.low))
        elif frame.width == "portrait":
            height = width * _LETTER
        else:
            height = self._sheet.height + OVERHANG
            picture = clear_of(picture, pixels, width / height, words / height)
        return self._made(picture, place, width, height)

    def pair(
        self, place: Place, second: Picture, how: Layout, size: float | None
    ) -> tuple[Lead, Lead] | None:
        """Return the lead picture and a second one, equally high, together as wide as the type."""
        first = place.article.picture
        sizes = self._pixels(first), self._pixels(second)
        bounds = self.bounds(place, how, "pair", second)
        if first is None or sizes[0] is None or sizes[1] is None or bounds is None:
            return None
        ratios = [width / height for width, height in (sizes[0], sizes[1])]
        room = self._sheet.type_width - PAIR_GAP
        # neither is less than a column wide, so that its caption has room
        least = self._sheet.column(3)
        wide = min(max(room * ratios[0] / sum(ratios), least), room - least)
        height = size if size is not None else bounds[0]
        one = self._made(first, place, wide, height)
        other = self._made(second, place, room - wide, height)
        return (one, other) if one and other else None

    def _made(self, picture: Picture, place: Place, width: float, height: float) -> Lead | None:
        lead = self._plates.lead(picture, place.article.slug, width=width, height=height)
        return replace(lead, caption=typeset(lead.caption, place.language)) if lead else None

    def _pixels(self, picture: Picture | None) -> tuple[int, int] | None:
        return self._plates.pixels(picture) if picture else None


def _shows(picture: Picture, byline: str) -> bool:
    """Return whether a picture's words name who wrote the article."""
    names = _WORD.findall(byline.casefold())
    words = set(_WORD.findall(f"{picture.alt} {picture.caption}".casefold()))
    return bool(names) and names[0] in words and names[-1] in words
