"""The proposal written into issue.toml, and what it leaves alone."""

import tomllib
from collections.abc import Callable
from dataclasses import replace

import pytest

from publisher.compose import Composed, first_issue_file, merge_issue_file, propose
from publisher.content.article import Article, Kind
from publisher.content.issue import Issue, IssueFile, LetterChoice
from publisher.tables import read

Writer = Callable[..., Article]
Composer = Callable[..., Composed]


@pytest.fixture
def week(piece: Writer) -> list[Article]:
    """A week with a little of everything."""
    return [
        piece("cover", 1500, "Heritage", picture=True),
        piece("feature", 900, "Culture", picture=True),
        piece("view", 500, "Opinion"),
        *(piece(f"brief-{n}", 70) for n in range(10)),
        *(piece(f"news-{n}", 400, "Science", day=10 + n) for n in range(4)),
        piece("quiz", kind=Kind.QUIZ),
        piece("hello", kind=Kind.LETTER),
    ]


def choices_in(text: str) -> IssueFile:
    return read(IssueFile, tomllib.loads(text), file="issue.toml")


def without_notes(issue: Issue) -> Issue:
    return replace(issue, notes={})


def test_a_frozen_proposal_gives_the_same_issue_again(
    composed: Composer, week: list[Article]
) -> None:
    issue = composed(week).issue
    again = composed(week, choices_in(propose(issue)))
    assert without_notes(again.issue) == without_notes(issue)
    assert again.problems == ()


def test_a_frozen_issue_keeps_its_order_when_an_article_comes_late(
    composed: Composer, week: list[Article], piece: Writer
) -> None:
    issue = composed(week).issue
    late = piece("late", 2000, picture=True)
    again = composed([*week, late], choices_in(propose(issue))).issue
    assert again.slots[:-1] == issue.slots
    assert again.slots[-1].article.slug == "late"
    assert again.cover == issue.cover


def test_the_proposal_explains_every_key(composed: Composer, week: list[Article]) -> None:
    lines = propose(composed(week).issue).splitlines()
    keys = ("number", "date", "subject", "preheader", "story", "title", "picture", "focus")
    for key in keys:
        at = next(n for n, line in enumerate(lines) if line.startswith(f"{key} = "))
        assert lines[at - 1].startswith("# "), key
    assert lines[lines.index("[[slots]]") - 1].startswith("# Running order")
    assert not [line for line in lines if line != line.strip()]


def test_the_commented_examples_are_valid_when_uncommented(
    composed: Composer, week: list[Article]
) -> None:
    text = first_issue_file(composed(week).issue)
    tail = text[text.index("# [letter]") :]
    lines = [line.removeprefix("#").removeprefix(" ") for line in tail.splitlines()]
    lines = [line for line in lines if not line.startswith("What the magazine prints")]
    choices = choices_in("\n".join(lines))
    assert choices.letter == LetterChoice(
        title="Dear reader", byline="The editor", text="Written in Markdown.\n"
    )
    assert choices.articles["brief-0"].leave_out


def test_the_first_file_sets_number_and_date_and_nothing_else(
    composed: Composer, week: list[Article]
) -> None:
    issue = composed(week).issue
    choices = choices_in(first_issue_file(issue))
    assert choices == IssueFile(number=issue.number, date=issue.date)


TYPED = """\
# Our anniversary issue!
number = 3   # do not change

[letter] # by the editor
text = '''
Hello.
'''

[cover]
# Ada wants this title
title = "Mine"

[articles."news-1"]
headline = "Better"  # shorter
"""


def test_merging_keeps_every_line_the_editor_typed(composed: Composer, week: list[Article]) -> None:
    issue = composed(week, choices_in(TYPED)).issue
    merged = merge_issue_file(TYPED, issue)
    wanted = iter(merged.splitlines())
    assert all(line in wanted for line in TYPED.splitlines() if line)  # all, and in this order
    choices = choices_in(merged)
    assert choices.number == 3
    assert choices.cover.title == "Mine"
    assert choices.cover.story == "cover"
    assert choices.articles["news-1"].headline == "Better"
    again = composed(week, choices).issue
    assert without_notes(again) == without_notes(issue)


def test_what_is_merged_stands_apart_from_the_comments_before_it(
    composed: Composer, week: list[Article]
) -> None:
    issue = composed(week).issue
    merged = merge_issue_file(first_issue_file(issue), issue)
    assert "whole article out\n\n# Subject of the e-mail." in merged


@pytest.mark.parametrize(
    "existing",
    [
        "",
        "# only a comment",
        "number = 3",
        'number = 3\r\n[cover]\r\nstory = "cover"\r\n',
        'cover = { story = "cover" }\n',
        'cover.story = "cover"\ncover.title = "Mine"\n',
        '[cover]\ntitle = "x"\n[letter]\ntext = "a"\n[[cover.lines]]\ntext = "b"\n',
        '[[cover.lines]]\ntext = "b"\n[articles.x]\nkind = "brief"',
        '[articles.x]\nkind = "brief"\n[articles."y"]\nleave_out = true\n',
        '[[slots]]\narticle = "quiz"\n\n# the end\n',
        "slots = []\n",
    ],
)
def test_merging_changes_no_value_and_a_second_merge_changes_nothing(
    composed: Composer, week: list[Article], existing: str
) -> None:
    issue = composed(week, choices_in(existing)).issue
    merged = merge_issue_file(existing, issue)
    before, after = tomllib.loads(existing), tomllib.loads(merged)
    cover = before.pop("cover", {})
    assert {name: after[name] for name in before} == before
    assert {name: after["cover"][name] for name in cover} == cover
    assert choices_in(merged).date == issue.date
    assert merge_issue_file(merged, issue) == merged
