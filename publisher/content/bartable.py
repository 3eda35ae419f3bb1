"""A table whose figures carry bars: HTML that reads as a table to everyone."""

from dataclasses import dataclass
from html import escape

from publisher.content.drawing import measure
from publisher.content.locales import is_rtl
from publisher.content.making import Making
from publisher.content.marks import quiet
from publisher.content.numbers import SIGNS, Data, check_rows, decimals, read_data, write_number
from publisher.content.rows import Rows
from publisher.errors import ContentError

_MOST_ROWS = 60


@dataclass(frozen=True, kw_only=True)
class BarTable:
    """What an author asks for: the rows, and which of their columns carry bars."""

    rows: Rows
    bars: tuple[str, ...] = ()  #: names of columns; empty means every column of figures
    unit: str = ""  #: of the columns with bars
    highlight: tuple[str, ...] = ()  #: labels of rows


@dataclass(frozen=True)
class _Column:
    """One column, ready to be printed."""

    name: str
    cells: tuple[str, ...]
    figures: tuple[float | None, ...] = ()  #: empty where the column is words
    barred: bool = False
    room: float = 0.0  #: em that the widest figure takes

    @property
    def kind(self) -> str:
        return "barred" if self.barred else "number" if self.figures else "words"


def barred_data(table: BarTable, language: str) -> Data:
    """Return the figures that carry bars; raise `ContentError` for what has none.

    Columns that are not named may hold words. Refused: a column that is not there, a row
    too short or too long, a cell that is no number, figures below zero.
    """
    rows = table.rows
    check_rows(rows)
    if len(rows) - 1 > _MOST_ROWS:
        raise ContentError(f"a table shows at most {_MOST_ROWS} rows: leave some out")
    names = list(rows[0][1:])
    for name in table.bars:
        if name not in names:
            raise ContentError(f'bars names the column "{name}": it is one of {", ".join(names)}')
    wanted = [place for place, name in enumerate(names, 1) if not table.bars or name in table.bars]
    if not table.bars:
        wanted = [place for place in wanted if _figures(rows, place, language)] or wanted
    data = read_data([[row[0], *(row[place] for place in wanted)] for row in rows], language)
    for name, column in zip(data.names, data.columns, strict=True):
        if any(value is not None and value < 0 for value in column):
            raise ContentError(
                f"{name} has figures below zero, which bars in a table cannot show:"
                " use type: bar, or leave it out of bars"
            )
    return data


def bar_table(table: BarTable, data: Data, description: str, making: Making) -> str:
    """Return the table as HTML; `data` is what `barred_data` gave.

    A bar is as long as its share of its column's greatest figure.
    """
    columns = [_column(table, data, place, making) for place in range(1, len(table.rows[0]))]
    unit = f" ({table.unit})" if table.unit and table.unit not in SIGNS else ""
    heads = f'<th scope="col">{making.text(table.rows[0][0])}</th>' + "".join(
        f'<th scope="col" class="{column.kind}">'
        f"{making.text(column.name + (unit if column.barred else ''))}</th>"
        for column in columns
    )
    rows = []
    for number, label in enumerate(data.labels):
        strong = label in table.highlight
        fill = making.look.accent if strong or not table.highlight else quiet(making.look)
        cells = "".join(_cell(column, number, fill, making) for column in columns)
        opening = '<tr class="strong">' if strong else "<tr>"
        rows.append(f'{opening}<th scope="row">{making.text(label)}</th>{cells}</tr>')
    direction = ' dir="rtl"' if is_rtl(making.language) else ""
    return (
        f'<table class="bars"{direction} aria-label="{escape(description)}">'
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def _column(table: BarTable, data: Data, place: int, making: Making) -> _Column:
    name = table.rows[0][place]
    barred = name in data.names
    figures = (
        data.columns[data.names.index(name)]
        if barred
        else _figures(table.rows, place, making.language)
    )
    if not figures:
        return _Column(name, tuple(row[place] for row in table.rows[1:]))
    digits, unit = decimals(figures), table.unit if barred else ""
    cells = tuple(
        "–" if value is None else write_number(value, making.language, unit, digits)
        for value in figures
    )
    room = max(measure(cell, 1.0, making.look, bold=True) for cell in cells)
    return _Column(name, cells, figures, barred, room)


def _figures(rows: Rows, place: int, language: str) -> tuple[float | None, ...]:
    """Return a column as figures; empty if it is words."""
    try:
        return read_data([[row[0], row[place]] for row in rows], language).columns[0]
    except ContentError:
        return ()


def _cell(column: _Column, number: int, fill: str, making: Making) -> str:
    if not column.figures:
        return f'<td class="words">{making.text(column.cells[number])}</td>'
    side = "left" if is_rtl(making.language) else "right"
    style = f"display: inline-block; width: {column.room:.2f}em; text-align: {side}"
    said = f'<span class="number" style="{style}">{escape(column.cells[number])}</span>'
    most = max(value or 0.0 for value in column.figures)
    if column.barred and most:
        said += _bar((column.figures[number] or 0.0) / most, column.room, fill)
    return f'<td class="{column.kind}">{said}</td>'


def _bar(share: float, room: float, fill: str) -> str:
    """Return the bar: the space after the figure is its whole length."""
    track = f"display: inline-block; width: calc(100% - {room + 1.5:.2f}em); margin: 0 0.6em"
    bar = f"display: inline-block; width: {100 * share:.1f}%; height: 0.72em; background: {fill}"
    return f'<span class="track" style="{track}"><span class="bar" style="{bar}"></span></span>'
