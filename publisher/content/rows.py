"""Tables of figures: rows from a block, from front matter or from a CSV file.

A file comes from outside, so it is read with limits, and each refusal names the row.
"""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from publisher.errors import ContentError

Rows = Sequence[Sequence[str]]

MAX_BYTES = 1_000_000
MAX_ROWS = 2_000
MAX_COLUMNS = 40
MAX_CELL = 300  #: characters
_SEPARATORS = (",", ";", "\t")


def read_rows(text: str) -> list[list[str]]:
    """Read rows of cells without empty rows; the first is the header.

    Cells are parted by commas, or by the semicolons or tabs of spreadsheets where the
    header has no comma. Raises `ContentError` naming the row that is too long, holds a
    formula, or leaves its quotes open.
    """
    if "\x00" in text:
        raise ContentError("it holds zero bytes: save it as CSV, not as a spreadsheet")
    lines = text.removeprefix("\ufeff").strip("\n").replace("\r\n", "\n").replace("\r", "\n")
    header = next((line for line in lines.split("\n") if line.strip()), "")
    reader = csv.reader(
        io.StringIO(lines),
        delimiter=_separator(header),
        skipinitialspace=_separator(header) != "\t",
        strict=True,
    )
    rows: list[list[str]] = []
    try:
        for row in reader:
            cells = [" ".join(cell.split()) for cell in row]
            if any(cells):
                _check(cells, len(rows))
                rows.append(cells)
    except csv.Error as error:
        raise ContentError(
            f"row {max(1, len(rows))} cannot be read ({error}): close every quote that is opened"
        ) from None
    return rows


def _separator(header: str) -> str:
    return max(
        _SEPARATORS, key=lambda sign: (header.count(sign) > 0, sign == ",", header.count(sign))
    )


def _check(cells: list[str], place: int) -> None:
    where = f"row {place}" if place else "the header"
    if place > MAX_ROWS:
        raise ContentError(f"it has more than {MAX_ROWS} rows: leave out or add up some")
    if len(cells) > MAX_COLUMNS:
        raise ContentError(f"{where} has more than {MAX_COLUMNS} columns: leave some out")
    for cell in cells:
        if len(cell) > MAX_CELL:
            raise ContentError(
                f"{where} has a cell of {len(cell)} characters: {MAX_CELL} is the most"
            )
        if cell.startswith(("=", "@")):
            raise ContentError(f'{where} holds the formula "{cell[:40]}": save values instead')
        if not cell.isprintable():
            raise ContentError(f"{where} holds signs that cannot be printed: type it anew")


def read_table(written: object) -> list[list[str]]:
    """Read a table of the front matter: comma-separated lines, or a list of rows."""
    if isinstance(written, str):
        return read_rows(written)
    if not isinstance(written, (list, tuple)) or not all(
        isinstance(row, (list, tuple)) and all(isinstance(cell, (str, int, float)) for cell in row)
        for row in written
    ):
        raise ContentError("its table must be lines of commas, or a list of rows [label, figure]")
    rows = [[" ".join(str(cell).split()) for cell in row] for row in written]
    for place, row in enumerate(rows):
        _check(row, place)
    return rows


def read_file(path: str, home: Path | None) -> list[list[str]]:
    """Read a CSV file that lies beside an article or in its issue's folder.

    `home` is the folder of the article; links that lead out of the issue are refused.
    Raises `ContentError` for what is missing, outside, too large, or not UTF-8.
    """
    if home is None:
        raise ContentError(f"{path} cannot be found: the article lies in no folder")
    issue = home.parent if home.name == "articles" else home
    found = next((one for one in (home / path, issue / path) if one.is_file()), None)
    if found is None:
        raise ContentError(f"there is no file {path}: put it beside pictures/, in data/")
    if not found.resolve().is_relative_to(issue.resolve()):
        raise ContentError(f"{path} lies outside the issue's folder: copy it into data/")
    try:
        with found.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ContentError(f"{path} cannot be read: {error.strerror}") from None
    try:
        return read_rows(decode(data))
    except ContentError as error:
        raise ContentError(f"{path}: {error}") from None


def decode(data: bytes) -> str:
    """Return the text of a CSV file; spreadsheets that write UTF-16 say so in its first bytes."""
    if len(data) > MAX_BYTES:
        raise ContentError(f"it has more than {MAX_BYTES / 1e6:.0f} MB: keep the rows you show")
    sixteen = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return data.decode("utf-16" if sixteen else "utf-8-sig")
    except UnicodeDecodeError:
        raise ContentError('it is not UTF-8: save it as "CSV UTF-8"') from None
