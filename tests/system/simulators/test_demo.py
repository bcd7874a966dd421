"""The demo as a person starts it: it counts right, shows it at the console, and never leaves a process behind."""

import asyncio
import fcntl
import os
import re
import signal
import sqlite3
import subprocess
import sys
import termios
import uuid
from contextlib import closing
from pathlib import Path

import pytest

from simulators.demo.fetch import fetch
from simulators.demo.play import SAME_WISH_S
from tests.harness import until

PATIENCE_S = 90.0
MARK = "GRIDWIRE_DEMO_TEST"
TODAY = re.compile(r'countyhub_today\{type="alarm"\} ([0-9.]+)')
SUM = re.compile(r"^emitted (\d+) stored (\d+) lost 0 twice 0\s*$", re.MULTILINE)


class RunningDemo:
    """`python -m simulators.demo` in a folder of its own. All that it starts inherits a mark by which it is found."""

    def __init__(self, folder: Path, *arguments: str, terminal: int | None = None):
        self.path, self.mark = folder / "demo", uuid.uuid4().hex
        self._output = folder / "screen"
        command = [sys.executable, "-m", "simulators.demo", "--console-port", "0", "--dir", str(self.path)]
        output = self._output.open("wb") if terminal is None else terminal
        self.process = subprocess.Popen(
            [*command, "--language", "en", *arguments],
            stdin=output if terminal is not None else subprocess.DEVNULL,
            stdout=output, stderr=output,
            env={**os.environ, MARK: self.mark},
            start_new_session=True,
            # Only the leader of a session with a controlling terminal is told of Ctrl-C.
            preexec_fn=None if terminal is None else lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
        )  # fmt: skip

    @property
    def screen(self) -> str:
        return self._output.read_text(errors="replace")

    def log(self, name: str) -> Path:
        return self.path / "log" / f"{name}.log"

    async def until_screen(self, text: str) -> None:
        await until(lambda: text in self.screen or self.process.poll() is not None, PATIENCE_S)
        assert text in self.screen, self.screen

    async def ended(self) -> int:
        """The exit code, once no process of it is left."""
        await until(lambda: self.process.poll() is not None, PATIENCE_S)
        await until(lambda: not self.processes(), PATIENCE_S)
        return self.process.returncode

    def processes(self, part: str = "") -> list[int]:
        """Living processes of this demo whose command line holds this."""
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            try:
                marked = f"{MARK}={self.mark}".encode() in (place / "environ").read_bytes()
                if marked and part.encode() in (place / "cmdline").read_bytes():
                    found.append(int(place.name))
            except OSError:  # ended meanwhile, or somebody else's
                continue
        return found


@pytest.fixture
async def start(tmp_path):
    started = []

    def begin(*arguments, **options):
        started.append(RunningDemo(tmp_path, *arguments, **options))
        return started[-1]

    yield begin
    for demo in started:
        for pid in demo.processes():
            os.kill(pid, signal.SIGKILL)
        demo.process.wait()


async def until_told(console: int, line: str) -> None:
    """Until the hub's figures say so."""
    async with asyncio.timeout(PATIENCE_S):
        while line not in (await fetch(console, "/metrics")).decode():
            await asyncio.sleep(0.2)  # each look costs the hub a page


@pytest.mark.slow
async def test_everything_happens_and_nothing_is_lost_or_there_twice(start):
    demo = start("--seconds", "25", "--speed", "2.5", "--seed", "4")
    await demo.until_screen("all is up")
    console = int(re.search(r"127\.0\.0\.1:(\d+)/", demo.screen)[1])
    link = re.search(rf"http://127\.0\.0\.1:{console}(/login/link/\S+)", demo.screen)[1]
    assert b"<button" in await fetch(console, link), "it asks before it logs in: programs look at links too"
    await until_told(console, 'countyhub_boxes{state="online"} 11.0')
    told = (await fetch(console, "/metrics")).decode()
    assert 'countyhub_boxes{state="lost"} 1.0' in told, "the one that is away since yesterday"
    assert "countyhub_dead_letters 3.0" in told
    assert 'countyhub_open_cases{light="red",stage="reported"} 1.0' in told, "the one that was left lying"
    alarms = float(TODAY.search(told)[1])
    await demo.until_screen("uplink mended")
    assert float(TODAY.search((await fetch(console, "/metrics")).decode())[1]) > alarms, "of the live village"
    assert await demo.ended() == 0, demo.screen
    emitted, stored = map(int, SUM.search(demo.screen).groups())
    assert emitted == stored > 20, "what happened before the demo began does not count"
    for name in ("county", "dispatcher", "department", "township", "clerk", "worker", "inspector", "auditor"):
        assert re.search(rf"^    {name} ", demo.screen, re.MULTILINE), name
    assert "under these names: " in demo.screen
    assert "(clerk)" in demo.screen
    for text in ("no power for", "power is back", "uplink cut", "check-in", "motion", "blind intervals"):
        assert text in demo.screen, text
    assert (demo.path / "village" / "secrets" / "village-key").stat().st_mode & 0o777 == 0o600
    checked = subprocess.run(
        [sys.executable, "-m", "edgeagent.cli", "check", "--only", "config",
         "--config", demo.path / "village" / "edgeagent.toml"],
        check=False, capture_output=True,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stderr


@pytest.mark.slow
async def test_ctrl_c_at_a_terminal_reaches_the_demo_alone_and_is_counted(start):
    ours, theirs = os.openpty()
    demo = start("--empty", terminal=theirs)
    os.close(theirs)
    drawn = Reading(ours)
    await until(lambda: b"all alarms" in drawn.text, PATIENCE_S)
    await until(lambda: drawn.text.count(b"\x1b[J") >= 3, PATIENCE_S)
    os.write(ours, b"\x03")
    assert await demo.ended() == 0, drawn.text.decode()
    assert b"\x1b[J" in drawn.text, "drawn in place"
    assert SUM.search(drawn.text.decode().replace("\r\n", "\n")), drawn.text.decode()
    drawn.close()


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["no power for", "uplink cut"])
@pytest.mark.parametrize("at_once", [False, True])
async def test_ended_while_something_is_away_nothing_is_lost(start, moment, at_once):
    """`make` hands on the signal that it gets itself: twice at the same moment is one wish, twice in a second two."""
    demo = start("--empty", "--speed", "2")
    await demo.until_screen(moment)
    demo.process.terminate()
    demo.process.terminate()
    await demo.until_screen("the end: all is mended")
    if at_once:
        await asyncio.sleep(2 * SAME_WISH_S)  # what is tested is the time between two signals
        demo.process.send_signal(signal.SIGINT)
    assert await demo.ended() == 0, demo.screen
    assert SUM.search(demo.screen), demo.screen
    if not at_once:
        emitted, stored = map(int, SUM.search(demo.screen).groups())
        assert emitted == stored, "everything was waited for"


@pytest.mark.slow
async def test_what_vanishes_at_the_county_is_told_as_lost(start):
    """The count believes nobody: a row that the hub had and has no more is lost, whatever box and screen say."""
    demo = start("--empty")
    await demo.until_screen("all is up")
    taken = "SELECT min(id) FROM event WHERE type LIKE '%alarm%'"
    with closing(sqlite3.connect(demo.path / "county" / "data" / "hub.db", timeout=10)) as database:
        await until(lambda: database.execute(taken).fetchone()[0] is not None, PATIENCE_S)
        database.execute(f"DELETE FROM event WHERE id = ({taken})")
        database.commit()
    demo.process.terminate()
    assert await demo.ended() == 1, demo.screen
    assert re.search(r"^  lost: \d", demo.screen, re.MULTILINE), demo.screen
    assert re.search(r"^emitted \d+ stored \d+ lost 1 twice 0$", demo.screen, re.MULTILINE), demo.screen


@pytest.mark.slow
async def test_killed_it_takes_its_children_with_it(start):
    demo = start("--empty")
    await demo.until_screen("all is up")
    assert len(demo.processes()) >= 4, "demo, broker, hub, agent"
    demo.process.kill()
    assert await demo.ended() == -signal.SIGKILL


async def test_terminated_while_starting_it_ends_in_order(start):
    demo = start("--empty")
    await demo.until_screen("starting")
    demo.process.terminate()
    assert await demo.ended() == 0, demo.screen
    assert SUM.search(demo.screen)


@pytest.mark.slow
async def test_terminated_while_the_week_is_lived_it_ends_in_order(start):
    demo = start()
    await demo.until_screen("last week")
    demo.process.terminate()
    assert await demo.ended() == 0, demo.screen
    assert SUM.search(demo.screen)


@pytest.mark.slow
async def test_a_child_that_dies_is_told_with_its_last_words(start):
    demo = start("--empty")
    await demo.until_screen("all is up")
    for pid in demo.processes("countyhub.cli"):
        os.kill(pid, signal.SIGKILL)
    assert await demo.ended() == 1
    assert "process countyhub died (-9)" in demo.screen
    assert "countyhub.hub: console on" in demo.screen
    assert str(demo.log("countyhub")) in demo.screen


async def test_a_folder_that_is_not_its_own_is_left_alone(start, tmp_path):
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "thesis.txt").write_text("years of work")
    demo = start()
    assert await demo.ended() == 2
    assert "not of an earlier demo" in demo.screen
    assert (tmp_path / "demo" / "thesis.txt").read_text() == "years of work"


async def test_a_broker_that_is_not_there_is_named(start, unused_tcp_port):
    demo = start("--broker", f"127.0.0.1:{unused_tcp_port}")
    assert await demo.ended() == 1
    assert f"no broker: 127.0.0.1:{unused_tcp_port}" in demo.screen


class Reading:
    """What is written to a terminal; somebody must read it, or the writer stands still."""

    def __init__(self, descriptor: int):
        self.text = b""
        self._descriptor = descriptor
        asyncio.get_running_loop().add_reader(descriptor, self._read)

    def _read(self) -> None:
        try:
            self.text += os.read(self._descriptor, 65536)
        except OSError:  # nobody has it open any more
            asyncio.get_running_loop().remove_reader(self._descriptor)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._descriptor)
        os.close(self._descriptor)
