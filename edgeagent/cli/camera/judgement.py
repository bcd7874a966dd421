"""What `edgeagent camera ID --picture` shows: each measure beside its usual value and limit, and which one fired."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edgeagent.cli.say import say
from gridwire.kinds import PICTURE_FAULTS
from gridwire.problem import Language


def show(found: Mapping[str, Any], file: Path | None, language: Language, *, as_json: bool) -> bytes | None:
    """Print the judgement; gives the PNG for `file`, None when there is none to save."""
    beside = base64.b64decode(found.get("beside", ""))
    if as_json:
        told = {name: value for name, value in found.items() if name not in ("beside", "state")}
        print(json.dumps({"type": "judgement", **told}, ensure_ascii=False), flush=True)
    else:
        print("\n".join(_lines(found, language)), flush=True)
    return beside if file is not None and beside else None


def fault_name(name: str, language: Language) -> str:
    """The fault in words, and by its name where the table does not know it."""
    known = PICTURE_FAULTS.get(name)
    return name if known is None else f"{known.zh if language == 'zh' else known.en} ({name})"


def _lines(found: Mapping[str, Any], language: Language) -> list[str]:
    faults: Sequence[str] = found.get("faults", ())
    said = say(language, en=", ", zh="、").join(fault_name(fault, language) for fault in faults)
    lines = [say(language, en=f"picture: {said}", zh=f"画面：{said}") if faults else
             say(language, en="picture: good", zh="画面：正常")]  # fmt: skip
    if not found.get("ready"):
        learnt = found.get("learnt", 0)
        lines.append(
            say(language, en=f"only {learnt} pictures learnt yet: what needs a comparison is not judged",
                zh=f"目前只学习了 {learnt} 张画面：需要对比的项目暂不判断")
        )  # fmt: skip
    on: Sequence[str] = found.get("on", ())
    if on:
        names = say(language, en=", ", zh="、").join(fault_name(fault, language) for fault in on)
        lines.append(say(language, en=f"alarm is on: {names}", zh=f"报警中：{names}"))
    head = (say(language, en="measure", zh="指标"), say(language, en="now", zh="当前"),
            say(language, en="usual", zh="平时"), say(language, en="limit", zh="界限"),
            say(language, en="what it is → what it fires", zh="含义 → 触发"))  # fmt: skip
    rows = [head, *(_row(figure, language) for figure in found.get("figures", ()))]
    lines += [f"{name:<12}{now:>10}{usual:>10}{limit:>10}  {fires}".rstrip() for name, now, usual, limit, fires in rows]
    return lines


def _row(figure: Mapping[str, Any], language: Language) -> tuple[str, str, str, str, str]:
    usual = figure.get("usual")
    fault = str(figure.get("fault") or "")
    means = str(figure.get("means") or "")
    return (
        str(figure["name"]),
        f"{figure['value']:.3g}",
        "-" if usual is None else f"{usual:.3g}",
        f"{figure['limit']:.3g}",
        f"{means} → {fault_name(fault, language)}" if fault else means,
    )
