"""Each kind's layout in its variants, as a reader sees it."""

from itertools import pairwise

import pytest

from publisher.config import Publication
from publisher.content.article import Kind
from publisher.render.variants import possible
from tests.render.layouts import LAST, STANDFIRST, Sample, body, photo, sample

WIDE, TALL, TINY = (2600, 1700), (1700, 2600), (330, 250)
PAGE = (210.0, 297.0)
LONG = "An exceedingly long and winding headline about water, sand, memory and the people " * 2


def names(one: Sample) -> tuple[str, ...]:
    facts = one.setting.dresser._leads.facts(one.place, one.setting.dresser._body(one.place))
    return possible(facts)


def test_a_tall_picture_stands_beside_its_headline(publication: Publication) -> None:
    one = sample(publication, Kind.FEATURE, picture=photo(publication, "tall", TALL))
    pages, _ = one.printed("tall")
    lead = pages[0].pictures[0]
    assert lead.left == pytest.approx(0, abs=0.5)
    assert lead.top == pytest.approx(0, abs=0.5)
    assert lead.right < PAGE[0] / 2
    assert STANDFIRST.split()[0] in pages[0].text
    assert "The wind had been" in pages[0].text  # the text begins below them


def test_a_feature_can_open_on_a_page_that_is_all_picture(publication: Publication) -> None:
    one = sample(
        publication, Kind.FEATURE, body=body(1200), picture=photo(publication, "wide", WIDE)
    )
    first, second, *_ = one.printed("full")[0]
    assert first.pictures[0].right >= PAGE[0]
    assert first.pictures[0].bottom >= PAGE[1]
    assert "How the pyramids" in first.text
    assert "The wind had been" not in first.text
    assert "wind had been" in second.text


def test_two_news_pictures_are_equally_high_and_neither_is_printed_twice(
    publication: Publication,
) -> None:
    photo(publication, "inner", TALL)
    one = sample(
        publication,
        Kind.NEWS,
        picture=photo(publication, "wide", WIDE),
        body=f'![Inside](pictures/inner.jpg "What is inside."){{ credit="A, CC0" }}\n\n{body(300)}',
    )
    assert one.setting.dresser.variant(one.place) == "pair"
    pages, _ = one.printed("pair")
    left, right = pages[0].pictures
    assert left.top == pytest.approx(right.top, abs=0.3)
    assert left.bottom == pytest.approx(right.bottom, abs=0.3)
    assert right.left > left.right
    assert pages[0].text.count("What is inside.") == 1


def test_a_strip_runs_shallow_across_the_head_of_the_page(publication: Publication) -> None:
    one = sample(publication, Kind.NEWS, picture=photo(publication, "wide", WIDE))
    lead = one.printed("strip")[0][0].pictures[0]
    assert lead.top == pytest.approx(0, abs=0.5)
    assert lead.right >= PAGE[0]
    assert lead.bottom < 65


def test_a_writers_portrait_is_small_beside_the_headline(publication: Publication) -> None:
    portrait = photo(publication, "ada", TALL)
    one = sample(publication, Kind.OPINION, picture=portrait, byline="Ada Writer")
    assert one.setting.dresser.variant(one.place) == "picture"
    named = sample(
        publication,
        Kind.OPINION,
        picture=type(portrait)(path=portrait.path, alt="Ada Writer at her desk", credit="A"),
    )
    assert named.setting.dresser.variant(named.place) == "portrait"
    lead = named.printed()[0][0].pictures[0]
    assert lead.right - lead.left < 40


def test_a_tiny_picture_is_printed_no_larger_than_it_is_sharp(publication: Publication) -> None:
    for kind in (Kind.FEATURE, Kind.NEWS, Kind.DATA, Kind.LISTING, Kind.QUIZ):
        one = sample(publication, kind, picture=photo(publication, "tiny", TINY))
        lead = one.printed()[0][0].pictures[0]
        assert lead.right - lead.left <= TINY[0] / 96 * 25.4 + 0.5


def test_a_cover_story_opens_on_a_page_of_its_own_in_every_variant(
    publication: Publication,
) -> None:
    one = sample(publication, Kind.FEATURE, cover=True, picture=photo(publication, "wide", WIDE))
    for variant in names(one):
        pages, remarks = one.printed(variant)
        assert "The wind had been" not in pages[0].text, variant
        assert remarks == [], variant
    assert one.setting.dresser.variant(one.place) == "panel"


def test_a_panel_leaves_a_long_headline_clear_of_the_picture(publication: Publication) -> None:
    square = photo(publication, "square", (2000, 2000))
    one = sample(
        publication,
        Kind.FEATURE,
        cover=True,
        picture=square,
        title=LONG.strip(),
        standfirst=f"{STANDFIRST} " * 5,
    )
    short = sample(publication, Kind.FEATURE, cover=True, picture=square)
    assert one.printed("panel")[0][0].pictures[0].bottom < PAGE[1] / 2
    assert short.printed("panel")[0][0].pictures[0].bottom > PAGE[1] / 2


def test_a_spread_shows_the_picture_first_and_the_headline_on_the_facing_page(
    publication: Publication,
) -> None:
    one = sample(publication, Kind.FEATURE, cover=True, picture=photo(publication, "wide", WIDE))
    first, second, *_ = one.printed("spread")[0]
    assert "How the pyramids" not in first.text
    assert "How the pyramids" in second.text
    assert "wind had been" in second.text


def test_an_essay_can_open_with_its_first_picture_over_the_page(publication: Publication) -> None:
    lines = []
    for number in range(4):
        photo(publication, f"p{number}", TALL if number == 0 else WIDE)
        lines.append(f'![View {number}](pictures/p{number}.jpg "Seen."){{ credit="A, CC0" }}')
    one = sample(publication, Kind.PHOTO_ESSAY, body="\n\n".join([body(80), *lines]))
    assert one.setting.dresser.variants(one.place) == ("full", "framed")
    first, second, *_ = one.printed()[0]
    assert first.pictures[0].bottom >= PAGE[1]
    assert "How the pyramids" in first.text
    assert "wind had been" in second.text


def test_an_editor_names_a_layout(publication: Publication) -> None:
    one = sample(publication, Kind.NEWS, layout="strip", picture=photo(publication, "wide", WIDE))
    assert one.setting.dresser.variants(one.place) == ("strip",)
    assert one.setting.dresser.problems == ()


def test_a_layout_that_cannot_be_is_told_with_those_that_can(publication: Publication) -> None:
    one = sample(publication, Kind.NEWS, layout="tall")
    assert one.setting.dresser.variants(one.place) == ("side", "plain")
    (problem,) = one.setting.dresser.problems
    assert problem.article == "one"
    assert 'layout = "tall" is not possible for this news' in problem.message
    assert "possible are side, plain" in problem.message


def test_only_a_quote_that_the_text_repeats_can_be_left_out(publication: Publication) -> None:
    text = (
        f"{body(200)}\n\n/// quote\nnobody remembered another shape\n///\n\n"
        f"/// quote | The keeper\nThis is said nowhere else\n///\n\n{body(200)}"
    )
    one = sample(publication, Kind.FEATURE, body=text)
    (repeated,) = one.setting.dresser.quotes(one.place)
    assert one.html().count("nobody remembered another shape</p>") == 1
    assert "nobody remembered another shape</p>" not in one.html(without=(repeated,))
    assert "This is said nowhere else" in one.html(without=(repeated,))


def every(publication: Publication) -> list[Sample]:
    """Every kind without and with each shape of picture, short and long."""
    shapes = {"none": None, "wide": WIDE, "tall": TALL, "tiny": TINY}
    made = []
    for kind in Kind:
        if kind in (Kind.BRIEF, Kind.PHOTO_ESSAY):
            continue
        for name, size in shapes.items():
            lead = photo(publication, name, size) if size else None
            made.append(sample(publication, kind, picture=lead, title=LONG.strip()))
    for name, size in shapes.items():
        lead = photo(publication, name, size) if size else None
        made.append(sample(publication, Kind.FEATURE, cover=True, picture=lead, title=LONG.strip()))
    return made


def test_no_variant_loses_words_or_runs_over_under_a_very_long_headline(
    publication: Publication,
) -> None:
    for one in every(publication):
        for variant in names(one):
            pages, remarks = one.printed(variant)
            text = " ".join(page.text for page in pages)
            where = (one.place.kind, variant)
            assert remarks == [], where
            assert LAST in text, where
            assert "memory and the people" in text, where


def test_at_most_one_thing_may_stretch_and_it_says_so(publication: Publication) -> None:
    for one in every(publication):
        for variant in names(one):
            _, low, high = one.setting.dresser.bounds(one.place, variant)
            html = one.html(variant)
            where = (one.place.kind, variant)
            assert html.count("data-give=") == int(high > low), where


@pytest.mark.parametrize("words", [40, 3000])
def test_bare_articles_of_any_length_have_a_page(publication: Publication, words: int) -> None:
    """Without standfirst, byline, kicker and picture."""
    for kind in (Kind.NEWS, Kind.FEATURE, Kind.OPINION, Kind.INTERVIEW, Kind.DATA, Kind.LETTER):
        one = sample(publication, kind, body=body(words), standfirst="", byline="", kicker="")
        for variant in names(one):
            pages, remarks = one.printed(variant)
            assert remarks == [], (kind, variant)
            assert LAST in pages[-1].text, (kind, variant)


def test_what_stretches_makes_the_picture_taller(publication: Publication) -> None:
    one = sample(publication, Kind.FEATURE, picture=photo(publication, "wide", WIDE))
    _, low, high = one.setting.dresser.bounds(one.place)
    heights = []
    for size in (low, (low + high) / 2, high):
        lead = one.printed(size=size)[0][0].pictures[0]
        heights.append(lead.bottom - lead.top)
        assert heights[-1] == pytest.approx(size, abs=0.5)
    assert all(after > before for before, after in pairwise(heights))
