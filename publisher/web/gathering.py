"""Many small requests, few transactions: what comes while one is written goes into the next."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from starlette.concurrency import run_in_threadpool

T = TypeVar("T")


class Full(Exception):
    """More is waiting than the database can take."""


class Gatherer(Generic[T]):
    """Writes what several requests bring in one transaction, and answers them all when it is done.

    A commit costs milliseconds however little it holds. Nobody waits for company: what
    comes first is written at once.
    """

    def __init__(
        self, write: Callable[[Sequence[T]], object], *, at_once: int, at_most: int
    ) -> None:
        """Take the function that writes, in a thread; how many in a transaction, and in all."""
        self._write, self._at_once, self._at_most = write, at_once, at_most
        self._waiting: list[tuple[Sequence[T], asyncio.Future[None]]] = []
        self._count = 0
        self._writer: asyncio.Task[None] | None = None

    async def put(self, things: Sequence[T]) -> None:
        """Return when these are written; raises what `write` raised, or `Full`."""
        if self._count and self._count + len(things) > self._at_most:
            raise Full
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((things, done))
        self._count += len(things)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.get_running_loop().create_task(self._write_all())
        await done

    async def _write_all(self) -> None:
        while self._waiting:
            batch = self._next()
            everything = [thing for things, _ in batch for thing in things]
            try:
                await run_in_threadpool(self._write, everything)
            except Exception as error:
                self._answer(batch, error)
            except BaseException:
                for _, done in batch:
                    done.cancel()
                raise
            else:
                self._answer(batch, None)

    def _next(self) -> list[tuple[Sequence[T], asyncio.Future[None]]]:
        batch, total = 0, 0
        for things, _ in self._waiting:
            if batch and total + len(things) > self._at_once:
                break
            batch, total = batch + 1, total + len(things)
        chosen, self._waiting = self._waiting[:batch], self._waiting[batch:]
        return chosen

    def _answer(
        self, batch: list[tuple[Sequence[T], asyncio.Future[None]]], error: Exception | None
    ) -> None:
        for things, done in batch:
            self._count -= len(things)
            if done.done():
                continue  # who asked has gone
            if error:
                done.set_exception(error)
            else:
                done.set_result(None)
