"""What a site gives to its members only is known as such, as far as its feed says so."""

import pytest

from publisher.content.article import format_article, parse_article
from publisher.errors import ContentError
from tests.collect.conftest import Newsroom
from tests.servers.site import LONG, Site, item, rss

FORM = '<form class="post-password-form" method="post"><p>This content is protected.</p></form>'


@pytest.mark.parametrize(
    ("title", "html", "more"),
    [
        ("Protected: The budget", LONG, ""),
        ("Protégé : Le budget", LONG, ""),
        ("محمي: الميزانية", LONG, ""),
        ("The budget", FORM + LONG, ""),
        ("The budget", LONG, "<category>Members-only</category>"),
        ("The budget", LONG, "<category>Réservé aux abonnés</category>"),
    ],
)
def test_a_members_only_entry_is_marked_in_its_file(
    newsroom: Newsroom, site: Site, title: str, html: str, more: str
) -> None:
    link = "https://daily.example/budget"
    newsroom.feed(site.page("/feed", rss(item(title, link=link, html=html, more=more))))
    (seen,) = newsroom.collect().added
    assert newsroom.article(seen.slug).protected
    text = (newsroom.issue() / "articles" / f"{seen.slug}.md").read_text()
    assert "protected: true" in text


@pytest.mark.parametrize("title", ["Protected areas of Tunisia", "Private schools: who pays"])
def test_a_headline_about_protection_is_free(newsroom: Newsroom, site: Site, title: str) -> None:
    newsroom.feed(site.page("/feed", rss(item(title))))
    (seen,) = newsroom.collect().added
    assert not newsroom.article(seen.slug).protected


def test_front_matter_says_yes_or_no(newsroom: Newsroom) -> None:
    zone = newsroom.publication.timezone
    for word, meant in (("true", True), ("yes", True), ("false", False), ("no", False)):
        text = f"---\ntitle: A\nprotected: {word}\n---\n\nBody\n"
        article = parse_article(text, slug="a", zone=zone)
        assert article.protected is meant
        assert parse_article(format_article(article), slug="a", zone=zone) == article
    with pytest.raises(ContentError, match="use true or false"):
        parse_article("---\ntitle: A\nprotected: maybe\n---\n", slug="a", zone=zone)
