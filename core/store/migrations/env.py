"""Alembic's entry: run the migrations on the database that `core.store.database` names."""

from alembic import context
from sqlalchemy import create_engine

from core.store.schema import metadata

url = context.config.get_main_option("sqlalchemy.url")
assert url is not None
engine = create_engine(url)
with engine.begin() as connection:
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
