"""`devices`: is every camera and terminal well, by its own driver's word?

The running agent is asked, since a camera has few places for subscriptions and a port opens once. Where none runs, a
driver that can search looks at its device alone (login, clock, events, picture); any other is run for a moment,
in a process of its own. Several at a time, for each dead one takes seconds; told in the order of the configuration.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from urllib.parse import urlsplit

from edgeagent import plugins
from edgeagent.checks.check import Check
from edgeagent.checks.scene import CRASHED, Scene, Trial
from edgeagent.config import DeviceSettings
from edgeagent.driver import DriverProblem, Found, Login, Search
from gridwire.problem import Both, Problem
from gridwire.verdict import Fault, Line, foreign, found, passed

CONNECT_S = 5.0
AT_ONCE = 8
"""Devices that are tried at the same time: what a small box and its line bear."""
SKEW_S = 30.0
_NO_LOGIN = "discover.no-login"


class Down(Fault):
    code = "check.device-down"
    en = "{name} is down ({reason}): {detail}. {more} shows more"
    zh = "{name} 离线（{reason}）：{detail}。详情见 {more}"


class Degraded(Fault):
    code = "check.device-degraded"
    level = "warn"
    en = "{name} works in part ({reason}): {detail}. {more} shows more"
    zh = "{name} 部分可用（{reason}）：{detail}。详情见 {more}"


class Starting(Fault):
    code = "check.device-starting"
    level = "warn"
    en = "{name} has not told yet how it is: check again in a minute"
    zh = "{name} 尚未报告状态：请一分钟后再检查"


class ClockOff(Fault):
    code = "check.device-clock"
    level = "warn"
    en = "{name}: its clock is {seconds} s off: set NTP on it, or a right password may be refused"
    zh = "{name}：其时钟偏差 {seconds} 秒：请在设备上设置 NTP，否则正确的密码也可能被拒绝"


class Silent(Fault):
    code = "check.device-unreachable"
    en = (
        "{name}: {address} does not answer ({reason_en}): is it powered, is the cable in, is the address right? "
        "edgeagent discover finds the cameras in the network"
    )
    zh = (
        "{name}：{address} 没有应答（{reason_zh}）：是否通电、网线是否插好、地址是否正确？可用 edgeagent discover "
        "查找摄像机"
    )


class OtherProtocol(Fault):
    code = "check.device-other"
    en = (
        "{name}: something answers at {address}, but does not speak {driver}: is the address right, is ONVIF "
        "switched on in the camera?"
    )
    zh = "{name}：{address} 有应答，但不是 {driver} 协议：地址是否正确？摄像机上是否启用了 ONVIF？"


class NoLogin(Fault):
    code = "check.device-no-login"
    en = "{name} wants a user: set username and password in [device.{id}]"
    zh = "{name} 需要登录：请在 [device.{id}] 中设置 username 和 password"


class Broken(Fault):
    code = "check.device-driver"
    en = (
        "{name}: its driver cannot be loaded: {why_en}. Install it again: edgeagent itself (apt install --reinstall "
        "edgeagent), or the package that the driver came with"
    )
    zh = "{name}：驱动无法加载：{why_zh}。请重新安装：本程序（apt install --reinstall edgeagent），或该驱动所属的软件包"


class Crashed(Fault):
    code = "check.device-crashed"
    en = (
        "{name}: its driver failed when it was tried ({reason}): {detail}. If no file or right is named that you can "
        "put in order: edgeagent support-bundle, and send it to whoever made the driver"
    )
    zh = (
        "{name}：试运行时驱动出错（{reason}）：{detail}。如提示缺少文件或权限，请先处理；否则请执行 edgeagent "
        "support-bundle，并把结果发给驱动的提供者"
    )


def _look(scene: Scene) -> Iterable[Line]:
    enabled = {name: device for name, device in scene.config.device.items() if device.enabled}
    if scene.agent_runs:
        yield from _by_agent(scene)
        return
    yield from _directly(scene, [(name, device) for name, device in enabled.items() if device.options is not None])


# -- the running agent ---------------------------------------------------------------------------------------------


def _by_agent(scene: Scene) -> Iterable[Line]:
    for device in scene.running.status.devices if scene.running else ():
        if device.state == "disabled":
            continue
        told = {"name": device.name or device.id, "reason": device.reason or "-", "detail": _plain(device.detail)}
        if device.state == "down":
            yield found(Down(more=_more(device.driver, device.id), **told), device.id)
        elif device.state == "degraded":
            yield found(Degraded(more=_more(device.driver, device.id), **told), device.id)
        elif device.state == "starting":
            yield found(Starting(name=told["name"]), device.id)
        else:
            yield from _skewed(told["name"], device.id, device.info)


def _skewed(name: str, device: str, info: dict[str, str]) -> Iterable[Line]:
    offset_s = 0.0
    with suppress(ValueError):
        offset_s = float(info.get("clock_offset_s", "0"))
    if abs(offset_s) > SKEW_S:
        yield found(ClockOff(name=name, seconds=f"{offset_s:.0f}"), device)
        return
    model = " ".join(filter(None, (info.get("maker"), info.get("model"), info.get("firmware"))))
    yield passed(f"{name}：在线 {model}".rstrip(), f"{name}: up {model}".rstrip(), device)


# -- where none runs -----------------------------------------------------------------------------------------------


def _directly(scene: Scene, devices: list[tuple[str, DeviceSettings]]) -> Iterator[Line]:
    """First whatever the network tells, then the trials: a process is not forked beside threads that hold locks."""
    pool, waiting = ThreadPoolExecutor(AT_ONCE), list[tuple[tuple[str, DeviceSettings], list[Line] | None]]()
    try:
        for device, lines in zip(devices, pool.map(lambda each: _over_network(*each), devices), strict=True):
            if lines is None or waiting:
                waiting.append((device, lines))
            else:
                yield from lines
    finally:
        pool.shutdown(cancel_futures=True)
    trials = scene.trials(device for device, lines in waiting if lines is None) if scene.trials else iter(())
    for device, lines in waiting:
        if lines is not None:
            yield from lines
        elif scene.trials is not None:
            yield from _by_trial(next(trials), *device)


def _over_network(name: str, device: DeviceSettings) -> list[Line] | None:
    """None: only its driver can tell."""
    shown = device.name or name
    try:
        finder = plugins.finder(device.driver)
    except Problem as problem:
        texts = {f"why_{language}": problem.text(language) for language in ("en", "zh")}
        return [found(Broken(name=shown, **texts), name)]
    place = address_of(device)
    if place is None:
        return None
    reason = _unreachable(*place)
    if reason is not None:
        address = f"{place[0]}:{place[1]}"
        return [found(Silent(name=shown, address=address, reason_en=reason.en, reason_zh=reason.zh), name)]
    return list(_by_finder(finder, name, device, place)) if finder is not None else None


def _by_finder(finder: plugins.Discover, name: str, device: DeviceSettings, place: tuple[str, int]) -> Iterable[Line]:
    shown = device.name or name
    user, password = (getattr(device.options, key, "") for key in ("username", "password"))
    logins = (Login(user, password),) if user else ()
    search = Search(hosts=(place[0],), ports=(place[1],), logins=logins)
    try:
        seen = asyncio.run(_find(finder, search, place))
    except DriverProblem as problem:
        yield _odd(problem, name, shown)
        return
    if seen is None:
        address = f"{place[0]}:{place[1]}"
        yield found(OtherProtocol(name=shown, address=address, driver=device.driver), name)
        return
    for each in seen.problems:
        yield found(NoLogin(name=shown, id=name), name) if each.code == _NO_LOGIN else _odd(each, name, shown)
    if not seen.problems:
        model = " ".join(filter(None, (seen.maker, seen.model, seen.firmware)))
        yield passed(
            f"{shown}：可连接、可登录，能提供事件和图片 {model}".rstrip(),
            f"{shown}: answers, logs in, gives events and pictures {model}".rstrip(),
            name,
        )


async def _find(finder: plugins.Discover, search: Search, place: tuple[str, int]) -> Found | None:
    """The device at this very port; others at the same host are not ours."""
    async for seen in finder(search):
        if _place(seen.address) == place:
            return seen
    return None


def _odd(problem: Problem, name: str, shown: str) -> Line:
    """What the driver has found, in its words and under its code."""
    line = foreign(problem, "fail", name)
    return line._replace(en=f"{shown}: {line.en}", zh=f"{shown}：{line.zh}")


def _by_trial(trial: Trial, name: str, device: DeviceSettings) -> Iterable[Line]:
    shown = device.name or name
    told = {"name": shown, "reason": trial.reason or "-", "detail": _plain(trial.detail)}
    if trial.state == "up":
        yield passed(f"{shown}：在线", f"{shown}: up", name)
    elif trial.state == "starting":
        yield found(Starting(name=shown), name)
    elif trial.state == "degraded":
        yield found(Degraded(more=_more(device.driver, name), **told), name)
    elif trial.state == CRASHED:
        yield found(Crashed(**told), name)
    else:
        yield found(Down(more=_more(device.driver, name), **told), name)


def _more(driver: str, device: str) -> str:
    """The command that shows one device."""
    known = {"onvif": f"edgeagent camera {device}", "terminal": f"edgeagent terminal {device} --test"}
    return known.get(driver, "edgeagent status")


def _plain(detail: str) -> str:
    """A driver's sentence without the code in front."""
    return re.sub(r"^[a-z-]+\.[a-z0-9-]+: ", "", detail) or "-"


def address_of(device: DeviceSettings) -> tuple[str, int] | None:
    """Host and port of a device in the network; None for one that has no address of its own."""
    for key in ("address", "url"):
        value = getattr(device.options, key, None)
        if isinstance(value, str) and value:
            return _place(value)
    return None


_PORTS = {"http": 80, "https": 443, "rtsp": 554}


def _place(address: str) -> tuple[str, int] | None:
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        port = parts.port or _PORTS.get(parts.scheme, 80)
    except ValueError:
        return None
    return (parts.hostname.lower(), port) if parts.hostname else None


def _unreachable(host: str, port: int) -> Both | None:
    """Why nothing answers there; None when something does."""
    try:
        socket.create_connection((host, port), CONNECT_S).close()
    except ConnectionRefusedError:
        return Both("该端口没有程序监听", "nothing listens at that port")
    except TimeoutError:
        return Both(f"{CONNECT_S:g} 秒内没有应答", f"no answer within {CONNECT_S:g} s")
    except OSError as error:
        why = error.strerror or str(error)
        return Both(why, why)
    return None


CHECK = Check(
    "devices",
    "每台摄像机和终端：可连接、登录、时钟、事件、图片（由驱动判断）",
    "every camera and terminal: reachable, login, clock, events, picture, as its driver says",
    _look,
    (Down, Degraded, Starting, ClockOff, Silent, OtherProtocol, NoLogin, Broken, Crashed),
    offline=False,
)
