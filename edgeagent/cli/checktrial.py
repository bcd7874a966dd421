"""Runs a device's driver for a moment, while no agent does, and tells how the device was. Nothing is stored or sent."""

from __future__ import annotations

import asyncio
from pathlib import Path
from zoneinfo import ZoneInfo

from edgeagent import plugins
from edgeagent.checks.scene import Trial
from edgeagent.cli.onlooker import Onlooker, folder_of
from edgeagent.cli.say import choose
from edgeagent.config import DeviceSettings
from edgeagent.configfile import Loaded
from edgeagent.driver import Driver
from edgeagent.rules import Rules
from gridwire.problem import Problem

TRIAL_S = 15.0
_EVERY_S = 0.05


def try_driver(loaded: Loaded, name: str, settings: DeviceSettings) -> Trial:
    """The first state that the driver reports, `starting` if it reports none in time."""
    config = loaded.config
    language = choose(None, config.language)
    with folder_of(Path(config.store.dir), name) as folder:
        device = Onlooker(name, settings.name, language, folder, Rules.of(config), ZoneInfo(config.timezone))
        try:
            driver = plugins.load(settings.driver)(settings.options)
            asyncio.run(_until_told(driver, device))
        except Problem as problem:
            return Trial("down", problem.code.rpartition(".")[2], problem.text(language).partition(": ")[2])
    told = {key: str(device.health.get(key, "")) for key in ("state", "reason", "detail")}
    return Trial(told["state"], told["reason"], told["detail"])


async def _until_told(driver: Driver, device: Onlooker) -> None:
    """Raises what the driver raises."""
    running = asyncio.create_task(driver.run(device))
    ends_s = asyncio.get_running_loop().time() + TRIAL_S
    try:
        while device.health["state"] == "starting" and asyncio.get_running_loop().time() < ends_s:
            done, _ = await asyncio.wait({running}, timeout=_EVERY_S)
            if done:
                running.result()
                return
    finally:
        if not running.done():
            running.cancel()
            await asyncio.wait({running})
