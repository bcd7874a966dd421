"""The one worker process for pictures: OpenCV is loaded there and nowhere else, on first use, and for a while.

A start costs 150 to 400 ms of a core, a picture in a running worker 5 to 40. It is killed when a request takes too long
and when it had nothing to do for `IDLE_S`; its memory is bounded, and it never outlives the agent.
"""

from __future__ import annotations

import asyncio
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakKeyDictionary

from drivers.snapshot.child import end_child, start_child
from drivers.snapshot.frames import SIZES, pack, unpack
from drivers.snapshot.worker_child import LAST_WORDS
from edgeagent.driver import DriverProblem

IDLE_S = 20.0
_MODULE = "drivers.snapshot.worker_child"
_workers: WeakKeyDictionary[asyncio.AbstractEventLoop, Worker] = WeakKeyDictionary()


class WorkerFailed(DriverProblem):
    """`reason` is a word: that of the function's `NotDone`, or missing, memory, crash, timeout."""

    code = "snapshot.worker-failed"
    en = "the picture process could not do it ({reason}): {why}"
    zh = "图片处理进程未能完成（{reason}）：{why}"

    def __init__(self, reason: str, why: str) -> None:
        self.reason = reason
        super().__init__(reason=reason, why=why)


def worker() -> Worker:
    """The worker of this event loop."""
    return _workers.setdefault(asyncio.get_running_loop(), Worker())


class Worker:
    """One process, one request at a time. It only lives while somebody holds it."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._one_at_a_time = asyncio.Lock()
        self._holders = 0
        self._idle: asyncio.TimerHandle | None = None

    @property
    def pid(self) -> int | None:
        """Of the process, if one runs."""
        return self._process.pid if self._process is not None else None

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Between requests the process may stay. When the last holder leaves, it ends."""
        self._holders += 1
        try:
            yield
        finally:
            self._holders -= 1
            if self._holders == 0:
                await self._end()

    async def call(self, function: str, header: Mapping[str, Any], data: bytes, *, timeout_s: float) -> bytes:
        """What `function` (`package.module:name`, one of our own) makes of header and data. Raises `WorkerFailed`.

        `timeout_s` counts from its turn, and includes the start of the process.
        """
        request = pack({"function": function, "header": header}, data)
        async with self.held(), self._one_at_a_time:
            self._stay()
            done = False
            try:
                async with asyncio.timeout(timeout_s):
                    head, answer = await self._ask(request)
                done = head.get("reason") not in LAST_WORDS
            except TimeoutError as error:
                raise WorkerFailed("timeout", f"{timeout_s:g} s") from error
            except (OSError, asyncio.IncompleteReadError, ValueError) as error:
                raise WorkerFailed("crash", str(error) or type(error).__name__) from error
            finally:
                # Cancelled in the middle, too: what it would answer belongs to nobody.
                if not done:
                    await self._end()
                self._leave_soon()
        if head:
            raise WorkerFailed(str(head.get("reason")), str(head.get("why")))
        return answer

    async def _ask(self, request: bytes) -> tuple[dict[str, Any], bytes]:
        kept = self._process is not None
        try:
            return await self._exchange(request)
        except (OSError, asyncio.IncompleteReadError):
            if not kept:
                raise
        # It died while nobody asked anything, for instance because the box ran out of memory.
        await self._end()
        return await self._exchange(request)

    async def _exchange(self, request: bytes) -> tuple[dict[str, Any], bytes]:
        if self._process is None:
            self._process = await start_child(_MODULE, errors=DEVNULL)
        sink, source = self._process.stdin, self._process.stdout
        assert sink is not None
        assert source is not None
        sink.write(request)
        await sink.drain()
        head_bytes, data_bytes = SIZES.unpack(await source.readexactly(SIZES.size))
        return unpack(await source.readexactly(head_bytes), await source.readexactly(data_bytes))

    def _stay(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _leave_soon(self) -> None:
        if self._process is not None:
            self._idle = asyncio.get_running_loop().call_later(IDLE_S, self._kill)

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.kill()

    async def _end(self) -> None:
        self._stay()
        process, self._process = self._process, None
        if process is not None:
            await end_child(process)
