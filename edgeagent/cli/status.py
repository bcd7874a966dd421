"""`edgeagent status`: asks the running agent how it is, and says first what a person should do."""

from __future__ import annotations

import argparse
import http.client
import json
from pathlib import Path

import msgspec

from edgeagent.cli.say import choose, say, table
from edgeagent.config import StatusSettings
from edgeagent.status.advice import findings
from edgeagent.status.state import BoxStatus, DeviceStatus
from edgeagent.status.words import duration, size, word
from gridwire.problem import Language

TIMEOUT_S = 6.0
MAX_BYTES = 4 * 1024 * 1024


def execute(args: argparse.Namespace) -> int:
    """Exit code 1 when no agent answers."""
    port, configured = _configured(args.config)
    port = args.port or port
    language = choose(args.language, configured)
    try:
        body = ask(port)
        print(
            json.dumps(json.loads(body), ensure_ascii=False, indent=2) if args.json else show(_decoded(body), language)
        )
    except (OSError, http.client.HTTPException, ValueError) as error:
        print(_silent(language, port, error))
        return 1
    return 0


def ask(port: int) -> bytes:
    """What the agent on this machine says, as JSON. Raises OSError, HTTPException; ValueError for another answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/status.json")
        response = connection.getresponse()
        body = response.read(MAX_BYTES)
    finally:
        connection.close()
    if response.status != http.client.OK:
        raise ValueError(f"HTTP {response.status}")
    return body


def _decoded(body: bytes) -> BoxStatus:
    """The snapshot. Raises ValueError when an agent of another version, or somebody else, has answered."""
    return msgspec.json.decode(body, type=BoxStatus)


def show(status: BoxStatus, language: Language) -> str:
    """The snapshot as lines for a person."""
    blocks = [_advice(status, language), table(_facts(status, language)), _lanes(status, language)]
    blocks.append([word("devices", language) + say(language, en=":", zh="："), *_devices(status.devices, language)])
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _advice(status: BoxStatus, language: Language) -> list[str]:
    marks = {"bad": say(language, en="BAD ", zh="故障 "), "warn": say(language, en="WARN", zh="注意 ")}
    found = [f"{marks[each.level]} {each.zh if language == 'zh' else each.en}" for each in findings(status)]
    return found or [word("well", language)]


def _facts(status: BoxStatus, language: Language) -> list[tuple[str, ...]]:
    since = duration((status.at - status.connected_since).total_seconds(), language)
    link = word("connected" if status.connected else "disconnected", language)
    comma = say(language, en=", ", zh="，")
    store, counted = status.store, {**status.emitted}
    rows = [
        ("box", f"{status.box} {status.name}".strip()),
        ("version", f"{status.version}{comma}{word('uptime', language)} {duration(status.uptime_s, language)}"),
        ("hub", f"{status.hub} {link} ({since})"),
        ("last_error", "" if status.connected else status.last_error),
        ("held", status.held),
        ("clock", word(status.clock, language)),
        ("oldest", duration(status.oldest_waiting_s, language) if status.oldest_waiting_s else ""),
        ("outbox", f"{size(store.outbox_bytes)} / {size(store.outbox_max_bytes)}"),
        ("pictures", f"{size(store.pictures_bytes)} / {size(store.pictures_max_bytes)}"),
        ("traffic", f"{size(status.sent_bytes)} / {size(status.received_bytes)}"),
        ("data", _data(status, language)),
        ("stored", _counts(counted, language)),
        ("suppressed", _counts(status.suppressed, language)),
        ("evicted", _counts(status.evicted, language)),
        ("config", status.config_hash[:12]),
    ]
    return [(word(name, language), text) for name, text in rows if text]


def _data(status: BoxStatus, language: Language) -> str:
    data = status.data
    if data is None:
        return ""
    if not data.budget_bytes:
        return size(data.used_bytes)
    since = f", {word('since', language)} {data.since:%Y-%m-%d %H:%M} UTC" if data.since else ""
    return f"{size(data.used_bytes)} / {size(data.budget_bytes)}, {word(data.level, language)}{since}"


def _lanes(status: BoxStatus, language: Language) -> list[str]:
    """Lanes that were ever used."""
    names = ("lane", "waits", "oldest_unacked", "next")
    rows: list[tuple[str, ...]] = [tuple(word(name, language) for name in names)]
    for lane, numbers in status.lanes.items():
        if numbers.next > 1 or numbers.waiting:
            counted = (numbers.waiting, numbers.oldest_unacked, numbers.next)
            rows.append((word(lane, language), *map(str, counted)))
    return table(rows) if len(rows) > 1 else []


def _devices(devices: tuple[DeviceStatus, ...], language: Language) -> list[str]:
    if not devices:
        return ["  " + word("no_devices", language)]
    rows: list[tuple[str, ...]] = []
    for device in devices:
        why = " ".join(text for text in (device.reason, device.detail) if text)
        # How its events come, where there are several ways and one may be the last resort.
        how = " ".join(filter(None, (device.driver, word(device.info.get("events", ""), language))))
        rows.append((f"  {device.id}", device.name, how, word(device.state, language), why))
    return table(rows)


def _counts(counts: dict[str, int], language: Language) -> str:
    return ", ".join(f"{word(name, language)} {count}" for name, count in counts.items() if count)


def _configured(path: Path) -> tuple[int, str | None]:
    """Port and language, as far as the files can be read: whoever asks may not read the secrets."""
    from edgeagent.configfile.reader import read

    port, language = StatusSettings().port, None
    for file in (path, *sorted((path.parent / "conf.d").glob("*.toml"))):
        data = read(file).data
        settings = data.get("status")
        if isinstance(settings, dict) and isinstance(settings.get("port"), int):
            port = settings["port"]
        language = data.get("language", language)
    return port, language


def _silent(language: Language, port: int, error: Exception) -> str:
    return say(
        language,
        en=f"no agent answers at http://127.0.0.1:{port} ({error}). Is it running? systemctl status edgeagent",
        zh=f"http://127.0.0.1:{port} 没有代理应答（{error}）。代理是否在运行？systemctl status edgeagent",
    )
