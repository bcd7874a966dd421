"""The worker process: one, kept while it is held, killed when it hangs, bounded in memory, never left behind."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from drivers.snapshot import bounded
from drivers.snapshot import worker as module
from drivers.snapshot.child import ChildFailed, run_child
from drivers.snapshot.worker import WorkerFailed, worker
from tests.harness import until

FUNCTIONS = """
import os, sys, time
from drivers.snapshot.notdone import NotDone

def echo(header, data):
    print("what a library prints goes elsewhere", flush=True)
    return str(header["n"]).encode() + data

def pid(header, data):
    return str(os.getpid()).encode()

def hang(header, data):
    if "begun" in header:
        open(header["begun"], "w").close()
    time.sleep(600)

def refuse(header, data):
    raise NotDone("too-dark", "nothing to see")

def needs(header, data):
    import no_such_library

def takes(header, data):
    return bytes(len(bytearray(header["bytes"])) and 1)

def breaks(header, data):
    raise KeyError("a mistake of ours")

def dies(header, data):
    os.kill(os.getpid(), 11)
"""


@pytest.fixture(autouse=True)
def functions(tmp_path, monkeypatch):
    (tmp_path / "worker_functions.py").write_text(FUNCTIONS)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])


async def call(name, header=None, data=b"", timeout_s=20.0):
    return await worker().call(f"worker_functions:{name}", header or {}, data, timeout_s=timeout_s)


def runs(pid):
    """A zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def test_bytes_in_bytes_out():
    large = os.urandom(3_000_000)
    async with worker().held():
        assert await call("echo", {"n": 7}) == b"7"
        assert await call("echo", {"n": 8}, large) == b"8" + large


async def test_while_it_is_held_one_process_serves_all():
    async with worker().held():
        pids = set(await asyncio.gather(*(call("pid") for _ in range(5))))
        assert len(pids) == 1
        pid = int(pids.pop())
        assert worker().pid == pid
        assert runs(pid)
    assert worker().pid is None
    assert not runs(pid)


async def test_held_by_nobody_it_ends_after_the_request():
    pid = int(await call("pid"))
    assert not runs(pid)


async def test_what_it_cannot_do_has_a_name_and_the_process_stays():
    async with worker().held():
        before = await call("pid")
        for name, reason in (("refuse", "too-dark"), ("needs", "missing")):
            with pytest.raises(WorkerFailed) as caught:
                await call(name)
            assert caught.value.reason == reason
        assert await call("pid") == before


async def test_one_that_hangs_is_killed_and_the_next_works():
    async with worker().held():
        before = int(await call("pid"))
        with pytest.raises(WorkerFailed) as caught:
            await call("hang", timeout_s=0.3)
        assert caught.value.reason == "timeout"
        assert not runs(before)
        assert await call("echo", {"n": 1}) == b"1"


async def test_a_request_that_is_cancelled_leaves_nothing_for_the_next(tmp_path):
    async with worker().held():
        before = int(await call("pid"))
        begun = tmp_path / "begun"
        hanging = asyncio.create_task(call("hang", {"begun": str(begun)}))
        await until(begun.exists)
        hanging.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hanging
        assert not runs(before)
        assert await call("echo", {"n": 2}) == b"2"


@pytest.mark.parametrize("name", ["breaks", "dies"])
async def test_one_that_dies_harms_nobody(name):
    async with worker().held():
        with pytest.raises(WorkerFailed) as caught:
            await call(name)
        assert caught.value.reason == "crash"
        assert await call("echo", {"n": 3}) == b"3"


async def test_a_mistake_of_ours_is_told():
    with pytest.raises(WorkerFailed, match="a mistake of ours"):
        await call("breaks")


async def test_one_that_was_killed_while_it_waited_is_replaced_unnoticed():
    async with worker().held():
        os.kill(int(await call("pid")), signal.SIGKILL)
        assert await call("echo", {"n": 4}) == b"4"


async def test_it_gets_no_more_memory_than_it_may():
    async with worker().held():
        before = int(await call("pid"))
        with pytest.raises(WorkerFailed) as caught:
            await call("takes", {"bytes": bounded.MAX_MEMORY_BYTES})
        assert caught.value.reason == "memory"
        assert not runs(before), "memory that was short may be in pieces"
        limits = Path(f"/proc/{int(await call('pid'))}/limits").read_text()
    (line,) = [line for line in limits.splitlines() if line.startswith("Max address space")]
    assert line.split()[3] == str(bounded.MAX_MEMORY_BYTES)


async def test_without_work_it_ends_by_itself(monkeypatch):
    monkeypatch.setattr(module, "IDLE_S", 0.2)
    async with worker().held():
        pid = int(await call("pid"))
        await until(lambda: not runs(pid))
        assert worker().pid is None
        assert await call("echo", {"n": 5}) == b"5"


async def test_children_of_all_kinds_are_bounded(tmp_path):
    (tmp_path / "greedy_child.py").write_text(f"len(bytearray({bounded.MAX_MEMORY_BYTES}))")
    with pytest.raises(ChildFailed, match="MemoryError"):
        await run_child("greedy_child", b"", timeout_s=20.0)


PARENT = """
import asyncio, sys
from drivers.snapshot.child import run_child
from drivers.snapshot.worker import worker

async def main():
    async with worker().held():
        worker_pid = (await worker().call("worker_functions:pid", {}, b"", timeout_s=20.0)).decode()
        hanging = [worker().call("worker_functions:hang", {}, b"", timeout_s=600.0)]
        hanging += [run_child("telling_child", b"", timeout_s=600.0)]
        print(worker_pid, flush=True)
        await asyncio.gather(*hanging)

asyncio.run(main())
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_nothing_outlives_its_parent_however_that_ends(tmp_path, number):
    """Not even what hangs, and reads nothing of a pipe that was closed."""
    told = tmp_path / "pid"
    (tmp_path / "telling_child.py").write_text(
        f"import os, time\nwith open({str(told)!r}, 'w') as out:\n    out.write(f'{{os.getpid()}}.')\ntime.sleep(600)\n"
    )
    path = os.pathsep.join(entry for entry in sys.path if entry)
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}
    )
    try:
        line = await asyncio.to_thread(parent.stdout.readline)
        await until(lambda: told.exists() and told.read_text().endswith("."))
        children = [int(line), int(told.read_text().rstrip("."))]
        assert all(map(runs, children))
    finally:
        parent.send_signal(number)
        parent.wait()
        parent.stdout.close()
    await until(lambda: not any(map(runs, children)))
