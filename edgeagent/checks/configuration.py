"""`config`: what the files say that is odd. Mistakes end the command before any check; this tells the rest."""

from __future__ import annotations

from collections.abc import Iterable

from edgeagent import plugins
from edgeagent.checks.check import Check
from edgeagent.checks.scene import Scene
from edgeagent.configfile import DriverBroken, Mistake
from edgeagent.configfile.boxmistakes import BrokenDriver
from gridwire.settings.mistakes import Place
from gridwire.verdict import Line, passed


def _look(scene: Scene) -> Iterable[Line]:
    for warning in scene.loaded.warnings:
        yield _line(warning)
    broken = list(_broken_drivers(scene))
    yield from map(_line, broken)
    config = scene.config
    count, rules, files = len(config.device), len(config.rule), len(scene.loaded.files)
    warnings = len(scene.loaded.warnings) + len(broken)
    yield passed(
        f"配置正确：盒子 {config.box}，设备 {count} 台，规则 {rules} 条，文件 {files} 个，"
        f"警告 {warnings} 条，摘要 {scene.loaded.hash[:12]}",
        f"configuration is right: box {config.box}, devices {count}, rules {rules}, files {files}, "
        f"warnings {warnings}, hash {scene.loaded.hash[:12]}",
    )


def _broken_drivers(scene: Scene) -> Iterable[Mistake]:
    """Drivers whose settings are right and whose code cannot be loaded; loading the configuration does not try."""
    for name, device in scene.config.device.items():
        if device.options is not None:
            try:
                plugins.load(device.driver)
            except DriverBroken as problem:
                place = Place(str(scene.loaded.files[0]))
                yield BrokenDriver(place, f"device.{name}.driver", name=device.driver, reason=problem.reason)


def _line(mistake: Mistake) -> Line:
    key = f"{mistake.key}: " if mistake.key else ""
    where = f"{mistake.place}: {key}"
    return Line("warn", where + mistake.sentence("zh"), where + mistake.sentence("en"), mistake.code)


CHECK = Check(
    "config",
    "配置文件；有错误时逐条指出文件和行号，其余检查不再进行",
    "the configuration files; mistakes are named with file and line, and end the command",
    _look,
    (),
)
