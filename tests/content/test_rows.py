"""Tables from outside: whatever a file holds, it gives rows or a sentence."""

import csv
import io
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.content import rows
from publisher.errors import ContentError


@pytest.mark.parametrize(
    "text",
    [
        "City,mm\nTunis,450\n",
        "City;mm\r\nTunis;450\r\n",
        "City\tmm\nTunis\t450",
        '\ufeffCity,mm\n\n"Tunis", 450 \n,\n',
    ],
)
def test_commas_semicolons_and_tabs_part_cells(text: str) -> None:
    assert rows.read_rows(text) == [["City", "mm"], ["Tunis", "450"]]


def test_a_comma_in_quotes_is_part_of_its_cell() -> None:
    assert rows.read_rows('C,V\n"Kef, El","1,5"')[1] == ["Kef, El", "1,5"]
    # French spreadsheets: semicolons part, commas are decimal signs
    assert rows.read_rows("C;V\nKef;1,5")[1] == ["Kef", "1,5"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("C,V\nA,=SUM(B1:B9)", 'row 1 holds the formula "=SUM'),
        ("C,V\n@cmd,1", 'row 1 holds the formula "@cmd"'),
        ('C,V\nA,1\n"B,2', "row 2 cannot be read"),
        ("C,V\nA,\x00", "zero bytes"),
        ("C,V\nA\x1b[2J,1", "row 1 holds signs that cannot be printed"),
        ("C,V\n" + "x" * 301 + ",1", "row 1 has a cell of 301 characters"),
        (",".join("abc" * 14), "the header has more than 40 columns"),
        ("C,V\n" + "a,1\n" * 2001, "more than 2000 rows"),
    ],
)
def test_what_a_chart_cannot_hold_is_refused_with_its_row(text: str, sentence: str) -> None:
    with pytest.raises(ContentError) as refused:
        rows.read_rows(text)
    assert sentence in str(refused.value)


@given(st.text(max_size=400) | st.text("\"',;\t\r\n=@a1", max_size=80))
def test_any_text_gives_rows_or_a_sentence(text: str) -> None:
    try:
        table = rows.read_rows(text)
    except ContentError:
        return
    assert all(cell == " ".join(cell.split()) for row in table for cell in row)
    assert all(any(row) for row in table)


@given(st.binary(max_size=300))
def test_any_bytes_give_text_or_a_sentence(data: bytes) -> None:
    with suppress(ContentError):
        assert isinstance(rows.decode(data), str)


@given(
    st.lists(
        st.lists(
            st.text("abc ,;\"'é", max_size=8).map(lambda s: " ".join(s.split())),
            min_size=2,
            max_size=2,
        ),
        min_size=1,
        max_size=8,
    )
)
def test_what_a_spreadsheet_writes_is_read_back(table: list[list[str]]) -> None:
    header = ["Label", "Value"]
    written = io.StringIO()
    csv.writer(written).writerows([header, *table])
    assert rows.read_rows(written.getvalue()) == [header, *(row for row in table if any(row))]


def test_encodings_of_spreadsheets_are_read_and_others_refused() -> None:
    assert rows.decode("é".encode("utf-8-sig")) == "é"
    assert rows.decode("é".encode("utf-16")) == "é"
    with pytest.raises(ContentError, match="not UTF-8"):
        rows.decode("été".encode("latin-1"))


def test_a_file_too_large_is_not_read_whole(tmp_path: Path) -> None:
    (tmp_path / "big.csv").write_bytes(b"a,1\n" * 300_000)
    with pytest.raises(ContentError, match=r"big\.csv: it has more than 1 MB"):
        rows.read_file("big.csv", tmp_path)


def test_a_table_of_the_front_matter_is_lines_or_rows() -> None:
    wanted = [["C", "V"], ["A", "1"]]
    assert rows.read_table("C,V\nA,1") == wanted
    assert rows.read_table([["C", "V"], ["A", 1]]) == wanted
    for wrong in (7, [1, 2], [["a"], [["b"]]]):
        with pytest.raises(ContentError, match="lines of commas, or a list of rows"):
            rows.read_table(wrong)
    with pytest.raises(ContentError, match="row 1 holds the formula"):
        rows.read_table([["C", "V"], ["=A", "1"]])
