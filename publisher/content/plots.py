"""The ground that lines and areas stand on: grid, ticks, labels of points, names at the ends."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from publisher.content.body import Look
from publisher.content.drawing import POINTS_PER_MM, Box, Drawing, Text, measure, wrap
from publisher.content.lift import texts
from publisher.content.marks import (
    LINE,
    TEXT,
    Chart,
    Marks,
    drawn,
    encode,
    nice_ticks,
    unit_after,
    words,
)
from publisher.content.numbers import write_number

#: points a plot is high: never a ribbon in a narrow column, never half of a page
_LOWEST, _TALLEST = 42 * POINTS_PER_MM, 58 * POINTS_PER_MM
_STEPS = (1, 2, 3, 4, 5, 6, 7, 10, 12, 15, 20, 25, 30, 50, 100, 200, 250, 500)


@dataclass(frozen=True)
class End:
    """A name beside the last point of a series."""

    words: str
    y: float  #: the value it stands at
    fill: str


@dataclass(frozen=True)
class Plot:
    """The ground of one chart, and the specification's parts that draw it."""

    look: Look
    box: Box
    width: float
    height: float
    ticks: tuple[float, ...]
    positions: tuple[float, ...]  #: of the points, in the unit of the x scale
    parts: tuple[Marks, Marks]  #: data and marks
    ends: Marks  #: data of the names

    def draw(self, data: Marks, scales: Marks, marks: Marks) -> Drawing:
        """Draw grid, series and names; names that would touch are pushed apart."""
        box, first, last = self.box, self.positions[0], self.positions[-1]
        own: Marks = [
            {
                "name": "x",
                "zero": False,
                "domain": [first, last],
                "range": [box.left + 3, box.right - 3],
            },
            {
                "name": "y",
                "domain": [self.ticks[0], self.ticks[-1]],
                "zero": False,
                "range": [box.bottom, box.top],
            },
        ]
        name = words(
            "ends",
            "ends",
            x=box.right + 4,
            y={"scale": "y", "field": "y"},
            fill={"field": "fill"},
            fontWeight=700,
            lineHeight=LINE,
        )
        drawing = drawn(
            self.width,
            self.height,
            self.look,
            data=[*self.parts[0], *data, {"name": "ends", "values": self.ends}],
            scales=[*own, *scales],
            marks=[*self.parts[1], *marks, name],
        )
        apart(drawing, "ends", 0.0, box.bottom + 2)
        return drawing


def plot(
    chart: Chart, look: Look, language: str, *, span: tuple[float, float], ends: Sequence[End]
) -> Plot:
    """Lay out the ground: as wide as the look, room left for tick labels and names."""
    width = look.width * POINTS_PER_MM
    height = max(min(width * 0.58, _TALLEST), _LOWEST)
    ticks = nice_ticks(*span)
    names = [write_number(tick, language, chart.unit) for tick in ticks]
    names[-1] += unit_after(chart)
    lines = [wrap(end.words, TEXT, width * 0.26, look) for end in ends]
    left = max(measure(name, TEXT, look) for name in names[:-1]) + 5
    right = max((measure(w, TEXT, look, bold=True) for one in lines for w in one), default=0) + 7
    box = Box(left, TEXT + 4, width - right, height - TEXT - 7)
    data, marks = _grid(ticks, names, box, look)
    positions = spaced(chart.data.labels)
    points, point_marks = _points(chart.data.labels, positions, box, width, look)
    said: Marks = [
        {"words": one if len(one) > 1 else one[0], "y": end.y, "fill": end.fill}
        for one, end in zip(lines, ends, strict=True)
    ]
    return Plot(
        look,
        box,
        width,
        height,
        tuple(ticks),
        tuple(positions),
        ([data, points], [*marks, *point_marks]),
        said,
    )


def _grid(
    ticks: Sequence[float], names: Sequence[str], box: Box, look: Look
) -> tuple[dict[str, Any], Marks]:
    rows = []
    for tick, name in zip(ticks, names, strict=True):
        base = tick == 0 or (tick == ticks[0] and ticks[0] > 0)
        top = tick == ticks[-1]  # it carries the unit, so it stands on its line, not before it
        rows.append(
            {
                "y": tick,
                "words": name,
                "stroke": look.ink if base else look.grid,
                "start": 0.0 if top else round(box.left, 2),
                "x": 0.0 if top else round(box.left - 5, 2),
                "align": "left" if top else "right",
                "up": -TEXT * 0.75 if top else 0.0,
            }
        )
    y = {"scale": "y", "field": "y"}
    rule = encode(
        x={"field": "start"}, x2=box.right, y=y, stroke={"field": "stroke"}, strokeWidth=0.6
    )
    label = words(
        "ticks",
        "ticks",
        x={"field": "x"},
        y={**y, "offset": {"field": "up"}},
        align={"field": "align"},
        fill=look.muted,
    )
    grid = {"type": "rule", "name": "grid", "from": {"data": "ticks"}, "encode": rule}
    return {"name": "ticks", "values": rows}, [grid, label]


def spaced(labels: Sequence[str]) -> list[float]:
    """Return the place of each point: to scale for years and other rising numbers."""
    try:
        numbers = [float(label) for label in labels]
    except ValueError:
        numbers = []
    rising = numbers and all(b > a for a, b in pairwise(numbers))
    if not rising or not all(map(math.isfinite, numbers)):
        return [float(place) for place in range(len(labels))]
    return numbers


def _points(
    labels: Sequence[str], positions: Sequence[float], box: Box, width: float, look: Look
) -> tuple[dict[str, Any], Marks]:
    """Write the first and last label and as many between as fit without touching."""
    long = (box.right - box.left - 6) / (positions[-1] - positions[0])
    xs = [box.left + 3 + (place - positions[0]) * long for place in positions]
    halves = [measure(label, TEXT, look) / 2 for label in labels]
    chosen = _some(xs, halves)
    rows = [
        {
            "at": round(xs[place], 2),
            "x": round(min(max(xs[place], halves[place]), width - halves[place]), 2),
            "words": labels[place],
        }
        for place in chosen
    ]
    tick = encode(
        x={"field": "at"}, y=box.bottom, y2=box.bottom + 2.5, stroke=look.ink, strokeWidth=0.5
    )
    label = words(
        "points",
        "points",
        x={"field": "x"},
        y=box.bottom + 3.2 + TEXT * 0.5,
        align="center",
        fill=look.muted,
    )
    return {"name": "points", "values": rows}, [
        {"type": "rule", "name": "grid", "from": {"data": "points"}, "encode": tick},
        label,
    ]


def _some(xs: Sequence[float], halves: Sequence[float]) -> list[int]:
    last = len(xs) - 1
    for step in _STEPS:
        chosen = [place for place in range(0, last + 1, step) if last - place >= step]
        chosen.append(last)
        if all(xs[b] - xs[a] > halves[a] + halves[b] + 6 for a, b in pairwise(chosen)):
            return chosen
    return [0, last] if xs[-1] - xs[0] > halves[0] + halves[-1] + 2 else [last]


def apart(drawing: Drawing, mark: str, top: float, bottom: float) -> None:
    """Push the labels of a mark up and down until none touches another."""
    labels: list[list[Text]] = []
    for text in texts(drawing, mark):
        if text.line:
            labels[-1].append(text)
        else:
            labels.append([text])
    middles = [sum(text.y for text in label) / len(label) - TEXT * 0.3 for label in labels]
    tall = [len(label) * LINE for label in labels]
    order = sorted(range(len(labels)), key=lambda number: (middles[number], number))
    tops = [middle - height / 2 for middle, height in zip(middles, tall, strict=True)]
    floor = top
    for number in order:
        tops[number] = max(tops[number], floor)
        floor = tops[number] + tall[number] + 0.6
    ceiling = bottom
    for number in reversed(order):
        tops[number] = min(tops[number], ceiling - tall[number])
        ceiling = tops[number] - 0.6
    moved = {
        id(text): replace(text, y=tops[number] + TEXT * 0.86 + text.line * LINE)
        for number, label in enumerate(labels)
        for text in label
    }
    drawing.texts = [moved.get(id(text), text) for text in drawing.texts]
