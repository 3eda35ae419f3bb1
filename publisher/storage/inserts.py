"""Insert what is new and skip what is there: one statement on both databases."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_or_ignore(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Return INSERT ... ON CONFLICT DO NOTHING for the connection's database.

    A savepoint around a plain INSERT would not do: on SQLite its row survived the
    rollback of the outer transaction.
    """
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()


def insert_new(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]] | Mapping[str, Any]
) -> int:
    """Insert the rows whose keys are not taken and return how many those were.

    One row answers "am I the first?": 1 is yes, 0 is no, even between processes.
    """
    if not rows:
        return 0
    # without this option SQLAlchemy forgets how many rows an INSERT made on PostgreSQL
    counting = {"preserve_rowcount": True}
    statement = insert_or_ignore(connection, table)
    result = connection.execute(statement, rows, execution_options=counting)
    return int(result.rowcount)
