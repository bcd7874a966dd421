"""What `edgeagent terminal` shows: what each part said, and what was made of it, line by line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from edgeagent.cli.say import say, width
from edgeagent.status.words import word
from gridwire.problem import Language

_NOTES = {
    "agent": (
        "由正在运行的代理转述，照常登记。按 Ctrl-C 结束。",
        "as the running agent hears it; everything counts as always. Ctrl-C ends.",
    ),
    "direct": (
        "代理未运行：直接打开串口，只看不存，签到和求助都不会上报。按 Ctrl-C 结束。",
        "no agent runs: the ports are opened here, nothing is stored, no call for help is sent. Ctrl-C ends.",
    ),
    "agent-gone": ("代理已停止，到此结束。", "the agent has ended, and so does this."),
    "agent-started": ("代理已启动：到此结束，串口交给代理。", "the agent has been started: leaving the ports to it."),
}
_ACTIONS = {
    "rate": ("评价 {0} 分", "rating {0}"),
    "ask": ("办事 {0}", "service {0}"),
    "report": ("上报事件 {0}", "report of {0}"),
    "receipt": ("回执 {0}", "receipt {0}"),
    "point": ("巡查点 {0}", "patrol point {0}"),
    "answers": ("查询答复", "answers for me"),
    "sos": ("求助", "call for help"),
    "cancel": ("取消", "cancel"),
    "unknown": ("配置的 keys 中没有这个键", "a key that is not in `keys`"),
}
_MODES = {"direct": ("直办", "direct"), "proxy": ("代办", "by proxy"), "authorised": ("授权办", "authorised")}
_PAPER = {
    "ok": ("有纸", "has paper"),
    "near-end": ("纸将用尽", "paper runs short"),
    "out": ("缺纸", "no paper"),
    "unknown": ("不报告纸张状态", "says nothing about its paper"),
    "offline": ("脱机（盖子未关？）", "offline (cover open?)"),
}
_KINDS = {
    "checkin": ("签到", "check-in"),
    "request": ("受理", "request"),
    "rating": ("评价", "rating"),
    "sos": ("求助", "call for help"),
}
_OUTCOMES = {
    "already": ("刚刚已登记，不再重复登记", "was stored a moment ago: no second event"),
    "refused": ("不受理：", "refused: "),
    "not-stored": ("未能入库：", "NOT stored: "),
    "waits": ("已识别，等待刷卡或按键", "understood, waits for a card or a key"),
    "tried": ("已识别；测试，不登记", "understood; a test: not stored"),
    "tried-directly": ("已识别；代理未运行，不登记", "understood; nothing is stored without the agent"),
}
_ROSTER = {"verified": ("，在名册中", ", on the roster"), "unverified": ("，不在名册中", ", not on the roster")}
_SHORT_EVENT = 6


def split(text: str, language: Language) -> str:
    """Of `English / 中文` the one; of anything else all."""
    en, found, zh = text.partition(" / ")
    return (zh if language == "zh" else en) if found else text


class Lines:
    """Prints answers as they come; with `as_json` one object a line. Times are shown in `zone`."""

    def __init__(self, device: str, language: Language, zone: tzinfo, *, as_json: bool) -> None:
        self.language, self.as_json = language, as_json
        self._device, self._zone = device, zone
        self._state: tuple[object, ...] = ()
        self._begun, self._direct = False, False
        self._last = 0
        self._column = 8

    def note(self, name: str) -> None:
        """Where it all comes from."""
        self._direct = self._direct or name == "direct"
        zh, en = _NOTES[name]
        self.tell({"type": "note", "name": name, "zh": zh, "en": en}, say(self.language, en=en, zh=zh))

    def tell(self, what: Mapping[str, Any], text: str) -> None:
        """The one or the other."""
        if self.as_json:
            text = json.dumps({"device": self._device, **what}, ensure_ascii=False)
        if text:
            print(_plain(text), flush=True)

    def show(self, answer: Mapping[str, Any]) -> None:
        """One answer of the driver's `watch`."""
        health = answer.get("health", {})
        state = (health.get("state"), health.get("reason"), health.get("detail"))
        if state != self._state:
            self._state = state
            words = [self._device, word(str(health.get("state", "")), self.language), str(health.get("detail") or "")]
            self.tell({"type": "state", **health}, "  ".join(part for part in words if part))
        if not self._begun:
            self._begun = True
            self._column = max([8, *(width(str(part["name"])) for part in answer.get("parts", []))])
            for part in answer.get("parts", []):
                self.tell({"type": "part", **part}, self.part(part))
        if answer.get("missed"):
            count = answer["missed"]
            text = say(self.language, en=f"(too fast: {count} not shown)", zh=f"（来得太快，{count} 条未显示）")
            self.tell({"type": "missed", "count": count}, text)
        for line in answer.get("heard", []):
            self.tell({"type": "heard", **line}, self._line(line))

    def part(self, part: Mapping[str, Any]) -> str:
        """A part as it is now."""
        problem = part.get("problem")
        state = split(str(part.get("text", "")), self.language)
        if problem is None:
            state = say(self.language, en="not heard of yet", zh="尚无消息")
        elif not problem:
            state = say(self.language, en="works", zh="正常")
        return f"  {self._padded(part['name'])}  {part['protocol']}  {part['port']}  {part['baud']}  {state}"

    def _padded(self, name: str) -> str:
        return name + " " * (self._column - width(name))

    def _line(self, line: Mapping[str, Any]) -> str:
        if "of" in line:
            indent = " " * (len("00:00:00.00") + 2)
            whose = "" if line["of"] == self._last else str(line.get("part", "")) + self._colon
            return f"{indent}{self._padded('')}  → {whose}{self.outcome(line)}"
        self._last = line["number"]
        at = datetime.fromisoformat(line["at"]).astimezone(self._zone)
        moment = f"{at:%H:%M:%S}.{at.microsecond // 10000:02d}"
        return f"{moment}  {self._padded(str(line.get('part', '')))}  {self.frame(line)}"

    @property
    def _colon(self) -> str:
        return say(self.language, en=": ", zh="：")

    def _of(self, words: Mapping[str, tuple[str, str]], key: str) -> str:
        zh, en = words.get(key, (key, key))
        return say(self.language, en=en, zh=zh)

    def frame(self, line: Mapping[str, Any]) -> str:
        """What a part said."""
        shown, detail = str(line.get("shown", "")), str(line.get("detail", ""))
        text = split(detail, self.language)
        match line["what"]:
            case "id-card":
                text = say(self.language, en="ID card ", zh="身份证 ") + shown
            case "card":
                text = say(self.language, en="IC card ", zh="IC 卡 ") + shown
            case "code":
                hidden = say(self.language, en="(not shown)", zh="（内容不显示）")
                text = say(self.language, en="code ", zh="码 ") + (shown or hidden)
            case "key":
                source = say(self.language, en="key ", zh="按键 ") if shown else say(self.language, en="code", zh="码")
                text = f"{source}{shown}{self._colon}{self.action(detail)}"
            case "contact":
                change = {"pressed": ("按下", "pressed"), "released": ("松开", "let go")}
                text = f"{say(self.language, en='help button', zh='求助按钮')} {shown}{self._colon}" + self._of(
                    change, detail
                )
            case "paper":
                text = say(self.language, en="printer: ", zh="打印机：") + self._of(_PAPER, detail)
            case "works":
                text = say(self.language, en="works", zh="正常")
            case "noise":
                text = say(
                    self.language,
                    en=f"{detail} bytes and no frame among them: check protocol, baud rate, checksum",
                    zh=f"收到 {detail} 字节，不成帧：请检查协议、波特率、校验",
                )
        return text

    def action(self, text: str) -> str:
        """What a key or a printed code asks for."""
        name, *words = text.split(":")
        if name == "command":
            name, *words = words
        words = [self._of(_MODES, word) if name == "ask" and index else word for index, word in enumerate(words)]
        template = self._of(_ACTIONS, name)
        return template.replace("{0}", " ".join(words))

    def outcome(self, line: Mapping[str, Any]) -> str:
        """What was made of it."""
        detail = str(line.get("detail", ""))
        if line["what"] == "stored":
            return self._stored(line, detail)
        what = "tried-directly" if line["what"] == "tried" and self._direct else str(line["what"])
        return self._of(_OUTCOMES, what) + split(detail, self.language)

    def _stored(self, line: Mapping[str, Any], detail: str) -> str:
        number = str(line.get("event", ""))[-_SHORT_EVENT:]
        text = say(
            self.language,
            en=f"stored: {self._of(_KINDS, str(line.get('kind')))}, number {number}",
            zh=f"已入库：{self._of(_KINDS, str(line.get('kind')))}，编号 {number}",
        )
        if line.get("receipt"):
            text += say(self.language, en=f", receipt {line['receipt']}", zh=f"，回执 {line['receipt']}")
        return text + (self._of(_ROSTER, detail) if detail else "")


def _plain(text: str) -> str:
    """Others' words, harmless on a terminal; several lines stay so."""
    return "".join(char if char.isprintable() or char == "\n" else "?" for char in text)
