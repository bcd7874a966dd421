"""`notify`: can the channels be set up by which people are told? Connects to none of them."""

from __future__ import annotations

from countyhub.checks.scene import Scene
from countyhub.checks.verdict import Check, Fault, Line, foreign, found, passed
from countyhub.configfile import SecretUnreadable
from countyhub.notify import channels
from gridwire.problem import Problem


class Nobody(Fault):
    code = "check.notify-none"
    level = "warn"
    en = (
        "no channel is set up: nobody is told of cases and calls for help: write [notify.sms], [notify.wecom] or "
        "[notify.email], then countyhub notify test"
    )
    zh = (
        "没有配置任何通知渠道，案件和求助不会通知任何人：请设置 [notify.sms]、[notify.wecom] 或 [notify.email]，再"
        "执行 countyhub notify test"
    )


async def _look(scene: Scene) -> list[Line]:
    try:
        built = channels.build(scene.config)
    except Problem as problem:
        return [foreign(problem, "fail")]
    await channels.close(built)
    if not built:
        return [found(Nobody())]
    names = ", ".join(built)
    return [passed(f"渠道：{names}", f"channels: {names}")]


CHECK = Check(
    "notify",
    "通知渠道：密码和证书可以读取",
    "channels by which people are told: secrets and certificates can be read",
    _look,
    (Nobody, SecretUnreadable, channels.CaUnreadable),
)
