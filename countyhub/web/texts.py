"""Every text of the console in Chinese and English, in one table. Chinese words are the ones the counties use.

Here are those of events and boxes. Those of cases, of log-in and of single pages stand in the modules whose names end
in `texts`, those of the menu in `access`; all are in the table with them.
"""

from __future__ import annotations

import importlib
import pkgutil

from countyhub import web
from countyhub.web.access import MENU
from countyhub.web.text import Text
from gridwire.kinds import PICTURE_FAULTS
from gridwire.problem import Language


def _of_others() -> dict[str, Text]:
    """The tables of the other modules here whose names end in `texts`."""
    names = [each.name for each in pkgutil.iter_modules(web.__path__) if each.name.endswith("texts")]
    modules = [importlib.import_module(f"countyhub.web.{name}") for name in names if name != "texts"]
    return {key: said for module in modules for key, said in module.TEXTS.items()}


TEXTS: dict[str, Text] = {
    **_of_others(),
    **{f"nav.{entry.name}": Text(entry.zh, entry.en) for entry in MENU},
    # page
    "centre": Text("县中心", "county centre"),
    "county": Text("{name}", "{name}"),
    "county.unnamed": Text("县级行政区 {code}", "County {code}"),
    "code": Text("区划代码 {code}", "code {code}"),
    "skip": Text("跳到正文", "Skip to the content"),
    "none": Text("无", "none"),
    "unknown": Text("未知", "unknown"),
    # live connection
    "live.on": Text("实时", "Live"),
    "live.connecting": Text("正在连接", "Connecting"),
    "live.broken": Text("连接中断，正在重连", "Connection lost, reconnecting"),
    "live.off": Text("本页不自动更新", "Not live"),
    "live.noscript": Text("未启用脚本：请手动刷新页面", "No script: reload the page to see news"),
    # counts
    "count.boxes": Text("盒子在线", "Boxes online"),
    "count.boxes.sub": Text("失联 {lost} · 停机 {offline}", "{lost} lost · {offline} shut down"),
    "count.cameras": Text("摄像机在线", "Cameras online"),
    "count.cameras.sub": Text("完好 {intact} · 完好率 {rate}", "{intact} intact · {rate}"),
    "count.alarms": Text("今日报警", "Alarms today"),
    "count.alarms.sub": Text("其中严重 {critical}", "{critical} critical"),
    "count.checkins": Text("今日签到", "Check-ins today"),
    "count.checkins.sub": Text("补传 {late}", "{late} came late"),
    "count.missing": Text("缺失编号", "Missing numbers"),
    "count.missing.sub": Text("正在请求补发", "asking again"),
    "count.missing.none": Text("编号连续", "numbers complete"),
    "count.dead": Text("未识别报文", "Unread messages"),
    "count.dead.sub": Text("收到但无法识别", "not understood"),
    "count.dead.none": Text("全部可识别", "all understood"),
    # attention
    "attention.title": Text("需要处理", "Needs attention"),
    "attention.none": Text("没有需要处理的事项", "Nothing needs attention"),
    "attention.todo": Text("怎么办", "What to do"),
    "attention.more": Text("另有 {count} 项", "{count} more"),
    "attention.away": Text("盒子离线", "Box offline"),
    "attention.away.what": Text("盒内已知待传 {count} 条，不会丢", "{count} wait in it and are not lost"),
    "attention.away.todo": Text(
        "先打电话给村里：盒子是否通电，路由器或 SIM 卡是否有信号。断线期间盒子照常记录，恢复后自动补传。"
        "“停机”是盒子自己报告的关机或重启，“失联”没有预告。",
        "Ring the village: has the box power, has the router or SIM a signal? Meanwhile it goes on recording, and "
        "sends all of it later. “Shut down” is what the box has said itself, “lost” came without a word.",
    ),
    "attention.dark": Text("摄像机离线", "Camera offline"),
    "attention.dark.what": Text("盒子在线，摄像机无响应", "its box is there, it does not answer"),
    "attention.dark.todo": Text(
        "依次查看：电源是否有电；网线和交换机（同一交换机上的其他摄像机是否也离线）；地址和密码是否改过。",
        "Look in turn: has it power; cable and switch (are others of the same switch offline?); were its address or "
        "password changed?",
    ),
    "attention.open": Text("打开", "Open"),
    "attention.twin": Text("两台机器使用同一盒子编号", "Two machines under one box id"),
    "attention.twin.what": Text("交替上线 {count} 次", "seen in turns: {count} ×"),
    "attention.twin.todo": Text(
        "多为磁盘被克隆，或同一证书装在两台盒子上。两台的事件都已分开保存，没有丢失或重复。"
        "请停用其中一台，或为它换发编号（如 -2）。",
        "Mostly a cloned disk, or one certificate on two boxes. The events of both are kept apart, none is lost or "
        "doubled. Switch one of them off, or give it an id of its own, such as -2.",
    ),
    "attention.rolled_back": Text("盒子的存储被还原到旧副本", "The box's storage was set back to an older copy"),
    "attention.rolled_back.what": Text(
        "中心已有其后的编号，报告 {count} 次", "the hub has later numbers; told {count} ×"
    ),
    "attention.rolled_back.todo": Text(
        "已上报的事件不受影响，新事件使用新的编号流。还原之前尚未上报的事件可能已随旧存储丢失，请与村里核实。",
        "What had arrived is not affected, and new events go into a new stream. What had not arrived before it was "
        "set back may be gone with the old storage: ask the village.",
    ),
    "attention.boot": Text("启动编号", "boot id"),
    "attention.number_reused": Text("编号重复使用", "Number used twice"),
    "attention.number_reused.what": Text("同一编号收到两种内容 {count} 次", "one number with two contents: {count} ×"),
    "attention.number_reused.todo": Text(
        "多因恢复旧镜像或复制磁盘。请核对是否有两台盒子使用同一证书；中心已要求盒子开始新的编号流，两份内容都已保存。",
        "Mostly a restored image or a cloned disk. Check whether two boxes use one certificate; the box has been told "
        "to begin a new stream, and both contents are kept.",
    ),
    "attention.dead": Text("未识别报文", "Unread messages"),
    "attention.dead.what": Text("{count} 条无法识别", "{count} not understood"),
    "attention.dead.todo": Text(
        "原文已保存，没有丢失。多为盒子版本比中心新：请系统管理员先升级中心，再运行 countyhub deadletter retry。",
        "The originals are kept, nothing is lost. Mostly the box is newer than the hub: who runs it upgrades it, then "
        "runs countyhub deadletter retry.",
    ),
    "attention.missing": Text("缺失编号", "Missing numbers"),
    "attention.missing.what": Text("缺 {count} 个", "{count} missing"),
    "attention.missing.todo": Text(
        "中心会自动请求盒子补发。若一小时后仍未补齐，请检查盒子的网络和磁盘。",
        "The hub asks the box to send them again by itself. If they have not come within an hour, check the box's "
        "network and disk.",
    ),
    "attention.ended": Text("编号流已结束，末尾不明", "Stream ended, tail unknown"),
    "attention.ended.what": Text("最后收到的编号", "last numbers received"),
    "attention.ended.todo": Text(
        "盒子更换或重装后不再保留旧记录，之后的编号是否用过无从得知。请与村里核实当时的情况。",
        "After a replacement or reinstallation the box no longer keeps its old records; whether later numbers were "
        "used cannot be known. Ask the village what happened then.",
    ),
    "attention.asked": Text("{time} 已请求", "asked {time}"),
    "attention.stream": Text("编号流", "stream"),
    "lane.urgent": Text("紧急", "urgent"),
    "lane.alarm": Text("报警", "alarm"),
    "lane.record": Text("记录", "record"),
    "lane.reading": Text("读数", "reading"),
    "lane.media": Text("图片", "picture"),
    # boxes
    "boxes.title": Text("盒子", "Boxes"),
    "boxes.empty": Text("还没有盒子报到", "No box has reported yet"),
    "boxes.empty.todo": Text(
        "盒子第一次连上消息服务器后会自动出现在这里。", "A box appears here by itself once it has reached the broker."
    ),
    "boxes.find": Text("查找村名或编号", "Find by name or code"),
    "link.online": Text("在线", "online"),
    "link.offline": Text("停机", "shut down"),
    "link.lost": Text("失联", "lost"),
    "link.unknown": Text("未知", "unknown"),
    "box.since": Text("{time} 起", "since {time}"),
    "box.stale": Text("（断线前）", "(before the link broke)"),
    "box.waiting": Text("待传", "Waiting"),
    "box.missing": Text("缺失", "Missing"),
    "box.version": Text("版本", "Version"),
    "box.seen": Text("最近消息", "Last message"),
    "box.reason": Text("原因", "Reason"),
    "box.devices": Text("设备 {up}/{total} 正常", "{up} of {total} devices up"),
    "box.devices.down": Text("{count} 台离线", "{count} offline"),
    "box.no_devices": Text("尚无设备信息", "No devices reported yet"),
    "box.picture": Text("画面异常", "bad picture"),
    "list.comma": Text("、", ", "),
    "box.clock": Text("时钟未校准", "Clock not set"),
    "box.disk": Text("磁盘将满：仅余 {size}", "Disk nearly full: {size} left"),
    "box.data": Text("本月流量 {size}", "{size} this month"),
    "data.0": Text("流量充足，不作限制", "data budget in order, nothing is limited"),
    "data.1": Text("流量偏紧：图片已缩小", "data budget short: pictures are smaller"),
    "data.2": Text(
        "流量紧张：报警暂不带图片，事件照常上报", "data budget shorter: alarms come without pictures, events as ever"
    ),
    "data.3": Text(
        "流量将尽：不发图片，状态每小时一报，事件照常上报",
        "data budget all but used: no pictures, health once an hour, events as ever",
    ),
    "device.up": Text("正常", "up"),
    "device.degraded": Text("受限", "degraded"),
    "device.down": Text("离线", "offline"),
    "device.starting": Text("启动中", "starting"),
    "device.unknown": Text("未知", "unknown"),
    # events
    "events.title": Text("事件", "Events"),
    "events.order": Text("按到达先后，新的在上", "in order of arrival, newest first"),
    "events.empty": Text("还没有事件", "No events yet"),
    "events.empty.filtered": Text("没有符合筛选条件的事件", "No event matches the filter"),
    "events.older": Text("更早的事件", "Older events"),
    "events.newest": Text("回到最新", "Back to the newest"),
    "filter.box": Text("盒子", "Box"),
    "filter.type": Text("类型", "Type"),
    "filter.all_boxes": Text("全部盒子", "All boxes"),
    "filter.all_types": Text("全部类型", "All types"),
    "filter.apply": Text("筛选", "Filter"),
    "filter.title": Text("筛选条件", "Filter by"),
    "field.day": Text("年-月-日", "YYYY-MM-DD"),
    "field.pick_day": Text("从日历选择", "Choose from a calendar"),
    "field.pick_files": Text("选择文件", "Choose files"),
    "field.files": Text("个文件", "files"),
    "type.alarm": Text("报警", "Alarm"),
    "type.checkin": Text("签到", "Check-in"),
    "type.sos": Text("紧急求助", "SOS"),
    "type.device": Text("设备状态", "Device"),
    "type.request": Text("群众诉求", "Request"),
    "type.rating": Text("评价", "Rating"),
    "severity.critical": Text("严重", "critical"),
    "severity.warning": Text("警告", "warning"),
    "severity.notice": Text("提示", "notice"),
    "severity.info": Text("信息", "info"),
    "state.start": Text("开始", "start"),
    "state.end": Text("结束", "end"),
    "alarm.source": Text("来源 {name}", "source {name}"),
    "alarm.object": Text("目标 {name}", "target {name}"),
    "sos.start": Text("有人按下求助按钮", "SOS button pressed"),
    "sos.end": Text("求助按钮已复位", "SOS button released"),
    "device.event.up": Text("设备恢复", "device up again"),
    "device.event.degraded": Text("设备受限", "device degraded"),
    "device.event.down": Text("设备离线", "device offline"),
    "device.blind": Text("无人值守时段 {start} 至 {end}", "nothing was seen from {start} to {end}"),
    "checkin.done": Text("{who} 签到", "{who} checked in"),
    "checkin.somebody": Text("持卡人", "card holder"),
    "checkin.verified": Text("名册内", "on the roster"),
    "checkin.unverified": Text("名册外", "not on the roster"),
    "method.card": Text("IC 卡", "IC card"),
    "method.id": Text("身份证", "identity card"),
    "method.qr": Text("扫码", "QR code"),
    "slot.morning": Text("上午巡查", "morning patrol"),
    "slot.afternoon": Text("下午巡查", "afternoon patrol"),
    "mode.direct": Text("直办", "direct"),
    "mode.proxy": Text("代办", "by proxy"),
    "mode.authorised": Text("授权办", "authorised"),
    "mode.report": Text("上报事项", "matter reported"),
    "request.item": Text("事项 {item}", "item {item}"),
    "receipt": Text("回执 {receipt}", "receipt {receipt}"),
    "rating.score": Text("{score} 分（满分 5 分）", "{score} of 5"),
    "time.happened": Text("发生", "happened"),
    "time.received": Text("收到", "received"),
    "time.recorded": Text("盒子记录", "box recorded"),
    "time.recorded.unsynced": Text("盒子时钟", "box's clock"),
    "mark.unsynced.why": Text(
        "盒子没有从网络对上时间，发生时间按它自己的时钟，可能有误；收到时间由中心记录，是准的。",
        "The box has not had the time from the network: when it happened is by its own clock and may be wrong. When it "
        "was received is by the hub’s clock and right.",
    ),
    "mark.late": Text("补传", "came late"),
    "mark.unsynced": Text("时钟未校准", "clock not set"),
    "mark.corrected": Text("时间已校正", "time corrected"),
    "mark.uncorrected": Text("真实时间未知", "true time unknown"),
    "mark.drill": Text("演练", "drill"),
    "mark.at_start": Text("开机时已存在", "on before start"),
    "picture.of": Text("{device} 抓拍", "Picture from {device}"),
    "picture.coming": Text("图片传输中", "picture on its way"),
    "picture.close": Text("关闭", "Close"),
    # reasons of a device that is down (stable codes of the drivers)
    "reason.refused": Text("连接被拒绝", "connection refused"),
    "reason.timeout": Text("无响应", "no answer"),
    "reason.unreachable": Text("网络不通", "unreachable"),
    "reason.wrong-password": Text("密码错误", "wrong password"),
    "reason.locked": Text("账号被锁定", "account locked"),
    "reason.stop": Text("正常停止", "stopped"),
    "reason.restart": Text("重启", "restart"),
    # errors
    "error.title": Text("无法显示", "Cannot be shown"),
    "error.404": Text("没有这个页面或图片", "There is no such page or picture"),
    "error.405": Text("此处只可查看", "This console is read-only"),
    "error.400": Text("请求有误：{detail}", "Bad request: {detail}"),
    "error.503": Text("数据库暂时无法读取，请稍后再试", "The database cannot be read just now, try again soon"),
    "error.host": Text(
        "不接受主机名“{host}”：请把它加入中心配置 [web] 的 names。",
        "Host name “{host}” is not accepted: add it to `names` in [web] of the hub's configuration.",
    ),
    "error.back": Text("回到首页", "Back to the console"),
    **{f"fault.{name}": Text(said.zh, said.en) for name, said in PICTURE_FAULTS.items()},
}
"""Key -> both texts. A test holds that both use the same placeholders."""


def text(key: str, language: Language, **facts: object) -> str:
    """The text of `key`; raises `KeyError` for a key that is not in the table (a programmer's mistake)."""
    entry = TEXTS[key]
    return (entry.zh if language == "zh" else entry.en).format_map(facts)


def word(prefix: str, value: str, language: Language) -> str:
    """The text of `prefix.value`, or the value itself: devices may send words that the table does not know."""
    return text(f"{prefix}.{value}", language) if f"{prefix}.{value}" in TEXTS else value
