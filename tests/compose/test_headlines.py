"""Headlines for small places."""

from hypothesis import given
from hypothesis import strategies as st

from publisher.compose.headlines import short_headline, short_standfirst, shorten

texts = st.text(alphabet="abc ,.:;–—!?é", max_size=200)


@given(texts, st.integers(2, 80))
def test_a_shortened_text_fits_and_ends_at_a_word(text: str, limit: int) -> None:
    short = shorten(text, limit)
    whole = " ".join(text.split())
    assert len(short) <= limit
    if short != whole:
        assert short.endswith("…")
        assert whole.startswith(short[:-1])


@given(texts, st.integers(2, 80))
def test_headlines_and_standfirsts_fit_their_place(text: str, limit: int) -> None:
    assert len(short_headline(text, limit)) <= limit
    assert len(short_standfirst(text, limit)) <= limit


def test_words_are_not_cut() -> None:
    assert shorten("one two three", 9) == "one two…"
    assert shorten("one two three", 8) == "one two…"
    assert shorten("one, two three", 6) == "one…"


def test_a_headline_loses_its_full_stop_but_not_its_ellipsis() -> None:
    assert short_headline("It rained.", 60) == "It rained"
    assert short_headline("And then...", 60) == "And then..."


def test_a_label_before_the_colon_is_no_headline() -> None:
    assert short_headline("Libya: the talks that took a year to begin", 30) == (
        "Libya: the talks that took a…"
    )


def test_a_hyphenated_word_is_no_place_to_break() -> None:
    assert short_headline("The well-kept garden of a palace in the hills", 30) == (
        "The well-kept garden of a…"
    )
