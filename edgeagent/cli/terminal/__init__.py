"""`edgeagent terminal [ID]`: what the parts of a self-service terminal send, live; `--test`, `--hash` and `--ports`.

The running agent is asked, because a serial port can be opened once only. Where no agent runs the ports are opened
here, every part on trial, until an agent starts.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Mapping
from typing import Any

from edgeagent import control
from edgeagent.cli.asking import ending, hints
from edgeagent.cli.loose import Loose, read_loosely
from edgeagent.cli.say import choose, say
from edgeagent.cli.terminal import ports
from edgeagent.cli.terminal.ask import ALL, AgentStarted, Asked, whom
from edgeagent.cli.terminal.lines import Lines
from edgeagent.cli.terminal.walk import Walk
from gridwire.problem import Language, Problem

DRIVER = "terminal"
HASH_S = 60.0
TRIAL_WAIT_S = 2.0
"""While parts are on trial they are asked often, so that the trial ends soon after us."""


class NoTerminal(Problem):
    code = "look.no-terminal"
    en = "the configuration has no device with driver = “terminal”; see docs/terminal.md"
    zh = "配置中没有 driver = “terminal” 的设备，参见 docs/terminal.md"


class SayWhich(Problem):
    code = "look.say-which"
    en = "say which terminal; there are: {known}{hint_en}"
    zh = "请指定终端；现有：{known}{hint_zh}"


class SwitchedOff(Problem):
    code = "look.switched-off"
    en = "device {name} is switched off (enabled = false)"
    zh = "设备 {name} 已停用（enabled = false）"


class NothingShown(Problem):
    code = "look.nothing-shown"
    en = "no card, badge or code was read within {seconds:g} s; try edgeagent terminal --test"
    zh = "{seconds:g} 秒内没有读到证件、卡片或条码；请用 edgeagent terminal --test 检查"


def execute(args: argparse.Namespace) -> int:
    """Exit code 1 when the terminal cannot be asked or a part failed its test, 78 for a wrong configuration."""
    loose = read_loosely(args.config)
    language = choose(args.language, loose.language)
    if args.ports:
        return ports.show(args.root, loose.devices, language, as_json=args.json)
    return ending(
        lambda: _Screen(args, loose, _which(args.device, loose), language).run(),
        language,
        interrupted=1 if args.test or args.hash else 0,
    )


def _which(asked: str | None, loose: Loose) -> str:
    """The terminal that is meant. Raises `NoTerminal`, `SayWhich`, `SwitchedOff`."""
    known = [name for name, table in loose.devices.items() if table.get("driver") == DRIVER]
    if not known:
        raise NoTerminal
    name = asked or (known[0] if len(known) == 1 else "")
    if name not in known:
        raise SayWhich(known=", ".join(known), **hints(name, known, between_en=";", between_zh="；"))
    if loose.devices[name].get("enabled") is False:
        raise SwitchedOff(name=name)
    return name


class _Screen:
    """One call of the command."""

    def __init__(self, args: argparse.Namespace, loose: Loose, device: str, language: Language) -> None:
        self._args, self._language = args, language
        self._lines = Lines(device, language, loose.zone, as_json=args.json)
        self._asked = whom(args.config, loose, device, language)

    def run(self) -> int:
        with self._asked as asked:
            if self._args.test:
                return Walk(asked, self._lines, self._args.seconds or 30.0).run()
            if self._args.hash:
                return self._hash(asked)
            return self._look(asked)

    def _look(self, asked: Asked) -> int:
        self._lines.note("direct" if asked.direct else "agent")
        ends_s = time.monotonic() + (self._args.seconds or float("inf"))
        answer = asked.ask("watch", after=-1, wait_s=0.0)
        while True:
            self._lines.show(answer)
            left_s = ends_s - time.monotonic()
            if left_s <= 0:
                return 0
            try:
                answer = asked.ask("watch", after=answer["last"], wait_s=min(asked.longest_s, left_s))
            except control.AgentSilent:
                self._lines.note("agent-gone")
                return 0
            except AgentStarted:
                self._lines.note("agent-started")
                return 0

    def _hash(self, asked: Asked) -> int:
        """The roster's line of the first card that is shown, on standard output alone. Raises `NothingShown`."""
        wait_s = self._args.seconds or HASH_S
        print(say(self._language, en="show the card, ID card or badge …", zh="请刷卡、身份证或工牌……"), file=sys.stderr)
        ends_s = time.monotonic() + wait_s
        answer = asked.ask("watch", after=-1, wait_s=0.0, test=ALL)
        try:
            while (left_s := ends_s - time.monotonic()) > 0:
                wait = min(asked.longest_s, left_s, TRIAL_WAIT_S)
                answer = asked.ask("watch", after=answer["last"], wait_s=wait, test=ALL)
                for line in answer["heard"]:
                    if line.get("person"):
                        self._tell_hash(line)
                        return 0
        finally:
            with contextlib.suppress(Problem):
                asked.ask("end")
        raise NothingShown(seconds=wait_s)

    def _tell_hash(self, line: Mapping[str, Any]) -> None:
        name, grid = (value.replace(",", " ").replace('"', " ") for value in (self._args.name, self._args.grid))
        if self._args.json:
            told = {"person": line["person"], "key": line["key"], "masked": line.get("shown", ""), "name": name}
            print(json.dumps({**told, "grid": grid}, ensure_ascii=False))
            return
        what = f"{self._lines.frame(line)}, {line['key']}"
        told_zh = f"{self._lines.frame(line)}，密钥 {line['key']}；名册一行如下："
        print(say(self._language, en=f"{what}; its line for the roster:", zh=told_zh), file=sys.stderr)
        print(f"{line['person']},{name},{grid}")
