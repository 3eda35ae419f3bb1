"""What is known of a page that was laid out."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """One page as it was laid out."""

    number: int
    name: str  #: of the @page rule
    width: float  #: millimetres
    height: float
    fill: float  #: how far down the type area the content reaches, 0 to 1; more is overset
    anchors: tuple[str, ...]  #: ids that stand on this page
    #: columns that end early: millimetres, and the data-block that did not fit (-1: see next page)
    gaps: tuple[tuple[float, int], ...] = ()
    first: int = -1  #: the data-block the columns begin with, unless it is continued
    lines: int = 0  #: of running text
    words: int = 0  #: in those lines
