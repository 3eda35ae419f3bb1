"""Faults of the setting, found in the engine's laid-out boxes, with their place on the page.

Reads the box tree by the names of its classes, so that this module needs no engine.
Give it the pages of a document (or of one part of it) in order:

    faults_of([page._page_box for page in document.pages])
"""

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

MM = 25.4 / 96  #: millimetres in one of the engine's pixels
_OVERHANG = 1.5  #: millimetres a line may stick out: optical margins, tracking, mixed directions
_HEADINGS = frozenset({"h2", "h3", "h4", "h5", "h6"})
_QUOTED = 60  #: characters of a text that are told


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something an editor should mend, where it stands; millimetres from the page's corner."""

    kind: str  #: widow, orphan, stranded, wide or off-page
    page: int  #: 1-based, among the pages given
    x: float
    y: float
    width: float
    height: float
    text: str = ""  #: how it begins


@dataclass(frozen=True)
class _Line:
    """A line of running text, where it stands and what it belongs to."""

    page: int
    column: int  #: number of its column among all columns and pages, in reading order
    row: int  #: identifies the columns that belong together
    box: Any
    element: Any
    tag: str


def faults_of(pages: Sequence[Any]) -> tuple[Fault, ...]:
    """Return the faults of laid-out pages, given as the engine's page boxes, page by page.

    widow, orphan: a paragraph's last or first line alone in its column; stranded: a
    heading whose text begins in the next column or on the next page; wide: text that
    sticks out of its column or cell; off-page: text beyond the page's edge, which nobody
    can read.
    """
    lines: list[_Line] = []
    faults: list[Fault] = []
    for number, page in enumerate(pages, 1):
        reader = _Reader(number, page, len(lines))
        lines += reader.lines
        faults += reader.faults
    faults += [*_lonely(lines), *_stranded(lines)]
    return tuple(sorted(faults, key=lambda fault: (fault.page, fault.y, fault.x)))


def on_page(faults: Sequence[Fault], page: int, shift: int = 0) -> tuple[Fault, ...]:
    """Return the faults of one page, renumbered by `shift` pages."""
    return tuple(replace(fault, page=page + shift) for fault in faults if fault.page == page)


class _Reader:
    """Reads one page: its lines in reading order, and what sticks out."""

    def __init__(self, number: int, page: Any, first: int) -> None:
        self.number, self.page = number, page
        self.lines: list[_Line] = []
        self.faults: list[Fault] = []
        self._columns = self._first = number * 1000
        self._rows = number * 1000
        for child in page.children:
            if not _is(child, "MarginBox"):
                self._read(child, self._first, self._rows)

    def _read(self, box: Any, column: int, row: int) -> None:
        if not _is(box, "Box") or box.style["position"] in ("absolute", "fixed"):
            return
        columns = _columns_of(box)
        row_of: dict[int, int] = {}
        if columns:
            self._rows += 1
            row_of = dict.fromkeys(map(id, columns), self._rows)
        for child in getattr(box, "children", ()):
            if id(child) in row_of:
                self._columns += 1
                self._read(child, self._columns, row_of[id(child)])
                continue
            if columns:  # what spans all columns ends them
                self._columns += 1
                column = self._columns
            if _is(child, "LineBox"):
                self._line(child, box, column, row)
            else:
                self._read(child, column, row)

    def _line(self, line: Any, block: Any, column: int, row: int) -> None:
        element = block.element
        tag = str(getattr(element, "tag", ""))
        if not _floats(block):
            self.lines.append(_Line(self.number, column, row, line, element, tag))
        self._judge_width(line, block)

    def _judge_width(self, line: Any, block: Any) -> None:
        """Compare what stands in a line with the room its block has."""
        texts = [box for box in _inside(line) if _is(box, "TextBox") and box.text.strip()]
        if not texts:
            return
        left = min(float(box.position_x) for box in texts)
        right = max(float(box.position_x + box.width) for box in texts)
        start = float(block.content_box_x())
        over = max(right - start - float(block.width), start - left) * MM
        edge = max(right - float(self.page.margin_width()), -left) * MM
        kind = "off-page" if edge > _OVERHANG else "wide" if over > _OVERHANG else ""
        if kind:
            place = _place(line)
            shown = max(0.0, left * MM), max(0.0, (right - left) * MM)
            self.faults.append(
                Fault(
                    kind=kind,
                    page=self.number,
                    x=round(shown[0], 1),
                    y=place[1],
                    width=round(shown[1], 1),
                    height=place[3],
                    text=_words(line),
                )
            )


def _lonely(lines: Sequence[_Line]) -> Iterator[Fault]:
    """Yield single lines of a paragraph that goes on, or began, in another column."""
    parts: dict[int, dict[int, list[_Line]]] = defaultdict(lambda: defaultdict(list))
    for line in lines:
        if line.element is not None and line.tag in ("p", "li", "dd", "blockquote"):
            parts[id(line.element)][line.column].append(line)
    for columns in parts.values():
        if len(columns) < 2:
            continue
        ordered = list(columns.values())
        if len(ordered[0]) == 1:
            yield _fault("orphan", ordered[0][0])
        if len(ordered[-1]) == 1:
            yield _fault("widow", ordered[-1][0])


def _stranded(lines: Sequence[_Line]) -> Iterator[Fault]:
    for heading, after in itertools.pairwise(lines):
        if heading.tag not in _HEADINGS or after.element is heading.element:
            continue
        beside = after.row == heading.row and after.column != heading.column
        if after.page != heading.page or beside:
            yield _fault("stranded", heading)


def _fault(kind: str, line: _Line) -> Fault:
    x, y, width, height = _place(line.box)
    return Fault(
        kind=kind,
        page=line.page,
        x=x,
        y=y,
        width=width,
        height=height,
        text=_words(line.box),
    )


def _place(box: Any) -> tuple[float, float, float, float]:
    sizes = (box.position_x, box.position_y, box.width, box.height)
    x, y, width, height = (round(float(size) * MM, 1) for size in sizes)
    return x, y, width, height


def _words(line: Any) -> str:
    text = "".join(box.text for box in _inside(line) if _is(box, "TextBox"))
    return " ".join(text.replace("\u00ad", "").split())[:_QUOTED]


def _columns_of(box: Any) -> list[Any]:
    """Return the columns among a box's children: anonymous blocks that share its element."""
    element = box.element
    if element is None or box.style["column_count"] == box.style["column_width"] == "auto":
        return []
    return [
        child
        for child in getattr(box, "children", ())
        if _is(child, "BlockBox") and child.element is element
    ]


def _floats(box: Any) -> bool:
    return bool(box.style["float"] in ("left", "right", "footnote"))


def _inside(box: Any) -> Iterator[Any]:
    yield box
    for child in getattr(box, "children", ()):
        yield from _inside(child)


def _is(box: Any, name: str) -> bool:
    return any(kind.__name__ == name for kind in type(box).__mro__)
