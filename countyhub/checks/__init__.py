"""`countyhub check`: one small file a check. Each looks, changes nothing, and says what a person should do."""

from __future__ import annotations

from typing import Final

NAMES: Final = (
    "database", "broker", "work", "backup", "certificates", "disk", "calendar", "notify", "deadletters", "aside",
    "accounts",
)  # fmt: skip
"""Of the checks and their modules here, in the order in which a person reads them. Nothing is loaded by it, so that the
command line may know the names at every start."""
