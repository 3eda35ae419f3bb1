from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.content.article import (
    Article,
    Kind,
    Picture,
    count_words,
    format_article,
    parse_article,
    read_article,
    save_article,
    slugify,
    stays_below,
)
from publisher.errors import ContentError

TUNIS = ZoneInfo("Africa/Tunis")


def parse(head: str, body: str = "Text.") -> Article:
    return parse_article(f"---\n{head}\n---\n\n{body}\n", slug="salt", zone=TUNIS)


def test_an_article_reads_as_its_author_left_it(tmp_path: Path) -> None:
    path = tmp_path / "white-gold.md"
    path.write_text(
        "\ufeff---\r\ntitle: White gold\r\nkind: Photo essay\r\n"
        "published: 2026-11-16T09:00:00+01:00\r\n"
        "sources: [UNESCO, 'Ibn Battuta: Travels']\r\n"
        "picture: pictures/salt.jpg\r\nalt: Salt\r\nfocus: [0.2, 1]\r\n"
        "---\r\n\r\nFirst.\r\n\r\n---\r\n\r\nLast.\r\n",
        encoding="utf-8",
        newline="",
    )
    article = read_article(path, TUNIS)
    assert article.slug == "white-gold"
    assert article.kind is Kind.PHOTO_ESSAY
    assert article.sources == ("UNESCO", "Ibn Battuta: Travels")
    assert article.picture == Picture(path="pictures/salt.jpg", alt="Salt", focus=(0.2, 1.0))
    assert article.body == "First.\n\n---\n\nLast."


@pytest.mark.parametrize("headline", ["No", "12:30", "2026", "1_000", "null", "~", "0x1F", "on"])
def test_a_headline_stays_as_it_is_written(headline: str) -> None:
    assert parse(f"title: {headline}").title == headline


def test_norwegian_is_a_language() -> None:
    assert parse("title: T\nlanguage: no").language == "no"


def test_a_correction_is_one_sentence_with_its_commas() -> None:
    article = parse("title: T\ncorrections: We wrote 5, not 6, camels.")
    assert article.corrections == ("We wrote 5, not 6, camels.",)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-11-16T09:00:00+01:00", "2026-11-16T09:00:00+01:00"),
        ("2026-11-16 09:00", "2026-11-16T09:00:00+01:00"),
        ("'2026-11-16T08:00:00Z'", "2026-11-16T08:00:00+00:00"),
        ("2026-11-16", "2026-11-16T12:00:00+01:00"),
    ],
)
def test_a_moment_without_an_offset_is_in_the_publications_zone(written: str, read: str) -> None:
    published = parse(f"title: T\npublished: {written}").published
    assert published == datetime.fromisoformat(read)


@pytest.mark.parametrize(
    ("head", "sentence"),
    [
        ("kicker: x", "salt.md: title is missing: every article needs a headline"),
        ("- a list", "salt.md: title is missing"),
        ("title: T\nauthor: me", "salt.md: unknown key author: allowed are alt, byline"),
        ("title: T\nkind: poem", "kind = 'poem' is not allowed: use one of feature, news"),
        ("title: [T]", "title = ['T'] is not allowed: use one line of text"),
        ("title: T\nsources: {a: b}", "sources = {'a': 'b'} is not allowed: use a list of texts"),
        ("title: T\nsources:\n  - A: b", "is not allowed: use a list of texts"),
        ("title: T\npublished: yesterday", "use a date and time such as 2026-11-16T09:00:00+01:00"),
        ("title: T\npublished: 2026-13-45", "published = '2026-13-45' is not allowed"),
        ("title: T\nembargo: 25", "embargo = '25' is not allowed"),
        ("title: T\npicture: /etc/passwd", "use a path below the article's folder"),
        ("title: T\npicture: pictures/../../x.jpg", "use a path below the article's folder"),
        ("title: T\npicture: file:///x.jpg", "use a path below the article's folder"),
        ("title: T\npicture: x.jpg\nfocus: [2, 0]", "use two numbers from 0 to 1"),
        ("title: T\npicture: x.jpg\nfocus: here", "use two numbers from 0 to 1"),
        ("title: T\npicture: x.jpg\nfocus: [nan, 0]", "use two numbers from 0 to 1"),
        ("title: T\nurl: javascript:alert(1)", "use a web address such as https://"),
        ("title: T\nlanguage: English", "use a code such as en, fr or ar"),
        ("title: T\ntitle: U", "salt.md: title stands twice in the front matter"),
        ("title: a: b", "salt.md: the front matter is not valid YAML near line 2"),
        ("title: T\nsources: &a [x, *a]", "the front matter is not valid YAML"),
        ("title: T\n? [a]\n: b", "the front matter is not valid YAML"),
        ("title: " + "[" * 5000, "the front matter is not valid YAML"),
    ],
)
def test_a_wrong_front_matter_is_refused_in_one_sentence(head: str, sentence: str) -> None:
    with pytest.raises(ContentError) as refusal:
        parse(head)
    assert sentence in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 400


def test_a_few_lines_that_unfold_to_gigabytes_are_refused() -> None:
    lines = ["title: T", "a: &a [lol, lol, lol, lol]"]
    lines += [
        f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}, *{chr(97 + n)}]"
        for n in range(20)
    ]
    with pytest.raises(ContentError, match="not valid YAML"):
        parse("\n".join(lines))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [(b"title: caf\xe9", "salt.md is not UTF-8"), (None, "salt.md cannot be read")],
)
def test_an_unreadable_file_is_named(tmp_path: Path, data: bytes | None, sentence: str) -> None:
    if data:
        (tmp_path / "salt.md").write_bytes(data)
    with pytest.raises(ContentError, match=sentence):
        read_article(tmp_path / "salt.md", TUNIS)


def test_a_file_without_front_matter_has_no_title() -> None:
    with pytest.raises(ContentError, match="title is missing"):
        parse_article("Just text.", slug="salt", zone=TUNIS)


# ---- what we write, we read ------------------------------------------------------

_characters = st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp", "Cn", "Co"))
_lines = st.text(_characters, max_size=60).map(lambda text: " ".join(text.split()))
_bodies = st.text(st.one_of(_characters, st.just("\n"), st.just("-")), max_size=200).map(str.strip)
_moments = st.datetimes(
    min_value=datetime(1970, 1, 1),  # noqa: DTZ001  # hypothesis adds the zone itself
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([TUNIS, timezone(timedelta(hours=5, minutes=30))]),
    # a moment in the hours that daylight saving skips or repeats equals none of another zone
).map(lambda moment: moment.astimezone(timezone(moment.utcoffset() or timedelta())))
_pictures = st.builds(
    Picture,
    path=st.sampled_from(["pictures/a.jpg", "pictures/été 1.png", "no", "1e3"]),
    alt=_lines,
    caption=_lines,
    credit=_lines,
    focus=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
_texts = st.lists(_lines.filter(bool), max_size=3).map(tuple)
_articles = st.builds(
    Article,
    slug=st.just("salt"),
    title=_lines.filter(bool),
    body=_bodies,
    kicker=_lines,
    standfirst=_lines,
    byline=_lines,
    dateline=_lines,
    section=_lines,
    kind=st.none() | st.sampled_from(Kind),
    language=st.sampled_from(["", "no", "ar-TN", "fr"]),
    published=st.none() | _moments,
    url=st.sampled_from(["", "https://sirocco.example/a?b=c#d"]),
    picture=st.none() | _pictures,
    sources=_texts,
    corrections=_texts,
    embargo=st.none() | _moments,
    extra=st.just({}) | st.just({"fetched": {"id": "123e45", "source": "Feed: one"}}),
)


@given(_articles)
def test_what_is_written_is_read_again(article: Article) -> None:
    again = parse_article(format_article(article), slug=article.slug, zone=TUNIS)
    assert again == article


def test_an_article_is_saved_under_its_slug(tmp_path: Path) -> None:
    article = parse("title: T")
    path = save_article(article, tmp_path)
    assert path == tmp_path / "salt.md"
    assert read_article(path, TUNIS) == article


# ---- small things ----------------------------------------------------------------


def test_the_address_makes_an_article_the_same_wherever_it_is_collected() -> None:
    article = parse("title: T\nurl: https://a.example/x")
    assert replace(article, slug="other").identity == article.identity
    assert replace(article, url="").identity == "slug:salt"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", 0),
        ("One two-three, four's — five.", 4),
        ("كِتَابٌ جَمِيلٌ", 2),
        ("[two words](https://a.example/very/long)", 2),
        ('![alt text](pictures/x.jpg "A caption."){ credit="Me" }', 0),
        ("A claim.[^1]\n\n[^1]: The note.", 4),
        ("1. First\n2. Second", 2),
        ("/// chart | Title\n    type: bar\n\nLabel,Value\nEgypt,1\n///\n\nAfter.", 1),
        ("/// map | Where\n    places:\n      - [Tunis, 10.18, 36.80]\n///\n\nAfter.", 1),
        ("/// fact | Title\nIn the box.\n///", 3),
        ("<b>bold</b> 5 < 6", 3),
    ],
)
def test_words_are_counted_as_a_reader_would(body: str, words: int) -> None:
    assert count_words(body) == words


def test_a_slug_is_short_ascii() -> None:
    assert slugify("L'été à Gabès — déjà vu!") == "l-ete-a-gabes-deja-vu"
    assert slugify("مرحبا") == ""
    assert len(slugify("word " * 50)) <= 60


@pytest.mark.parametrize(
    "path", ["", "/a", "~/a", "../a", "a/../../b", "c:\\a", "http://a", "a\n", "a\0b"]
)
def test_a_path_that_leads_out_of_the_folder_is_told(path: str) -> None:
    assert not stays_below(path)
    assert stays_below("pictures/a..b (1) é.jpg")
