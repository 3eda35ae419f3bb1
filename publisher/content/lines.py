"""Line charts: one line a series, named at its end."""

from typing import Any

from publisher.content.body import Look
from publisher.content.drawing import Drawing
from publisher.content.marks import Chart, colours, encode, written
from publisher.content.plots import End, plot

#: the lines of one chart differ in their strokes too: colour is lost in grey and to some eyes
_STROKES = ((), (5, 3), (1.2, 2.4), (9, 3), (7, 2.5, 1.2, 2.5), (3, 1.5))
_FIRST, _OTHER = 2.0, 1.5  #: points


def draw_lines(chart: Chart, look: Look, language: str) -> Drawing:
    """Draw every column of figures as a line; labels that rise like years are to scale."""
    data = chart.data
    known = [value for column in data.columns for value in column if value is not None]
    strokes = _strokes(chart, look)
    ends: list[End] = []
    dots: list[dict[str, Any]] = []
    for column, name, (fill, _, _) in zip(data.columns, data.names, strokes, strict=True):
        last = next((i for i in reversed(range(len(column))) if column[i] is not None), None)
        if last is None:
            continue
        value = column[last] or 0.0
        said = name if len(data.columns) > 1 else written(value, chart, language)
        ends.append(End(said, value, fill))
        dots.append({"point": last, "y": value, "fill": fill})
    ground = plot(chart, look, language, span=(min(known), max(known)), ends=ends)
    rows = [
        {"series": series, "x": x, "y": value, "known": value is not None}
        for series, column in enumerate(data.columns)
        for x, value in zip(ground.positions, column, strict=True)
    ]
    for dot in dots:
        dot["x"] = ground.positions[dot["point"]]
    lines = [
        {
            "type": "line",
            "name": "lines",
            "from": {"data": f"line {series}"},
            "encode": encode(
                x={"scale": "x", "field": "x"},
                y={"scale": "y", "field": "y"},
                # a gap in the figures is a gap in the line
                defined={"field": "known"},
                stroke=fill,
                strokeWidth=width,
                strokeDash={"value": list(dash)},
                strokeJoin="round",
            ),
        }
        for series, (fill, dash, width) in enumerate(strokes)
    ]
    points = {
        "type": "symbol",
        "name": "lasts",
        "from": {"data": "lasts"},
        "encode": encode(
            x={"scale": "x", "field": "x"},
            y={"scale": "y", "field": "y"},
            fill={"field": "fill"},
            size=11.5,
        ),
    }
    return ground.draw(
        [
            *(
                {"name": f"line {series}", "values": [r for r in rows if r["series"] == series]}
                for series in range(len(data.columns))
            ),
            {"name": "lasts", "values": dots},
        ],
        [],
        # the first line is the strongest, so it lies on top
        [*reversed(lines), points],
    )


def _strokes(chart: Chart, look: Look) -> list[tuple[str, tuple[float, ...], float]]:
    """Return colour, dashes and width of each line; the first or highlighted ones are strong."""
    names = chart.data.names
    strong = set(chart.highlight) & set(names) or set(names[:1])
    others = iter(colours(look, len(names) + 1)[1:])
    return [
        (
            look.accent if name in strong else next(others),
            dash,
            _FIRST if name in strong else _OTHER,
        )
        for name, dash in zip(names, _STROKES, strict=False)
    ]
