"""Run by Alembic: brings the database of the connection it is given to a version."""

from alembic import context

from plainview.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    transaction_per_migration=False,
)
context.run_migrations()
