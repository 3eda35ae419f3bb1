"""What is still wanting in a tagged PDF after WeasyPrint: artefacts, languages, print flags.

Works on the pydyf objects before they are written, by the words of ISO 14289-1 (PDF/UA).
"""

from collections.abc import Iterator
from typing import Any

import pydyf


def finish(document: Any, pdf: pydyf.PDF) -> None:
    """Turn folios into artefacts, name languages, say where links lead, let them be printed."""
    root = _object(pdf, pdf.catalog.get("StructTreeRoot"))
    if root is not None:
        _fold_artefacts(pdf, root)
        _name_languages(document, pdf)
        _thin_links(pdf, root)
    for page in document.pages:
        for *_, box in page.links:
            _describe_link(box)
    for item in pdf.objects:
        if isinstance(item, pydyf.Dictionary) and item.get("Type") == "/Annot":
            item["F"] = 4  # Print, ISO 32000-1 table 165; PDF/UA-1 7.18.1 forbids hidden ones


def _thin_links(pdf: pydyf.PDF, root: pydyf.Dictionary) -> None:
    """Leave each link one annotation, on its own element.

    WeasyPrint gives another one to every box within a link, under elements that are no
    links (ISO 14289-1, 7.18.5). A link that holds only a picture speaks the picture's words.
    """
    dropped: set[bytes] = set()
    stack: list[tuple[pydyf.Dictionary, bool]] = [(root, False)]
    while stack:
        element, inside = stack.pop()
        link = element.get("S") == "/Link"
        if link and inside:
            element["S"] = "/Span"
        if inside:
            for kid in [one for one in element.get("K", ()) if _is_annotation(pdf, one)]:
                element["K"].remove(kid)
                dropped.add(_object(pdf, kid)["Obj"])
        children = [child for child in _kids(pdf, element) if _is_element(child)]
        if link and not inside and all(child.get("S") == "/Figure" for child in children):
            spoken = [child["Alt"] for child in children if "Alt" in child]
            if spoken and not any(isinstance(kid, int) for kid in element["K"]):
                element["Alt"] = spoken[0]
        stack += [(child, inside or link) for child in children]
    for reference in dropped:
        _object(pdf, reference).clear()
    for page in _pages(pdf):
        if "Annots" in page:
            kept = [one for one in page["Annots"] if one not in dropped]
            page["Annots"] = pydyf.Array(kept)


def _is_annotation(pdf: pydyf.PDF, kid: Any) -> bool:
    item = _object(pdf, kid)
    return isinstance(item, pydyf.Dictionary) and item.get("Type") == "/OBJR"


def _kids(pdf: pydyf.PDF, element: pydyf.Dictionary) -> Iterator[Any]:
    for kid in element.get("K", ()):
        yield _object(pdf, kid)


def _describe_link(box: Any) -> None:
    """Let a link say its own words, where the engine says only the name of its target."""
    text = " ".join("".join(box.element.itertext()).split()) if box.element is not None else ""
    if box.link_annotation and text:
        box.link_annotation["Contents"] = pydyf.String(text)


def _object(pdf: pydyf.PDF, reference: Any) -> Any:
    """Return the object behind a reference such as b"12 0 R"."""
    if not isinstance(reference, bytes) or not reference.endswith(b" R"):
        return reference
    return pdf.objects[int(reference.split()[0])]


def _fold_artefacts(pdf: pydyf.PDF, root: pydyf.Dictionary) -> None:
    """Mark content of margin boxes, which hangs on no branch of the tree, as pagination.

    WeasyPrint builds structure elements for it and links them to nothing.
    """
    linked = {element.number for element in _branch(pdf, root)}
    numbers = _object(pdf, root["ParentTree"])["Nums"]
    by_page = dict(zip(numbers[::2], numbers[1::2], strict=True))
    for page in _pages(pdf):
        owners = by_page.get(page.get("StructParents"), ())
        loose = {
            mcid
            for mcid, reference in enumerate(owners)
            if int(bytes(reference).split()[0]) not in linked
        }
        if not loose:
            continue
        stream = _object(pdf, page["Contents"])
        for place, item in enumerate(stream.stream):
            if isinstance(item, pydyf.Dictionary) and item.get("MCID") in loose:
                stream.stream[place - 1] = "/Artifact"
                stream.stream[place] = pydyf.Dictionary({"Type": "/Pagination"})
        for mcid in loose:
            owners[mcid] = "null"
    for element in [one for one in pdf.objects if _is_element(one)]:
        if element.number not in linked:
            element.clear()  # not freed: pydyf miscounts free objects in its object stream


def _pages(pdf: pydyf.PDF) -> Iterator[pydyf.Dictionary]:
    for item in pdf.objects:
        if isinstance(item, pydyf.Dictionary) and item.get("Type") == "/Page":
            yield item


def _branch(pdf: pydyf.PDF, element: pydyf.Dictionary) -> Iterator[pydyf.Dictionary]:
    """Yield an element of the structure tree and all below it."""
    stack = [element]
    while stack:
        one = stack.pop()
        yield one
        stack += [child for child in _kids(pdf, one) if _is_element(child)]


def _is_element(item: Any) -> bool:
    return isinstance(item, pydyf.Dictionary) and item.get("Type") == "/StructElem"


def _name_languages(document: Any, pdf: pydyf.PDF) -> None:
    """Give every article's element its language.

    Elements were made in the order of the boxes, so both are walked side by side.
    """
    elements = [item for item in pdf.objects if _is_element(item) and item.get("S") == "/Art"]
    languages = [
        box.element.get("lang", "") for page in document.pages for box in _articles(page._page_box)
    ]
    if len(elements) == len(languages):
        for element, language in zip(elements, languages, strict=True):
            if language:
                element["Lang"] = pydyf.String(language)


def _articles(box: Any) -> Iterator[Any]:
    box = getattr(box, "_box", box)  # a placeholder of an absolute box
    if box.element is not None and box.element_tag == "article":
        yield box
    for child in getattr(box, "children", ()):
        yield from _articles(child)
