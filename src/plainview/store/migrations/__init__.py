"""Alembic's folder: each change of the schema, in order."""
