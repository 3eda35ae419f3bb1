"""What is unfinished in a text, and what must not be printed."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.config import Publication
from publisher.content.article import Article, Picture
from publisher.content.issue import Coverline
from publisher.problems import Problem, Severity
from publisher.render.preflight.texts import (
    alt_repeats,
    cover_problems,
    inner_pictures,
    leftovers,
    protected,
    text_problems,
)
from tests.render.issues import article, issue, slot


def found(**more: object) -> list[Problem]:
    return list(text_problems([article("rain", "Rain at last", **more)]))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("It rained TK millimetres.", "TK"),
        ("TKTK to come", "TKTK"),
        ("He said XXX.", "XXX"),
        ("TODO ask the ministry", "TODO"),
        ("Who pays ??? nobody knows", "???"),
        ("See [[the other story]] for more", "[[the other story]]"),
        ("Lorem ipsum dolor sit amet", "Lorem ipsum"),
        ("المطر TK هنا", "TK"),
    ],
)
def test_what_was_to_be_filled_in_is_found_with_the_words_around_it(text: str, left: str) -> None:
    (one,) = leftovers(text)
    assert one.found == left
    assert left in one.around


@pytest.mark.parametrize(
    "text",
    [
        "Flight TK 1821 to Istanbul",
        "The TKO came in round three",
        "Read [it](https://example.org/TK/XXX?a=???) there",
        "<https://example.org/TODO>",
        "Really?! Yes.",
        "A footnote[^1] and [a link][there]",
        "Superbowl XXL",
    ],
)
def test_what_only_looks_like_it_is_let_be(text: str) -> None:
    assert leftovers(text) == []


def test_the_place_is_named_and_it_blocks() -> None:
    (problem,) = found(standfirst="It rained TK millimetres in a night.")
    assert problem.severity is Severity.ERROR
    assert problem.check == "leftovers"
    assert problem.subject == "TK"
    assert "left in the standfirst" in problem.message
    assert "It rained TK millimetres" in problem.message


def test_a_text_full_of_gaps_is_told_in_a_few_lines() -> None:
    problems = found(body="TK is here. " * 30)
    assert len(problems) == 6
    assert "25 more" in problems[-1].message


def test_a_headline_too_long_to_be_read_is_counted() -> None:
    long = replace(article("rain", "x"), title="A very long headline " * 6)
    (problem,) = text_problems([long])
    assert problem.check == "headline"
    assert "126 characters, more than 90" in problem.message
    assert not list(text_problems([long], longest=200))


def test_the_cover_and_the_mail_are_looked_at_too(publication: Publication) -> None:
    made = issue(publication, [slot(publication, article("rain", "Rain at last"))])
    section = made.slots[0].section
    lines = (Coverline(text="The TK that waits", story="rain", section=section),)
    made = replace(made, subject="Sirocco 12: XXX", cover=replace(made.cover, lines=lines))
    problems = list(cover_problems(made))
    assert [p.subject for p in problems] == ["XXX", "TK"]
    assert "subject of the e-mail" in problems[0].message
    assert "coverline 1" in problems[1].message


def test_what_the_cover_takes_from_a_story_is_told_once_there(publication: Publication) -> None:
    made = issue(publication, [slot(publication, article("rain", "TK at last"))])
    assert made.cover.title == "TK at last"
    assert not list(cover_problems(made))


def test_members_only_texts_block() -> None:
    mine, theirs = article("mine", "Mine"), article("theirs", "Theirs", protected=True)
    (problem,) = protected([mine, theirs])
    assert (problem.article, problem.severity, problem.check) == (
        "theirs",
        Severity.ERROR,
        "protected",
    )


@pytest.mark.parametrize("alt", ["rain.jpg", "Rain", "RAIN.JPG"])
def test_an_alt_text_that_is_the_files_name_says_nothing(alt: str) -> None:
    shown = article("a", "A", picture=Picture(path="pictures/rain.jpg", alt=alt))
    (problem,) = alt_repeats([shown])
    assert "is its file's name" in problem.message


def test_an_alt_text_that_repeats_the_caption_says_nothing_new() -> None:
    body = '![The harbour at dawn](pictures/a.jpg "The harbour, at dawn.")'
    (problem,) = alt_repeats([article("a", "A", body=body)])
    assert "repeats its caption" in problem.message
    assert problem.subject == "pictures/a.jpg"


def test_an_alt_text_of_its_own_is_good() -> None:
    body = '![Boats in grey light](pictures/a.jpg "The harbour at dawn.")'
    assert not list(alt_repeats([article("a", "A", body=body)]))


def test_pictures_in_a_text_are_read_as_they_are_written() -> None:
    body = (
        'One.\n\n![A boat](pictures/boat.jpg "At sea."){ credit="Ada" }\n\n![](<pictures/b.jpg>)\n'
    )
    first, second = inner_pictures(article("a", "A", body=body))
    assert (first.path, first.alt, first.caption) == ("pictures/boat.jpg", "A boat", "At sea.")
    assert second.path == "pictures/b.jpg"


@given(st.text(max_size=400))
def test_no_text_upsets_the_search(text: str) -> None:
    anything = Article(slug="a", title="A", body=text, standfirst=text)
    for one in leftovers(text):
        assert one.found in text
        assert " ".join(one.found.split()) in one.around
    list(text_problems([anything]))
    list(alt_repeats([anything]))
