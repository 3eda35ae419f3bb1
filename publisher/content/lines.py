"""Line charts: one line a series, named at its end."""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

from publisher.content.body import Look
from publisher.content.drawing import POINTS_PER_MM, Box, Canvas
from publisher.content.marks import TEXT, Chart, wrap
from publisher.content.numbers import SIGNS, write_number

#: as names they stand on white, so each is as dark as small text must be
_SERIES = ("#1f6480", "#a8481f", "#4d6b3c", "#6d4a86", "#8a6414", "#5c5c5c")
#: the lines of one chart differ in their strokes too: colour is lost in grey and to some eyes
_STROKES = ("", "5 3", "1.2 2.4", "9 3", "7 2.5 1.2 2.5", "3 1.5")
_FIRST, _OTHER = 2.0, 1.5  #: points


def draw_lines(chart: Chart, look: Look, language: str) -> Canvas:
    """Draw every column of figures as a line; labels that rise like years are to scale."""
    data = chart.data
    canvas = Canvas(look, look.width * POINTS_PER_MM, look.width * POINTS_PER_MM * 0.58)
    known = [value for column in data.columns for value in column if value is not None]
    ticks = nice_ticks(min(known), max(known))
    names = [write_number(tick, language, chart.unit) for tick in ticks]
    if chart.unit and chart.unit not in SIGNS:
        names[-1] += f"\u00a0{chart.unit}"
    lasts = [
        next((value for value in reversed(column) if value is not None), None)
        for column in data.columns
    ]
    ends = [
        name if len(data.columns) > 1 else write_number(last, language, chart.unit)
        for name, last in zip(data.names, lasts, strict=True)
        if last is not None
    ]
    left = max(canvas.measure(name, TEXT) for name in names[:-1]) + 5
    wrapped = [wrap(canvas, end, canvas.width * 0.26) for end in ends]
    right = max(canvas.measure(w, TEXT, bold=True) for lines in wrapped for w in lines) + 7
    plot = Box(left, TEXT + 2, canvas.width - right, canvas.height - TEXT - 7)
    span = ticks[-1] - ticks[0]

    def y_of(value: float) -> float:
        return plot.bottom - (value - ticks[0]) / span * (plot.bottom - plot.top)

    for tick, name in zip(ticks, names, strict=True):
        y = y_of(tick)
        base = tick == 0 or (tick == ticks[0] and ticks[0] > 0)
        top = tick == ticks[-1]  # it carries the unit, so it stands on its line, not before it
        canvas.line(
            (0.0 if top else left, y), (plot.right, y), look.ink if base else look.grid, 0.6
        )
        if top:
            canvas.text(0.0, y - 2.5, name, size=TEXT, fill=look.muted)
        else:
            canvas.text(left - 5, y + TEXT * 0.35, name, size=TEXT, fill=look.muted, anchor="end")
    places = _positions(data.labels, plot)
    _label_points(canvas, data.labels, places, plot)
    tags = []
    for column, (colour, dash, width) in zip(data.columns, _strokes(chart, look), strict=True):
        points = [
            (x, y_of(value)) for x, value in zip(places, column, strict=True) if value is not None
        ]
        if not points:
            continue
        canvas.path(_polyline(places, column, y_of), stroke=colour, width=width, dash=dash)
        canvas.dot(*points[-1], 1.9, colour)
        tags.append((points[-1][1], colour))
    _label_ends(canvas, plot, wrapped, tags)
    return canvas


def _strokes(chart: Chart, look: Look) -> list[tuple[str, str, float]]:
    """Return colour, dashes and width of each line; the first or highlighted ones are strong."""
    names = chart.data.names
    strong = set(chart.highlight) & set(names) or set(names[:1])
    others = iter(_apart(look.accent, len(names)))
    return [
        (
            look.accent if name in strong else next(others),
            dash,
            _FIRST if name in strong else _OTHER,
        )
        for name, dash in zip(names, _STROKES, strict=False)
    ]


def _apart(accent: str, count: int) -> list[str]:
    """Return colours in an order in which each is as unlike the ones before it as can be."""
    chosen, left = [accent], list(_SERIES)
    while left and len(chosen) <= count:
        chosen.append(max(left, key=lambda one: min(_unlike(one, other) for other in chosen)))
        left.remove(chosen[-1])
    return chosen[1:]


def _unlike(one: str, other: str) -> float:
    """Return how far two colours lie apart to the eye: "redmean" of Thiadmer Riemersma."""
    (r1, g1, b1), (r2, g2, b2) = (
        [int(colour[place : place + 2], 16) for place in (1, 3, 5)] for colour in (one, other)
    )
    red = (r1 + r2) / 2
    return math.sqrt(
        (2 + red / 256) * (r1 - r2) ** 2
        + 4 * (g1 - g2) ** 2
        + (2 + (255 - red) / 256) * (b1 - b2) ** 2
    )


def _polyline(
    places: Sequence[float], column: Sequence[float | None], y_of: Callable[[float], float]
) -> str:
    d, pen_down = "", False
    for x, value in zip(places, column, strict=True):
        if value is None:
            pen_down = False  # a gap in the figures is a gap in the line
            continue
        d += f"{'L' if pen_down else 'M'}{x:.1f} {y_of(value):.1f}"
        pen_down = True
    return d


def _positions(labels: Sequence[str], plot: Box) -> list[float]:
    """Return the x of each point: to scale for years and other rising numbers."""
    try:
        numbers = [float(label) for label in labels]
    except ValueError:
        numbers = []
    if not numbers or any(b <= a for a, b in pairwise(numbers)):
        numbers = [float(place) for place in range(len(labels))]
    width = plot.right - plot.left - 6
    return [
        plot.left + 3 + (number - numbers[0]) / (numbers[-1] - numbers[0]) * width
        for number in numbers
    ]


def _label_points(
    canvas: Canvas, labels: Sequence[str], places: Sequence[float], plot: Box
) -> None:
    """Write the first and last label and as many between as fit without touching."""
    last = len(labels) - 1
    step = next(
        (
            step
            for step in (1, 2, 3, 4, 5, 6, 7, 10, 12, 15, 20, 25, 30, 50, 100)
            if _fits(canvas, labels, places, range(0, last + 1, step), last)
        ),
        last,
    )
    shown = [place for place in range(0, last + 1, step) if last - place >= step or place == last]
    shown += [last] if last not in shown else []
    for place in shown:
        half = canvas.measure(labels[place], TEXT) / 2
        x = min(max(places[place], half), canvas.width - half)
        canvas.line(
            (places[place], plot.bottom), (places[place], plot.bottom + 2.5), canvas.look.ink, 0.5
        )
        canvas.text(
            x,
            plot.bottom + TEXT + 4,
            labels[place],
            size=TEXT,
            fill=canvas.look.muted,
            anchor="middle",
        )


def _fits(
    canvas: Canvas, labels: Sequence[str], places: Sequence[float], shown: range, last: int
) -> bool:
    chosen = [place for place in shown if last - place >= shown.step] + [last]
    return all(
        places[b] - places[a]
        > (canvas.measure(labels[a], TEXT) + canvas.measure(labels[b], TEXT)) / 2 + 6
        for a, b in pairwise(chosen)
    )


def _label_ends(
    canvas: Canvas, plot: Box, texts: Sequence[Sequence[str]], tags: Sequence[tuple[float, str]]
) -> None:
    """Write each line's name at its end, pushed apart where ends are near one another."""
    line = TEXT * 1.12
    order = sorted(range(len(tags)), key=lambda place: tags[place][0])
    tops: dict[int, float] = {}
    floor = -math.inf
    for place in order:
        top = max(tags[place][0] - len(texts[place]) * line / 2, floor, 0.0)
        tops[place] = top
        floor = top + len(texts[place]) * line + 1
    ceiling = plot.bottom + 2  # below are the labels of the points
    for place in reversed(order):
        tops[place] = min(tops[place], ceiling - len(texts[place]) * line)
        ceiling = tops[place] - 1
    for place in order:
        for number, words in enumerate(texts[place]):
            canvas.text(
                plot.right + 5,
                tops[place] + (number + 0.8) * line,
                words,
                size=TEXT,
                fill=tags[place][1],
                bold=True,
            )


def nice_ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Return about `count` + 1 round numbers that span low to high; from zero if that is near."""
    if low > 0 and low < 0.5 * high:
        low = 0.0
    if high < 0 and high > 0.5 * low:
        high = 0.0
    if high - low <= 1e-9 * max(abs(low), abs(high), 0.001):
        low, high = (low - 1, high + 1) if low else (0.0, 1.0)
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * nice for nice in (1, 2, 2.5, 5, 10) if rough <= power * nice * 1.0001)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    digits = max(0, 3 - math.floor(math.log10(step)))
    return [round(place * step, digits) for place in range(first, last + 1)]
