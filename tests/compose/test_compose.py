"""A week's articles become an issue."""

from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from publisher.compose import Composed
from publisher.config import Publication
from publisher.content.article import Article, Kind, Picture
from publisher.content.issue import IssueFile, LetterChoice, Override
from publisher.errors import EmptyIssue
from publisher.problems import Severity

Writer = Callable[..., Article]
Composer = Callable[..., Composed]
TUNIS = ZoneInfo("Africa/Tunis")


def saturday(hour: int) -> datetime:
    return datetime(2026, 11, 21, hour, tzinfo=TUNIS)


def test_the_cover_carries_the_day_of_sending_and_the_number(
    composed: Composer, piece: Writer
) -> None:
    issue = composed([piece("it")]).issue
    assert (issue.date, issue.number, str(issue.week)) == (date(2026, 11, 21), 12, "2026-W47")


def test_the_editors_date_number_subject_and_preheader_win(
    composed: Composer, piece: Writer
) -> None:
    choices = IssueFile(date=date(2026, 11, 20), number=40, subject="Look", preheader="Here it is")
    issue = composed([piece("it")], choices).issue
    assert (issue.date, issue.number) == (date(2026, 11, 20), 40)
    assert (issue.subject, issue.preheader) == ("Look", "Here it is")


def test_subject_and_preheader_are_made_from_the_cover(composed: Composer, piece: Writer) -> None:
    standfirst = (
        "Whole sentences are kept as long as they fit into the space there is. " + "x " * 90
    )
    issue = composed([piece("the-story", picture=True, standfirst=standfirst)]).issue
    assert issue.subject == "Sirocco 12: The story"
    assert (
        issue.preheader == "Whole sentences are kept as long as they fit into the space there is."
    )


def test_a_week_without_articles_is_an_empty_issue(composed: Composer, piece: Writer) -> None:
    with pytest.raises(EmptyIssue, match="2026-W47"):
        composed([])
    with pytest.raises(EmptyIssue):
        composed([piece("only", kind=Kind.LETTER)])
    with pytest.raises(EmptyIssue):
        composed([piece("it")], IssueFile(articles={"it": Override(leave_out=True)}))


def test_a_thin_week_says_so_with_numbers(composed: Composer, piece: Writer) -> None:
    (problem,) = [
        p for p in composed([piece("a", 300), piece("b", 520)]).problems if "thin" in p.message
    ]
    assert "2 articles with 820 words" in problem.message
    assert problem.severity is Severity.WARNING


def test_a_full_week_is_not_called_thin(composed: Composer, piece: Writer) -> None:
    articles = [piece(f"a{n}", 420, picture=True) for n in range(6)]
    assert composed(articles).problems == ()


def test_an_embargo_beyond_the_sending_keeps_an_article_out(
    composed: Composer, piece: Writer
) -> None:
    articles = [
        piece("late", embargo=saturday(8)),
        piece("just", embargo=saturday(7)),
        piece("free"),
    ]
    result = composed(articles)
    assert {article.slug for article in result.issue.articles} == {"just", "free"}
    (problem,) = [p for p in result.problems if p.article == "late"]
    assert problem.severity is Severity.ERROR
    assert "embargoed until 2026-11-21 08:00" in problem.message
    later = composed(articles, IssueFile(date=date(2026, 11, 22))).issue
    assert "late" in {article.slug for article in later.articles}


def test_the_same_headline_or_address_twice_is_an_error(composed: Composer, piece: Writer) -> None:
    result = composed(
        [
            piece("a", title="Rain at last"),
            piece("b", title="Rain  at Last"),
            piece("c", url="https://x.example/1"),
            piece("d", url="https://x.example/1"),
        ]
    )
    told = {p.article: p.message for p in result.problems if p.severity is Severity.ERROR}
    assert "same headline as a" in told["b"]
    assert "same address as c" in told["d"]


def test_the_newest_letter_is_printed_and_the_others_reported(
    composed: Composer, piece: Writer
) -> None:
    articles = [
        piece("old", kind=Kind.LETTER, day=16),
        piece("new", kind=Kind.LETTER, day=18),
        piece("news"),
    ]
    result = composed(articles)
    assert result.issue.letter is not None
    assert result.issue.letter.slug == "new"
    assert [p.article for p in result.problems if "one letter" in p.message] == ["old"]
    assert [article.slug for article in result.issue.articles] == ["new", "news"]


def test_a_letter_in_issue_toml_wins_over_every_other(composed: Composer, piece: Writer) -> None:
    articles = [piece("letter"), piece("mine", kind=Kind.LETTER)]
    choices = IssueFile(letter=LetterChoice(text="Hello\n", byline="Ada"))
    result = composed(articles, choices)
    letter = result.issue.letter
    assert letter is not None
    assert (letter.title, letter.byline, letter.body) == ("Dear reader", "Ada", "Hello")
    assert letter.slug not in {"letter", "mine"}
    assert [p.article for p in result.problems if "one letter" in p.message] == ["mine"]


def test_every_article_has_a_note_that_says_why(composed: Composer, piece: Writer) -> None:
    articles = [piece("a", 900, picture=True), piece("b"), piece("c", embargo=saturday(9))]
    choices = IssueFile(articles={"b": Override(leave_out=True)})
    notes = composed(articles, choices).issue.notes
    assert notes["a"].startswith("feature: 900 words; cover story:")
    assert notes["b"] == "left out by the editor"
    assert notes["c"] == "left out: embargoed"


articles_of_a_week = st.lists(
    st.builds(
        Article,
        slug=st.text("abcdefgh", min_size=1, max_size=4),
        title=st.sampled_from(["One", "Two", "Three: a longer one", "Four"]),
        body=st.integers(0, 900).map(lambda n: "word " * n),
        section=st.sampled_from(["News", "Culture", "Opinion", "Nowhere", ""]),
        kind=st.none() | st.sampled_from(Kind),
        published=st.none()
        | st.integers(1, 28).map(lambda day: datetime(2026, 11, day, tzinfo=TUNIS)),
        picture=st.none() | st.builds(Picture, path=st.sampled_from(["a.jpg", "b.jpg"])),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda article: article.slug,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(week=articles_of_a_week, data=st.data())
def test_the_order_of_arrival_makes_no_difference_and_nothing_is_lost_or_doubled(
    composed: Composer, paper: Publication, week: list[Article], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(week))
    try:
        result = composed(week)
    except EmptyIssue:
        assert all(article.kind is Kind.LETTER for article in week)
        return
    assert composed(shuffled) == result
    printed = [article.slug for article in result.issue.articles]
    assert len(printed) == len(set(printed))
    spare_letters = {article.slug for article in week if article.kind is Kind.LETTER}
    assert {article.slug for article in week} - set(printed) < spare_letters or set(printed) == {
        article.slug for article in week
    }
    assert {slot.section for slot in result.issue.slots} <= set(paper.sections)
