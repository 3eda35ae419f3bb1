"""Teasers at the foot of pages."""

from collections import Counter

from publisher.config import Publication
from publisher.content.article import Kind
from publisher.render.setting import Setting
from tests.render.issues import article, folder_of, issue, picture, slot

COLOURS = ("#aa3333", "#33aa33", "#3333aa", "#aaaa33", "#33aaaa")


def setting(publication: Publication, *, inner: bool = False) -> Setting:
    folder = folder_of(publication)
    slots = []
    for number, colour in enumerate(COLOURS):
        lead = picture(folder, f"lead-{number}", colour)
        text = "It begins.\n\nIt ends."
        if inner:
            picture(folder, f"inner-{number}", f"#{number}0{number}0{number}f")
            text += f'\n\n![More](pictures/inner-{number}.jpg){{ credit="A, CC0" }}'
        slots.append(
            slot(
                publication,
                article(f"story-{number}", f"Story {number}", picture=lead, body=text),
                kind=Kind.FEATURE,
                cover=number == 0,
            )
        )
    return Setting(issue(publication, slots), publication)


def test_readers_see_no_picture_more_than_three_times(publication: Publication) -> None:
    made = setting(publication)
    shown = [teaser for place in made.places for teaser in made.teasers(place, 3, 80.0)]
    times = Counter(teaser["url"] for teaser in shown if teaser["url"])
    assert times  # some have pictures
    # on their own page and in the contents they were seen before; the cover's twice more
    assert max(times.values()) == 1
    assert "story-0" not in {teaser["slug"] for teaser in shown if teaser["url"]}


def test_a_row_of_teasers_has_pictures_or_words_never_both(publication: Publication) -> None:
    made = setting(publication)
    for place in made.places:
        row = made.teasers(place, 3, 80.0)
        assert len({bool(teaser["url"]) for teaser in row}) == 1
        assert place.anchor not in {teaser["slug"] for teaser in row}


def test_a_picture_from_within_a_story_is_taken_before_one_seen_already(
    publication: Publication,
) -> None:
    made = setting(publication, inner=True)
    row = made.teasers(made.places[0], 3, 80.0)
    problems = {key[1] for key in made.plates._problems if key[2] == "teaser"}
    assert len(row) == 3
    assert all(path.startswith("pictures/inner-") for path in problems)


def test_the_contents_do_not_repeat_the_cover(publication: Publication) -> None:
    thumbs = setting(publication)._contents["thumbs"]
    assert [thumb["slug"] for thumb in thumbs] == [f"story-{number}" for number in (1, 2, 3, 4)]


def test_in_two_rows_pictures_share_the_room(publication: Publication) -> None:
    made = setting(publication, inner=True)
    how = made.theme.tokens.teasers
    room = how.air + 2 * (how.words + 30)
    rows = made.teasers(made.places[0], 4, room, rows=2)
    assert {teaser["height"] for teaser in rows} == {30.0}
    assert all(teaser["url"] for teaser in rows)
