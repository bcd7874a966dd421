"""The alarm kinds and their names for people: one table, used by drivers, rules, hub and pages.

A kind that is not in the table is still a valid kind on the wire (a newer box may know more).
"""

from __future__ import annotations

from typing import NamedTuple


class KindName(NamedTuple):
    zh: str
    en: str


KINDS: dict[str, KindName] = {
    "motion": KindName("移动侦测", "motion"),
    "person": KindName("人员出现", "person"),
    "vehicle": KindName("车辆出现", "vehicle"),
    "animal": KindName("动物出现", "animal"),
    "face": KindName("人脸出现", "face seen"),
    "object": KindName("目标出现", "object"),
    "line_crossing": KindName("越界", "line crossing"),
    "intrusion": KindName("区域入侵", "intrusion"),
    "loitering": KindName("徘徊", "loitering"),
    "counter": KindName("计数", "count"),
    "crowd": KindName("人员聚集", "crowd"),
    "tamper": KindName("遮挡破坏", "tampering"),
    "scene_change": KindName("场景变更", "scene change"),
    "too_dark": KindName("画面过暗", "too dark"),
    "too_bright": KindName("画面过亮", "too bright"),
    "too_blurry": KindName("画面模糊", "too blurry"),
    "signal_lost": KindName("视频丢失", "signal lost"),
    "picture": KindName("画面异常", "picture fault"),
    "digital_input": KindName("开关量报警", "digital input"),
    "relay": KindName("继电器动作", "relay"),
    "storage_failure": KindName("存储故障", "storage failure"),
    "network_failure": KindName("网络故障", "network failure"),
    "hardware_failure": KindName("设备故障", "hardware failure"),
    "illegal_access": KindName("非法访问", "illegal access"),
    "sound": KindName("声音异常", "sound"),
    "temperature": KindName("温度异常", "temperature"),
    "water_level": KindName("水位", "water level"),
    "smoke": KindName("烟雾", "smoke"),
    "fire": KindName("火情", "fire"),
    "door": KindName("门磁", "door"),
    "other": KindName("其他", "other"),
}


def kind_name(kind: str, language: str) -> str:
    """The kind's name for people; the kind itself when the table does not know it."""
    name = KINDS.get(kind)
    if name is None:
        return kind
    return name.zh if language == "zh" else name.en


PICTURE_FAULTS: dict[str, KindName] = {
    "black": KindName("黑屏", "black"),
    "white": KindName("过曝", "white"),
    "blur": KindName("模糊失焦", "blurred"),
    "noise": KindName("雪花噪声", "noise"),
    "cast": KindName("偏色", "colour cast"),
    "stripes": KindName("条纹干扰", "stripes"),
    "covered": KindName("遮挡", "covered"),
    "moved": KindName("移位", "moved"),
    "frozen": KindName("画面冻结", "frozen"),
    "signal_loss": KindName("无信号", "no signal"),
    "corrupt": KindName("花屏破损", "corrupt"),
}
"""What can be wrong with a picture (视频质量诊断): `faults` in health, `object` of alarms of kind `picture`."""
