"""`edgeagent rules`: presets, what counts for a device and why, a dry run over recorded alarms. Changes nothing."""

from __future__ import annotations

import argparse
import difflib
import json
import sys
from typing import Any, NamedTuple

import msgspec

from edgeagent.cli.rules import trial
from edgeagent.cli.say import choose, say, table
from edgeagent.config import RuleSettings
from edgeagent.configfile import BadConfig
from edgeagent.configfile.rulepart import RulePart, load_rules
from edgeagent.rules import Effective, Origin, Rules
from edgeagent.rules.effective import SETTINGS, layers_of
from edgeagent.rules.presets import PRESETS
from edgeagent.rules.sun import Place
from gridwire.kinds import KINDS, kind_name
from gridwire.problem import Language, Problem


class NoSuchDeviceHere(Problem):
    code = "rules.no-such-device"
    en = "there is no device “{name}”; there are: {known}"
    zh = "没有名为“{name}”的设备；现有：{known}"


_NAMES: dict[str, tuple[str, str]] = {
    "drop": ("始终不上报", "always suppressed"),
    "armed": ("布防时段", "armed"),
    "min_duration_s": ("最短持续", "minimum duration"),
    "merge_gap_s": ("合并间隔", "merged within"),
    "merge_by": ("合并范围", "merged by"),
    "cooldown_s": ("重复间隔", "cooldown"),
    "severity": ("严重程度", "severity"),
    "picture": ("抓拍", "picture"),
}


class Group(NamedTuple):
    """Kinds for which the same counts."""

    kinds: list[str]
    effective: Effective


def execute(args: argparse.Namespace) -> int:
    """Exit code 78 when the configuration is wrong, 1 when something cannot be done."""
    if args.action == "presets":
        return _presets(args)
    try:
        part = load_rules(args.config)
    except BadConfig as bad:
        print(bad.text(choose(args.language, bad.language)), file=sys.stderr)
        return bad.exit_code
    language = choose(args.language, part.language)
    try:
        return _show(args, part, language) if args.action == "show" else _try(args, part, language)
    except Problem as problem:
        print(problem.text(language), file=sys.stderr)
        return 1


def rules_of(part: RulePart) -> Rules:
    """As the agent has them."""
    known = part.latitude is not None and part.longitude is not None
    place = Place(part.latitude or 0.0, part.longitude or 0.0) if known else None
    return Rules(layers_of(part.rules, part.presets), part.timezone, place)


def origin_text(origin: Origin, part: RulePart) -> str:
    """`file:line`, and the preset that stands there."""
    place = (
        part.preset_places[origin.device] if origin.rule is None and origin.device else part.places[origin.rule or 0]
    )
    return f"{place} ({origin.preset})" if origin.preset else str(place)


def _try(args: argparse.Namespace, part: RulePart, language: Language) -> int:
    return trial.execute(args, part, rules_of(part), language, lambda origin: origin_text(origin, part))


# -- presets -------------------------------------------------------------------------------------------------------


def _presets(args: argparse.Namespace) -> int:
    language = choose(args.language)
    if args.json:
        answer = {
            name: {"zh": preset.zh, "en": preset.en, "rules": [_set(rule) for rule in preset.rules]}
            for name, preset in PRESETS.items()
        }
        _print_json(answer)
        return 0
    for name, preset in PRESETS.items():
        print(f"{name}  {preset.zh_name}")
        print(f"  {preset.zh}")
        print(f"  {preset.en}")
        for rule in preset.rules:
            kinds = ", ".join(kind_name(kind, language) for kind in rule.kinds)
            settings = {key: value for key, value in _set(rule).items() if key != "kinds"}
            said = "; ".join(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in settings.items())
            print(f"    {kinds or say(language, en='all kinds', zh='全部类型')}: {said}")
    print(
        say(
            language,
            en='Write preset = "NAME" in a [[rule]] or in a device\'s table.',
            zh='用法：在 [[rule]] 或设备表中写 preset = "名称"。',
        )
    )
    return 0


def _set(rule: RuleSettings) -> dict[str, Any]:
    """Settings that the rule has, as they stand in files."""
    plain: dict[str, Any] = msgspec.to_builtins(rule)
    return {key: value for key, value in plain.items() if value is not None and value not in ([], ())}


# -- show ----------------------------------------------------------------------------------------------------------


def _show(args: argparse.Namespace, part: RulePart, language: Language) -> int:
    devices = part.devices if args.device is None else (args.device,)
    if args.device is not None and args.device not in part.devices:
        close = difflib.get_close_matches(args.device, part.devices, n=5, cutoff=0.3) or list(part.devices[:20])
        raise NoSuchDeviceHere(name=args.device[:64], known=", ".join(close) or "-")
    rules = rules_of(part)
    groups = {device: _groups(rules, device) for device in devices}
    if args.json:
        _print_json({device: [_plain(group, part) for group in found] for device, found in groups.items()})
        return 0
    if not devices:
        print(say(language, en="no device is configured", zh="没有配置任何设备"))
    for device, found in groups.items():
        print(device)
        for group in found:
            print("\n".join(_lines(group, part, language)))
    return 0


def _groups(rules: Rules, device: str) -> list[Group]:
    """All kinds by what counts for them, those without any rule last."""
    groups: list[Group] = []
    for kind in KINDS:
        counts = rules.effective(device, kind)
        same = next((group for group in groups if _same(group.effective, counts)), None)
        if same is None:
            groups.append(Group([kind], counts))
        else:
            same.kinds.append(kind)
    return sorted(groups, key=lambda group: not group.effective.origins)


def _same(one: Effective, other: Effective) -> bool:
    return (one._replace(by_source=False), one.merge_gap_s is None or one.by_source) == (
        other._replace(by_source=False),
        other.merge_gap_s is None or other.by_source,
    )


def _value(name: str, counts: Effective, language: Language) -> str:
    if name == "merge_by":
        return "source" if counts.by_source else "kind"
    value = getattr(counts, name)
    if isinstance(value, bool):
        return say(language, en="yes", zh="是") if value else say(language, en="no", zh="否")
    if isinstance(value, tuple):
        return "; ".join(value) or say(language, en="never", zh="从不")
    return f"{value:g} s" if name.endswith("_s") else str(value)


def _shown(counts: Effective) -> list[str]:
    """Settings that make a difference: of what is dropped nothing else matters."""
    if counts.drop:
        return ["drop"]
    names = [name for name in _NAMES if name in counts.origins and name != "drop"]
    return names if counts.merge_gap_s is not None else [name for name in names if name != "merge_by"]


def _lines(group: Group, part: RulePart, language: Language) -> list[str]:
    counts = group.effective
    names = [(kind_name(kind, language), kind) for kind in group.kinds]
    kinds = ", ".join(kind if name in (kind, kind.replace("_", " ")) else f"{name} ({kind})" for name, kind in names)
    if not counts.origins:
        every = say(language, en="no rule: all of it goes to the county", zh="没有规则：全部上报")
        return [f"  {every}", f"    {kinds}"]
    index = 0 if language == "zh" else 1
    rows: list[tuple[str, ...]] = [
        (f"    {_NAMES[name][index]}", _value(name, counts, language), origin_text(counts.origins[name], part))
        for name in _shown(counts)
    ]
    return [f"  {kinds}", *(table(rows) if rows else [])]


def _plain(group: Group, part: RulePart) -> dict[str, Any]:
    counts = group.effective
    values = {name: getattr(counts, name) for name in SETTINGS if name != "merge_by"}
    values["merge_by"] = "source" if counts.by_source else "kind"
    origins = {name: origin_text(origin, part) for name, origin in counts.origins.items()}
    return {"kinds": group.kinds, "settings": values, "from": origins}


def _print_json(answer: object) -> None:
    print(json.dumps(answer, ensure_ascii=False, indent=2))
