"""Charts, maps and codes, as a reader sees them: by the places of what is drawn."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageFont

from publisher.content import charts, lines, maps, marks, numbers
from publisher.content.body import Look, Medium
from publisher.content.drawing import Box, Canvas, Text, mix
from publisher.content.qr import QUIET_ZONE, qr_data_uri
from publisher.errors import ContentError

LOOK = Look()


def chart(figures: str, type: str = "bar", language: str = "en", **more: object) -> Canvas:
    data = numbers.read_data(numbers.read_rows(figures), language)
    asked = marks.Chart(type=type, data=data, **more)  # type: ignore[arg-type]  # test's own words
    return charts.draw(asked, LOOK, language)


def box_of(canvas: Canvas, text: Text) -> Box:
    width = canvas.measure(text.words, text.size, bold=text.bold)
    left = text.x - {"start": 0.0, "middle": width / 2, "end": width}[text.anchor]
    return Box(left, text.y - text.size * 0.72, left + width, text.y + text.size * 0.2)


def words_of(canvas: Canvas) -> list[str]:
    return [text.words for text in canvas.texts]


def assert_readable(canvas: Canvas) -> None:
    boxes = [(text.words, box_of(canvas, text)) for text in canvas.texts]
    for place, (words, box) in enumerate(boxes):
        assert box.outside(canvas.width, canvas.height) < 1, f"{words} leaves the drawing"
        for other, other_box in boxes[place + 1 :]:
            assert box.overlap(other_box) < 2, f"{words} runs into {other}"


def bars_of(canvas: Canvas) -> list[tuple[float, float]]:
    return [
        (float(rect.get("width", 0)), float(rect.get("height", 0)))
        for rect in canvas.root.iter("rect")
    ]


# ---- bars ------------------------------------------------------------------------


def test_bars_are_as_long_as_their_values() -> None:
    canvas = chart("L,V\nA,100\nB,50\nC,0", unit="km")
    (a, _), (b, _), (c, _) = bars_of(canvas)
    assert a == pytest.approx(2 * b, abs=0.1)
    assert c == 0
    assert words_of(canvas) == ["A", "100\u00a0km", "B", "50", "C", "0"]
    assert_readable(canvas)


def test_losses_run_the_other_way() -> None:
    canvas = chart("L,V\nA,10\nB,-5", unit="%")
    a, b = (
        (float(rect.get("x", 0)), float(rect.get("width", 0))) for rect in canvas.root.iter("rect")
    )
    assert b[0] + b[1] == pytest.approx(a[0], abs=0.1)
    assert "−5%" in words_of(canvas)
    assert_readable(canvas)


def test_years_stand_upright_and_names_lie() -> None:
    years = bars_of(chart("Y,V\n2019,10\n2020,20\n2021,15"))
    assert years[1][1] == pytest.approx(2 * years[0][1], abs=0.1)
    names = bars_of(chart("N,V\nEgypt,10\nLibya,20\nChad,15"))
    assert names[1][0] == pytest.approx(2 * names[0][0], abs=0.1)


def test_long_labels_break_and_stay_clear_of_the_bars() -> None:
    label = "The Great Man-Made River authority of the southern districts"
    canvas = chart(f"L,V\n{label},1234567\nB,7")
    assert len(canvas.texts) > 4
    assert_readable(canvas)


def test_an_arabic_chart_is_mirrored() -> None:
    canvas = chart("L,V\nمصر,10\nليبيا,5", language="ar")
    label, value = canvas.texts[:2]
    assert label.x > value.x
    assert label.rtl
    assert_readable(canvas)


def test_a_highlight_has_the_accent_alone() -> None:
    canvas = chart("L,V\nA,1\nB,2", highlight=("B",))
    fills = [rect.get("fill") for rect in canvas.root.iter("rect")]
    assert fills[1] == LOOK.accent != fills[0]


@pytest.mark.parametrize(
    ("value", "unit", "language", "written"),
    [
        (1234.5, "%", "en", "1,234.5%"),
        (1234.5, "%", "fr", "1\u202f234,5\u00a0%"),
        (-3, "$", "en", "−$3"),
        (3, "€", "fr", "3\u00a0€"),
        (7, "°", "en", "7°"),
        (7, "km", "en", "7"),
        (1234, "", "xx", "1,234"),
    ],
)
def test_numbers_are_written_as_the_language_does(
    value: float, unit: str, language: str, written: str
) -> None:
    assert numbers.write_number(value, language, unit) == written


@pytest.mark.parametrize(
    ("cell", "language", "value"),
    [
        ("1234.5", "fr", 1234.5),
        ('"1,234.5"', "en", 1234.5),
        ('"1234,5"', "fr", 1234.5),
        ("12 %", "en", 12.0),
        ("−7", "en", -7.0),
        ("1_000", "en", 1000.0),
        ("١٢", "ar", 12.0),
        ("", "en", None),
    ],
)
def test_numbers_are_read_plainly_or_as_the_language_writes_them(
    cell: str, language: str, value: float | None
) -> None:
    rows = numbers.read_rows(f"L,V\nA,{cell}\nB,1")
    assert numbers.read_data(rows, language).columns[0][0] == value


# ---- lines -----------------------------------------------------------------------

ENERGY = "Year,Egypt,Libya,Algeria\n1990,10,20,5\n2000,30,25,7\n2020,80,30,28\n2025,120,31,30"


def test_lines_are_named_at_their_ends() -> None:
    canvas = chart(ENERGY, "line", unit="TWh")
    names = {text.words: text for text in canvas.texts if text.bold}
    assert set(names) == {"Egypt", "Libya", "Algeria"}
    assert len({text.fill for text in names.values()}) == 3
    assert all(text.x > canvas.width * 0.8 for text in names.values())
    assert names["Egypt"].y < names["Libya"].y < names["Algeria"].y
    assert any(words.endswith("TWh") for words in words_of(canvas))
    assert_readable(canvas)


def test_lines_are_told_apart_without_colour() -> None:
    canvas = chart("Y,A,B,C,D,E,F\n1,1,2,3,4,5,6\n2,2,3,4,5,6,7", "line")
    strokes = [(path.get("stroke-dasharray"), path.get("stroke-width")) for path in canvas.root]
    drawn = [stroke for stroke, path in zip(strokes, canvas.root, strict=True) if path.get("d")]
    assert len(set(drawn)) == 6
    assert drawn[0][0] is None


def test_a_second_line_has_a_colour_unlike_the_accent() -> None:
    canvas = chart("Y,A,B\n1,1,2\n2,2,3", "line")
    first, second = (path.get("stroke", "") for path in canvas.root if path.get("d"))
    assert first == LOOK.accent
    assert lines._unlike(first, second) > 150


def test_years_stand_as_far_apart_as_they_were() -> None:
    canvas = chart(ENERGY, "line")
    dots = [float(dot.get("cx", 0)) for dot in canvas.root.iter("circle")]
    line = next(path.get("d", "") for path in canvas.root.iter("path"))
    xs = [float(point.split()[0]) for point in re.findall(r"[ML]([\d. ]+)", line)]
    assert xs[-1] == pytest.approx(dots[0], abs=0.1)
    assert (xs[1] - xs[0]) * 2 == pytest.approx(xs[2] - xs[1], abs=0.3)


def test_a_single_line_says_its_last_value_and_a_gap_stays_a_gap() -> None:
    canvas = chart("M,Rain\nJan,70\nFeb,\nMar,50\nApr,45", "line", unit="mm")
    line = next(path.get("d", "") for path in canvas.root.iter("path"))
    assert line.count("M") == 2
    assert [text.words for text in canvas.texts if text.bold] == ["45"]


@given(
    st.lists(
        st.tuples(*[st.none() | st.floats(-1e9, 1e9, allow_nan=False)] * 3),
        min_size=2,
        max_size=30,
    ),
    st.sampled_from(["bar", "line"]),
    st.sampled_from(["en", "fr", "ar"]),
)
def test_any_figures_give_a_drawing_or_a_sentence(
    rows: Sequence[tuple[float | None, ...]], type: str, language: str
) -> None:
    columns = 3 if type == "line" else 1
    figures = "L,A,B,C"[: 1 + 2 * columns] + "\n"
    for number, row in enumerate(rows):
        cells = ["" if value is None else repr(value) for value in row[:columns]]
        figures += f"row {number},{','.join(cells)}\n"
    try:
        canvas = chart(figures, type, language)
    except ContentError:
        return
    for medium in Medium:
        assert "nan" not in canvas.render("x", medium)


@given(st.floats(-1e12, 1e12), st.floats(-1e12, 1e12))
def test_ticks_are_few_and_span_the_figures(one: float, other: float) -> None:
    low, high = min(one, other), max(one, other)
    ticks = lines.nice_ticks(low, high)
    assert 2 <= len(ticks) <= 7
    step = ticks[1] - ticks[0]
    assert ticks[0] <= low + step * 1e-6
    assert ticks[-1] >= high - step * 1e-6


def test_round_ticks_start_from_zero_when_it_is_near() -> None:
    assert lines.nice_ticks(12, 97) == [0, 25, 50, 75, 100]
    assert lines.nice_ticks(97, 99.5)[0] > 90


# ---- maps ------------------------------------------------------------------------


def a_map(*countries: str, places: Sequence[tuple[str, float, float]] = (), **more: str) -> Canvas:
    asked = maps.Map(
        countries=countries,
        highlight=tuple(more.get("highlight", "").split()),
        places=tuple(maps.Place(name=n, longitude=x, latitude=y) for n, x, y in places),
    )
    return maps.draw(asked, LOOK, more.get("language", "en"))


def test_places_lie_where_they_are() -> None:
    cities = [("Tunis", 10.18, 36.8), ("Tripoli", 13.19, 32.89), ("Cairo", 31.24, 30.04)]
    canvas = a_map("TN", "LY", "EG", places=cities, highlight="TN")
    dots = [
        (float(dot.get("cx", 0)), float(dot.get("cy", 0))) for dot in canvas.root.iter("circle")
    ]
    assert dots[0][0] < dots[1][0] < dots[2][0]
    assert dots[0][1] < dots[1][1] < dots[2][1]
    assert_readable(canvas)


def test_a_name_has_a_ground_of_its_own_only_where_it_crosses_a_border() -> None:
    canvas = a_map("EG", "LY", places=[("Jaghbub", 24.5, 29.7), ("Kharga", 27.0, 25.4)])
    halos = {text.words: text.halo for text in canvas.texts}
    assert halos["Kharga"] == ""
    assert halos["Jaghbub"]


def test_crowded_places_are_all_named_apart() -> None:
    canvas = a_map(
        "EG",
        places=[
            ("Giza", 31.13, 29.98),
            ("Cairo", 31.24, 30.04),
            ("Saqqara", 31.22, 29.87),
            ("Dahshur", 31.21, 29.80),
            ("Meidum", 31.16, 29.39),
            ("Memphis", 31.25, 29.85),
        ],
    )
    assert {"Giza", "Cairo", "Saqqara", "Dahshur", "Meidum", "Memphis"} <= set(words_of(canvas))
    assert_readable(canvas)


@pytest.mark.parametrize(
    "countries", [("TN",), ("FR",), ("CL",), ("US",), ("EG", "SD"), ("MT",), ("ID",), ("NO",)]
)
def test_a_country_fills_its_map_without_its_far_islands(countries: tuple[str, ...]) -> None:
    canvas = a_map(*countries)
    assert 0.5 <= canvas.height / canvas.width <= 1.2
    assert_readable(canvas)
    # Guiana would put France's middle into the Atlantic
    if countries == ("FR",):
        france = next(text for text in canvas.texts if text.words == "France")
        assert abs(france.x - canvas.width / 2) < canvas.width * 0.2


def test_a_wide_map_does_not_fill_a_page() -> None:
    asked = maps.Map(countries=("TN",))
    canvas = maps.draw(asked, Look(width=178), "en")
    assert canvas.height / 72 * 25.4 == pytest.approx(120)
    assert canvas.width / 72 * 25.4 == pytest.approx(178)


def test_western_sahara_is_drawn_apart() -> None:
    canvas = a_map("MA", "EH", highlight="EH")
    assert {"Morocco", "Western Sahara"} <= set(words_of(canvas))
    fills = [path.get("fill") for path in canvas.root.iter("path")]
    assert fills.count(mix(LOOK.accent, LOOK.paper, 0.38)) == 1


def test_a_map_of_places_alone_is_drawn() -> None:
    canvas = a_map(places=[("Germa", 13.07, 26.54)])
    assert "Germa" in words_of(canvas)


_EDGE = Box(0, 0, 100, 60)


@given(st.lists(st.tuples(st.floats(-300, 300), st.floats(-300, 300)), min_size=3, max_size=12))
def test_a_clipped_ring_lies_within_its_edge(ring: list[tuple[float, float]]) -> None:
    for x, y in maps.clip(ring, _EDGE):
        assert -1e-6 <= x <= 100 + 1e-6
        assert -1e-6 <= y <= 60 + 1e-6


def test_what_lies_inside_is_not_clipped() -> None:
    ring = [(1.0, 1.0), (50.0, 2.0), (30.0, 40.0)]
    assert maps.clip(ring, _EDGE) == ring


# ---- how drawings are printed ----------------------------------------------------


def test_on_paper_words_are_html_that_the_page_can_shape() -> None:
    canvas = chart("L,V\nمصر,10\nA<b,5")
    html = canvas.render("The & chart", Medium.PRINT)
    assert "<text" not in html
    assert 'dir="rtl"' in html
    assert ">مصر</span>" in html
    assert "A&lt;b" in html
    assert "<title>The &amp; chart</title>" in html


def test_on_screen_words_are_svg_text_anchored_at_the_same_end() -> None:
    canvas = chart("L,V\nمصر,10\nEgypt,5")
    root = ElementTree.fromstring(canvas.render("x", Medium.WEB))  # noqa: S314  # our own
    arabic, _, latin, _ = root.iter("{http://www.w3.org/2000/svg}text")
    assert (arabic.get("direction"), arabic.get("text-anchor")) == ("rtl", "start")
    assert (latin.get("direction"), latin.get("text-anchor")) == ("ltr", "end")


def test_text_is_measured_with_the_themes_font() -> None:
    path = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
    if not path.exists():
        pytest.skip("needs a font to measure with")
    canvas = Canvas(Look(regular=path), 100, 100)
    expected = ImageFont.truetype(path, 100).getlength("Wide words") / 10
    assert canvas.measure("Wide words", 10) == pytest.approx(expected)


def test_a_font_that_is_gone_does_not_stop_the_drawing() -> None:
    canvas = Canvas(Look(regular=Path("/nowhere.ttf")), 100, 100)
    assert canvas.measure("Wide words", 10) > 30


# ---- codes -----------------------------------------------------------------------


def test_a_code_keeps_its_quiet_zone_and_can_lose_some_modules() -> None:
    address = "https://sirocco.example/quiz?week=2026-W47"
    svg = unquote(qr_data_uri(address).partition(",")[2])
    code = segno.make_qr(address, error="m")
    side = (code.symbol_size(border=0)[0] + 2 * QUIET_ZONE) * 4
    assert f"width='{side}'" in svg
    assert str(code.error) in ("M", "Q", "H")


@pytest.mark.parametrize(
    "address", ["", "quiz", "ftp://a.example", "https://", "https://a b", "http://[", "tel:1"]
)
def test_what_is_no_web_address_gets_no_code(address: str) -> None:
    with pytest.raises(ContentError, match="no web address"):
        qr_data_uri(address)


def test_an_address_that_no_code_can_hold_is_refused() -> None:
    with pytest.raises(ContentError, match="too long"):
        qr_data_uri("https://a.example/" + "x" * 5000)


@pytest.mark.parametrize(
    ("place", "longitude", "latitude", "code"),
    [
        ("Laayoune", -13.2, 27.15, "EH"),
        ("Bir Anzarane", -14.53, 23.88, "EH"),
        ("Tifariti, east of the berm", -10.57, 26.16, "EH"),
        ("Tarfaya", -12.9, 27.9, "MA"),
        ("Marrakesh", -7.99, 31.63, "MA"),
    ],
)
def test_a_place_lies_in_the_country_the_united_nations_list(
    place: str, longitude: float, latitude: float, code: str
) -> None:
    assert [c for c in ("EH", "MA") if _holds(c, longitude, latitude)] == [code], place


def _holds(code: str, x: float, y: float) -> bool:
    """Whether a point lies in a country: an odd number of its edges is east of it."""
    data = Path(maps.__file__).parent / "data" / "countries.geojson"
    features = json.loads(data.read_text(encoding="utf-8"))["features"]
    shape = next(f for f in features if f["properties"]["code"] == code)["geometry"]
    crossed = 0
    for polygon in shape["coordinates"]:
        for (x1, y1), (x2, y2) in zip(polygon[0], polygon[0][1:], strict=False):
            if (y1 > y) != (y2 > y) and x < x1 + (y - y1) / (y2 - y1) * (x2 - x1):
                crossed += 1
    return crossed % 2 == 1
