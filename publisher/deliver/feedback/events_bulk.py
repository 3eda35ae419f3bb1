"""Thousands of rows in one statement, for SQLite and PostgreSQL each in its fastest way.

SQLite takes a statement with many rows (executemany), PostgreSQL one array a column: a row costs a fifth of what it does through executemany there. Moments
are Unix seconds on this side.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import Connection

MOMENT = "moment"  #: the kind of a column that holds a moment
_ARRAYS = {"int": "bigint", "small": "smallint", "text": "text", "bool": "boolean"}


def write(
    connection: Connection,
    table: str,
    columns: Mapping[str, str],
    rows: Sequence[Sequence[Any]],
    conflict: str,
) -> int:
    """Insert rows and return how many were, or were changed.

    `columns` tells each column's kind (int, small, text, bool, moment), `conflict` is
    the statement's end. Names and `conflict` are ours, never a stranger's.
    """
    if not rows:
        return 0
    names = ", ".join(columns)
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(columns))
        moments = [place for place, kind in enumerate(columns.values()) if kind == MOMENT]
        values = [_with_moments(row, moments) for row in rows] if moments else list(rows)
        sql = f"INSERT INTO {table} ({names}) VALUES ({marks}) {conflict}"  # noqa: S608 - ours
        return connection.exec_driver_sql(sql, [tuple(row) for row in values]).rowcount
    places = [f"c{place}" for place in range(len(columns))]
    chosen = ", ".join(
        f"to_timestamp({place})" if kind == MOMENT else place
        for place, kind in zip(places, columns.values(), strict=True)
    )
    arrays = ", ".join(
        f"{'%b' if kind == 'text' else '%s'}::{_ARRAYS.get(kind, 'bigint')}[]"
        for kind in columns.values()
    )
    sql = (
        f"INSERT INTO {table} ({names}) SELECT {chosen}"  # noqa: S608 - ours
        f" FROM unnest({arrays}) AS given ({', '.join(places)}) {conflict}"
    )
    given = zip(*rows, strict=True)
    values_of = tuple(
        list(column) if kind == "text" else _literal(column)
        for column, kind in zip(given, columns.values(), strict=True)
    )
    return connection.exec_driver_sql(sql, values_of).rowcount


def one_of(connection: Connection, values: Collection[Any], kind: str) -> tuple[str, Any]:
    """Return the end of a condition "is one of these" and its parameter, however many they are."""
    if connection.dialect.name == "sqlite":
        return "IN (SELECT value FROM json_each(?))", _json(values)
    return f"= ANY(%b::{_ARRAYS[kind]}[])", list(values)


def mark(connection: Connection) -> str:
    """Return the placeholder of a parameter."""
    return "?" if connection.dialect.name == "sqlite" else "%s"


def rows_of(connection: Connection, sql: str, *parameters: Any) -> Sequence[tuple[Any, ...]]:
    """Run a query of ours as it stands and return its rows, as the driver gives them."""
    cursor = connection.exec_driver_sql(sql, parameters).cursor
    return cursor.fetchall() if cursor else ()


def earliest(connection: Connection, old: str, new: str) -> str:
    """Return the expression for the earlier of two moments, of which either may be missing."""
    if connection.dialect.name == "sqlite":
        return f"coalesce(min({old}, {new}), {old}, {new})"
    return f"least({old}, {new})"


def seconds(connection: Connection, column: str) -> str:
    """Return the expression for a moment in Unix seconds."""
    if connection.dialect.name == "sqlite":
        return f"CAST(strftime('%s', {column}) AS INTEGER)"
    return f"CAST(floor(extract(epoch FROM {column})) AS bigint)"


@lru_cache(maxsize=65_536)
def _as_kept(at: int) -> str:
    # as SQLAlchemy writes a moment; events of one second come by the hundred
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S.000000")


def _literal(column: Sequence[int | bool | None]) -> str:
    """Write numbers as PostgreSQL's array literal: a third of what the driver takes for it."""
    return f"{{{','.join(['NULL' if value is None else str(value) for value in column])}}}"


def _with_moments(row: Sequence[Any], places: Iterable[int]) -> list[Any]:
    kept = list(row)
    for place in places:
        if kept[place] is not None:
            kept[place] = _as_kept(kept[place])
    return kept


def _json(values: Collection[Any]) -> str:
    return msgspec.json.encode(list(values)).decode()
