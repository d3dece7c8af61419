"""Alembic's entrance: runs the steps on the connection that `upgrade` was given."""

from __future__ import annotations

from alembic import context

from storage import schema, schema_index

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=[schema.metadata],
    render_as_batch=True,
    transactional_ddl=False,  # the caller's transaction holds all steps; Alembic opens none of its own
)
assert schema_index.metadata is schema.metadata
context.run_migrations()
