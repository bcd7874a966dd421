"""Alembic's folder: `env.py` is run by it, `versions/` holds one file a step. A released step never changes."""
