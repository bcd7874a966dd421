"""The county's part of the configuration, beside the technician's files: where it lies, and what it may not say.

It is one file more, read last and checked like the others: what a file of the technician sets already, it may not set
again. Who the box is, how it reaches and proves itself to the hub and where it stores is never the county's to change.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from edgeagent.config import StoreSettings
from edgeagent.configfile.merge import Tree
from edgeagent.configfile.reader import read
from gridwire.settings.locator import Path as KeyPath
from gridwire.settings.mistakes import Mistake
from gridwire.settings.reader import Source, parse, show

FOLDER, FILE = "county", "county.toml"
KEPT: tuple[KeyPath, ...] = (
    ("box",), ("county",), ("store",), ("status",), ("hub", "host"), ("hub", "port"), ("hub", "tls"),
    ("hub", "username"), ("hub", "password"), ("hub", "protocol"),
)  # fmt: skip
"""What is the technician's alone."""


class NotTheCountys(Mistake):
    code = "config.not-the-countys"
    en = "this can only be set on the box itself, not by the county"
    zh = "此项只能在本机设置，不能由县级下发"


def file_of(store: Path) -> Path:
    """Where the county's part lies in the store's folder."""
    return store / FOLDER / FILE


def source(tree: Tree, text: str | None) -> Source | None:
    """The county's part for these files of the technician; None when there is none. `text`: instead of the file, to
    try it; empty: as if there were none."""
    place = file_of(store_of(tree))
    if text is not None:
        return parse(str(place), text) if text else None
    try:
        return read(place) if place.exists() else None
    except PermissionError:
        return None  # the agent's folder: whoever may not look into it sees the technician's files only


def add(tree: Tree, part: Source) -> Iterator[Mistake]:
    """Put it below the others; gives what it may not say."""
    tree.add(part)
    yield from part.mistakes
    for path in KEPT:
        table: object = part.data
        for key in path:
            table = table.get(key) if isinstance(table, dict) else None
        if table is not None:
            yield NotTheCountys(part.place(path), show(path))


def store_of(tree: Tree) -> Path:
    """The store's folder as the files say it, or by default."""
    table = tree.data.get("store")
    folder = table.get("dir") if isinstance(table, dict) else None
    return Path(folder if isinstance(folder, str) and folder else StoreSettings().dir)
