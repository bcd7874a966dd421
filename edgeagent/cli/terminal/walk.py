"""`edgeagent terminal --test`: walks a technician through every part, one after the other, and says what is wrong.

The part whose turn it is is on trial: what is read there is stored nowhere. A help button is the exception: its call is
stored, marked as a drill, and travels to the county like any other.
"""

from __future__ import annotations

import contextlib
import select
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from edgeagent.cli.say import say, table
from edgeagent.cli.terminal.ask import Asked
from edgeagent.cli.terminal.lines import Lines, split
from gridwire.problem import Problem

ASK_EVERY_S = 0.5
ANSWER_S = 120.0
Verdict = Literal["ok", "failed", "skipped"]
_MARKS: dict[Verdict, str] = {"ok": "✓", "failed": "✗", "skipped": "-"}
_WISHES = {
    "sam_idcard": ("请把身份证放在读卡器上", "put an ID card on the reader"),
    "icem": ("请刷 IC 卡", "show an IC card"),
    "em_ascii": ("请刷 EM 卡", "show an EM card"),
    "line": ("请扫任意一个码", "scan any code"),
    "keymap": ("请按评价器上任意一个键", "press any key of the keypad"),
}


class Result(NamedTuple):
    part: str
    protocol: str
    port: str
    verdict: Verdict
    text: str


class Step:
    """What has come of one part while it waits: enough to say why the right thing did not."""

    def __init__(self, part: Mapping[str, Any], lines: Lines) -> None:
        self._part, self._lines, self._language = part, lines, lines.language
        self._why = ""

    def take(self, line: Mapping[str, Any]) -> bool:
        """Whether this is what was waited for."""
        what = line["what"]
        if what in ("id-card", "card", "code"):
            return True
        if what == "key":
            if line.get("detail") != "unknown":
                return True
            self._why = self._lines.frame(line)
        if what in ("noise", "refused"):
            self._why = self._lines.frame(line) if what == "noise" else self._lines.outcome(line)
        return False

    def why(self, part: Mapping[str, Any], seconds: float) -> str:
        """Why nothing has come; `part`: as it is now."""
        nothing = say(self._language, en=f"nothing within {seconds:g} s: ", zh=f"{seconds:g} 秒内没有收到：")
        if part.get("problem"):
            return nothing + split(str(part["text"]), self._language)
        if self._why:
            return nothing + self._why
        where = f"{part['baud']}, {part['port']}"
        return nothing + say(
            self._language,
            en=f"check wiring, baud rate and port ({where})",
            zh=f"请检查接线、波特率 {part['baud']}、端口 {part['port']}",
        )


class Walk:
    """One test of a whole terminal; `run` gives the exit code: 0 when every part did what it should."""

    def __init__(self, asked: Asked, lines: Lines, seconds: float) -> None:
        self._asked, self._lines, self._seconds, self._language = asked, lines, seconds, lines.language
        self._last = -1
        self._reads_input = True

    def run(self) -> int:
        answer = self._asked.ask("watch", after=-1, wait_s=0.0)
        self._last = int(answer["last"])
        parts: Sequence[Mapping[str, Any]] = answer["parts"]
        self._say(
            "intro",
            en="Testing: nothing read now counts, help buttons are stored as a drill. Enter skips a part, Ctrl-C ends.",
            zh="开始测试：读到的内容不计入签到，求助按钮以“演练”上报。按回车跳过，按 Ctrl-C 结束。",
        )
        results: list[Result] = []
        try:
            for number, part in enumerate(parts, 1):
                heading = f"[{number}/{len(parts)}] {part['name']}  {part['protocol']}  {part['port']}"
                self._lines.tell({"type": "step", "part": part["name"]}, f"\n{heading}")
                results += self._try(part)
        finally:
            with contextlib.suppress(Problem):  # the agent may have gone; the trial ends by itself
                self._asked.ask("end")
            self._show(results)
        return 0 if all(result.verdict == "ok" for result in results) else 1

    def _try(self, part: Mapping[str, Any]) -> list[Result]:
        wish = _WISHES.get(str(part["protocol"]))
        if wish is not None:
            return [self._await(part, say(self._language, en=wish[1], zh=wish[0]))]
        if part["buttons"]:
            return [self._await_button(part, button) for button in part["buttons"]]
        return [self._hear_of(part) if part["role"] == "sensor" else self._confirm(part)]

    def _say(self, kind: str, *, en: str, zh: str) -> None:
        self._lines.tell({"type": kind, "zh": zh, "en": en}, say(self._language, en=en, zh=zh))

    # -- parts that send -------------------------------------------------------------------------------------------

    def _await(self, part: Mapping[str, Any], wish: str) -> Result:
        self._invite(part, wish)
        step = Step(part, self._lines)
        found = self._wait(part, step.take)
        if isinstance(found, str):
            return self._result(part, "ok", say(self._language, en=f"received: {found}", zh=f"收到：{found}"))
        if found is None:
            return self._result(part, "skipped", say(self._language, en="skipped", zh="已跳过"))
        return self._result(part, "failed", step.why(found, self._seconds))

    def _await_button(self, part: Mapping[str, Any], button: str) -> Result:
        wish = say(self._language, en=f"press the help button “{button}”", zh=f"请按求助按钮“{button}”")

        def pressed(line: Mapping[str, Any]) -> bool:
            return line["what"] == "contact" and line.get("shown") == button and line.get("detail") == "pressed"

        self._invite(part, wish)
        found = self._wait(part, pressed)
        if isinstance(found, str):
            return self._result(part, "ok", say(self._language, en=f"received: {found}", zh=f"收到：{found}"))
        if found is None:
            return self._result(part, "skipped", say(self._language, en="skipped", zh="已跳过"))
        return self._result(part, "failed", Step(part, self._lines).why(found, self._seconds))

    def _invite(self, part: Mapping[str, Any], wish: str) -> None:
        """Ask the person to do it. On trial already: who is quick would else check in, or call for help in earnest."""
        self._asked.ask("watch", after=self._last, wait_s=0.0, test=part["name"])  # what it tells is told again
        self._lines.tell({"type": "wish", "part": part["name"], "text": wish}, f"  {wish} …")

    def _wait(self, part: Mapping[str, Any], fits: Any) -> str | Mapping[str, Any] | None:
        """What came, in words; None when it was skipped; the part as it is now when nothing came in time."""
        ends_s, now = time.monotonic() + self._seconds, part
        while (left_s := ends_s - time.monotonic()) > 0:
            wait_s = min(ASK_EVERY_S, left_s)
            answer = self._asked.ask("watch", after=self._last, wait_s=wait_s, test=part["name"])
            self._last = int(answer["last"])
            now = next((each for each in answer["parts"] if each["name"] == part["name"]), part)
            for line in answer["heard"]:
                if line.get("part") != part["name"]:
                    continue
                if fits(line):
                    return self._lines.frame(line)
                if line["what"] in ("problem", "noise", "key", "works"):
                    self._lines.tell({"type": "heard", **line}, f"    {self._lines.frame(line)}")
            if self._line(0.0) is not None:
                return None
        return now

    def _hear_of(self, part: Mapping[str, Any]) -> Result:
        """A part that is asked all the time: whether it answers is known already."""
        if part.get("problem") == "":
            return self._result(part, "ok", say(self._language, en="answers", zh="有应答"))
        return self._result(part, "failed", Step(part, self._lines).why(part, self._seconds))

    # -- parts that do ---------------------------------------------------------------------------------------------

    def _confirm(self, part: Mapping[str, Any]) -> Result:
        """Have it print or sound, and ask the person."""
        self._asked.ask("try", part=part["name"])
        zh, en = {
            "printer": ("测试小票打印出来了吗？听到响声了吗？", "has a test slip come out, and a tone sounded?"),
            "beeper": ("听到响声了吗？", "has a tone sounded?"),
        }.get(str(part["role"]), ("警报器响了吗？", "does the siren sound?"))
        question = say(self._language, en=f"{en} [y/n] ", zh=f"{zh}[y/n] ")
        self._lines.tell({"type": "question", "part": part["name"], "text": question}, f"  {question}")
        answer = self._line(ANSWER_S)
        parts = self._asked.ask("watch", after=self._last, wait_s=0.0)["parts"]
        now = next((each for each in parts if each["name"] == part["name"]), part)
        problem = split(str(now.get("text", "")), self._language)
        if answer and answer.strip().lower() in ("y", "yes", "是", "有"):
            return self._result(part, "ok", problem or say(self._language, en="confirmed", zh="已确认"))
        unseen = say(self._language, en="nobody has seen or heard it", zh="没有人看到或听到")
        advice = say(self._language, en="check paper, cover, wiring and baud rate", zh="请检查纸张、盖子、接线和波特率")
        comma = say(self._language, en=": ", zh="：")
        return self._result(part, "failed", unseen + comma + (problem or advice))

    # -- the person ------------------------------------------------------------------------------------------------

    def _line(self, wait_s: float) -> str | None:
        """A line that was typed within that time; None when there is none, or nobody to type."""
        if not self._reads_input or not select.select([sys.stdin], [], [], wait_s)[0]:
            return None
        line = sys.stdin.readline()
        self._reads_input = bool(line)
        return line or None

    def _result(self, part: Mapping[str, Any], verdict: Verdict, text: str) -> Result:
        result = Result(str(part["name"]), str(part["protocol"]), str(part["port"]), verdict, text)
        self._lines.tell({"type": "result", **result._asdict()}, f"  {_MARKS[verdict]} {text}")
        return result

    def _show(self, results: Sequence[Result]) -> None:
        good = sum(result.verdict == "ok" for result in results)
        rows: list[tuple[str, ...]] = [(_MARKS[each.verdict], each.part, each.protocol, each.text) for each in results]
        if rows and not self._lines.as_json:
            print("\n" + "\n".join(table(rows)))
        self._say("summary", en=f"{good} of {len(results)} work", zh=f"共 {len(results)} 项，{good} 项正常")
