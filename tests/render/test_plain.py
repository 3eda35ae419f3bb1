from hypothesis import given
from hypothesis import strategies as st

from publisher.render.plain import WIDTH, line, shorten, tidy, wrap

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=400)


def test_lists_hang_below_their_bullet() -> None:
    lines = wrap("word " * 30, 2, "* ").splitlines()
    assert lines[0].startswith("* word")
    assert all(other.startswith("  word") for other in lines[1:])


def test_an_address_is_never_broken() -> None:
    address = "https://sirocco.example/" + "a-very-long-slug-" * 6
    assert address in wrap(f"Read it at {address} today").splitlines()


def test_a_no_break_space_stays_whole() -> None:
    assert "12\u00a0km" in wrap("x " * 34 + "12\u00a0km")


@given(TEXTS)
def test_wrapping_keeps_every_word_and_the_width(text: str) -> None:
    wrapped = wrap(text)
    assert "".join(wrapped.split()) == "".join(text.split())
    for one in wrapped.splitlines():
        assert len(one) <= WIDTH or " " not in one.strip()


@given(TEXTS)
def test_a_header_is_one_line_without_control_characters(text: str) -> None:
    made = line(text)
    assert made.splitlines() in ([], [made])
    assert made.isprintable() or all(c.isprintable() or c.isspace() or ord(c) > 159 for c in made)


@given(TEXTS, st.integers(5, 80))
def test_a_shortened_text_is_never_too_long(text: str, limit: int) -> None:
    assert len(shorten(text, limit)) <= limit


def test_a_text_is_cut_after_a_word() -> None:
    assert shorten("The rivers under the sand", 16) == "The rivers…"
    assert shorten("Short", 16) == "Short"


def test_a_mail_ends_with_one_line_end_and_has_no_holes() -> None:
    assert tidy("a  \n\n\n\nb\r\n\n") == "a\n\nb\n"
