"""Headlines in even lines."""

from hypothesis import given
from hypothesis import strategies as st

from publisher.render.balance import balance, fit_headline, text_width, tied
from publisher.render.pieces import FONTS

FACE = FONTS / "display-bold.ttf"
words = st.lists(st.text("abcdefghij", min_size=1, max_size=12), min_size=1, max_size=14)


def test_two_lines_are_about_as_long_as_each_other() -> None:
    lines = balance("The museums that opened their drawers", 400, FACE, 34)
    assert lines == ("The museums that", "opened their drawers")


def test_a_line_does_not_end_with_the_if_it_can_be_helped() -> None:
    lines = balance("Waiting for the rain at the edge of the desert", 330, FACE, 30)
    assert not any(line.endswith((" the", " of", " at")) for line in lines[:-1])


@given(words=words, measure=st.floats(60, 500))
def test_no_word_is_lost_and_no_line_too_long(words: list[str], measure: float) -> None:
    text = " ".join(words)
    lines = balance(text, measure, FACE, 20)
    assert " ".join(lines) == text
    for line in lines:
        assert " " not in line or text_width(line, FACE, 20) <= measure + 1e-6


def test_the_largest_size_that_fits_is_chosen() -> None:
    short = fit_headline("Figs", measure=178, face=FACE, sizes=(48, 36, 24), max_lines=1)
    long = fit_headline(
        "The fruit that hides its flowers and its wasps",
        measure=178,
        face=FACE,
        sizes=(48, 36, 24),
        max_lines=1,
    )
    assert (short.size, long.size) == (48, 24)


def test_a_word_wider_than_the_measure_is_set_smaller() -> None:
    word = "Donaudampfschifffahrtsgesellschaftskapitän"
    headline = fit_headline(word, measure=54, face=FACE, sizes=(29, 17), max_lines=6)
    assert text_width(word, FACE, headline.size) <= 54 / 25.4 * 72 + 1


def test_the_last_two_words_of_a_standfirst_stay_together() -> None:
    assert tied("A fallen pyramid and a drum far from home.").endswith("from\u00a0home.")
    assert tied("Far from home.") == "Far from home."
