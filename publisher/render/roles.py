"""What the parts of a page are to someone who hears them: HTML -> structure types of PDF 1.7.

Pure work on the tree of `tags`. Boxes of layout (columns, wrappers, anonymous lines) vanish,
pieces of one element that stand in several columns or on several pages become one again, and
every element gets the type ISO 32000-1, 14.8.4 has for it.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pydyf

from publisher.render.tags import INITIAL, Annotation, Mark, Node, isa

_GROUPS = {
    "section": "Sect",
    "article": "Art",
    "aside": "Sect",
    "nav": "Sect",
    "blockquote": "BlockQuote",
}
_HEADINGS = frozenset({"H1", "H2", "H3", "H4", "H5", "H6"})
_INLINE = {"q": "Quote", "code": "Code", "kbd": "Code", "samp": "Code"}
#: types the engine gives that say something; its Div, Span and NonStruct are layout
_KEPT = frozenset(
    _HEADINGS
    | {"P", "L", "LI", "LBody", "Lbl", "Link", "Caption"}
    | {"Figure", "Table", "TR", "TH", "TD", "THead", "TBody", "TFoot"}
)
_GROUPING = frozenset({"Document", "Art", "Sect", "Div", "BlockQuote", "TOC"})
#: types that hold words themselves, so that nothing in them becomes a paragraph
_WORDY = frozenset(
    _HEADINGS
    | {"P", "Lbl", "Caption", "Figure"}
    | {"Link", "Quote", "Code", "Reference", "Span", INITIAL}
)
_SPANS = frozenset({"Span", "Link", "Quote", "Code", "Reference", INITIAL})


def shape(top: Node, language: str) -> tuple[Node, list[Mark], list[Annotation]]:
    """Return the tree as it should be heard, what is only decoration, and links said twice.

    `language` is the document's; elements in another one say so.
    """
    heads = {one.said["ID"].data: id(one.html) for one in top.branch() if "ID" in one.said}
    joiner = _Joiner()
    whole = Node("Document")
    joiner.join(top, whole, frozenset(), link=False)
    _name(whole)
    _demote(whole)
    _name_languages(whole, language)
    _gather_figures(whole)
    _set_lists(whole)
    _place_asides(whole)
    _place_notes(whole)
    _flatten(whole, wordy=False)
    _prune(whole)
    _rank_headings(whole)
    _identify(whole, heads)
    return whole, joiner.artefacts, joiner.dropped


class _Joiner:
    """Makes one element of the pieces an HTML element was broken into, in the order of the first.

    A paragraph that goes on in the next column or over the page is one paragraph again, even
    where a footnote or a picture stands between its pieces.
    """

    def __init__(self) -> None:
        self.known: dict[tuple[int, str, str], tuple[Node, frozenset[Any]]] = {}
        self.artefacts: list[Mark] = []
        self.dropped: list[Annotation] = []

    def join(self, source: Node, target: Node, path: frozenset[Any], *, link: bool) -> None:
        """Append what is in one node to another. `link`: it stands in a link already."""
        for kid in source.kids:
            if isinstance(kid, Annotation):
                # the engine gives one more to every box within a link (ISO 14289-1, 7.18.5)
                if link:
                    self.dropped.append(kid)
                else:
                    target.kids.append(kid)
            elif isinstance(kid, Mark):
                target.kids.append(kid)
            else:
                self._node(kid, target, path, link=link)

    def _node(self, kid: Node, target: Node, path: frozenset[Any], *, link: bool) -> None:
        key = (id(kid.html), kid.name, kid.tag)
        if _is_hidden(kid):
            self._hide(kid)
        elif kid.html is None or key in path:  # anonymous: a line, a column, half of a block
            self.join(kid, target, path, link=link or kid.tag == "Link")
        elif key in self.known:
            first, inside = self.known[key]
            if kid.tag in ("THead", "TFoot") and kid.page != first.page:
                self._hide(kid)  # repeated over the page
            else:
                self.join(kid, first, inside, link=False)
        else:
            made = Node(kid.tag, kid.page, kid.html, kid.name, kid.box, dict(kid.said))
            target.kids.append(made)
            inside = path | {key}
            self.known[key] = made, inside
            if kid.tag == "Link" and not link:
                made.kids += [one for one in kid.kids if isinstance(one, Annotation)]
                rest: list[Node | Mark | Annotation] = [
                    one for one in kid.kids if not isinstance(one, Annotation)
                ]
                self.join(Node("", kids=rest), made, inside, link=True)
            else:
                made.tag = "" if kid.tag == "Link" else kid.tag
                self.join(kid, made, inside, link=link)

    def _hide(self, node: Node) -> None:
        """Let a thing be seen only; a link that nobody hears is none."""
        self.artefacts += node.marks()
        for one in node.branch():
            self.dropped += [kid for kid in one.kids if isinstance(kid, Annotation)]


def _is_hidden(node: Node) -> bool:
    hidden = node.attribute("aria-hidden") == "true"
    return hidden or node.attribute("role") in ("presentation", "none")


def _name(top: Node) -> None:
    """Give every element its type; those that say nothing get none."""
    for node in top.branch():
        if node is top:
            continue
        if "::" in node.name:
            node.tag = _pseudo(node)
        elif node.attribute("role") == "doc-toc":
            node.tag = "TOC"
        elif node.has_class("pull-quote"):
            node.tag = "BlockQuote"
        elif node.has_class("dropcap"):
            node.tag = INITIAL
        elif node.tag not in _KEPT:
            node.tag = _GROUPS.get(node.name) or _INLINE.get(node.name, "")
        if node.tag == "Link" and not any(isinstance(kid, Annotation) for kid in node.kids):
            node.tag = ""


def _name_languages(top: Node, language: str) -> None:
    """Say the language of every article, and of elements in another one than around them."""
    stack = [(top, language)]
    while stack:
        node, around = stack.pop()
        own = node.attribute("lang") or around
        if own and (own != around or node.tag == "Art"):
            node.said["Lang"] = pydyf.String(own)
        stack += [(kid, own) for kid in node.nodes()]


def _demote(top: Node) -> None:
    """Let nothing be an article that has neither a name nor a heading: it only looks like one."""
    for node in top.branch():
        nameless = node.tag == "Art" and not node.attribute("id")
        if nameless and not any(one.tag in _HEADINGS for one in node.branch()):
            node.tag = "Sect"


def _pseudo(node: Node) -> str:
    """Return the type of generated content: a note's number, an item's sign, or none."""
    name = node.name.split("::")[1]
    if name == "footnote-call":
        return "Reference"
    if name in ("marker", "footnote-marker") or node.name == "li::before":
        return "Lbl"
    return ""


def _parents(top: Node) -> dict[Node, Node]:
    return {kid: node for node in top.branch() for kid in node.nodes()}


def _gather_figures(top: Node) -> None:
    """Put a caption into what it is the caption of, and a drawing's lettering into the drawing."""
    for node in list(top.branch()):
        if node.has_class("drawing"):
            pictures = [one for one in node.branch() if one.tag == "Figure"]
            if len(pictures) == 1:
                inside = set(map(id, pictures[0].marks()))
                pictures[0].kids += [mark for mark in node.marks() if id(mark) not in inside]
                node.kids = [pictures[0]]
        if node.name == "figure" and not node.tag:
            things = [one for one in node.branch() if one.tag in ("Figure", "Table")]
            captions = [one for one in node.nodes() if one.tag == "Caption"]
            if len(things) == 1:
                node.kids = [kid for kid in node.kids if kid not in captions]
                if things[0].tag == "Table":
                    things[0].kids[:0] = captions
                else:
                    things[0].kids += captions
            else:
                for caption in captions:
                    caption.tag = ""  # it is a line above or below several things


def _set_lists(top: Node) -> None:
    """Let lists be L of LI of Lbl and LBody (ISO 32000-1, 14.8.4.3.3)."""
    for node in list(top.branch()):
        if node.tag != "L":
            continue
        items: list[Node] = []
        for item in node.nodes():
            if item.tag == "L" and items:
                _body(items[-1]).kids.append(item)
            elif item.name == "dd" and items and items[-1].name in ("dt", "dd"):
                _body(items[-1]).kids += _body(item).kids
            elif item.tag == "LI":
                items.append(item)
                if item.name == "dt":
                    _body(item).tag = "Lbl"
                else:
                    _lift_label(item)
        strays = [kid for kid in node.kids if not isinstance(kid, Node) or kid.tag == "Caption"]
        node.kids = [*strays, *items]
        if node.name in ("ol", "ul") and any(kid.tag == "Lbl" for i in items for kid in i.nodes()):
            kind = "/Decimal" if node.name == "ol" else "/Disc"
            node.said["A"] = pydyf.Dictionary({"O": "/List", "ListNumbering": kind})


def _body(item: Node) -> Node:
    """Return an item's body, made if it is missing."""
    for kid in item.nodes():
        if kid.tag == "LBody":
            return kid
    body = Node("LBody", item.page, item.html, item.name, item.box)
    item.kids.append(body)
    return body


def _lift_label(item: Node) -> None:
    """Take a sign that styles put before an item's text out of its body, and all else into it."""
    body = _body(item)
    parts = [kid for kid in item.kids if not (isinstance(kid, Node) and kid.tag == "Lbl")]
    at = parts.index(body)
    body.kids = [*parts[:at], *body.kids, *parts[at + 1 :]]
    labels = [kid for kid in body.nodes() if kid.tag == "Lbl"]
    body.kids = [kid for kid in body.kids if kid not in labels]
    labels += [kid for kid in item.nodes() if kid.tag == "Lbl"]
    item.kids = [*labels, body]


def _place_asides(top: Node) -> None:
    """Let what only stands beside a piece, wherever it is painted, be heard after it."""
    for node in list(top.branch()):
        beside = [kid for kid in node.nodes() if kid.attribute("role") == "complementary"]
        if beside:
            for one in beside:
                one.tag = "Sect"
            node.kids = [*(kid for kid in node.kids if kid not in beside), *beside]


def _place_notes(top: Node) -> None:
    """Let a footnote be heard after the paragraph that refers to it, not at the foot of the page."""
    calls = {id(one.html): one for one in top.branch() if one.name.endswith("::footnote-call")}
    notes = [one for one in top.branch() if id(one.html) in calls and "::" not in one.name]
    if not notes:
        return
    parents = _parents(top)
    last: dict[Node, Node] = {}
    for note in notes:
        note.tag = "Note"
        parents[note].kids.remove(note)
        block = calls[id(note.html)]
        while not isa(block.box, "BlockLevelBox") and block in parents:
            block = parents[block]
        home = parents.get(block, top)
        home.kids.insert(home.kids.index(last.get(block, block)) + 1, note)
        last[block], parents[note] = note, home


def _flatten(node: Node, *, wordy: bool) -> None:
    """Take out elements that say nothing, and make paragraphs of words that stand in groups."""
    kids: list[Node | Mark | Annotation] = []
    for kid in node.kids:
        if not isinstance(kid, Node):
            kids.append(kid)
            continue
        _flatten(kid, wordy=wordy or kid.tag in _WORDY)
        if kid.tag in ("Art", "Sect") and (only := _only_group(kid)):
            kids.append(only)
        elif kid.tag:
            kids.append(kid)
        elif not wordy and isa(kid.box, "BlockLevelBox") and any(map(_is_inline, kid.kids)):
            kid.tag = "P"
            kids.append(kid)
        elif "Lang" in kid.said:
            kid.tag = "Span" if wordy or all(map(_is_inline, kid.kids)) else "Div"
            kids.append(kid)
        else:
            kids += kid.kids
    node.kids = list(_paragraphs(node, kids)) if not wordy and node.tag in _GROUPING else kids


def _only_group(node: Node) -> Node | None:
    """Return the group in a group that holds nothing else: two names for one thing."""
    inside = node.kids[0] if len(node.kids) == 1 else None
    if not isinstance(inside, Node) or inside.tag != "Sect":
        return None
    inside.said = {**node.said, **inside.said}
    return inside


def _is_inline(kid: Node | Mark | Annotation) -> bool:
    if isinstance(kid, Node):
        return kid.tag in _SPANS and not _is_block_link(kid)
    return True


def _is_block_link(node: Node) -> bool:
    return node.tag == "Link" and isa(node.box, "BlockLevelBox")


def _paragraphs(node: Node, kids: list[Any]) -> Iterator[Any]:
    """Yield a group's children, words and links that stand loose among them wrapped."""
    run: Node | None = None
    for kid in kids:
        if not _is_inline(kid):
            run = None
            if not _is_block_link(kid):
                yield kid
            elif node.tag == "TOC":
                yield Node("TOCI", kid.page, kids=[Node("Reference", kid.page, kids=[kid])])
            else:
                yield Node("P", kid.page, kids=[kid])
        elif run is None:
            run = Node("P", kid.page, kids=[kid])
            yield run
        else:
            run.kids.append(kid)


def _prune(node: Node) -> None:
    """Take out elements in which nothing is; a table's empty cells keep their place."""
    for kid in node.nodes():
        _prune(kid)
    node.kids = [
        kid for kid in node.kids if not isinstance(kid, Node) or kid.kids or kid.tag in ("TD", "TH")
    ]


def _rank_headings(top: Node) -> None:
    """Let no rank of heading be left out on the way down (ISO 14289-1, 7.4.2)."""
    headings = [node for node in top.branch() if node.tag in _HEADINGS]
    for before, node in pairwise([Node("H0"), *headings]):
        node.tag = f"H{min(int(node.tag[1]), int(before.tag[1]) + 1)}"


def _identify(top: Node, heads: dict[bytes, int]) -> None:
    """Give notes and table heads ids that no other part of the issue has, and heads a scope.

    `heads` has the HTML of each table head by the id that cells know it by.
    """
    names: dict[int, pydyf.String] = {}
    anchor, counts = "part", {"note": 0, "th": 0}

    def identity(kind: str) -> pydyf.String:
        counts[kind] += 1
        return pydyf.String(f"{anchor}-{kind}-{counts[kind]}")

    for node in top.branch():
        if node.tag in ("Art", "Sect") and node.attribute("id"):
            anchor = node.attribute("id")
        if node.tag == "Note":
            node.said["ID"] = identity("note")
        elif node.tag == "TH":
            new = identity("th")
            names[id(node.html)] = node.said["ID"] = new
            scope = "/Row" if node.attribute("scope") in ("row", "rowgroup") else "/Column"
            node.said.setdefault("A", pydyf.Dictionary({"O": "/Table"}))["Scope"] = scope
    for node in top.branch():
        if node.tag == "TD" and "A" in node.said:
            known = [heads.get(one.data) for one in node.said["A"].pop("Headers", ())]
            if any(one in names for one in known):
                headers = dict.fromkeys(one for one in known if one in names)
                node.said["A"]["Headers"] = pydyf.Array(names[one] for one in headers)
            elif len(node.said["A"]) == 1:
                del node.said["A"]
