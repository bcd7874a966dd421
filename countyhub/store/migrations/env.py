"""Run by Alembic for each upgrade; the connection, in its transaction, is handed over by `upgrade.to_head`."""

from alembic import context

from countyhub.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
