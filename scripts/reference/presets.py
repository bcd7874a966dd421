"""docs/reference/presets.md: every name that a device's `preset` may have, and what it sets."""

from __future__ import annotations

from edgeagent.configfile.makers import DRIVERS, MAKERS, NOTIFY_LISTEN, Maker
from edgeagent.rules.presets import PRESETS
from reference.tables import table


def text() -> str:
    """The whole page."""
    lines = [
        "# Presets 预设",
        "",
        '`preset = "NAME"` in a device\'s table, or several: `preset = ["hikvision", "pond"]`. An unknown name is a',
        "mistake, with a suggestion. 在设备表中写 `preset`，可写多个；名称有误时会提示最接近的名称。",
        "",
        "## Makers of cameras 摄像机厂家",
        "",
        f"For {' and '.join(f'`{name}`' for name in DRIVERS)} devices. What the table says itself always counts more.",
        "`edgeagent setup` names the maker that it recognises.",
        "只补充设备表中没有写的设置；`edgeagent setup` 会自动识别厂家。",
        "",
        "- `onvif`: an `address` without a port gets the port of this table. How a camera wants to be logged in to",
        "  (`auth`), and where its snapshot and its stream are, it tells itself; its clock is measured, not believed.",
        "- `http_snapshot`: a `url` without a path (`http://192.168.1.64`, `rtsp://…`) gets that of this table.",
        "",
        *table(
            ["preset", "maker", "ONVIF port", "also sets", "`http://` path", "`rtsp://` path"],
            [_row(name) for name in MAKERS],
        ),
        "",
        "To be seen to on the camera 摄像机上需要设置的：",
        "",
    ]
    for name, maker in MAKERS.items():
        lines += [f"- `{name}`: {maker.zh}", f"  {maker.en}"]
    lines += [
        "",
        "## Rules for alarms 报警规则",
        "",
        "In a `[[rule]]` too; `edgeagent rules presets` shows each rule.",
        "",
    ]
    for rule_name, preset in PRESETS.items():
        lines += [f"- `{rule_name}` {preset.zh_name}: {preset.zh}", f"  {preset.en}"]
    return "\n".join(lines) + "\n"


def _row(name: str) -> list[str]:
    maker: Maker = next(one for each, one in MAKERS.items() if each == name)
    sets = f'`notify_listen = "{NOTIFY_LISTEN}"`' if maker.listen else "–"
    paths = [f"`{path}`" if path else "–" for path in (maker.snapshot, maker.stream)]
    return [f"`{name}`", f"{maker.zh_name} {maker.en_name}", str(maker.onvif_port), sets, *paths]
