"""Why something cannot be done with the cases that are kept, beside the lifecycle's own refusals."""

from __future__ import annotations

from countyhub.lifecycle.refusals import InputWrong, NotNow, Refused


class NotThere(Refused):
    code = "case.not-there"
    en = "there is no case {number} here"
    zh = "这里没有案件 {number}"


class NoSuchPerson(Refused):
    code = "case.no-such-person"
    en = "{person} has no duty in the registry on {day}: who acts must be registered with a role and a place"
    zh = "登记表中 {person} 在 {day} 没有任何职责：操作人须先登记角色和范围"


class NotTheRole(Refused):
    code = "case.not-the-role"
    en = "{person} is not registered as {role} on {day}"
    zh = "登记表中 {person} 在 {day} 没有“{role}”这一角色"


class KeyTaken(NotNow):
    code = "case.open-already"
    en = "case {number} about the same matter is open: go on there"
    zh = "同一事项已有在办案件 {number}：请在该案中继续办理"


class SignalsSince(NotNow):
    code = "case.signals-since"
    en = "since it was fed back there were new signals, the last at {last}: look into them before you close it"
    zh = "反馈之后又有新信号（最近 {last}）：请核实现场后再办结"


class TargetUnknown(InputWrong):
    code = "case.target-unknown"
    en = "{target} is not in the registry today: choose an office that is"
    zh = "今日登记表中没有 {target}：请选择登记表中的单位"


class CategoryUnknown(InputWrong):
    code = "case.category-unknown"
    en = "the registry knows no kind of matter {category} today"
    zh = "今日登记表中没有事项分类 {category}"


class TargetElsewhere(InputWrong):
    code = "case.target-elsewhere"
    en = "{target} does not belong to the office that gives the case away"
    zh = "{target} 不隶属于交办单位，不能交办"


class AttachmentTooLarge(Refused):
    code = "case.attachment-too-large"
    en = "the file has {size} bytes, {max_bytes} are allowed: make the picture smaller, or split the document"
    zh = "文件有 {size} 字节，最多 {max_bytes} 字节：请缩小图片或拆分文档"


class AttachmentEmpty(InputWrong):
    code = "case.attachment-empty"
    en = "the file is empty"
    zh = "文件是空的"


class AttachmentKind(Refused):
    code = "case.attachment-kind"
    en = "“{name}” is neither a picture (JPEG, PNG, WebP, GIF) nor a PDF: only these can be attached"
    zh = "“{name}”既不是图片（JPEG、PNG、WebP、GIF）也不是 PDF：只能附上这几种文件"


class TooManyAttachments(NotNow):
    code = "case.too-many-attachments"
    en = "the case has {count} attachments already, more are not taken"
    zh = "此案已有 {count} 个附件，不能再加"
