"""Putting a text on phone screens: pure decisions, tried with made-up heights."""

from hypothesis import given
from hypothesis import strategies as st

from publisher.render.phone_flow import LEAST_LAST, Plan, Shape, Strip, even, paged, plan

LINE, HEIGHT = 5.82, 163.0


def text(lines: int) -> Strip:
    return Strip(shape=Shape.TEXT, height=lines * LINE, after=LINE / 2)


def picture(height: float, less: float = 0.0, more: float = 0.0) -> Strip:
    return Strip(shape=Shape.PICTURE, height=height, before=4.4, after=4.4, less=less, more=more)


def quote(height: float) -> Strip:
    return Strip(shape=Shape.QUOTE, height=height, before=4.4, after=4.4, more=26)


HEAD = Strip(shape=Shape.HEAD, height=LINE, before=LINE, after=1.2)


def planned(*strips: Strip) -> Plan:
    return plan(strips, height=HEIGHT, line=LINE)


def test_text_alone_keeps_its_order_and_runs_from_screen_to_screen() -> None:
    found = planned(text(20), text(20), text(20))
    assert found.order == (0, 1, 2)
    assert len(found.fills) == 3
    assert min(found.fills[:-1]) > 0.95


def test_a_picture_that_does_not_fit_waits_for_a_paragraph_more() -> None:
    strips = (text(16), picture(100), text(14), text(20))
    assert min(paged(strips, range(4), height=HEIGHT, line=LINE).fills[:-1]) < 0.65
    found = planned(*strips)
    assert found.order.index(1) > 1
    assert min(found.fills[:-1]) > 0.85


def test_a_picture_is_cropped_a_little_rather_than_leaving_a_hole() -> None:
    found = planned(text(12), picture(95, less=20), text(12))
    assert found.order == (0, 1, 2)
    assert -20 <= found.gains[1] < 0


def test_a_picture_grows_into_what_would_stay_empty_below_it() -> None:
    found = planned(text(8), picture(100, more=30), text(20))
    assert found.gains[1] > 0
    assert found.fills[0] > 0.97


def test_a_float_never_stands_right_below_a_heading() -> None:
    found = planned(text(22), picture(70), HEAD, text(22), text(22))
    place = found.order.index(1)
    assert found.order[place - 1] != 2


def test_a_heading_stays_with_two_lines_of_its_text() -> None:
    # 25 lines, then a heading that itself would still fit
    found = paged((text(25), HEAD, text(10)), range(3), height=HEIGHT, line=LINE)
    assert found.fills[0] < 0.93


def test_no_line_of_a_paragraph_stands_alone() -> None:
    # one line of room: the paragraph begins on the next screen with at least two lines
    found = paged((text(26), text(5)), range(2), height=HEIGHT, line=LINE)
    assert found.fills[0] == round(26 * LINE / HEIGHT, 4)


def test_what_is_kept_takes_lines_along_to_its_screen() -> None:
    after = Strip(shape=Shape.SOLID, height=20, before=4.4, after=4.4, kept=True)
    found = paged((text(26), after), range(2), height=HEIGHT, line=LINE)
    assert round(found.fills[1] * HEIGHT, 0) == round(2 * LINE + 4.4 + 20, 0)


def test_a_last_screen_of_two_lines_is_avoided_with_air_above_the_first() -> None:
    strips = [text(26), text(28), text(30)]
    plain = paged(strips, range(3), height=HEIGHT, line=LINE).fills
    found = planned(*strips)
    assert plain[-1] < LEAST_LAST or found.fills[-1] >= plain[-1]
    assert found.fills[-1] >= min(LEAST_LAST, plain[-1])


def test_a_quote_has_a_screen_of_its_own_where_that_costs_nothing() -> None:
    found = planned(text(27), quote(60), text(20))
    assert found.screens == {1}


def test_things_that_stay_whole_are_spread_evenly() -> None:
    dates = [Strip(shape=Shape.SOLID, height=48, before=2, after=2) for _ in range(7)]
    assert len(paged(dates, range(7), height=HEIGHT, line=LINE).fills) == 3
    found = even(dates, height=HEIGHT, line=LINE)
    assert len(found.fills) == 3
    assert len(found.turns) == 2
    assert found.fills[-1] >= 0.25


STRIPS = st.lists(
    st.one_of(
        st.integers(1, 40).map(text),
        st.floats(20, 150).map(picture),
        st.floats(20, 90).map(quote),
        st.just(HEAD),
    ),
    min_size=1,
    max_size=14,
)


@given(STRIPS)
def test_every_block_is_printed_once_and_text_in_the_order_it_was_written(
    strips: list[Strip],
) -> None:
    found = plan(strips, height=HEIGHT, line=LINE)
    assert sorted(found.order) == list(range(len(strips)))
    fixed = [n for n in found.order if not strips[n].floats]
    assert fixed == sorted(fixed)
    assert all(0 < fill <= 1 for fill in found.fills)
    assert plan(strips, height=HEIGHT, line=LINE) == found
