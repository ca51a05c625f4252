"""Alembic's entry: `app/migrate.py` opens the connection and hands it over."""

from alembic import context

from app.models import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    compare_type=True,
    render_as_batch=True,  # SQLite changes a table by rebuilding it
    transactional_ddl=True,  # the caller's transaction holds the whole way, on both engines
)
with context.begin_transaction():
    context.run_migrations()
