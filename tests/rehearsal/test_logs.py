"""The query language of Email Logs, as far as the documentation tells it."""

from collections.abc import Iterator

import pytest

from publisher.rehearsal.book import Book
from publisher.rehearsal.logs import Condition, parse
from tests.rehearsal.test_events import AT, request


def test_conditions_are_joined_by_and() -> None:
    found = parse("to_email = 'a@example.org' AND categories IN ('one', \"two\")")
    assert found == (
        Condition("to_email", "=", ("a@example.org",)),
        Condition("categories", "IN", ("one", "two")),
    )


def test_moments_are_timestamps() -> None:
    (condition,) = parse('sg_message_id_created_at >= TIMESTAMP "2026-11-21T07:00:00Z"')
    assert condition == Condition("sg_message_id_created_at", ">=", (AT,))


def test_an_empty_query_asks_for_all() -> None:
    assert parse(" ") == ()


@pytest.mark.parametrize(
    "query",
    [
        "to_email IN ('a')",
        "from_email = 'a'",
        "to_email = 'a' OR to_email = 'b'",
        "(to_email = 'a')",
        "to_email = 'a' AND",
        "to_email = a",
        "sg_message_id_created_at > 'yesterday'",
        "categories = 'a'",
        "status IN 'delivered'",
        " AND ".join(["to_email = 'a'"] * 161),
    ],
)
def test_what_the_language_does_not_know_is_refused(query: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(query)


@pytest.fixture
def book() -> Iterator[Book]:
    found = Book()
    body = request("a@example.org", "b@example.org")
    found.enter(body, "first", at=AT, outcomes={"b@example.org": ("bounced", "550 no")})
    found.enter({**body, "categories": ["other"]}, "second", at=AT + 60, outcomes={})
    yield found
    found.close()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("to_email = 'a@example.org'", ["second", "first"]),
        ("to_email = 'a@example.org' AND categories IN ('2026-W47', 'x')", ["first"]),
        ("categories IN ('2026-W47')", ["first", "first"]),
        ("status IN ('bounced', 'blocked')", ["first"]),
        ("reason = '550 no'", ["first"]),
        ("subject = 'Sirocco 12' AND to_email = 'nobody@example.org'", []),
        ('sg_message_id_created_at > TIMESTAMP "2026-11-21T07:00:30Z"', ["second", "second"]),
    ],
)
def test_mails_are_found_by_all_conditions(book: Book, query: str, expected: list[str]) -> None:
    found = book.find(parse(query), limit=10, until=AT + 100)
    assert [mail["sg_message_id"].partition(".")[0] for mail in found] == expected


def test_a_mail_is_found_again_by_its_own_id_alone(book: Book) -> None:
    for mail in book.find((), limit=10, until=AT + 100):
        query = f"sg_message_id = '{mail['sg_message_id']}'"
        assert book.find(parse(query), limit=10, until=AT + 100) == [mail]


def test_a_record_has_the_documented_fields(book: Book) -> None:
    (mail,) = book.find(parse("status IN ('bounced')"), limit=10, until=AT)
    assert mail.keys() == {
        *("from_email", "sg_message_id", "subject", "to_email", "reason", "status"),
        "sg_message_id_created_at",
    }
    assert mail["sg_message_id_created_at"] == "2026-11-21T07:00:00Z"


def test_the_book_counts_doubles_and_pages_in_order(book: Book) -> None:
    assert (book.counted.requests, book.counted.mails) == (2, 4)
    assert sorted(book.doubled()) == [("a@example.org", 2), ("b@example.org", 2)]
    first = book.mails(limit=3)
    rest = book.mails(after=first[-1].id)
    assert [mail.email for mail in (*first, *rest)] == ["a@example.org", "b@example.org"] * 2
    assert first[0].args == {
        "publisher_chunk": "3",
        "publisher_attempt": "1",
        "publisher_reader": "1",
    }
    book.forget()
    assert book.mails() == []
    assert book.counted.mails == 0
