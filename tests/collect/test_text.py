"""Addresses, headlines and languages of strangers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.collect.text import (
    language_of,
    language_tag,
    plain,
    same_address,
    same_title,
    web_address,
    without_tracking,
)


@pytest.mark.parametrize(
    "other",
    [
        "http://daily.example/a?x=1&y=2",
        "https://www.daily.example/a/?y=2&x=1",
        "https://DAILY.example:443/a?x=1&y=2&utm_source=rss&fbclid=z#top",
    ],
)
def test_one_article_has_many_addresses(other: str) -> None:
    assert same_address(other) == same_address("https://daily.example/a?x=1&y=2")


def test_different_articles_have_different_addresses() -> None:
    addresses = ["https://d.example/?p=1", "https://d.example/?p=2", "https://d.example:8080/?p=1"]
    assert len({same_address(address) for address in addresses}) == 3


def test_click_counters_are_taken_off() -> None:
    assert without_tracking("https://d.example/a?utm_medium=x&p=1") == "https://d.example/a?p=1"
    assert without_tracking("https://d.example/a?b&c=%20") == "https://d.example/a?b&c=%20"


@given(st.text())
def test_an_address_is_safe_or_nothing(text: str) -> None:
    address = web_address(text, "https://d.example/a/")
    assert not address or address.startswith(("http://", "https://"))
    assert not set(address) & set(" \n\t()<>[]{}\"'`\\|")
    assert address.isascii()
    same_address(text)


def test_foreign_letters_in_addresses_are_encoded() -> None:
    assert web_address("https://bücher.example/é ü?q=ل#x") == (
        "https://xn--bcher-kva.example/%C3%A9%20%C3%BC?q=%D9%84#x"
    )


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("A &amp; B", "A & B"),
        ("<b>A</b><br>B", "A B"),
        ("2 < 3 &lt;", "2 < 3 <"),
        ("A<script>x</script>\u200b\n B\x00", "A B"),
    ],
)
def test_plain_text_is_plain(written: str, meant: str) -> None:
    assert plain(written) == meant


def test_headlines_are_compared_without_case_signs_and_accents() -> None:
    assert same_title("L’Été – à Sfax!") == same_title("l'ete a  SFAX")
    assert same_title("صفاقس: الميناء") == same_title("صفاقس الميناء")


@pytest.mark.parametrize(
    ("claimed", "text", "language"),
    [
        ("en", "الميناء يستيقظ", "ar"),
        ("fa", "الميناء يستيقظ", "fa"),
        ("ar", "The harbour wakes before the town does, and the town knows it.", ""),
        ("fr", "Le port", "fr"),
    ],
)
def test_letters_tell_more_than_claims(claimed: str, text: str, language: str) -> None:
    assert language_of(claimed, text) == language


@pytest.mark.parametrize(
    ("written", "tag"),
    [("en-us", "en-US"), ("fr", "fr"), ("zh-Hans-CN", "zh"), ("pt_BR", "pt-BR"), ("", ""), ("English", "")],
)  # fmt: skip
def test_language_tags_are_made_tidy(written: str, tag: str) -> None:
    assert language_tag(written) == tag
