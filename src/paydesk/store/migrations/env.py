"""Alembic's entry: runs the migrations on the connection that `paydesk.store.migrate` opened."""

from alembic import context

from paydesk.store.types import METADATA

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=METADATA,
    transactional_ddl=True,
    transaction_per_migration=False,
    render_as_batch=True,
    process_revision_directives=context.config.attributes.get("rewriter"),
    render_item=context.config.attributes.get("render_item", lambda kind, one, autogen: False),
)
with context.begin_transaction():
    context.run_migrations()
