"""What the printer prints, in the words of the village: receipts, answers, notices. Pure. The numbers of receipts come
from `receiptnumbers`; `printer` prints.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from drivers.terminal.actions import CODE_PREFIX
from drivers.terminal.frames.escpos import Line, receipt
from edgeagent.driver import Answer, Language, Notice

MAX_NOTICES = 5
MAX_NOTICE_CHARS, MAX_ANSWER_CHARS = 200, 2000
"""A slip is some decimetres of paper, not metres: the whole notice hangs on the board."""
FiledAs = Literal["direct", "proxy", "authorised", "report"]
_TEXTS: dict[str, dict[Language, str]] = {
    "checkin": {"zh": "签到成功", "en": "Checked in"},
    "unverified": {"zh": "未登记人员，由网格中心核实", "en": "Not on the roster, to be verified"},
    "request": {"zh": "受理回执", "en": "Request received"},
    "report": {"zh": "事件上报回执", "en": "Matter reported"},
    "number": {"zh": "编号", "en": "Number"},
    "waiting": {"zh": "已登记，待上传", "en": "Stored here, not yet sent"},
    "sent": {"zh": "已登记，已提交", "en": "Stored and being sent"},
    "rate": {"zh": "办结后请扫此码评价", "en": "Scan this code to rate the result"},
    "answer": {"zh": "答复", "en": "Answer"},
    "notices": {"zh": "民情公示栏", "en": "Notice board"},
    "nothing": {"zh": "暂无新的答复", "en": "No answer yet"},
    "trial": {"zh": "打印测试", "en": "Test slip"},
    "drill": {"zh": "【演练】", "en": "[DRILL] "},
    "privacy": {"zh": "个人信息告知", "en": "On personal data"},
    "mode-direct": {"zh": "直办", "en": "direct"},
    "mode-proxy": {"zh": "代办", "en": "by proxy"},
    "mode-authorised": {"zh": "授权办", "en": "authorised"},
}


def word(key: str, language: Language) -> str:
    """A text of the slips."""
    return _TEXTS[key][language]


class Slips:
    """Makes the bytes of each slip. `place`: the terminal's name, for its head."""

    def __init__(self, language: Language, zone: ZoneInfo, place: str, *, drill: bool = False) -> None:
        self._language, self._zone, self._place, self._drill = language, zone, place, drill

    def checked_in(self, now: datetime, masked: str, name: str, number: str, *, verified: bool, online: bool) -> bytes:
        lines = [*self._head("checkin", now), Line(f"{name or masked}")]
        if not verified:
            lines.append(self._line("unverified"))
        return receipt([*lines, *self._tail(number, online)])

    def requested(self, now: datetime, what: str, number: str, event: str, *, mode: FiledAs, online: bool) -> bytes:
        """`number` is the receipt's; it stands in the QR code by which the result is rated."""
        lines = [*self._head("report" if mode == "report" else "request", now), Line(what)]
        if mode != "report":
            lines.append(self._line(f"mode-{mode}"))
        lines.append(Line(number, True, True))
        return receipt([*lines, *self._tail(event, online), self._line("rate")], f"{CODE_PREFIX}receipt:{number}")

    def answers(self, now: datetime, answers: Iterable[Answer], notices: Iterable[Notice]) -> bytes:
        """What has been answered, and what stands on the board."""
        lines = [*self._head("answer", now)]
        found = list(answers)
        for answer in found:
            lines += [Line(f"{self._word('number')} {answer.receipt}"), *_paragraphs(answer.text, MAX_ANSWER_CHARS)]
            lines.append(Line(""))
        if not found:
            lines.append(self._line("nothing"))
        shown = [notice for notice in notices if notice.expires is None or notice.expires > now][:MAX_NOTICES]
        if shown:
            lines.append(Line(self._word("notices"), True, True))
        for notice in shown:
            lines += [Line(notice.title), *_paragraphs(notice.text, MAX_NOTICE_CHARS), Line("")]
        return receipt(lines)

    def trial(self, now: datetime) -> bytes:
        return receipt([*self._head("trial", now), Line("村网格 0123456789 ABC abc", True)])

    def privacy(self, now: datetime, text: str) -> bytes:
        return receipt([*self._head("privacy", now), *_paragraphs(text)])

    def _word(self, key: str) -> str:
        return word(key, self._language)

    def _line(self, key: str) -> Line:
        return Line(self._word(key))

    def _head(self, title: str, now: datetime) -> list[Line]:
        mark = self._word("drill") if self._drill else ""
        local = now.astimezone(self._zone).strftime("%Y-%m-%d %H:%M")
        return [Line(mark + self._word(title), True, True), Line(self._place, centred=True), Line(local)]

    def _tail(self, event: str, online: bool) -> list[Line]:
        return [Line(f"{self._word('number')} {event}"), self._line("sent" if online else "waiting")]


def _paragraphs(text: str, max_chars: int = MAX_ANSWER_CHARS) -> list[Line]:
    shown = text if len(text) <= max_chars else text[: max_chars - 1] + "…"
    return [Line(line) for line in shown.splitlines()]
