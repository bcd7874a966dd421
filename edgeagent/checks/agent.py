"""`agent`: does it run? Much of what follows is asked of it, because only one may hold session, ports and cameras."""

from __future__ import annotations

from collections.abc import Iterable

from edgeagent.checks.check import Check
from edgeagent.checks.scene import Scene
from edgeagent.status.words import duration
from gridwire.verdict import Fault, Line, found, passed


class NotRunning(Fault):
    code = "check.agent-stopped"
    level = "warn"
    en = (
        "the agent does not run: nothing is recorded. systemctl start edgeagent; journalctl -u edgeagent tells why "
        "it ended"
    )
    zh = "代理没有运行，不会记录任何事件：请执行 systemctl start edgeagent；退出原因见 journalctl -u edgeagent"


class NotAllowed(Fault):
    code = "check.agent-silent"
    level = "warn"
    en = (
        "the agent runs but does not answer us: try again as root (sudo edgeagent check); if you are, systemctl "
        "restart edgeagent"
    )
    zh = (
        "代理在运行，但不应答：请以 root 身份重试（sudo edgeagent check）；已是 root 则执行 systemctl restart edgeagent"
    )


class OtherSettings(Fault):
    code = "check.agent-other-settings"
    level = "warn"
    en = (
        "the agent runs with other settings than the files have (edgeagent config diff): systemctl reload "
        "edgeagent, or restart it"
    )
    zh = "代理运行所用的设置与文件不一致（见 edgeagent config diff）：请执行 systemctl reload edgeagent 或重启"


def _look(scene: Scene) -> Iterable[Line]:
    if not scene.agent_runs:
        yield found(NotRunning())
        return
    if scene.running is None:
        yield found(NotAllowed())
        return
    status = scene.running.status
    if status.config_hash != scene.loaded.hash:
        yield found(OtherSettings())
        return
    since_en, since_zh = duration(status.uptime_s, "en"), duration(status.uptime_s, "zh")
    yield passed(f"版本 {status.version}，已运行 {since_zh}", f"version {status.version}, up for {since_en}")


CHECK = Check(
    "agent",
    "代理正在运行、有应答，且设置与文件一致",
    "the agent runs, answers, and has the settings of the files",
    _look,
    (NotRunning, NotAllowed, OtherSettings),
)
