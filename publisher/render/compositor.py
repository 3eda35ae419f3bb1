"""Copy-fitting of one place: lay it out with each honest means until its last page is full.

The means, in the order they are tried: the lead picture's height and crop (or the air about
the headline), figures and boxes a paragraph later, a pull quote less, another variant of
the layout. Every candidate is laid out, not guessed; of equal ones the first wins, so the
same issue is always set the same way.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from publisher.content.article import Kind
from publisher.render.binding import turned_out
from publisher.render.blocks import postponed
from publisher.render.fitting import Fit, fit, fled, merit, wanting
from publisher.render.leaf import Leaf
from publisher.render.pdf import Galley, Memo, Remark, Stock
from publisher.render.places import Place
from publisher.render.setting import Setting
from publisher.render.sheet import MM
from publisher.render.signatures import Shelf, Signature

_MOVES = 6  #: blocks of one article that may be moved
#: millimetres taken from the picture, where gaps are closed to save a nearly empty last page
_LESS = (0.0, 15.0, 30.0, 45.0)
_VARIANTS = 3  #: variants of a layout that are tried, the preferred one among them
_QUOTES = 2  #: pull quotes that may be left out
#: pages that are designed with room
UNFILLED = frozenset({Kind.LETTER, Kind.PHOTO_ESSAY})


@dataclass(frozen=True, kw_only=True)
class Dress:
    """How a place is printed, but for the size of what gives."""

    variant: str
    order: tuple[int, ...]
    without: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Found:
    """A candidate that was laid out."""

    dress: Dress
    fit: Fit
    wish: float  #: the size its picture would have by itself

    @property
    def merit(self) -> float:
        """How good it is; see `fitting.merit`."""
        return merit(self.fit, self.wish) - 0.02 * len(self.dress.without)


class Compositor:
    """Sets one place in type."""

    def __init__(self, setting: Setting, place: Place, stock: Stock) -> None:
        self._setting, self._place, self._stock = setting, place, stock
        self._dresser = setting.dresser
        self._memo = Memo()
        self._galleys: dict[tuple[Dress, float | None], Galley] = {}
        self._laid: dict[tuple[Dress, float], tuple[Leaf, ...]] = {}

    # ---- laying out ------------------------------------------------------------------

    def lay(self, dress: Dress, size: float) -> tuple[Leaf, ...]:
        """Lay the place out, once for the same dress and size."""
        known = self._laid.get((dress, size))
        if known is None:
            galley = self._galley(dress, size)
            known = self._counted(galley.lay(size if galley.gives else None))
            self._laid[dress, size] = known
        return known

    def _galley(self, dress: Dress, size: float) -> Galley:
        """Return the boxes of a dress; what cannot be stretched alone is read anew."""
        start, low, _ = self._dresser.bounds(self._place, dress.variant)
        key = (dress, None if size >= 0 and low < start + 1 and self._gives(dress) else size)
        if key not in self._galleys:
            html = self._html(dress, start if key[1] is None else size, draft=True)
            self._galleys[key] = Galley(self._document(html), self._stock, self._memo)
        return self._galleys[key]

    def _gives(self, dress: Dress) -> bool:
        """Return whether one box alone makes the difference between two sizes."""
        known = self._galleys.get((dress, None))
        return known is None or known.gives

    def _document(self, html: str) -> str:
        return turned_out(self._setting.document([html], furniture=False))

    def _html(self, dress: Dress, size: float, *, draft: bool = False) -> str:
        self._dresser.arrange(self._place, dress.order)
        self._setting.plates.draft = draft
        try:
            return self._setting.part(
                self._place, size=size, variant=dress.variant, without=dress.without
            )
        finally:
            self._setting.plates.draft = False

    def _counted(self, leaves: tuple[Leaf, ...]) -> tuple[Leaf, ...]:
        """Return the leaves that have text to fit: of a photo essay only the opening."""
        inner = tuple(leaf for leaf in leaves if leaf.name != "plate")
        return inner or leaves

    # ---- choosing --------------------------------------------------------------------

    def choose(self) -> Found:
        """Find the dress and size that fill the last page best."""
        variants = self._dresser.variants(self._place)[:_VARIANTS]
        order = self._dresser.order(self._place)
        best = self._closed(self._fitted(Dress(variant=variants[0], order=order)))
        if self._place.kind is Kind.BRIEF or not wanting(best.fit):
            return best
        for number in self._dresser.quotes(self._place)[-_QUOTES:]:
            less = replace(best.dress, without=(*best.dress.without, number))
            best = max(best, self._fitted(less, best.fit.size), key=lambda one: one.merit)
            if not wanting(best.fit):
                return best
        if self._place.kind in UNFILLED:
            return best
        for variant in variants[1:]:
            other = self._closed(self._fitted(Dress(variant=variant, order=order)))
            # another opening than the best-suited one must earn its place
            if other.merit > best.merit + 0.15:
                best = other
            if not wanting(best.fit):
                break
        return best

    def _fitted(self, dress: Dress, start: float | None = None) -> Found:
        wish, low, high = self._dresser.bounds(self._place, dress.variant)
        found = fit(
            lambda size: self.lay(dress, size),
            start=wish if start is None else min(max(start, low), high),
            low=low,
            high=high,
            height=self._dresser.give(self._place, dress.variant),
            stretch=self._place.article.picture is not None,
        )
        return Found(dress=dress, fit=found, wish=wish)

    def _closed(self, first: Found) -> Found:
        """Let text run on where figures or boxes did not fit at the end of a column."""
        if self._place.kind is Kind.BRIEF:
            return first
        best, low = first, self._dresser.bounds(self._place, first.dress.variant)[1]
        for less in _LESS:
            if less and not best.fit.remainder:
                break
            size = max(low, round(first.fit.size - less, 1))
            moved = self._moved(first.dress, size)
            if moved is not None:
                best = max(best, self._fitted(moved, size), key=lambda one: one.merit)
        return best

    def _moved(self, dress: Dress, size: float) -> Dress | None:
        """Print blocks a paragraph later, as long as that closes more than it opens."""
        lost, numbers = fled(self.lay(dress, size))
        found: Dress | None = None
        for _ in range(_MOVES):
            for number in numbers:
                later = self._later(dress, number)
                if later is None:
                    continue
                now, left = fled(self.lay(later, size))
                if now < lost:
                    lost, numbers, dress, found = now, left, later, later
                    break
            else:
                break
        return found

    def _later(self, dress: Dress, number: int) -> Dress | None:
        """Return the dress with one block a paragraph later; `number` as it was written."""
        if number not in dress.order:
            return None
        self._dresser.arrange(self._place, dress.order)
        at = dress.order.index(number)
        behind = postponed(self._dresser.blocks(self._place), at)
        if behind is None:
            return None
        order = list(dress.order)
        order.insert(behind, order.pop(at))
        return replace(dress, order=tuple(order))

    # ---- printing --------------------------------------------------------------------

    def sign(self, found: Found, shelf: Shelf) -> tuple[Signature, list[Remark], str]:
        """Print the place as it was chosen; return also what was noticed, and its HTML."""
        html = self._html(found.dress, found.fit.size)
        galley = self._galley(found.dress, found.fit.size)
        if galley.gives:
            galley.lay(found.fit.size)
            galley.show(self._document(html))
        else:
            galley = Galley(self._document(html), self._stock, self._memo)
            galley.lay()
        signature, remarks = galley.sign(shelf)
        return signature, remarks, html


def explained(found: Found, leaves: Sequence[Leaf], setting: Setting, place: Place) -> list[str]:
    """Tell in sentences how a place was fitted, and what an editor could do about the rest."""
    dresser, fit_ = setting.dresser, found.fit
    said: list[str] = []
    first = dresser.variants(place)[0]
    if found.dress.variant != first:
        said.append(
            f'set in layout "{found.dress.variant}", for it fills its pages better than "{first}"'
        )
    elif len(dresser.variants(place)) > 1:
        said.append(f'set in layout "{first}", which suits it best')
    more = fit_.size - found.wish
    if abs(more) >= 1:
        how = "more" if more > 0 else "less"
        what = (
            f"its picture is {fit_.size:.0f} mm high"
            if place.article.picture and place.kind is not Kind.BRIEF
            else f"the air about its headline is {fit_.size:.0f} mm"
        )
        said.append(f"{what}, {abs(more):.0f} mm {how} than it would be by itself")
    moved = sum(a > b for a, b in zip(found.dress.order, found.dress.order[1:], strict=False))
    if moved:
        what = "a figure or box was" if moved == 1 else f"{moved} figures or boxes were"
        said.append(f"{what} moved a paragraph down, so that no column ends early")
    if found.dress.without:
        count = len(found.dress.without)
        what = "a pull quote was" if count == 1 else f"{count} pull quotes were"
        said.append(f"{what} left out, to save lines")
    said += advice(fit_, leaves, setting, place, found.dress.variant)
    return said or ["fills its pages as it is"]


def advice(
    found: Fit, leaves: Sequence[Leaf], setting: Setting, place: Place, variant: str = ""
) -> list[str]:
    """Return how many lines an article is over or short, and what an editor could do.

    Lines are those of its columns: what is over is all that stands on a last page that was
    turned for little, figures and sources as the lines they take; what is short is the room
    below the end.
    """
    inner = [leaf for leaf in leaves if leaf.name not in ("bare", "plate")]
    lines, words = sum(leaf.lines for leaf in inner), sum(leaf.words for leaf in inner)
    if not lines or place.kind in UNFILLED:
        return []
    layout = setting.dresser.layout(place, variant)
    leading = (layout.text.leading or setting.theme.tokens.type.text.leading) / MM
    if place.direction == "rtl":
        leading *= setting.theme.tokens.arabic.airier
    page = setting.sheet.type_height / leading * layout.columns
    each = words / lines
    if found.remainder:
        over = math.ceil(found.last * page - 0.5)
        return [f"{over} lines over: cut about {_tens(over * each)} words to save its last page"]
    short = math.floor(found.room * page)
    if found.room <= 0.08 or short < 1:
        return []
    which = "last page" if found.pages > 1 else "page"
    share = f"its {which} is {found.last:.0%} full"
    return [f"{short} lines short ({share}): write about {_tens(short * each)} words more"]


def _tens(words: float) -> int:
    return max(10, round(words / 10) * 10)


def notes(found: Found, said: Sequence[str], setting: Setting, place: Place) -> dict[str, Any]:
    """Return what is remembered of a fitted place beside its pages."""
    return {
        "variant": found.dress.variant,
        "order": list(found.dress.order),
        "without": list(found.dress.without),
        "size": found.fit.size,
        "room": round(found.fit.room, 3),
        "said": list(said),
        "credits": setting.dresser.credits,
    }
