"""Keep the lines of neighbouring columns on one baseline grid.

CSS has `block-step` for this, which the engine lacks. What is not running text, such as a
picture with its caption, ends anywhere; the space after it is widened until the next line
stands where it would stand without it. The text itself begins a whole number of lines below
the head of the page, so that facing pages agree too. What is wrapped is private to
WeasyPrint: with any version but the tested one we do without.

Which boxes take part, templates say in the attribute `data-grid`: "start" the columns that
begin on the grid, "text" a box within them that does so too, "end" one after which the text
goes on on the grid, as it does after every numbered block of a body (`data-block`).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import weasyprint
from weasyprint.css import AnonymousStyle
from weasyprint.layout import block
from weasyprint.text.line_break import strut

from publisher.render.pdf.memo import TESTED

_NEARLY = 0.02  #: pixels that rounding may lose


@dataclass(frozen=True)
class _Grid:
    """Lines `step` pixels apart, the first one below `origin`."""

    origin: float
    step: float

    def missing(self, y: float) -> float:
        """Return what a height lacks of the next line, in pixels."""
        over = (y - self.origin) % self.step if self.step else 0.0
        return 0.0 if over < _NEARLY or self.step - over < _NEARLY else self.step - over


@contextmanager
def on_baseline() -> Iterator[None]:
    """Let the engine keep to the grid. The engine is the whole process's: one layout at a time."""
    if weasyprint.__version__ != TESTED:
        yield
        return
    lay = block.block_level_layout_switch
    block.block_level_layout_switch = _stepping(lay)
    try:
        yield
    finally:
        block.block_level_layout_switch = lay


def _stepping(lay: Callable[..., Any]) -> Callable[..., Any]:
    grid: _Grid | None = None  # of the columns that are being laid out

    def stepping(
        context: Any,
        box: Any,
        bottom_space: float,
        skip_stack: Any,
        containing_block: Any,
        page_is_empty: bool,
        absolute_boxes: Any,
        fixed_boxes: Any,
        adjoining_margins: list[float],
        *more: Any,
        **named: Any,
    ) -> Any:
        nonlocal grid
        outer, role = grid, _role(box)
        above = block.collapse_margin([*adjoining_margins, box.margin_top]) if role else 0.0
        if role == "start":
            grid = _Grid(containing_block.content_box_y(), strut(box.style)[0])
            # the engine does not let the margin of columns collapse with the one above
            top = block.collapse_margin(adjoining_margins) + box.content_box_y()
            if skip_stack is None:
                box.margin_top += grid.missing(top)
        elif role == "text" and grid and skip_stack is None:
            top = box.content_box_y() - box.margin_top + above
            box.margin_top = above + grid.missing(top)
        try:
            result = lay(
                context,
                box,
                bottom_space,
                skip_stack,
                containing_block,
                page_is_empty,
                absolute_boxes,
                fixed_boxes,
                adjoining_margins,
                *more,
                **named,
            )
        finally:
            grid = outer
        made, resume_at, margins = result[0], result[1], result[3]
        if role == "end" and grid and made is not None and resume_at is None:
            below = block.collapse_margin([*margins, made.margin_bottom])
            end = made.border_box_y() + made.border_height() + below
            # at the end of a column nothing follows: no block may leave it for a wider space
            room = max(context.page_bottom - bottom_space - end, 0.0)
            made.margin_bottom = below + min(grid.missing(end), room)
        return result

    return stepping


def _role(box: Any) -> str:
    """Return what an element's box does on the grid; boxes made within it do nothing."""
    element = box.element
    if element is None or isinstance(box.style, AnonymousStyle) or "::" in (box.element_tag or ""):
        return ""
    role: str = element.get("data-grid") or ("end" if element.get("data-block") else "")
    return role
