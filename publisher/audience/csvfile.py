"""Spreadsheets' CSV files as they come: any encoding, any delimiter, any size.

Values that a spreadsheet would run as a formula are neutralised on the way out (with an
apostrophe, as spreadsheets do) and restored on the way in.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TextIO

from publisher.errors import AudienceError

_BLOCK = 1 << 20
_LONGEST_LINE = 200_000  # characters; a file without line ends must not fill the memory
_DELIMITERS = ",;\t|"
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_QUOTED_FORMULA = re.compile(r"'+[=+\-@\t\r]")


def neutralise(value: str) -> str:
    """Return the value so that no spreadsheet takes it for a formula; see `restore`."""
    return f"'{value}" if _FORMULA.match(value) else value


def restore(value: str) -> str:
    """Take back what `neutralise` did."""
    return value[1:] if _QUOTED_FORMULA.match(value) else value


@dataclass(frozen=True)
class Line:
    """One row of a table and where it stands in the file."""

    number: int  #: the first of its lines, from 1
    cells: tuple[str, ...]
    broken: str = ""  #: why it cannot be read, if so


@dataclass
class CsvFile:
    """An open CSV file, read once from top to bottom in little memory."""

    size: int  #: bytes
    encoding: str
    delimiter: str
    _raw: BinaryIO = field(repr=False)
    _text: TextIO = field(repr=False)

    @property
    def read(self) -> int:
        """How many bytes have been taken in so far."""
        return self._raw.tell()

    def lines(self) -> Iterator[Line]:
        """Yield the rows that are not blank, with apostrophes of `neutralise` removed."""
        reader = csv.reader(_physical_lines(self._text), delimiter=self.delimiter)
        while True:
            number = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                why = "a quotation mark is opened and not closed, or a line is too long"
                if reader.line_num > number:
                    why += f" (lines {number} to {reader.line_num} were skipped)"
                yield Line(number, (), why)
                continue
            if number == 1 and cells and cells[0].casefold().startswith("sep="):
                continue  # a hint that some programs leave for Excel
            if any(cell and not cell.isspace() for cell in cells):
                yield Line(number, tuple(restore(cell.strip()) for cell in cells))

    def __enter__(self) -> "CsvFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._text.close()


def open_csv(path: Path, *, encoding: str = "", delimiter: str = "") -> CsvFile:
    """Open a CSV file; what is not told is found out.

    The encoding is by byte order mark, else UTF-8 if all of the file is, else
    Windows-1252. Raises `AudienceError` if it cannot be read or is no text.
    """
    try:
        with path.open("rb") as raw:
            beginning = raw.read(4096)
            found = encoding or _encoding(raw, beginning, path)
        _refuse_other_formats(beginning, path)
        size = path.stat().st_size
        binary = path.open("rb")
    except OSError as error:
        raise AudienceError(f"cannot read {path}: {error.strerror}") from None
    try:
        text = io.TextIOWrapper(binary, encoding=found, errors="replace", newline="")
    except LookupError:
        binary.close()
        raise AudienceError(
            f'there is no encoding "{encoding}": use utf-8, windows-1252, windows-1256, ...'
        ) from None
    if len(delimiter) > 1:
        delimiter = {"tab": "\t", "\\t": "\t"}.get(delimiter, delimiter)
    if len(delimiter) > 1 or delimiter in ('"', "\n", "\r"):
        text.close()
        raise AudienceError("a delimiter is one character, such as ; or , or tab")
    sample = beginning.decode(found, errors="replace")
    return CsvFile(size, found, delimiter or sniff_delimiter(sample), binary, text)


def _encoding(raw: BinaryIO, beginning: bytes, path: Path) -> str:
    if beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if not beginning.strip():
        raise AudienceError(f"{path} is empty: it needs one line for each reader")
    # text of mostly Latin letters and signs has every other byte zero in UTF-16
    if beginning[1::2].count(0) > len(beginning) // 4:
        return "utf-16-le"
    if beginning[0::2].count(0) > len(beginning) // 4:
        return "utf-16-be"
    raw.seek(0)
    utf8 = codecs.getincrementaldecoder("utf-8")()
    try:
        while block := raw.read(_BLOCK):
            utf8.decode(block)
        utf8.decode(b"", final=True)
    except UnicodeDecodeError:
        return "windows-1252"
    return "utf-8-sig"


def _refuse_other_formats(beginning: bytes, path: Path) -> None:
    if beginning.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise AudienceError(
            f"{path} is a spreadsheet, not a CSV file: open it there and save it as CSV (UTF-8)"
        )


def sniff_delimiter(sample: str) -> str:
    """Return the delimiter that cuts the first lines into the most columns of equal number."""
    lines = sample.splitlines()
    if lines and (hint := re.fullmatch(r"sep=(.)", lines[0], re.IGNORECASE)):
        return hint[1]
    # the last line may have been cut in two by the end of the sample
    lines = [line for line in (lines[:-1] or lines)[:20] if line.strip()]
    best, delimiter = (1, 0), ","
    for candidate in _DELIMITERS:
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=candidate) if row]
        except csv.Error:
            continue
        if not widths:
            continue
        score = (widths[0], widths.count(widths[0]))
        if widths[0] > 1 and score > best:
            best, delimiter = score, candidate
    return delimiter


def _physical_lines(text: TextIO) -> Iterator[str]:
    while line := text.readline(_LONGEST_LINE):
        yield line
