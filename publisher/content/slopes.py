"""Slope charts: before and after, one line for each row, named at both ends."""

from publisher.content.body import Look
from publisher.content.drawing import POINTS_PER_MM, Drawing, measure, wrap
from publisher.content.marks import (
    LINE,
    TEXT,
    Chart,
    colours,
    drawn,
    encode,
    quiet,
    unit_after,
    words,
    written,
)
from publisher.content.numbers import decimals
from publisher.content.plots import apart
from publisher.errors import ContentError


def draw_slopes(chart: Chart, look: Look, language: str) -> Drawing:
    """Draw each row as a line from its first figure to its second.

    Highlighted rows have the accent and the rest step back; without any, rows that rise
    and rows that fall differ in colour. Raises `ContentError` where a row lacks a figure.
    """
    data = chart.data
    if len(data.columns) != 2:
        raise ContentError("a slope chart needs two columns of figures: before and after")
    before, after = data.columns
    for place, pair in enumerate(zip(before, after, strict=True), 1):
        if None in pair:
            raise ContentError(f"row {place} of the slope chart lacks a figure: give both")
    first = [value or 0.0 for value in before]
    second = [value or 0.0 for value in after]
    width = look.width * POINTS_PER_MM
    known = [*first, *second]
    low, high = min(known), max(known)
    room = width * 0.36
    digits = decimals(known)
    said = [written(value, chart, language, digits) for value in (*first, *second)]
    said[0] += unit_after(chart)
    lefts, rights = said[: len(first)], said[len(first) :]
    names = [wrap(label, TEXT, room * 0.72, look) for label in data.labels]
    gutter = max(
        measure(lines[-1] + "  " + s, TEXT, look, bold=True)
        for lines, s in zip(names, lefts, strict=True)
    )
    gutter = min(
        max(gutter, max(measure(w, TEXT, look, bold=True) for one in names for w in one)) + 6, room
    )
    end = max(measure(text, TEXT, look, bold=True) for text in rights) + 8
    head = TEXT + 7
    lines = sum(len(one) for one in names) * LINE + len(names) * 1.5
    height = head + max(lines * 1.12, min(width * 0.62, 75 * POINTS_PER_MM))
    left, right = gutter, min(width - end, gutter + 1.9 * height)
    rows = []
    falling = colours(look, 2)[1]
    for place, label in enumerate(data.labels):
        strong = label in chart.highlight
        fill = look.accent if second[place] >= first[place] else falling
        if chart.highlight:
            fill = look.accent if strong else quiet(look)
        *above, last = names[place]
        rows.append(
            {
                "before": first[place],
                "after": second[place],
                "left": [*above, f"{last}\u2002{lefts[place]}"],
                "right": rights[place],
                "fill": fill,
                "ink": look.muted if chart.highlight and not strong else fill,
                "weight": 700 if strong or not chart.highlight else 400,
                "wide": 1.8 if strong else 1.3,
            }
        )
    rows.sort(key=lambda row: float(row["wide"]))  # type: ignore[arg-type]  # a number, as above
    for row in rows:
        if len(row["left"]) == 1:  # type: ignore[arg-type]  # a list, as above
            row["left"] = row["left"][0]  # type: ignore[index]
    heads = []
    for x, name in ((left, data.names[0]), (right, data.names[1])):
        half = measure(name, TEXT, look) / 2
        heads.append({"x": round(min(max(x, half), width - half), 2), "words": name})
    y = {"scale": "y"}
    named = {"fill": {"field": "ink"}, "fontWeight": {"field": "weight"}}
    sides = [
        {"x": left - 5, "field": "before", "text": "left", "align": "right"},
        {"x": right + 5, "field": "after", "text": "right", "align": "left"},
    ]
    marks = [
        {
            "type": "rule",
            "name": "grid",
            "encode": encode(x=x, y=head, y2=height - 1, stroke=look.grid, strokeWidth=0.6),
        }
        for x in (left, right)
    ]
    marks += [
        {
            "type": "rule",
            "name": "slopes",
            "from": {"data": "rows"},
            "encode": encode(
                x=left,
                x2=right,
                y={**y, "field": "before"},
                y2={**y, "field": "after"},
                stroke={"field": "fill"},
                strokeWidth={"field": "wide"},
            ),
        },
        *(
            {
                "type": "symbol",
                "name": "ends",
                "from": {"data": "rows"},
                "encode": encode(x=x, y={**y, "field": f}, fill={"field": "fill"}, size=14),
            }
            for x, f in ((left, "before"), (right, "after"))
        ),
        *(
            words(
                "rows",
                str(side["text"]),
                text={"field": side["text"]},
                x=side["x"],
                y={**y, "field": side["field"]},
                align=side["align"],
                **named,
            )
            for side in sides
        ),
        words(
            "heads",
            "heads",
            x={"field": "x"},
            y=TEXT * 0.5 + 1,
            align="center",
            fill=look.muted,
        ),
    ]
    drawing = drawn(
        width,
        height,
        look,
        data=[{"name": "rows", "values": rows}, {"name": "heads", "values": heads}],
        scales=[
            {
                "name": "y",
                "zero": False,
                "domain": [low, high if high > low else low + 1],
                "range": [height - LINE, head + LINE / 2 + 2],
            }
        ],
        marks=marks,
    )
    for side in ("left", "right"):
        apart(drawing, side, head, height)
    return drawing
