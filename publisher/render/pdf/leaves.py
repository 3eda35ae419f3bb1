"""Pages as they were laid out: how full they are, what stands on them."""

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from weasyprint.formatting_structure import boxes

from publisher.render.leaf import Leaf

MM = 25.4 / 96  #: millimetres in one of the engine's pixels


def leaves_of(pages: list[Any]) -> tuple[Leaf, ...]:
    """Return what is to be known of laid-out pages."""
    return tuple(_leaf(number, page) for number, page in enumerate(pages, 1))


def _leaf(number: int, page: Any) -> Leaf:
    box = page._page_box
    top, height = box.content_box_y(), box.height
    flow = list(_flow(box))
    bottom = max(map(_bottom, flow), default=top)
    lines = [one for one in flow if isinstance(one, boxes.LineBox) and _running(one)]
    return Leaf(
        number=number,
        name=box.page_type.name or "",
        width=page.width * MM,
        height=page.height * MM,
        fill=round((bottom - top) / height, 3) if height else 0.0,
        anchors=tuple(page.anchors),
        gaps=tuple(_gaps(box)),
        first=next((_first_block(row[0]) for row in _rows(box)), -1),
        lines=len(lines),
        words=sum(len(_text(line).split()) for line in lines),
    )


def _gaps(page_box: Any) -> Iterator[tuple[float, int]]:
    """Yield how far columns fall short of the tallest one beside them, and what they fled."""
    for row in _rows(page_box):
        tallest = max(_lowest(column) for column in row)
        for column, following in zip_longest(row, row[1:]):
            short = (tallest - _lowest(column)) * MM
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


def _running(line: Any) -> bool:
    """Return whether a line belongs to a paragraph of running text."""
    return bool(line.element_tag == "p" and line.element.get("data-block") is not None)


def _text(box: Any) -> str:
    if isinstance(box, boxes.TextBox):
        return str(box.text)
    return "".join(_text(child) for child in getattr(box, "children", ()))
