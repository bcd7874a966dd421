"""Reads one file of a box's configuration. Whatever is wrong with it, or that it is not there, stands in the answer."""

from __future__ import annotations

from pathlib import Path

from edgeagent.configfile.boxmistakes import NoFile
from gridwire.settings.mistakes import Place, UnreadableFile
from gridwire.settings.reader import MAX_FILE_BYTES, Source, nothing, parsed


def read(file: Path) -> Source:
    """Read and parse; never raises for what is in the file or for the file not being there."""
    name = str(file)
    try:
        with file.open("rb") as stream:
            raw = stream.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        return nothing(name, NoFile(Place(name)))
    except (OSError, ValueError) as error:
        return nothing(name, UnreadableFile(Place(name), reason=getattr(error, "strerror", None) or str(error)))
    return parsed(name, raw)
