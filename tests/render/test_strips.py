"""Strips, columns and gauges of a data page."""

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from publisher.render.strips import Part, columns, gauge, strip

_NUMBERS = st.floats(0, 1e9, allow_nan=False)


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314  # we have just made it


def rects(svg: str) -> list[dict[str, float]]:
    names = ("x", "y", "width", "height")
    return [
        {name: float(rect.get(name, "0")) for name in names} for rect in parsed(svg).iter("rect")
    ]


def box(svg: str) -> list[float]:
    return [float(part) for part in parsed(svg).attrib["viewBox"].split()]


@given(st.lists(_NUMBERS, max_size=6))
def test_parts_follow_one_another_and_what_is_little_is_still_seen(numbers: list[float]) -> None:
    parts = [Part(f"part{n}", number) for n, number in enumerate(numbers)]
    svg = strip(parts, whole=sum(numbers), title="a whole")
    found = rects(svg)
    assert len(found) == sum(number > 0 for number in numbers) or sum(numbers) == 0
    right = 0.0
    for rect in found:
        assert rect["x"] >= right - 0.02
        assert rect["width"] >= 2.9
        right = rect["x"] + rect["width"]
    assert right <= box(svg)[2] + 0.02


@given(st.lists(_NUMBERS, max_size=50), st.integers(0, 60))
def test_columns_stay_inside_and_the_highest_fills_the_height(
    numbers: list[float], slots: int
) -> None:
    svg = columns(numbers, title="by hour", slots=slots)
    found = rects(svg)
    assert len(found) == sum(number > 0 for number in numbers)
    for rect in found:
        assert rect["x"] + rect["width"] <= box(svg)[2]
        assert 0 <= rect["y"] <= 99
    if found:
        assert max(rect["height"] for rect in found) == 100


@given(st.floats(0, 1, allow_nan=False))
def test_the_needle_stays_on_the_scale(value: float) -> None:
    svg = gauge(value, top=0.004, marks=(0.001, 0.003), title="complaints")
    *fields, needle = rects(svg)
    assert len(fields) == 3
    assert 0 <= needle["x"] <= 1000 - needle["width"]


def test_words_in_a_drawing_are_escaped_and_told_to_screen_readers() -> None:
    svg = strip([Part("a", 1, "<b>&")], whole=1, title='1 < 2 & "so"', desc="all of it")
    root = parsed(svg)
    assert root.attrib["role"] == "img"
    assert [root[0].text, root[1].text] == ['1 < 2 & "so"', "all of it"]
    assert root[2][0].text == "<b>&"
