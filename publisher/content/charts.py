"""Figures in a table -> a bar or line chart.

After the manner of The Economist: no frame, a thin grid only where values cannot stand
at their marks, names at the ends of lines instead of a legend.
"""

from publisher.content.bars import draw_bars
from publisher.content.body import Look
from publisher.content.drawing import Canvas
from publisher.content.lines import draw_lines
from publisher.content.marks import Chart
from publisher.errors import ContentError

TYPES = ("bar", "line")
_MOST_BARS = 40
_MOST_LINES = 6
_MOST_POINTS = 400


def draw(chart: Chart, look: Look, language: str) -> Canvas:
    """Draw the chart; raise `ContentError` when it would not be readable."""
    data = chart.data
    if chart.type == "bar":
        if len(data.columns) > 1:
            raise ContentError("a bar chart shows one column of figures: use type: line for more")
        if len(data.labels) > _MOST_BARS:
            raise ContentError(f"the chart has more than {_MOST_BARS} bars: group the small ones")
        return draw_bars(chart, look, language)
    if len(data.columns) > _MOST_LINES:
        raise ContentError(f"the chart has more than {_MOST_LINES} lines: leave some out")
    if not 2 <= len(data.labels) <= _MOST_POINTS:
        raise ContentError(f"a line needs from 2 to {_MOST_POINTS} points: use type: bar for one")
    return draw_lines(chart, look, language)
