"""CSV files as spreadsheets write them."""

import csv
import io
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.audience.csvfile import Line, neutralise, open_csv, restore, sniff_delimiter
from publisher.errors import AudienceError

ROWS = "Email;Nom\nada@example.org;Léa\nomar@example.org;عمر\n"


def cells(path: Path, **options: str) -> list[tuple[str, ...]]:
    return [line.cells for line in lines_of(path, **options)]


def lines_of(path: Path, **options: str) -> list[Line]:
    with open_csv(path, **options) as file:
        return list(file.lines())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_is_recognised_however_it_is_written(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "readers.csv"
    path.write_bytes(ROWS.encode(encoding))
    assert cells(path)[1:] == [("ada@example.org", "Léa"), ("omar@example.org", "عمر")]


def test_what_is_not_unicode_is_read_as_windows_1252(tmp_path: Path) -> None:
    path = tmp_path / "readers.csv"
    path.write_bytes("Email;Nom\nada@example.org;Léa d’Été\n".encode("windows-1252"))
    assert cells(path)[1] == ("ada@example.org", "Léa d’Été")


def test_an_encoding_that_is_told_is_believed(tmp_path: Path) -> None:
    path = tmp_path / "readers.csv"
    path.write_bytes("Email;Nom\nomar@example.org;عمر\n".encode("windows-1256"))
    assert cells(path, encoding="windows-1256")[1] == ("omar@example.org", "عمر")
    with pytest.raises(AudienceError, match='no encoding "klingon"'):
        cells(path, encoding="klingon")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_out(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "readers.csv"
    rows = [["Email", "Name", "Note"], ["ada@example.org", "Lovelace, Ada; x", 'say "hi"']] * 3
    with path.open("w", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    assert [list(row) for row in cells(path)] == rows


def test_a_hint_for_excel_is_understood(tmp_path: Path) -> None:
    path = tmp_path / "readers.csv"
    path.write_text("sep=;\nEmail;Name\nada@example.org;Ada, who writes, a lot\n")
    assert cells(path)[1] == ("ada@example.org", "Ada, who writes, a lot")


def test_a_single_column_has_no_delimiter_to_find() -> None:
    assert sniff_delimiter("ada@example.org\nbob@example.org\n") == ","
    assert sniff_delimiter("") == ","


def test_blank_lines_are_skipped_and_lines_are_counted_as_an_editor_does(tmp_path: Path) -> None:
    path = tmp_path / "readers.csv"
    path.write_text('Email,Note\n\nada@example.org,"two\nlines"\n,,\nbob@example.org,x\n')
    with open_csv(path) as file:
        assert [line.number for line in file.lines()] == [1, 3, 6]


def test_a_quotation_mark_that_is_never_closed_costs_its_lines_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "readers.csv"
    path.write_text('Email\n"ada@example.org\n' + "filler@example.org\n" * 8000)
    with open_csv(path) as file:
        broken = [line for line in file.lines() if line.broken]
    assert broken[0].number == 2
    assert "opened and not closed" in broken[0].broken
    assert "lines 2 to" in broken[0].broken


def test_a_file_without_line_ends_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "readers.csv"
    path.write_bytes(b"x" * 3_000_000)
    with open_csv(path) as file:
        assert all(line.broken for line in file.lines())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"PK\x03\x04 something", "save it as CSV"),
        (b"\xd0\xcf\x11\xe0 something", "save it as CSV"),
    ],
)
def test_what_is_no_csv_file_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "readers.csv"
    path.write_bytes(content)
    with pytest.raises(AudienceError, match=words):
        cells(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(AudienceError, match=r"cannot read .*nowhere\.csv: No such file"):
        cells(tmp_path / "nowhere.csv")


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "'=1", "''@x"])
def test_formulas_are_neutralised(value: str) -> None:
    assert neutralise(value) == f"'{value}"


@given(st.text())
def test_neutralising_can_be_taken_back(value: str) -> None:
    written = neutralise(value)
    assert restore(written) == value
    assert not written.startswith(("=", "+", "-", "@", "\t", "\r"))


@given(st.lists(st.lists(st.text(max_size=20), min_size=2, max_size=4), min_size=1, max_size=5))
def test_any_text_survives_our_own_writing_and_reading(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    wanted = [
        tuple(cell.strip() for cell in row)
        for row in ([c.encode("utf-8", "replace").decode() for c in row] for row in rows)
        if any(cell.strip() for cell in row)
    ]
    if not wanted or any(c.casefold().startswith("sep=") for row in wanted for c in row):
        return
    file = io.StringIO(newline="")
    csv.writer(file, quoting=csv.QUOTE_ALL).writerows(map(neutralise, row) for row in wanted)
    path = tmp_path_factory.mktemp("any") / "readers.csv"
    path.write_bytes(file.getvalue().encode("utf-8-sig"))
    assert cells(path, delimiter=",", encoding="utf-8-sig") == wanted


@given(st.binary(max_size=300))
def test_whatever_bytes_come_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("bytes") / "readers.csv"
    path.write_bytes(content)
    with suppress(AudienceError):
        assert all(line.number > 0 for line in lines_of(path))
