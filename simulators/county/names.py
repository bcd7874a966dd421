"""Invented names: of places, of people, of departments, services and kinds of matters."""

from __future__ import annotations

from random import Random
from typing import Literal

_FIRST = "青松石柳枫桐云溪岚谷禾麦棠榆竹桂莲荷鹤鹭鹿雁星月晴霁沙泉潭湾岭坪洲渡桥塘井磨田禄瑞"
_SECOND = "山水溪河湾坪冲塘岭坡坳洞桥井田园林场畈垸"
_FAMILY = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"
_GIVEN = "安平和宁康乐文武明亮春夏秋冬梅兰竹菊松柏江河山林云雨雪晴立志成功达远"

DEPARTMENTS = (
    "政务服务中心", "公安局", "民政局", "司法局", "人力资源局", "自然资源局", "生态环境局", "住房建设局",
    "交通运输局", "水利局", "农业农村局", "文旅局", "卫生健康局", "退役军人局", "应急管理局", "市场监管局",
    "林业局", "医保局", "残联",
)  # fmt: skip
"""The 19 departments of a county, by index as `CATEGORIES` and `SERVICES` name them."""

Ledger = Literal["livelihood", "special_needs", "stability"]
Handling = Literal["at_once", "within_limit", "pass_upward"]

CATEGORIES: tuple[tuple[str, Ledger, tuple[tuple[str, Handling, int], ...]], ...] = (
    (
        "公共设施",
        "livelihood",
        (("道路损坏", "within_limit", 8), ("路灯不亮", "within_limit", 7), ("饮水故障", "within_limit", 9)),
    ),
    (
        "环境卫生",
        "livelihood",
        (("垃圾堆放", "at_once", 6), ("污水直排", "within_limit", 6), ("秸秆焚烧", "at_once", 6)),
    ),
    ("农业生产", "livelihood", (("灌溉纠纷", "within_limit", 9), ("病虫害", "within_limit", 10))),
    (
        "社会救助",
        "special_needs",
        (("低保申请", "within_limit", 2), ("临时救助", "within_limit", 2), ("残疾人服务", "within_limit", 18)),
    ),
    ("老人儿童", "special_needs", (("独居老人求助", "at_once", 2), ("留守儿童照料", "at_once", 2))),
    ("卫生医保", "livelihood", (("医保报销", "within_limit", 17), ("家庭医生", "within_limit", 12))),
    (
        "矛盾纠纷",
        "stability",
        (("邻里纠纷", "within_limit", 3), ("土地纠纷", "pass_upward", 5), ("家庭纠纷", "within_limit", 3)),
    ),
    ("治安防范", "stability", (("入侵报警", "at_once", 1), ("人员聚集", "at_once", 1))),
    ("应急安全", "stability", (("火情", "at_once", 14), ("水位超限", "at_once", 9), ("求助报警", "at_once", 14))),
    (
        "设备设施",
        "stability",
        (
            ("摄像机故障", "within_limit", 0),
            ("终端故障", "within_limit", 0),
            ("停电断网", "within_limit", 0),
            ("遮挡破坏", "at_once", 1),
        ),
    ),
    ("便民服务", "livelihood", (("服务事项", "within_limit", 0),)),
)
"""Group, ledger (cameras serve safety, so do their faults), and its kinds with handling class and department."""

ALARMS = {
    "smoke": "火情", "fire": "火情", "water_level": "水位超限", "sos": "求助报警", "request": "服务事项",
    "intrusion": "入侵报警", "line_crossing": "入侵报警", "illegal_access": "入侵报警", "crowd": "人员聚集",
    "tamper": "遮挡破坏", "signal_lost": "摄像机故障", "picture": "摄像机故障", "hardware_failure": "摄像机故障",
    "storage_failure": "摄像机故障", "offline": "摄像机故障", "unstable": "摄像机故障", "site": "停电断网",
    "township": "停电断网", "motion": "", "person": "", "vehicle": "",
}  # fmt: skip
"""Kind of alarm -> the kind of matter that it becomes; empty: only shown."""

URGENT = frozenset({"停电断网"})
"""Kinds that have hours, although nobody settles them at once."""

SERVICES = (
    "低保申请", "临时救助", "高龄津贴", "残疾补贴", "医保参保", "医保报销", "养老认证", "社保卡办理",
    "生育登记", "老年优待证", "宅基地申请", "建房审批", "林木采伐", "农机补贴", "粮食补贴", "危房改造",
    "法律援助", "人民调解", "居住证明", "婚育证明", "户口迁移", "身份证代办", "退役优待", "就业登记",
    "失业登记", "技能培训", "小额贷款", "营业执照", "食品经营", "水电报装", "用水报修", "道路报修",
    "路灯报修", "环境投诉", "噪声投诉", "动物防疫", "病虫害上报", "学籍证明", "助学申请", "医疗救助",
    "慢病登记", "家庭医生签约", "殡葬补贴", "党员关系", "志愿服务",
)  # fmt: skip
"""45: 21 direct, 21 by proxy, 3 authorised."""


def places(random: Random, count: int) -> list[str]:
    """Names of places, no two alike, two characters each."""
    every = sorted({first + second for first in _FIRST for second in _SECOND if first != second})
    if count > len(every):
        raise ValueError(f"there are names for {len(every)} places, not for {count}")
    return random.sample(every, count)


def person(random: Random) -> str:
    return random.choice(_FAMILY) + "".join(random.sample(_GIVEN, random.choice((1, 2))))
