"""The schema's history: Alembic steps, shipped with the package, run when a database is opened."""
