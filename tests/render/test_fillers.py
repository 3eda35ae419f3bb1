"""What fills the foot of a page that is not full."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.config import House, Publication
from publisher.content.article import Kind
from publisher.errors import ConfigError
from publisher.render.fillers import APART, Filler, Foot, Means, Offer, choose, height_of
from publisher.render.footing import Footing
from publisher.render.magazine import Magazine
from publisher.render.setting import Setting
from tests.render.issues import article, folder_of, issue, picture, slot
from tests.render.looking import Pages, colour_at

STRIP = Offer(means=Means.STRIP, name="strip", least=26, most=70)
SHARE = Offer(means=Means.HOUSE, name="share", least=15, most=84, often=2)
JOIN = Offer(means=Means.HOUSE, name="join", least=15, most=84, often=2)
SCAN = Offer(means=Means.SCAN, name="scan-a", least=24, most=50, often=2)
OFFERS = (STRIP, SHARE, JOIN, SCAN)
PARAGRAPH = "The wind had been at work on it for so long that nobody remembered another shape. " * 5


def feet(heights: list[float]) -> list[Foot]:
    found: list[Foot] = []
    for page, height in enumerate(heights, 5):
        fillers = choose(height, page, OFFERS, found)
        if fillers:
            found.append(Foot(page=page, fillers=fillers))
    return found


@given(st.lists(st.floats(0, 260), max_size=12))
def test_fillers_are_never_taller_than_the_room(heights: list[float]) -> None:
    for foot in feet(heights):
        tall = sum(one.height for one in foot.fillers) + APART * (len(foot.fillers) - 1)
        assert tall <= heights[foot.page - 5] + 0.02
        bounds = {offer.name: offer for offer in OFFERS}
        for one in foot.fillers:
            assert bounds[one.name].least - 0.01 <= one.height <= bounds[one.name].most + 0.01


@given(st.lists(st.floats(0, 260), max_size=12))
def test_neighbouring_pages_carry_different_fillers_and_none_is_worn_out(
    heights: list[float],
) -> None:
    found = feet(heights)
    means = [(foot.page, one.means, one.name) for foot in found for one in foot.fillers]
    names = [name for _, kind, name in means if kind is not Means.STRIP]
    assert len(names) == len(set(names))
    for page, kind, _ in means:
        if kind is not Means.STRIP:
            assert not any(kind is other and at == page + 1 for at, other, _ in means)
    assert sum(kind is Means.HOUSE for _, kind, _ in means) <= 2


@given(st.lists(st.floats(0, 260), max_size=12))
def test_the_same_issue_gets_the_same_fillers(heights: list[float]) -> None:
    assert feet(heights) == feet(heights)


def test_a_room_too_small_stays_empty() -> None:
    assert choose(14, 5, OFFERS, ()) == ()


def test_a_room_too_small_for_a_strip_gets_a_slim_panel() -> None:
    assert [one.means for one in choose(18, 5, OFFERS, ())] == [Means.HOUSE]


def test_a_large_room_gets_two_fillers_that_reach_its_foot() -> None:
    upper, lower = choose(140, 5, OFFERS, ())
    assert (upper.means, lower.means) == (Means.HOUSE, Means.STRIP)
    assert upper.height + APART + lower.height == pytest.approx(140)


def test_a_code_is_printed_once_more_than_usual_where_much_would_stay_white() -> None:
    found: list[Foot] = []
    for page, height in ((4, 50.0), (6, 50.0), (8, 50.0), (10, 170.0)):
        codes = replace(SCAN, name=f"scan-{page}")
        found.append(Foot(page=page, fillers=choose(height, page, (STRIP, codes), found)))
    last = found[-1].fillers
    assert [one.means for one in last] == [Means.SCAN, Means.STRIP]


def test_a_strip_repeats_only_where_nothing_else_is_left() -> None:
    strip = Filler(means=Means.STRIP, name="strip", height=60)
    before = [Foot(page=5, fillers=(strip,))]
    assert [one.means for one in choose(60, 6, OFFERS, before)] == [Means.HOUSE]
    assert [one.means for one in choose(60, 6, [STRIP], before)] == [Means.STRIP]


@given(st.floats(0, 259), st.sampled_from([4.2, 4.41, 4.76, 5.15]))
def test_the_head_of_a_filler_stands_on_a_half_line_and_leaves_the_air(
    room: float, line: float
) -> None:
    height = height_of(room, air=10, line=line, tall=259)
    assert height <= max(0.0, room - 10) + 0.01
    if height:
        top = (259 - height) / (line / 2)
        assert top == pytest.approx(round(top), abs=0.02)


# ---- on pages ---------------------------------------------------------------------------


def made(publication: Publication, *, paragraphs: int = 3, **more: object) -> tuple[Pages, int]:
    """Print one story that leaves much of its page, and three others; return its last page."""
    folder = folder_of(publication)
    text = "\n\n".join([PARAGRAPH] * paragraphs)
    url = "https://sirocco.example/short"
    slots = [
        slot(
            publication, article("short", "A short one", body=text, url=url, **more), kind=Kind.DATA
        ),
        *(
            slot(
                publication,
                article(
                    f"story-{n}",
                    f"Story {n}",
                    body="\n\n".join([PARAGRAPH] * 11),
                    picture=picture(folder, f"lead-{n}", "#337744"),
                ),
                kind=Kind.FEATURE,
                cover=n == 0,
            )
            for n in range(3)
        ),
    ]
    rendered = Magazine().build(issue(publication, slots), publication)
    pages = Pages(rendered.files[0])
    return pages, dict(rendered.anchors)["short"]


def test_a_house_advertisement_reaches_the_foot_and_covers_no_text(
    publication: Publication,
) -> None:
    ad = House(title="Write for us", text="We read all of it.", url="https://sirocco.example/write")
    editions = replace(publication.editions, fillers=("house",))
    publication = replace(publication, house=(ad,), editions=editions)
    pages, page = made(publication, paragraphs=5)
    brand = tuple(bytes.fromhex(publication.colour[1:]))
    image = pages.picture(page, scale=2).resize(pages.picture(page).size)
    title = pages.spot(page, "Write for us")
    left = 20.0
    assert colour_at(image, left, 297 - 20 - 1.5) == pytest.approx(brand, abs=3)
    assert colour_at(image, left, 297 - 20 + 1.5) == (255, 255, 255)
    # above it, the air between the text's last line and the panel is white paper
    last = max(spot.y for spot in pages.spots(page, "shape"))
    head = next(y for y in range(int(last), 280) if colour_at(image, left, y) != (255, 255, 255))
    assert last < head < title.y
    assert "sirocco.example/write" in pages.text(page)


def test_without_fillers_the_foot_stays_white(publication: Publication) -> None:
    editions = replace(publication.editions, fillers=())
    pages, page = made(replace(publication, editions=editions))
    assert "Also in this issue" not in pages.text(page)
    assert colour_at(pages.picture(page), 20, 270) == (255, 255, 255)


def test_a_code_leads_to_the_story_itself(publication: Publication) -> None:
    editions = replace(publication.editions, fillers=("scan",))
    pages, page = made(replace(publication, editions=editions))
    assert "This story, to pass on" in pages.text(page)
    assert "sirocco.example/short" in pages.text(page)


def test_an_advertisement_without_its_picture_is_printed_and_told(
    publication: Publication,
) -> None:
    ad = House(title="Come", url="https://sirocco.example", picture=Path("ad.jpg"), alt="A door")
    editions = replace(publication.editions, fillers=("house",))
    publication = replace(publication, house=(ad,), editions=editions)
    setting = Setting(
        issue(publication, [slot(publication, article("short", "A short one"))]), publication
    )
    shown = Footing(setting).fill({"short": {"room": 0.3, "leaves": 1, "variant": "plain"}})
    assert shown["short"][0]["picture"] == ""
    assert any("ad.jpg is left out" in str(problem) for problem in setting.plates.problems)


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_panels_speak_the_publication_s_language(publication: Publication, language: str) -> None:
    publication = replace(publication, language=language)
    setting = Setting(
        issue(publication, [slot(publication, article("short", "A short one"))]), publication
    )
    shown = Footing(setting).fill({"short": {"room": 0.13, "leaves": 1, "variant": "plain"}})
    (one,) = shown["short"]
    title = {"fr": "Quelqu’un que vous connaissez", "ar": "هناك من تعرفه"}[language]
    assert " ".join(one["panel"].title.lines).startswith(title)


def test_an_advertisement_needs_words_for_its_picture() -> None:
    with pytest.raises(ConfigError, match="alt is missing"):
        House(title="Come", url="https://sirocco.example", picture=Path("a.jpg"))
