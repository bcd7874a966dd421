"""docs/check.md: every check of the box and of the hub, what it finds, and what to do; both languages."""

from __future__ import annotations

from collections.abc import Iterable

from countyhub.checks.catalogue import CHECKS as HUB_CHECKS
from edgeagent.checks.catalogue import CHECKS
from gridwire.problem import Problem
from reference.tables import table

_HEAD = """# 检查：edgeagent check、countyhub check · Checks

盒子上出了问题，先执行 `edgeagent check`；县里执行 `countyhub check`。每项一行：正常、注意（以后会出问题）、故障
（现在就有事件没有记录、没有上报或没有监测），并说明怎么办。有故障时退出码为 78，只有注意项时为 0。检查不作任何
改动。

On a box run `edgeagent check`, at the county `countyhub check`. One line each: ok, WARN (something will go
wrong if nobody acts), FAIL (something is not recorded, not sent or not watched now), and what to do. Exit code
78 when something fails, 0 with warnings alone. Nothing is changed.

| | |
| --- | --- |
| `--only NAME` | 只做该项，可重复 · only this check; may be repeated |
| `--offline` | 不访问网络和设备 · no network, no devices |
| `--json` | 输出 JSON，含稳定的代码 · JSON with stable codes |
| `edgeagent check --only config &&`<br>`systemctl reload edgeagent` | 改完配置后只查文件 · after a change |

代理在运行时，由它来回答：会话、串口和摄像机的订阅都只能有一个使用者。没有运行时才直接检查，其间锁住数据目录。
`hub` 一项把一条县里已有的事件再发一次，县里按编号识别，不会重复入库，但会再次确认。盒子用证书登录时，服务器把每
次登录都当作这个盒子的会话，所以代理运行时从不另行登录；`tls` 一项在登录之前就断开。

While the agent runs it is asked, for session, ports and subscriptions have room for one only. Where none runs
the box is looked at directly, with its store locked meanwhile. `hub` sends once more an event that the county
has already: it is known there by its number, stored no second time, and acknowledged again. With certificates
the broker takes every login for the box's own session; so nobody else logs in while the agent runs, and `tls`
ends before the login.

没有代理运行时，不能搜索设备的驱动会试运行至多 15 秒。试运行在单独的进程中进行，身份是数据目录的所有者，因此
sudo 检查不会在数据目录中留下 root 的文件；驱动出错、卡住或崩溃也只是一项故障。

Where no agent runs, a driver that cannot search is tried for 15 s at most: in a process of its own, as the user
to whom the store belongs, so that a check by sudo leaves no file of root's there. A driver that raises, blocks or
crashes is one more verdict.

`flash` 读取 eMMC 的寿命信息（内核公开，任何用户可读）。SD 卡不提供寿命信息。固态硬盘的 SMART 不在检查之列：读取
需要 root 直接访问磁盘，服务本身没有也不应有此权限，各厂商的属性含义也不同。请安装 smartmontools：smartctl -a
/dev/sda 查看，smartd 持续监测。

`flash` reads what an eMMC tells of its wear, which the kernel shows to everybody. SD cards tell nothing. SMART of
an SSD is not read: it takes root with raw access to the disk, which the service has not and must not have, and
what the attributes mean differs from vendor to vendor. smartmontools does it well: smartctl -a /dev/sda shows,
smartd watches.

`edgeagent config diff` 显示文件与默认值、与运行中的代理有何不同。`edgeagent support-bundle` 把设置（不含密码）、
状态、检查结果、一天的日志、待发库的数字、版本和硬件打成一个 tar.gz；密码、姓名、卡号、证件号码已去除，不含事件
和图片。

`edgeagent config diff` shows what the files set otherwise than the defaults, and than the running agent has
it. `edgeagent support-bundle` packs settings without secrets, state, checks, a day's log, numbers of the
outbox, versions and hardware into one tar.gz; passwords, names, card and identity numbers are taken out,
events and pictures are not in it.
"""


def text() -> str:
    """The whole page."""
    lines = [_HEAD]
    for title, checks in (("edgeagent check", CHECKS), ("countyhub check", HUB_CHECKS)):
        lines += [f"## {title}", ""]
        for check in checks:
            lines += [f"### {check.name}", "", f"{check.zh}。{check.en[:1].upper()}{check.en[1:]}.", ""]
            lines += [*_faults(check.faults), ""] if check.faults else []
    return "\n".join(lines).rstrip() + "\n"


def _faults(faults: Iterable[type[Problem]]) -> list[str]:
    levels = {"fail": "故障 fail", "warn": "注意 warn"}
    rows = [[levels[getattr(each, "level", "fail")], f"`{each.code}`", each.zh, each.en] for each in faults]
    return table(["", "code 代码", "中文", "English"], rows)
