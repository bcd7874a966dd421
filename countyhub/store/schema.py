"""Every table there is: who needs the whole schema imports `metadata` from here."""

from __future__ import annotations

from countyhub.store import (
    accounttables,
    audittables,
    casetables,
    checkintables,
    configtables,
    hooktables,
    identitytables,
    mattertables,
    notifytables,
    registrytables,
    rolluptables,
    tokentables,
    worktables,
)
from countyhub.store.tables import metadata

__all__ = [
    "accounttables",
    "audittables",
    "casetables",
    "checkintables",
    "configtables",
    "hooktables",
    "identitytables",
    "mattertables",
    "metadata",
    "notifytables",
    "registrytables",
    "rolluptables",
    "tokentables",
    "worktables",
]
