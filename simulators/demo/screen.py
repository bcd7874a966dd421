"""The demo's one screen: redrawn in place on a terminal, plain lines anywhere else. What it shows is a `View`."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TextIO

from edgeagent.cli.say import say, width
from gridwire.kinds import kind_name
from gridwire.problem import Language
from simulators.demo.counting import CHECKIN, Count, Tally

PLAIN_EVERY_S = 5.0
_NEWS = 6
_USUAL_SIZE = (80, 24)
Link = Literal["up", "down", "cut"]


class News(NamedTuple):
    """Something that happened, so many seconds after the beginning."""

    at_s: float
    zh: str
    en: str

    def line(self, language: Language) -> str:
        return f"{clock(self.at_s)}  {say(language, zh=self.zh, en=self.en)}"


@dataclass
class View:
    """Everything at one moment; counters are by kind. `on_box` has `alarm` and `checkin` only, as the box counts."""

    elapsed_s: float = 0.0
    left_s: float | None = None
    cameras_up: int = 0
    cameras: int = 0
    link: Link = "down"
    cut_left_s: float = 0.0
    waiting: int = 0
    waiting_pictures: int = 0
    emitted: Counter[str] = field(default_factory=Counter)
    blind: Counter[str] = field(default_factory=Counter)
    on_box: dict[str, int] = field(default_factory=dict)
    at_hub: Counter[str] = field(default_factory=Counter)
    pictured: Counter[str] = field(default_factory=Counter)


def clock(seconds: float) -> str:
    """`01:05`."""
    return f"{int(seconds) // 60:02d}:{int(seconds) % 60:02d}"


def name_of(kind: str, language: Language) -> str:
    return say(language, zh="签到", en="check-in") if kind == CHECKIN else kind_name(kind, language)


def state_line(view: View, language: Language) -> str:
    """Time, cameras, uplink and what waits, on one line."""
    link = {
        "up": say(language, zh="正常", en="up"),
        "down": say(language, zh="断开", en="down"),
        "cut": say(language, zh=f"已切断，{view.cut_left_s:.0f} 秒后恢复", en=f"CUT, back in {view.cut_left_s:.0f} s"),
    }[view.link]
    left = "" if view.left_s is None else f" / {clock(view.elapsed_s + view.left_s)}"
    return say(
        language,
        zh=f"{clock(view.elapsed_s)}{left}  摄像机 {view.cameras_up}/{view.cameras}  上行 {link}  "
        f"待发 {view.waiting} 条、图片 {view.waiting_pictures} 张",
        en=f"{clock(view.elapsed_s)}{left}  cameras {view.cameras_up}/{view.cameras}  uplink {link}  "
        f"waiting {view.waiting} events, {view.waiting_pictures} pictures",
    )


def sum_line(view: View, language: Language) -> str:
    """The sums on one line."""
    emitted, stored = view.emitted.total(), sum(view.on_box.values())
    hub, pictures = view.at_hub.total(), view.pictured.total()
    return say(
        language,
        zh=f"发生 {emitted}  已存盒内 {stored}  已到县级 {hub}  有图片 {pictures}",
        en=f"emitted {emitted}  stored {stored}  at hub {hub}  with picture {pictures}",
    )


def live_lines(view: View, news: Sequence[News], language: Language) -> list[str]:
    """The whole live part of the screen."""
    head = (
        say(language, zh="类别", en="kind"),
        say(language, zh="发生", en="emitted"),
        say(language, zh="已存盒内", en="stored"),
        say(language, zh="已到县级", en="at hub"),
        say(language, zh="有图片", en="picture"),
        say(language, zh="未看到", en="blind"),
    )
    kinds = sorted({*view.emitted, *view.at_hub} - {CHECKIN})
    rows = [_live_row(view, name_of(kind, language), [kind], None) for kind in kinds]
    alarms = _live_row(view, say(language, zh="报警合计", en="all alarms"), kinds, view.on_box.get("alarm", 0))
    checkins = _live_row(view, name_of(CHECKIN, language), [CHECKIN], view.on_box.get(CHECKIN, 0))
    return [
        state_line(view, language),
        "",
        *aligned([head, *rows, alarms, checkins]),
        "",
        *(one.line(language) for one in news[-_NEWS:]),
    ]


def _live_row(view: View, name: str, kinds: list[str], on_box: int | None) -> tuple[str, ...]:
    emitted, hub, pictures, blind = (
        sum(counter[kind] for kind in kinds) for counter in (view.emitted, view.at_hub, view.pictured, view.blind)
    )
    return name, str(emitted), "" if on_box is None else str(on_box), str(hub), str(pictures or ""), str(blind or "")


def count_lines(count: Count, language: Language) -> tuple[list[str], str]:
    """The final count by kind, and the sum: a line that is the same in both languages."""
    head = say(language, zh="类别 发生 已入库 丢失 重复 未看到", en="kind emitted stored lost twice blind").split()
    rows = [_count_row(name_of(kind, language), tally) for kind, tally in sorted(count.by_kind.items())]
    total = count.total
    line = f"emitted {total.emitted} stored {total.stored} lost {total.lost} twice {total.twice}"
    return aligned([tuple(head), *rows]), line


def _count_row(name: str, tally: Tally) -> tuple[str, ...]:
    return name, str(tally.emitted), str(tally.stored), str(tally.lost), str(tally.twice), str(tally.blind or "")


def aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """The first column to the left, the others to the right."""
    widths = [max(width(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        row[0] + " " * (widths[0] - width(row[0]))
        + "".join("  " + " " * (widest - width(cell)) + cell for cell, widest in zip(row[1:], widths[1:], strict=True))
        for row in rows
    ]  # fmt: skip


def cut_to(text: str, columns: int) -> str:
    """What fits into so many columns."""
    while text and width(text) > columns:
        text = text[:-1]
    return text


class Screen:
    """Where the demo writes. A reader that goes away, or a terminal that is closed, ends the writing, not the demo."""

    def __init__(self, language: Language, out: TextIO = sys.stdout) -> None:
        self.language: Language = language
        self.news: list[News] = []
        self._out = out
        self._is_tty = out.isatty()
        self._drawn = 0
        self._said = 0
        self._next_plain_s = 0.0

    def say(self, *lines: str) -> None:
        """Lines that stay."""
        self._write(self._erased() + "".join(f"{line}\n" for line in lines))

    def show(self, view: View) -> None:
        """The present state: in place of the last one, or, now and then, as a plain line."""
        if self._is_tty:
            self._draw(live_lines(view, self.news, self.language))
            return
        fresh, self._said = self.news[self._said :], len(self.news)
        lines = [one.line(self.language) for one in fresh]
        if view.elapsed_s >= self._next_plain_s:
            self._next_plain_s = view.elapsed_s + PLAIN_EVERY_S
            lines += [state_line(view, self.language), f"       {sum_line(view, self.language)}"]
        self._write("".join(f"{line}\n" for line in lines))

    def _draw(self, lines: list[str]) -> None:
        columns, rows = self._size()
        shown = [cut_to(line, columns - 1) for line in lines[: rows - 1]]
        self._write(self._erased() + "".join(f"{line}\n" for line in shown))
        self._drawn = len(shown)

    def _size(self) -> tuple[int, int]:
        """Columns and lines. A serial console says 0 for both; one that is gone says nothing."""
        try:
            size = os.get_terminal_size(self._out.fileno())
        except OSError:
            return _USUAL_SIZE
        return size.columns or _USUAL_SIZE[0], size.lines or _USUAL_SIZE[1]

    def _erased(self) -> str:
        """Goes to the first line of what was drawn, and clears from there (ECMA-48 CPL and ED)."""
        drawn, self._drawn = self._drawn, 0
        return f"\x1b[{drawn}F\x1b[J" if drawn else ""

    def _write(self, text: str) -> None:
        try:
            self._out.write(text)
            self._out.flush()
        except OSError:
            self._out = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for as long as the demo lasts
            self._is_tty = False
