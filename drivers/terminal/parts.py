"""How the parts of one terminal are, and the one state of the device that follows from it.

A loose plug must not fill the outbox: the more often the state changes, the later the next change is told.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from edgeagent.driver import Device, Language, OutboxFull, State

log = logging.getLogger(__name__)

_RETRY_REPORT_S = 5.0
_MAX_DETAIL = 500
_ALIVE = frozenset({"paper-out", "paper-near-end", "printer-offline", "printer-mute", "second-read-refused"})
"""Problems of a part that is there and speaks, or may."""
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
    "faulty": {"en": "reports a fault of its own", "zh": "设备自身故障"},
    "bad": {"en": "cannot be used", "zh": "无法使用"},
    "second-read-refused": {
        "en": "gives no second read; require_second_read = false accepts one",
        "zh": "读卡器不支持二次读取，可设置 require_second_read = false",
    },
}


def problem_text(problem: str) -> str:
    """A problem in both languages, `English / 中文`."""
    return f"{_TEXTS[problem]['en']} / {_TEXTS[problem]['zh']}" if problem else ""


@dataclass(frozen=True)
class Summary:
    """What is reported of the device."""

    state: State
    reason: str = ""
    detail: str = ""


class Pace:
    """How long to wait with the next change: not at all while they are few, then ever longer, up to 5 min. Pure."""

    FREE, FIRST_S, LAST_S, QUIET_S = 8, 5.0, 300.0, 60.0

    def __init__(self) -> None:
        self._changes, self._last_s = 0, 0.0

    @property
    def wait_s(self) -> float:
        over = self._changes - self.FREE
        return 0.0 if over < 0 else float(min(self.LAST_S, self.FIRST_S * 2 ** min(over, 16)))

    def told(self, now_s: float) -> None:
        """A change was told now. A while without any, and they are few again."""
        if now_s - self._last_s > max(self.QUIET_S, 2 * self.wait_s):
            self._changes = 0
        self._changes, self._last_s = self._changes + 1, now_s


class Parts:
    """The states of the parts. `note` is called whenever something is known; `report_changes` tells the agent.

    `names`: the parts. What is `beside` them, e.g. a roster, may have problems too; nobody waits to hear of it, and
    it does not make the terminal `down`.
    """

    def __init__(
        self,
        names: Iterable[str],
        on_note: Callable[[str, str], None] = lambda part, problem: None,
        beside: Iterable[str] = (),
    ) -> None:
        self._on_note = on_note
        self._names = tuple(names)
        self._problems: dict[str, str | None] = {**dict.fromkeys(beside, ""), **dict.fromkeys(self._names)}
        self._details: dict[str, str] = {}
        self._unknown = set(self._names)
        self._changed = asyncio.Event()

    def note(self, part: str, problem: str = "", detail: str = "") -> None:
        """A part works ("") or has a problem, one of the stable reasons; `detail`: which of several, for people."""
        if problem == "missing" and self._problems[part] == "unplugged":
            return  # the same thing, seen again when the port is to be opened
        if (self._problems[part], self._details.get(part, "")) != (problem, detail):
            log.log(logging.WARNING if problem else logging.INFO, "%s: %s %s", part, problem or "works", detail)
            self._problems[part], self._details[part] = problem, detail
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
        first = next((part for part in bad if part in self._names), next(iter(bad)))
        detail = "; ".join(f"{part}: {self._text(part, problem, language)}" for part, problem in bad.items())
        gone = all((self._problems[part] or "works") not in {"works", *_ALIVE} for part in self._names)
        return Summary("down" if gone else "degraded", f"{first}-{bad[first]}", detail[:_MAX_DETAIL])

    def _text(self, part: str, problem: str, language: Language) -> str:
        detail = self._details.get(part, "")
        return _TEXTS[problem][language] + (f" ({detail})" if detail else "")

    async def report_changes(self, device: Device) -> None:
        """Report each change of the device's state, until cancelled."""
        reported: Summary | None = None
        pace = Pace()
        while True:
            await self._changed.wait()
            await asyncio.sleep(pace.wait_s)
            self._changed.clear()
            summary = self.summary(device.language)
            if summary is None or summary == reported:
                continue
            try:
                await device.report(summary.state, summary.reason, summary.detail)
                reported = summary
                pace.told(asyncio.get_running_loop().time())
            except OutboxFull as problem:
                log.warning("%s", problem)
                await asyncio.sleep(_RETRY_REPORT_S)
                self._changed.set()
