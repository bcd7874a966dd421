"""`countyhub version`: the versions that matter in a report of a fault."""

from __future__ import annotations

import argparse
import platform
import sqlite3
from importlib.metadata import PackageNotFoundError, version

from countyhub.store import upgrade

PACKAGES = ("gridwire", "sqlalchemy", "aiosqlite", "alembic", "paho-mqtt", "msgspec", "starlette", "uvicorn")


def execute(_args: argparse.Namespace) -> int:
    print(f"python {platform.python_version()}, sqlite {sqlite3.sqlite_version}, database {upgrade.revisions()[0]}")
    for package in PACKAGES:
        try:
            print(f"{package} {version(package)}")
        except PackageNotFoundError:
            print(f"{package} -")
    return 0
