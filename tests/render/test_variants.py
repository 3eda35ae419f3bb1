"""Which layout an article gets, from what it has."""

from itertools import product

import pytest

from publisher.content.article import Kind
from publisher.render.variants import Facts, possible, variants

WIDE, TALL, SQUARE, TINY = (2400, 1600), (1600, 2400), (1500, 1500), (320, 240)


def first(kind: Kind, **facts: object) -> str:
    return variants(Facts(kind=kind, **facts))[0]  # type: ignore[arg-type]  # any fact, by name


def test_news_without_a_picture_has_its_headline_in_a_column_if_it_is_short() -> None:
    assert first(Kind.NEWS, words=400) == "side"
    assert first(Kind.NEWS, words=900) == "plain"


def test_arabic_news_takes_more_room_for_as_many_words() -> None:
    assert first(Kind.NEWS, words=560) == "side"
    assert first(Kind.NEWS, words=560, direction="rtl") == "plain"


def test_an_upright_news_picture_stands_in_a_column() -> None:
    assert first(Kind.NEWS, pixels=TALL, words=500) == "column"


def test_two_news_pictures_stand_side_by_side() -> None:
    assert first(Kind.NEWS, pixels=WIDE, inside=(WIDE,), words=500) == "pair"
    assert "pair" not in variants(Facts(kind=Kind.NEWS, pixels=WIDE, inside=(TINY,)))


def test_a_picture_of_few_pixels_is_not_blown_up_across_the_page() -> None:
    assert first(Kind.NEWS, pixels=TINY, words=900) == "column"
    assert first(Kind.FEATURE, pixels=TINY) == "inset"
    assert first(Kind.OPINION, pixels=TINY) == "portrait"
    assert first(Kind.INTERVIEW, pixels=TINY) == "inset"
    assert first(Kind.FEATURE, pixels=TINY, cover_story=True) == "framed"


def test_a_feature_opens_with_its_picture_or_with_type() -> None:
    assert first(Kind.FEATURE, pixels=WIDE, words=700) == "wide"
    assert first(Kind.FEATURE, pixels=TALL, words=700) == "tall"
    assert first(Kind.FEATURE, words=700) == "type"


def test_only_a_long_feature_with_a_sharp_picture_opens_on_a_page_of_its_own() -> None:
    assert "full" in variants(Facts(kind=Kind.FEATURE, pixels=WIDE, words=1500))
    assert "full" not in variants(Facts(kind=Kind.FEATURE, pixels=WIDE, words=500))
    assert "full" not in variants(Facts(kind=Kind.FEATURE, pixels=(1024, 768), words=1500))


@pytest.mark.parametrize(("kind", "words"), [(Kind.NEWS, 500), (Kind.FEATURE, 1500)])
def test_neighbours_do_not_open_alike(kind: Kind, words: int) -> None:
    opened = {first(kind, pixels=WIDE, words=words, turn=turn) for turn in (3, 4)}
    assert len(opened) == 2


def test_an_opinion_shows_its_writer_small_and_another_picture_large() -> None:
    assert first(Kind.OPINION, pixels=TALL, portrait=True) == "portrait"
    assert first(Kind.OPINION, pixels=WIDE) == "picture"


def test_an_interview_follows_the_shape_of_its_picture() -> None:
    assert first(Kind.INTERVIEW, pixels=TALL) == "portrait"
    assert first(Kind.INTERVIEW, pixels=WIDE) == "landscape"
    assert first(Kind.INTERVIEW) == "plain"


def test_a_cover_story_does_not_open_as_the_cover_does() -> None:
    assert first(Kind.FEATURE, pixels=WIDE, cover_story=True) == "panel"
    assert first(Kind.FEATURE, pixels=TALL, cover_story=True) == "tall"
    assert first(Kind.NEWS, cover_story=True) == "type"


def test_a_photo_essay_opens_with_an_upright_picture_over_the_page() -> None:
    assert first(Kind.PHOTO_ESSAY, inside=(TALL, WIDE)) == "full"
    assert first(Kind.PHOTO_ESSAY, inside=(WIDE, TALL)) == "framed"
    assert first(Kind.PHOTO_ESSAY) == "plain"


def test_every_article_has_a_layout_and_an_editor_may_name_what_suits_it() -> None:
    sizes = (None, WIDE, TALL, SQUARE, TINY)
    for kind, pixels, cover, words, turn in product(
        Kind, sizes, (False, True), (40, 500, 3000), (0, 1)
    ):
        for inside in ((), (WIDE,), (TINY, TALL)):
            facts = Facts(
                kind=kind,
                pixels=pixels,
                cover_story=cover,
                words=words,
                turn=turn,
                inside=inside,
            )
            suiting = variants(facts)
            assert suiting
            assert len(set(suiting)) == len(suiting)
            assert set(suiting) <= set(possible(facts))
