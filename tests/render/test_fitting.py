"""Copy-fitting, with a page that is a sum."""

from collections.abc import Callable, Sequence

import pytest

from publisher.render.fitting import fit, fled, wanting
from publisher.render.leaf import Leaf

HEIGHT = 259.0


def leaf(number: int, fill: float, **more: object) -> Leaf:
    return Leaf(number=number, name="", width=210, height=297, fill=fill, anchors=(), **more)  # type: ignore[arg-type]  # gaps and first


def text_of(length: float) -> Callable[[float], Sequence[Leaf]]:
    """An article that takes so many pages without its picture."""

    def lay(size: float) -> Sequence[Leaf]:
        used = length + size / HEIGHT
        whole = int(used)
        return [leaf(n + 1, 1.0) for n in range(whole)] + [leaf(whole + 1, used - whole)]

    return lay


def test_a_picture_shrinks_so_that_the_text_fits_one_page() -> None:
    found = fit(text_of(0.7), start=120, low=48, high=150, height=HEIGHT)
    assert found.pages == 1
    assert 0.93 < found.last <= 1


def test_a_picture_grows_into_what_is_left() -> None:
    found = fit(text_of(1.5), start=110, low=80, high=185, height=HEIGHT)
    assert found.pages == 2
    assert found.last > 0.93


def test_a_page_that_cannot_be_filled_is_offered_to_others() -> None:
    found = fit(text_of(0.2), start=0, low=0, high=20, height=HEIGHT, stretch=False)
    assert found.size == 0
    assert found.room == pytest.approx(0.8)


def test_a_page_turned_for_a_few_lines_gets_more_of_them() -> None:
    found = fit(text_of(1.05), start=0, low=0, high=60, height=HEIGHT, stretch=False)
    assert found.size == 60
    assert found.last > 0.25


def test_a_fixed_layout_is_measured_once() -> None:
    calls: list[float] = []

    def lay(size: float) -> Sequence[Leaf]:
        calls.append(size)
        return text_of(0.5)(size)

    fit(lay, start=0, low=0, high=0, height=HEIGHT)
    assert calls == [0]


def test_lost_room_is_charged_to_the_block_that_did_not_fit() -> None:
    pages = [
        leaf(1, 1.0, gaps=((40.0, 7), (5.0, 8), (30.0, -1))),
        leaf(2, 0.5, first=9, gaps=((60.0, 12),)),
    ]
    assert fled(pages) == (70.0, [7, 9])


def test_a_page_that_is_nearly_full_wants_no_other_means() -> None:
    full = fit(text_of(0.7), start=120, low=48, high=150, height=HEIGHT)
    empty = fit(text_of(0.2), start=0, low=0, high=20, height=HEIGHT, stretch=False)
    assert (wanting(full), wanting(empty)) == (False, True)
