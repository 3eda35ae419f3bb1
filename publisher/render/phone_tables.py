"""Tables that stay legible on a phone: what is too wide is stacked, row under row."""

from html import escape
from pathlib import Path

from bs4 import BeautifulSoup
from bs4.element import Tag

from publisher.render.balance import text_width
from publisher.render.sheet import MM

_SIZE = 11.0  #: points, as in the style sheet
_PADDING = 9.0  #: points beside a cell
_MOST = 0.55  #: share of the measure a column may want before its words run into lines


def stacked(html: str, measure: float, face: Path) -> list[str]:
    """Return a table that is too wide for a measure in millimetres row by row; else nothing.

    Each row becomes a group of its own: its first cell the title, the others behind the
    headings of their columns.
    """
    soup = BeautifulSoup(html, "html.parser")
    table = soup.find("table")
    if not isinstance(table, Tag):
        return []
    heads, rows = _heads(table), _rows(table)
    if len(heads) < 2 or _fits(heads, rows, measure * MM, face):
        return []
    title, source = soup.find("figcaption"), soup.find("p", class_="source")
    records = [_record(heads, row, title if n == 0 else None) for n, row in enumerate(rows)]
    return [*records, str(source)] if source else records


def _heads(table: Tag) -> list[Tag]:
    head = table.find("thead")
    return head.find_all(["th", "td"]) if isinstance(head, Tag) else []


def _rows(table: Tag) -> list[list[Tag]]:
    rows = (row for row in table.find_all("tr") if row.find_parent("thead") is None)
    cells = (row.find_all(["th", "td"]) for row in rows)
    return [row for row in cells if row]


def _fits(heads: list[Tag], rows: list[list[Tag]], measure: float, face: Path) -> bool:
    """Whether every column gets the width of its words, long ones in lines."""
    total = 0.0
    for column, head in enumerate(heads):
        cells = [head, *(row[column] for row in rows if column < len(row))]
        texts = [" ".join(cell.get_text(" ").split()) for cell in cells]
        whole = max(text_width(text, face, _SIZE) for text in texts)
        words = [word for text in texts for word in text.split()] or [""]
        longest = max(text_width(word, face, _SIZE) for word in words)
        total += max(longest, min(whole, _MOST * measure)) + _PADDING
    return total <= measure


def _record(heads: list[Tag], row: list[Tag], title: Tag | None) -> str:
    lines = "".join(
        f"<div><dt>{escape(head.get_text(' '))}</dt><dd>{cell.decode_contents()}</dd></div>"
        for head, cell in zip(heads[1:], row[1:], strict=False)
        if cell.get_text().strip()
    )
    name = row[0].decode_contents()
    above = f'<p class="chart-title">{title.decode_contents()}</p>' if title else ""
    return f'<div class="record">{above}<p class="record-name">{name}</p><dl>{lines}</dl></div>'
