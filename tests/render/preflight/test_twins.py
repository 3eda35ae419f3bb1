"""The same text or picture twice."""

import random

from PIL import Image

from publisher.config import Publication
from publisher.problems import Severity
from publisher.render.preflight.twins import repeated_pictures, shared, shingles, twin_problems
from tests.render.issues import article, folder_of, picture


def words(seed: int, count: int = 300) -> str:
    """A text of invented words."""
    draw = random.Random(seed)  # noqa: S311  # a text, not a secret
    return " ".join("".join(draw.choices("abcdefghij", k=6)) for _ in range(count))


def test_a_text_under_another_headline_is_the_same_text() -> None:
    text = words(1)
    edited = text.replace("a", "A") + " One sentence was added at the end."
    (problem,) = twin_problems(
        [article("one", "One", body=text), article("two", "Two", body=edited)]
    )
    assert (problem.article, problem.check) == ("two", "duplicates")
    assert problem.severity is Severity.ERROR
    assert "stands in one too" in problem.message
    assert 'leave one out with [articles."two"]' in problem.message


def test_a_short_version_of_a_long_text_is_told() -> None:
    text = words(1)
    (problem,) = twin_problems(
        [article("long", "Long", body=text), article("short", "Short", body=text[:500])]
    )
    assert problem.check == "duplicates"


def test_a_shared_passage_is_a_warning_with_its_share() -> None:
    text, other = words(1), words(2)
    half = article("two", "Two", body=f"{text[:900]} {other[:900]}")
    (problem,) = twin_problems([article("one", "One", body=text), half])
    assert problem.severity is Severity.WARNING
    assert problem.check == "similar"
    assert "shares 4" in problem.message


def test_articles_on_one_matter_are_two_articles() -> None:
    assert not list(twin_problems([article(f"a{n}", f"A{n}", body=words(n)) for n in range(8)]))


def test_a_phrase_of_the_house_in_two_briefs_is_chance() -> None:
    phrase = "Sign up for our letter and read more every Friday at seven."
    assert not list(twin_problems([article(f"a{n}", "A", body=phrase) for n in range(3)]))


def test_markup_and_addresses_make_no_difference() -> None:
    text = words(1)
    marked = "> " + text.replace(" ", " **", 1).replace(" ", "** ", 2) + " https://a.example/x"
    assert shared(shingles(text), shingles(marked)) > 0.95


def test_writing_without_spaces_is_compared_too() -> None:
    one = "".join(chr(0x4E00 + (n * 7919) % 5000) for n in range(400))
    other = "".join(chr(0x4E00 + (n * 104729) % 5000) for n in range(400))
    assert shared(shingles(one), shingles(one[50:])) == 1
    assert shared(shingles(one), shingles(other)) < 0.1


def test_one_picture_under_two_names_is_printed_twice(publication: Publication) -> None:
    folder = folder_of(publication)
    first, copy = picture(folder, "first", "#123456"), picture(folder, "copy", "#123456")
    articles = [article("one", "One", picture=first), article("two", "Two", picture=copy)]
    (problem,) = repeated_pictures(articles, folder)
    assert (problem.article, problem.subject) == ("two", "pictures/copy.jpg")
    assert "printed in one too" in problem.message


def test_one_picture_twice_in_an_article_is_told(publication: Publication) -> None:
    folder = folder_of(publication)
    lead = picture(folder, "lead")
    again = article("one", "One", picture=lead, body="![A lead](pictures/lead.jpg)")
    (problem,) = repeated_pictures([again], folder)
    assert "twice in it" in problem.message


def test_pictures_that_are_not_there_are_left_to_others(publication: Publication) -> None:
    body = "![a](pictures/none.jpg)\n\n![b](pictures/none.jpg)\n\n![c](../../../etc/passwd)"
    assert not list(repeated_pictures([article("a", "A", body=body)], folder_of(publication)))
    Image.new("RGB", (3, 3)).save(publication.root / "x.png")
