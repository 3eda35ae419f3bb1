"""Bar charts: lying bars with names beside them, or standing ones over years."""

from publisher.content.body import Look
from publisher.content.drawing import POINTS_PER_MM, Box, Canvas, mix
from publisher.content.locales import is_rtl
from publisher.content.marks import TEXT, Chart, wrap
from publisher.content.numbers import SIGNS, write_number


def draw_bars(chart: Chart, look: Look, language: str) -> Canvas:
    """Draw the one column of figures as bars; one label each."""
    values = [value or 0.0 for value in chart.data.columns[0]]
    written = [
        "" if value is None else write_number(value, language, chart.unit)
        for value in chart.data.columns[0]
    ]
    first = next(place for place, text in enumerate(written) if text)
    if chart.unit and chart.unit not in SIGNS:
        written[first] += f"\u00a0{chart.unit}"
    canvas = Canvas(look, look.width * POINTS_PER_MM, 0)
    slot = canvas.width / len(values)
    # years and months read from left to right; names read better one below the other
    upright = len(values) > 2 and all(
        label[:1].isdigit() and canvas.measure(label, TEXT) < slot - 3
        for label in chart.data.labels
    )
    fits = max(canvas.measure(text, TEXT) for text in written) < slot - 2
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
    lines = [wrap(canvas, label, width * 0.38) for label in chart.data.labels]
    gutter = max(canvas.measure(line, TEXT) for label in lines for line in label) + 6
    room = max(canvas.measure(text, TEXT, bold=True) for text in written) + 6
    low, high = min(0.0, *values), max(0.0, *values)
    left_room = room if low < 0 else 0.0
    right_room = room if high > 0 else 0.0
    scale = (width - gutter - left_room - right_room) / ((high - low) or 1.0)
    zero = gutter + left_room - low * scale

    def flip(x: float) -> float:
        return width - x if rtl else x

    y = 2.0
    for label, value, text, name in zip(lines, values, written, chart.data.labels, strict=True):
        height = max(11.0, len(label) * TEXT * 1.15 + 2)
        middle = y + height / 2
        for number, line in enumerate(label):
            offset = (number - (len(label) - 1) / 2) * TEXT * 1.15
            canvas.text(
                flip(gutter - 6),
                middle + offset + TEXT * 0.35,
                line,
                size=TEXT,
                anchor=_anchor(starts=rtl),
            )
        ends = sorted((flip(zero), flip(zero + value * scale)))
        canvas.rect(Box(ends[0], middle - 4, ends[1], middle + 4), _colour(chart, name, look))
        beyond = value >= 0
        canvas.text(
            flip(zero + value * scale + (3.5 if beyond else -3.5)),
            middle + TEXT * 0.35,
            text,
            size=TEXT,
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
    top, plot = TEXT + 5, width * 0.42
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
            middle, end - 3 if value >= 0 else end + TEXT + 1, text, size=TEXT, anchor="middle"
        )
        foot = zero - low * scale + (TEXT + 3 if low < 0 else 0)
        canvas.text(middle, foot + TEXT + 4, label, size=TEXT, fill=look.muted, anchor="middle")
    canvas.line((0, zero), (width, zero), look.ink, 0.6)
    canvas.height = top + plot + TEXT + 8 + (TEXT + 3 if low < 0 else 0)
