"""Figures in a table -> a chart, drawn by Vega from a specification made here.

After the manner of The Economist: no frame, a thin grid only where values cannot stand
at their marks, names at the ends of lines instead of a legend.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from publisher.content.areas import draw_areas
from publisher.content.bars import draw_bars
from publisher.content.body import Look
from publisher.content.drawing import Drawing
from publisher.content.lines import draw_lines
from publisher.content.marks import Chart
from publisher.content.slopes import draw_slopes
from publisher.errors import ContentError


@dataclass(frozen=True)
class _Type:
    """How a type of chart is drawn, and how much of it a reader can take in."""

    draw: Callable[[Chart, Look, str], Drawing]
    series: int  #: the most columns of figures
    rows: tuple[int, int]
    advice: str


_TYPES: Mapping[str, _Type] = {
    "bar": _Type(draw_bars, 4, (1, 40), "use type: line, or group the small ones"),
    "line": _Type(draw_lines, 6, (2, 2000), "use type: bar for one point, and leave lines out"),
    "area": _Type(draw_areas, 6, (2, 2000), "use type: bar for one point, and join small areas"),
    "slope": _Type(draw_slopes, 2, (1, 14), "give two columns, before and after, and few rows"),
}
#: what `type:` may say; a table is set by the page, not drawn
TYPES = (*_TYPES, "table")


def draw(chart: Chart, look: Look, language: str) -> Drawing:
    """Draw the chart; raise `ContentError` when it would not be readable."""
    kind, data = _TYPES[chart.type], chart.data
    least, most = kind.rows
    if len(data.columns) > kind.series:
        raise ContentError(
            f"a {chart.type} chart shows at most {kind.series} columns of figures: {kind.advice}"
        )
    if not least <= len(data.labels) <= most:
        raise ContentError(f"a {chart.type} chart shows from {least} to {most} rows: {kind.advice}")
    return kind.draw(chart, look, language)
