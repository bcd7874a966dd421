"""Why an act is not possible, for people: the text beside a greyed button. A refusal is returned, not raised."""

from __future__ import annotations

from gridwire.problem import Problem


class Refused(Problem):
    """Base of all refusals: `InputWrong`, `NotNow`, or one whose answer says more (`api.problems`)."""


class InputWrong(Refused):
    """What was said with the act is missing or wrong; said otherwise, the act may be possible as things stand."""


class NotNow(Refused):
    """As things stand it is not possible, whatever is said with it."""


class UnknownAct(InputWrong):
    code = "case.unknown-act"
    en = "there is no act “{act}”"
    zh = "没有“{act}”这项操作"


class Stale(NotNow):
    code = "case.stale"
    en = "somebody else has just changed this case (version {found}, you saw {expected}): look at it again"
    zh = "此案刚被他人更新（现为第 {found} 版，您看到的是第 {expected} 版）：请刷新后再操作"


class WrongStage(NotNow):
    code = "case.wrong-stage"
    en = "the case stands at “{stage_en}”, {act_en} is possible at: {from_en}"
    zh = "此案处于“{stage_zh}”，只有以下环节可以{act_zh}：{from_zh}"


class NotYours(Refused):
    code = "case.not-yours"
    en = "only {who_en} may do this"
    zh = "此操作只限：{who_zh}"


class Paused(NotNow):
    code = "case.paused"
    en = "the case is suspended: resume it first"
    zh = "此案已挂起，请先恢复"


class NotPaused(NotNow):
    code = "case.not-paused"
    en = "the case is not suspended"
    zh = "此案没有挂起"


class PauseAsked(NotNow):
    code = "case.pause-asked"
    en = "suspension is asked for already: one level up must answer"
    zh = "已申请挂起，等待上一级答复"


class PauseNotAsked(NotNow):
    code = "case.pause-not-asked"
    en = "nobody has asked for suspension"
    zh = "没有人申请挂起"


class SamePerson(NotNow):
    code = "case.same-person"
    en = "who asks for suspension cannot agree to it"
    zh = "申请挂起的人不能自己同意"


class TextMissing(InputWrong):
    code = "case.text-missing"
    en = "write down the reason or the result"
    zh = "请填写原因或结果"


class TargetMissing(InputWrong):
    code = "case.target-missing"
    en = "say to whom"
    zh = "请选择承办单位"


class TargetForeign(InputWrong):
    code = "case.target-foreign"
    en = "{target_en} cannot be given this case from here: assign downwards, along its route or to a department"
    zh = "不能从这里交办给{target_zh}：只能沿来路向下，或交给所属部门"


class NobodyAbove(NotNow):
    code = "case.nobody-above"
    en = "the case is at the county already: nobody is above"
    zh = "此案已到县中心，没有上一级"


class NobodyBelow(NotNow):
    code = "case.nobody-below"
    en = "nobody to assign to from here: handle it, give it back or pass it up"
    zh = "本级之下没有可交办的单位：请处置、退单或上报"


class ReturnedTwice(NotNow):
    code = "case.returned-twice"
    en = "the case was given back twice already: handle it or have it escalated"
    zh = "此案已退单两次，不能再退：请处置或申请升级"


class NobodyAssigned(NotNow):
    code = "case.nobody-assigned"
    en = "nobody assigned this case: there is nobody to give it back to"
    zh = "此案不是交办来的，无处可退"


class FeedbackFirst(NotNow):
    code = "case.feedback-first"
    en = "feed back to who assigned it first: {giver_en}"
    zh = "请先向交办单位反馈：{giver_zh}"


class FeedbackDone(NotNow):
    code = "case.feedback-done"
    en = "feedback has arrived at who assigned first: close it, or have it done again"
    zh = "反馈已到最初的交办单位：请办结，或退回重办"


class MustPassUp(NotNow):
    code = "case.must-pass-up"
    en = "matters of this class are not handled here: pass it up"
    zh = "此类事项本级不能处置，请上报"


class NotAtOnce(NotNow):
    code = "case.not-at-once"
    en = "this class cannot be settled on the spot: {handling_en}"
    zh = "此类事项不能即收即办，属于“{handling_zh}”"


class ProxyNeedsOffice(NotNow):
    code = "case.proxy-needs-office"
    en = "a service by proxy is decided by the office above: pass it up or assign it first"
    zh = "代办事项须由上级单位办理：请先上报或交办"


class AuthorityMissing(InputWrong):
    code = "case.authority-missing"
    en = "name the department whose authority is used"
    zh = "授权办事项请注明授权部门"


class NotAResidents(NotNow):
    code = "case.not-a-residents"
    en = "only what a resident reported can be opened again: report a new matter"
    zh = "只有群众反映的事项可以返工，请重新上报"


class TooLate(NotNow):
    code = "case.too-late"
    en = "the 7 days in which it can be opened again are over: report a new matter"
    zh = "已超过 7 天，不能返工：请重新上报"


class TooEarly(NotNow):
    code = "case.too-early"
    en = "the resident may say “not solved” for 7 days: archive it afterwards"
    zh = "群众 7 天内可以提出“未解决”，期满后才能归档"


class NotOver(NotNow):
    code = "case.not-over"
    en = "no limit is over, or the case was escalated for it already"
    zh = "没有新的超时，不自动升级（每个时限只升级一次）"


class ParentMissing(InputWrong):
    code = "case.parent-missing"
    en = "say which case it belongs to; a case cannot belong to itself"
    zh = "请指明并入的主案；不能并入自身"


class ParentEnded(NotNow):
    code = "case.parent-ended"
    en = "case {parent} is closed or belongs to another case itself"
    zh = "主案 {parent} 已办结，或本身已并入他案"


class HasChildren(NotNow):
    code = "case.has-children"
    en = "{count} cases belong to this one: it cannot belong to another"
    zh = "已有 {count} 件案件并入此案，此案不能再并入他案"


class NotAChild(NotNow):
    code = "case.not-a-child"
    en = "no case {child} belongs to this one, or it belongs to it already"
    zh = "案件 {child} 未并入此案，或已在其中"


class CategoryMissing(InputWrong):
    code = "case.category-missing"
    en = "say of which kind the matter is"
    zh = "请选择事项分类"


class Classified(NotNow):
    code = "case.classified"
    en = "the kind of this matter is known already"
    zh = "此案已有分类"


class NoSuchClock(InputWrong):
    code = "case.no-such-clock"
    en = "there is no running limit “{clock}” that is met by hand; there are: {known}"
    zh = "没有可以手工达成的时限“{clock}”；现有：{known}"
