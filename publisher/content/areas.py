"""Area charts: amounts over time, one on top of another, each named at its end."""

from publisher.content.body import Look
from publisher.content.drawing import Drawing, mix
from publisher.content.marks import Chart, colours, encode, written
from publisher.content.plots import End, plot
from publisher.errors import ContentError


def draw_areas(chart: Chart, look: Look, language: str) -> Drawing:
    """Draw every column of figures as a layer from zero; the first lies at the bottom.

    Raises `ContentError` for figures below zero: layers of them cannot be read.
    """
    data = chart.data
    if any(value is not None and value < 0 for column in data.columns for value in column):
        raise ContentError("an area chart cannot show figures below zero: use type: line")
    fills = colours(look, len(data.columns))
    sums = [sum(value or 0.0 for value in row) for row in zip(*data.columns, strict=True)]
    ends, below = [], 0.0
    for column, name, fill in zip(data.columns, data.names, fills, strict=True):
        last = column[-1] or 0.0
        alone = len(data.columns) == 1
        said = written(last, chart, language) if alone else name
        ends.append(End(said, last if alone else below + last / 2, fill))
        below += last
    ground = plot(chart, look, language, span=(0.0, max(sums)), ends=ends)
    rows = [
        {"series": series, "x": x, "y": value or 0.0}
        for series, column in enumerate(data.columns)
        for x, value in zip(ground.positions, column, strict=True)
    ]
    marks = []
    for series, fill in enumerate(fills):
        # the edge carries the colour; below it a tint lets the grid's end be seen
        tint = mix(fill, look.paper, 0.32 if len(fills) == 1 else 0.62)
        place = {"x": {"scale": "x", "field": "x"}, "y": {"scale": "y", "field": "y1"}}
        layer = {"data": f"layer {series}"}
        below_it = {"y2": {"scale": "y", "field": "y0"}}
        marks += [
            {
                "type": "area",
                "name": "areas",
                "from": layer,
                "encode": encode(**place, **below_it, fill=tint),
            },
            {
                "type": "line",
                "name": "edges",
                "from": layer,
                "encode": encode(
                    **place,
                    stroke=fill,
                    strokeWidth=1.6 if len(fills) == 1 else 0.9,
                    strokeJoin="round",
                ),
            },
        ]
    stack = {"type": "stack", "groupby": ["x"], "field": "y", "sort": {"field": "series"}}
    return ground.draw(
        [
            {"name": "layers", "values": rows, "transform": [stack]},
            *(
                {
                    "name": f"layer {series}",
                    "source": "layers",
                    "transform": [{"type": "filter", "expr": f"datum.series == {series}"}],
                }
                for series in range(len(fills))
            ),
        ],
        [],
        marks,
    )
