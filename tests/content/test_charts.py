"""Charts, as a reader sees them: by the places of what is drawn."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from xml.etree.ElementTree import Element

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from publisher.content import charts, marks, numbers, rows
from publisher.content.body import Look, Medium
from publisher.content.drawing import Drawing
from publisher.content.lift import marked, texts
from publisher.content.plots import spaced
from publisher.errors import ContentError

LOOK = Look()
LANDS = "Country,1990,2020\nMorocco,48,63\nAlgeria,52,74\nEgypt,43,41"
ENERGY = "Year,Egypt,Libya,Algeria\n1990,10,20,5\n2000,30,25,7\n2020,80,30,28\n2025,120,31,30"


def chart(figures: str, type: str = "bar", language: str = "en", **more: object) -> Drawing:
    data = numbers.read_data(rows.read_rows(figures), language)
    look = more.pop("look", LOOK)
    assert isinstance(look, Look)
    asked = marks.Chart(type=type, data=data, **more)  # type: ignore[arg-type]  # test's own words
    return charts.draw(asked, look, language)


def words_of(drawing: Drawing, mark: str = "") -> list[str]:
    return [text.words for text in (texts(drawing, mark) if mark else drawing.texts)]


def bars(drawing: Drawing) -> list[tuple[float, float, float, float]]:
    """Return left, top, width and height of each bar."""
    found = []
    for path in marked(drawing, "bars"):
        numbers_ = [float(x) for x in re.findall(r"-?[\d.]+", path.get("d", ""))]
        (x, y, w, h) = numbers_[:4]
        dx, dy = (float(v) for v in re.findall(r"-?[\d.]+", path.get("transform", "0 0")))
        found.append((x + dx, y + dy, w, h))
    return found


def assert_readable(drawing: Drawing) -> None:
    boxes = [(text.words, drawing.box(text)) for text in drawing.texts]
    for place, (words, box) in enumerate(boxes):
        assert box.outside(drawing.width, drawing.height) < 1, f"{words} leaves the drawing"
        for other, other_box in boxes[place + 1 :]:
            assert box.overlap(other_box) < 2, f"{words} runs into {other}"


# ---- bars ------------------------------------------------------------------------


def test_bars_are_as_long_as_their_values() -> None:
    drawing = chart("L,V\nA,100\nB,50\nC,0", unit="km")
    a, b, c = bars(drawing)
    assert a[2] == pytest.approx(2 * b[2], abs=0.1)
    assert c[2] == 0
    assert words_of(drawing, "figures") == ["100\u00a0km", "50", "0"]
    assert_readable(drawing)


def test_losses_run_the_other_way() -> None:
    drawing = chart("L,V\nA,10\nB,-5", unit="%")
    gain, loss = bars(drawing)
    assert loss[0] + loss[2] == pytest.approx(gain[0], abs=0.1)
    assert "−5%" in words_of(drawing)
    assert_readable(drawing)


def test_years_stand_upright_and_names_lie() -> None:
    years = bars(chart("Y,V\n2019,10\n2020,20\n2021,15"))
    assert years[1][3] == pytest.approx(2 * years[0][3], abs=0.1)
    names = bars(chart("N,V\nEgypt,10\nLibya,20\nChad,15"))
    assert names[1][2] == pytest.approx(2 * names[0][2], abs=0.1)


def test_columns_stand_side_by_side_under_a_key() -> None:
    drawing = chart("Country,2015,2024\nTunis,10,20\nSfax,30,40")
    assert words_of(drawing, "key") == ["2015", "2024"]
    (tunis15, _, tunis24, _) = bars(drawing)
    assert tunis24[1] == pytest.approx(tunis15[1] + tunis15[3], abs=0.1)
    fills = {path.get("fill") for path in marked(drawing, "bars")}
    assert len(fills) == 2
    assert_readable(drawing)


def test_stacked_bars_lie_end_to_end_and_say_only_what_fits() -> None:
    drawing = chart("Country,Gas,Oil\nEgypt,81,19\nChad,99.6,0.4", stacked=True, unit="%")
    gas, _, oil, _ = bars(drawing)
    assert oil[0] == pytest.approx(gas[0] + gas[2], abs=0.8)
    assert words_of(drawing, "figures") == ["81%", "99.6%", "19%"]
    assert_readable(drawing)


def test_long_labels_break_and_stay_clear_of_the_bars() -> None:
    label = "The Great Man-Made River authority of the southern districts"
    drawing = chart(f"L,V\n{label},1234567\nB,7")
    assert len(drawing.texts) > 4
    assert_readable(drawing)


def test_an_arabic_chart_is_mirrored() -> None:
    drawing = chart("L,V\nمصر,10\nليبيا,5", language="ar")
    label, value = texts(drawing, "labels")[0], texts(drawing, "figures")[0]
    assert label.x > value.x
    assert label.rtl
    assert_readable(drawing)


def test_a_highlight_has_the_accent_alone() -> None:
    fills = [path.get("fill") for path in marked(chart("L,V\nA,1\nB,2", highlight=("B",)), "bars")]
    assert fills[1] == LOOK.accent != fills[0]


def test_a_chart_has_the_themes_colours() -> None:
    look = replace(LOOK, accent="#005a30", ink="#101010", series=("#772200",))
    drawing = chart(ENERGY, "line", look=look)
    strokes = {path.get("stroke") for path in marked(drawing, "lines")}
    assert strokes == {"#005a30", "#772200"}
    assert "#101010" in {line.get("stroke") for line in marked(drawing, "grid")}


@pytest.mark.parametrize(
    ("value", "unit", "language", "written"),
    [
        (1234.5, "%", "en", "1,234.5%"),
        (1234.5, "%", "fr", "1\u202f234,5\u00a0%"),
        (12, "%", "it", "12%"),
        (12, "%", "de", "12\u00a0%"),
        (12, "%", "ar", "12\u200e%\u200e"),
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
    table = rows.read_rows(f"L,V\nA,{cell}\nB,1")
    assert numbers.read_data(table, language).columns[0][0] == value


# ---- lines -----------------------------------------------------------------------


def test_lines_are_named_at_their_ends() -> None:
    drawing = chart(ENERGY, "line", unit="TWh")
    names = {text.words: text for text in texts(drawing, "ends")}
    assert set(names) == {"Egypt", "Libya", "Algeria"}
    assert len({text.fill for text in names.values()}) == 3
    assert all(text.x > drawing.width * 0.8 for text in names.values())
    assert names["Egypt"].y < names["Libya"].y < names["Algeria"].y
    assert any(words.endswith("TWh") for words in words_of(drawing, "ticks"))
    assert_readable(drawing)


def test_lines_are_told_apart_without_colour() -> None:
    drawing = chart("Y,A,B,C,D,E,F\n1,1,2,3,4,5,6\n2,2,3,4,5,6,7", "line")
    strokes = [
        (path.get("stroke-dasharray"), path.get("stroke-width"))
        for path in marked(drawing, "lines")
    ]
    assert len(set(strokes)) == 6
    assert strokes[-1][0] is None  # the first line lies on top


def test_a_second_line_has_a_colour_unlike_the_accent() -> None:
    second, first = marks.colours(LOOK, 2)[1], LOOK.accent
    assert marks.unlike(first, second) > 150


def test_years_stand_as_far_apart_as_they_were() -> None:
    assert spaced(["1990", "2000", "2025"]) == [1990, 2000, 2025]
    assert spaced(["Jan", "Feb", "Mar"]) == [0, 1, 2]
    assert spaced(["2", "1", "3"]) == [0, 1, 2]
    path = list(marked(chart(ENERGY, "line"), "lines"))[-1].get("d", "")
    xs = [float(point.split(",")[0]) for point in re.findall(r"[ML]([\d.,]+)", path)]
    assert (xs[1] - xs[0]) * 2 == pytest.approx(xs[2] - xs[1], abs=0.3)


def test_a_line_starts_above_zero_where_zero_is_far() -> None:
    assert words_of(chart("Y,A\n1,97\n2,99", "line"), "ticks")[0] == "97"
    assert words_of(chart("Y,A\n1,12\n2,99", "line"), "ticks")[0] == "0"


def test_a_single_line_says_its_last_value_and_a_gap_stays_a_gap() -> None:
    drawing = chart("M,Rain\nJan,70\nFeb,\nMar,50\nApr,45", "line", unit="mm")
    (line,) = marked(drawing, "lines")
    assert line.get("d", "").count("M") == 2
    assert words_of(drawing, "ends") == ["45"]


def test_many_points_are_labelled_as_far_as_there_is_room() -> None:
    figures = "Day,V\n" + "".join(f"day {n},{n}\n" for n in range(300))
    drawing = chart(figures, "line")
    labels = words_of(drawing, "points")
    assert labels[0] == "day 0"
    assert labels[-1] == "day 299"
    assert_readable(drawing)


# ---- areas and slopes ------------------------------------------------------------


def test_areas_lie_on_one_another_and_are_named_beside_their_layer() -> None:
    drawing = chart(ENERGY, "area", unit="TWh")
    egypt, libya, algeria = texts(drawing, "ends")
    assert egypt.y > libya.y > algeria.y
    assert [text.words for text in (egypt, libya, algeria)] == ["Egypt", "Libya", "Algeria"]
    assert len(list(marked(drawing, "areas"))) == 3
    assert words_of(drawing, "ticks")[0] == "0"
    assert_readable(drawing)


def test_areas_below_zero_are_refused() -> None:
    with pytest.raises(ContentError, match="below zero: use type: line"):
        chart("Y,A\n1,1\n2,-1", "area")


def test_a_slope_names_both_ends_of_every_line() -> None:
    drawing = chart(LANDS, "slope", unit="%")
    assert set(words_of(drawing, "left")) == {
        "Morocco\u200248%",
        "Algeria\u200252%",
        "Egypt\u200243%",
    }
    assert set(words_of(drawing, "right")) == {"63%", "74%", "41%"}
    assert words_of(drawing, "heads") == ["1990", "2020"]
    strokes = [line.get("stroke") for line in marked(drawing, "slopes")]
    assert strokes.count(LOOK.accent) == 2  # Egypt falls
    assert_readable(drawing)


def test_crowded_slopes_are_named_apart() -> None:
    figures = "C,Before,After\n" + "".join(
        f"Place {n},{50 + n / 10},{60 - n / 10}\n" for n in range(14)
    )
    assert_readable(chart(figures, "slope"))


@pytest.mark.parametrize(
    ("figures", "type", "sentence"),
    [
        ("C,A\nX,1", "slope", "needs two columns"),
        ("C,A,B\nX,1,", "slope", "row 1 of the slope chart lacks a figure"),
        ("C,A\nX,1", "line", "from 2 to 2000 rows"),
        ("C,A,B,C,D,E\nX,1,2,3,4,5", "bar", "at most 4 columns"),
    ],
)
def test_what_would_not_be_readable_is_refused(figures: str, type: str, sentence: str) -> None:
    with pytest.raises(ContentError, match=sentence):
        chart(figures, type)


# ---- anything --------------------------------------------------------------------


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(*[st.none() | st.floats(-1e9, 1e9, allow_nan=False)] * 2),
        min_size=2,
        max_size=14,
    ),
    st.sampled_from(["bar", "line", "area", "slope"]),
    st.booleans(),
    st.sampled_from(["en", "fr", "ar"]),
)
def test_any_figures_give_a_drawing_or_a_sentence(
    table: Sequence[tuple[float | None, ...]], type: str, stacked: bool, language: str
) -> None:
    figures = "L,A,B\n"
    for number, row in enumerate(table):
        cells = ["" if value is None else repr(value) for value in row]
        figures += f"row {number},{','.join(cells)}\n"
    try:
        drawing = chart(figures, type, language, stacked=stacked)
    except ContentError:
        return
    for medium in Medium:
        assert "nan" not in drawing.render("x", medium).lower()
    for shape in drawing.shapes.iter():
        assert_inside(shape, drawing)


def assert_inside(shape: Element, drawing: Drawing) -> None:
    for key in ("x1", "x2", "y1", "y2"):
        limit = drawing.width if key[0] == "x" else drawing.height
        assert -1 <= float(shape.get(key, 0)) <= limit + 1


@given(st.floats(-1e12, 1e12), st.floats(-1e12, 1e12))
def test_ticks_are_few_and_span_the_figures(one: float, other: float) -> None:
    low, high = min(one, other), max(one, other)
    ticks = marks.nice_ticks(low, high)
    assert 2 <= len(ticks) <= 7
    step = ticks[1] - ticks[0]
    assert all(b > a for a, b in pairwise(ticks))
    assert ticks[0] <= low + step * 1e-6
    assert ticks[-1] >= high - step * 1e-6


def test_round_ticks_start_from_zero_when_it_is_near() -> None:
    assert marks.nice_ticks(12, 97) == [0, 25, 50, 75, 100]
    assert marks.nice_ticks(97, 99.5)[0] > 90
