"""Texts about limits, what an act does, what has happened since, and the sheet of a case on paper."""

from __future__ import annotations

from gridwire.problem import Both

TEXTS: dict[str, Both] = {
    # how long
    "span.late": Both("已超时 {time}", "{time} over"),
    "span.left": Both("还剩 {time}", "{time} left"),
    "needs.longest.over": Both("最久", "longest:"),
    "span.away": Both("已 {time}", "for {time}"),
    # limits
    "limit.now": Both("现在的时限", "The limit now"),
    "limit.late": Both("亮红灯的原因", "Why it is red"),
    "limit.none": Both("此类事项没有设时限", "No limit is set for this kind of matter"),
    "limit.unclassified": Both("待分类", "to be classified"),
    "limit.unclassified.what": Both(
        "尚未分类：承办单位或上级须在限期内分类，分类后开始计算办理时限",
        "Of no known kind yet: its owner or an office above must classify it; the limits of its kind begin then",
    ),
    "limit.unclassified.none": Both(
        "尚未分类，没有办理时限：请先分类", "Of no known kind yet, and without a limit: classify it"
    ),
    "limit.found": Both("尚未备案，{time} 由系统备案", "Not registered yet; the hub does so at {time}"),
    "limit.paused": Both("已挂起，停止计时", "suspended, the clock stands still"),
    "limit.over": Both("已结束，不再计时", "It is over, nothing runs"),
    "limit.past": Both("已过环节的时限（{count}）", "Limits of earlier steps ({count})"),
    "limit.kept": Both("按时", "in time"),
    "limit.missed": Both("超时 {time}", "{time} late"),
    # what came after the feedback
    "newsignals.title": Both("反馈之后又有新信号", "New signals since it was fed back"),
    "newsignals.what": Both(
        "{count} 条，最近 {time}。办结前请先核实现场。", "{count}, the last at {time}. Find out before you close it."
    ),
    "newsignals.mark": Both("反馈后又有", "after the feedback"),
    "newsignals.checked": Both("以上新信号已核实", "I have looked into these new signals"),
    # what was done, and what an act does
    "done.opened": Both("已上报，案号 {number}", "Reported as {number}"),
    "done.act": Both("已完成：{act}", "Done: {act}"),
    "done.to": Both("现由{office}承办", "it is now with: {office}"),
    "done.waits": Both("等待备案", "it waits to be registered"),
    "hint.to": Both("交给：{office}", "It goes to: {office}"),
    "hint.pass_up": Both(
        "本级办不了，交上一级办理，责任随之转移。", "For what cannot be done here: the office above takes it on."
    ),
    "hint.escalate": Both(
        "本级应办而未办好，请上一级督促接办；计入升级次数，首个承办单位和首次时限不变。",
        "For what should have been done here: the office above takes over; it is counted, first owner and limit stay.",
    ),
    "hint.assign": Both("交给下级或部门办理，办完反馈给您。", "An office below handles it, and feeds back to you."),
    "hint.reassign": Both("换一个单位办理，时限不变。", "Another office handles it, the limits stay."),
    "hint.feed_back": Both("报告办理结果，由交办单位审核办结。", "Report the result to who assigned it."),
    "hint.give_back": Both("不属本单位职责，退回交办单位；一案最多两次。", "Not yours to do; at most twice a case."),
    "hint.close": Both("结案。机器报警的案件办结后不能重开。", "The end. What a machine reported cannot be reopened."),
    "hint.classify": Both("分类决定办理方式和时限。", "The kind decides how it is handled, and the limits."),
    "hint.void": Both("注销误报，不能恢复。", "Takes a false alarm back; cannot be undone."),
    "act.category": Both("事项分类", "Kind of matter"),
    "report.unsure.what": Both(
        "可以不选：上报后由承办单位或上级在限期内分类。", "You may leave it open: it is classified within a limit."
    ),
    # said by the hub
    "said.over": Both("超时自动升级", "moved up by itself: over its limit"),
    "limitname.办结": Both("办结", "close"),
    "limitname.接办": Both("接办", "take up"),
    "limitname.交办": Both("交办", "assign"),
    "limitname.转办": Both("转办", "pass on"),
    "limitname.反馈": Both("反馈", "feed back"),
    "limitname.处置": Both("处置", "handle"),
    "limitname.修复": Both("修复", "repair"),
    "limitname.分类": Both("分类", "classify"),
    "limitname.制止": Both("制止", "stop it"),
    # lists
    "cases.total": Both("共 {count} 件", "{count} in all"),
    "cases.total.more": Both("{count} 件以上", "more than {count}"),
    "cases.mine": Both("待我办理", "Mine to handle"),
    "cases.over": Both("已超时", "Over the limit"),
    "cases.quick": Both("常用", "Quick"),
    "cases.unclassified": Both("待分类", "not classified"),
    "mine.more": Both("全部待我办理的案件", "All that are mine to handle"),
    # on paper
    "sheet.title": Both("案件办理单", "Record of a case"),
    "sheet.now": Both("打印", "Print"),
    "sheet.back": Both("返回案件", "Back to the case"),
    "sheet.course": Both("办理经过", "Course"),
    "sheet.evidence": Both("依据", "Evidence"),
    "sheet.said": Both("反映内容", "What was reported"),
    "sheet.limits": Both("时限", "Limits"),
    "sheet.printed": Both("{name} 打印于 {time}", "Printed by {name}, {time}"),
    "sheet.pictures": Both(
        "另有 {count} 张图片未打印：在案件页说明理由查看后可打印",
        "{count} pictures are not printed: give a reason for them on the case's page first",
    ),
    "sheet.sign.handler": Both("承办人（签字）", "Handled by (signature)"),
    "sheet.sign.checker": Both("审核人（签字）", "Checked by (signature)"),
    "sheet.sign.resident": Both("反映人（签字）", "Reported by (signature)"),
    "sheet.sign.day": Both("日期", "Date"),
    # looking for a reason
    "look.now": Both("已登记理由，正在查看", "Open, the reason is noted"),
    "look.kind": Both("为了什么", "What for"),
    "look.more": Both("具体说明（写明案号或经过）", "In a few words (the case's number, what happened)"),
    "look.case": Both("案件 {number}", "case {number}"),
}
