"""Reads a PDF aloud: its structure tree in order, with the text of the marked content.

Written on pikepdf alone and knows nothing of how the tree was made.
"""

import re
from collections.abc import Iterator
from typing import Any

import pikepdf

_CODE = re.compile(rb"<([0-9a-f]{4})> <([0-9a-f]*)>")


def kids_of(element: Any) -> list[Any]:
    """The children of an element: elements, numbers of marked content, references."""
    kids: Any = element.get("/K", [])
    return list(kids) if isinstance(kids, pikepdf.Array) else [kids]


def elements(pdf: pikepdf.Pdf) -> Iterator[Any]:
    """Every structure element in reading order."""
    stack = [pdf.Root.StructTreeRoot]
    while stack:
        element = stack.pop()
        if "/S" in element:
            yield element
        stack += [kid for kid in reversed(kids_of(element)) if isinstance(kid, pikepdf.Dictionary)]


class Voice:
    """Says what stands in an element."""

    def __init__(self, pdf: pikepdf.Pdf) -> None:
        self._pages = {page.obj.objgen: page for page in pdf.pages}
        self._texts: dict[Any, dict[int, str]] = {}

    def read(self, element: Any, *, pictures: bool = False) -> str:
        """The words of an element and all below it, as they are read aloud."""
        if "/ActualText" in element:
            return str(element.ActualText)
        if element.get("/S") == "/Figure":
            return str(element.get("/Alt", "")) if pictures else ""
        said = []
        for kid in kids_of(element):
            if isinstance(kid, int):
                said.append(self._text(element.Pg, kid))
            elif kid.get("/Type") == "/MCR":
                said.append(self._text(kid.get("/Pg", element.get("/Pg")), int(kid.MCID)))
            elif "/S" in kid:
                said.append(self.read(kid, pictures=pictures))
        return "".join(said).replace("\u00ad", "")

    def _text(self, page: Any, mcid: int) -> str:
        if page.objgen not in self._texts:
            self._texts[page.objgen] = marked_text(self._pages[page.objgen])
        return self._texts[page.objgen].get(mcid, "")


def marked_text(page: pikepdf.Page) -> dict[int, str]:
    """The text of a page by the number of its marked content."""
    fonts: dict[str, dict[bytes, str]] = {}
    found: dict[int, str] = {}
    stack: list[tuple[int | None, bool]] = []  # number, and whether words stand in for glyphs
    letters: dict[bytes, str] = {}
    for instruction in pikepdf.parse_content_stream(page):
        operator, operands = str(instruction.operator), instruction.operands
        if operator in ("BDC", "BMC"):
            properties: Any = operands[1] if operator == "BDC" else {}
            number = properties.get("/MCID", stack[-1][0] if stack else None)
            instead = "/ActualText" in properties
            number = None if number is None else int(number)
            if instead and number is not None:
                found[number] = found.get(number, "") + str(properties["/ActualText"])
            stack.append((number, instead or bool(stack and stack[-1][1])))
        elif operator == "EMC":
            stack.pop()
        elif operator == "Tf":
            name = str(operands[0])
            if name not in fonts:
                font: Any = page.obj.Resources.Font[name]
                fonts[name] = _letters(font.ToUnicode.read_bytes())
            letters = fonts[name]
        elif operator == "TJ" and stack and stack[-1][0] is not None and not stack[-1][1]:
            number = stack[-1][0]
            for part in operands[0]:
                if isinstance(part, pikepdf.String):
                    codes = bytes(part)
                    pairs = (codes[at : at + 2] for at in range(0, len(codes), 2))
                    text = "".join(letters.get(pair, "\ufffd") for pair in pairs)
                    found[number] = found.get(number, "") + text
    return found


def _letters(cmap: bytes) -> dict[bytes, str]:
    return {
        bytes.fromhex(code.decode()): bytes.fromhex(text.decode()).decode("utf-16-be")
        for code, text in _CODE.findall(cmap)
    }


def outline_of(pdf: pikepdf.Pdf) -> list[str]:
    """The tree as indented lines: type, and the words of elements that hold some themselves."""
    voice, lines = Voice(pdf), []

    def walk(element: Any, depth: int) -> None:
        words = [kid for kid in kids_of(element) if not (hasattr(kid, "get") and "/S" in kid)]
        text = voice.read(element, pictures=True) if words or "/ActualText" in element else ""
        lines.append(f"{'  ' * depth}{str(element.S)[1:]} {text}".rstrip())
        for kid in kids_of(element):
            if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
                walk(kid, depth + 1)

    for kid in kids_of(pdf.Root.StructTreeRoot):
        walk(kid, 0)
    return lines
