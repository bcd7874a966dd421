"""Everything that is noted in the audit, by kind; a further one is one more line."""

from __future__ import annotations

from typing import Final

from countyhub.lifecycle.state import Name

KINDS: Final[dict[str, Name]] = {
    "login": Name("登录", "logged in"),
    "login.failed": Name("登录失败", "a log-in failed"),
    "login.held": Name("登录被暂停", "log-ins are held back"),
    "logout": Name("退出", "logged out"),
    "session.ended": Name("会话被终止", "sessions were ended"),
    "password.set": Name("设置密码", "a password was set"),
    "user.added": Name("新增用户", "a user was made"),
    "user.changed": Name("修改用户", "a user was changed"),
    "user.disabled": Name("停用用户", "a user was disabled"),
    "user.enabled": Name("启用用户", "a user was enabled"),
    "user.link": Name("生成登录链接", "a log-in link was made"),
    "case.act": Name("办理案件", "an act on a case"),
    "picture.looked": Name("查看图片", "a picture was looked at"),
    "personal.revealed": Name("查看个人信息", "personal data was uncovered"),
    "export": Name("导出", "an export"),
    "token.added": Name("新建令牌", "a token was made"),
    "token.revoked": Name("吊销令牌", "a token was revoked"),
    "settings.changed": Name("修改设置", "a setting was changed"),
    "registry.imported": Name("导入登记表", "the registry was imported"),
    "hook.changed": Name("修改推送", "a webhook was changed"),
    "board.changed": Name("更新公示栏", "a notice board was changed"),
    "box.identity": Name("盒子身份变更", "a box's identity was changed"),
    "box.order": Name("向盒子下达指令", "an order to a box"),
    "command": Name("执行命令", "a command on the hub itself"),
    "refused": Name("拒绝越权", "something was refused"),
    "audit.pruned": Name("清理过期审计", "old rows of the audit were given up"),
    "audit.read": Name("查看审计", "the audit was read"),
}
