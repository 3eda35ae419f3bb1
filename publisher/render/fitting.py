"""Copy-fitting: let an article's end fill its page by honest means.

What may give is the height of the lead picture, or without one the air about the
headline; what is still left over at the end is offered to a filler. Type is never
squeezed. Every candidate is laid out, not guessed.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from publisher.render.leaf import Leaf

FULL = 0.985  #: of the type area: a line less than full, so that nothing spills over
_NEARLY = 0.03  #: of the type area: as full as lines allow
_REMAINDER = 0.25  #: of the last page
#: of the last page: what is empty but too little for other stories, and too much to look well
_GAPING = (0.09, 0.16)
_BARE = 0.6  #: of the last page: more than fillers can make look well
_TRIES = 4
_GAP = 11.0  #: millimetres a column may fall short, about two lines
_STEP = 4.0  #: millimetres taken away when a page still spills over


@dataclass(frozen=True)
class Fit:
    """What was found: the size in millimetres, and how full the last page is with it."""

    size: float
    pages: int
    last: float

    @property
    def used(self) -> float:
        """Pages used, the last one in part."""
        return self.pages - 1 + self.last

    @property
    def remainder(self) -> bool:
        """Whether a page is turned for a few lines only."""
        return self.pages > 1 and self.last < _REMAINDER

    @property
    def room(self) -> float:
        """The part of the last page's type area that is empty, 0 to 1."""
        return max(0.0, 1 - self.last)


Lay = Callable[[float], Sequence[Leaf]]


def fit(
    lay: Lay, *, start: float, low: float, high: float, height: float, stretch: bool = True
) -> Fit:
    """Find the size between `low` and `high` that fills the last page best.

    `lay` lays the article out with a size; `start` is the size it would like best,
    `height` the type area's, all in millimetres. A size added to the first page pushes
    the text down by as much, so one measurement nearly tells the answer; the others
    make sure of it. Where no page can be filled, a picture that may `stretch` takes what
    there is; air does not, unless a page is turned for a few lines: then more of them go over.
    """
    tried: dict[float, Fit] = {}

    def measured(size: float) -> Fit:
        size = round(float(min(max(size, low), high)), 1)
        if size not in tried:
            tried[size] = _fit_of(size, lay(size))
        return tried[size]

    first = measured(start)
    if high - low < 1:
        return first
    targets = _targets(first, low, high, height)
    if not targets and stretch:
        measured(high)
    for pages in targets:
        if any(FULL - one.last < _NEARLY for one in tried.values()):
            break  # the other number of pages would be no fuller
        size = first.size + (pages - 1 + FULL - first.used) * height
        found = measured(size)
        for _ in range(_TRIES):
            if found.pages > pages:
                size = found.size - max(_STEP, (found.used - pages) * height * 0.7)
            elif found.last < FULL - _NEARLY:
                size = found.size + (FULL - found.last) * height * 0.8
            else:
                break
            if round(min(max(size, low), high), 1) in tried:
                break
            found = measured(size)
    if max(tried.values(), key=lambda one: merit(one, first.size)).remainder:
        measured(high)
    return max(tried.values(), key=lambda one: merit(one, first.size))


def _targets(first: Fit, low: float, high: float, height: float) -> list[int]:
    """Return the numbers of pages that are within reach, the nearest first."""
    least = first.used - (first.size - low) / height
    most = first.used + (high - first.size) / height
    pages = range(max(1, math.floor(least)), math.ceil(most) + 1)
    reach = [n for n in pages if least - 0.1 <= n <= most + 0.3]
    return sorted(reach, key=lambda n: abs(n - first.used))[:2]


def merit(one: Fit, wish: float) -> float:
    """Rate a layout: a full last page first, then few pages, then the wished-for size."""
    empty = max(0.0, FULL - one.last)
    return -3 * empty - 0.35 * one.pages - abs(one.size - wish) / 1000


def wanting(one: Fit) -> bool:
    """Return whether a layout leaves so much of its last page that other means are tried."""
    low, high = _GAPING
    return one.remainder or low < one.room < high or one.room > _BARE


def fled(leaves: Sequence[Leaf]) -> tuple[float, list[int]]:
    """Return the millimetres lost above blocks that did not fit, and those blocks.

    Columns of the last page end where the text ends.
    """
    lost, numbers = 0.0, []
    for leaf, following in pairwise(leaves):
        for short, number in leaf.gaps:
            block = following.first if number < 0 else number
            if short > _GAP and block >= 0:
                lost += short
                numbers.append(block)
    return lost, numbers


def _fit_of(size: float, leaves: Sequence[Leaf]) -> Fit:
    inner = [leaf for leaf in leaves if leaf.name != "bare"] or list(leaves)
    return Fit(size=size, pages=len(inner), last=inner[-1].fill)
