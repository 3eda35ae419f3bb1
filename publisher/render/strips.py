"""Strips and columns of a data page: shapes as SVG without words, in the page's own colours.

The words stand beside them as HTML: so they keep their size on a phone, where a drawing
shrinks, and tables can be read aloud. Colours are classes (`.s-NAME`), for the style to
turn them round by night and on paper. Vega draws the magazine's charts; here it would
bring an engine of 100 MB for a few rectangles, and colours that no style can change.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from markupsafe import Markup

_WIDTH = 1000.0
_GAP = 2.0  #: of a thousand, between the parts of a strip
_LEAST = 3.0  #: what is little is still seen


@dataclass(frozen=True)
class Part:
    """One part of a strip."""

    name: str  #: the class it is coloured by
    value: float
    words: str = ""  #: what it is, for whoever points at it


def strip(parts: Sequence[Part], *, whole: float, title: str, desc: str = "") -> Markup:
    """Draw parts of a whole one after another, from the side a line begins on."""
    shapes, left = [], 0.0
    shown = [part for part in parts if part.value > 0 and whole > 0]
    for part in shown:
        width = max(_LEAST, part.value / whole * _WIDTH)
        words = f"<title>{escape(part.words)}</title>" if part.words else ""
        seen = max(_LEAST, width - _GAP)
        shapes.append(
            f'<rect class="s-{escape(part.name)}" x="{left:.2f}" width="{seen:.2f}" height="10">'
            f"{words}</rect>"
        )
        left += width
    return _svg("strip", f"0 0 {max(left, _WIDTH):.2f} 10", "".join(shapes), title, desc)


def columns(values: Sequence[float], *, title: str, desc: str = "", slots: int = 0) -> Markup:
    """Draw a column for each value, the highest as high as the drawing; `slots` are its places."""
    slots = max(slots, len(values), 1)
    peak = max(values, default=0.0)
    shapes = []
    for place, value in enumerate(values):
        if value <= 0:
            continue
        height = max(1.0, value / peak * 100)
        shapes.append(
            f'<rect x="{place * 10 + 1}" y="{100 - height:.2f}" width="8" height="{height:.2f}"/>'
        )
    return _svg("columns", f"0 0 {slots * 10} 100", "".join(shapes), title, desc)


def gauge(
    value: float, *, top: float, marks: Sequence[float], title: str, desc: str = ""
) -> Markup:
    """Draw where a value stands on a scale from nothing to `top`, with bounds at `marks`."""
    bounds = [0.0, *marks, top]
    fields = [
        f'<rect class="g-{n}" x="{low / top * _WIDTH:.2f}"'
        f' width="{(high - low) / top * _WIDTH - _GAP:.2f}" y="6" height="8"/>'
        for n, (low, high) in enumerate(pairwise(bounds))
    ]
    at = min(max(value / top, 0.0), 1.0) * (_WIDTH - 8)
    needle = f'<rect class="needle" x="{at:.2f}" width="8" y="0" height="20"/>'
    return _svg("gauge", f"0 0 {_WIDTH:.0f} 20", "".join(fields) + needle, title, desc)


def _svg(kind: str, box: str, shapes: str, title: str, desc: str) -> Markup:
    told = f"<title>{escape(title)}</title>" + (f"<desc>{escape(desc)}</desc>" if desc else "")
    return Markup(  # noqa: S704 -- every word in it is escaped here
        f'<svg class="{kind}" role="img" viewBox="{box}" preserveAspectRatio="none">'
        f"{told}{shapes}</svg>"
    )
