"""docs/reference/roles.md: every role with its rights, every page and every route of the interface with who gets it."""

from __future__ import annotations

from countyhub.accounts.roles import NO_PERSON, RIGHTS, ROLES
from countyhub.api.openapi import PREFIX
from countyhub.api.table import ROUTES
from countyhub.audit.kinds import KINDS
from countyhub.web.access import ANYONE, PAGES, PUBLIC

HEAD = """# Roles and rights 角色与权限

Made from `countyhub/accounts/roles.py`, `countyhub/web/access.py` and the table of routes by `make generate`. A right
says what; where, the registry says at each request: the duties of the user's person in these roles, within `--area`
where one is set. ● has it; ○ has it where the user has a person of the registry, for it is done in somebody's name;
“全县 whole” needs a user who sees the whole county.

权限说明能做什么；范围由登记表在每次请求时决定：该工号以这些角色承担的职责，有 `--area` 的再以其为限。
● 有此权限；○ 用户有工号时才有（以本人名义办理）；“全县 whole” 只限能看全县的用户。
没有账户的机器使用令牌（`countyhub token add`），
其权限逐项给定。
"""


def text() -> str:
    """The page."""
    roles = list(ROLES)
    lines = [HEAD, "## Rights 权限", "", _head("right 权限", roles)]
    for right, name in RIGHTS.items():
        lines.append(_row(f"`{right}` {name.zh} · {name.en}", right, roles))
    lines += ["", "## Pages of the console 控制台页面", "", _head("page 页面", roles)]
    for page in PAGES:
        what = f"{page.methods} `{page.path.replace('|', '¦')}` {page.name.zh} · {page.name.en}"
        lines.append(_row(what + (" · 全县 whole" if page.whole else ""), page.right, roles))
    lines += ["", f"## The interface, below `{PREFIX}` 接口", "", _head("route 接口", roles)]
    for route in ROUTES:
        what = f"{route.method} `{route.path}` {route.zh} · {route.en}" + (" · 全县 whole" if route.whole else "")
        lines.append(_row(what, route.scope or "", roles))
    lines += ["", "## What is in the audit 审计内容", "", "| kind | 操作 | what |", "|---|---|---|"]
    lines += [f"| `{kind}` | {name.zh} | {name.en} |" for kind, name in KINDS.items()]
    return "\n".join(lines) + "\n"


def _head(first: str, roles: list[str]) -> str:
    names = " | ".join(f"{ROLES[role].zh} {role}" for role in roles)
    return f"| {first} | {names} | nobody 未登录 |\n|---|{'---|' * (len(roles) + 1)}"


def _row(what: str, right: str, roles: list[str]) -> str:
    marks = [_mark(right, role) for role in roles]
    return f"| {what} | {' | '.join(marks)} | {'●' if right == PUBLIC else ''} |"


def _mark(right: str, role: str) -> str:
    if right in (PUBLIC, ANYONE, ""):
        return "●"
    has = right in ROLES[role].rights
    return ("○" if right in NO_PERSON else "●") if has else ""
