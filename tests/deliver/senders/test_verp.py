"""Return paths: whose mail came back, whatever servers did to the address on the way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.audience.tokens import BadToken, Bounced, Tokens
from publisher.deliver.senders.verp import address, token_of
from publisher.errors import DeliveryError

OURS = Tokens(["a key that nobody knows"])
BASE = "bounces@sirocco.example"


@pytest.mark.parametrize("change", [str, str.lower, str.upper, lambda to: f"<{to}>"])
def test_a_bounce_finds_its_reader_after_any_change_of_case(change: object) -> None:
    assert callable(change)
    to = address(BASE, OURS.bounce(12, 3456))
    token = token_of(change(to))
    assert token
    assert OURS.read_bounce(token) == Bounced(12, 3456)


def test_the_return_path_is_as_short_as_servers_want_it() -> None:
    local, _, domain = address(BASE, OURS.bounce(2**24 - 1, 2**40 - 1)).rpartition("@")
    assert domain == "sirocco.example"
    assert local.startswith("bounces+")
    assert len(local) <= 64


def test_a_mark_of_the_operators_own_stays() -> None:
    to = address("weekly+bounces@sirocco.example", OURS.bounce(1, 2))
    assert to.startswith("weekly+bounces+")
    assert token_of(to) == OURS.bounce(1, 2)


def test_a_domain_in_any_script_is_written_in_ascii() -> None:
    assert address("b@exämple.org", OURS.bounce(1, 2)).endswith("@xn--exmple-cua.org")


def test_an_address_without_room_for_a_mark_says_how_long_it_may_be() -> None:
    with pytest.raises(DeliveryError, match="use at most 27 letters before the @"):
        address("the-bounces-of-our-weekly-letter@example.org", OURS.bounce(1, 2))


@pytest.mark.parametrize("to", ["", "@", BASE, "bounces+abc@example.org", "bounces", "+@x"])
def test_an_address_without_a_mark_has_no_token(to: str) -> None:
    assert token_of(to) is None


@given(st.text())
def test_whatever_a_hostile_bounce_is_sent_to_is_no_reader_of_ours(text: str) -> None:
    token = token_of(f"bounces+{text}@sirocco.example")
    if token:
        with pytest.raises(BadToken):
            OURS.read_bounce(token)
