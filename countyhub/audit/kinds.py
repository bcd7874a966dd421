"""Everything that is noted in the audit, by kind; a further one is one more line."""

from __future__ import annotations

from typing import Final

from gridwire.problem import Both

KINDS: Final[dict[str, Both]] = {
    "login": Both("登录", "logged in"),
    "login.failed": Both("登录失败", "a log-in failed"),
    "login.held": Both("登录被暂停", "log-ins are held back"),
    "logout": Both("退出", "logged out"),
    "session.ended": Both("会话被终止", "sessions were ended"),
    "password.set": Both("设置密码", "a password was set"),
    "user.added": Both("新增用户", "a user was made"),
    "user.changed": Both("修改用户", "a user was changed"),
    "user.disabled": Both("停用用户", "a user was disabled"),
    "user.enabled": Both("启用用户", "a user was enabled"),
    "user.link": Both("生成登录链接", "a log-in link was made"),
    "case.act": Both("办理案件", "an act on a case"),
    "picture.looked": Both("查看图片", "a picture was looked at"),
    "personal.revealed": Both("查看个人信息", "personal data was uncovered"),
    "export": Both("导出", "an export"),
    "token.added": Both("新建令牌", "a token was made"),
    "token.revoked": Both("吊销令牌", "a token was revoked"),
    "settings.changed": Both("修改设置", "a setting was changed"),
    "registry.imported": Both("导入登记表", "the registry was imported"),
    "hook.changed": Both("修改推送", "a webhook was changed"),
    "board.changed": Both("更新公示栏", "a notice board was changed"),
    "box.identity": Both("盒子身份变更", "a box's identity was changed"),
    "box.order": Both("向盒子下达指令", "an order to a box"),
    "command": Both("执行命令", "a command on the hub itself"),
    "refused": Both("拒绝越权", "something was refused"),
    "audit.pruned": Both("清理过期审计", "old rows of the audit were given up"),
    "audit.read": Both("查看审计", "the audit was read"),
}
