"""Opening the database, and what the operator reads when that fails."""

import multiprocessing
import sqlite3
import subprocess
import sys
import tempfile
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import DBAPIError

from publisher.config import Publication, Secrets
from publisher.errors import StorageError
from publisher.storage.engine import open_database, reading
from publisher.storage.inserts import insert_new
from publisher.storage.schema import steps
from tests.servers.postgres import PASSWORD, Postgres

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def step(name: str) -> dict[str, Any]:
    return {"week": "2026-W47", "step": name, "started_by": "test", "started": NOON, "result": ""}


def test_without_database_url_the_database_is_a_file_beside_the_publication(
    publication: Publication,
) -> None:
    engine = open_database(publication, Secrets())
    with reading(engine) as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA synchronous")) == 2
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1
        assert connection.scalar(text("PRAGMA busy_timeout")) == 30_000
    engine.dispose()
    assert publication.database.stat().st_mode & 0o007 == 0


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_both_spellings_of_a_postgresql_address_are_accepted(
    publication: Publication, postgres: Postgres, scheme: str
) -> None:
    postgres.run(f"CREATE DATABASE spelling_{scheme}")
    url = f"{scheme}://postgres:p%40ss%2Fword%3A1@127.0.0.1:{postgres.port}/spelling_{scheme}"
    engine = open_database(publication, Secrets(database_url=url))
    with reading(engine) as connection:
        assert connection.scalar(select(func.count()).select_from(steps)) == 0
    engine.dispose()


def test_moments_come_back_aware_and_in_utc(engine: Engine) -> None:
    with engine.begin() as connection:
        insert_new(connection, steps, step("draft"))
    with reading(engine) as connection:
        started = connection.scalars(select(steps.c.started)).one()
    assert started == NOON
    assert started.tzinfo is UTC


def test_what_fails_halfway_leaves_nothing(engine: Engine) -> None:
    with pytest.raises(RuntimeError), engine.begin() as connection:  # noqa: PT012 - the point
        insert_new(connection, steps, step("draft"))
        raise RuntimeError
    with reading(engine) as connection:
        assert connection.scalar(select(func.count()).select_from(steps)) == 0


def test_only_the_first_of_forty_claims_wins(engine: Engine) -> None:
    won: list[int] = []

    def claim() -> None:
        for _ in range(5):
            with engine.begin() as connection:
                won.append(insert_new(connection, steps, step("send")))

    threads = [threading.Thread(target=claim) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [0] * 39 + [1]


def test_new_rows_are_counted_and_taken_ones_are_left_alone(engine: Engine) -> None:
    with engine.begin() as connection:
        assert insert_new(connection, steps, [step("a"), step("b")]) == 2
        assert insert_new(connection, steps, [step(n) for n in "abcd"]) == 2
        assert insert_new(connection, steps, []) == 0


def test_a_writer_that_read_first_waits_for_another_instead_of_failing(engine: Engine) -> None:
    def count() -> None:
        for _ in range(20):
            with engine.begin() as connection:
                n = connection.scalar(select(func.count()).select_from(steps))
                row = step(f"{threading.get_ident()} {n}")
                insert_new(connection, steps, row)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading(engine) as connection:
        assert connection.scalar(select(func.count()).select_from(steps)) == 80


def test_a_reader_does_not_make_a_writer_wait(engine: Engine) -> None:
    with reading(engine) as reader:
        assert reader.scalar(select(func.count()).select_from(steps)) == 0
        with engine.begin() as writer:
            insert_new(writer, steps, step("draft"))


def test_on_postgresql_a_reader_cannot_write(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        return  # there, a reader that writes may fail, but need not
    with reading(engine) as connection, pytest.raises(DBAPIError, match="read-only"):
        insert_new(connection, steps, step("draft"))
    with engine.begin() as connection:
        assert insert_new(connection, steps, step("draft")) == 1


def _open(root: str, url: str, start: Any, results: Any) -> None:
    from dataclasses import replace

    from publisher.config import load_publication

    publication = replace(load_publication(Path(root)), root=Path(root))
    start.wait()
    try:
        open_database(publication, Secrets(database_url=url)).dispose()
        results.put("opened")
    except Exception as error:
        results.put(repr(error))


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_processes_that_open_a_new_database_together_make_its_tables_once(
    publication: Publication, request: pytest.FixtureRequest, kind: str
) -> None:
    url = ""
    if kind == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        server.run("CREATE DATABASE together")
        url = server.url("together")
    spawn = multiprocessing.get_context("spawn")
    start, results = spawn.Barrier(4), spawn.Queue()
    arguments = (str(publication.root), url, start, results)
    processes = [spawn.Process(target=_open, args=arguments) for _ in range(4)]
    for process in processes:
        process.start()
    outcomes = [results.get(timeout=60) for _ in processes]
    for process in processes:
        process.join()
    assert outcomes == ["opened"] * 4


# ---- what the operator reads ---------------------------------------------------


def refusal(publication: Publication, url: str = "") -> str:
    with pytest.raises(StorageError) as caught:
        open_database(publication, Secrets(database_url=url))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_server_that_does_not_answer_is_named(publication: Publication) -> None:
    said = refusal(publication, "postgresql://me:hush@127.0.0.1:1/magazine")
    assert "cannot connect to postgresql://me:***@127.0.0.1:1/magazine" in said
    assert "hush" not in said


def test_a_wrong_password_is_said_to_be_wrong(publication: Publication, postgres: Postgres) -> None:
    assert PASSWORD != "hush"
    said = refusal(publication, f"postgresql://postgres:hush@127.0.0.1:{postgres.port}/postgres")
    assert "refuses the user name or password" in said
    assert "hush" not in said


def test_a_database_that_is_not_there_is_named(
    publication: Publication, postgres: Postgres
) -> None:
    assert "nowhere" in refusal(publication, postgres.url("nowhere"))
    assert "create it or correct DATABASE_URL" in refusal(publication, postgres.url("nowhere"))


def test_a_user_who_may_not_make_tables_is_told_what_to_grant(
    publication: Publication, postgres: Postgres
) -> None:
    postgres.run("CREATE ROLE reader LOGIN PASSWORD 'hush'")
    postgres.run("CREATE DATABASE guarded")
    url = f"postgresql://reader:hush@127.0.0.1:{postgres.port}/guarded"
    assert "GRANT CREATE" in refusal(publication, url)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://me@host/db", "begins with mysql://"),
        ("my database", "is not an address"),
        ("sqlite://", "sqlite:///file.db"),
    ],
)
def test_an_address_we_cannot_use_names_the_ones_we_can(
    publication: Publication, url: str, words: str
) -> None:
    assert words in refusal(publication, url)
    assert "postgresql://user:password@host/database" in refusal(publication, url)


def test_a_folder_that_cannot_be_written_is_named(publication: Publication) -> None:
    said = refusal(publication, "sqlite:////proc/publisher.db")
    assert "cannot make the database /proc/publisher.db" in said


def test_a_missing_folder_is_named(publication: Publication) -> None:
    assert "there is no folder" in refusal(publication, "sqlite:///nowhere/publisher.db")


def test_a_file_that_cannot_be_written_is_said_to_be_so() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        file = Path(folder, "publisher.db")
        file.touch()
        file.chmod(0o444)
        script = (
            "import os, sqlite3\n"
            # loaded while root, for another user may not read root's checkout
            "import sqlalchemy.dialects.sqlite\n"
            "from publisher.storage.engine import open_url\n"
            "from sqlalchemy import make_url\n"
            "os.geteuid() or (os.setgid(65534), os.setuid(65534))\n"  # root may write all
            f"open_url(make_url('sqlite:///{file}'))"
        )
        command = [sys.executable, "-c", script]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "StorageError: cannot write the database" in ran.stderr


def test_a_file_that_is_no_database_is_left_as_it_is(publication: Publication) -> None:
    publication.database.write_text("Dear diary, " * 1000)
    assert "is not a database" in refusal(publication)
    assert publication.database.read_text().startswith("Dear diary")


def test_the_database_of_another_program_is_left_alone(publication: Publication) -> None:
    with sqlite3.connect(publication.database) as other:
        other.execute("CREATE TABLE recipes (name TEXT)")
    other.close()
    said = refusal(publication)
    assert "belongs to another program" in said
    assert "recipes" in said


def test_a_database_of_a_newer_version_is_left_alone(publication: Publication) -> None:
    open_database(publication, Secrets()).dispose()
    with sqlite3.connect(publication.database) as later:
        later.execute("UPDATE publisher_revision SET version_num = '9999'")
    later.close()
    assert "made by a newer Publisher" in refusal(publication)
