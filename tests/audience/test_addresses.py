"""Which addresses are right, and which are the same reader's."""

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from publisher.audience.addresses import parse_address
from publisher.errors import AudienceError


@pytest.mark.parametrize(
    ("written", "email"),
    [
        ("ada@example.org", "ada@example.org"),
        ("  Ada.Lovelace+news@Example.ORG ", "Ada.Lovelace+news@example.org"),
        ("mailto:ada@example.org", "ada@example.org"),
        ("Ada Lovelace <ada@example.org>", "ada@example.org"),
        ("o'neill@example.org", "o'neill@example.org"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@موقع.مصر", "ada@xn--4gbrim.xn--wgbh1c"),
    ],
)
def test_addresses_are_read_as_people_write_them(written: str, email: str) -> None:
    assert parse_address(written).email == email


def test_two_spellings_of_one_address_are_one_reader() -> None:
    assert parse_address("ADA@Bücher.example").key == parse_address("ada@xn--bcher-kva.example").key


def test_the_name_before_an_address_is_kept() -> None:
    assert parse_address('"Lovelace, Ada" <ada@example.org>').name == "Lovelace, Ada"


@pytest.mark.parametrize(
    "written",
    [
        "",
        "ada",
        "ada@",
        "@example.org",
        "ada@localhost",
        "ada@example",
        "ada@exam ple.org",
        "ada..b@example.org",
        ".ada@example.org",
        "ada@example.org, bob@example.org",
        "ada@example.org\r\nBcc: all@example.org",
        "ada@-example.org",
        "ada@127.0.0.1",
        "ada@[127.0.0.1]",
        "أدا@example.org",
        "x" * 65 + "@example.org",
        "ada@" + "x." * 130 + "org",
        "=HYPERLINK(1)",
    ],
)
def test_what_is_no_address_is_refused_with_the_reason(written: str) -> None:
    with pytest.raises(AudienceError, match="is not an e-mail address: "):
        parse_address(written)


@given(
    st.from_regex(r"[A-Za-z0-9_+.\-']{1,70}", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9.\-]{1,40}\.(org|example|test|local|1)", fullmatch=True),
)
@example("postmaster", "Example.org")
@example("a", "xn--bcher-kva.example")
@example("a", "xn--.example.org")
def test_the_short_cut_judges_as_the_library_does(local: str, domain: str) -> None:
    written = f"{local}@{domain}"
    try:
        expected = validate_email(
            written, check_deliverability=False, allow_smtputf8=False, strict=True
        ).ascii_email
    except EmailNotValidError:
        with pytest.raises(AudienceError):
            parse_address(written)
    else:
        assert str(expected).casefold() == parse_address(written).key
