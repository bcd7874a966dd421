"""What `edgeagent camera` shows: notifications as a camera sent them, and what became of them, line by line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo
from typing import Any

from edgeagent.cli.say import say
from edgeagent.rules.reasons import REASONS
from edgeagent.status.words import word
from gridwire.kinds import kind_name
from gridwire.problem import Language

_INDENT = " " * 14
_CHANGES = {"start": ("开始", "start"), "end": ("结束", "end"), "pulse": ("一次", "once")}
_NOTES = {
    "agent": (
        "由正在运行的代理转述，不占用摄像机的订阅名额。按 Ctrl-C 结束。",
        "as the running agent hears it; takes no place at the camera. Ctrl-C ends.",
    ),
    "direct": (
        "代理未运行：直接向摄像机订阅，只看不存。从现在起计算间隔等规则。按 Ctrl-C 结束。",
        "no agent runs: asking the camera directly, storing nothing; the rules know nothing of before. Ctrl-C ends.",
    ),
    "agent-gone": ("代理已停止，到此结束。", "the agent has ended, and so does this."),
    "agent-started": (
        "代理已启动：到此结束，摄像机交给代理。",
        "the agent has been started: leaving the camera to it.",
    ),
}


class Lines:
    """Prints answers as they come; with `as_json` one object a line. Times are shown in `zone`."""

    def __init__(self, device: str, language: Language, zone: tzinfo, *, as_json: bool) -> None:
        self.language, self.as_json = language, as_json
        self._device, self._zone = device, zone
        self._state: tuple[object, ...] = ()
        self._begun = False
        self._direct = False

    def note(self, name: str) -> None:
        """Where it all comes from."""
        self._direct = name == "direct"
        zh, en = _NOTES[name]
        if self.as_json:
            self._print_json("note", {"name": name, "zh": zh, "en": en})
        else:
            print(say(self.language, en=en, zh=zh), flush=True)

    def show(self, answer: Mapping[str, Any]) -> None:
        """One answer of the driver's `watch`, with `health` and `info` of the device."""
        health = answer.get("health", {})
        state = (health.get("state"), health.get("reason"), health.get("detail"))
        if state != self._state:
            self._state = state
            self._show_state(health, answer.get("info", {}))
        if not self._begun:
            self._begun = True
            self._show_on(answer.get("on", []))
        if answer.get("missed"):
            self._show_missed(answer["missed"])
        for heard in answer.get("heard", []):
            if self.as_json:
                self._print_json("heard", heard)
            else:
                print("\n".join(self._heard(heard)), flush=True)

    def _print_json(self, kind: str, what: Mapping[str, Any]) -> None:
        print(json.dumps({"type": kind, "device": self._device, **what}, ensure_ascii=False), flush=True)

    def _show_state(self, health: Mapping[str, Any], info: Mapping[str, Any]) -> None:
        if self.as_json:
            self._print_json("state", {**health, "info": info})
            return
        what = " ".join(str(info[name]) for name in ("maker", "model", "firmware") if info.get(name))
        words = [self._device, word(str(health.get("state", "")), self.language), what, str(health.get("detail", ""))]
        print("  ".join(_plain(text) for text in words if text), flush=True)

    def _show_on(self, lit: list[Mapping[str, str]]) -> None:
        if self.as_json:
            self._print_json("on", {"on": lit})
        elif lit:
            comma = say(self.language, en=", ", zh="，")
            names = comma.join(f"{self._kind(one['kind'])} {one['source']}".strip() for one in lit)
            print(say(self.language, en="on now: ", zh="正在报警：") + _plain(names), flush=True)

    def _show_missed(self, count: int) -> None:
        if self.as_json:
            self._print_json("missed", {"count": count})
        else:
            print(say(self.language, en=f"(too fast: {count} not shown)", zh=f"（来得太快，{count} 条未显示）"))

    def _heard(self, heard: Mapping[str, Any]) -> Iterator[str]:
        at = datetime.fromisoformat(heard["at"]).astimezone(self._zone)
        operation = f"  {heard['operation']}" if heard.get("operation") else ""
        yield f"{at:%H:%M:%S}.{at.microsecond // 10000:02d}   {_plain(heard['topic'])}{operation}"
        items = [_items(heard.get(name, {})) for name in ("source", "key", "data")]
        if any(items):
            yield _INDENT + " | ".join(_plain(text) for text in items if text)
        if not heard.get("became"):
            yield _INDENT + say(
                self.language, en="→ ignored: about the machine itself", zh="→ 忽略：只关乎设备自身状态"
            )
        for one in heard.get("became", []):
            yield f"{_INDENT}→ {self._became(one)}"

    def _became(self, one: Mapping[str, Any]) -> str:
        colon = say(self.language, en=": ", zh="：")
        kind = self._kind(one["kind"])
        if not one["change"]:
            if one.get("value") is None:
                return (
                    kind
                    + colon
                    + say(self.language, en="a repeat, or how it stands: no event", zh="重复或现状，不算事件")
                )
            still = (
                say(self.language, en="still on", zh="仍在报警")
                if one["value"]
                else say(self.language, en="still off", zh="仍无报警")
            )
            return f"{kind}{colon}{still}{say(self.language, en=', no change', zh='，无变化')}"
        zh, en = _CHANGES.get(one["change"], (one["change"],) * 2)
        change = say(self.language, en=f" {en}", zh=zh)
        if one.get("at_start"):
            change += say(self.language, en=" (was on already)", zh="（开机时已在报警）")
        return f"{kind}{change}{colon}{self._why(one)}"

    def _why(self, one: Mapping[str, Any]) -> str:
        why = one.get("why", "")
        reason = next((reason for name, reason in REASONS.items() if name == why), None)
        if why == "":
            return say(self.language, en="could not be stored", zh="未能入库")
        if reason is None:
            return str(why)
        would = say(self.language, en="would be ", zh="将会") if self._direct else ""
        if why == "stored":
            text = would + say(self.language, en="stored", zh="入库上报")
        elif why == "held":
            text = would + say(self.language, en=f"held: {reason.en_text}", zh=reason.zh_text)
        else:
            text = would + say(self.language, en=f"suppressed: {reason.en_text}", zh=f"不上报：{reason.zh_text}")
        return text + (say(self.language, en=", with a picture", zh="，附图片") if one.get("picture") else "")

    def _kind(self, kind: str) -> str:
        name = kind_name(kind, self.language)
        return name if name == kind or self.language == "en" else f"{name}（{kind}）"


def _items(items: Mapping[str, str]) -> str:
    return "  ".join(f"{name}={value}" for name, value in items.items())


def _plain(text: str) -> str:
    """A camera's own words, harmless on a terminal."""
    return "".join(char if char.isprintable() else "?" for char in text)
