"""How long a database keeps a process waiting, statement by statement."""

import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import Engine, event

P = ParamSpec("P")
T = TypeVar("T")


@dataclass
class Stopwatch:
    """Seconds spent in the database, in all and by statement."""

    seconds: float = 0.0
    by_statement: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    #: a lazily read statement steps through its rows while they are fetched
    _fetching: str = ""

    def timed(self, name: str, work: Callable[P, T]) -> Callable[P, T]:
        """Return `work`, timed under a name."""

        def run(*args: P.args, **kwargs: P.kwargs) -> T:
            began = time.perf_counter()
            try:
                return work(*args, **kwargs)
            finally:
                self.add(name, time.perf_counter() - began)

        return run

    def add(self, name: str, seconds: float) -> None:
        """Count some time."""
        self.seconds += seconds
        self.by_statement[name].append(seconds)

    def costliest(self, most: int = 12) -> list[tuple[str, int, float]]:
        """Return statement, how often, and seconds, the costliest first."""
        found = [(name, len(times), sum(times)) for name, times in self.by_statement.items()]
        return sorted(found, key=lambda one: -one[2])[:most]


def watch(engine: Engine) -> Stopwatch:
    """Time everything an engine asks of its database from now on: statements, rows, commits."""
    watched = Stopwatch()

    @event.listens_for(engine, "before_cursor_execute")
    def before(*args: Any) -> None:
        args[4].began = time.perf_counter()

    @event.listens_for(engine, "after_cursor_execute")
    def after(*args: Any) -> None:
        name = " ".join(str(args[2]).split())
        watched.add(name, time.perf_counter() - args[4].began)
        watched._fetching = name

    if engine.dialect.name == "sqlite":
        _watch_rows(engine, watched)
    dialect: Any = engine.dialect
    dialect.do_commit = watched.timed("COMMIT", dialect.do_commit)
    return watched


def _watch_rows(engine: Engine, watched: Stopwatch) -> None:
    class Cursor(sqlite3.Cursor):
        def fetchall(self) -> list[Any]:
            began = time.perf_counter()
            rows = super().fetchall()
            watched.add(watched._fetching, time.perf_counter() - began)
            return rows

    class Connection(sqlite3.Connection):
        def cursor(self, factory: Any = Cursor) -> Any:
            return super().cursor(factory)

    engine.dispose()

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, _args: Any, parameters: dict[str, Any]) -> None:
        parameters["factory"] = Connection
