"""`aside`: what the database refused or nobody could read, so that no case, message or feed came of it."""

from __future__ import annotations

from countyhub.checks.scene import Scene
from countyhub.checks.verdict import Check, Fault, Line, found, passed
from countyhub.store import aside


class PutAside(Fault):
    code = "check.put-aside"
    level = "warn"
    en = (
        "{count} were passed over ({works}; newest {key}: {reason}): countyhub matters aside lists them; see to each "
        "by hand, and after an update countyhub matters aside --again, then restart the hub"
    )
    zh = (
        "有 {count} 条被搁置（{works}；最近：{key}，{reason}）：清单见 countyhub matters aside，请逐条人工处理；升级后"
        "可执行 countyhub matters aside --again 并重启汇聚端"
    )


async def _look(scene: Scene) -> list[Line]:
    if scene.store is None:
        return []
    async with scene.store.read() as connection:
        rows = await aside.listed(connection)
    if not rows:
        return [passed("没有被搁置的内容", "nothing was put aside")]
    works = ", ".join(sorted({row.work for row in rows}))
    newest = rows[-1]
    return [found(PutAside(count=len(rows), works=works, key=newest.key, reason=newest.reason[:120]))]


CHECK = Check(
    "aside",
    "没有因拒收或无法解读而被搁置的内容",
    "nothing was passed over as unreadable or refused",
    _look,
    (PutAside,),
)
