"""What residents, workers and departments of the week write. Invented; nobody in it is anybody."""

from __future__ import annotations

from typing import Final

REPORTS: Final[dict[str, tuple[str, str]]] = {
    "0102": ("村道第三盏路灯不亮，老人夜里出门不便", "已更换灯泡并检查线路，现已亮灯"),
    "0103": ("自来水压力小，三户用不上水", "已清洗过滤网并更换阀门，水压恢复"),
    "0201": ("路口垃圾堆放，有异味", "已清运并消毒，现场已拍照"),
    "0202": ("沟渠有污水直排，颜色发黑", "已封堵排污口，要求业主整改到位"),
    "0203": ("田边有人烧秸秆，烟较大", "已劝导灭火，向农户讲明政策"),
    "0301": ("上下游灌溉用水时间有争议", "已组织双方协商，排定轮灌时间表"),
    "0302": ("稻田出现虫害，请技术员查看", "技术员已到田间指导用药"),
    "0501": ("独居老人两天未见出门，请上门看看", "已上门，老人身体无碍，手机没电"),
    "0601": ("医保报销材料不知如何准备", "已逐项说明并协助备齐材料"),
    "0701": ("两户因宅基地边界堆放杂物争吵", "已调解，双方签字认可"),
}
"""Category of a reported matter -> what the resident says, and what was done about it."""
SERVICE_DONE: Final = ("材料齐全，已当场办结", "已代为提交，审批通过，结果已告知本人", "已办理完毕，请到村站领取回执")
SERVICE_ASKED: Final = "本人办理，材料已备齐；不识字，请联系邻居演示甲"
"""What a resident adds to a request; the neighbour is nobody."""
ALARM_DONE: Final[dict[str, tuple[str, ...]]] = {
    "intrusion": ("已到场，为村民抄近路，已提醒", "已到场查看，无异常，疑为牲畜闯入", "已喊话劝离水边，人员安全"),
    "crowd": ("已到场，村民办喜事，交通秩序正常", "已到场疏导，现场平稳"),
    "tamper": ("镜头被树枝遮挡，已修剪", "镜头蒙尘，已清洁"),
    "signal_lost": ("接头松动，已重新压接",),
    "offline": ("电源适配器损坏，已更换，恢复在线", "交换机掉电，已重新送电"),
    "unstable": ("网线老化，已更换",),
    "site": ("村站停电，来电后恢复正常",),
    "smoke": ("已到场，为烧荒草，已扑灭，无人员受伤",),
}
"""Kind of an alarm -> what was found."""
