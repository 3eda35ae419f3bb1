"""HTML -> tagged PDF. The only package that imports WeasyPrint.

WeasyPrint reads only the folders it is given and never the network; what it would
merely log comes back as remarks; the bytes are the same for the same input.
"""

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from weasyprint import HTML
from weasyprint.text.fonts import FontConfiguration

from publisher.errors import RenderError
from publisher.render.finish import finish
from publisher.render.leaf import Leaf
from publisher.render.pdf.baseline import on_baseline
from publisher.render.pdf.galley import VARIANT, Galley, Indoors, Stock
from publisher.render.pdf.leaves import leaves_of
from publisher.render.pdf.memo import Memo
from publisher.render.pdf.remarks import (
    FAMILY,
    NO_ALT,
    OVERSET,
    Remark,
    listening,
    strange_fonts,
)

__all__ = [
    "NO_ALT",
    "OVERSET",
    "Galley",
    "Indoors",
    "Leaf",
    "Memo",
    "Printed",
    "Remark",
    "Ruler",
    "Stock",
    "print_pdf",
]

#: the engine's log and the memo belong to the whole process: one document at a time
LOCK = threading.RLock()


@dataclass(frozen=True, kw_only=True)
class Printed:
    """A finished PDF and what is known of it."""

    data: bytes
    leaves: tuple[Leaf, ...]
    remarks: tuple[Remark, ...]

    def page_of(self, anchor: str) -> int | None:
        """Return the first page an id stands on: it recurs wherever its element goes on."""
        return next((leaf.number for leaf in self.leaves if anchor in leaf.anchors), None)


def print_pdf(html: str, *, base: Path, roots: Sequence[Path], fast: bool = True) -> Printed:
    """Lay out a document in one pass and write it as PDF/UA-1.

    Relative addresses are taken from `base`; only `roots` can be read. `fast` keeps lines
    that were measured once in memory (see `memo`); the pages are the same without.
    Raises `RenderError` if nothing can be laid out.
    """
    identifier = hashlib.sha256(html.encode()).hexdigest()[:32].encode()
    with LOCK, listening() as heard, on_baseline(), Memo().used(enabled=fast):
        fonts = FontConfiguration()
        source = HTML(string=html, base_url=base.as_uri() + "/", url_fetcher=Indoors(roots))
        document = source.render(font_config=fonts, pdf_variant=VARIANT)
        if not document.pages:
            raise RenderError("the magazine has no pages: its templates print nothing")
        data = document.write_pdf(finisher=finish, pdf_variant=VARIANT, pdf_identifier=identifier)
        remarks = [*heard, *strange_fonts(document, frozenset(FAMILY.findall(html)))]
    leaves = leaves_of(document.pages)
    remarks += overset(leaves)
    return Printed(data=data, leaves=leaves, remarks=tuple(dict.fromkeys(remarks)))


def overset(leaves: Sequence[Leaf]) -> list[Remark]:
    """Return a remark for every page that holds more than fits."""
    return [
        Remark(text=OVERSET, serious=True, page=leaf.number, check="overset")
        for leaf in leaves
        if leaf.fill > 1.005
    ]


class Ruler:
    """Lays out single parts of a magazine to see how many pages they take; writes nothing.

    Fonts are loaded once for all parts.
    """

    def __init__(self, *, base: Path, roots: Sequence[Path]) -> None:
        self._stock = Stock(base=base, roots=roots)
        self._known: dict[str, tuple[Leaf, ...]] = {}

    def leaves(self, html: str) -> tuple[Leaf, ...]:
        """Return the pages a document takes; the same document is laid out once."""
        known = self._known.get(html)
        if known is None:
            with LOCK:
                known = self._known[html] = Galley(html, self._stock).lay()
        return known
