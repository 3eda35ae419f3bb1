"""The words of a tagged page: spaces at line ends, divided words, right-to-left lines, initials.

A page is set line by line, and the engine drops the space a line ends with and prints the
hyphen of a divided word as any other. Who listens or searches needs both told apart
(ISO 32000-1, 14.8.2.2.3 and 14.8.2.5).
"""

import re
import unicodedata
from itertools import pairwise
from typing import Any

import pydyf

from publisher.render.tags import INITIAL, Mark, Node, isa, resolve

_SPACES = (" ", "\u00a0")
_SOFT_HYPHEN = "\u00ad"
#: what moves the next glyph: ... 0012>-17.9<
_MOVE = re.compile(rb"^(.*<[0-9a-f]*)>(-?[\d.]+)<$", re.DOTALL)
#: the last glyph of a line as the engine writes it: ... <0012 0034>] TJ
_LAST_GLYPH = re.compile(rb"^(.*<[0-9a-f]*)([0-9a-f]{4})>(-?[\d.]+)?\] TJ$", re.DOTALL)

_JOINTS = "-\u2010\u2013\u2014/"
#: characters that fonts draw with the glyph of a plainer one
_COMMON = {"\u2010": "-", "\u2011": "-", "\u00ad": "-", "\u00a0": " "}
#: ems between two pieces of a line from which on they are heard as two words
_GAP = 0.15

Edits = dict[tuple[int, int], str]


def speak(top: Node) -> Edits:
    """Say in the tree what glyphs alone would not; return what is to be done to the pages.

    Right-to-left lines are painted from the left, so the tree says their words in order.
    An initial and the line it begins are one: "T" and "he" are "The".
    """
    edits: Edits = {}
    for node in list(top.branch()):
        _join_initial(node)
    for node in list(top.branch()):
        said = "ActualText" in node.said
        for place, mark in enumerate(node.kids):
            if not isinstance(mark, Mark) or not isa(mark.box, "TextBox"):
                continue
            if not said and _is_right_to_left(mark):
                text = pydyf.String(_logical(mark))
                node.kids[place] = Node("Span", mark.page, said={"ActualText": text}, kids=[mark])
            elif mark.line is not None and mark.box.text.strip():
                edits[mark.page, mark.mcid] = _line_end(mark)
    words = [mark for mark in top.marks() if isa(mark.box, "TextBox")]
    for before, mark in pairwise(words):
        key = (before.page, before.mcid)
        if key not in edits and _is_apart(before, mark) and not _is_right_to_left(before):
            edits[key] = "space"
    return edits


def _line_end(mark: Mark) -> str:
    if _is_divided(mark):
        return "hyphen"
    if _joins(mark.box.text):
        return ""
    return "end" if getattr(mark.line, "resume_at", None) is None else "space"


def _is_apart(before: Mark, mark: Mark) -> bool:
    """Return whether room parts two pieces of text: a space that is not painted, or a margin."""
    if not before.box.text.strip():
        return False
    if not mark.box.text.strip() or before.page != mark.page:
        return True
    gap = mark.box.position_x - before.box.position_x - before.box.width
    drop = abs(mark.box.position_y - before.box.position_y)
    em = before.box.style["font_size"]
    return bool(gap > _GAP * em or gap < -em or drop > em)


def _is_right_to_left(mark: Mark) -> bool:
    text, direction = mark.box.text, mark.box.style["direction"]
    return direction == "rtl" or any(
        unicodedata.bidirectional(character) in ("R", "AL") for character in text
    )


def _logical(mark: Mark) -> str:
    text = str(mark.box.text)
    if mark.line is None:
        return text
    if _is_divided(mark):
        return text[:-1] + _SOFT_HYPHEN
    return text if _joins(text) else text.rstrip() + " "


def _joins(text: str) -> bool:
    """Return whether a line ends in the hyphen or dash of a compound, which no space follows."""
    end = text[-2:]
    return len(end) == 2 and end[1] in _JOINTS and not end[0].isspace()


def _is_divided(mark: Mark) -> bool:
    """Return whether the engine divided the word at a line's end: the text has no such hyphen."""
    hyphen = mark.box.style["hyphenate_character"]
    text = str(mark.box.text)
    if mark.line is None or not hyphen or not text.endswith(hyphen) or len(hyphen) != 1:
        return False
    html = mark.box.element
    whole = "".join(html.itertext()) if html is not None else ""
    return text.split()[-1].casefold() not in whole.casefold()


def _join_initial(node: Node) -> None:
    """Let a large first letter and the rest of its line be read as one."""
    for place, kid in enumerate(node.kids):
        if not isinstance(kid, Node) or kid.tag != INITIAL:
            continue
        kid.tag = "Span"
        after = node.kids[place + 1] if place + 1 < len(node.kids) else None
        if isinstance(after, Mark):
            cap = "".join(str(mark.box.text) for mark in kid.marks())
            text = pydyf.String(cap + _logical(after))
            kids: list[Any] = [*kid.kids, after]
            one = Node("Span", kid.page, said={"ActualText": text}, kids=kids)
            node.kids[place : place + 2] = [one]
            return


def amend(
    pdf: pydyf.PDF, document: Any, edits: Edits, artefacts: list[Mark], margin: list[Mark]
) -> None:
    """Change the pages' content: line ends as `edits` says, decoration to artefacts."""
    decoration = {(mark.page, mark.mcid): "" for mark in artefacts}
    decoration |= {(mark.page, mark.mcid): "/Pagination" for mark in margin}
    fonts = {str(font.hash): _Letters(font.to_unicode) for font in document.fonts.values()}
    _mend_letters(document, pdf)
    pages = [item for item in pdf.objects if _is_page(item)]
    for number, page in enumerate(pages):
        stream = resolve(pdf, page["Contents"])
        stream.stream = _amended(stream.stream, number, edits, decoration, fonts)


def _mend_letters(document: Any, pdf: pydyf.PDF) -> None:
    """Let a glyph that several characters share be the commonest of them.

    The engine notes the first it meets: were that a divided word's hyphen, nobody who
    searched for "well-known" would find it.
    """
    for font in document.fonts.values():  # binding makes its own map of these
        for glyph, text in font.to_unicode.items():
            if text in _COMMON:
                font.to_unicode[glyph] = _COMMON[text]
    plainer = {_hexadecimal(text): _hexadecimal(common) for text, common in _COMMON.items()}
    for item in pdf.objects:
        if isinstance(item, pydyf.Dictionary) and "ToUnicode" in item:
            stream = resolve(pdf, item["ToUnicode"])
            stream.stream = [
                line[:8] + plainer[line[8:-1]] + b">"
                if isinstance(line, bytes) and line[8:-1] in plainer
                else line
                for line in stream.stream
            ]


def _hexadecimal(character: str) -> bytes:
    return character.encode("utf-16-be").hex().encode()


class _Letters:
    """What a font's glyphs say, and which of them is its space, as hexadecimal digits."""

    def __init__(self, letters: dict[int, str]) -> None:
        self.letters = letters
        spaces = (f"{glyph:04x}".encode() for glyph, text in letters.items() if text in _SPACES)
        self.space = next(spaces, b"")


def _is_page(item: Any) -> bool:
    return isinstance(item, pydyf.Dictionary) and item.get("Type") == "/Page"


def _amended(
    items: list[Any],
    page: int,
    edits: Edits,
    decoration: dict[tuple[int, int], str],
    fonts: dict[str, "_Letters"],
) -> list[Any]:
    found: list[Any] = []
    mcid, depth, begun, font = None, 0, 0, ""
    for item in items:
        if item == b"BDC" or item == b"BMC":
            tag = -2 if item == b"BDC" else -1
            if mcid is not None:
                depth += 1
                if found[tag] == "/Artifact":
                    found[tag] = "/Span"  # a line under a word belongs to the word
            elif item == b"BDC" and "MCID" in found[-1]:
                mcid, depth, begun = found[-1]["MCID"], 0, len(found) + 1
                kind = decoration.get((page, mcid))
                if kind is not None:
                    found[-2:] = ["/Artifact", pydyf.Dictionary({"Type": kind} if kind else {})]
        elif item == b"EMC" and mcid is not None:
            if depth:
                depth -= 1
            else:
                edit = edits.get((page, mcid))
                if edit:
                    _end_line(found, begun, edit, fonts[font])
                mcid = None
        elif isinstance(item, bytes) and item.endswith(b" Tf"):
            font = item[1:].split()[0].decode()
        found.append(item)
    return found


def _end_line(items: list[Any], begun: int, edit: str, font: "_Letters") -> None:
    """End a line with a space nobody sees, or say that its hyphen only divides a word."""
    for place in range(len(items) - 1, begun - 1, -1):
        match = isinstance(items[place], bytes) and _LAST_GLYPH.match(items[place])
        if not match:
            continue
        before, last, kern = match.groups()
        letter = font.letters.get(int(last, 16), "")
        if edit in ("space", "end") and letter in _SPACES:
            return
        if edit in ("space", "end") and font.space:
            gap = b">" + kern + b"<" if kern else b""
            items[place] = before + last + gap + font.space + b">] TJ"
            return
        if edit == "end":  # another paragraph follows: a masthead's face has no space at all
            return
        said = _SOFT_HYPHEN if edit == "hyphen" else letter + " "
        # what moves the last glyph goes with it: viewers forget a move nothing follows
        moves: list[bytes] = []
        while moved := _MOVE.match(before):
            before, move = moved.groups()
            moves.insert(0, move)
        items[place : place + 1] = [
            before + b">] TJ",
            "/Span",
            pydyf.Dictionary({"ActualText": pydyf.String(said)}),
            b"BDC",
            b"[" + b" ".join(moves) + b"<" + last + b">] TJ",
            b"EMC",
        ]
        return
