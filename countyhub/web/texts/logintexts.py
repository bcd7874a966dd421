"""The texts of logging in, of one's own account, of looking for a reason, and of the audit's page."""

from __future__ import annotations

from gridwire.problem import Both

TEXTS: dict[str, Both] = {
    "login.title": Both("登录", "Log in"),
    "login.name": Both("用户名", "User name"),
    "login.password": Both("密码", "Password"),
    "login.submit": Both("登录", "Log in"),
    "login.over": Both("会话已结束，或尚未登录。请登录后继续。", "Log in to go on."),
    "login.first.title": Both("还没有用户", "There is no user yet"),
    "login.first": Both(
        "汇聚端正在运行，但还没有任何用户。请在本机的终端上新建第一个用户，然后刷新本页：",
        "The hub is running, but nobody can log in yet. Make the first user in a terminal of this machine:",
    ),
    "login.first.link": Both(
        "也可以只生成一个 10 分钟内有效的登录链接：", "Or have a link made that logs in within ten minutes:"
    ),
    "login.first.elsewhere": Both(
        "还没有用户。请联系安装汇聚端的人员，在汇聚端本机上新建。",
        "There is no user yet. Ask whoever installed the hub: the first one is made on that machine itself.",
    ),
    "login.link.submit": Both("登录", "Log in"),
    "login.link.about": Both("此链接只能使用一次。", "This link works once."),
    "account.title": Both("我的账户", "My account"),
    "account.roles": Both("角色", "Roles"),
    "account.person": Both("工号", "Staff number"),
    "account.place": Both("范围", "Sees"),
    "account.place.whole": Both("全县", "the whole county"),
    "account.place.none": Both(
        "登记表显示您今日没有职责，因此看不到任何内容。请联系县中心核对登记表。",
        "The registry has no duty of yours today, so you see nothing. Ask the county centre to look at the registry.",
    ),
    "account.must_change": Both(
        "请先设置自己的密码，然后才能继续。", "Choose a password of your own first, then you can go on."
    ),
    "account.sessions": Both("已登录的设备", "Where you are logged in"),
    "account.since": Both("{since} 起，最近 {seen}", "since {since}, last {seen}"),
    "account.agent": Both("{browser}（{system}）", "{browser} ({system})"),
    "account.agent.other": Both("其他程序", "another program"),
    "account.this": Both("本机", "here"),
    "account.end_others": Both("退出其他设备", "Log the others out"),
    "account.language": Both("语言", "Language"),
    "account.end": Both("退出此设备", "Log this one out"),
    "account.old": Both("现在的密码", "Password now"),
    "account.new": Both("新密码", "New password"),
    "account.again": Both("再输一次新密码", "New password again"),
    "account.rules": Both(
        "至少 {least} 个字符，两类以上字符，不含用户名；{long} 个字符以上不限字符种类。不需要每月更换。",
        "At least {least} characters of two kinds, without your name; from {long} characters on of any kind. There is "
        "no need to change it every month.",
    ),
    "account.change": Both("修改密码", "Change the password"),
    "account.changed": Both("密码已修改，其他设备已退出。", "The password was changed, all others were logged out."),
    "account.different": Both("两次输入的新密码不一致", "The two new passwords are not the same"),
    "account.logout": Both("退出登录", "Log out"),
    "look.title": Both("查看需说明理由", "Looking needs a reason"),
    "look.about": Both(
        "图片和个人信息受保护。您的姓名、时间和理由将写入审计记录，不可更改。",
        "Pictures and personal data are protected. Your name, the time and the reason go into the audit for good.",
    ),
    "look.submit": Both("查看", "Look"),
    "look.back": Both("返回", "Back"),
    "look.pictures": Both("查看图片（{count}）", "look ({count})"),
    "look.reveal": Both("号码已隐去，说明理由后查看", "numbers are masked: look, for a reason"),
    "look.event": Both("已脱敏，说明理由后查看", "masked: look, for a reason"),
    "look.letter": Both("说明理由后查看内容", "look at the content, for a reason"),
    "look.open": Both("{until} 前可再次查看", "open until {until}"),
    "audit.title": Both("审计", "Audit"),
    "audit.number": Both("序号", "No."),
    "audit.at": Both("时间", "Time"),
    "audit.who": Both("操作者", "Who"),
    "audit.kind": Both("操作", "What"),
    "audit.object": Both("对象", "To what"),
    "audit.detail": Both("说明", "Details"),
    "audit.address": Both("来源", "From"),
    "audit.person": Both("工号", "Staff number"),
    "audit.hash": Both("哈希", "Hash"),
    "audit.since": Both("自（含）", "From"),
    "audit.until": Both("至（含）", "To"),
    "audit.verify": Both("校验是否完整", "Verify"),
    "audit.whole": Both(
        "完整：第 {first}-{last} 条，与本机 {anchors} 处链尾一致；链尾 {hash}。请与另处保存的链尾核对。",
        "Whole: rows {first}-{last}, {anchors} anchors of this machine agree; it ends with {hash}. Compare that with "
        "what is kept elsewhere.",
    ),
    "audit.broken": Both("已损坏：第 {number} 条，{what}", "BROKEN at row {number}: {what}"),
    "audit.older": Both("更早", "Older"),
    "audit.empty": Both("没有记录", "Nothing"),
    "users.title": Both("用户", "Users"),
    "users.name": Both("用户名", "User name"),
    "users.roles": Both("角色", "Roles"),
    "users.person": Both("工号", "Staff number"),
    "users.person.about": Both(
        "按登记表中此工号今日以所选角色承担的职责查看和办理",
        "sees and acts as this person's duties of today say",
    ),
    "users.area": Both("限于区划或部门", "At most this area or department"),
    "users.area.about": Both("留空：按工号的职责；无工号时仅全县角色可用", "empty: as the duties say"),
    "users.state": Both("状态", "State"),
    "users.good": Both("有效", "good"),
    "users.must_change": Both("首次登录须改密码", "must change the password"),
    "users.disabled": Both("已停用", "disabled"),
    "users.created": Both("建立", "Made"),
    "users.used": Both("最近登录", "Last log-in"),
    "users.sessions": Both("会话", "Sessions"),
    "users.add": Both("新增用户", "Add a user"),
    "users.add.about": Both(
        "密码由系统随机生成，只显示一次，首次登录须修改。",
        "The password is made here, shown once, and must be changed at the first log-in.",
    ),
    "users.stays": Both(
        "大屏：保持登录 30 天（仅限只能查看的角色）", "a wall screen: logged in for 30 days (roles that only look)"
    ),
    "users.link": Both(
        "不设密码：由系统管理员生成一次性登录链接", "no password: who runs the hub makes a link that logs in once"
    ),
    "users.mine": Both("您自己的密码（确认是本人操作）", "Your own password, to be sure that it is you"),
    "users.change": Both("修改角色和范围", "Change roles and places"),
    "users.more": Both("密码、会话、停用", "Password, sessions, disabling"),
    "users.password": Both("重设密码", "Set a new password"),
    "users.password.once": Both(
        "新密码如下，只显示这一次，首次登录须修改：",
        "The new password, shown this once; it must be changed at the first log-in:",
    ),
    "users.end": Both("终止全部会话", "End all sessions"),
    "users.enable": Both("启用", "Enable"),
    "users.disable": Both("停用", "Disable"),
    "gate.away": Both("数据库暂时无法使用，请稍后再试", "the database cannot be used just now, try again soon"),
    "gate.plain": Both(
        "不能经明文网络访问：请使用 https 地址", "not over an open network: use the address that begins with https"
    ),
    "gate.stranger": Both("请经由代理服务器访问", "come by way of the proxy"),
    "gate.login": Both("请先登录：/login", "log in first: /login"),
    "gate.method": Both("此处不支持该操作", "this is not possible here"),
    "gate.large": Both("表单过大", "the form is too large"),
    "gate.must_change": Both("请先在 /account 设置自己的密码", "choose a password of your own first, at /account"),
    "gate.duty": Both("登记表显示您今日没有职责", "the registry has no duty of yours today"),
    "gate.whole": Both(
        "此页不属于某一区划，只有查看全县的用户可以使用", "this belongs to no area: only for who sees the whole county"
    ),
    "gate.foreign": Both(
        "请求不是从本系统的页面发出，或页面已过期：请返回并刷新页面后重试",
        "this did not come from a page of this console, or the page is old: go back, reload and try again",
    ),
    "gate.right": Both("您的角色（{roles}）没有此项权限", "your role ({roles}) does not have this right"),
}
