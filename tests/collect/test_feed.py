"""Feeds of every kind, whole and broken, over real HTTP."""

import json
import time
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import pytest

from publisher.collect import CollectReport
from publisher.collect.entry import Drawn, Entry, draw
from tests.collect.conftest import Newsroom
from tests.servers.site import LONG, Site, item, media, picture_bytes, rss


def told(report: CollectReport) -> list[str]:
    return [str(problem) for problem in report.problems]


def has(words: str, lines: Iterable[str]) -> bool:
    return any(words in line for line in lines)


def test_an_rss_feed_becomes_articles(site: Site, newsroom: Newsroom) -> None:
    newsroom.feed(
        site.page(
            "/feed",
            rss(
                item(
                    "Sfax & the <em>sea</em>",
                    link="https://daily.example/sfax?utm_source=rss&p=7",
                    summary="What an editor wrote about it.",
                    html=f"{LONG}<p>Sources: Reuters, AFP</p>",
                    more="<dc:creator>Amel Ben Ali</dc:creator><category>environment</category>",
                ),
                language="en-GB",
            ),
        ),
        name="The Daily",
    )
    report = newsroom.collect()
    assert [(a.slug, a.source, a.note) for a in report.added] == [("sfax-the-sea", "The Daily", "")]
    assert told(report) == []
    article = newsroom.article("sfax-the-sea")
    assert article.title == "Sfax & the sea"
    assert article.url == "https://daily.example/sfax?p=7"
    assert article.byline == "Amel Ben Ali"
    assert article.section == "Environment"
    assert article.language == "en-GB"
    assert article.standfirst == "What an editor wrote about it."
    assert article.sources == ("Reuters", "AFP")
    assert article.published == datetime.fromisoformat("2026-11-18T09:00:00+01:00")
    assert article.body.startswith("The harbour wakes before the town does")
    fetched = article.extra["fetched"]
    assert (fetched["source"], fetched["id"]) == ("The Daily", "https://daily.example/sfax?p=7")


def test_an_atom_feed_becomes_articles(site: Site, newsroom: Newsroom) -> None:
    feed = f"""<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="fr"><title>Le Jour</title>
        <entry xml:base="https://jour.example/a/"><title type="html">L&amp;#233;t&amp;eacute;</title>
        <id>tag:jour.example,2026:1</id><link href="ete.html"/><updated>2026-11-17T10:00:00Z</updated>
        <author><name>Une</name></author><author><name>Deux</name></author>
        <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">{LONG}
        <p>Un <a href="b.html">lien</a>.</p></div></content></entry></feed>"""
    newsroom.feed(site.page("/atom", feed, "application/atom+xml"))
    assert told(newsroom.collect()) == []
    article = newsroom.article("lete")
    assert (article.title, article.byline, article.language) == ("Lété", "Une, Deux", "fr")
    assert article.url == "https://jour.example/a/ete.html"
    assert "[lien](https://jour.example/a/b.html)" in article.body


def test_a_json_feed_becomes_articles(site: Site, newsroom: Newsroom) -> None:
    site.picture("/lead.jpg")
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "language": "en",
        "items": [
            {
                "id": 1,
                "url": "https://daily.example/1",
                "title": "First",
                "content_html": LONG,
                "date_published": "2026-11-18T09:00:00+01:00",
                "authors": [{"name": "Amel"}],
                "tags": ["Culture"],
                "image": "/lead.jpg",
            },
            {"id": "2", "url": "https://daily.example/2", "title": "Second",
             "content_text": "Plain <text> & more.\n\nEnd. " + "word " * 130},
            {"id": "3", "title": ["odd"], "tags": 7, "authors": {"name": 1}, "date_published": 4},
            "nonsense",
        ],
    }  # fmt: skip
    newsroom.feed(site.page("/feed.json", json.dumps(feed), "application/feed+json"))
    report = newsroom.collect()
    assert sorted(a.slug for a in report.added) == ["first", "second"]
    first, second = newsroom.article("first"), newsroom.article("second")
    assert (first.byline, first.section) == ("Amel", "Culture")
    assert first.picture is not None
    assert first.picture.path == "pictures/lead.jpg"
    assert second.body.startswith("Plain &lt;text> & more.\n\nEnd.")
    assert has("neither headline nor text", told(report))
    assert has("without a date", told(report))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("{", "broken JSON"),
        ("{}", "no JSON Feed"),
        ('{"version": 7}', "no JSON Feed"),
        ("[" * 100_000, "not a feed"),
        ('{"a":' * 100_000, "broken JSON"),
    ],
)
def test_json_that_is_no_feed_is_told(
    site: Site, newsroom: Newsroom, body: str, words: str
) -> None:
    newsroom.feed(site.page("/feed", body, "application/json"))
    assert has(words, told(newsroom.collect()))


def test_the_pictures_come_along(site: Site, newsroom: Newsroom) -> None:
    lead, inner = site.picture("/up/Lead%20Photo.jpg"), site.picture("/up/inner.png", colour="red")
    html = (
        f'<figure><img src="{site.url}/up/Lead%20Photo-300x200.jpg" alt="Boats"><figcaption>Dawn.'
        f" Photo: AFP</figcaption></figure>{LONG}"
        f'<figure><img src="{inner}" alt="Quay"><figcaption>The quay</figcaption></figure><p>End</p>'
    )
    newsroom.feed(site.page("/feed", rss(item(html=html, more=media(lead, width="1200")))))
    site.answers["/up/Lead%20Photo-300x200.jpg"] = site.answers["/up/Lead%20Photo.jpg"]
    assert told(newsroom.collect()) == []
    article = newsroom.article("the-harbour-wakes")
    assert article.picture is not None
    assert (article.picture.alt, article.picture.caption, article.picture.credit) == (
        "Boats",
        "Dawn.",
        "AFP",
    )
    assert "Boats" not in article.body
    assert '![Quay](pictures/inner.jpg "The quay")' in article.body
    assert newsroom.pictures() == ["inner.jpg", "lead-photo-300x200.jpg"]


def test_the_first_figure_leads_if_the_feed_names_none(site: Site, newsroom: Newsroom) -> None:
    html = f'{LONG}<img src="{site.picture("/a.jpg")}" alt="A"><img src="{site.picture("/b.jpg", colour="red")}">'
    newsroom.feed(site.page("/feed", rss(item(html=html))))
    newsroom.collect()
    article = newsroom.article("the-harbour-wakes")
    assert article.picture is not None
    assert article.picture.path == "pictures/a.jpg"
    assert "a.jpg" not in article.body
    assert "![](pictures/b.jpg)" in article.body


def test_pictures_of_one_name_and_other_content_are_kept_apart(
    site: Site, newsroom: Newsroom
) -> None:
    one, two = site.picture("/1/photo.jpg", colour="red"), site.picture("/2/photo.jpg")
    same = site.picture("/3/photo.jpg", colour="red")
    newsroom.feed(
        site.page(
            "/feed",
            rss(*(item(f"Story {n}", more=media(u)) for n, u in enumerate((one, two, same)))),
        )
    )
    newsroom.collect()
    paths = [picture.path for n in range(3) if (picture := newsroom.article(f"story-{n}").picture)]
    assert len(newsroom.pictures()) == 2
    assert paths[0] == paths[2] != paths[1]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"status": 404}, "404 Not Found"),
        ({"body": b"<html>no</html>", "content_type": "text/html"}, "no picture we can use (text/html)"),
        ({"body": picture_bytes()[:400]}, "no picture we can use"),
        ({"body": picture_bytes(size=(20, 20))}, "too small to print"),
        ({"body": b"<svg xmlns='http://www.w3.org/2000/svg'/>", "content_type": "image/svg+xml"}, "no picture"),
    ],
)  # fmt: skip
def test_a_picture_that_cannot_be_had_is_told_and_the_article_comes(
    site: Site, newsroom: Newsroom, answer: dict[str, object], words: str
) -> None:
    url = site.page("/b.jpg", **{"body": b"", "content_type": "image/jpeg", **answer})  # type: ignore[arg-type]
    html = f'{LONG}<figure><img src="{url}" alt="x"><figcaption>Words (a) "b"</figcaption></figure><p>End</p>'
    html = f'<img src="{site.picture("/ok.jpg")}">' + html
    newsroom.feed(site.page("/feed", rss(item(html=html))), name="Daily")
    report = newsroom.collect()
    (line,) = told(report)
    assert line.startswith("Daily, the-harbour-wakes: taken without a picture:")
    assert words in line
    article = newsroom.article("the-harbour-wakes")
    assert "b.jpg" not in article.body
    assert article.body.endswith("End")


def test_a_feed_of_summaries_says_so(site: Site, newsroom: Newsroom) -> None:
    newsroom.feed(
        site.page(
            "/feed",
            rss(
                item("One", html="", summary="Only this."), item("Two", html="", summary="And […]")
            ),
        )
    )
    report = newsroom.collect()
    assert has("2 of 2 entries hold a summary only", told(report))
    assert newsroom.article("one").body == "Only this."
    assert newsroom.article("one").standfirst == ""


def test_entries_lacking_something_are_taken_sensibly(site: Site, newsroom: Newsroom) -> None:
    newsroom.feed(
        site.page(
            "/feed",
            rss(
                item("", html=f"<p>The first words are its headline. And so on.</p>{LONG}"),
                item("No link", link="", more="<guid isPermaLink='false'>x1</guid>"),
                item("Guid is link", link="", more="<guid>https://daily.example/guid</guid>"),
                item("No date", date=""),
                item("", html="", link=""),
            ),
        )
    )
    report = newsroom.collect()
    assert newsroom.files() == [
        "guid-is-link.md",
        "no-date.md",
        "no-link.md",
        "the-first-words-are-its-headline.md",
    ]
    assert newsroom.article("guid-is-link").url == "https://daily.example/guid"
    assert newsroom.article("no-link").url == ""
    for words in ("without a headline", "without a link", "without a date", "neither headline"):
        assert has(words, told(report)), words
    assert newsroom.collect().added == ()


def test_arabic_articles_have_a_file_name_and_their_language(
    site: Site, newsroom: Newsroom
) -> None:
    html = "<p>" + "يستيقظ الميناء قبل المدينة. " * 40 + "</p>"
    newsroom.feed(
        site.page(
            "/feed", rss(item("ميناء صفاقس", link="https://d.example/%D9%85%D9%8A", html=html))
        )
    )
    report = newsroom.collect()
    slug = report.added[0].slug
    assert slug.startswith("article-")
    assert newsroom.article(slug).language == "ar"


def test_nothing_is_asked_twice_that_has_not_changed(site: Site, newsroom: Newsroom) -> None:
    newsroom.feed(site.page("/feed", rss(item()), etag='W/"1"', last_modified="Thu"))
    newsroom.collect()
    second = newsroom.collect()
    assert (second.added, second.problems) == ((), ())
    first_headers, second_headers = (request.headers for request in site.asked("/feed"))
    assert "If-None-Match" not in first_headers
    assert second_headers["If-None-Match"] == 'W/"1"'
    assert second_headers["If-Modified-Since"] == "Thu"


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("Tom &amp; Jerry", "Tom & Jerry"),
        ("Tom &amp;amp; Jerry", "Tom & Jerry"),
        ("Tom &#8217;s", "Tom ’s"),
        ("<![CDATA[Tom & <b>Jerry</b>]]>", "Tom & Jerry"),
        ("2 &lt; 3 &gt; 1", "2 < 3 > 1"),
        ("Smile &#55357;&#56832;!", "Smile 😀!"),
        ("Smile &#xD83D;&#xDE00;, half &#xD83D;&#0;&#128512;", "Smile 😀, half 😀"),
    ],
)
def test_headlines_come_as_they_were_meant(
    site: Site, newsroom: Newsroom, written: str, title: str
) -> None:
    newsroom.feed(site.page("/feed", rss(item("TITLE")).replace("TITLE", written)))
    assert [a.title for a in newsroom.collect().added] == [title]


def test_a_moved_feed_is_read_and_its_new_address_told(site: Site, newsroom: Newsroom) -> None:
    new = site.page("/new", rss(item()))
    newsroom.feed(site.redirect("/feed", "/new", 301))
    report = newsroom.collect()
    assert len(report.added) == 1
    assert has(f"url = '{new}'", told(report))


def test_a_web_page_in_place_of_a_feed_points_to_the_feed(site: Site, newsroom: Newsroom) -> None:
    page = (
        '<!doctype html><html><head><link rel="alternate" type="application/rss+xml" href="/rss">'
    )
    newsroom.feed(site.page("/", page, "text/html"))
    assert has(f"is a web page, not a feed: try url = '{site.url}/rss'", told(newsroom.collect()))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty page"),
        (b"%PDF-1.7", "not a feed"),
        (picture_bytes(), "not a feed"),
        (b"<html><body>Sorry</body></html>", "is a web page, not a feed"),
        (b"<?xml version='1.0'?><opml/>", "not a feed"),
    ],
)
def test_what_is_no_feed_is_told(site: Site, newsroom: Newsroom, body: bytes, words: str) -> None:
    newsroom.feed(site.page("/feed", body, "application/octet-stream"))
    report = newsroom.collect()
    assert len(report.problems) == 1
    assert has(words, told(report))


def test_of_a_broken_feed_what_can_be_read_is_taken(site: Site, newsroom: Newsroom) -> None:
    feed = rss(item("Whole"), item("Cut off")).partition("Cut off")[0]
    newsroom.feed(site.page("/feed", feed, etag='"1"'))
    report = newsroom.collect()
    assert "whole" in [a.slug for a in report.added]
    assert has("the feed is broken", told(report))
    newsroom.collect()
    assert "If-None-Match" not in site.asked("/feed")[1].headers


def test_a_feed_its_parser_trips_over_is_told(site: Site, newsroom: Newsroom) -> None:
    # feedparser 6.0 fails on a media:credit that is closed and was never opened
    feed = rss(item(more="</media:credit>"))
    newsroom.feed(site.page("/feed", feed))
    assert has("broken", told(newsroom.collect()))


def test_a_date_of_change_stands_in_for_a_date_of_publication(
    site: Site, newsroom: Newsroom
) -> None:
    changed = (
        '<atom:updated xmlns:atom="http://www.w3.org/2005/Atom">2026-11-17T10:00:00Z</atom:updated>'
    )
    newsroom.feed(site.page("/feed", rss(item("One", date="", more=changed))))
    assert newsroom.collect().problems == ()
    assert newsroom.article("one").published == datetime.fromisoformat("2026-11-17T11:00:00+01:00")


@pytest.mark.parametrize(
    ("declared", "sent", "header"),
    [
        ("utf-8", "utf-8", "text/xml"),
        ("utf-8", "utf-8", "text/xml; charset=iso-8859-1"),
        ("iso-8859-1", "utf-8", "application/rss+xml"),
        ("iso-8859-1", "iso-8859-1", "application/rss+xml"),
        ("windows-1256", "windows-1256", "text/xml; charset=windows-1256"),
        ("utf-16", "utf-16", "application/xml"),
        ("utf-8", "utf-8", "text/html; charset=nonsense"),
    ],
)
def test_letters_survive_whatever_the_server_claims(
    site: Site, newsroom: Newsroom, declared: str, sent: str, header: str
) -> None:
    title = "Été à Sfax" if sent != "windows-1256" else "ميناء"
    feed = rss(item(title)).replace('encoding="utf-8"', f'encoding="{declared}"')
    newsroom.feed(site.page("/feed", feed.encode(sent), header))
    report = newsroom.collect()
    assert [a.title for a in report.added] == [title]


def test_entities_open_no_files_and_do_not_explode(site: Site, newsroom: Newsroom) -> None:
    secret = newsroom.publication.root / "secret.txt"
    secret.write_text("TOP SECRET")
    laughs = "".join(
        f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' if n else '<!ENTITY l0 "ha">' for n in range(10)
    )
    feed = rss(item("XXE &xxe;")).replace("&amp;xxe;", "&xxe;").replace(
        "<rss", f'<!DOCTYPE rss [<!ENTITY xxe SYSTEM "file://{secret}">{laughs}]>\n<rss', 1
    ).replace("</channel>", "<item><title>&l9;</title><link>https://d.example/l</link></item></channel>")  # fmt: skip
    newsroom.feed(site.page("/feed", feed))
    begun = time.monotonic()
    newsroom.collect()
    assert time.monotonic() - begun < 5
    folder = newsroom.issue()
    stored = "".join(path.read_text() for path in folder.rglob("*.md"))
    assert "TOP SECRET" not in stored
    assert len(stored) < 100_000


def test_a_hostile_article_arrives_harmless(site: Site, newsroom: Newsroom) -> None:
    html = (
        '<script>alert(1)</script><p onclick="alert(1)">Text <a href="javascript:alert(1)">x</a></p>'
        '<img src="file:///etc/passwd"><img src="http://169.254.169.254/x.jpg">'
        f"<p>---\ntitle: x\n---</p>{LONG}"
    )
    evil = "https://d.example/a\n- b: c"
    newsroom.feed(
        site.page(
            "/feed",
            rss(item('"---\nslug: ../../etc/passwd', link=evil, html=html,
                     more="<dc:creator>a: [b]\n---</dc:creator>")),
        )
    )  # fmt: skip
    report = newsroom.collect()
    assert newsroom.files() == ["slug-etc-passwd.md"]
    article = newsroom.article("slug-etc-passwd")
    assert article.byline == "a: [b] ---"
    assert "alert" not in article.body
    assert has("169.254.169.254 is not on the public internet", told(report))


def test_a_feed_of_very_many_entries_is_cut(site: Site, newsroom: Newsroom) -> None:
    newsroom.feed(site.page("/feed", rss(*(item(f"Story {n}") for n in range(30)))), limit=10)
    report = newsroom.collect()
    assert len(report.added) == 10
    assert has("20 more articles wait at the source", told(report))
    assert len(newsroom.collect().added) == 10
    third = newsroom.collect()
    assert len(third.added) == 10
    assert third.problems == ()


def test_an_article_named_twice_in_a_feed_comes_once(site: Site, newsroom: Newsroom) -> None:
    link = "https://daily.example/story"
    newsroom.feed(
        site.page("/feed", rss(item("A", link=link), item("A again", link=link + "/?utm_medium=x")))
    )
    report = newsroom.collect()
    assert [a.slug for a in report.added] == ["a"]


def test_an_entry_we_stumble_over_costs_no_other(
    site: Site, newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(entry: Entry, *given: Any) -> Drawn | None:
        if entry.title == "Evil":
            raise RecursionError
        return draw(entry, *given)

    newsroom.feed(site.page("/feed", rss(item("Evil"), item("Good")), etag='"1"'))
    with monkeypatch.context() as patch:
        patch.setattr("publisher.collect.feed.draw", stumble)
        report = newsroom.collect()
    assert [a.slug for a in report.added] == ["good"]
    assert has("“Evil” (https://daily.example/evil) was not taken by a mistake", told(report))
    assert [a.slug for a in newsroom.collect().added] == ["evil"]
