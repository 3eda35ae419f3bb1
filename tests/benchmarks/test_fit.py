"""The measurement of copy-fitting, and how a page is seen to be full."""

import json

import pytest
from PIL import Image, ImageDraw

from benchmarks import fit
from benchmarks.flowed import empty_below
from publisher.render.sheet import Sheet

_SHEET = Sheet(width=100, height=140, top=20, side=10, foot=20)
_KEYS = ["pages_under_60", "mean_end_empty", "stranded", "widows"]


def page(*bars: tuple[int, int]) -> Image.Image:
    """A page of the sheet with black bars from one height to another, in millimetres."""
    image = Image.new("L", (200, 280), 245)
    for top, bottom in bars:
        ImageDraw.Draw(image).rectangle((30, 2 * top, 170, 2 * bottom), fill=0)
    return image


def test_the_last_line_compares_us_with_naive_flow(capsys: pytest.CaptureFixture[str]) -> None:
    fit.main(["--articles", "2", "--no-demo", "--pages"])
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert list(figures) == [*_KEYS, "naive"]
    assert list(figures["naive"]) == _KEYS
    assert 0 <= figures["mean_end_empty"] <= figures["naive"]["mean_end_empty"] <= 1


def test_what_is_blank_below_the_text_is_empty() -> None:
    assert empty_below(page((20, 70)), 0.5, _SHEET) == pytest.approx(0.5, abs=0.02)
    assert empty_below(page((20, 120)), 1.0, _SHEET) == 0


def test_only_the_room_above_a_filler_is_empty() -> None:
    assert empty_below(page((20, 70), (90, 120)), 0.5, _SHEET) == pytest.approx(0.2, abs=0.02)


def test_folios_below_the_type_area_fill_nothing() -> None:
    assert empty_below(page((20, 70), (130, 134)), 0.5, _SHEET) == pytest.approx(0.5, abs=0.02)


def test_what_stands_in_one_column_does_not_fill_the_page() -> None:
    image = page((20, 70))
    ImageDraw.Draw(image).rectangle((30, 180, 80, 240), fill=0)
    assert empty_below(image, 0.5, _SHEET) == pytest.approx(0.5, abs=0.02)
