"""The foot of every screen is a place to tap: to the contents, and on to the next story.

What stands there is an artefact of the margin; the links are laid over it once the pages
are known, with elements of their own in the structure tree (ISO 14289-1, 7.18.5).
"""

import io
from bisect import bisect_right
from collections.abc import Mapping, Sequence

import pikepdf
from pikepdf import Array, Dictionary, Name, String

from publisher.render.archive import written
from publisher.render.phone_sheet import PHONE
from publisher.render.sheet import MM

#: names of pages whose foot is empty, and those that lack one of the links
_BARE = frozenset({"bare"})
_NO_CONTENTS = frozenset({"contents"})
_HIGH = 14.0  #: millimetres of the foot that can be tapped


def with_footer_links(
    data: bytes,
    pages: Sequence[str],
    starts: Sequence[int],
    words: Mapping[str, str],
    *,
    mirrored: bool = False,
) -> bytes:
    """Return the PDF with its feet linked.

    `pages` are the names of all pages; `starts` those (from 1) at which a part begins, the
    contents first; `words` say what "contents" and "next_story" are called. `mirrored` for
    a publication read from the right.
    """
    with pikepdf.open(io.BytesIO(data)) as pdf:
        tree = _Tree(pdf)
        for number, name in enumerate(pages, 1):
            if name in _BARE or not starts:
                continue
            here = pdf.pages[number - 1]
            if name not in _NO_CONTENTS:
                contents = pdf.pages[starts[0] - 1]
                tree.link(here, contents, words["contents"], left=not mirrored)
            following = bisect_right(starts, number)
            if following < len(starts):
                target = pdf.pages[starts[following] - 1]
                tree.link(here, target, words["next_story"], left=mirrored)
        pdf.Root.PageLayout = Name.SinglePage
        return written(pdf)


class _Tree:
    """The structure tree, to which links are added."""

    def __init__(self, pdf: pikepdf.Pdf) -> None:
        self._pdf = pdf
        self._root = pdf.Root.StructTreeRoot
        self._numbers = self._root.ParentTree.Nums
        top = self._root.K
        top = top[0] if isinstance(top, Array) else top
        self._document = top
        if not isinstance(top.get("/K"), Array):
            top.K = Array([top.K] if "/K" in top else [])
        keys = [int(self._numbers[n]) for n in range(0, len(self._numbers), 2)]
        self._next = max([int(self._root.get("/ParentTreeNextKey", 0)), *(key + 1 for key in keys)])

    def link(self, page: pikepdf.Page, target: pikepdf.Page, words: str, *, left: bool) -> None:
        """Make one half of a page's foot lead to another page."""
        middle = PHONE.width / 2 * MM
        box = [0.0, 0.0, middle, _HIGH * MM] if left else [middle, 0.0, 2 * middle, _HIGH * MM]
        annotation = self._pdf.make_indirect(
            Dictionary(
                Type=Name.Annot,
                Subtype=Name.Link,
                Rect=Array([round(side, 2) for side in box]),
                Border=Array([0, 0, 0]),
                F=4,
                Contents=String(words),
                Dest=Array([target.obj, Name.Fit]),
                StructParent=self._next,
            )
        )
        element = self._pdf.make_indirect(
            Dictionary(
                Type=Name.StructElem,
                S=Name.Link,
                P=self._document,
                Pg=page.obj,
                Alt=String(words),
                K=Array([Dictionary(Type=Name.OBJR, Obj=annotation, Pg=page.obj)]),
            )
        )
        self._document.K.append(element)
        self._numbers.append(self._next)
        self._numbers.append(element)
        self._next += 1
        self._root.ParentTreeNextKey = self._next
        if "/Annots" not in page.obj:
            page.obj.Annots = Array()
        page.obj.Annots.append(annotation)
