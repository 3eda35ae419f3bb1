"""How Alembic runs our revisions: on the connection, and in the transaction, it is given."""

from alembic import context

from publisher.storage.migrations import VERSION_TABLE
from publisher.storage.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    compare_type=True,
    render_as_batch=True,  # SQLite alters a table by copying it
    transactional_ddl=True,  # true of SQLite as well, for we send BEGIN ourselves
)
with context.begin_transaction():
    context.run_migrations()
