"""What a token may be for. A scope is a thing and what is done with it; none includes another."""

from __future__ import annotations

from typing import Final

from countyhub.lifecycle.state import Name

SCOPES: Final[dict[str, Name]] = {
    "cases:read": Name("查看案件、时间线和附件", "see cases, their timelines and attachments"),
    "cases:open": Name("上报新案件", "report new cases"),
    "cases:act": Name("以本人身份办理案件", "act on cases in the name of the token's person"),
    "matters:read": Name("查看告警归并与抑制", "see how alarms became matters, and what was suppressed"),
    "events:read": Name("查看事件，含脱敏的个人信息", "see events, masked personal data included"),
    "pictures:read": Name("查看图片", "see pictures"),
    "boxes:read": Name("查看盒子和设备状态", "see boxes, their devices and health"),
    "boxes:order": Name("向盒子下达指令", "give orders to boxes"),
    "board:read": Name("查看公示栏", "see notice boards"),
    "board:write": Name("更新公示栏", "change notice boards"),
    "registry:read": Name("查看区划、网格、事项和服务", "see areas, grids, categories and services"),
    "people:read": Name("查看工作人员和职责", "see staff and their duties"),
    "people:phone": Name("查看工作人员电话", "see the telephone numbers of staff"),
    "notifications:read": Name("查看通知", "see notifications"),
    "notifications:ack": Name("确认通知", "acknowledge notifications"),
    "hooks:read": Name("查看推送", "see webhooks"),
    "hooks:write": Name("设置推送", "set webhooks up and remove them"),
    "letters:read": Name("查看无法读取的报文", "see what could not be read"),
    "tokens:read": Name("查看令牌清单（不含令牌本身）", "see which tokens there are, never the tokens themselves"),
    "tokens:revoke": Name("吊销令牌", "revoke tokens"),
    "metrics:read": Name("读取监控指标 /metrics", "read the figures for monitoring at /metrics"),
}
PERSONAL: Final = frozenset({"cases:act", "notifications:ack"})
"""Only for tokens of a person: what is done has somebody who did it."""
