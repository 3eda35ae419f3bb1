"""Mailbox providers, what to do about them, and complaints."""

import pytest

from publisher.deliver.providers import (
    Provider,
    advice,
    complaint_level,
    complaint_sentence,
    family_of,
    spoken_reason,
)


def provider(**figures: int) -> Provider:
    names = dict.fromkeys(Provider.FIGURES, 0)
    return Provider(name="Outlook", domains=("hotmail.com",), reason="", **{**names, **figures})


@pytest.mark.parametrize(
    ("domain", "family"),
    [
        ("gmail.com", "Gmail"),
        ("googlemail.com", "Gmail"),
        ("hotmail.co.uk", "Outlook"),
        ("outlook.com.br", "Outlook"),
        ("msn.com", "Outlook"),
        ("yahoo.fr", "Yahoo"),
        ("aol.com", "Yahoo"),
        ("gmx.at", "GMX and WEB.DE"),
        ("ya.ru", "Yandex"),
        ("live.org", "live.org"),
        ("gmail.com.example.org", "gmail.com.example.org"),
        ("notgmail.com", "notgmail.com"),
        ("", ""),
    ],
)
def test_domains_of_one_provider_are_known_and_no_others(domain: str, family: str) -> None:
    assert family_of(domain) == family


def test_reasons_that_differ_in_a_number_or_an_address_are_alike() -> None:
    one = "452 4.2.2 <ada@example.org> over quota abc12-4711x.99"
    other = "452 4.2.2 <bob@example.org>  over quota zz99-12345678"
    assert spoken_reason(one) == spoken_reason(other)
    assert spoken_reason(one) != spoken_reason("550 5.1.1 no such user")


def test_a_provider_that_blocks_is_told_with_what_to_do() -> None:
    told = advice(provider(delivered=50, blocked=40, bounced=10))
    assert told.startswith("Outlook did not take 50 of 100")
    assert "DKIM" in told
    assert "sendersupport" in told
    assert "publisher retry --provider Outlook" in told


def test_a_provider_that_puts_off_is_given_time() -> None:
    told = advice(provider(delivered=50, deferred=40, blocked=10))
    assert told.startswith("Outlook puts off 40 of 100")
    assert "retry" not in told


@pytest.mark.parametrize(
    "figures", [{"delivered": 99, "blocked": 1}, {"delivered": 2, "bounced": 3}]
)
def test_a_few_failures_are_no_trouble(figures: dict[str, int]) -> None:
    assert advice(provider(**figures)) == ""


@pytest.mark.parametrize(
    ("complained", "level", "words"),
    [
        (0, "good", "Nobody reported"),
        (9, "good", "below the 0.1 %"),
        (10, "watch", "above the 0.1 %"),
        (29, "watch", "unsubscribe link"),
        (30, "bad", "at 0.3 %"),
        (500, "bad", "take it off the list"),
    ],
)
def test_complaints_are_held_against_what_gmail_puts_up_with(
    complained: int, level: str, words: str
) -> None:
    assert complaint_level(complained, 10_000) == level
    assert words in complaint_sentence(complained, 10_000)
    assert "postmaster.google.com" in complaint_sentence(complained, 10_000)


def test_one_complaint_among_few_readers_is_told_as_such() -> None:
    assert "a single complaint weighs much" in complaint_sentence(1, 400)
    assert "take it off" not in complaint_sentence(1, 400)
    assert "take it off" in complaint_sentence(9, 400)


def test_without_deliveries_nothing_is_claimed() -> None:
    assert complaint_sentence(0, 0).startswith("Nothing is known")
