"""Many small requests, few transactions."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest

from publisher.web.gathering import Full, Gatherer

T = TypeVar("T")


class Slow:
    """Writes when it is let, and remembers what it wrote together."""

    def __init__(self) -> None:
        self.may = threading.Event()
        self.begun = threading.Event()
        self.written: list[list[int]] = []

    def __call__(self, things: Sequence[int]) -> None:
        """Write."""
        self.begun.set()
        assert self.may.wait(10)
        if 13 in things:
            raise OSError("the disk is full")
        self.written.append(list(things))


def played(scenario: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Play a scenario in a thread: the tests' own may have a browser's loop in it."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(scenario())).result()


async def begun(slow: Slow) -> None:
    """Wait until something is being written."""
    await asyncio.to_thread(slow.begun.wait, 10)


def test_what_comes_while_one_is_written_goes_together_into_the_next() -> None:
    slow = Slow()

    async def scenario() -> None:
        gatherer = Gatherer[int](slow, at_once=100, at_most=1000)
        first = asyncio.create_task(gatherer.put([0]))
        await begun(slow)
        rest = [asyncio.create_task(gatherer.put([n, n])) for n in range(1, 5)]
        await asyncio.sleep(0)
        assert not first.done()
        slow.may.set()
        await asyncio.gather(first, *rest)

    played(scenario)
    assert slow.written == [[0], [1, 1, 2, 2, 3, 3, 4, 4]]


def test_no_transaction_grows_beyond_its_size_but_for_one_large_request() -> None:
    slow = Slow()

    async def scenario() -> None:
        gatherer = Gatherer[int](slow, at_once=3, at_most=1000)
        first = asyncio.create_task(gatherer.put([0]))
        await begun(slow)
        rest = [asyncio.create_task(gatherer.put(x)) for x in ([1, 1], [2, 2], [3] * 9, [4])]
        await asyncio.sleep(0)
        slow.may.set()
        await asyncio.gather(first, *rest)

    played(scenario)
    assert slow.written == [[0], [1, 1], [2, 2], [3] * 9, [4]]


def test_a_failure_is_told_to_all_it_concerns_and_to_nobody_else() -> None:
    slow = Slow()

    async def scenario() -> list[BaseException | None]:
        gatherer = Gatherer[int](slow, at_once=100, at_most=1000)
        first = asyncio.create_task(gatherer.put([0]))
        await begun(slow)
        both = [asyncio.create_task(gatherer.put([n])) for n in (13, 14)]
        await asyncio.sleep(0)
        slow.may.set()
        answers = await asyncio.gather(first, *both, return_exceptions=True)
        await gatherer.put([15])
        return answers

    answers = played(scenario)
    assert answers[0] is None
    assert [type(answer) for answer in answers[1:]] == [OSError, OSError]
    assert slow.written == [[0], [15]]


def test_more_than_memory_should_hold_is_refused_and_room_comes_back() -> None:
    slow = Slow()

    async def scenario() -> None:
        gatherer = Gatherer[int](slow, at_once=100, at_most=10)
        first = asyncio.create_task(gatherer.put([0] * 8))
        await begun(slow)
        with pytest.raises(Full):
            await gatherer.put([1] * 3)
        slow.may.set()
        await first
        await gatherer.put([2] * 3)

    played(scenario)
    assert slow.written == [[0] * 8, [2] * 3]
