"""Warm worker processes that lay out pages: the engine and its fonts are loaded once.

Workers are forked from a server that has imported the layout engine, so that a new one is
there at once; what they know of an issue they keep for the next job. Without processes (one
processor, or a system that forbids them) the same work is done in this one.
"""

import gc
import os
import pickle
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from multiprocessing import get_context, parent_process
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from publisher.render.press import Book, Order

T = TypeVar("T")
_MOST = 4  #: workers; each holds a magazine's fonts and pictures in memory
_RUBBISH = 50_000  #: objects made before the youngest are looked through
_SHEETS = 8  #: style sheets a worker keeps


class Workshop:
    """Does jobs `job(book, stock, *arguments)` in worker processes."""

    def __init__(self, workers: int | None = None) -> None:
        self._count = _usable() if workers is None else workers
        self._pool: ProcessPoolExecutor | None = None
        self._lock = threading.Lock()
        self._jobs: dict[Future[Any], tuple[Callable[..., Any], bytes, tuple[Any, ...]]] = {}

    def start(self) -> None:
        """Let the workers get ready while other work is done."""
        pool = self._ready()
        if pool is not None:
            for _ in range(self._count):
                pool.submit(_nothing)

    def submit(self, job: Callable[..., T], order: "Order", *arguments: Any) -> Future[T]:
        """Begin a job; ask `result` for what comes of it."""
        packed = _packed(order)
        pool = self._ready()
        if pool is None:
            future: Future[T] = Future()
            try:
                future.set_result(_do(job, packed, arguments))
            except Exception as error:
                future.set_exception(error)
            return future
        try:
            future = pool.submit(_do, job, packed, arguments)
        except (BrokenProcessPool, RuntimeError):
            # no worker starts here: a script without a main guard, a system that forbids them
            self._broken(pool)
            self._count = 1
            return self.submit(job, order, *arguments)
        self._jobs[future] = (job, packed, arguments)
        return future

    def result(self, future: Future[T]) -> T:
        """Return what a job made; one whose worker was killed is done again, here."""
        known = self._jobs.pop(future, None)
        try:
            return future.result()
        except BrokenProcessPool:
            if self._pool is not None:
                self._broken(self._pool)
            if known is None:
                raise
            job, packed, arguments = known
            return _do(job, packed, arguments)  # type: ignore[no-any-return] # a job's own type

    def close(self) -> None:
        """Send the workers home."""
        with self._lock:
            if self._pool is not None:
                self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None

    def _ready(self) -> ProcessPoolExecutor | None:
        with self._lock:
            if self._pool is None and self._count > 1:
                context = get_context("forkserver")
                context.set_forkserver_preload(["publisher.render.magazine"])
                self._pool = ProcessPoolExecutor(self._count, mp_context=context, initializer=_warm)
            return self._pool

    def _broken(self, pool: ProcessPoolExecutor) -> None:
        with self._lock:
            if self._pool is pool:
                self._pool = None
        pool.shutdown(wait=False, cancel_futures=True)


@lru_cache
def workshop() -> Workshop:
    """Return this process's workshop."""
    return Workshop()


def _usable() -> int:
    if parent_process() is not None:
        return 1  # a worker has no workers: a script without a main guard would start more for ever
    return min(_MOST, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2)


def _packed(order: "Order") -> bytes:
    """Return an order as bytes, packed once for all its jobs."""
    if _last.order is not order:
        _last.order, _last.packed = order, pickle.dumps(order)
    return _last.packed


class _Last(threading.local):
    order: Any = None
    packed: bytes = b""


_last = _Last()


# ---- in a worker -------------------------------------------------------------------------


@dataclass
class _Known:
    """What a worker keeps between jobs."""

    orders: OrderedDict[bytes, Any] = field(default_factory=OrderedDict)
    stocks: OrderedDict[Any, Any] = field(default_factory=OrderedDict)


_known = _Known()


def _warm() -> None:
    """Load what every job needs; boxes make many cycles, so rubbish is collected seldom."""
    import_module("publisher.render.magazine")
    gc.freeze()
    gc.set_threshold(_RUBBISH, 20, 20)


def _nothing() -> None:
    """Do nothing, so that a worker is started."""


def _do(job: Callable[..., Any], packed: bytes, arguments: tuple[Any, ...]) -> Any:
    from publisher.render.pdf import LOCK

    with LOCK:
        book = _book(packed)
        theme = _known.orders[packed].publication.editions.theme
        return job(book, _stock(book, theme), *arguments)


def _book(packed: bytes) -> "Book":
    """Make the book an order is for: a new one for every job, so that none knows of others."""
    order = _known.orders.get(packed)
    if order is None:
        order = _known.orders[packed] = pickle.loads(packed)  # noqa: S301 -- our own process packed it
        while len(_known.orders) > 2:
            _known.orders.popitem(last=False)
    module, _, name = order.maker.partition(":")
    made: Book = getattr(import_module(module), name)(order.issue, order.publication)
    return made


def _stock(book: "Book", theme: str) -> Any:
    from publisher.render.pdf import Stock

    # themes give other files to families of the same name, and a stock keeps the first
    key = (book.base, tuple(book.roots), theme)
    stock = _known.stocks.get(key)
    if stock is None or stock.sheets > _SHEETS:
        stock = _known.stocks[key] = Stock(base=book.base, roots=book.roots)
        while len(_known.stocks) > 2:
            _known.stocks.popitem(last=False)
    return stock
