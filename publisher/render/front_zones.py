"""Where the words of a cover stand, in millimetres from its top."""

from dataclasses import dataclass, replace
from typing import Literal

from publisher.content.article import Picture
from publisher.content.pictures import Size, crop_box
from publisher.render.sheet import Sheet

LINES, LINES_FOOT = 29.0, 15.0  #: height of the coverlines, and what is below them
NO_LINES_FOOT = 26.0  #: below the main line where there are no coverlines
BELOW_STRAP, GAP, LINES_GAP = 12.0, 8.0, 8.0
_STRAP = 7.0  #: height of the line below the masthead
_AROUND = 2.5  #: what is measured around words
_FADE = 46.0  #: length of a shade's end at most


@dataclass(frozen=True)
class Zones:
    """The stripes of a cover that carry words; the picture's calm part lies between them."""

    height: float
    strap_bottom: float
    main: tuple[float, float]
    lines: tuple[float, float] | None
    where: Literal["low", "high"]

    @property
    def calm(self) -> tuple[float, float]:
        """The stripe without words, where the picture's point should be."""
        if self.where == "low":
            return self.strap_bottom, self.main[0]
        return self.main[1], self.lines[0] if self.lines else self.height

    @property
    def anchor(self) -> float:
        """The middle of the calm stripe as a fraction of the cover's height."""
        return sum(self.calm) / 2 / self.height

    def covers(self, at: float) -> bool:
        """Return whether words stand on a point, given as a fraction of the height."""
        return not self.calm[0] <= at * self.height <= self.calm[1]

    @property
    def fade(self) -> float:
        """How far a shade may fade into the calm stripe, as a fraction of the height."""
        return max(min(_FADE, (self.calm[1] - self.calm[0]) * 0.6), 0) / self.height

    @property
    def stripes(self) -> tuple[tuple[tuple[float, float], ...], tuple[tuple[float, float], ...]]:
        """The stripes above and below the calm one, as fractions of the height."""
        top, main, lines = (0.0, self.strap_bottom), self.main, self.lines
        last = (lines,) if lines else ()
        above, below = ((top,), (main, *last)) if self.where == "low" else ((top, main), last)
        return self._shares(above), self._shares(below)

    def _shares(self, stripes: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
        return tuple(
            (max(top - _AROUND, 0) / self.height, min(bottom + _AROUND, self.height) / self.height)
            for top, bottom in stripes
        )


def zones(
    sheet: Sheet, strap_top: float, main: float, where: Literal["low", "high"], *, lines: bool
) -> Zones:
    """Return the stripes of a cover whose main line with all about it is `main` mm high."""
    strap = strap_top + _STRAP
    foot = sheet.bleed + (LINES_FOOT + LINES + LINES_GAP if lines else NO_LINES_FOOT)
    top = sheet.height - foot - main if where == "low" else strap_top + BELOW_STRAP
    bottom = sheet.height - sheet.bleed - LINES_FOOT
    return Zones(
        height=sheet.height,
        strap_bottom=strap,
        main=(top, top + main),
        lines=(bottom - LINES, sheet.height) if lines else None,
        where=where,
    )


def clear_of(picture: Picture, pixels: tuple[int, int], ratio: float, words: float) -> Picture:
    """Return the picture with the focal point to crop it with, so that words do not hide its own.

    `words` is the lowest part of the crop that they take, 0 to 1.
    """
    aimed, _ = focused(Size(*pixels), ratio, picture.focus, (1 - words) / 2)
    return replace(picture, focus=aimed)


def focused(
    size: Size, ratio: float, focus: tuple[float, float], anchor: float
) -> tuple[tuple[float, float], float]:
    """Return the focal point to crop with, so that the picture's own lies `anchor` down the crop.

    And how far down it lies in truth, for a picture has edges.
    """
    _, top, _, bottom = crop_box(size, ratio, focus)
    high = bottom - top
    wanted = focus[1] + (0.5 - anchor) * high / size.height
    aimed = (focus[0], min(max(wanted, 0.0), 1.0))
    _, top, _, bottom = crop_box(size, ratio, aimed)
    return aimed, (focus[1] * size.height - top) / (bottom - top)
