"""The structure tree of a PDF, read from what WeasyPrint wrote and written back.

WeasyPrint makes an element for every box it lays out, in the order of the boxes. Walking both
side by side tells which element came from which HTML, which the PDF itself no longer says.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import pydyf

#: an enlarged first letter, until it is joined with its word; no structure type
INITIAL = "Initial"


class Mismatch(Exception):
    """The elements are not those the boxes ask for: another version of the engine made them."""


@dataclass(eq=False)
class Mark:
    """A piece of a page's content: a line's text, or a picture."""

    page: int
    mcid: int
    box: Any
    line: Any = None  #: the line box it ends, unless more of the line follows


@dataclass(eq=False)
class Annotation:
    """Where a link can be clicked."""

    page: int
    dictionary: pydyf.Dictionary


@dataclass(eq=False)
class Node:
    """An element of the structure tree."""

    tag: str  #: structure type without its slash; empty if it has no meaning
    page: int = 0
    html: Any = None  #: the HTML element
    name: str = ""  #: of the HTML element, with its pseudo-element: span::before
    box: Any = None
    said: dict[str, Any] = field(default_factory=dict)  #: Alt, ActualText, Lang, ID, A
    kids: list["Node | Mark | Annotation"] = field(default_factory=list)

    def nodes(self) -> list["Node"]:
        """Return the children that are elements."""
        return [kid for kid in self.kids if isinstance(kid, Node)]

    def branch(self) -> Iterator["Node"]:
        """Yield this element and all below it, in reading order."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack += reversed(node.nodes())

    def marks(self) -> Iterator[Mark]:
        """Yield all content below, in reading order."""
        for kid in self.kids:
            if isinstance(kid, Node):
                yield from kid.marks()
            elif isinstance(kid, Mark):
                yield kid

    def attribute(self, name: str) -> str:
        """Return an attribute of the HTML element this node stands for, not of its ::before."""
        if self.html is None or "::" in self.name:
            return ""
        return str(self.html.get(name) or "")

    def has_class(self, name: str) -> bool:
        """Return whether the HTML element has a class."""
        return name in self.attribute("class").split()


@lru_cache(maxsize=256)
def _names(kind: type) -> frozenset[str]:
    return frozenset(parent.__name__ for parent in kind.__mro__)


def isa(box: Any, kind: str) -> bool:
    """Return whether a box is of one of the engine's kinds, by name: only `pdf` may import it."""
    return kind in _names(box.__class__)


def read(document: Any, pdf: pydyf.PDF) -> tuple[Node, list[Mark]]:
    """Return the tree with its HTML, and the marks of margin boxes, which hang on no branch.

    Raises `Mismatch` if elements and boxes do not go together.
    """
    reader = _Reader(iter([item for item in pdf.objects if is_element(item)]))
    top = Node("Document")
    margin = Node("")
    try:
        reader.take("Document")
        for number, page in enumerate(document.pages):
            reader.page = number
            reader.read(page._page_box, top, margin)
    except (KeyError, IndexError, StopIteration) as error:
        raise Mismatch(str(error)) from error
    if next(reader.elements, None) is not None:
        raise Mismatch("more elements than boxes")
    return top, list(margin.marks())


def is_element(item: Any) -> bool:
    """Return whether an object of a PDF is an element of its structure tree."""
    return isinstance(item, pydyf.Dictionary) and item.get("Type") == "/StructElem"


class _Reader:
    """Follows `weasyprint.pdf.tags._build_box_tree`, which made the elements."""

    def __init__(self, elements: Iterator[pydyf.Dictionary]) -> None:
        self.elements = elements
        self.page = 0

    def take(self, tag: str = "") -> pydyf.Dictionary:
        element = next(self.elements)
        if tag and element["S"] != f"/{tag}":
            raise Mismatch(f"{element['S']} where /{tag} was due")
        return element

    def read(self, box: Any, parent: Node, margin: Node) -> None:
        box = getattr(box, "_box", box)  # an absolute box stands in for itself
        name = str(box.element_tag) if box.element is not None else ""
        if isa(box, "MarginBox"):
            for child in box.children:
                self.read(child, margin, margin)
            return
        root = name in ("html", "body") or isa(box, "PageBox")
        if root and isa(box, "ParentBox") and not isa(box, "LineBox"):
            for child in box.children:
                self.read(child, parent, margin)
            return
        made = self.take()
        node = self._node(made, box, name)
        parent.kids.append(node)
        if node.tag == "LI" and _wrapped(box, name):
            made = self.take("LBody")
            body = self._node(made, box, name)
            node.kids.append(body)
            node = body
        if box.link_annotation:
            node.kids.append(Annotation(self.page, box.link_annotation))
        numbers = iter([kid for kid in made["K"] if isinstance(kid, int)])
        for child in _children(box, node.tag):
            if not isa(child, "LineBox"):
                self._child(child, node, margin, numbers, None)
                continue
            last = _last_text(child)
            for part in child.children:
                self._child(part, node, margin, numbers, (last, child))
        if isa(box, "ReplacedBox"):
            node.kids.append(Mark(self.page, next(numbers), box))

    def _child(self, box: Any, node: Node, margin: Node, numbers: Any, line: Any) -> None:
        if not isa(box, "TextBox"):
            before = len(node.kids)
            self.read(box, node, margin)
            if line is not None:
                for mark in _marks(node.kids[before:]):
                    if mark.box is line[0]:
                        mark.line = line[1]
            return
        mcid = next(numbers) if node.tag == "Link" else self.take("Span")["K"][0]
        ends = line[1] if line is not None and box is line[0] else None
        node.kids.append(Mark(self.page, mcid, box, ends))

    def _node(self, made: pydyf.Dictionary, box: Any, name: str) -> Node:
        said = {key: made[key] for key in ("Alt", "ID", "A") if key in made}
        return Node(str(made["S"])[1:], self.page, box.element, name, box, said)


def _marks(kids: list[Any]) -> Iterator[Mark]:
    for kid in kids:
        if isinstance(kid, Node):
            yield from kid.marks()


def _children(box: Any, tag: str) -> list[Any]:
    children = getattr(box, "children", ())
    if tag != "Table" or not box.is_table_wrapper or not (table := box.get_wrapped_table()):
        return list(children)
    return [part for child in children for part in (table.children if child is table else [child])]


def _wrapped(box: Any, name: str) -> bool:
    """Return whether the engine made two elements of a list's item: LI and in it LBody."""
    if name in ("dt", "dd"):
        return True
    style = box.style
    return name == "li" and (
        "list-item" not in style["display"] or style["list_style_type"] == "none"
    )


def _last_text(line: Any) -> Any:
    """Return the last text box of a line that prints something."""
    found = None
    stack = list(reversed(line.children))
    while stack:
        box = stack.pop()
        if isa(box, "TextBox"):
            found = box if box.text.strip() else found
        elif isa(box, "InlineBox"):
            stack += reversed(box.children)
    return found


def write(pdf: pydyf.PDF, top: Node) -> None:
    """Write the tree in place of what is there; content it does not hold is no one's.

    Elements are the engine's dictionaries used again. Those left over stay as empty objects:
    pydyf miscounts freed ones.
    """
    root = resolve(pdf, pdf.catalog["StructTreeRoot"])
    spare = [item for item in pdf.objects if is_element(item)]
    for item in [*spare, *(one for one in pdf.objects if _is_reference(one))]:
        item.clear()
    spare.reverse()
    pages = list(pdf.page_references)
    parents = resolve(pdf, root["ParentTree"])
    owners = {page: ["null"] * len(refs) for page, refs in _by_page(parents)}
    links: list[Any] = []
    made = {node: spare.pop() if spare else _new(pdf) for node in top.branch()}
    made[top]["P"] = root.reference
    for node, element in made.items():
        element["Type"] = "/StructElem"
        element["S"] = f"/{node.tag}"
        element["Pg"] = pages[node.page]
        element.update(node.said)
        kids = pydyf.Array()
        for kid in node.kids:
            if isinstance(kid, Node):
                made[kid]["P"] = element.reference
                kids.append(made[kid].reference)
            elif isinstance(kid, Mark):
                owners[kid.page][kid.mcid] = element.reference
                kids.append(kid.mcid if kid.page == node.page else _mark(pages, kid))
            else:
                kid.dictionary["StructParent"] = len(pages) + len(links) // 2
                links += [kid.dictionary["StructParent"], element.reference]
                kids.append(_reference(pages, kid))
        element["K"] = kids
    numbers: list[Any] = []
    for page, refs in sorted(owners.items()):
        numbers += [page, pydyf.Array(refs)]
    parents["Nums"] = pydyf.Array([*numbers, *links])
    root["K"] = pydyf.Array([made[top].reference])
    root["ParentTreeNextKey"] = len(pages) + len(links) // 2


def resolve(pdf: pydyf.PDF, reference: Any) -> Any:
    """Return the object behind a reference such as b"12 0 R"."""
    if not isinstance(reference, bytes) or not reference.endswith(b" R"):
        return reference
    return pdf.objects[int(reference.split()[0])]


def _by_page(parents: pydyf.Dictionary) -> Iterator[tuple[int, Any]]:
    numbers = parents["Nums"]
    for page, refs in zip(numbers[::2], numbers[1::2], strict=True):
        if isinstance(refs, pydyf.Array):
            yield page, refs


def _is_reference(item: Any) -> bool:
    return isinstance(item, pydyf.Dictionary) and item.get("Type") == "/OBJR"


def _new(pdf: pydyf.PDF) -> pydyf.Dictionary:
    element = pydyf.Dictionary()
    pdf.add_object(element)
    return element


def _mark(pages: list[bytes], mark: Mark) -> pydyf.Dictionary:
    return pydyf.Dictionary({"Type": "/MCR", "Pg": pages[mark.page], "MCID": mark.mcid})


def _reference(pages: list[bytes], link: Annotation) -> pydyf.Dictionary:
    return pydyf.Dictionary(
        {"Type": "/OBJR", "Obj": link.dictionary.reference, "Pg": pages[link.page]}
    )
