"""Bind signatures into one magazine: pages, tags, links, outline and one copy of each font.

Works on finished PDF objects by the words of ISO 32000-1; what is bound looks, reads and
links as if it had been printed in one pass.
"""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Pdf, String

from publisher.render.fonts import Fonts
from publisher.render.signatures import Entry, Face, Signature

#: where links of one signature to another lead until they are bound
ELSEWHERE = "https://elsewhere.invalid/#"
_HREF = re.compile(r'href="#([^"]+)"')
_ID = re.compile(r'\bid="([^"]+)"')
_PAINTS = re.compile(rb"\b(?:Tj|TJ|Do|re|l|c)\b")
_MARK = re.compile(rb"/MCID (\d+)")


@dataclass(frozen=True, kw_only=True)
class Part:
    """One signature in its place; a filler stands on the foot of its last page."""

    signature: Signature
    filler: Signature | None = None


def turned_out(html: str) -> str:
    """Let links to other parts lead to an address that binding turns into their place."""
    own = set(_ID.findall(html))
    return _HREF.sub(
        lambda match: match[0] if match[1] in own else f'href="{ELSEWHERE}{match[1]}"', html
    )


def bind(parts: Sequence[Part], furniture: Signature | None, fonts: Fonts) -> tuple[Pdf, list[str]]:
    """Return one PDF of all parts' pages, in order, with furniture over each, and lost links.

    `furniture` has as many pages as all parts together; its content becomes artefacts.
    """
    binder = _Binder(fonts)
    for part in parts:
        start = len(binder.pdf.pages)
        binder.add(part.signature)
        if part.filler is not None:
            binder.lay_over(part.filler, len(binder.pdf.pages) - 1)
        binder.sources.append((start, part))
    if furniture is not None:
        binder.furnish(furniture)
    return binder.pdf, binder.finish()


class _Binder:
    """A magazine while it is bound."""

    def __init__(self, fonts: Fonts) -> None:
        self.pdf = Pdf.new()
        self.sources: list[tuple[int, Part]] = []
        self._fonts = fonts
        self._open: list[Pdf] = []  # foreign PDFs must live until the bound one is saved
        self._document = self.pdf.make_indirect(
            Dictionary(Type=Name.StructElem, S=Name.Document, K=Array())
        )
        self._elements: list[Object] = []
        #: ParentTree: what each page's marks and each annotation belong to
        self._owners: list[Object] = []
        self._led_to: set[str] = set()
        self._fonts_used: dict[str, list[tuple[Object, Face]]] = {}

    # ---- pages ---------------------------------------------------------------------

    def add(self, signature: Signature) -> None:
        """Append the pages of a signature with their tags."""
        source = self._source(signature)
        first = len(self.pdf.pages)
        for page in source.pages:  # one by one: places are named anew, for the whole
            self.pdf.pages.append(page)
        pages = [self.pdf.pages[number] for number in range(first, len(self.pdf.pages))]
        tree = self.pdf.copy_foreign(source.Root.StructTreeRoot)
        owners = _numbers(tree.ParentTree)
        for page in pages:
            page.obj.StructParents = self._own(owners[int(page.obj.StructParents)])
            for annotation in page.obj.get("/Annots", ()):
                self._adopt(annotation, owners)
        self._take(tree)
        if pages:
            self._share_fonts(pages[0].obj.Resources, signature.faces)

    def _source(self, signature: Signature) -> Pdf:
        source = pikepdf.open(io.BytesIO(signature.data))
        self._open.append(source)
        return source

    def _own(self, owner: Object) -> int:
        self._owners.append(owner)
        return len(self._owners) - 1

    def _adopt(self, annotation: Object, owners: Mapping[int, Object]) -> None:
        if "/StructParent" in annotation:
            annotation.StructParent = self._own(owners[int(annotation.StructParent)])
        action = annotation.get("/A")
        if action is not None and "/URI" in action:
            address = str(action.URI)
            if address.startswith(ELSEWHERE):
                del annotation["/A"]
                name = address.removeprefix(ELSEWHERE)
                annotation.Dest = String(name)
                self._led_to.add(name)

    def _take(self, tree: Object) -> None:
        """Hang the elements below a signature's document element on the magazine's."""
        for element in tree.K[0].K:
            element.P = self._document
            self._elements.append(element)

    def _share_fonts(self, resources: Object, faces: Mapping[str, Face]) -> None:
        for font in resources.get("/Font", Dictionary()).values():
            name = str(font.BaseFont)
            if name in faces:
                self._fonts_used.setdefault(name, []).append((font, faces[name]))

    # ---- what lies over pages -------------------------------------------------------

    def lay_over(self, filler: Signature, number: int) -> None:
        """Print the one page of a filler over a page, tags and links and all."""
        source = self._source(filler)
        page = self.pdf.pages[number]
        self.pdf.pages.append(source.pages[0])
        other = self.pdf.pages[-1]
        tree = self.pdf.copy_foreign(source.Root.StructTreeRoot)
        owners = _numbers(tree.ParentTree)
        marks = self._owners[int(page.obj.StructParents)]
        shift = len(marks)
        marks.extend(list(owners[int(other.obj.StructParents)]))
        for annotation in other.obj.get("/Annots", ()):
            self._adopt(annotation, owners)
            if "/Annots" not in page.obj:
                page.obj.Annots = Array()
            page.obj.Annots.append(annotation)
        for element in _below(tree.K[0]):
            _move_marks(element, shift, page.obj)
        self._take(tree)
        self._share_fonts(other.obj.Resources, filler.faces)
        name = self._keep(page, other, f"Fl{number}", shift)
        page.contents_add(b"q", prepend=True)
        page.contents_add(b"Q\n" + name)
        del self.pdf.pages[-1]

    def _keep(self, page: pikepdf.Page, other: pikepdf.Page, name: str, shift: int) -> bytes:
        """Give a page the resources of another under names of their own; return its content."""
        content = _MARK.sub(lambda match: b"/MCID %d" % (int(match[1]) + shift), _content(other))
        renamed: dict[bytes, bytes] = {}
        ours = page.obj.Resources
        # fonts too: each signature spaces its lines by the widths it was written with
        for kind in ("/XObject", "/Pattern", "/Shading", "/ExtGState", "/Font"):
            for key, value in other.obj.Resources.get(kind, Dictionary()).items():
                if kind not in ours:
                    ours[kind] = Dictionary()
                ours[kind][f"/{name}{key[1:]}"] = value
                renamed[key[1:].encode()] = f"{name}{key[1:]}".encode()
        if not renamed:
            return content
        names = re.compile(
            rb"/(" + b"|".join(map(re.escape, sorted(renamed, key=len, reverse=True))) + rb")(?=\s)"
        )
        return names.sub(lambda match: b"/" + renamed[match[1]], content)

    def furnish(self, furniture: Signature) -> None:
        """Print flags and folios over the pages, as artefacts."""
        source = self._source(furniture)
        faces = furniture.faces
        for number, (page, other) in enumerate(zip(self.pdf.pages, source.pages, strict=True)):
            content = _content(other)
            if not _PAINTS.search(content):
                continue
            form = self.pdf.copy_foreign(other.as_form_xobject())
            if "/XObject" not in page.obj.Resources:
                page.obj.Resources.XObject = Dictionary()
            page.obj.Resources.XObject[f"/Fu{number}"] = form
            page.contents_add(b"q", prepend=True)
            page.contents_add(b"Q\n/Artifact <</Type /Pagination>> BDC\nq /Fu%d Do Q\nEMC" % number)
            self._share_fonts(form.Resources, faces)
            faces = {}  # the pages of one signature share their resources

    # ---- the whole -------------------------------------------------------------------

    def finish(self) -> list[str]:
        """Write tags, destinations, outline and fonts; return links that lead nowhere."""
        pdf, root = self.pdf, self.pdf.Root
        self._document.K = Array(self._elements)
        nums = Array()
        for number, owner in enumerate(self._owners):
            nums.append(number)
            nums.append(owner)
        tree = pdf.make_indirect(
            Dictionary(
                Type=Name.StructTreeRoot,
                K=Array([self._document]),
                ParentTree=pdf.make_indirect(Dictionary(Nums=nums)),
                ParentTreeNextKey=len(self._owners),
            )
        )
        self._document.P = tree
        root.StructTreeRoot = tree
        root.MarkInfo = Dictionary(Marked=True)
        root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
        lost = self._name_places()
        self._outline()
        for uses in self._fonts_used.values():
            self._fonts.share(self.pdf, uses)
        return lost

    def _name_places(self) -> list[str]:
        """Make the destinations of links: the first place of each anchor."""
        found: dict[str, Object] = {}
        for start, part in self.sources:
            for anchor in part.signature.anchors:
                page = self.pdf.pages[start + anchor.page].obj
                if anchor.name not in found:
                    found[anchor.name] = Array([page, Name.XYZ, anchor.x, anchor.y, 0])
        names = Array()
        for name in sorted(found, key=lambda one: bytes(String(one))):
            names.append(String(name))
            names.append(found[name])
        self.pdf.Root.Names = Dictionary(Dests=Dictionary(Names=names))
        return sorted(self._led_to - set(found))

    def _outline(self) -> None:
        entries = [
            (start + entry.page, entry)
            for start, part in self.sources
            for entry in part.signature.entries
        ]
        with self.pdf.open_outline() as outline:
            trail: list[tuple[int, list[pikepdf.OutlineItem]]] = [(0, outline.root)]
            for page, entry in entries:
                while trail[-1][0] >= entry.level:
                    trail.pop()
                item = self._item(page, entry)
                trail[-1][1].append(item)
                trail.append((entry.level, item.children))

    def _item(self, page: int, entry: Entry) -> pikepdf.OutlineItem:
        place = Array([self.pdf.pages[page].obj, Name.XYZ, entry.x, entry.y, 0])
        return pikepdf.OutlineItem(entry.label, place)


def _numbers(tree: Object) -> dict[int, Any]:
    """Return a number tree without kids as a dictionary."""
    flat = list(tree.Nums)
    return {int(key): owner for key, owner in zip(flat[::2], flat[1::2], strict=True)}


def _below(element: Object) -> Iterator[Object]:
    for kid in element.get("/K", ()):
        if _is_dictionary(kid) and "/S" in kid:
            yield kid
            yield from _below(kid)


def _is_dictionary(item: Any) -> bool:
    return isinstance(item, Dictionary)


def _move_marks(element: Object, shift: int, page: Object) -> None:
    """Let an element own the same content on another page, where marks are counted on."""
    if "/Pg" in element:
        element.Pg = page
    kids: Any = element.get("/K")
    if kids is None:
        return
    for place, kid in enumerate(kids):
        if isinstance(kid, int):
            kids[place] = kid + shift
        elif _is_dictionary(kid) and kid.get("/Type") == Name.OBJR:
            kid.Pg = page


def _content(page: pikepdf.Page) -> bytes:
    page.contents_coalesce()
    return page.obj.Contents.read_bytes()
