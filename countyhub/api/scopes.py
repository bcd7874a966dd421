"""What a token may be for. A scope is a thing and what is done with it; none includes another."""

from __future__ import annotations

from typing import Final

from countyhub.accounts.roles import RIGHTS
from gridwire.problem import Both

_OTHERWISE: Final = {
    "cases:act": Both("以本人身份办理案件", "act on cases in the name of the token's person"),
    "events:read": Both("查看事件，含脱敏的个人信息", "see events, masked personal data included"),
    "pictures:read": Both("查看图片", "see pictures"),
    "tokens:read": Both("查看令牌清单（不含令牌本身）", "see which tokens there are, never the tokens themselves"),
    "metrics:read": Both("读取监控指标 /metrics", "read the figures for monitoring at /metrics"),
}
"""What a token does a little otherwise than a user with the right of this name."""
SCOPES: Final[dict[str, Both]] = {
    right: _OTHERWISE.get(right, RIGHTS[right])
    for right in (
        "cases:read", "cases:open", "cases:act", "matters:read", "events:read", "pictures:read", "boxes:read",
        "boxes:order", "board:read", "board:write", "registry:read", "people:read", "people:phone",
        "notifications:read", "notifications:ack", "hooks:read", "hooks:write", "letters:read", "tokens:read",
        "tokens:revoke", "metrics:read",
    )
}  # fmt: skip
PERSONAL: Final = frozenset({"cases:act", "notifications:ack"})
"""Only for tokens of a person: what is done has somebody who did it."""
