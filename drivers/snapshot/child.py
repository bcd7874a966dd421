"""Runs one of our own modules in a short-lived child process: bytes in, bytes out, killed when its time is over.

Heavy libraries thus cost no memory between uses, and one that hangs or crashes harms nobody. Children of one kind
wait for each other, whatever camera they are for: a small box has few cores.
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from weakref import WeakKeyDictionary

from edgeagent.driver import DriverProblem

MAX_AT_ONCE = 2
_BOUNDED = "drivers.snapshot.bounded"
_MAX_ERROR_CHARS = 300
_places: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, asyncio.Semaphore]] = WeakKeyDictionary()


class ChildFailed(DriverProblem):
    """`status`: exit status, None when it was killed for being too slow."""

    code = "device.child-failed"
    en = "{module} failed ({status}): {why}"
    zh = "{module} 运行失败（{status}）：{why}"

    def __init__(self, module: str, status: int | None, why: str) -> None:
        self.status = status
        super().__init__(module=module, status="timeout" if status is None else status, why=why[-_MAX_ERROR_CHARS:])


async def run_child(module: str, given: bytes, *, timeout_s: float) -> bytes:
    """What `python -m module` wrote. Raises `ChildFailed`."""
    places = _places.setdefault(asyncio.get_running_loop(), {})
    async with places.setdefault(module, asyncio.Semaphore(MAX_AT_ONCE)):
        process = await start_child(module, errors=PIPE)
        try:
            async with asyncio.timeout(timeout_s):
                output, errors = await process.communicate(given)
        except TimeoutError as error:
            raise ChildFailed(module, None, f"{timeout_s:g} s") from error
        finally:
            await end_child(process)
        if process.returncode != 0:
            raise ChildFailed(module, process.returncode, errors.decode("utf-8", "replace").strip())
        return output


async def start_child(module: str, *, errors: int) -> Process:
    """A process of ours that ends with this one, in bounds; `errors` is what becomes of its standard error."""
    bounded = [sys.executable, "-m", _BOUNDED, str(os.getpid()), module]
    return await asyncio.create_subprocess_exec(*bounded, stdin=PIPE, stdout=PIPE, stderr=errors, env=_environment())


async def end_child(process: Process) -> None:
    """Killed, unless it has ended by itself, and waited for."""
    if process.returncode is None:
        process.kill()
        await process.wait()


def _environment() -> dict[str, str]:
    # Cameras are in our own network: a proxy would only lose them.
    own = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    path = os.pathsep.join(entry for entry in sys.path if entry)
    # One thread each: more cost memory for every core, and the other cores have other work.
    single = {
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "OPENCV_FFMPEG_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
    }
    return {**own, **single, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8", "PYTHONDONTWRITEBYTECODE": "1"}
