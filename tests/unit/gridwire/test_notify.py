"""What systemd is told: on a real socket, as sd_notify(3) has it."""

from __future__ import annotations

import asyncio
import os
import socket

import pytest

from gridwire.systemd import Notifier, Rounds
from tests.harness import until


@pytest.fixture
def systemd(tmp_path):
    """The socket on which systemd listens."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.setblocking(False)
        yield listener


def heard(systemd):
    found = []
    while True:
        try:
            found.append(systemd.recv(4096).decode())
        except BlockingIOError:
            return found


def notifier(systemd, **environment):
    return Notifier({"NOTIFY_SOCKET": systemd.getsockname(), **environment})


def test_states_are_told_as_systemd_reads_them(systemd):
    told = notifier(systemd)
    told.ready("2 devices\nand a half")
    told.reloading()
    told.stopping()
    ready, reloading, stopping = heard(systemd)
    assert ready == "READY=1\nSTATUS=2 devices and a half"
    assert reloading.startswith("RELOADING=1\nMONOTONIC_USEC=")
    assert stopping == "STOPPING=1"


def test_the_abstract_address_of_a_container_is_understood():
    name = f"\0gridwire-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(name)
        listener.setblocking(False)
        Notifier({"NOTIFY_SOCKET": "@" + name[1:]}).status("well")
        assert heard(listener) == ["STATUS=well"]


async def test_without_systemd_nothing_is_sent_and_nothing_runs():
    told = Notifier({})
    told.ready("")
    await told.feed()  # returns


@pytest.mark.parametrize(("pid", "ours"), [("own", True), ("1", False)])
def test_the_watchdog_of_another_process_is_not_ours(pid, ours):
    told = Notifier({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": str(os.getpid()) if pid == "own" else pid})
    assert told.watchdog_s == (3.0 if ours else 0.0)


def test_a_systemd_that_does_not_read_stops_nobody(systemd):
    told = notifier(systemd)
    for _ in range(10_000):  # more than the socket's queue
        told.status("x" * 200)


async def test_it_is_fed_only_after_every_part_has_answered(systemd):
    told = notifier(systemd, WATCHDOG_USEC="30000")
    wake, works, asked = asyncio.Event(), [True], []
    rounds = Rounds(wake)

    async def part():
        asked.append(works[0])
        return works[0]

    feeding = asyncio.create_task(told.feed(part, rounds.answers))
    await until(wake.is_set)  # the loop that `rounds` stands for has not come round: nothing is fed
    assert heard(systemd) == []
    rounds.came()
    await until(lambda: len(asked) == 2)
    assert heard(systemd) == ["WATCHDOG=1"]
    works[0] = False
    rounds.came()
    await until(lambda: asked.count(False) > 1)
    assert heard(systemd) == ["WATCHDOG=1"]  # what was asked before `works` was changed
    feeding.cancel()
