"""The format of the database: which revisions this version knows, and the way from an older one to the newest.

Alembic is imported only when there is such a way to go: without it a command of the hub starts a fifth sooner.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from sqlalchemy import Connection

from countyhub.store.problems import DatabaseForeign, DatabaseNewer

TABLE = "alembic_version"
_FOLDER = Path(__file__).parent / "migrations"


def revisions() -> list[str]:
    """All revisions that this version knows, the newest first: by the files, vNNNN_NAME.py."""
    return sorted((file.name[1:5] for file in (_FOLDER / "versions").glob("v*.py")), reverse=True)


def to_head(connection: Connection) -> None:
    """Bring an older or empty database up to date, within the transaction of `connection`."""
    to(connection, "head")


def to(connection: Connection, revision: str) -> None:
    """Bring an older or empty database up to a revision, within the transaction of `connection`."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def check_revision(where: str, tables: Collection[str], found: Sequence[str]) -> str | None:
    """The revision of a database with these `tables`; None if empty. Raises `DatabaseNewer`, `DatabaseForeign`."""
    if not tables:
        return None
    if not found:
        raise DatabaseForeign(where=where, table=min(tables))
    unknown = set(found) - set(revisions())
    if unknown:
        raise DatabaseNewer(where=where, revision=", ".join(sorted(unknown)))
    return found[0]
