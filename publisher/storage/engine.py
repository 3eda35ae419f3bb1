"""Open the publication's database: SQLite by default, PostgreSQL by DATABASE_URL."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from publisher.config import Publication, Secrets
from publisher.errors import StorageError
from publisher.storage.migrations import migrate

BUSY_SECONDS = 30  #: how long a writer waits for another on SQLite


def open_database(publication: Publication, secrets: Secrets) -> Engine:
    """Open the database and bring its tables up to date.

    Processes that open it at the same time wait for the one that migrates. Use
    `engine.begin()` for whatever writes and `reading(engine)` for what only reads.
    Raises `StorageError` telling the operator what to mend.
    """
    return open_url(database_url(publication, secrets))


def database_url(publication: Publication, secrets: Secrets) -> URL:
    """Return the database's address: DATABASE_URL, else publisher.db beside publication.toml."""
    text = secrets.database_url
    if not text:
        return URL.create("sqlite", database=str(publication.database))
    try:
        url = make_url(text)
    except ArgumentError:
        raise StorageError(
            "DATABASE_URL is not an address: write it like postgresql://user:password@host/database"
        ) from None
    if url.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        return url.set(drivername="postgresql+psycopg")
    if url.drivername == "sqlite" and url.database not in (None, "", ":memory:"):
        return url.set(database=str(publication.root / str(url.database)))
    raise StorageError(
        f"DATABASE_URL begins with {url.drivername}://, which is not supported:"
        " use postgresql://user:password@host/database or sqlite:///file.db"
    )


def open_url(url: URL) -> Engine:
    """Open a database by its address; see `open_database`."""
    engine = _sqlite(url) if url.get_backend_name() == "sqlite" else _postgresql(url)
    try:
        migrate(engine)
    except DBAPIError as error:
        engine.dispose()
        raise StorageError(explain(error, url)) from None
    except BaseException:
        engine.dispose()
        raise
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a connection that only reads, so that it never makes a writer wait.

    All statements inside see the same moment on SQLite; on PostgreSQL a write is refused.
    """
    options: dict[str, Any] = (
        {"sqlite_begin": "BEGIN DEFERRED"}
        if engine.dialect.name == "sqlite"
        else {"postgresql_readonly": True}
    )
    with engine.connect() as connection:
        yield connection.execution_options(**options)


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """Open a connection that only reads, and whose statements all see the same moment.

    For figures that must agree with one another; keep it short on PostgreSQL, which
    cannot tidy up behind it.
    """
    options: dict[str, Any] = (
        {"sqlite_begin": "BEGIN DEFERRED"}
        if engine.dialect.name == "sqlite"
        else {"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"}
    )
    with engine.connect() as connection:
        yield connection.execution_options(**options)


def _sqlite(url: URL) -> Engine:
    file = Path(str(url.database))
    if not file.parent.is_dir():
        raise StorageError(
            f"there is no folder {file.parent} for the database {file.name}: make it"
        )
    _create_private(file)
    engine = create_engine(
        url,
        hide_parameters=True,  # readers' addresses have no place in a log
        connect_args={"timeout": BUSY_SECONDS},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        # the driver's own BEGIN comes too late and never says IMMEDIATE: ours replaces it
        connection.isolation_level = None
        _write_ahead(connection)
        for pragma in (
            # NORMAL may lose the commit that says "this chunk is being sent" when power fails
            "synchronous = FULL",
            "foreign_keys = ON",
            "cache_size = -32000",
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # a transaction that reads first and writes later fails at once, without waiting,
        # if another has written in between: hence IMMEDIATE unless it promised only to read
        how = connection.get_execution_options().get("sqlite_begin", "BEGIN IMMEDIATE")
        connection.exec_driver_sql(how)

    return engine


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch to WAL; while another process is opening the file SQLite refuses without waiting."""
    last = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").close()
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > last:
                raise
            time.sleep(0.02)


def _create_private(file: Path) -> None:
    """Make the file unreadable for other users: it holds addresses and the signing key."""
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o660))
    except FileExistsError:
        return
    except OSError as error:
        raise StorageError(
            f"cannot make the database {file}: {error.strerror}:"
            " give this user the right to write there, or set DATABASE_URL"
        ) from None
    mode = file.stat().st_mode & 0o660
    file.chmod(mode)


def _postgresql(url: URL) -> Engine:
    return create_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,  # a restarted server must not cost a page or a batch
        pool_size=10,
        max_overflow=20,
        connect_args={"connect_timeout": 10, "application_name": "publisher"},
    )


def explain(error: DBAPIError, url: URL) -> str:
    """Say in one sentence what is wrong with the database at an address, and what to do."""
    reason = " ".join(str(error.orig).split()).rstrip(".")
    if url.get_backend_name() == "sqlite":
        return _sqlite_sentence(str(url.database), reason)
    where = url.set(drivername="postgresql").render_as_string(hide_password=True)
    if "password" in reason or "authentication" in reason:
        return (
            f"the database refuses the user name or password for {where}:"
            " correct DATABASE_URL (write @ in a password as %40, : as %3A, / as %2F)"
        )
    if "does not exist" in reason:
        return f"cannot open {where}: {reason}: create it or correct DATABASE_URL"
    if "permission denied" in reason or "must be owner" in reason:
        return (
            f"the database user may not make tables in {where}: {reason}:"
            " run GRANT CREATE, USAGE ON SCHEMA public TO that user"
        )
    if isinstance(error, OperationalError):
        return (
            f"cannot connect to {where}: {reason}:"
            " see that PostgreSQL runs there and that DATABASE_URL is right"
        )
    return f"the database {where} cannot be prepared: {reason}"


def _sqlite_sentence(file: str, reason: str) -> str:
    if "readonly" in reason or "unable to open" in reason:
        return (
            f"cannot write the database {file}:"
            " give this user the right to write the file and its folder"
        )
    if "not a database" in reason:
        return f"{file} is not a database: move it away, and a new one is made"
    if "malformed" in reason:
        return f"the database {file} is damaged: put back a copy of it from your backups"
    if "locked" in reason:
        return (
            f"the database {file} has been locked by another program for {BUSY_SECONDS} seconds:"
            " close it there and try again"
        )
    if "full" in reason:
        return (
            f"there is no room on the disk for the database {file}:"
            " make some and run the same command again; what is in it is safe"
        )
    if "disk I/O" in reason:
        return (
            f"the database {file} cannot be written: {reason}:"
            " see that its disk has room and is well"
        )
    return f"the database {file} cannot be opened: {reason}"
