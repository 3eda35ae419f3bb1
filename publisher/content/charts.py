"""Figures in a table -> a bar or line chart.

After the manner of The Economist: no frame, a thin grid only where values cannot stand
at their marks, names at the ends of lines instead of a legend.
"""

import csv
import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from babel.numbers import NumberFormatError, format_decimal, parse_decimal

from publisher.content.body import Look
from publisher.content.drawing import POINTS_PER_MM, Box, Canvas, mix
from publisher.content.locales import is_rtl, locale_of
from publisher.errors import ContentError

TYPES = ("bar", "line")
_TEXT = 7.5  #: points
_SERIES = ("#1f6480", "#8a6414", "#4d6b3c", "#6d4a86", "#5c5c5c")
_MOST_BARS = 40
_MOST_LINES = 6
_MOST_POINTS = 400
#: signs that belong to every number; words such as "km" are said once
_CURRENCIES = ("€", "$", "£")
_SIGNS = (*_CURRENCIES, "%", "°C", "°")


@dataclass(frozen=True, kw_only=True)
class Data:
    """A table of numbers: one row per label, one column per series."""

    labels: tuple[str, ...]
    names: tuple[str, ...]  #: of the value columns
    columns: tuple[tuple[float | None, ...], ...]  #: None where a cell is empty


@dataclass(frozen=True, kw_only=True)
class Chart:
    """What an author asks for."""

    type: str  #: "bar" or "line"
    data: Data
    unit: str = ""
    highlight: tuple[str, ...] = ()  #: labels (bars) or names (lines) in the accent colour


def read_rows(text: str) -> list[list[str]]:
    """Read comma-separated rows, without empty ones; the first is the header."""
    rows = csv.reader(io.StringIO(text.strip()), skipinitialspace=True)
    try:
        return [[cell.strip() for cell in row] for row in rows if any(map(str.strip, row))]
    except csv.Error:
        return [line.split(",") for line in text.strip().splitlines()]


def read_data(rows: Sequence[Sequence[str]], language: str) -> Data:
    """Turn rows into numbers; raise `ContentError` naming the row and what is wrong in it.

    Numbers are written plainly (1234.5) or, in quotes, as the language writes them.
    """
    if len(rows) < 2 or len(rows[0]) < 2:
        raise ContentError(
            "the chart has no figures: write a header such as Label,Value and a row for each mark"
        )
    width = len(rows[0])
    for place, row in enumerate(rows[1:], 1):
        if len(row) != width:
            raise ContentError(
                f"row {place} of the chart ({','.join(row)[:60]}) has {len(row)} columns,"
                f" its header has {width}: put numbers with commas in quotes"
            )
    columns = tuple(
        tuple(_number(row[column], place, language) for place, row in enumerate(rows[1:], 1))
        for column in range(1, width)
    )
    if not any(value is not None for column in columns for value in column):
        raise ContentError("the chart has no figures: every cell is empty")
    return Data(labels=tuple(row[0] for row in rows[1:]), names=tuple(rows[0][1:]), columns=columns)


def _number(cell: str, place: int, language: str) -> float | None:
    plain = cell.strip().removesuffix("%").replace("\u00a0", "").replace("\u202f", "").strip()
    plain = plain.replace("\u2212", "-").replace("_", "")
    if not plain:
        return None
    try:
        value = float(plain)
    except ValueError:
        try:
            value = float(parse_decimal(plain, locale=locale_of(language), strict=True))
        except NumberFormatError:
            value = math.nan
    if not math.isfinite(value) or abs(value) > 1e15:
        raise ContentError(
            f'row {place} of the chart holds "{cell[:40]}", which is no number: write it like 1234.5'
        )
    return value if abs(value) > 1e-12 else 0.0


def draw(chart: Chart, look: Look, language: str) -> Canvas:
    """Draw the chart; raise `ContentError` when it would not be readable."""
    data = chart.data
    if chart.type == "bar":
        if len(data.columns) > 1:
            raise ContentError("a bar chart shows one column of figures: use type: line for more")
        if len(data.labels) > _MOST_BARS:
            raise ContentError(f"the chart has more than {_MOST_BARS} bars: group the small ones")
        return _bars(chart, look, language)
    if len(data.columns) > _MOST_LINES:
        raise ContentError(f"the chart has more than {_MOST_LINES} lines: leave some out")
    if not 2 <= len(data.labels) <= _MOST_POINTS:
        raise ContentError(f"a line needs from 2 to {_MOST_POINTS} points: use type: bar for one")
    return _lines(chart, look, language)


def write_number(value: float, language: str, unit: str = "") -> str:
    """Write a number as the language does, with its unit if that is a sign such as %."""
    written = format_decimal(value, locale=locale_of(language)).replace("-", "\u2212")
    if unit not in _SIGNS:
        return written
    english = language.split("-")[0] in ("", "en")
    if unit in _CURRENCIES and english:
        return f"\u2212{unit}{written[1:]}" if value < 0 else f"{unit}{written}"
    close = unit == "°" or (unit == "%" and english)
    return written + ("" if close else "\u00a0") + unit


# ---- bars ----------------------------------------------------------------------


def _bars(chart: Chart, look: Look, language: str) -> Canvas:
    values = [value or 0.0 for value in chart.data.columns[0]]
    written = [
        "" if value is None else write_number(value, language, chart.unit)
        for value in chart.data.columns[0]
    ]
    first = next(place for place, text in enumerate(written) if text)
    if chart.unit and chart.unit not in _SIGNS:
        written[first] += f"\u00a0{chart.unit}"
    canvas = Canvas(look, look.width * POINTS_PER_MM, 0)
    slot = canvas.width / len(values)
    # years and months read from left to right; names read better one below the other
    upright = len(values) > 2 and all(
        label[:1].isdigit() and canvas.measure(label, _TEXT) < slot - 3
        for label in chart.data.labels
    )
    fits = max(canvas.measure(text, _TEXT) for text in written) < slot - 2
    if upright and fits and not is_rtl(language):
        _columns(canvas, chart, values, written)
    else:
        _rows(canvas, chart, values, written, rtl=is_rtl(language))
    return canvas


def _colour(chart: Chart, label: str, look: Look) -> str:
    if not chart.highlight or label in chart.highlight:
        return look.accent
    return mix(look.muted, look.paper, 0.45)


def _rows(
    canvas: Canvas, chart: Chart, values: list[float], written: list[str], *, rtl: bool
) -> None:
    """Draw lying bars: label, bar, value; mirrored for languages written from the right."""
    look, width = canvas.look, canvas.width
    lines = [_wrap(canvas, label, width * 0.38) for label in chart.data.labels]
    gutter = max(canvas.measure(line, _TEXT) for label in lines for line in label) + 6
    room = max(canvas.measure(text, _TEXT, bold=True) for text in written) + 6
    low, high = min(0.0, *values), max(0.0, *values)
    left_room = room if low < 0 else 0.0
    right_room = room if high > 0 else 0.0
    scale = (width - gutter - left_room - right_room) / ((high - low) or 1.0)
    zero = gutter + left_room - low * scale

    def flip(x: float) -> float:
        return width - x if rtl else x

    y = 2.0
    for label, value, text, name in zip(lines, values, written, chart.data.labels, strict=True):
        height = max(11.0, len(label) * _TEXT * 1.15 + 2)
        middle = y + height / 2
        for number, line in enumerate(label):
            offset = (number - (len(label) - 1) / 2) * _TEXT * 1.15
            canvas.text(
                flip(gutter - 6),
                middle + offset + _TEXT * 0.35,
                line,
                size=_TEXT,
                anchor=_anchor(starts=rtl),
            )
        ends = sorted((flip(zero), flip(zero + value * scale)))
        canvas.rect(Box(ends[0], middle - 4, ends[1], middle + 4), _colour(chart, name, look))
        beyond = value >= 0
        canvas.text(
            flip(zero + value * scale + (3.5 if beyond else -3.5)),
            middle + _TEXT * 0.35,
            text,
            size=_TEXT,
            anchor=_anchor(starts=rtl != beyond),
            bold=name in chart.highlight,
        )
        y += height + 3.5
    canvas.line((flip(zero), 0), (flip(zero), y - 1.5), look.ink, 0.6)
    canvas.height = y


def _anchor(*, starts: bool) -> str:
    return "start" if starts else "end"


def _columns(canvas: Canvas, chart: Chart, values: list[float], written: list[str]) -> None:
    """Draw standing bars with their values above and their labels below."""
    look, width = canvas.look, canvas.width
    slot = width / len(values)
    low, high = min(0.0, *values), max(0.0, *values)
    top, plot = _TEXT + 5, width * 0.42
    scale = plot / ((high - low) or 1.0)
    zero = top + high * scale
    for place, (label, value, text) in enumerate(
        zip(chart.data.labels, values, written, strict=True)
    ):
        middle, end = (place + 0.5) * slot, zero - value * scale
        half = min(slot * 0.36, 16.0)
        canvas.rect(
            Box(middle - half, min(zero, end), middle + half, max(zero, end)),
            _colour(chart, label, look),
        )
        canvas.text(
            middle, end - 3 if value >= 0 else end + _TEXT + 1, text, size=_TEXT, anchor="middle"
        )
        foot = zero - low * scale + (_TEXT + 3 if low < 0 else 0)
        canvas.text(middle, foot + _TEXT + 4, label, size=_TEXT, fill=look.muted, anchor="middle")
    canvas.line((0, zero), (width, zero), look.ink, 0.6)
    canvas.height = top + plot + _TEXT + 8 + (_TEXT + 3 if low < 0 else 0)


def _wrap(canvas: Canvas, label: str, width: float) -> list[str]:
    """Break a label into at most three lines."""
    lines: list[str] = []
    for word in label.split():
        if lines and (len(lines) == 3 or canvas.measure(f"{lines[-1]} {word}", _TEXT) <= width):
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines or [""]


# ---- lines ---------------------------------------------------------------------


def _lines(chart: Chart, look: Look, language: str) -> Canvas:
    data = chart.data
    canvas = Canvas(look, look.width * POINTS_PER_MM, look.width * POINTS_PER_MM * 0.58)
    known = [value for column in data.columns for value in column if value is not None]
    ticks = nice_ticks(min(known), max(known))
    names = [write_number(tick, language, chart.unit) for tick in ticks]
    if chart.unit and chart.unit not in _SIGNS:
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
    left = max(canvas.measure(name, _TEXT) for name in names[:-1]) + 5
    wrapped = [_wrap(canvas, end, canvas.width * 0.26) for end in ends]
    right = max(canvas.measure(w, _TEXT, bold=True) for lines in wrapped for w in lines) + 7
    plot = Box(left, _TEXT + 2, canvas.width - right, canvas.height - _TEXT - 7)
    span = ticks[-1] - ticks[0]

    def y_of(value: float) -> float:
        return plot.bottom - (value - ticks[0]) / span * (plot.bottom - plot.top)

    for tick, name in zip(ticks, names, strict=True):
        y = y_of(tick)
        base = tick == 0 or (tick == ticks[0] and ticks[0] > 0)
        canvas.line((left, y), (plot.right, y), look.ink if base else look.grid, 0.6)
        anchor, x = ("start", 0.0) if tick == ticks[-1] else ("end", left - 5)
        if tick == ticks[-1]:  # it carries the unit, so it stands on its line, not before it
            canvas.text(x, y - 2.5, name, size=_TEXT, fill=look.muted)
        else:
            canvas.text(x, y + _TEXT * 0.35, name, size=_TEXT, fill=look.muted, anchor=anchor)
    places = _positions(data.labels, plot)
    _label_points(canvas, data.labels, places, plot)
    tags = []
    colours = _line_colours(chart, look)
    for column, colour in zip(data.columns, colours, strict=True):
        points = [
            (x, y_of(value)) for x, value in zip(places, column, strict=True) if value is not None
        ]
        if not points:
            continue
        canvas.path(_polyline(places, column, y_of), stroke=colour, width=1.6)
        canvas.dot(*points[-1], 1.9, colour)
        tags.append((points[-1][1], colour))
    _label_ends(canvas, plot, wrapped, tags)
    return canvas


def _line_colours(chart: Chart, look: Look) -> list[str]:
    if not chart.highlight:
        return [look.accent, *_SERIES][: len(chart.data.names)]
    others = iter(_SERIES)
    return [look.accent if name in chart.highlight else next(others) for name in chart.data.names]


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
        half = canvas.measure(labels[place], _TEXT) / 2
        x = min(max(places[place], half), canvas.width - half)
        canvas.line(
            (places[place], plot.bottom), (places[place], plot.bottom + 2.5), canvas.look.ink, 0.5
        )
        canvas.text(
            x,
            plot.bottom + _TEXT + 4,
            labels[place],
            size=_TEXT,
            fill=canvas.look.muted,
            anchor="middle",
        )


def _fits(
    canvas: Canvas, labels: Sequence[str], places: Sequence[float], shown: range, last: int
) -> bool:
    chosen = [place for place in shown if last - place >= shown.step] + [last]
    return all(
        places[b] - places[a]
        > (canvas.measure(labels[a], _TEXT) + canvas.measure(labels[b], _TEXT)) / 2 + 6
        for a, b in pairwise(chosen)
    )


def _label_ends(
    canvas: Canvas, plot: Box, texts: Sequence[Sequence[str]], tags: Sequence[tuple[float, str]]
) -> None:
    """Write each line's name at its end, pushed apart where ends are near one another."""
    line = _TEXT * 1.12
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
                size=_TEXT,
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
