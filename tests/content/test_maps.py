"""Maps, as a reader sees them: by the places of what is drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace

import pytest

from publisher.config import DISPUTED, Maps
from publisher.content import maps
from publisher.content.body import Look
from publisher.content.drawing import Drawing, mix
from publisher.content.lift import marked, moved, rings, texts
from publisher.content.world import Polygon, world
from publisher.errors import ConfigError, ContentError
from tests.content.test_charts import assert_readable

LOOK = Look()
PEOPLE = {"MA": 37.8, "DZ": 45.6, "TN": 12.5, "LY": 6.9, "EG": 112.7, "SD": 48.1}


def a_map(
    *countries: str, places: Sequence[tuple[str, float, float]] = (), **more: object
) -> Drawing:
    look, language = more.pop("look", LOOK), more.pop("language", "en")
    assert isinstance(look, Look)
    asked = maps.Map(
        countries=countries,
        places=tuple(maps.Place(name=n, longitude=x, latitude=y) for n, x, y in places),
        **more,  # type: ignore[arg-type]  # test's own words
    )
    return maps.draw(asked, look, str(language))


def words_of(drawing: Drawing, mark: str) -> set[str]:
    return {text.words for text in texts(drawing, mark)}


def test_places_lie_where_they_are() -> None:
    cities = [("Tunis", 10.18, 36.8), ("Tripoli", 13.19, 32.89), ("Cairo", 31.24, 30.04)]
    drawing = a_map("TN", "LY", "EG", places=cities, highlight=("TN",))
    dots = [moved(dot.get("transform", "")) for dot in marked(drawing, "places")]
    assert dots[0][0] < dots[1][0] < dots[2][0]
    assert dots[0][1] < dots[1][1] < dots[2][1]
    assert_readable(drawing)


def test_a_name_has_a_ground_of_its_own_only_where_it_crosses_a_border() -> None:
    drawing = a_map("EG", "LY", places=[("Jaghbub", 24.5, 29.7), ("Kharga", 27.0, 25.4)])
    halos = {text.words: text.halo for text in texts(drawing, "places")}
    assert halos["Kharga"] == ""
    assert halos["Jaghbub"]


def test_crowded_places_are_all_named_apart() -> None:
    near = [("Giza", 31.13, 29.98), ("Cairo", 31.24, 30.04), ("Saqqara", 31.22, 29.87),
            ("Dahshur", 31.21, 29.80), ("Meidum", 31.16, 29.39), ("Memphis", 31.25, 29.85)]  # fmt: skip
    drawing = a_map("EG", places=near)
    assert words_of(drawing, "places") == {name for name, _, _ in near}
    assert_readable(drawing)


@pytest.mark.parametrize(
    "countries", [("TN",), ("FR",), ("CL",), ("US",), ("EG", "SD"), ("MT",), ("ID",), ("NO",)]
)
def test_a_country_fills_its_map_without_its_far_islands(countries: tuple[str, ...]) -> None:
    drawing = a_map(*countries)
    assert 0.5 <= drawing.height / drawing.width <= 1.2
    assert_readable(drawing)
    # Guiana would put France's middle into the Atlantic
    if countries == ("FR",):
        france = next(text for text in drawing.texts if text.words == "France")
        assert abs(france.x - drawing.width / 2) < drawing.width * 0.2


def test_a_wide_map_does_not_fill_a_page() -> None:
    drawing = a_map("TN", look=Look(width=178))
    assert drawing.height / 72 * 25.4 == pytest.approx(120, abs=0.01)
    assert drawing.width / 72 * 25.4 == pytest.approx(178, abs=0.01)


def test_a_map_of_places_alone_shows_where_in_the_world_they_are() -> None:
    drawing = a_map(places=[("Germa", 13.07, 26.54)])
    assert words_of(drawing, "places") == {"Germa"}
    assert list(marked(drawing, "around"))
    assert not list(marked(a_map(places=[("Germa", 13.07, 26.54)], inset=False), "around"))
    assert not list(marked(a_map("DZ"), "around"))
    assert_readable(drawing)


def test_a_small_region_says_how_far_it_is() -> None:
    drawing = a_map("TN", places=[("Tunis", 10.18, 36.8), ("Sfax", 10.76, 34.74)])
    (said,) = texts(drawing, "scale")
    assert said.words == "100 km"
    line = next(iter(marked_lines(drawing)))
    (x1, y1), (x2, y2) = (moved(dot.get("transform", "")) for dot in marked(drawing, "places"))
    distance = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
    # Tunis and Sfax are 235 km apart
    assert distance / line * 100 == pytest.approx(235, rel=0.04)
    assert {text.words for text in texts(a_map("TN", language="ar"), "scale")} == {"100 كم"}
    assert not texts(a_map("DZ"), "scale")
    assert_readable(drawing)


def marked_lines(drawing: Drawing) -> list[float]:
    lines = drawing.shapes.findall("line")
    return sorted(
        (float(one.get("x2", 0)) - float(one.get("x1", 0)) for one in lines), reverse=True
    )


def test_a_map_of_the_whole_world_is_drawn() -> None:
    drawing = a_map("US", "NZ", "JP")
    assert drawing.height / drawing.width == pytest.approx(0.4867, abs=0.01)
    assert len(list(marked(drawing, "land RU"))) == 1


# ---- figures by country ------------------------------------------------------------


def test_countries_are_shaded_by_their_figures() -> None:
    drawing = a_map(figures=PEOPLE, unit="million")
    fills = {code: next(marked(drawing, f"land {code}")).get("fill", "") for code in PEOPLE}
    assert fills["EG"] == mix(LOOK.accent, LOOK.paper, 0.92)
    assert fills["LY"] == mix(LOOK.accent, LOOK.paper, 0.25)
    assert fills["LY"] != fills["TN"] != fills["EG"]
    said = words_of(drawing, "countries")
    assert {"Egypt", "112.7"} <= said
    assert any(words.startswith("Tunisia") for words in said)
    assert words_of(drawing, "key") == {"10", "30", "50\u00a0million"}
    assert_readable(drawing)


def test_an_editor_may_set_where_shades_end() -> None:
    drawing = a_map(figures=PEOPLE, breaks=(20.0, 40.0, 60.0))
    assert words_of(drawing, "key") == {"20", "40", "60"}
    with pytest.raises(ContentError, match="breaks must rise"):
        a_map(figures=PEOPLE, breaks=(40.0, 20.0))


def test_a_country_without_a_figure_looks_like_land() -> None:
    figures: Mapping[str, float | None] = {"TN": 12.0, "LY": None, "EG": 100.0}
    drawing = a_map(figures=figures)
    assert next(marked(drawing, "land LY")).get("fill") == LOOK.land
    with pytest.raises(ContentError, match='no country "ATLANTIS"'):
        a_map(figures={"ATLANTIS": 3.0})


def test_the_shades_of_an_arabic_map_run_from_the_right() -> None:
    low, *_, high = texts(a_map(figures=PEOPLE, language="ar"), "key")
    assert low.x > high.x


# ---- disputed land -----------------------------------------------------------------

#: a spot in each disputed land
SPOTS = {
    "western_sahara": (-14.53, 23.88), "halaib": (35.6, 22.5), "bir_tawil": (33.7, 21.9),
    "abyei": (28.43, 9.8), "palestine": (35.2, 32.2), "golan": (35.75, 33.0),
    "northern_cyprus": (33.6, 35.3), "somaliland": (45.0, 9.8), "kosovo": (20.9, 42.6),
    "crimea": (34.3, 45.2),
}  # fmt: skip
_CODES = {
    "morocco": "MA", "egypt": "EG", "sudan": "SD", "south_sudan": "SS", "syria": "SY",
    "israel": "IL", "cyprus": "CY", "somalia": "SO", "serbia": "RS", "ukraine": "UA",
    "russia": "RU",
}  # fmt: skip


def holders(settings: Maps, x: float, y: float) -> list[str]:
    return [code for code, land in world(settings).lands.items() if holds(land, x, y)]


def holds(land: Sequence[Polygon], x: float, y: float) -> bool:
    """Whether a point lies in a country: an odd number of its edges is east of it."""
    crossed = 0
    for polygon in land:
        for ring in polygon:
            for (x1, y1), (x2, y2) in zip(ring, [*ring[1:], ring[0]], strict=True):
                if (y1 > y) != (y2 > y) and x < x1 + (y - y1) / (y2 - y1) * (x2 - x1):
                    crossed += 1
    return crossed % 2 == 1


@pytest.mark.parametrize(
    ("name", "choice"), [(name, choice) for name, all_ in DISPUTED.items() for choice in all_]
)
def test_a_disputed_land_goes_where_the_setting_says(name: str, choice: str) -> None:
    (holder,) = holders(replace(Maps(), **{name: choice}), *SPOTS[name])
    if choice in _CODES:
        assert holder == _CODES[choice]
    else:
        assert holder not in _CODES.values()


def test_every_disputed_land_has_a_setting_that_begins_as_the_united_nations_draw_it() -> None:
    assert {field.name: field.default for field in fields(Maps)} == {
        name: choices[0] for name, choices in DISPUTED.items()
    }
    with pytest.raises(ConfigError, match='golan = "egypt" is not allowed: use one of syria'):
        Maps(golan="egypt")


@pytest.mark.parametrize(
    ("place", "longitude", "latitude", "code"),
    [
        ("Laayoune", -13.1, 27.15, "EH"),
        ("Tifariti, east of the berm", -10.57, 26.16, "EH"),
        ("Tarfaya", -12.9, 27.9, "MA"),
        ("Marrakesh", -7.99, 31.63, "MA"),
        ("Aswan", 32.9, 24.09, "EG"),
        ("Wadi Halfa", 31.35, 21.8, "SD"),
        ("Bethlehem", 35.2, 31.7, "PS"),
        ("Tel Aviv", 34.85, 32.05, "IL"),
    ],
)
def test_a_place_lies_in_the_country_the_united_nations_list(
    place: str, longitude: float, latitude: float, code: str
) -> None:
    assert holders(Maps(), longitude, latitude) == [code], place


def test_western_sahara_is_drawn_apart_and_can_be_drawn_otherwise() -> None:
    apart = a_map("MA", "EH", highlight=("EH",))
    assert {"Morocco", "Western Sahara"} <= words_of(apart, "countries")
    assert next(marked(apart, "land EH")).get("fill") != next(marked(apart, "land MA")).get("fill")
    one = a_map("MA", "EH", look=replace(LOOK, maps=Maps(western_sahara="morocco")))
    assert not list(marked(one, "land EH"))
    assert "Western Sahara" not in words_of(one, "countries")
    dashed = a_map("MA", "EH", look=replace(LOOK, maps=Maps(western_sahara="dashed")))
    count = len(rings(next(marked(dashed, "dashed")).get("d", "")))
    plain = marked(apart, "dashed")
    assert count > sum(len(rings(line.get("d", ""))) for line in plain)


def test_a_border_is_drawn_once_and_only_between_countries() -> None:
    lines = [*world(Maps()).borders, *world(Maps()).dashed]
    ends = [frozenset((line[0], line[-1])) for line in lines]
    assert len(ends) > 300
    assert len({tuple(line) for line in lines}) == len(lines)
