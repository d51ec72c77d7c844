"""Alembic's entry: runs the migrations on the connection that the catalog hands over; nothing when merely imported."""

from alembic import context

from upshot.catalog.tables import METADATA

if getattr(context, "config", None) is not None:
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=METADATA,
        transactional_ddl=True,
        render_as_batch=True,
    )
    with context.begin_transaction():
        context.run_migrations()
