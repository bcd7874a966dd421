"""What is wrong with a camera that was found, in words for the person who can put it right. Of one that is
configured already: `drivers.onvif.client`."""

from __future__ import annotations

from edgeagent.driver import DriverProblem, Language

_LANGUAGES: tuple[Language, ...] = ("zh", "en")


def why(problem: DriverProblem) -> dict[str, str]:
    """What a device said or did, as facts of one of the faults below: sentences without their code."""
    texts = {f"why_{language}": problem.sentence(language)[:160] for language in _LANGUAGES}
    return {name: text.rstrip("。.") for name, text in texts.items()}


class NoLogin(DriverProblem):
    code = "discover.no-login"
    en = "it wants a user: give --user and --password-file"
    zh = "需要登录：请用 --user 和 --password-file 指定用户和密码"


class WrongPassword(DriverProblem):
    code = "discover.wrong-password"
    en = "it refuses user {users}: wrong password?{left}"
    zh = "拒绝用户 {users}：密码是否有误？{left}"


class NeedsUser(DriverProblem):
    code = "discover.needs-onvif-user"
    en = (
        "it refuses user {users}: create the ONVIF user on the camera (Hikvision: Network > Advanced > Integration "
        "Protocol), it is not the web user{left}"
    )
    zh = "拒绝用户 {users}：请在摄像机上创建 ONVIF 用户（海康：网络 > 高级配置 > 集成协议），它不同于网页登录用户{left}"


class NotTried(DriverProblem):
    code = "discover.not-tried"
    en = "not logged in: {other} has refused already, and may be the same camera"
    zh = "未尝试登录：{other} 已经拒绝过，可能是同一台摄像机"


class ClockWrong(DriverProblem):
    code = "discover.clock-wrong"
    en = "its clock is {far_en} {direction_en}: set NTP on the camera"
    zh = "时钟{direction_zh} {far_zh}：请在摄像机上设置 NTP 校时"


class NoClock(DriverProblem):
    code = "discover.no-clock"
    en = "it does not tell its time: set its clock (NTP), or a right password may be refused"
    zh = "读不到它的时间：请校准时钟（NTP），否则正确的密码也可能被拒绝"


class NoEvents(DriverProblem):
    code = "discover.no-events"
    en = "it gives no events to pull ({why_en}): switch on motion detection and ONVIF events on it"
    zh = "不提供可拉取的事件（{why_zh}）：请在摄像机上启用移动侦测和 ONVIF 事件"


class NoSlot(DriverProblem):
    code = "discover.no-slot"
    en = "all its event subscriptions are taken (by other recorders?)"
    zh = "事件订阅名额已满（可能被其他录像机占用）"


class NoPicture(DriverProblem):
    code = "discover.no-picture"
    en = "it gives no picture: {why_en}"
    zh = "取不到图片：{why_zh}"


class Silent(DriverProblem):
    code = "discover.silent"
    en = "it answered the search and then no longer: {why_en}; is it in another network (address, mask)?"
    zh = "搜索时有应答，之后连接不上：{why_zh}。是否不在同一网段（地址、掩码）？"


class Watched(DriverProblem):
    code = "discover.watched"
    en = "the running agent watches it: not tested, see `edgeagent status`"
    zh = "正由代理监测，未作测试；请看 edgeagent status"
