"""Which layout an article gets, and which section it stands in."""

from collections.abc import Callable

import pytest

from publisher.compose import Composed
from publisher.content.article import Article, Kind
from publisher.content.issue import IssueFile, Override, Slot
from publisher.problems import Severity

Writer = Callable[..., Article]
Composer = Callable[..., Composed]


def slot_of(composed: Composed, slug: str) -> Slot:
    return next(
        slot for slot in composed.issue.slots if slug in [article.slug for article in slot.articles]
    )


@pytest.mark.parametrize(
    ("words", "kind"),
    [(109, Kind.BRIEF), (110, Kind.NEWS), (649, Kind.NEWS), (650, Kind.FEATURE)],
)
def test_length_decides_between_brief_news_and_feature(
    composed: Composer, piece: Writer, words: int, kind: Kind
) -> None:
    issue = composed([piece("it", words), piece("cover", 900, picture=True)])
    assert slot_of(issue, "it").kind is kind


def test_an_article_of_the_opinion_section_is_opinion(composed: Composer, piece: Writer) -> None:
    assert slot_of(composed([piece("it", 400, "opinion")]), "it").kind is Kind.OPINION


def test_bold_questions_make_an_interview(composed: Composer, piece: Writer) -> None:
    body = "\n\n".join(f"**Question {n}?**\n\n" + "answer " * 100 for n in range(3))
    assert slot_of(composed([piece("it", body=body)]), "it").kind is Kind.INTERVIEW


def test_bold_crossheads_are_no_interview(composed: Composer, piece: Writer) -> None:
    body = "\n\n".join(f"**Part {n}**\n\n" + "text " * 100 for n in range(4))
    assert slot_of(composed([piece("it", body=body)]), "it").kind is Kind.NEWS


def test_many_pictures_with_few_words_make_a_photo_essay(composed: Composer, piece: Writer) -> None:
    body = "\n\n".join(f"![a door](pictures/{n}.jpg)\n\n" + "word " * 40 for n in range(4))
    assert slot_of(composed([piece("it", body=body)]), "it").kind is Kind.PHOTO_ESSAY


def test_many_pictures_in_a_long_text_stay_a_feature(composed: Composer, piece: Writer) -> None:
    body = "\n\n".join(f"![a door](pictures/{n}.jpg)\n\n" + "word " * 200 for n in range(4))
    assert slot_of(composed([piece("it", body=body)]), "it").kind is Kind.FEATURE


def test_a_short_piece_with_a_chart_is_data(composed: Composer, piece: Writer) -> None:
    body = "word " * 80 + "\n\n/// chart | Rain\n\nTunis, 40\n///"
    assert slot_of(composed([piece("it", body=body)]), "it").kind is Kind.DATA


def test_front_matter_wins_over_length_and_issue_toml_over_front_matter(
    composed: Composer, piece: Writer
) -> None:
    article = piece("it", 900, kind=Kind.LISTING)
    assert slot_of(composed([article]), "it").kind is Kind.LISTING
    choices = IssueFile(articles={"it": Override(kind=Kind.QUIZ)})
    assert slot_of(composed([article], choices), "it").kind is Kind.QUIZ


def test_an_unknown_section_goes_to_the_first_and_is_reported(
    composed: Composer, piece: Writer
) -> None:
    result = composed([piece("it", section="Heritag")])
    assert slot_of(result, "it").section.name == "News"
    assert slot_of(result, "it").article.section == "News"
    problem = next(p for p in result.problems if "section" in p.message)
    assert problem.article == "it"
    assert "did you mean Heritage?" in problem.message
    assert problem.severity is Severity.WARNING


def test_no_section_goes_to_the_first_without_complaint(composed: Composer, piece: Writer) -> None:
    result = composed([piece("it", section="")])
    assert slot_of(result, "it").section.name == "News"
    assert not [p for p in result.problems if "section" in p.message]


def test_a_section_is_found_whatever_its_capitals(composed: Composer, piece: Writer) -> None:
    assert slot_of(composed([piece("it", section="SCIENCE")]), "it").article.section == "Science"
