"""The phone's page: 108 x 192 mm, one column of 28 lines, and the spaces between blocks."""

from publisher.render.sheet import Sheet

PHONE = Sheet(width=108.0, height=192.0, top=12.0, side=9.0, foot=17.0)
DENSITY = 1.25  #: pixels for one at 150 ppi: phones show the page smaller and sharper
#: bytes of pictures: some thirty of them and the fonts are to stay below 3 MB
COVER_BYTES, INSIDE_BYTES, THUMB_BYTES = 240_000, 75_000, 12_000

_PT = 25.4 / 72
BODY, LEADING = 12.0, 16.5  #: points
ARABIC_BODY, ARABIC_LEADING = 14.5, 24.0


def leading(direction: str) -> float:
    """Return the leading of running text in points."""
    return ARABIC_LEADING if direction == "rtl" else LEADING


def line(direction: str) -> float:
    """Return the height of a line of running text in millimetres."""
    return leading(direction) * _PT
