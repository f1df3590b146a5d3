"""Alembic's entry: migrate over the connection that the record already holds."""

from alembic import context

from pilotage.store.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
