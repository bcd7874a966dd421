"""The words of a timeline, in Chinese and English: the acts of the loop, and what else happens to a case."""

from __future__ import annotations

from typing import Final

from countyhub.lifecycle.state import Name
from countyhub.lifecycle.table import TABLE

ACTS: Final[dict[str, Name]] = {
    **{name: row.name for name, row in TABLE.items()},
    "opened": Name("立案", "opened"),
    "joined": Name("再次发生", "seen again"),
    "rated": Name("群众评价", "rated by the resident"),
    "attached": Name("附件", "file added"),
    "turned_yellow": Name("黄灯", "runs short"),
    "turned_red": Name("红灯", "over the limit"),
}
