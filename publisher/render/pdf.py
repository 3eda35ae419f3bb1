"""HTML -> tagged PDF. The only module that imports WeasyPrint.

WeasyPrint reads only the folders it is given and never the network; what it would
merely log comes back as remarks; the bytes are the same for the same input.
"""

import hashlib
import logging
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import weasyprint
from weasyprint import HTML
from weasyprint.document import Document
from weasyprint.formatting_structure import boxes
from weasyprint.layout import inline
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from publisher.errors import RenderError
from publisher.render.finish import finish

#: the version whose private `split_first_line` the memo was tested with
_MEMO_VERSION = "70.0"
_FAMILY = re.compile(r'@font-face\s*\{[^}]*?font-family:\s*"([^"]+)"')
#: the engine's log and the memo belong to the whole process: one document at a time
_lock = threading.Lock()


NO_ALT = "a picture has no alternative text"


@dataclass(frozen=True, kw_only=True)
class Remark:
    """Something the engine noticed: what a reader would miss, and the word or file it is about."""

    text: str
    subject: str = ""  #: file name, character or CSS, to find the article by
    serious: bool = False
    page: int | None = None


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """One page as it was laid out."""

    number: int
    name: str  #: of the @page rule
    width: float  #: millimetres
    height: float
    fill: float  #: how far down the type area the content reaches, 0 to 1; more is overset
    anchors: tuple[str, ...]  #: ids that stand on this page
    #: columns that end early: millimetres, and the data-block that did not fit (-1: see next page)
    gaps: tuple[tuple[float, int], ...] = ()
    first: int = -1  #: the data-block the columns begin with, unless it is continued


@dataclass(frozen=True, kw_only=True)
class Printed:
    """A finished PDF and what is known of it."""

    data: bytes
    leaves: tuple[Leaf, ...]
    remarks: tuple[Remark, ...]

    def page_of(self, anchor: str) -> int | None:
        """Return the first page an id stands on: it recurs wherever its element goes on."""
        return next((leaf.number for leaf in self.leaves if anchor in leaf.anchors), None)


class Indoors(URLFetcher):  # type: ignore[misc] # WeasyPrint has no types
    """Fetches `data:` and the files of some folders; all else is refused.

    Symbolic links are followed before the place is judged, so a link cannot lead out.
    """

    def __init__(self, roots: Sequence[Path]) -> None:
        super().__init__(allowed_protocols=["data", "file"], allow_redirects=False)
        self._roots = [root.resolve() for root in roots]

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
        """Open an address; raise `ValueError` when it lies outside."""
        parts = urlsplit(url)
        if parts.scheme.lower() == "file":
            path = Path(url2pathname(parts.path)).resolve()
            inside = any(path.is_relative_to(root) for root in self._roots)
            if parts.netloc not in ("", "localhost") or not inside:
                raise ValueError("it lies outside the issue's folder and the templates")
            # what was judged is what is opened: the resolved path, not the address
            url = path.as_uri()
        return super().fetch(url, headers)


def print_pdf(html: str, *, base: Path, roots: Sequence[Path], fast: bool = True) -> Printed:
    """Lay out a document and write it as PDF/UA-1.

    Relative addresses are taken from `base`; only `roots` can be read. `fast` keeps lines
    that were measured once in memory (see `_line_memo`); the pages are the same without.
    Raises `RenderError` if nothing can be laid out.
    """
    identifier = hashlib.sha256(html.encode()).hexdigest()[:32].encode()
    with _lock, _listening() as heard, _line_memo(enabled=fast):
        fonts = FontConfiguration()
        source = HTML(string=html, base_url=base.as_uri() + "/", url_fetcher=Indoors(roots))
        document = source.render(font_config=fonts, pdf_variant="pdf/ua-1")
        if not document.pages:
            raise RenderError("the magazine has no pages: its templates print nothing")
        data = document.write_pdf(
            finisher=finish, pdf_variant="pdf/ua-1", pdf_identifier=identifier
        )
        remarks = [*heard, *_strange_fonts(document, html)]
    leaves = tuple(_leaf(number, page) for number, page in enumerate(document.pages, 1))
    remarks += [
        Remark(text="the page holds more than fits", serious=True, page=leaf.number)
        for leaf in leaves
        if leaf.fill > 1.005
    ]
    return Printed(data=data, leaves=leaves, remarks=tuple(dict.fromkeys(remarks)))


class Ruler:
    """Lays out single parts of a magazine to see how many pages they take; writes nothing.

    Fonts are loaded once for all parts.
    """

    def __init__(self, *, base: Path, roots: Sequence[Path]) -> None:
        self._base, self._fetcher = base.as_uri() + "/", Indoors(roots)
        self._fonts = FontConfiguration()
        self._known: dict[str, tuple[Leaf, ...]] = {}

    def leaves(self, html: str) -> tuple[Leaf, ...]:
        """Return the pages a document takes; the same document is laid out once."""
        known = self._known.get(html)
        if known is None:
            known = self._known[html] = self._lay_out(html)
        return known

    def _lay_out(self, html: str) -> tuple[Leaf, ...]:
        with _lock, _listening(), _line_memo(enabled=True):
            source = HTML(string=html, base_url=self._base, url_fetcher=self._fetcher)
            document = source.render(font_config=self._fonts)
        return tuple(_leaf(number, page) for number, page in enumerate(document.pages, 1))


def _leaf(number: int, page: Any) -> Leaf:
    box = page._page_box
    top, height = box.content_box_y(), box.height
    bottom = max((_bottom(child) for child in _flow(box)), default=top)
    return Leaf(
        number=number,
        name=box.page_type.name or "",
        width=page.width / 96 * 25.4,
        height=page.height / 96 * 25.4,
        fill=round((bottom - top) / height, 3) if height else 0.0,
        anchors=tuple(page.anchors),
        gaps=tuple(_gaps(box)),
        first=next((_first_block(row[0]) for row in _rows(box)), -1),
    )


def _gaps(page_box: Any) -> Iterator[tuple[float, int]]:
    """Yield how far columns fall short of the tallest one beside them, and what they fled."""
    for row in _rows(page_box):
        tallest = max(_lowest(column) for column in row)
        for column, following in zip_longest(row, row[1:]):
            short = (tallest - _lowest(column)) / 96 * 25.4
            number = -1 if following is None else _first_block(following)
            if short > 1 and (following is None or number >= 0):
                yield round(short, 1), number


def _rows(page_box: Any) -> Iterator[list[Any]]:
    """Yield the columns that stand beside one another."""
    for box in _boxes(page_box):
        row: list[Any] = []
        for child in getattr(box, "children", ()):
            # an anonymous column shares its element with what is divided into columns
            if child.element is None or child.element is not box.element:
                continue
            if not isinstance(child, boxes.BlockBox):
                continue
            if row and child.position_y > row[0].position_y + 1:
                yield row
                row = []
            row.append(child)
        if len(row) > 1:
            yield row


def _boxes(box: Any) -> Iterator[Any]:
    yield box
    for child in getattr(box, "children", ()):
        yield from _boxes(child)


def _lowest(box: Any) -> float:
    """Return where the last line or picture in a box ends."""
    ends = [
        _bottom(one) for one in _boxes(box) if isinstance(one, boxes.LineBox | boxes.ReplacedBox)
    ]
    return max(ends, default=float(box.position_y))


def _first_block(column: Any) -> int:
    """Return the data-block a column begins with, -1 if it is continued from before."""
    first = next(iter(column.children), None)
    element = getattr(first, "element", None)
    number = element.get("data-block") if element is not None else None
    return int(number) if number is not None else -1


def _flow(page_box: Any) -> Iterator[Any]:
    """Yield the innermost boxes of the page's own flow that a reader sees: lines and pictures."""
    stack = [child for child in page_box.children if not isinstance(child, boxes.MarginBox)]
    while stack:
        box = stack.pop()
        if not isinstance(box, boxes.Box) or box.style["position"] in ("absolute", "fixed"):
            continue
        if isinstance(box, boxes.LineBox | boxes.ReplacedBox):
            yield box
        elif isinstance(box, boxes.ParentBox):
            stack += box.children


def _bottom(box: Any) -> float:
    return float(box.position_y + box.margin_height())


def _strange_fonts(document: Document, html: str) -> list[Remark]:
    """Return a remark for each face that is not ours: the machine's fonts differ elsewhere."""
    ours = set(_FAMILY.findall(html))
    return [
        Remark(
            text=f"some characters are in none of the magazine's fonts; {font.family} stood in",
            subject="".join(dict.fromkeys("".join(font.to_unicode.values()))),
        )
        for font in document.fonts.values()
        if font.to_unicode and font.family not in ours
    ]


class _Listener(logging.Handler):
    def __init__(self, remarks: list[Remark]) -> None:
        super().__init__(logging.WARNING)
        self.remarks = remarks

    def emit(self, record: logging.LogRecord) -> None:
        # a target that is not there is logged twice; the second time it says which link
        if not record.getMessage().startswith("Content discarded: target"):
            self.remarks.append(_remark(record))


@contextmanager
def _listening() -> Iterator[list[Remark]]:
    """Collect what WeasyPrint logs instead of letting it print it."""
    logger = logging.getLogger("weasyprint")
    handlers, propagate, level = logger.handlers, logger.propagate, logger.level
    remarks: list[Remark] = []
    logger.handlers, logger.propagate = [_Listener(remarks)], False
    logger.setLevel(logging.WARNING)
    try:
        yield remarks
    finally:
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)


def _remark(record: logging.LogRecord) -> Remark:
    args = record.args if isinstance(record.args, tuple) else ()
    message = record.getMessage()
    if message.startswith("Failed to load image"):
        name = Path(url2pathname(urlsplit(str(args[0])).path)).name
        reason = str(args[1]).removeprefix("ValueError: ").removeprefix("URLFetchingError: ")
        return Remark(
            text=f"the picture {name} cannot be used: {reason}", subject=name, serious=True
        )
    if message.startswith(".notdef glyph"):
        return Remark(
            text=f"the character “{args[0]}” (U+{args[1]:04X}) is in no font: it prints as a box",
            subject=str(args[0]),
            serious=True,
        )
    if "has no required alt" in message:
        return Remark(text=NO_ALT, subject=Path(str(args[0])).name, serious=True)
    if message.startswith("No anchor"):
        return Remark(text=f"a link points nowhere: {message}", subject=message)
    return Remark(text=f"the layout engine says: {message}", subject=message)


@contextmanager
def _line_memo(*, enabled: bool) -> Iterator[None]:
    """Remember how lines were split while a document is laid out.

    `split_first_line` is a pure function of text, style, width and flags; multi-column
    layout asks it for every line about three times, and four fifths of a magazine's time
    go into it. It is private to WeasyPrint: with any version but the tested one we do
    without. Justified lines are not kept: the engine empties their Pango layout.
    """
    if not enabled or weasyprint.__version__ != _MEMO_VERSION:
        yield
        return
    split = inline.split_first_line
    known: dict[Any, Any] = {}

    def remembering(
        text: str,
        style: Any,
        context: Any,
        max_width: Any,
        justification_spacing: float,
        is_line_start: bool = True,
        minimum: bool = False,
    ) -> Any:
        if justification_spacing:
            return split(
                text, style, context, max_width, justification_spacing, is_line_start, minimum
            )
        key = (text, id(style), max_width, is_line_start, minimum)
        found = known.get(key)
        if found is None:
            result = split(text, style, context, max_width, 0, is_line_start, minimum)
            # the style is kept so that its id is not given to another one
            found = known[key] = (result, style)
        return found[0]

    inline.split_first_line = remembering
    try:
        yield
    finally:
        inline.split_first_line = split
