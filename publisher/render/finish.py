"""What is still wanting in a tagged PDF after WeasyPrint, done before it is written.

By the words of ISO 14289-1 (PDF/UA-1) and for a document of one part or many; what is asked
of a whole file, `archive` does.
"""

import logging
from collections.abc import Iterator
from typing import Any

import pydyf

from publisher.render.roles import shape
from publisher.render.spoken import amend, speak
from publisher.render.tags import Annotation, Mismatch, Node, read, write

#: what is said here reaches the editor, as all the engine says
_log = logging.getLogger("weasyprint.finish")
#: a CSS pixel in points
_POINTS = 0.75


def finish(document: Any, pdf: pydyf.PDF) -> None:
    """Give pages the tags a listener needs, say where links lead, let them be printed."""
    for page in document.pages:
        for *_, box in page.links:
            _describe_link(box)
    if "StructTreeRoot" in pdf.catalog:
        if any(map(_hides_text, pdf.objects)):
            _log.warning("text in an element with opacity is not read aloud: use rgba() colours")
        try:
            _tag(document, pdf)
        except Mismatch as mismatch:
            _log.warning("tags are left as the engine made them: %s", mismatch)
    for item in pdf.objects:
        if isinstance(item, pydyf.Dictionary) and item.get("Type") == "/Annot":
            item["F"] = 4  # Print, ISO 32000-1 table 165; PDF/UA-1 7.18.1 forbids hidden ones


def _tag(document: Any, pdf: pydyf.PDF) -> None:
    tree, margin = read(document, pdf)
    tree, artefacts, dropped = shape(tree, str(document.metadata.lang or ""))
    edits = speak(tree)
    for node in tree.branch():
        if node.tag == "Figure":
            _place_figure(document, node)
        elif node.tag == "Link":
            _speak_picture(node)
    amend(pdf, document, edits, artefacts, margin)
    _drop_links(pdf, dropped)
    write(pdf, tree)


def _hides_text(item: Any) -> bool:
    """Return whether tagged content stands in a group of its own, where its numbers mean nothing."""
    if not isinstance(item, pydyf.Stream) or item.extra.get("Subtype") != "/Form":
        return False
    return any(isinstance(part, pydyf.Dictionary) and "MCID" in part for part in item.stream)


def _describe_link(box: Any) -> None:
    """Let a link say its own words, where the engine says only the name of its target."""
    if not box.link_annotation or box.element is None:
        return
    words = " ".join("".join(box.element.itertext()).split())
    pictures = " ".join(image.get("alt", "") for image in box.element.iter("img"))
    if words or pictures.strip():
        box.link_annotation["Contents"] = pydyf.String(words or pictures.strip())


def _place_figure(document: Any, node: Node) -> None:
    """Say where a picture stands, in points from the page's lower left corner.

    The engine writes CSS pixels from the upper left one, which no reader understands.
    """
    box = node.box
    left, top = box.content_box_x(), box.content_box_y()
    height = document.pages[node.page].height
    corners = (left, height - top - box.height, left + box.width, height - top)
    bounds = pydyf.Array(round(one * _POINTS, 2) for one in corners)
    node.said["A"] = pydyf.Dictionary({"O": "/Layout", "Placement": "/Block", "BBox": bounds})


def _speak_picture(link: Node) -> None:
    """Let a link that holds only a picture speak the picture's words."""
    children = link.nodes()
    if children and all(child.tag == "Figure" for child in children):
        spoken = [child.said["Alt"] for child in children if "Alt" in child.said]
        if spoken and not any(True for kid in link.kids if _is_mark(kid)):
            link.said["Alt"] = spoken[0]


def _is_mark(kid: Any) -> bool:
    return not isinstance(kid, Node | Annotation)


def _drop_links(pdf: pydyf.PDF, dropped: list[Annotation]) -> None:
    """Take links off the pages that only repeat the link they lie in."""
    gone = {link.dictionary.reference for link in dropped}
    for link in dropped:
        link.dictionary.clear()
    for page in _pages(pdf):
        if "Annots" in page:
            page["Annots"] = pydyf.Array(one for one in page["Annots"] if one not in gone)


def _pages(pdf: pydyf.PDF) -> Iterator[pydyf.Dictionary]:
    for item in pdf.objects:
        if isinstance(item, pydyf.Dictionary) and item.get("Type") == "/Page":
            yield item
