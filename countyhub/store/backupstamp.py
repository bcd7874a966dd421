"""When the last backup was made: a small file beside the data, for a backup cannot tell of itself."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from gridwire import wholefile

NAME = "last-backup"
_MAX_BYTES = 64


def write(data_dir: Path, now: datetime) -> None:
    """A backup is whole. Raises OSError: the backup is there all the same."""
    wholefile.replace(data_dir / NAME, f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}\n".encode(), on_disk=False)


def read(data_dir: Path) -> datetime | None:
    """None: none was ever made on this machine, or the file is none of ours."""
    try:
        with (data_dir / NAME).open(encoding="ascii") as file:
            return datetime.strptime(file.read(_MAX_BYTES).strip(), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except (OSError, ValueError):
        return None
