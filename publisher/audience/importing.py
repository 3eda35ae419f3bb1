"""Import readers from a CSV file: millions of rows in little memory, no opt-out undone."""

import csv
import re
import tempfile
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from publisher.audience.addresses import Address, parse_address
from publisher.audience.bulk import Row, Written, write
from publisher.audience.changes import make_list
from publisher.audience.csvfile import CsvFile, Line, neutralise, open_csv
from publisher.audience.headings import Columns, find_columns, is_active, read_form
from publisher.errors import AudienceError
from publisher.storage.schema import imports

BATCH = 5000  #: rows in one transaction: others may write in between
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
_LONGEST_NAME = 200
_LONGEST_VALUE = 1000

Progress = Callable[[int, int], None]  #: bytes read, bytes in all


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What an import did, in rows."""

    added: int
    already: int  #: on the list, waiting for their confirmation, or twice in the file
    opted_out: int  #: unsubscribed, bounced, removed or blocked here, or said so in the file
    rejected: int
    rejected_file: Path | None = None  #: the rejected rows with their reasons, if there are any

    @property
    def rows(self) -> int:
        """How many rows the file had."""
        return self.added + self.already + self.opted_out + self.rejected


def import_csv(
    engine: Engine,
    path: Path,
    *,
    list_name: str,
    now: datetime,
    columns: Mapping[str, str] | None = None,
    encoding: str = "",
    delimiter: str = "",
    source: str = "",
    progress: Progress | None = None,
) -> Summary:
    """Subscribe the readers of a CSV file, whose consent the operator has.

    Every batch is a transaction of its own: a bad row costs nothing but itself, and an
    import that was broken off can simply be run again. `columns` maps what a column
    holds to its heading (see `find_columns`); `source` goes into the record of consent.
    Rejected rows are written beside the file as NAME.rejected.csv with line and reason,
    which can be corrected and imported in its turn. Raises `AudienceError` if the file
    as a whole cannot be used.
    """
    source = source or f"import of {path.name}"
    with open_csv(path, encoding=encoding, delimiter=delimiter) as file:
        with Rejected(path.with_name(f"{path.stem}.rejected.csv")) as rejected:
            rows = _rows(file, columns or {}, rejected, path)
            first = next(rows, None)  # an unusable heading must not leave a list behind
            with engine.begin() as connection:
                list_id = make_list(connection, list_name, now)
            total = Written()
            batch = [first] if first else []
            for row in rows:
                batch.append(row)
                if len(batch) >= BATCH:
                    total += _write(engine, batch, list_id, list_name, source, now)
                    batch.clear()
                    if progress:
                        progress(min(file.read, file.size), file.size)
            total += _write(engine, batch, list_id, list_name, source, now)
        if progress:
            progress(file.size, file.size)
    kept = rejected.path if rejected.count else None
    summary = Summary(**asdict(total), rejected=rejected.count, rejected_file=kept)
    _finish(engine, path, list_name, summary, now)
    return summary


def _write(
    engine: Engine, batch: list[Row], list_id: int, list_name: str, source: str, now: datetime
) -> Written:
    if not batch:
        return Written()
    with engine.begin() as connection:
        return write(
            connection, batch, list_id=list_id, list_name=list_name, source=source, now=now
        )


def _finish(engine: Engine, path: Path, list_name: str, summary: Summary, now: datetime) -> None:
    counts = {key: n for key, n in asdict(summary).items() if isinstance(n, int)}
    with engine.begin() as connection:
        row = {"file": path.name, "list": list_name, "counts": counts, "at": now}
        connection.execute(imports.insert().values(row))
        # without fresh figures PostgreSQL reads whole tables where an index would do
        for table in ("subscribers", "subscriptions", "suppressions"):
            connection.exec_driver_sql(f"ANALYZE {table}")


def _rows(
    file: CsvFile, chosen: Mapping[str, str], rejected: "Rejected", path: Path
) -> Iterator[Row]:
    columns: Columns | None = None
    for line in file.lines():
        if columns is None:
            if line.broken:
                raise AudienceError(f"the first line of {path} cannot be read: {line.broken}")
            columns = find_columns(line.cells, chosen)
            rejected.heading = line.cells if columns.heading else ()
            if columns.heading:
                continue
        try:
            yield read_row(line, columns)
        except AudienceError as error:
            rejected.add(line, str(error))
    if columns is None:
        raise AudienceError(f"{path} is empty: it needs one line for each reader")


def read_row(line: Line, columns: Columns) -> Row:
    """Make a reader of a row; raises `AudienceError` with the reason why not."""
    if line.broken:
        raise AudienceError(line.broken)
    cells = line.cells

    def cell(place: int | None) -> str:
        return cells[place] if place is not None and place < len(cells) else ""

    if not cell(columns.email):
        raise AudienceError("the e-mail address is missing")
    address = parse_address(cell(columns.email))
    active = is_active(cell(columns.status))
    if active is None:
        raise AudienceError(
            f'the status "{cell(columns.status)[:40]}" does not say whether they are subscribed'
        )
    fields = {name: _clean(cell(at))[:_LONGEST_VALUE] for name, at in columns.fields if cell(at)}
    language = cell(columns.language).lower().replace("_", "-")
    if language and not _LANGUAGE.fullmatch(language):
        fields["language"] = cell(columns.language)[:_LONGEST_VALUE]
        language = ""
    return Row(
        address,
        name=_name(cell, columns, address),
        language=language[:16],
        fields=fields,
        form=read_form(cell(columns.pdf)),
        active=active,
    )


def _name(cell: Callable[[int | None], str], columns: Columns, address: Address) -> str:
    whole = cell(columns.name)
    parts = f"{cell(columns.first_name)} {cell(columns.last_name)}"
    return _clean(whole or parts.strip() or address.name)[:_LONGEST_NAME].strip()


def _clean(text: str) -> str:
    if text.isprintable() and "  " not in text:
        return text
    kept = (c if unicodedata.category(c)[0] != "C" else " " for c in text)
    return " ".join("".join(kept).split())


class Rejected:
    """The file of rejected rows, made when there is a first one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.heading: tuple[str, ...] = ()
        self.count = 0
        self._file: tempfile._TemporaryFileWrapper[str] | None = None

    def add(self, line: Line, reason: str) -> None:
        """Write down a row, where it stood and why it was rejected."""
        if self._file is None:
            self._file = self._open()
        cells = [neutralise(cell) for cell in (*line.cells, str(line.number), reason)]
        width = max(len(self.heading), len(line.cells))
        cells[len(line.cells) : len(line.cells)] = [""] * (width - len(line.cells))
        csv.writer(self._file).writerow(cells)
        self.count += 1

    def _open(self) -> "tempfile._TemporaryFileWrapper[str]":
        try:
            file = tempfile.NamedTemporaryFile(  # noqa: SIM115 - closed by __exit__
                "w", encoding="utf-8-sig", newline="", dir=self.path.parent, delete=False
            )
        except OSError as error:
            raise AudienceError(
                f"cannot write {self.path} for the rejected rows: {error.strerror}:"
                " copy the CSV file to a folder you may write to and import it from there"
            ) from None
        if self.heading:
            heading = (*self.heading, "rejected line", "rejected because")
            csv.writer(file).writerow(neutralise(cell) for cell in heading)
        return file

    def __enter__(self) -> "Rejected":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._file is None:
            return
        self._file.close()
        made = Path(self._file.name)
        if kind is None or kind is KeyboardInterrupt:
            made.replace(self.path)
        else:
            with suppress(OSError):
                made.unlink()
