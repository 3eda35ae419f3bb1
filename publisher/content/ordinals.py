"""French ordinals: 1er, XIXe and n° lose their small letters to the line above."""

import re
from xml.etree import ElementTree

#: 1er, 2e, 21es; Ier, IIe, XXe: no word is spelt so, once "Ie" and "Vers" are left out
_ORDINAL = re.compile(
    r"(?<![\w.,/-])(?:(?:\d+|I)(?P<first>ers?|res?)|(?:\d+|[IVX]{2,}|[VX])(?P<other>es?|nde?s?))(?![\w-])"
)
_VERBATIM = frozenset({"code", "pre", "kbd", "sup"})


def raise_ordinals(root: ElementTree.Element) -> None:
    """Put the endings of ordinals into <sup>; the letters stay the same."""
    for element in list(root.iter()):
        if element.tag in _VERBATIM:
            continue
        for place, child in reversed(list(enumerate(element))):
            first, raised = _apart(child.tail or "")
            child.tail = first
            element[place + 1 : place + 1] = raised
        element.text, raised = _apart(element.text or "")
        element[0:0] = raised


def _apart(text: str) -> tuple[str, list[ElementTree.Element]]:
    """Return a text up to its first ordinal's ending, and the endings with what follows each."""
    matches = list(_ORDINAL.finditer(text))
    raised = []
    for number, match in enumerate(matches):
        start, end = match.span(match.lastgroup or 0)
        following = matches[number + 1] if number + 1 < len(matches) else None
        stop = following.start(following.lastgroup or 0) if following else len(text)
        element = ElementTree.Element("sup")
        element.text, element.tail = text[start:end], text[end:stop]
        raised.append(element)
    first = matches[0].start(matches[0].lastgroup or 0) if matches else len(text)
    return text[:first], raised
