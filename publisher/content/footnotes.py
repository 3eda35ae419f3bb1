"""Footnotes: in the text on paper, where the page puts them at its foot; in a list on screens."""

import copy
import re
from collections.abc import Iterator
from xml.etree import ElementTree

from markdown import Markdown
from markdown.extensions.footnotes import FootnoteExtension

from publisher.content.body import Medium
from publisher.content.making import Making

_HOLDER = "notes"
_LEFT = re.compile(r"\[\^([^\]\s]+)\]")
#: what may stand inside a line of text; everything else is folded into one
_INLINE_TAGS = (
    "a abbr b bdi bdo br cite code del em i ins kbd mark q s small span strong sub sup time u"
)
_INLINE = frozenset(_INLINE_TAGS.split())


class Footnotes(FootnoteExtension):
    """Python-Markdown's footnotes, left for `set_footnotes` to place."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802
        """Register all but what adds back links to a list that is not ours."""
        super().extendMarkdown(md)
        md.treeprocessors.deregister("footnote-duplicate")
        md.postprocessors.deregister("footnote")

    def makeFootnotesDiv(  # noqa: N802
        self, root: ElementTree.Element
    ) -> ElementTree.Element | None:
        """Return the notes' texts by name, without back links."""
        if not self.footnotes:
            return None
        holder = ElementTree.Element("div", {"class": _HOLDER})
        for name, text in self.footnotes.items():
            # as Python-Markdown does: parsed under a div, since lists treat an <li> specially
            note = ElementTree.SubElement(holder, "div", {"name": name})
            self.parser.parseChunk(note, text)
        return holder


def set_footnotes(root: ElementTree.Element, making: Making) -> None:
    """Replace each reference by its note (paper) or by a number (screens)."""
    notes: dict[str, ElementTree.Element] = {}
    for holder in [child for child in root if child.get("class") == _HOLDER]:
        notes = {note.get("name", ""): note for note in holder}
        root.remove(holder)
    for note in notes.values():
        for parent, reference, _ in list(_references(note)):
            making.complain("a footnote refers to another footnote: say it in the text")
            _cut(parent, reference)
    order: list[str] = []
    for parent, reference, name in list(_references(root)):
        if name not in notes:
            continue
        again = name in order
        if not again:
            order.append(name)
        if making.medium is Medium.PRINT:
            span = _folded(notes[name])
            span.tail = reference.tail
            parent[list(parent).index(reference)] = span
        else:
            _number(reference, order.index(name) + 1, making.slug, again=again)
    for name in notes:
        if name not in order:
            making.complain(f"nothing refers to the footnote [^{name}], so it is not printed")
    for text in root.itertext():
        for missing in _LEFT.findall(text):
            making.complain(f"the footnote [^{missing}] has no text: add [^{missing}]: ...")
    if order and making.medium is Medium.WEB:
        root.append(_list([notes[name] for name in order], making.slug))


def _references(
    root: ElementTree.Element,
) -> Iterator[tuple[ElementTree.Element, ElementTree.Element, str]]:
    for parent in root.iter():
        for child in parent:
            if child.tag == "sup" and len(child) and child[0].get("class") == "footnote-ref":
                yield parent, child, child[0].get("href", "").partition(":")[2]


def _cut(parent: ElementTree.Element, child: ElementTree.Element) -> None:
    """Remove an element but not the text behind it."""
    place = list(parent).index(child)
    tail = child.tail or ""
    if place:
        parent[place - 1].tail = (parent[place - 1].tail or "") + tail
    else:
        parent.text = (parent.text or "") + tail
    parent.remove(child)


def _folded(note: ElementTree.Element) -> ElementTree.Element:
    """Return a note as one line: paragraphs, lists and tables run on."""
    span = ElementTree.Element("span", {"class": "footnote"})

    def say(text: str | None) -> None:
        words = re.sub(r"\s+", " ", text or "")
        said = (span[-1].tail or "") if len(span) else (span.text or "")
        if said.endswith(" "):
            words = words.lstrip()
        if len(span):
            span[-1].tail = (span[-1].tail or "") + words
        else:
            span.text = (span.text or "") + words

    def fold(element: ElementTree.Element) -> None:
        say(element.text)
        for child in element:
            if child.tag in _INLINE:
                kept = copy.deepcopy(child)
                kept.tail = None
                span.append(kept)
            else:
                say(" ")
                fold(child)
                say(" ")
            say(child.tail)

    fold(note)
    span.text = (span.text or "").lstrip()
    if len(span):
        span[-1].tail = (span[-1].tail or "").rstrip()
    else:
        span.text = span.text.rstrip()
    return span


def _number(reference: ElementTree.Element, number: int, slug: str, *, again: bool) -> None:
    link, tail = reference[0], reference.tail
    reference.clear()
    reference.tail = tail
    reference.set("class", "footnote-ref")
    if not again:  # an id stands once on a page; the way back leads to the first place
        reference.set("id", f"{slug}-fnref-{number}")
    link.attrib.clear()
    link.set("href", f"#{slug}-fn-{number}")
    link.text = str(number)
    reference.append(link)


def _list(notes: list[ElementTree.Element], slug: str) -> ElementTree.Element:
    section = ElementTree.Element("section", {"class": "footnotes"})
    listed = ElementTree.SubElement(section, "ol")
    for number, note in enumerate(notes, 1):
        item = ElementTree.SubElement(listed, "li", {"id": f"{slug}-fn-{number}"})
        item.extend(note)
        item.text = note.text
        place = item[-1] if len(item) and item[-1].tag == "p" else item
        back = ElementTree.SubElement(
            place, "a", {"class": "footnote-back", "href": f"#{slug}-fnref-{number}"}
        )
        back.text = "↩"
        if len(place) > 1:
            place[-2].tail = (place[-2].tail or "") + "\u00a0"
        else:
            place.text = (place.text or "") + "\u00a0"
    return section
