"""The words of a timeline, in Chinese and English: the acts of the loop, and what else happens to a case."""

from __future__ import annotations

from typing import Final

from countyhub.lifecycle.table import TABLE
from gridwire.problem import Both

ACTS: Final[dict[str, Both]] = {
    **{name: row.name for name, row in TABLE.items()},
    "opened": Both("立案", "opened"),
    "joined": Both("再次发生", "seen again"),
    "rated": Both("群众评价", "rated by the resident"),
    "attached": Both("附件", "file added"),
    "turned_yellow": Both("黄灯", "runs short"),
    "turned_red": Both("红灯", "over the limit"),
}
