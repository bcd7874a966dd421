"""`edgeagent setup`: asks a technician what a box must know, shows what will be written, checks it, and writes it.

Nothing is changed before the last question; Ctrl-C leaves at any time. Run again it starts from what is there.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from edgeagent import control
from edgeagent.cli.config import flat
from edgeagent.cli.loose import read_loosely
from edgeagent.cli.say import choose, say
from edgeagent.cli.setup import staging, writing
from edgeagent.cli.setup.answers import Answers, read_answers
from edgeagent.cli.setup.basics import uplink, village
from edgeagent.cli.setup.cameras import cameras
from edgeagent.cli.setup.plan import Plan, Present
from edgeagent.cli.setup.talk import FromFile, Person, Talk
from edgeagent.cli.setup.terminal import terminal
from edgeagent.configfile import BadConfig, Loaded
from edgeagent.configfile.boxmistakes import OpenLink, PortAndTls
from gridwire.problem import Language, Problem

OK, FAILED, WRONG_USE, INTERRUPTED = 0, 1, 2, 130


class NotAllowed(Problem):
    code = "setup.not-allowed"
    en = "{folder} cannot be written by this user: sudo edgeagent setup"
    zh = "当前用户无权写入 {folder}：请用 sudo edgeagent setup"


class Nobody(Problem):
    code = "setup.nobody"
    en = "nobody is there to be asked: call it in a terminal, or with --answers FILE.toml"
    zh = "当前不是终端，无法提问：请在终端中运行，或用 --answers 文件.toml"


class WouldChange(Problem):
    code = "setup.would-change"
    en = "nothing was written: the answers change what stands in the files: {keys}. change_existing = true allows it"
    zh = "未写入：答案会改变文件中已有的值：{keys}。如确需改动，请加 change_existing = true"


def execute(args: argparse.Namespace) -> int:
    """0: written, or nothing to write; 1: not written; 2: wrong use; 78: wrong files or answers; 130: Ctrl-C."""
    language = choose(args.language, read_loosely(args.config).language)
    try:
        return _run(args, language)
    except BadConfig as bad:
        print(bad.text(language), file=sys.stderr)
        return bad.exit_code
    except Nobody as problem:
        print(problem.text(language), file=sys.stderr)
        return WRONG_USE
    except Problem as problem:
        print(problem.text(language), file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print(say(language, en="\nLeft. Nothing was changed.", zh="\n已退出，没有改动任何文件。"))
        return INTERRUPTED


def _run(args: argparse.Namespace, language: Language) -> int:
    answers = read_answers(args.answers) if args.answers is not None else None
    if answers is None and not (sys.stdin is not None and sys.stdin.isatty()):
        raise Nobody
    _may_write(args.config.parent)
    present = Present(args.config)
    language = choose(args.language, answers.language if answers and answers.language else language)
    talk = _talk(answers, args, language)
    plan = Plan(present)
    talk.tell(
        en="Setting up this box. Enter takes what stands in [ ]; Ctrl-C leaves, nothing is changed before the end.",
        zh="设置本机。直接回车采用 [ ] 中的值；按 Ctrl-C 退出；最后确认之前不改动任何文件。",
    )
    village(talk, plan)
    uplink(talk, plan)
    cameras(talk, plan, args)
    terminal(talk, plan, args)
    return _finish(talk, plan, args)


def _talk(answers: Answers | None, args: argparse.Namespace, language: Language) -> Talk:
    if answers is not None:
        return FromFile(answers, str(args.answers), language)
    sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]  # a terminal is a TextIOWrapper
    return Person(language)


def _may_write(folder: Path) -> None:
    """Before a hundred questions. Raises `NotAllowed`."""
    there = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        raise NotAllowed(folder=there)


# -- the end -------------------------------------------------------------------------------------------------------


def _finish(talk: Talk, plan: Plan, args: argparse.Namespace) -> int:
    talk.tell(en="\n== 5/5 What will be written ==", zh="\n== 第 5 步（共 5 步）将写入的内容 ==")
    files = plan.files()
    if not files and not plan.secrets and plan.enroll is None:
        talk.tell(en="Everything is so already: nothing to write.", zh="与现有设置相同，无需写入。")
        return OK
    _show(talk, plan)
    loaded, bad = staging.check(plan)
    if bad is not None:
        talk.tell(en="✗ The agent would not start with it:", zh="✗ 代理无法以此启动：")
        print(staging.mistakes(bad, plan, talk.language))
        if talk.alone:
            return bad.exit_code
    else:
        assert loaded is not None
        _summary(talk, loaded, enrols=plan.enroll is not None)
    if args.dry_run:
        talk.tell(en="Dry run: nothing was written.", zh="试运行：未写入。")
        return OK
    if talk.alone and plan.changed and not talk.given("change_existing"):
        raise WouldChange(keys=", ".join(plan.changed))
    if not _agreed(talk, plan, wrong=bad is not None):
        talk.tell(en="Nothing was changed.", zh="没有改动任何文件。")
        return FAILED
    for file in writing.write(plan):
        talk.tell(en=f"written: {file}", zh=f"已写入：{file}")
    return _next(talk, plan, args)


def _show(talk: Talk, plan: Plan) -> None:
    """The lines that change in each file; of secrets only that they are."""
    for file, (old, new) in plan.files().items():
        if old is not None:
            talk.tell(
                en=f"\n{file} (there already; only these lines change)", zh=f"\n{file}（已有文件，只改动以下各行）"
            )
        else:
            talk.tell(en=f"\n{file} (new)", zh=f"\n{file}（新文件）")
        print(writing.difference(file, old, new))
    for name in plan.secrets:
        file = plan.present.folder / "secrets" / name
        talk.tell(en=f"\n{file} (new, mode 0600, not shown)", zh=f"\n{file}（新文件，权限 0600，内容不显示）")


def _summary(talk: Talk, loaded: Loaded, *, enrols: bool) -> None:
    config = loaded.config
    count = len(flat(loaded.redacted()))
    encrypted = enrols or config.hub.tls is not None
    talk.tell(
        en=f"\n✓ The agent can load it: box {config.box}, {len(config.device)} devices, {count} settings.",
        zh=f"\n✓ 代理可以加载：盒子 {config.box}，{len(config.device)} 台设备，{count} 项设置。",
    )
    if not encrypted:
        talk.tell(en="! The link to the county is not encrypted.", zh="! 到县级的连接没有加密。")
    for warning in loaded.warnings:
        if enrols and isinstance(warning, OpenLink | PortAndTls):
            continue  # certificates come with the enrolment, which is next
        talk.tell(en=f"! {warning.sentence('en')}", zh=f"! {warning.sentence('zh')}")


def _agreed(talk: Talk, plan: Plan, *, wrong: bool) -> bool:
    """Each file that a person may have edited is agreed to by itself; then the whole."""
    if talk.alone:
        return True
    for file, (old, _) in plan.files().items():
        if old is not None and not talk.agrees(
            (), en=f"Change {file} as shown?", zh=f"按以上所示修改 {file}？", default=not wrong
        ):
            return False
    return talk.agrees((), en="Write it?", zh="写入？", default=not wrong)


def _next(talk: Talk, plan: Plan, args: argparse.Namespace) -> int:
    if plan.enroll is not None and not _enrolled(talk, plan):
        return FAILED
    where = "" if args.config == Path("/etc/edgeagent/edgeagent.toml") else f" --config {args.config}"
    running = control.answers(plan.present.store)
    take = "restart" if plan.secrets else "reload"  # systemd hands over what lies in `secrets/` at the start only
    start = f"systemctl {take} edgeagent" if running else "systemctl enable --now edgeagent"
    talk.tell(
        en=f"\nNext:\n  edgeagent check{where}\n  {start}\n  edgeagent status{where}",
        zh=f"\n下一步：\n  edgeagent check{where}\n  {start}\n  edgeagent status{where}",
    )
    return OK


def _enrolled(talk: Talk, plan: Plan) -> bool:
    """Run `edgeagent enroll` with what was answered."""
    from edgeagent.cli import enroll

    assert plan.enroll is not None
    plan.enroll.language = talk.language
    talk.tell(en="\nenrolling …", zh="\n正在注册……")
    if enroll.execute(plan.enroll) == OK:
        return True
    order = plan.enroll
    how = f"--token-file {order.token_file}" if order.token_file else f"--hub {order.hub} --token …"
    talk.tell(en=f"Not enrolled; the rest is written. Again: edgeagent enroll {how} --config {order.config}",
              zh=f"注册未成功；其余已写入。重试：edgeagent enroll {how} --config {order.config}")  # fmt: skip
    return False
