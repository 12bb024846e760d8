"""Alembic's entry: run the migrations on the connection that `app.database.migrate` hands over."""

from alembic import context

from app.database.engine import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
