"""Fillers: what may stand at the foot of a last page that is not full, chosen purely.

A strip of other stories, a house advertisement, or a code that leads to the story online.
Each has a least and a most height; an issue prints each house advertisement once, and of
one means no more than a few; neighbouring pages never carry the same.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

APART = 6.0  #: millimetres between two fillers on one page
_EMPTY = 12.0  #: millimetres one filler may leave before two are tried
_VAST = 60.0  #: millimetres left for which a means is printed more often than it should
_TALL = 20.0  #: a pair must close so many millimetres more than the best single


class Means(StrEnum):
    """What fills the foot of a page."""

    STRIP = "strip"
    HOUSE = "house"
    SCAN = "scan"


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A filler that could be printed at a foot; heights in millimetres."""

    means: Means
    name: str  #: fillers of the same name are equal
    least: float
    most: float
    often: int = 0  #: times an issue may print this means; 0 for any number


@dataclass(frozen=True, kw_only=True)
class Filler:
    """A filler that is printed, as tall as it was given room."""

    means: Means
    name: str
    height: float


@dataclass(frozen=True, kw_only=True)
class Foot:
    """The foot of a page and what was put there, top to bottom."""

    page: int
    fillers: tuple[Filler, ...]


def height_of(room: float, *, air: float, line: float, tall: float) -> float:
    """Return how tall a filler may be in so much room, so that its head is on the grid.

    `air` stays free above it, `line` is the leading of the text beside it and `tall` the
    type area's height; the head stands on a whole or half line. All in millimetres.
    """
    half = line / 2
    top = math.ceil(round((tall - room + air) / half, 3)) * half
    return max(0.0, round(tall - top, 2))


def choose(
    height: float, page: int, offers: Sequence[Offer], before: Iterable[Foot]
) -> tuple[Filler, ...]:
    """Return what fills a foot of this height, top to bottom; nothing if nothing fits.

    What leaves least of it empty wins, then what the issue has printed least, then the
    order of `offers`. One filler is preferred to two. A strip may repeat on the next page
    if there is no other way: it points to other stories.
    """
    printed = [(foot.page, filler) for foot in before for filler in foot.fillers]
    free = [offer for offer in offers if offer.least <= height and _free(offer, page, printed)]
    if not free:
        free = [one for one in offers if one.means is Means.STRIP and one.least <= height]
    if not free:
        return ()
    # a story below a headline in its column has no height of its own: it counts for neighbours
    counted = [one.means for _, one in printed if one.height > 0]
    times = {offer: counted.count(offer.means) for offer in free}

    def rank(offer: Offer) -> tuple[float, int, int]:
        over = max(0.0, height - offer.most)
        return (over if over > _EMPTY else 0.0, times[offer], offers.index(offer))

    best = min(free, key=rank)
    left = height - best.most
    if left > _EMPTY:
        pair = _pair(height, free, left - _TALL)
        if not pair and left > _VAST:
            more = [one for one in offers if _free(one, page, printed, needed=True)]
            pair = _pair(height, more, left - _TALL)
        if pair:
            return pair
    return (_filler(best, min(best.most, height)),)


def _free(
    offer: Offer, page: int, printed: Sequence[tuple[int, Filler]], *, needed: bool = False
) -> bool:
    """Return whether an offer is not on a page beside this one, nor worn out unless needed."""
    same = [at for at, one in printed if one.means is offer.means]
    if offer.often and len(same) >= offer.often and not needed:
        return False
    if any(abs(at - page) == 1 for at in same):
        return False
    return offer.means is Means.STRIP or all(one.name != offer.name for _, one in printed)


def _pair(height: float, free: Sequence[Offer], most_left: float) -> tuple[Filler, ...]:
    """Return two fillers that leave less than `most_left`, the strip below; else nothing."""
    found: tuple[float, Offer, Offer] | None = None
    for upper in free:
        for lower in free:
            if upper.means is lower.means or upper.means is Means.STRIP:
                continue
            if upper.least + APART + lower.least > height:
                continue
            left = max(0.0, height - upper.most - APART - lower.most)
            if left <= max(most_left, 0.0) and (found is None or left < found[0]):
                found = left, upper, lower
    if found is None:
        return ()
    _, upper, lower = found
    below = min(lower.most, height - APART - upper.least)
    above = min(upper.most, height - APART - below)
    return _filler(upper, above), _filler(lower, below)


def _filler(offer: Offer, height: float) -> Filler:
    return Filler(means=offer.means, name=offer.name, height=round(height, 2))
