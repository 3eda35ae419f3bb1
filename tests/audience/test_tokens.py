"""Links in mails: nobody else can make, read or change them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from publisher.audience.tokens import BadToken, Bounced, Claim, ExpiredToken, Tokens

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
OURS = Tokens(["a key that nobody knows"])

numbers = st.integers(1, 2**63 - 1)
list_names = st.text(min_size=1, max_size=60).filter(lambda t: t.isprintable())


@given(numbers, list_names)
def test_a_token_carries_reader_and_list(number: int, list_name: str) -> None:
    assert OURS.read_unsubscribe(OURS.unsubscribe(number, list_name)) == Claim(number, list_name)
    assert OURS.read_preferences(OURS.preferences(number, list_name)) == Claim(number, list_name)
    claim = OURS.read_confirm(OURS.confirm(number, list_name, NOON), NOON)
    assert claim == Claim(number, list_name, NOON)


@given(numbers, st.integers(0, 60), st.characters())
def test_a_token_with_one_letter_changed_is_refused(number: int, at: int, letter: str) -> None:
    token = OURS.unsubscribe(number, "readers")
    at %= len(token)
    assume(token[at] != letter)
    with pytest.raises(BadToken):
        OURS.read_unsubscribe(token[:at] + letter + token[at + 1 :])


@given(st.text(max_size=200))
def test_whatever_somebody_makes_up_is_refused(token: str) -> None:
    with pytest.raises(BadToken):
        OURS.read_unsubscribe(token)
    with pytest.raises(BadToken):
        OURS.read_confirm(token, NOON)


def test_a_token_for_one_purpose_does_not_serve_another() -> None:
    with pytest.raises(BadToken):
        OURS.read_unsubscribe(OURS.confirm(7, "readers", NOON))
    with pytest.raises(BadToken):
        OURS.read_confirm(OURS.unsubscribe(7, "readers"), NOON)
    with pytest.raises(BadToken):
        OURS.read_unsubscribe(OURS.preferences(7, "readers"))
    with pytest.raises(BadToken):
        OURS.read_preferences(OURS.unsubscribe(7, "readers"))


def test_a_token_to_unsubscribe_never_expires_and_is_always_the_same() -> None:
    assert OURS.unsubscribe(7, "readers") == OURS.unsubscribe(7, "readers")


def test_a_token_to_confirm_is_good_for_fourteen_days() -> None:
    token = OURS.confirm(7, "readers", NOON)
    assert OURS.read_confirm(token, NOON + timedelta(days=14)).subscriber == 7
    with pytest.raises(ExpiredToken, match="too old"):
        OURS.read_confirm(token, NOON + timedelta(days=14, seconds=1))


def test_tokens_of_an_old_key_are_accepted_and_of_a_strange_one_refused() -> None:
    old, new = Tokens(["old key"]), Tokens(["new key", "old key"])
    assert new.read_unsubscribe(old.unsubscribe(7, "readers")).subscriber == 7
    assert new.unsubscribe(7, "readers") != old.unsubscribe(7, "readers")
    with pytest.raises(BadToken):
        Tokens(["new key"]).read_unsubscribe(old.unsubscribe(7, "readers"))


def test_a_token_fits_into_a_line_and_an_address() -> None:
    token = OURS.unsubscribe(12_345_678, "readers")
    assert len(token) <= 60
    assert token.replace("-", "").replace("_", "").isalnum()


def test_neighbours_have_nothing_in_common() -> None:
    one, other = OURS.unsubscribe(7, "readers"), OURS.unsubscribe(8, "readers")
    assert sum(a == b for a, b in zip(one, other, strict=True)) < len(one) / 3


@given(st.integers(0, 2**24 - 1), st.integers(0, 2**40 - 1), st.booleans())
def test_a_bounces_token_carries_mailing_and_reader_in_whatever_case(
    mailing: int, reader: int, upper: bool
) -> None:
    token = OURS.bounce(mailing, reader)
    assert len(token) <= 39
    assert token.isalnum()
    assert token == token.lower()
    assert OURS.read_bounce(token.upper() if upper else token) == Bounced(mailing, reader)


@given(st.text(max_size=60))
def test_a_made_up_bounce_is_refused(token: str) -> None:
    with pytest.raises(BadToken):
        OURS.read_bounce(token)


def test_a_bounces_token_with_one_letter_changed_is_refused() -> None:
    token = OURS.bounce(12, 3456)
    for at, letter in enumerate(token):
        with pytest.raises(BadToken):
            OURS.read_bounce(token[:at] + ("a" if letter != "a" else "b") + token[at + 1 :])


@pytest.mark.parametrize(("mailing", "reader"), [(1, 2**40), (2**24, 1)])
def test_numbers_that_no_bounces_token_can_carry_are_an_error(mailing: int, reader: int) -> None:
    with pytest.raises(ValueError, match="out of bounds"):
        OURS.bounce(mailing, reader)
