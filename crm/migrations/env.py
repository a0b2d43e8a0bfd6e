"""Alembic's entry; the engine is handed over by crm.migrate, never read from a file."""

from alembic import context

from crm.tables import METADATA

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
