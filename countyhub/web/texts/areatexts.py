"""Texts of the pages about cameras, boxes, what is suppressed, unreadable or configured, and of reporting."""

from __future__ import annotations

from gridwire.problem import Both

TEXTS: dict[str, Both] = {
    # cameras
    "cameras.rate": Both("在线率", "Online rate"),
    "cameras.intact": Both("完好率", "Intact rate"),
    "cameras.dark": Both("离线", "Offline"),
    "cameras.dark.sub": Both("盒子在线而摄像机无响应", "its box is there, it does not answer"),
    "cameras.silent": Both("盒子离线", "Box offline"),
    "cameras.silent.sub": Both("现状未知", "nobody knows how they are"),
    "cameras.registered": Both("登记", "Registered"),
    "cameras.registered.sub": Both("登记表中的摄像机", "in the registry"),
    "cameras.unregistered": Both("未登记的盒子", "boxes of no registry"),
    "cameras.list": Both("需要处理的摄像机", "Cameras that need a hand"),
    "cameras.list.order": Both("最久的在前", "longest first"),
    "cameras.worst": Both("最差的在前", "worst first"),
    "cameras.camera": Both("摄像机", "Camera"),
    "cameras.state": Both("状态", "State"),
    "cameras.since": Both("自", "Since"),
    "cameras.online": Both("在线/总数", "Online/all"),
    "cameras.all_fine": Both("在线盒子的摄像机全部完好", "All cameras of the boxes online are intact"),
    "cameras.driver": Both("驱动", "Driver"),
    "cameras.last_picture": Both("最近图片", "Last picture"),
    "cameras.look": Both("说明理由后查看", "look at it, for a reason"),
    "cameras.past": Both("历史", "History"),
    "cameras.past.none": Both("近期没有事件", "No events of late"),
    "cameras.cases": Both("正在办理的案件", "Cases open about it"),
    "cameras.cases.none": Both("没有正在办理的案件", "No case is open about it"),
    "cameras.todo": Both("怎么办", "What to do"),
    "cameras.todo.power": Both(
        "电源：适配器、防雷器、空气开关是否有电；天黑时看红外灯是否亮。",
        "Power: adapter, surge protector, breaker; after dark its infrared lamps should glow.",
    ),
    "cameras.todo.network": Both(
        "网络：网线和交换机；同一交换机上的其他摄像机也离线，多为交换机断电。",
        "Network: cable and switch; where others of the same switch are offline too, it is mostly the switch.",
    ),
    "cameras.todo.address": Both(
        "地址：是否改过 IP 地址或端口、刚恢复过出厂设置。", "Address: was its IP address or port changed, was it reset?"
    ),
    "cameras.todo.password": Both(
        "密码：请用浏览器登录摄像机核对；改过的，把新密码写进盒子的配置。",
        "Password: log in to the camera with a browser; if it was changed, write the new one into the box's settings.",
    ),
    "cameras.todo.locked": Both(
        "账号因多次输错被锁定：等半小时或重启摄像机，再核对密码。",
        "The account is locked after wrong tries: wait half an hour or restart the camera, then check the password.",
    ),
    "cameras.todo.picture": Both(
        "画面：镜头是否被遮挡、沾污、转向或虚焦；到场擦拭、调整后下一轮检查会自动恢复。",
        "Picture: is the lens covered, dirty, turned or out of focus? Once it is put right the next check sees that.",
    ),
    "cameras.todo.try": Both(
        "仍不通：请技术员在盒子上执行 edgeagent camera {device}，看停在哪一步。",
        "Still nothing: have the technician run edgeagent camera {device} on the box; it says which step fails.",
    ),
    "cameras.todo.box": Both(
        "盒子离线，摄像机现状未知：先处理盒子。", "Its box is offline, nobody knows how the camera is: see to the box."
    ),
    # boxes
    "boxes.state": Both("现状", "How it is"),
    "boxes.waiting": Both(
        "至少 {count} 条（截至 {time}）存在盒内待传（不会丢），恢复连接后自动补传",
        "at least {count} (as of {time}) wait in the box and are not lost: they are sent once the link is back",
    ),
    "boxes.waiting.online": Both("{count} 条正在上传", "{count} are being sent"),
    "boxes.missing": Both(
        "缺 {count} 个编号{numbers}：中心按编号发现还没收到，会自动请盒子补发",
        "{count} numbers are missing{numbers}: the hub has not had them, and asks the box for them by itself",
    ),
    "boxes.missing.away": Both(
        "缺 {count} 个编号{numbers}：盒子恢复连接后，中心自动请它补发；其中一部分可能已算在待传内",
        "{count} numbers are missing{numbers}: the hub asks for them once the link is back; some of them may be among"
        " those that wait",
    ),
    "boxes.missing.numbers": Both("（{numbers}）", " ({numbers})"),
    "boxes.last": Both("最近消息 {time}；以下为当时所报", "last message {time}; what follows is as it was then"),
    "boxes.cameras.unknown": Both("未知/{count}", "?/{count}"),
    "boxes.cameras.unknown.why": Both("盒子离线，摄像机现状未知", "its box is offline, nobody knows how they are"),
    "boxes.certificate": Both(
        "证书还有 {days} 天到期，盒子会自动续期", "certificate expires in {days} days; the box renews it by itself"
    ),
    "boxes.certificate.other": Both(
        "证书由县里另行签发，本中心不知道到期日",
        "its certificate was issued elsewhere: this hub does not know when it expires",
    ),
    "boxes.place": Both("村", "Village"),
    "boxes.link": Both("连接", "Link"),
    "boxes.clock": Both("时钟", "Clock"),
    "boxes.clock.right": Both("准确", "right"),
    "boxes.clock.wrong": Both("未校准", "not set"),
    "boxes.data": Both("本月流量", "Data this month"),
    "boxes.days": Both("连接证书剩余天数", "Days of certificate"),
    "boxes.events": Both("全部事件", "all events"),
    "cases.box.drop": Both("不限此盒子", "Not only this box"),
    "boxes.cases": Both("与此盒子有关的案件", "Cases of this box"),
    "boxes.sort": Both("排序", "Sorted by"),
    "boxes.sort.trouble": Both("问题", "trouble"),
    "boxes.sort.place": Both("地点", "place"),
    "boxes.sort.waiting": Both("待传", "waiting"),
    "boxes.sort.missing": Both("缺失", "missing"),
    "boxes.sort.data": Both("流量", "data used"),
    "boxes.sort.version": Both("版本", "version"),
    "boxes.sort.seen": Both("最近消息", "last message"),
    "boxes.sort.days": Both("证书", "certificate"),
    "colon": Both("：", ": "),
    # suppressed
    "suppressed.about": Both("没有单独立案的信号，近 14 天", "signals that made no case of their own, last 14 days"),
    "suppressed.what": Both(
        "这些信号都已保存，只是不另立案件：停电等已知时段内的离线、几分钟内自行恢复的，以及并入已有案件的重复信号。",
        "All of them are kept; they only made no case: offline in a window that is known, well again within "
        "minutes, or one more of what has a case already.",
    ),
    "suppressed.days": Both("按日", "By day"),
    "suppressed.day": Both("日期", "Day"),
    "suppressed.whole": Both("共 {count} 个", "{count} in all"),
    "suppressed.going_on": Both("正在持续的告警 {count} 起", "{count} matters going on"),
    "suppressed.window": Both("时段", "Window"),
    "suppressed.offline-in-window": Both("时段内离线", "Offline in a window"),
    "suppressed.held-down": Both("很快恢复", "Soon well again"),
    "suppressed.repeated": Both("重复", "Repeated"),
    "suppressed.windows": Both("按已知时段", "By window"),
    "suppressed.windows.none": Both("近期没有时段压下信号", "No window has held anything back of late"),
    "suppressed.count": Both("数量", "Count"),
    "suppressed.name": Both("名称", "Name"),
    # dead letters
    "letters.waiting": Both("{count} 条待处理", "{count} wait"),
    "letters.what": Both(
        "收到而中心读不懂的内容，读懂后会补记。",
        "What came and the hub could not read; it is entered once it can be read.",
    ),
    "letters.why": Both("原因", "Why"),
    "letters.size": Both("字节", "Bytes"),
    "letters.last": Both("最近收到", "Last came"),
    # settings
    "settings.about": Both("只读；修改请编辑中心的配置文件", "to look at; change them in the hub's configuration file"),
    "settings.general": Both("基本", "General"),
    "settings.own": Both("已改", "changed"),
    "settings.registry": Both("登记表", "Registry"),
    "settings.revision": Both("第几次导入", "Import number"),
    "settings.areas": Both("区划", "Areas"),
    "settings.grids": Both("网格", "Grids"),
    "settings.boxes": Both("盒子", "Boxes"),
    "settings.calendar": Both("{year} 年工作日历", "Calendar of {year}"),
    "settings.calendar.known": Both("已有", "there"),
    "settings.calendar.missing": Both("缺失：时限按周末推算", "missing: deadlines are reckoned by weekends"),
    # reporting
    "report.title": Both("上报事项", "Report a matter"),
    "report.place": Both("地点", "Where"),
    "report.what": Both("什么事", "What"),
    "report.what.hint": Both("一句话说明，不写个人姓名", "in one line; name nobody"),
    "report.unsure": Both("不确定", "not sure"),
    "report.text": Both("详细情况", "More about it"),
    "report.photos": Both("拍照", "Photos"),
    "report.send": Both("上报", "Report"),
    "report.sending": Both("正在发送…", "sending…"),
    "report.offline": Both(
        "没有网络：内容还在，请稍后再按一次。不会重复立案。",
        "No connection: nothing is lost, press again later. It will not be counted twice.",
    ),
    "report.no_title": Both("请说明什么事", "Say what it is"),
    "report.no_place": Both("请选择您辖区内的地点", "Choose a place that is yours"),
    "report.no_category": Both("没有这个分类", "There is no such category"),
    "report.mine.order": Both("先到期的在前", "soonest due first"),
    "report.mine.none": Both("现在没有待您办理的案件", "No case is yours to handle now"),
    "error.403": Both("您无权查看此页", "This is not for you to see"),
    "error.413": Both("内容过大", "Too large"),
}
