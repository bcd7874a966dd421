"""Every role, once: what it is called, and which rights it has. A right is a scope of the HTTP interface, or one of the
console's own. Where somebody has them, the area says; here stands only what.

Nobody has everything: who reads the audit changes nothing. The first account is made at the hub itself (`countyhub
user`), the others there or by who has `users:write` for the whole county.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from gridwire.problem import Both

RIGHTS: Final[dict[str, Both]] = {
    "cases:read": Both("查看案件、时间线和附件", "see cases, their timelines and attachments"),
    "cases:open": Both("上报新案件", "report new cases"),
    "cases:act": Both("以本人身份办理案件", "act on cases in one's own name"),
    "matters:read": Both("查看告警归并和未立案信号", "see how alarms became matters, and what was held back"),
    "events:read": Both("查看事件", "see events"),
    "pictures:read": Both("说明理由后查看图片", "see pictures, for a reason that is kept"),
    "boxes:read": Both("查看盒子和设备状态", "see boxes, their devices and health"),
    "boxes:order": Both("向盒子下达指令", "give orders to boxes"),
    "board:read": Both("查看公示栏", "see notice boards"),
    "board:write": Both("更新公示栏", "change notice boards"),
    "registry:read": Both("查看区划、网格、事项和服务", "see areas, grids, categories and services"),
    "people:read": Both("查看工作人员和职责", "see staff and their duties"),
    "people:phone": Both("查看工作人员电话", "see the telephone numbers of staff"),
    "notifications:read": Both("查看通知", "see notifications"),
    "notifications:ack": Both("确认通知", "acknowledge notifications"),
    "hooks:read": Both("查看推送", "see webhooks"),
    "hooks:write": Both("设置推送", "set webhooks up and remove them"),
    "letters:read": Both("查看未识别报文", "see unread messages"),
    "tokens:read": Both("查看令牌清单", "see which tokens there are"),
    "tokens:revoke": Both("吊销令牌", "revoke tokens"),
    "personal:reveal": Both("说明理由后查看个人信息原文", "uncover masked personal data, for a reason that is kept"),
    "exports:make": Both("导出台账和统计", "export ledgers and figures"),
    "users:read": Both("查看用户和会话", "see the users and who is logged in"),
    "users:write": Both("新增、修改、停用用户，重设密码", "make, change and disable users, and set their passwords"),
    "audit:read": Both("查看审计记录", "read the audit"),
    "metrics:read": Both("读取监控指标", "read the figures for monitoring"),
}


class RoleName(NamedTuple):
    """A role: its names, its rights, and whether it sees the whole county when neither person nor area is given."""

    zh: str
    en: str
    rights: frozenset[str]
    whole: bool = False


_LOOK = {"cases:read", "matters:read", "events:read", "boxes:read", "board:read", "registry:read"}
_WORK = _LOOK | {
    "cases:open", "cases:act", "people:read", "people:phone", "notifications:read", "notifications:ack",
    "pictures:read", "personal:reveal",
}  # fmt: skip
_CENTRE = _WORK | {"boxes:order", "exports:make", "letters:read", "metrics:read"}

ROLES: Final[dict[str, RoleName]] = {
    "county": RoleName(
        "县中心", "county centre",
        frozenset(_CENTRE | {"board:write", "hooks:read", "hooks:write", "tokens:read", "tokens:revoke", "users:read",
                            "users:write"}), whole=True),
    "dispatcher": RoleName("调度员", "dispatcher", frozenset(_CENTRE), whole=True),
    "department": RoleName("部门人员", "department", frozenset(_WORK - {"boxes:read", "matters:read"})),
    "township": RoleName("乡镇人员", "township", frozenset(_WORK | {"board:write", "exports:make"})),
    "village_clerk": RoleName("信息员", "village clerk", frozenset(_WORK | {"board:write"})),
    "grid_worker": RoleName(
        "网格员", "grid worker",
        frozenset({"cases:read", "cases:open", "cases:act", "board:read", "registry:read", "notifications:read",
                   "notifications:ack"})),
    "inspector": RoleName("监察", "inspector", frozenset(_LOOK | {"people:read", "exports:make"}), whole=True),
    "auditor": RoleName("审计", "auditor", frozenset({"audit:read", "registry:read", "users:read"}), whole=True),
}  # fmt: skip
"""Roles of people. A machine has no account: it has a token (`countyhub token add`) with scopes of its own."""

NO_PERSON: Final = frozenset({"cases:open", "cases:act", "notifications:ack"})
"""Rights that need a person of the registry: what is done has somebody who did it."""


def rights(roles: Iterable[str], *, has_person: bool) -> frozenset[str]:
    """All that one of the roles has."""
    found = frozenset().union(*(ROLES[role].rights for role in roles if role in ROLES))
    return found if has_person else found - NO_PERSON
