"""The addresses an article leads to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.config import Publication
from publisher.content.article import Article
from publisher.render.preflight.addresses import addresses_in, addresses_of
from tests.render.issues import article, issue, slot


def found(body: str, **more: object) -> list[str]:
    return list(addresses_of(article("a", "A", body=body, **more)))


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Read [it](https://a.org/b).", "https://a.org/b"),
        ('Read [it](https://a.org/b "A title").', "https://a.org/b"),
        ("Read [it](https://a.org/Fez_(city)) now", "https://a.org/Fez_(city)"),
        ("<https://a.org/b>", "https://a.org/b"),
        ("See https://a.org/b, and go.", "https://a.org/b"),
        ("(see https://a.org/b.)", "https://a.org/b"),
        ("[1]: https://a.org/b", "https://a.org/b"),
        ("Here https://a.org/b#part is", "https://a.org/b"),
        ("HTTPS://a.org/B", "https://a.org/B"),
        ("Voir «https://a.org/b»", "https://a.org/b"),
        ("انظر https://a.org/خبر الآن", "https://a.org/خبر"),
    ],
)
def test_an_address_ends_where_a_reader_would_end_it(text: str, address: str) -> None:
    assert found(text) == [address]


def test_addresses_come_once_from_all_parts_of_an_article() -> None:
    made = article(
        "a",
        "A",
        body="[x](https://b.org/1) [y](https://b.org/1) [z](/on-site)",
        url="https://c.org/story",
        sources=("Report, https://d.org/report", "FAO"),
    )
    assert addresses_of(made) == (
        "https://c.org/story",
        "https://b.org/1",
        "https://c.org/on-site",
        "https://d.org/report",
    )


@pytest.mark.parametrize(
    "text", ["mailto:a@b.org", "ftp://a.org", "https://", "https://[bad", "https://a:99999999/"]
)
def test_what_no_web_server_answers_is_not_asked(text: str) -> None:
    assert found(text) == []


def test_invented_sites_are_not_asked() -> None:
    assert found("https://sirocco.example/story") == []


def test_the_issues_own_pages_are_not_there_yet(publication: Publication) -> None:
    made = issue(
        publication, [slot(publication, article("a", "A", body="http://127.0.0.1:8300/x"))]
    )
    assert list(addresses_in(made)) == [("a", "http://127.0.0.1:8300/x")]
    assert not list(addresses_in(made, publication.public_url))


@given(st.text(alphabet="https://a.org()[]<>\"' .,;é\n", max_size=120))
def test_no_text_upsets_the_search(text: str) -> None:
    for address in addresses_of(Article(slug="a", title="A", body=text)):
        assert address.startswith(("http://", "https://"))
        assert address.count(")") <= address.count("(")
