"""`edgeagent status`: asks the running agent how it is, and shows it as a table."""

from __future__ import annotations

import argparse
import http.client
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgeagent.cli.say import Language, choose, say, table

DEFAULT_PORT = 9464
TIMEOUT_S = 5.0
MAX_BYTES = 4 * 1024 * 1024

_LABELS = {
    "box": ("box", "盒子"),
    "name": ("name", "名称"),
    "version": ("version", "版本"),
    "started": ("started", "启动时间"),
    "uptime_s": ("running for, s", "已运行(秒)"),
    "connected": ("connected to the hub", "已连接县级平台"),
    "hub": ("hub", "县级平台"),
    "clock": ("clock", "时钟"),
    "offset_s": ("clock offset, s", "时钟偏差(秒)"),
    "waiting": ("waiting to be acknowledged", "等待确认"),
    "oldest_waiting_s": ("oldest of them, s", "其中最早(秒)"),
    "data_bytes": ("data used, bytes", "已用流量(字节)"),
    "config_hash": ("configuration", "配置摘要"),
    "suppressed": ("suppressed by rules", "规则抑制"),
    "emitted": ("stored", "已入库"),
    "counters": ("counters", "计数"),
}
_WORDS = {
    True: ("yes", "是"),
    False: ("no", "否"),
    None: ("unknown", "未知"),
    "up": ("up", "正常"),
    "degraded": ("degraded", "降级"),
    "down": ("down", "中断"),
    "starting": ("starting", "启动中"),
    "disabled": ("disabled", "已停用"),
    "synced": ("synchronised", "已同步"),
    "unsynced": ("not synchronised", "未同步"),
    "urgent": ("urgent", "紧急"),
    "alarm": ("alarm", "报警"),
    "record": ("record", "记录"),
    "reading": ("reading", "读数"),
    "media": ("media", "图片"),
}


def execute(args: argparse.Namespace) -> int:
    """Exit code 1 when no agent answers."""
    port, configured = _configured(args.config)
    port = args.port or port
    language = choose(args.language, configured)
    try:
        answer = ask(port)
    except (OSError, http.client.HTTPException, ValueError) as error:
        print(_silent(language, port, error))
        return 1
    print(json.dumps(answer, ensure_ascii=False, indent=2) if args.json else show(answer, language))
    return 0


def ask(port: int) -> dict[str, Any]:
    """What the agent on this machine says. Raises OSError, HTTPException or ValueError when none answers properly."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/status.json")
        response = connection.getresponse()
        body = response.read(MAX_BYTES)
    finally:
        connection.close()
    answer = json.loads(body) if response.status == http.client.OK else None
    if not isinstance(answer, dict):
        raise ValueError(f"HTTP {response.status}")
    return answer


def show(answer: Mapping[str, Any], language: Language) -> str:
    """The answer as lines for a person. What this version does not know is shown as it is."""
    known = {name: position for position, name in enumerate(_LABELS)}
    plain = [name for name in answer if name not in ("devices", "lanes", "streams")]
    plain.sort(key=lambda name: known.get(name, len(known)))
    rows: list[tuple[str, ...]] = [(_label(name, language), _cell(answer[name], language)) for name in plain]
    lines = table(rows) if rows else []
    for name, title in (("lanes", ("lanes", "通道")), ("devices", ("devices", "设备"))):
        if answer.get(name):
            lines += ["", say(language, en=title[0], zh=title[1]) + ":", *_listed(answer[name], language)]
    return "\n".join(lines)


def _listed(items: Any, language: Language) -> list[str]:
    """A list of objects, or an object of objects, one a line."""
    if isinstance(items, Mapping):
        items = [{"id": key, **(inner if isinstance(inner, Mapping) else {"": inner})} for key, inner in items.items()]
    listed: list[Mapping[str, Any]] = [item if isinstance(item, Mapping) else {"": item} for item in items]
    columns = list(dict.fromkeys(column for item in listed for column in item))
    rows: list[tuple[str, ...]] = [
        tuple(_cell(item.get(column, ""), language) for column in columns) for item in listed
    ]
    return ["  " + line for line in table(rows)]


def _label(name: str, language: Language) -> str:
    en, zh = _LABELS.get(name, (name, name))
    return say(language, en=en, zh=zh)


def _cell(value: Any, language: Language) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{_cell(key, language)} {_cell(inner, language)}" for key, inner in value.items()) or "-"
    if isinstance(value, list):
        return ", ".join(_cell(inner, language) for inner in value) or "-"
    if isinstance(value, bool | str) or value is None:
        en, zh = _WORDS.get(value, (str(value), str(value)))
        return say(language, en=en, zh=zh)
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def _configured(path: Path) -> tuple[int, str | None]:
    """Port and language, as far as the files can be read: whoever asks may not read the secrets."""
    from edgeagent.configfile.reader import read

    port, language = DEFAULT_PORT, None
    for file in (path, *sorted((path.parent / "conf.d").glob("*.toml"))):
        data = read(file).data
        table = data.get("status")
        if isinstance(table, dict) and isinstance(table.get("port"), int):
            port = table["port"]
        language = data.get("language", language)
    return port, language


def _silent(language: Language, port: int, error: Exception) -> str:
    return say(
        language,
        en=f"no agent answers at http://127.0.0.1:{port} ({error}). Is it running? systemctl status edgeagent",
        zh=f"http://127.0.0.1:{port} 没有代理应答({error})。代理是否在运行?systemctl status edgeagent",
    )
