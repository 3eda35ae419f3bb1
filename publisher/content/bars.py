"""Bar charts: lying bars with names beside them, or standing ones over years."""

from dataclasses import dataclass
from typing import Any

from publisher.content.body import Look
from publisher.content.drawing import POINTS_PER_MM, Drawing, measure, wrap
from publisher.content.keys import Key, key_of
from publisher.content.locales import is_rtl
from publisher.content.marks import (
    LINE,
    TEXT,
    Chart,
    Marks,
    colours,
    drawn,
    encode,
    legible_on,
    quiet,
    unit_after,
    words,
    written,
)

_BAR = 8.0  #: points a lying bar is thick, or all those of one label together


@dataclass(frozen=True)
class _Bars:
    """What both directions are drawn from."""

    chart: Chart
    look: Look
    rtl: bool
    rows: list[dict[str, Any]]  #: of every bar: place, series, value, colour, and its words
    low: float
    high: float
    room: float  #: points the widest figure takes


def draw_bars(chart: Chart, look: Look, language: str) -> Drawing:
    """Draw one bar for each figure; several columns side by side, or stacked."""
    bars = _bars(chart, look, language)
    width = look.width * POINTS_PER_MM
    labels, series = chart.data.labels, len(chart.data.columns)
    slot = width / len(labels)
    # years and months read along the line; names read better one below the other
    upright = len(labels) > 2 and all(
        label[:1].isdigit() and measure(label, TEXT, look) < slot - 3 for label in labels
    )
    fits = bars.room < (slot - 2) / (1 if chart.stacked else series)
    key = (
        key_of(chart.data.names, bars_colours(chart, look), look, language) if series > 1 else Key()
    )
    if upright and fits:
        return _standing(bars, key, width)
    return _lying(bars, key, width)


def bars_colours(chart: Chart, look: Look) -> list[str]:
    """Return the colour of each column of figures."""
    return colours(look, len(chart.data.columns))


def _bars(chart: Chart, look: Look, language: str) -> _Bars:
    """Decide colours and words; the unit is said with the first figure only."""
    data = chart.data
    rows: list[dict[str, Any]] = []
    fills, after = bars_colours(chart, look), unit_after(chart)
    for series, column in enumerate(data.columns):
        for place, (label, value) in enumerate(zip(data.labels, column, strict=True)):
            said = written(value, chart, language)
            strong = label in chart.highlight
            fill = fills[series]
            if len(data.columns) == 1 and chart.highlight and not strong:
                fill = quiet(look)
            rows.append(
                {
                    "place": place,
                    "series": series,
                    "value": value or 0.0,
                    "words": said + (after if said else ""),
                    "fill": fill,
                    "ink": legible_on(fill, look),
                    "weight": 700 if strong else 400,
                }
            )
            after = "" if said else after
    if chart.stacked:
        columns = list(zip(*data.columns, strict=True))
        highs = [sum(v for v in column if v and v > 0) for column in columns]
        lows = [sum(v for v in column if v and v < 0) for column in columns]
    else:
        highs = lows = [row["value"] for row in rows]
    room = max(measure(row["words"], TEXT, look, bold=row["weight"] > 400) for row in rows)
    return _Bars(
        chart, look, is_rtl(language), rows, min(0.0, *lows, 0.0), max(0.0, *highs, 0.0), room
    )


def _scales(
    bars: _Bars, places: tuple[float, float], values: tuple[float, float], air: float
) -> Marks:
    """Return where labels, bars within a label, and values stand; `air` is a share of the step."""
    series, count = len(bars.chart.data.columns), len(bars.chart.data.labels)
    low, high = bars.low, bars.high if bars.high > bars.low else bars.low + 1.0
    return [
        {
            "name": "place",
            "type": "band",
            "domain": list(range(count)),
            "range": list(places),
            "paddingInner": round(air, 4),
            "paddingOuter": round(air / 2, 4),
        },
        {
            "name": "series",
            "type": "band",
            "domain": [0] if bars.chart.stacked else list(range(series)),
            "range": [0, {"signal": "bandwidth('place')"}],
        },
        {"name": "value", "type": "linear", "domain": [low, high], "range": list(values)},
    ]


def _marks(bars: _Bars, *, lying: bool) -> Marks:
    """Return the bars, their figures, and the line they stand on."""
    along, across, size = ("x", "y", "height") if lying else ("y", "x", "width")
    look, stacked = bars.look, bars.chart.stacked
    start: Any = {"scale": "value", "field": "y0"} if stacked else {"scale": "value", "value": 0}
    end: Any = {"scale": "value", "field": "y1" if stacked else "value"}
    own = "0" if stacked else "datum.series"
    # a little more air between labels than between the bars of one
    side = {"scale": "place", "field": "place", "offset": {"signal": f"scale('series', {own})"}}
    middle: Any = {"signal": f"scale('place', datum.place) + scale('series', {own})"
                             " + bandwidth('series') / 2"}  # fmt: skip
    rect = encode(fill={"field": "fill"}, **{along: start, f"{along}2": end, across: side})
    rect["update"][size] = {"scale": "series", "band": 1}
    if stacked:
        rect["update"] |= encode(stroke=look.paper, strokeWidth=0.7)["update"]
    marks: Marks = [{"type": "rect", "name": "bars", "from": {"data": "bars"}, "encode": rect}]
    if stacked:
        halfway: Any = {"scale": "value", "signal": "(datum.y0 + datum.y1) / 2"}
        place = {along: halfway, across: middle, "align": "center", "fill": {"field": "ink"}}
    else:
        ahead = (-1 if bars.rtl else 1) if lying else -1
        away = 3.5 if lying else TEXT * 0.75
        beyond = {"signal": f"datum.value < 0 ? {-ahead * away} : {ahead * away}"}
        toward = "datum.value < 0 ? '{}' : '{}'".format(
            *(("left", "right") if bars.rtl else ("right", "left"))
        )
        place = {
            along: {**end, "offset": beyond},
            across: middle,
            "align": {"signal": toward} if lying else "center",
            "fill": look.ink,
            "fontWeight": {"field": "weight"},
        }
    return [*marks, words("bars" if not stacked else "fitting", "figures", **place)]


def _transforms(bars: _Bars, span: float) -> Marks:
    """Return the data Vega works on: stacked, and without words their bar has no room for."""
    base: dict[str, Any] = {"name": "bars", "values": bars.rows}
    if not bars.chart.stacked:
        return [base]
    base["transform"] = [{"type": "stack", "groupby": ["place"], "field": "value"}]
    scale = span / ((bars.high - bars.low) or 1.0)
    for row in bars.rows:
        row["room"] = round(measure(row["words"], TEXT, bars.look) + 3, 2)
    fitting = f"abs(datum.y1 - datum.y0) * {scale:.6g} > datum.room"
    return [
        base,
        {
            "name": "fitting",
            "source": "bars",
            "transform": [{"type": "filter", "expr": fitting}],
        },
    ]


def _lying(bars: _Bars, key: Key, width: float) -> Drawing:
    """Draw label, bar, value; mirrored for languages written from the right."""
    chart, look, rtl = bars.chart, bars.look, bars.rtl
    lines = [wrap(label, TEXT, width * 0.38, look) for label in chart.data.labels]
    gutter = max(measure(line, TEXT, look) for label in lines for line in label) + 6
    aside = 0.0 if chart.stacked else bars.room + 6
    before, behind = (aside if bars.low < 0 else 0.0), (aside if bars.high > 0 else 0.0)
    thick = _BAR if len(chart.data.columns) == 1 or chart.stacked else 8.5 * len(chart.data.columns)
    if chart.stacked:
        thick = TEXT + 4
    step = max(thick / 0.72, max(map(len, lines)) * LINE + 3.5)
    top = key.height
    height = top + step * len(lines)
    ends = (gutter + before, width - behind)
    values = (width - ends[0], width - ends[1]) if rtl else ends
    labels = [
        {"place": place, "words": label if len(label) > 1 else label[0], "up": (len(label) - 1) / 2}
        for place, label in enumerate(lines)
    ]
    middle = f"scale('place', datum.place) + bandwidth('place') / 2 - datum.up * {LINE:.4g}"
    name = words(
        "labels",
        "labels",
        x=width - gutter + 6 if rtl else gutter - 6,
        y={"signal": middle},
        align="left" if rtl else "right",
        fill=look.ink,
    )
    zero = {"scale": "value", "value": 0}
    line = encode(x=zero, y=top, y2=height, stroke=look.ink, strokeWidth=0.6)
    drawing = drawn(
        width,
        height,
        look,
        scales=_scales(bars, (top, height), values, 1 - thick / step),
        marks=[*_marks(bars, lying=True), name, {"type": "rule", "encode": line}],
        data=[*_transforms(bars, abs(values[1] - values[0])), {"name": "labels", "values": labels}],
    )
    return key.put(drawing)


def _standing(bars: _Bars, key: Key, width: float) -> Drawing:
    """Draw standing bars with their values above and their labels below."""
    look = bars.look
    head = 2.0 if bars.chart.stacked else TEXT + 4
    top, plot = key.height + head, width * 0.42
    foot = top + plot + (TEXT + 3 if bars.low < 0 and not bars.chart.stacked else 0)
    height = foot + TEXT + 5
    labels = [
        {"place": place, "words": label} for place, label in enumerate(bars.chart.data.labels)
    ]
    name = words(
        "labels",
        "labels",
        x={"scale": "place", "field": "place", "band": 0.5},
        y=foot + TEXT * 0.5 + 3,
        align="center",
        fill=look.muted,
    )
    zero = {"scale": "value", "value": 0}
    line = encode(x=0, x2=width, y=zero, stroke=look.ink, strokeWidth=0.6)
    widest = 32.0 if bars.chart.stacked else 32.0 * len(bars.chart.data.columns)
    air = max(0.28, 1 - widest * len(labels) / width)
    drawing = drawn(
        width,
        height,
        look,
        scales=_scales(bars, (width, 0) if bars.rtl else (0, width), (top + plot, top), air),
        marks=[*_marks(bars, lying=False), name, {"type": "rule", "encode": line}],
        data=[*_transforms(bars, plot), {"name": "labels", "values": labels}],
    )
    return key.put(drawing)
