"""`edgeagent camera ID`: what one camera sends, what that means to us, and what the rules decide; or one picture.

The running agent is asked, because a camera has few places for subscriptions and some end all of them at once: there
is never a second one. Only where no agent runs is the camera asked directly, until one starts.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import binascii
import contextlib
import json
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from edgeagent import control, plugins
from edgeagent.cli.asking import Refused, ending, hints
from edgeagent.cli.camera import judgement
from edgeagent.cli.camera.lines import Lines
from edgeagent.cli.loose import Loose, read_loosely
from edgeagent.cli.onlooker import Onlooker, folder_of
from edgeagent.cli.say import choose, say
from edgeagent.configfile import Loaded, load
from edgeagent.driver import Driver
from edgeagent.outbox import hold
from edgeagent.outbox.lock import FILE_NAME
from edgeagent.rules import Rules
from gridwire import wholefile
from gridwire.problem import Problem

AGENT_WAIT_S = 20.0
DIRECT_WAIT_S = 0.5
PICTURE_WAIT_S = 90.0


class NoSuchDevice(Problem):
    code = "camera.no-such-device"
    en = "there is no device “{name}” in the configuration{hint_en}; there are: {known}"
    zh = "配置中没有设备“{name}”{hint_zh}，现有：{known}"


class SwitchedOff(Problem):
    code = "camera.switched-off"
    en = "device {name} is switched off (enabled = false), the agent does not watch it"
    zh = "设备 {name} 已停用（enabled = false），代理没有监测它"


class NotSaved(Problem):
    code = "camera.not-saved"
    en = "the picture was not saved to {file}: {why}"
    zh = "图片未能存入 {file}：{why}"


class NoPicture(Problem):
    code = "camera.no-picture"
    en = "no picture: the camera is not reached: {detail}"
    zh = "没有图片：连接不上摄像机：{detail}"


def execute(args: argparse.Namespace) -> int:
    """Exit code 1 when the device cannot be asked, 78 when the configuration is wrong."""
    loose = read_loosely(args.config)
    language = choose(args.language, loose.language)
    lines = Lines(args.device, language, loose.zone, as_json=args.json)

    def look() -> int:
        _check(args.device, loose)
        if control.answers(loose.store):
            _with_agent(args, loose, lines)
        else:
            _without_agent(args, loose, lines)
        return 0

    return ending(look, language)


def _check(device: str, loose: Loose) -> None:
    table = loose.devices.get(device)
    if table is None:
        meant = hints(device, loose.devices, between_en=",", between_zh="，")
        raise NoSuchDevice(name=device[:64], known=", ".join(loose.devices) or "-", **meant)
    if table.get("enabled") is False:
        raise SwitchedOff(name=device)


# -- through the running agent -------------------------------------------------------------------------------------


def _with_agent(args: argparse.Namespace, loose: Loose, lines: Lines) -> None:
    def ask(op: str, **asked: object) -> dict[str, Any]:
        answer = control.ask(loose.store, "device", {"device": args.device, "op": op, "args": asked})
        if not answer.ok:
            raise Refused(en=answer.en, zh=answer.zh)
        return answer.result

    if args.picture_reset:
        ask("judge_reset")
        print(say(lines.language, en="what it usually shows is learnt anew", zh="将重新学习平时画面"), flush=True)
        return
    if args.picture is not None:
        _show_judgement(args, ask("judge"), lines)
        return
    if args.snapshot is not None:
        health = ask("watch", after=-1, wait_s=0.0)["health"]
        if health.get("state") == "down":
            raise NoPicture(detail=health.get("detail") or health.get("reason"))
        _save(args.snapshot, str(ask("picture")["jpeg"]), lines)
        if args.seconds is None:
            return
    lines.note("agent")
    ends_s = _end_s(args)
    answer = ask("watch", after=-1, wait_s=0.0)
    while True:
        lines.show(answer)
        left_s = ends_s - time.monotonic()
        if left_s <= 0:
            return
        try:
            answer = ask("watch", after=answer["last"], wait_s=min(AGENT_WAIT_S, left_s))
        except control.AgentSilent:
            lines.note("agent-gone")
            return


def _end_s(args: argparse.Namespace) -> float:
    return float("inf") if args.seconds is None else time.monotonic() + float(args.seconds)


# -- directly ------------------------------------------------------------------------------------------------------


def _without_agent(args: argparse.Namespace, loose: Loose, lines: Lines) -> None:
    """Raises `OutboxInUse` for an agent that runs and has no socket."""
    if (loose.store / FILE_NAME).exists():  # else there was none, and we must not leave one that is not the agent's
        try:
            with hold(loose.store):
                pass
        except OSError as error:
            raise control.AgentSilent(path=loose.store, reason=error.strerror or error) from error
    loaded = load(args.config, plugins.resolve)
    with folder_of(loose.store, args.device) as folder, contextlib.suppress(asyncio.CancelledError):
        asyncio.run(_look(args, loaded, loose.store, folder, lines))


async def _look(args: argparse.Namespace, loaded: Loaded, store: Path, folder: Path, lines: Lines) -> None:
    settings = loaded.config.device[args.device]
    device = Onlooker(
        args.device, settings.name, lines.language, folder, Rules.of(loaded.config), ZoneInfo(loaded.config.timezone)
    )
    driver = plugins.load(settings.driver)(settings.options)
    looking = asyncio.current_task()
    if looking is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, looking.cancel)
    watching = asyncio.create_task(driver.run(device))
    try:
        await asyncio.sleep(0)
        if args.picture_reset:
            await driver.command(device, "judge_reset", {})
        elif args.picture is not None:
            _show_judgement(args, await _ask(driver, "judge", device, watching), lines)
        elif args.snapshot is not None:
            _save(args.snapshot, str((await _ask(driver, "picture", device, watching))["jpeg"]), lines)
        if (args.snapshot is None or args.seconds is not None) and not (args.picture or args.picture_reset):
            await _follow(args, driver, device, watching, store, lines)
    finally:
        # Ends the subscription.
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def _follow(
    args: argparse.Namespace,
    driver: Driver,
    device: Onlooker,
    watching: asyncio.Task[None],
    store: Path,
    lines: Lines,
) -> None:
    lines.note("direct")
    ends_s, last = _end_s(args), -1
    while time.monotonic() < ends_s and not watching.done():
        answer = dict(await driver.command(device, "watch", {"after": last, "wait_s": DIRECT_WAIT_S}))
        last = int(str(answer["last"]))
        lines.show({**answer, "health": device.health, "info": device.info})
        if await asyncio.to_thread(control.answers, store):
            lines.note("agent-started")
            return
    if watching.done():
        watching.result()


async def _ask(driver: Driver, op: str, device: Onlooker, watching: asyncio.Task[None]) -> Mapping[str, Any]:
    """What needs a picture. Raises `NoPicture` as soon as it is known that the camera is not reached,

    `CommandRefused`.
    """
    taking = asyncio.ensure_future(driver.command(device, op, {}))
    try:
        async with asyncio.timeout(PICTURE_WAIT_S):
            while not taking.done() and device.health["state"] != "down" and not watching.done():
                await asyncio.wait({taking}, timeout=0.1)
    except TimeoutError:
        pass
    if not taking.done():
        taking.cancel()
        await asyncio.gather(taking, return_exceptions=True)
        if watching.done():
            watching.result()
        raise NoPicture(detail=device.health.get("detail") or f"{PICTURE_WAIT_S:g} s")
    return taking.result()


# -- the picture ---------------------------------------------------------------------------------------------------


def _show_judgement(args: argparse.Namespace, found: Mapping[str, Any], lines: Lines) -> None:
    file = None if args.picture == Path("-") else args.picture
    if judgement.show(found, file, lines.language, as_json=args.json) is not None:
        _save(args.picture, str(found["beside"]), lines)


def _save(file: Path, text: str, lines: Lines) -> None:
    """Whole or not at all. Raises `NotSaved`."""
    try:
        jpeg = base64.b64decode(text, validate=True)
        wholefile.replace(file, jpeg, on_disk=False)
    except (OSError, binascii.Error) as error:
        raise NotSaved(file=file, why=getattr(error, "strerror", None) or error) from error
    if lines.as_json:
        print(json.dumps({"type": "picture", "file": str(file), "bytes": len(jpeg)}, ensure_ascii=False), flush=True)
        return
    saved = f"{file}, {len(jpeg)} bytes"
    print(say(lines.language, en=f"picture saved: {saved}", zh=f"图片已保存：{file}，{len(jpeg)} 字节"), flush=True)
