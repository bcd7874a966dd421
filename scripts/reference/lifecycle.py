"""docs/reference/lifecycle.md: the table of the loop as it stands in the code, in both languages."""

from __future__ import annotations

from collections.abc import Iterable

from countyhub.lifecycle.guards import WHO
from countyhub.lifecycle.state import HANDLINGS, LEVELS, MODES, STAGES
from countyhub.lifecycle.table import TABLE, Row
from gridwire.problem import Both
from reference.tables import table


def text() -> str:
    """The whole page."""
    lines = [
        "# The loop of a case 事件闭环",
        "",
        "Every change of a case is one row of this table; nothing else changes a case. The rules behind it:",
        "[county-rules.md](../county-rules.md). Why an act is refused: the codes `case.…` in [errors.md](errors.md).",
        "案件的每一次变动都是表中的一行，此外别无他途。规则见 [county-rules.md](../county-rules.md)，"
        "不能操作的原因见 [errors.md](errors.md) 中的 `case.…`。",
        "",
        "Offices act: each by whoever has a duty there that day, and the right to ([roles.md](roles.md)). A case is",
        "handed to an office, never to a person; to which, the [guards](../../countyhub/lifecycle/guards.py) say.",
        "操作以单位名义进行，由当日在该单位任职且有权限的人员办理（见 [roles.md](roles.md)）；"
        "交办的对象是单位而不是个人，可交办给谁见上述代码。",
        "",
        *table(
            ["act 操作", "from 自", "to 至", "who 谁", "must hold 条件", "must be given 须填"], map(_row, TABLE.items())
        ),
        "",
        "✱ also while the case is suspended 挂起期间也可以。",
    ]
    for title, names in (
        ("Stages 环节", STAGES),
        ("Levels 层级", LEVELS),
        ("Handling classes 办理类别", HANDLINGS),
        ("Modes of services 服务方式", MODES),
    ):
        rows = [[f"`{code}`" if code else "–", name.zh, name.en] for code, name in names.items()]
        lines += ["", f"## {title}", "", *table(["code 代码", "中文", "English"], rows)]
    return "\n".join(lines) + "\n"


def _row(item: tuple[str, Row]) -> list[str]:
    act, row = item
    mark = " ✱" if row.while_suspended else ""
    return [
        f"`{act}` {row.name.zh} {row.name.en}{mark}",
        _names(STAGES[stage] for stage in STAGES if stage in row.since),
        "不变 stays"
        if row.to == "stays"
        else "并案之前 as before"
        if row.to == "as_before"
        else _names([STAGES[row.to]]),
        _names(WHO[who] for who in row.who),
        ", ".join(guard.__name__.replace("_", " ") for guard in row.when) or "–",
        ", ".join(need.__name__.replace("_", " ") for need in row.needs) or "–",
    ]


def _names(names: Iterable[Both]) -> str:
    return ", ".join(f"{name.zh} {name.en}" for name in names)
