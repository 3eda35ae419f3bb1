"""Bring the tables up to date: one file in versions/ for every change of the schema."""

import threading
from pathlib import Path

from sqlalchemy import Connection, Engine, column, inspect, select, table, text

from publisher.errors import StorageError

#: the newest revision in versions/; a database that is at it needs no further look
HEAD = "0002"
VERSION_TABLE = "publisher_revision"
SCRIPTS = Path(__file__).parent

# any number will do, as long as it is always the same one
_ADVISORY_LOCK = 0x5075626C
# Alembic keeps the running migration in module globals
_one_at_a_time = threading.Lock()


def migrate(engine: Engine, to: str = "head") -> None:
    """Make or upgrade the tables, while every other process that wants to waits.

    Either all of it happens or nothing. Raises `StorageError` if the database belongs
    to another program or to a newer Publisher.
    """
    if to == "head" and revision(engine) == HEAD:
        return
    with _one_at_a_time, engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        _upgrade(connection, to)


def revision(engine: Engine) -> str | None:
    """Return the revision the database is at; None for one without our tables."""
    with engine.connect().execution_options(sqlite_begin="BEGIN DEFERRED") as connection:
        return _revision(connection)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    versions = table(VERSION_TABLE, column("version_num"))
    return connection.scalar(select(versions.c.version_num))


def _upgrade(connection: Connection, to: str) -> None:
    # imported here: a database that is up to date, the usual case, never needs Alembic
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    now = _revision(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if now is None:
        foreign = sorted(inspect(connection).get_table_names())
        if foreign:
            raise StorageError(
                "the database belongs to another program: it holds the tables"
                f" {', '.join(foreign[:5])}: give Publisher an empty database of its own"
            )
    elif now not in known:
        raise StorageError(
            f"the database was made by a newer Publisher (it is at {now}, this one knows {HEAD}):"
            " install that version or a later one"
        )
    command.upgrade(config, to)
