"""How the parts of one terminal are, and the one state of the device that follows from it."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from edgeagent.driver import Device, Language, OutboxFull, State

log = logging.getLogger(__name__)

_RETRY_REPORT_S = 5.0
_TEXTS: dict[str, dict[Language, str]] = {
    "missing": {"en": "not plugged in", "zh": "未插入"},
    "unplugged": {"en": "unplugged", "zh": "已拔出"},
    "unreachable": {"en": "the serial server does not answer", "zh": "串口服务器无应答"},
    "busy": {"en": "the port is used by another program", "zh": "串口被其他程序占用"},
    "refused": {"en": "no permission to open the port", "zh": "没有打开串口的权限"},
    "write-timeout": {"en": "does not take bytes", "zh": "写入超时"},
    "failed": {"en": "the port does not work", "zh": "串口故障"},
    "no-answer": {"en": "does not answer; check wiring and baud rate", "zh": "无应答，请检查接线和波特率"},
    "refuses": {
        "en": "refuses the address; check unit, function and address",
        "zh": "拒绝该地址，请检查 unit、function、address",
    },
    "paper-out": {"en": "no paper", "zh": "缺纸"},
    "paper-near-end": {"en": "paper runs short", "zh": "纸将用尽"},
    "printer-offline": {"en": "printer offline (cover open?)", "zh": "打印机脱机（盖子未关？）"},
    "printer-mute": {
        "en": "says nothing about its paper; slips may not appear",
        "zh": "不报告纸张状态，小票可能未打印",
    },
    "garbage": {"en": "line garbage, check the baud rate", "zh": "收到乱码，请检查波特率"},
    "second-read-refused": {
        "en": "gives no second read; require_second_read = false accepts one",
        "zh": "读卡器不支持二次读取，可设置 require_second_read = false",
    },
}


@dataclass(frozen=True)
class Summary:
    """What is reported of the device."""

    state: State
    reason: str = ""
    detail: str = ""


class Parts:
    """The states of the parts. `note` is called whenever something is known; `report_changes` tells the agent."""

    def __init__(self, names: Iterable[str], on_note: Callable[[str, str], None] = lambda part, problem: None) -> None:
        self._on_note = on_note
        self._problems: dict[str, str | None] = dict.fromkeys(names)
        self._unknown = set(self._problems)
        self._changed = asyncio.Event()

    def note(self, part: str, problem: str = "") -> None:
        """A part works ("") or has a problem, one of the stable reasons."""
        if problem == "missing" and self._problems[part] == "unplugged":
            return  # the same thing, seen again when the port is to be opened
        if self._problems[part] != problem:
            log.log(logging.WARNING if problem else logging.INFO, "%s: %s", part, problem or "works")
            self._problems[part] = problem
            self._unknown.discard(part)
            self._on_note(part, problem)
            self._changed.set()

    def problem_of(self, part: str) -> str | None:
        """Its problem, empty when it works, None before it was heard of."""
        return self._problems[part]

    def summary(self, language: Language) -> Summary | None:
        """The device's state, None until every part has been heard of."""
        if self._unknown:
            return None
        bad = {part: problem for part, problem in self._problems.items() if problem}
        if not bad:
            return Summary("up")
        first = next(iter(bad))
        detail = "; ".join(f"{part}: {_TEXTS[problem][language]}" for part, problem in bad.items())
        return Summary("down" if len(bad) == len(self._problems) else "degraded", f"{first}-{bad[first]}", detail)

    async def report_changes(self, device: Device) -> None:
        """Report each change of the device's state, until cancelled."""
        reported: Summary | None = None
        while True:
            await self._changed.wait()
            self._changed.clear()
            summary = self.summary(device.language)
            if summary is None or summary == reported:
                continue
            try:
                await device.report(summary.state, summary.reason, summary.detail)
                reported = summary
            except OutboxFull as problem:
                log.warning("%s", problem)
                await asyncio.sleep(_RETRY_REPORT_S)
                self._changed.set()
