"""The cover: its story, its picture, its lines."""

from collections.abc import Callable

from publisher.compose import Composed
from publisher.content.article import Article, Kind, Picture
from publisher.content.issue import CoverChoice, IssueFile, LineChoice
from publisher.problems import Severity

Writer = Callable[..., Article]
Composer = Callable[..., Composed]


def test_the_longest_feature_with_a_picture_is_the_cover_story(
    composed: Composer, piece: Writer
) -> None:
    issue = composed(
        [
            piece("longer-without-picture", 2000),
            piece("long", 1500, "Culture", picture=True),
            piece("less-long", 1200, picture=True),
            piece("newer", 300, day=19, picture=True),
        ]
    ).issue
    assert issue.cover.story == "long"
    assert issue.cover.picture == Picture(path="pictures/long.jpg", alt="long")
    assert [slot.article.slug for slot in issue.slots if slot.cover_story] == ["long"]
    assert "the longest feature with a picture" in issue.notes["long"]


def test_of_equally_long_features_the_first_section_wins(composed: Composer, piece: Writer) -> None:
    articles = [piece("a", 800, "Culture", picture=True), piece("b", 800, "Heritage", picture=True)]
    assert composed(articles).issue.cover.story == "b"


def test_a_picture_too_small_for_a_page_is_not_proposed(composed: Composer, piece: Writer) -> None:
    articles = [piece("long", 1500, picture=True), piece("short", 700, picture=True)]
    sizes = {"pictures/long.jpg": (1200, 800), "pictures/short.jpg": (1500, 2000)}
    assert composed(articles, sizes=sizes).issue.cover.story == "short"


def test_without_features_the_newest_with_a_picture_leads(
    composed: Composer, piece: Writer
) -> None:
    articles = [
        piece("newest", day=19),
        piece("newer", day=18, picture=True),
        piece("old", day=16, picture=True),
    ]
    assert composed(articles).issue.cover.story == "newer"


def test_without_any_picture_the_longest_leads_and_the_editor_is_told(
    composed: Composer, piece: Writer
) -> None:
    result = composed([piece("short", 200), piece("long", 600)])
    assert result.issue.cover.story == "long"
    assert result.issue.cover.picture is None
    assert any("the cover has no picture" in problem.message for problem in result.problems)


def test_the_editors_cover_wins_in_every_part(composed: Composer, piece: Writer) -> None:
    choice = CoverChoice(
        story="plain",
        title="Main",
        kicker="Kick",
        standfirst="Stand",
        picture="pictures/other.jpg",
        alt="a door",
        credit="A. Painter",
        focus=(0.1, 0.9),
        lines=(LineChoice(text="Read it", story="long"), LineChoice(text="And win")),
    )
    articles = [piece("long", 1500, "Culture", picture=True), piece("plain")]
    cover = composed(articles, IssueFile(cover=choice)).issue.cover
    assert (cover.story, cover.title, cover.kicker, cover.standfirst) == (
        "plain",
        "Main",
        "Kick",
        "Stand",
    )
    assert cover.picture == Picture(
        path="pictures/other.jpg", alt="a door", credit="A. Painter", focus=(0.1, 0.9)
    )
    assert [(line.text, line.story, line.section.name) for line in cover.lines] == [
        ("Read it", "long", "Culture"),
        ("And win", "", "News"),
    ]


def test_a_picture_borrowed_from_another_article_keeps_its_alt_text(
    composed: Composer, piece: Writer
) -> None:
    articles = [piece("long", 1500, picture=True), piece("short", picture=True)]
    choices = IssueFile(cover=CoverChoice(picture="pictures/short.jpg", focus=(0.2, 0.2)))
    picture = composed(articles, choices).issue.cover.picture
    assert picture == Picture(path="pictures/short.jpg", alt="short", focus=(0.2, 0.2))


def test_coverlines_come_from_other_sections_strongest_first(
    composed: Composer, piece: Writer
) -> None:
    cover = composed(
        [
            piece("cover", 2000, "Heritage", picture=True),
            piece("same-section", 1900, "Heritage"),
            piece("news", 400, "News"),
            piece("opinion", 600, "Opinion"),
            piece("feature", 900, "Culture"),
            piece("brief", 60, "Science"),
            piece("science", 300, "Science"),
        ]
    ).issue.cover
    assert [line.story for line in cover.lines] == ["feature", "opinion", "news"]


def test_two_lines_are_found_even_in_one_section(composed: Composer, piece: Writer) -> None:
    articles = [piece("cover", 900, picture=True), piece("b", 800), piece("c", 700), piece("d")]
    assert [line.story for line in composed(articles).issue.cover.lines] == ["b", "c"]


def test_long_headlines_are_cut_at_their_colon_or_between_words(
    composed: Composer, piece: Writer
) -> None:
    colon = "Gone with the sand: how a whole village moved twice in a single generation"
    long = "The very long story of a headline that never learned when it was time to stop talking"
    articles = [
        piece("cover", 900, picture=True, title=colon),
        piece("line", 800, "Culture", title=long),
    ]
    issue = composed(articles).issue
    assert issue.cover.title == "Gone with the sand"
    assert issue.cover.lines[0].text == "The very long story of a headline that never…"
    assert issue.subject == "Sirocco 12: Gone with the sand"


def test_a_cover_story_that_is_not_there_is_an_error_and_another_is_found(
    composed: Composer, piece: Writer
) -> None:
    choices = IssueFile(cover=CoverChoice(story="lnog", lines=(LineChoice(text="x", story="y"),)))
    result = composed([piece("long", 900, picture=True)], choices)
    assert result.issue.cover.story == "long"
    errors = [p.message for p in result.problems if p.severity is Severity.ERROR]
    assert any('cover.story: there is no article "lnog": did you mean long?' in e for e in errors)
    assert any('cover.lines: there is no article "y"' in e for e in errors)


def test_the_letter_cannot_be_the_cover_story(composed: Composer, piece: Writer) -> None:
    articles = [piece("hello", kind=Kind.LETTER), piece("story", picture=True)]
    result = composed(articles, IssueFile(cover=CoverChoice(story="hello")))
    assert result.issue.cover.story == "story"
    assert any("letter cannot be the cover story" in p.message for p in result.problems)


def test_a_brief_on_the_cover_gets_a_page_of_its_own(composed: Composer, piece: Writer) -> None:
    articles = [piece("tiny", 60), piece("small", 60)]
    issue = composed(articles, IssueFile(cover=CoverChoice(story="tiny"))).issue
    assert [(slot.kind, slot.cover_story) for slot in issue.slots] == [
        (Kind.BRIEF, False),
        (Kind.NEWS, True),
    ]


def test_a_cover_of_type_alone_misses_no_picture(composed: Composer, piece: Writer) -> None:
    choice = IssueFile(cover=CoverChoice(design="type"))
    result = composed([piece("long", 600)], choice)
    assert result.issue.cover.design == "type"
    assert not any("no picture" in problem.message for problem in result.problems)
