"""The running order."""

from collections.abc import Callable
from itertools import groupby

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from publisher.compose import Composed
from publisher.content.article import Article, Kind
from publisher.content.issue import IssueFile, Override, Slot, SlotChoice
from publisher.problems import Severity

Writer = Callable[..., Article]
Composer = Callable[..., Composed]


def order(composed: Composed) -> list[str]:
    return [slot.article.slug for slot in composed.issue.slots]


def is_long(slot: Slot) -> bool:
    return slot.cover_story or slot.kind in (Kind.FEATURE, Kind.INTERVIEW)


def test_the_magazine_runs_from_briefs_to_quiz(composed: Composer, piece: Writer) -> None:
    result = composed(
        [
            piece("quiz", kind=Kind.QUIZ),
            piece("listing", kind=Kind.LISTING),
            piece("essay", kind=Kind.PHOTO_ESSAY),
            piece("data", kind=Kind.DATA),
            piece("view", 500, "Opinion"),
            piece("feature", 900, "Culture"),
            piece("cover", 1500, "Culture", picture=True),
            piece("news-culture", 400, "Culture"),
            piece("news-old", 400, day=16),
            piece("news-new", 400, day=18),
            piece("brief", 80),
            piece("hello", kind=Kind.LETTER),
        ]
    )
    assert order(result) == [
        "brief",
        "news-new",
        "news-old",
        "news-culture",
        "cover",
        "feature",
        "view",
        "data",
        "essay",
        "listing",
        "quiz",
    ]
    assert result.issue.letter is not None
    assert result.issue.letter.slug == "hello"


def test_briefs_share_pages_in_even_groups(composed: Composer, piece: Writer) -> None:
    briefs = [piece(f"b{n:02}", 80) for n in range(9)]
    slots = composed([*briefs, piece("cover", 900, picture=True)]).issue.slots
    assert [len(slot.articles) for slot in slots if slot.kind is Kind.BRIEF] == [5, 4]


def test_three_long_pieces_never_follow_one_another_while_something_short_is_left(
    composed: Composer, piece: Writer
) -> None:
    long = [piece(f"long-{n}", 900 - n, picture=True) for n in range(5)]
    result = composed([*long, piece("view", 500, "Opinion"), piece("news-a"), piece("news-b")])
    assert order(result) == [
        "news-a",
        "long-0",
        "long-1",
        "view",
        "long-2",
        "long-3",
        "news-b",
        "long-4",
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(long=st.integers(0, 9), light=st.integers(0, 4), news=st.integers(0, 4))
def test_long_runs_are_broken_as_far_as_short_pieces_reach(
    composed: Composer, piece: Writer, long: int, light: int, news: int
) -> None:
    articles = [
        *(piece(f"f{n}", 900, picture=True) for n in range(long)),
        *(piece(f"o{n}", 400, "Opinion") for n in range(light)),
        *(piece(f"n{n}", 400) for n in range(news)),
    ]
    if not articles:
        return
    slots = composed(articles).issue.slots
    assert len(slots) == len(articles)
    runs = [len(list(group)) for is_run, group in groupby(slots, is_long) if is_run]
    breaks_needed = (long - 1) // 2
    if light + news >= breaks_needed:
        assert max(runs, default=0) <= 2
    else:  # every short piece stands between long ones
        assert len(runs) == light + news + 1


def test_the_editors_slots_come_first_and_the_rest_follows(
    composed: Composer, piece: Writer
) -> None:
    articles = [piece("a", 80), piece("b", 80), piece("c", 300), piece("d", 900, picture=True)]
    choices = IssueFile(slots=(SlotChoice(article="d"), SlotChoice(briefs=("c", "b"))))
    result = composed(articles, choices)
    assert [[a.slug for a in slot.articles] for slot in result.issue.slots] == [
        ["d"],
        ["c", "b"],
        ["a"],
    ]
    assert result.issue.slots[1].kind is Kind.BRIEF
    assert "placed by issue.toml" in result.issue.notes["c"]
    assert any("among the briefs with 300 words" in p.message for p in result.problems)


def test_a_brief_with_a_slot_of_its_own_gets_a_page(composed: Composer, piece: Writer) -> None:
    choices = IssueFile(slots=(SlotChoice(article="a"),))
    result = composed([piece("a", 80), piece("d", 900, picture=True)], choices)
    assert result.issue.slots[0].kind is Kind.NEWS


def test_what_is_wrong_with_the_slots_is_said_and_the_rest_printed(
    composed: Composer, piece: Writer
) -> None:
    articles = [
        piece("pyramids", 900, picture=True),
        piece("drums"),
        piece("gone"),
        piece("hello", kind=Kind.LETTER),
    ]
    choices = IssueFile(
        slots=(
            SlotChoice(article="piramids"),
            SlotChoice(article="drums"),
            SlotChoice(briefs=("drums", "gone", "hello")),
        ),
        articles={"gone": Override(leave_out=True)},
    )
    result = composed(articles, choices)
    assert order(result) == ["drums", "pyramids"]
    told = {problem.article or problem.message: problem for problem in result.problems}
    assert "named twice" in told["drums"].message
    assert "not in this issue" in told["gone"].message
    assert "letter has its own page" in told["hello"].message
    (unknown,) = [p for p in result.problems if "piramids" in p.message]
    assert unknown.severity is Severity.ERROR
    assert "did you mean pyramids?" in unknown.message


def test_a_cover_story_among_the_briefs_is_reported(composed: Composer, piece: Writer) -> None:
    choices = IssueFile(slots=(SlotChoice(briefs=("a", "b")),))
    result = composed([piece("a", 300, picture=True), piece("b", 80)], choices)
    assert not any(slot.cover_story for slot in result.issue.slots)
    assert any("cover story stands among the briefs" in p.message for p in result.problems)
