"""The migrated database is the one the code describes."""

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, func, inspect, select, text

from publisher.storage.engine import reading
from publisher.storage.migrations import HEAD, SCRIPTS, VERSION_TABLE, migrate, revision
from publisher.storage.schema import chunks, deliveries, mailings, metadata, settings
from publisher.storage.settings import put_setting


def test_the_migrated_database_has_exactly_the_tables_of_the_schema(engine: Engine) -> None:
    with reading(engine) as connection:
        options = {"compare_type": True, "version_table": VERSION_TABLE}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def test_keys_and_unique_constraints_are_those_of_the_schema(engine: Engine) -> None:
    inspector = inspect(engine)
    for name, table in metadata.tables.items():
        found = inspector.get_pk_constraint(name)["constrained_columns"]
        assert sorted(found) == sorted(column.name for column in table.primary_key)
        for column in inspector.get_columns(name):
            assert column["nullable"] == table.c[column["name"]].nullable, (name, column["name"])


def test_a_database_up_to_date_is_known_without_alembic(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD
    assert revision(engine) == HEAD


def test_migrating_again_keeps_what_is_there(engine: Engine) -> None:
    with engine.begin() as connection:
        put_setting(connection, "colour", "ochre")
    migrate(engine)
    migrate(engine, HEAD)
    with reading(engine) as connection:
        assert connection.scalar(select(func.count()).select_from(settings)) == 1


def test_a_mailing_under_way_survives_the_upgrade(engine: Engine) -> None:
    with engine.begin() as connection:
        for name in (*reversed(metadata.sorted_tables), VERSION_TABLE):
            connection.execute(text(f"DROP TABLE {name}"))
    migrate(engine, "0001")
    moment = "2026-11-21 07:00:00"
    with engine.begin() as connection:
        for week in ("2026-W46", "2026-W47"):
            connection.execute(
                text(
                    "INSERT INTO mailings (week, list, state, reason, subject, artefacts, created)"
                    " VALUES (:week, 'readers', 'sending', '', 'The water below', '{}', :moment)"
                ),
                {"week": week, "moment": moment},
            )
        connection.execute(
            text(
                "INSERT INTO chunks"
                " (mailing_id, n, state, size, attempt, doubt, provider_id, reason, changed)"
                " VALUES (1, 1, 'uncertain', 1, 1, 0, '', 'no answer', :moment)"
            ),
            {"moment": moment},
        )
        connection.execute(
            text(
                "INSERT INTO deliveries (mailing_id, subscriber_id, n, email, reason)"
                " VALUES (1, 7, 1, 'lina@example.org', '')"
            )
        )
    migrate(engine)
    with reading(engine) as connection:
        tokens = connection.scalars(select(mailings.c.token)).all()
        assert len(set(tokens)) == 2
        assert all(len(token) == 16 for token in tokens)
        chunk = connection.execute(select(chunks)).one()
        assert (chunk.state, chunk.form, chunk.reason) == ("uncertain", "link", "no answer")
        assert connection.scalar(select(deliveries.c.email)) == "lina@example.org"
