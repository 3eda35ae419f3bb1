"""Print overrides: the magazine differs, the article does not."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from publisher.compose import Composed
from publisher.compose.overrides import cut
from publisher.content.article import Article, Kind
from publisher.content.issue import IssueFile, Override
from publisher.problems import Severity

Writer = Callable[..., Article]
Composer = Callable[..., Composed]

BODY = """The *first* paragraph, with a note.[^1]

/// quote
Nothing is “ever” lost
///

Nothing is "ever" lost, said the keeper.

/// fact | Three numbers
One is small.

Two is more.
///

> Last words.

[^1]: A note
    on two lines.

[^2]: Another, unused one."""


def test_everything_an_override_names_is_printed_instead(composed: Composer, piece: Writer) -> None:
    article = piece("it", 300)
    override = Override(
        headline="Other",
        standfirst="Under it",
        kicker="Above",
        section="culture",
        kind=Kind.DATA,
        layout="picture",
    )
    slot = composed([article], IssueFile(articles={"it": override})).issue.slots[0]
    printed = slot.article
    assert (printed.title, printed.standfirst, printed.kicker) == ("Other", "Under it", "Above")
    assert (slot.section.name, slot.kind) == ("Culture", Kind.DATA)
    assert printed.layout == "picture"
    assert article.title == "It"


def test_a_cut_leaves_out_the_paragraph_that_begins_so(composed: Composer, piece: Writer) -> None:
    article = piece("it", body=BODY)
    result = composed([article], IssueFile(articles={"it": Override(cut=("the first PARA",))}))
    assert "first" not in result.issue.slots[0].article.body
    assert "keeper" in result.issue.slots[0].article.body
    assert article.body == BODY


def test_a_cut_takes_the_paragraph_before_the_quote_of_the_same_words() -> None:
    body, problems = cut(BODY, ["Nothing is ‘ever’".replace("‘", '"').replace("’", '"')], "it")
    assert "keeper" not in body
    assert "/// quote\nNothing is “ever” lost\n///" in body
    assert problems == []


def test_a_block_is_cut_as_a_whole() -> None:
    body, problems = cut(BODY, ["One is small"], "it")
    assert "fact" not in body
    assert "Two is more" not in body
    assert "> Last words." in body
    assert problems == []


def test_the_footnote_of_a_cut_paragraph_goes_with_it() -> None:
    body, _ = cut(BODY, ["The first paragraph"], "it")
    assert "A note" not in body
    assert "on two lines" not in body
    assert "[^2]: Another" in body


def test_a_cut_that_finds_nothing_is_an_error_and_cuts_nothing() -> None:
    body, (problem,) = cut(BODY, ["There never was"], "it")
    assert body == BODY
    assert problem.severity is Severity.ERROR
    assert "There never was" in problem.message
    assert problem.article == "it"


def test_a_cut_that_fits_twice_takes_the_first_and_says_so() -> None:
    body, (problem,) = cut("Same one.\n\nSame two.", ["Same"], "it")
    assert body == "Same two."
    assert "2 paragraphs" in problem.message


def test_an_empty_cut_cuts_nothing() -> None:
    body, problems = cut(BODY, [" * "], "it")
    assert body == BODY
    assert len(problems) == 1


def test_the_words_left_after_the_cuts_decide_the_layout(composed: Composer, piece: Writer) -> None:
    article = piece("it", body="word " * 90 + "\n\nGone " + "word " * 90)
    choices = IssueFile(articles={"it": Override(cut=("Gone",))})
    others = [piece("cover", 700, picture=True)]
    (kind,) = {
        s.kind for s in composed([article, *others], choices).issue.slots if not s.cover_story
    }
    assert kind is Kind.BRIEF


def test_an_override_for_no_article_is_an_error_that_names_the_nearest(
    composed: Composer, piece: Writer
) -> None:
    choices = IssueFile(articles={"piramids": Override(headline="x")})
    problems = composed([piece("pyramids", 300)], choices).problems
    problem = next(p for p in problems if "piramids" in p.message)
    assert "did you mean pyramids?" in problem.message
    assert problem.severity is Severity.ERROR


@given(
    st.lists(
        st.text(alphabet="abcdef /`~*\n", min_size=1).filter(str.strip), min_size=1, max_size=6
    ),
    st.text(alphabet="abcdef"),
)
def test_a_cut_removes_at_most_what_it_names(paragraphs: list[str], opening: str) -> None:
    body = "\n\n".join(paragraphs).strip()
    left, problems = cut(body, [opening], "it")
    if any(problem.severity is Severity.ERROR for problem in problems):
        assert left == body
    else:
        assert sorted(left.replace("\n", "")) != sorted(body.replace("\n", ""))
        assert set(left.split()) <= set(body.split())
