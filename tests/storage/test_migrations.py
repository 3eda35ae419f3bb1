"""The migrated database is the one the code describes."""

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, func, inspect, select

from publisher.storage.engine import reading
from publisher.storage.migrations import HEAD, SCRIPTS, VERSION_TABLE, migrate, revision
from publisher.storage.schema import metadata, settings
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
