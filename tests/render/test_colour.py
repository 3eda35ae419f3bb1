from hypothesis import given
from hypothesis import strategies as st

from publisher.render.colour import NIGHT, PAPER, READABLE, contrast, ink_on, legible

COLOURS = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


def test_black_on_white_has_the_contrast_that_wcag_gives() -> None:
    assert contrast("#000000", "#ffffff") == contrast("#ffffff", "#000000") == 21
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48


@given(COLOURS)
def test_any_section_colour_can_be_read_by_day_and_by_night(colour: str) -> None:
    for ground in (PAPER, NIGHT):
        assert contrast(legible(colour, ground), ground) >= READABLE


def test_a_colour_that_can_be_read_stays_as_it_is() -> None:
    assert legible("#a3341f", PAPER) == "#a3341f"


@given(COLOURS)
def test_a_button_can_be_read_in_any_brand_colour(colour: str) -> None:
    assert contrast(ink_on(colour), colour) >= 4
