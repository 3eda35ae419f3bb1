from publisher.content.article import Article
from publisher.render.opening import opening, paragraphs, teaser

BODY = """# A heading

![Alt](pictures/x.jpg "Caption"){ credit="Me" }

/// fact | A box
Not this.
///

It was *dark*, said [the keeper](https://example.org).[^1]

- not
- these

| nor | this |
|---|---|

The sea &amp; the <b>lamp</b>.

[^1]: Nor this.
"""


def piece(**more: str) -> Article:
    return Article(slug="light", title="Light", **{"body": BODY, **more})  # type: ignore[arg-type]  # texts only


def test_only_running_text_is_taken_and_without_markup() -> None:
    assert paragraphs(piece()) == ["It was dark, said the keeper.", "The sea & the lamp."]


def test_a_standfirst_sells_better_than_the_first_words() -> None:
    assert teaser(piece(standfirst="A lamp and its keeper.")) == "A lamp and its keeper."
    assert teaser(piece()).startswith("It was dark")


def test_an_opening_ends_with_a_paragraph_or_after_a_word() -> None:
    assert opening(piece(), 40) == "It was dark, said the keeper."
    assert opening(piece(), 20) == "It was dark, said…"
    assert opening(piece(body=""), 20) == ""


def test_a_hostile_body_is_only_text() -> None:
    assert paragraphs(piece(body="<script>alert(1)</script>Hello <img src=x onerror=y>")) in (
        [],
        ["Hello"],
    )
