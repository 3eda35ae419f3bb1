"""An article's body as a sequence of blocks, so that a theme can dress single ones."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import unescape
from html.parser import HTMLParser
from itertools import zip_longest

_VOID = frozenset({"br", "col", "embed", "hr", "img", "input", "source", "track", "wbr"})
_LEADING = re.compile(r"^<p>(?P<quote>[“«‹„‘\"'(\[¿¡\s\u00a0\u202f]*)(?P<letter>[^\W\d_])")
_SHORT_END = re.compile(r"(?<=[^\s>]) ([^\s<>&]{1,8}(?:</\w+>)*</(?:p|dd|li)>)")
_ONE_LINE = 40  #: letters that any column takes in a line or little more
_WHO = re.compile(r'<p class="who">(.*?)</p>', re.DOTALL)
_WORD = re.compile(r"\w+")
_TAGS = re.compile(r"<[^>]+>")
_CLASS = re.compile(r'^<\w+[^>]*\bclass="([^"]*)"')


@dataclass(frozen=True)
class Block:
    """A top-level element of a body."""

    tag: str
    html: str

    @property
    def classes(self) -> frozenset[str]:
        """Its classes, such as {"picture", "wide"}."""
        match = _CLASS.match(self.html)
        return frozenset(match[1].split()) if match else frozenset()

    @property
    def text(self) -> str:
        """What stands in it, without mark-up."""
        return " ".join(unescape(_TAGS.sub(" ", self.html)).split())


class _Splitter(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=False)
        self.blocks: list[Block] = []
        self._lines = [0]
        for line in html.split("\n"):
            self._lines.append(self._lines[-1] + len(line) + 1)
        self._html = html
        self._open: list[tuple[str, int]] = []
        self.feed(html)
        self.close()

    def _place(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _VOID:
            self._open.append((tag, self._place()))

    def handle_endtag(self, tag: str) -> None:
        if not any(name == tag for name, _ in self._open):
            return
        while True:
            name, start = self._open.pop()
            if name == tag:
                break
        if not self._open:
            end = self._html.index(">", self._place()) + 1
            self.blocks.append(Block(name, self._html[start:end]))


def split_blocks(html: str) -> tuple[Block, ...]:
    """Return the top-level elements of a body in order; text between them is white space."""
    return tuple(_Splitter(html).blocks)


def join_blocks(blocks: Sequence[Block]) -> str:
    """Return the blocks as one body again."""
    return "\n".join(block.html for block in blocks)


def with_dropcap(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Enlarge the first letter of the first plain paragraph.

    A span that floats, never ::first-letter, which the engine cannot lay out in columns.
    The quotation mark before it stands with it.
    """
    dressed = list(blocks)
    for place, block in enumerate(dressed):
        if block.tag != "p" or block.classes:
            continue
        match = _LEADING.match(block.html)
        if match:
            cap = f'<span class="dropcap">{match["quote"]}{match["letter"]}</span>'
            dressed[place] = replace(block, html=f"<p>{cap}{block.html[match.end() :]}")
        break
    return tuple(dressed)


def with_end_mark(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Set the end mark after the last paragraph of running text, tied to its last word."""
    dressed = list(blocks)
    for place in range(len(dressed) - 1, -1, -1):
        block = dressed[place]
        if block.tag == "p":
            inner = block.html.removesuffix("</p>").rstrip()
            end = f'{inner}\u00a0<span class="end-mark"></span></p>'
            dressed[place] = replace(block, html=end)
            break
    return tuple(dressed)


def without_short_ends(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Tie a short last word to the one before it, so that no line holds it alone."""
    return tuple(
        replace(block, html=_SHORT_END.sub("\u00a0\\1", block.html))
        if len(block.text) > _ONE_LINE
        else block
        for block in blocks
    )


def quotes_apart(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Print a pull quote that would directly follow its own sentence before that paragraph.

    It goes up over whole paragraphs to a place behind running text, and stays where it was
    if there is none near.
    """
    arranged = list(blocks)
    for place, block in enumerate(blocks):
        if "pull-quote" not in block.classes or place == 0:
            continue
        source = blocks[place - 1]
        if not _running(source) or not _repeats(source.text, block.text):
            continue
        for earlier in range(place - 1, max(0, place - 4), -1):
            if _running(blocks[earlier - 1]):
                arranged.remove(block)
                arranged.insert(arranged.index(blocks[earlier]), block)
                break
            if blocks[earlier - 1].tag not in ("h2", "h3"):
                break
    return tuple(arranged)


def _running(block: Block) -> bool:
    return block.tag == "p" and not block.classes


def _repeats(text: str, quote: str) -> bool:
    """Return whether a text ends with what is quoted from it, but for marks and small changes."""
    words = _WORD.findall(quote.casefold())
    return bool(words) and words[-4:] == _WORD.findall(text.casefold())[-len(words[-4:]) :]


#: what cannot be broken over columns and may stand a paragraph later without harm
MOVABLE = frozenset({"picture", "fact-box", "pull-quote", "chart", "map", "qr"})


def repeated(quote: Block, blocks: Sequence[Block]) -> bool:
    """Return whether running text says what a pull quote says, so that nothing is lost without it."""
    words = _plain(_WHO.sub(" ", quote.html))
    text = " ".join(_plain(block.html) for block in blocks if block.tag == "p")
    return bool(words) and f" {words} " in f" {text} "


def _plain(html: str) -> str:
    return " ".join(_WORD.findall(unescape(_TAGS.sub("", html)).casefold()))


def numbered(blocks: Sequence[Block], numbers: Sequence[int] | None = None) -> tuple[Block, ...]:
    """Give each block its number in a data-block attribute, so that layout can name it.

    The numbers count from 0 unless others are given.

    What stands before a heading, figure or box is marked too: the space between belongs
    to it, because the engine leaves a margin hanging at the top of a column.
    """
    return tuple(
        replace(
            block, html=f"<{block.tag}{_marks(number, after)}{block.html[len(block.tag) + 1 :]}"
        )
        for number, (block, after) in zip(
            range(len(blocks)) if numbers is None else numbers,
            zip_longest(blocks, blocks[1:]),
            strict=False,
        )
    )


def _marks(number: int, after: Block | None) -> str:
    apart = after is not None and (after.tag not in ("p", "hr") or "question" in after.classes)
    return f' data-block="{number}"' + (" data-gap" if apart else "")


def postponed(blocks: Sequence[Block], number: int) -> int | None:
    """Return where a block would stand one paragraph later: behind the block of this number.

    None if it is no figure or box, or if no running text follows.
    """
    if number >= len(blocks) or not MOVABLE & blocks[number].classes:
        return None
    for place in range(number + 1, len(blocks)):
        if blocks[place].tag == "p" and not blocks[place].classes:
            return place
    return None
