"""Whom `edgeagent terminal` asks: the running agent, or, where none runs, the driver itself.

A port can be opened once only, so there are never two. Without an agent every part is on trial from the beginning:
nobody may hear "done" when nothing is stored.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar
from zoneinfo import ZoneInfo

from edgeagent import control, plugins
from edgeagent.cli.asking import Refused
from edgeagent.cli.loose import Loose
from edgeagent.cli.onlooker import Onlooker, folder_of
from edgeagent.configfile import load
from edgeagent.driver import Driver
from edgeagent.outbox import hold
from edgeagent.outbox.lock import FILE_NAME
from edgeagent.rules import Rules
from gridwire.problem import Language, Problem

T = TypeVar("T")
ALL = "*"
"""All parts, as what is put on trial."""


class AgentStarted(Problem):
    code = "look.agent-started"
    en = "the agent has been started meanwhile and gets the ports: please call this again"
    zh = "代理已启动，串口已交给代理：请重新执行"


class Asked(Protocol):
    """`ask` blocks. Raises `Refused`, `AgentSilent`, the driver's problems."""

    longest_s: float
    """So long one question may wait."""
    direct: bool

    def ask(self, op: str, **args: object) -> dict[str, Any]: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class ByAgent:
    """The agent's control socket."""

    longest_s, direct = 20.0, False

    def __init__(self, store: Path, device: str) -> None:
        self._store, self._device = store, device

    def ask(self, op: str, **args: object) -> dict[str, Any]:
        answer = control.ask(self._store, "device", {"device": self._device, "op": op, "args": args})
        if not answer.ok:
            raise Refused(en=answer.en, zh=answer.zh)
        return answer.result

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The agent goes on."""


class Directly:
    """The driver, run here in a thread of its own until left. Entering raises BadConfig, OutboxInUse, AgentSilent."""

    longest_s, direct = 0.5, True

    def __init__(self, config: Path, loose: Loose, device: str, language: Language) -> None:
        self._store, self._id = loose.store, device
        if (loose.store / FILE_NAME).exists():  # else we would leave one that is not the agent's
            try:
                with hold(loose.store):
                    pass
            except OSError as error:
                raise control.AgentSilent(path=loose.store, reason=error.strerror or error) from error
        loaded = load(config, plugins.resolve)
        settings = loaded.config.device[device]
        self._driver: Driver = plugins.load(settings.driver)(settings.options)
        self._folder = folder_of(loose.store, device)
        zone = ZoneInfo(loaded.config.timezone)
        rules = Rules.of(loaded.config)

        def device_in(folder: Path) -> Onlooker:
            return Onlooker(device, settings.name, language, folder, rules, zone)

        self._make = device_in
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="driver", daemon=True)
        self._running: asyncio.Task[None] | None = None

    def ask(self, op: str, **args: object) -> dict[str, Any]:
        """Raises `AgentStarted` as well."""
        if op == "watch":
            args = {**args, "test": ALL}
            if control.answers(self._store):
                raise AgentStarted
        answer = dict(self._in_loop(self._driver.command(self._device, op, args)))
        if self._running is not None and self._running.done():
            self._running.result()  # why it does not go on
        return {**answer, "health": self._device.health, "info": self._device.info}

    def __enter__(self) -> Self:
        self._device = self._make(self._folder.__enter__())
        self._thread.start()
        self._in_loop(self._begin())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._in_loop(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._folder.__exit__(None, None, None)

    async def _begin(self) -> None:
        """First the trial, then the parts."""
        await self._driver.command(self._device, "watch", {"after": -1, "wait_s": 0.0, "test": ALL})
        self._running = asyncio.create_task(self._driver.run(self._device))
        await asyncio.sleep(0)

    async def _end(self) -> None:
        """The driver, and a question that was interrupted."""
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _in_loop(self, work: Coroutine[Any, Any, T]) -> T:
        future: concurrent.futures.Future[T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result()


def whom(config: Path, loose: Loose, device: str, language: Language) -> Asked:
    """The agent if it answers, else the driver. Raises what `Directly` raises."""
    if control.answers(loose.store):
        return ByAgent(loose.store, device)
    return Directly(config, loose, device, language)
