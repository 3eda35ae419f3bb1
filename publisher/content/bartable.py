"""A table whose figures carry bars: HTML that reads as a table to everyone."""

from collections.abc import Sequence
from html import escape

from publisher.content.body import Look
from publisher.content.drawing import measure, mix
from publisher.content.locales import is_rtl
from publisher.content.making import Making
from publisher.content.marks import Chart, written
from publisher.content.numbers import SIGNS, decimals
from publisher.errors import ContentError

_MOST_ROWS = 60


def bar_table(
    chart: Chart, head: Sequence[str], bars: Sequence[str], description: str, making: Making
) -> str:
    """Return the table; the columns named in `bars`, else all, carry bars.

    A bar is as long as its share of the column's greatest figure. Raises `ContentError`
    for a column that is not there, or for bars of figures below zero.
    """
    data = chart.data
    if len(data.labels) > _MOST_ROWS:
        raise ContentError(f"a table shows at most {_MOST_ROWS} rows: leave some out")
    for name in bars:
        if name not in data.names:
            raise ContentError(
                f'bars names the column "{name}": it is one of {", ".join(data.names)}'
            )
    barred = {place for place, name in enumerate(data.names) if not bars or name in bars}
    tops = [max((value or 0.0 for value in column), default=0.0) for column in data.columns]
    for place in barred:
        if any(value is not None and value < 0 for value in data.columns[place]):
            raise ContentError(
                f"{data.names[place]} has figures below zero, which bars in a table cannot show:"
                " use type: bar, or leave it out of bars"
            )
    rtl = is_rtl(making.language)
    digits = [decimals(column) for column in data.columns]
    room = [_room(column, chart, making) for column in data.columns]
    rows = []
    for number, label in enumerate(data.labels):
        strong = label in chart.highlight
        cells = [f'<th scope="row">{making.text(label)}</th>']
        for place, column in enumerate(data.columns):
            value = column[number]
            figure = escape(written(value, chart, making.language, digits[place])) or "–"
            said = f'<span class="number" style="{_inline(room[place], rtl)}">{figure}</span>'
            if place in barred and tops[place]:
                said += _bar((value or 0.0) / tops[place], chart, making.look, room[place], strong)
            cells.append(f'<td class="{"barred" if place in barred else "number"}">{said}</td>')
        opening = '<tr class="strong">' if strong else "<tr>"
        rows.append(f"{opening}{''.join(cells)}</tr>")
    unit = f" ({chart.unit})" if chart.unit and chart.unit not in SIGNS else ""
    heads = f'<th scope="col">{making.text(head[0])}</th>' + "".join(
        f'<th scope="col" class="{"barred" if place in barred else "number"}">'
        f"{making.text(name + (unit if place in barred else ''))}</th>"
        for place, name in enumerate(data.names)
    )
    direction = ' dir="rtl"' if is_rtl(making.language) else ""
    return (
        f'<table class="bars"{direction} aria-label="{escape(description)}">'
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def _room(column: Sequence[float | None], chart: Chart, making: Making) -> float:
    """Return how wide a column's widest figure is, in em."""
    digits = decimals(column)
    texts = (written(value, chart, making.language, digits) or "–" for value in column)
    return max(measure(text, 1.0, making.look, bold=True) for text in texts)


def _inline(room: float, rtl: bool) -> str:
    side = "left" if rtl else "right"
    return f"display: inline-block; width: {room:.2f}em; text-align: {side}"


def _bar(share: float, chart: Chart, look: Look, room: float, strong: bool) -> str:
    """Return the bar: the space after the figure is its whole length."""
    fill = look.accent if strong or not chart.highlight else mix(look.muted, look.paper, 0.45)
    track = f"display: inline-block; width: calc(100% - {room + 1.5:.2f}em); margin: 0 0.6em"
    bar = f"display: inline-block; width: {100 * share:.1f}%; height: 0.72em; background: {fill}"
    return f'<span class="track" style="{track}"><span class="bar" style="{bar}"></span></span>'
