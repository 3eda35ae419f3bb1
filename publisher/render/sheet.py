"""The page: its size, margins and columns, in millimetres."""

from dataclasses import dataclass

from publisher.config import PageSize
from publisher.render.tokens import Page

MM = 72 / 25.4  #: points in a millimetre
OVERHANG = 0.5  #: millimetres by which what bleeds reaches over the edge, against hairlines
PPI = 150  #: pixels an inch of the pictures we embed


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One paper size with the theme's margins and its twelve-column grid."""

    width: float
    height: float
    top: float
    side: float
    foot: float
    gutter: float = 5.0
    bleed: float = 0.0  #: millimetres at every edge that a printer's knife takes away

    @property
    def type_width(self) -> float:
        """Width of the type area."""
        return round(self.width - 2 * self.side, 2)

    @property
    def type_height(self) -> float:
        """Height of the type area."""
        return round(self.height - self.top - self.foot, 2)

    def column(self, count: int, gap: float | None = None) -> float:
        """Return the width of one of so many columns, the sheet's gutter or a gap between them."""
        between = self.gutter if gap is None else gap
        return round((self.type_width - (count - 1) * between) / count, 2)

    def span(self, count: int) -> float:
        """Return the width of so many columns of the twelve-column grid, gutters included."""
        column = (self.type_width - 11 * self.gutter) / 12
        return round(count * column + (count - 1) * self.gutter, 2)


def sheet(size: PageSize, page: Page, bleed: float = 0.0) -> Sheet:
    """Return the sheet of a paper size with a theme's margins.

    With bleed the sheet is larger by it at every edge, so that whatever reaches its edge
    reaches beyond the trimmed page; the type area is the same.
    """
    width, height = (215.9, 279.4) if size is PageSize.LETTER else (210.0, 297.0)
    return Sheet(
        width=width + 2 * bleed,
        height=height + 2 * bleed,
        top=page.top + bleed,
        side=page.side + bleed,
        foot=page.foot + bleed,
        gutter=page.gutter,
        bleed=bleed,
    )


def pixels(millimetres: float, ppi: int = PPI) -> int:
    """Return how many pixels a length needs at a resolution, ours for screens if none is given."""
    return round(millimetres / 25.4 * ppi)
