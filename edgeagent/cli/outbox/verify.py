"""`edgeagent outbox verify`: what is wrong with the file, what that means, and what to do."""

from __future__ import annotations

import argparse

import msgspec

from edgeagent.cli.loose import Loose
from edgeagent.cli.say import print_json, say
from edgeagent.outbox import inspect
from edgeagent.outbox.verify import Finding, verify
from edgeagent.status.words import word
from gridwire.events import LANES
from gridwire.problem import Language


def execute(args: argparse.Namespace, box: Loose, language: Language) -> int:
    count = 0
    findings = []
    with inspect.opened(box.store, snapshot=True) as content:
        kept = sum(content.kept(lane).count() for lane in LANES)
        for finding in verify(content):
            count += 1
            findings.append(finding)
            if not args.json:
                print(_told(finding, language))
    if args.json:
        answer = [msgspec.to_builtins(finding) | _advice(finding) for finding in findings]
        print_json({"ok": not findings, "rows": kept, "findings": answer})
    elif count:
        print(say(language, en=f"findings: {count}, rows: {kept}", zh=f"发现 {count} 处问题，共 {kept} 行"))
    else:
        print(say(language, en=f"all is well, rows: {kept}", zh=f"完好，共 {kept} 行"))
    return 1 if count else 0


def _told(finding: Finding, language: Language) -> str:
    """Where, what, and what to do."""
    where = finding.file
    if finding.numbers is not None:
        first, last = finding.numbers
        numbers = f"{first}" if first == last else f"{first}-{last}"
        lane = word(str(finding.lane), language)
        where += say(
            language,
            en=f": lane {lane}, stream {finding.stream}, number {numbers}",
            zh=f"：通道 {lane}，数据流 {finding.stream}，编号 {numbers}",
        )
    advice = _advice(finding)[language]
    return f"{where}: {finding.detail}: {advice}" if finding.detail else f"{where}: {advice}"


def _advice(finding: Finding) -> dict[str, str]:
    """What it means and what to do, in both languages."""
    if finding.what == "file":
        return {
            "en": "the file is damaged. Restart the agent: it takes over what can be read and declares the rest. "
            "If it happens again, replace the card or disk",
            "zh": "文件已损坏。请重启代理：能读出的会自动转存，其余声明为缺口。反复出现请更换存储卡或硬盘",
        }
    if not finding.unsettled:
        return {
            "en": f"{finding.what}: the hub has it or knows of it; it only cannot be sent again. Nothing to do",
            "zh": f"{finding.what}：县级平台已收到或已知晓，只是无法再补传，无需处理",
        }
    if finding.what == "hole":
        return {
            "en": "hole: the row is missing and the hub has not got it. Look into the files *.damaged-* beside it, "
            "and tell the county",
            "zh": "hole：该行缺失且县级平台未收到。请在旁边的 *.damaged-* 文件中查找，并告知县级管理员",
        }
    return {
        "en": f"{finding.what}: damaged before the hub had it. The agent declares it as a gap when its turn comes. "
        "If there are many, replace the card or disk",
        "zh": f"{finding.what}：县级平台收到前已损坏，轮到发送时会自动声明为缺口。数量多时请更换存储卡或硬盘",
    }
