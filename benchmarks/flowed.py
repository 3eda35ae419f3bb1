"""The pages of an issue as judged: ours from the bound magazine, and naively flowed ones.

Flowed naively, an article has the layout that suits it best, its picture at its natural
height, its text in the order it was written, and nothing at the foot of its last page.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import pypdfium2
from PIL import Image, ImageChops

from publisher.config import Publication
from publisher.content.issue import Issue
from publisher.render.compositor import UNFILLED, Compositor, Dress, Found
from publisher.render.fitting import Fit
from publisher.render.leaf import Leaf
from publisher.render.magazine import MagazineBook, bound_magazine
from publisher.render.pdf import Stock
from publisher.render.press import Order
from publisher.render.sheet import Sheet
from publisher.render.signatures import Shelf, Signature
from publisher.render.workshop import workshop

#: pages that are designed otherwise than full: full-bleed openings, plates of photo essays
DESIGNED = frozenset({"bare", "plate"})
_LOW = 0.6  #: of the type area
_SCALE = 2 / 72 * 25.4  #: two pixels a millimetre
_INK = 24  #: levels of grey that ink differs from its paper


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What is wrong with the pages of an issue."""

    pages: int  #: all of them
    counted: int  #: those that ought to be full
    low: tuple[str, ...]  #: pages under 60 % full: part, page and how full
    ends: tuple[float, ...]  #: the empty share at each article's end
    stranded: int
    widows: int  #: and orphans

    @property
    def under_60(self) -> float:
        """The share of pages under 60 % full."""
        return len(self.low) / max(self.counted, 1)

    @property
    def end_empty(self) -> float:
        """The mean empty share of a page at article ends."""
        return sum(self.ends) / max(len(self.ends), 1)


def fitted(issue: Issue, publication: Publication) -> Judged:
    """Judge the magazine as it is bound; what fills a last page counts by its height."""
    bound = bound_magazine(issue, publication)
    book = MagazineBook(issue, publication)
    shelf = Shelf(issue.build_folder / "cache" / "pages")
    signatures: dict[str, Signature] = {}
    free: dict[str, float] = {}
    document = pypdfium2.PdfDocument(bound.data)
    try:
        for place in book.setting.places:
            name = place.anchor
            signature = signatures[name] = shelf.get(bound.keys[name]) or Signature()
            page = document[bound.starts[name] + len(signature.leaves) - 2]
            image = page.render(scale=_SCALE).to_pil().convert("L")
            free[name] = empty_below(image, signature.leaves[-1].fill, book.setting.sheet)
    finally:
        document.close()
    return _judged(book, signatures, free)


def flowed(issue: Issue, publication: Publication) -> Judged:
    """Judge the same articles flowed naively."""
    maker = f"{MagazineBook.__module__}:{MagazineBook.__qualname__}"
    order = Order(maker=maker, issue=issue, publication=publication)
    book, shop = MagazineBook(issue, publication), workshop()
    folder = issue.build_folder / "cache" / "flowed"
    waiting: dict[str, Future[Signature]] = {
        place.anchor: shop.submit(flow, order, place.anchor, folder)
        for place in book.setting.places
    }
    signatures = {name: shop.result(future) for name, future in waiting.items()}
    free = {name: max(0.0, 1 - one.leaves[-1].fill) for name, one in signatures.items()}
    return _judged(book, signatures, free)


def flow(book: MagazineBook, stock: Stock, name: str, folder: Path) -> Signature:
    """Print one place as it comes; a job of the workshop."""
    setting = book.setting
    place = next(place for place in setting.places if place.anchor == name)
    compositor = Compositor(setting, place, stock)
    variant = setting.dresser.variants(place)[0]
    dress = Dress(variant=variant, order=setting.dresser.order(place))
    natural = setting.dresser.bounds(place, variant)[0]
    leaves = compositor.lay(dress, natural)
    fit = Fit(size=natural, pages=len(leaves), last=leaves[-1].fill)
    return compositor.sign(Found(dress=dress, fit=fit, wish=natural), Shelf(folder))[0]


def empty_below(page: Image.Image, fill: float, sheet: Sheet) -> float:
    """Return which share of a page's type area is blank between the text's end and what follows.

    `page` has two pixels a millimetre; `fill` tells how far down the text reaches.
    """
    left, right = 2 * sheet.side, page.width - 2 * sheet.side
    top, height = 2 * sheet.top, 2 * sheet.type_height
    begin, end = round(top + min(fill, 1) * height) + 2, round(top + height)
    if begin >= end:
        return 0.0
    rest = page.crop((round(left), begin, round(right), end))
    paper = Image.new("L", rest.size, rest.getpixel((0, 0)))
    ink = ImageChops.difference(rest, paper).point(lambda level: 255 * (level > _INK))
    # what takes one column of several does not fill the page: both halves must have ink
    middle = ink.width // 2
    halves = [ink.crop((0, 0, middle, ink.height)), ink.crop((middle, 0, ink.width, ink.height))]
    blank = max(box[1] if (box := half.getbbox()) else rest.height for half in halves)
    return min(1.0, (blank + 2) / height)


def _judged(book: MagazineBook, signatures: dict[str, Signature], free: dict[str, float]) -> Judged:
    low: list[str] = []
    ends: list[float] = []
    counted = 0
    for place in book.setting.places:
        if place.kind in UNFILLED:
            continue
        leaves = signatures[place.anchor].leaves
        shares = list(_shares(leaves, free[place.anchor]))
        counted += len(shares)
        low += [
            f"{place.anchor}, page {number} of {len(leaves)}: {share:.0%} full"
            for number, share in shares
            if share < _LOW
        ]
        if leaves[-1].name not in DESIGNED:
            ends.append(free[place.anchor])
    faults = [fault for one in signatures.values() for fault in one.faults]
    # cover, contents and back page
    pages = sum(len(one.leaves) for one in signatures.values()) + 3
    return Judged(
        pages=pages,
        counted=counted,
        low=tuple(low),
        ends=tuple(ends),
        stranded=sum(fault.kind == "stranded" for fault in faults),
        widows=sum(fault.kind in ("widow", "orphan") for fault in faults),
    )


def _shares(leaves: Sequence[Leaf], free: float) -> Iterator[tuple[int, float]]:
    """Yield the pages that ought to be full, and how full they are."""
    for number, leaf in enumerate(leaves, 1):
        if leaf.name not in DESIGNED:
            last = number == len(leaves)
            yield number, 1 - free if last else leaf.fill
