"""The alarm kinds: one row each, all there is to say of a kind; used by drivers, rules, hub and pages.

A kind that is not in the table is still a valid kind on the wire (a newer box may know more).
"""

from __future__ import annotations

from typing import NamedTuple

from gridwire.problem import Both


class Kind(NamedTuple):
    """One kind.

    `seen`: what a camera sees of its one view, however many topics it tells that in; rules merge them.
    `by_input`: of a sensor; two inputs of one device are two things, and a state without an end lasts a day.
    `never_held`: no rule holds back its start or its end. What is sent before all others is another matter, of the
    event's type and not of the kind: the lanes in `events.EVENT_TYPES`.
    `with_power`: what a camera also says when its site loses power or network, part of that outage while it lasts.
    `opens_case`: somebody has to see to it, unless the county's `alarms.csv` says otherwise. What moved, came or went
    is shown: a county has thousands of these a day, and people would soon close cases unread.
    """

    zh: str
    en: str
    seen: bool = False
    by_input: bool = False
    never_held: bool = False
    with_power: bool = False
    opens_case: bool = False


KINDS: dict[str, Kind] = {
    "motion": Kind("移动侦测", "motion", seen=True),
    "person": Kind("人员出现", "person", seen=True),
    "vehicle": Kind("车辆出现", "vehicle", seen=True),
    "animal": Kind("动物出现", "animal", seen=True),
    "face": Kind("人脸出现", "face seen", seen=True),
    "object": Kind("目标出现", "object", seen=True),
    "line_crossing": Kind("越界", "line crossing", seen=True),
    "intrusion": Kind("区域入侵", "intrusion", seen=True, opens_case=True),
    "loitering": Kind("徘徊", "loitering", seen=True),
    "counter": Kind("计数", "count"),
    "crowd": Kind("人员聚集", "crowd", seen=True, opens_case=True),
    "tamper": Kind("遮挡破坏", "tampering", seen=True, with_power=True, opens_case=True),
    "scene_change": Kind("场景变更", "scene change", seen=True, with_power=True),
    "too_dark": Kind("画面过暗", "too dark", seen=True, with_power=True),
    "too_bright": Kind("画面过亮", "too bright", seen=True, with_power=True),
    "too_blurry": Kind("画面模糊", "too blurry", seen=True, with_power=True),
    "signal_lost": Kind("视频丢失", "signal lost", seen=True, with_power=True, opens_case=True),
    "picture": Kind("画面异常", "picture fault", seen=True, with_power=True, opens_case=True),
    "digital_input": Kind("开关量报警", "digital input", by_input=True),
    "relay": Kind("继电器动作", "relay", by_input=True),
    "storage_failure": Kind("存储故障", "storage failure", opens_case=True),
    "network_failure": Kind("网络故障", "network failure", with_power=True),
    "hardware_failure": Kind("设备故障", "hardware failure", opens_case=True),
    "illegal_access": Kind("非法访问", "illegal access", opens_case=True),
    "sound": Kind("声音异常", "sound", by_input=True),
    "temperature": Kind("温度异常", "temperature", by_input=True, opens_case=True),
    "water_level": Kind("水位", "water level", by_input=True, opens_case=True),
    "smoke": Kind("烟雾", "smoke", by_input=True, never_held=True, opens_case=True),
    "fire": Kind("火情", "fire", by_input=True, never_held=True, opens_case=True),
    "door": Kind("门磁", "door", by_input=True),
    "other": Kind("其他", "other", by_input=True),
}


def kind_name(kind: str, language: str) -> str:
    """The kind's name for people; the kind itself when the table does not know it."""
    name = KINDS.get(kind)
    if name is None:
        return kind
    return name.zh if language == "zh" else name.en


PICTURE_FAULTS: dict[str, Both] = {
    "black": Both("黑屏", "black"),
    "white": Both("过曝", "white"),
    "blur": Both("模糊失焦", "blurred"),
    "noise": Both("雪花噪声", "noise"),
    "cast": Both("偏色", "colour cast"),
    "stripes": Both("条纹干扰", "stripes"),
    "covered": Both("遮挡", "covered"),
    "moved": Both("移位", "moved"),
    "frozen": Both("画面冻结", "frozen"),
    "signal_loss": Both("无信号", "no signal"),
    "corrupt": Both("花屏破损", "corrupt"),
}
"""What can be wrong with a picture (视频质量诊断): `faults` in health, `object` of alarms of kind `picture`."""
