"""Disks damaged, set back, copied and replaced, and a hub restored or pruned: the faults that can destroy something.

What stood on the disk in question and had not arrived is doomed; the account tells in the end what of it is gone, and
whether the hub shows it.
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

from tests.chaos import damage
from tests.chaos.county import County
from tests.chaos.otherbox import OtherBox
from tests.harness import until
from tests.processes import Ledger

Disaster = Callable[[County], Awaitable[None]]


def damaged(kind: str, *, while_running: bool) -> Disaster:
    """Something is stored that the hub has not got; then a file goes bad, and the agent has to find out."""

    async def work(place: County) -> None:
        why = f"{kind}, {'running' if while_running else 'down'}"
        await place.until_heard(place.stream())
        place.proxy.cut()
        await place.store_some(15)
        if while_running:
            place.agent.pause()
            damage.KINDS[kind](place.store, place.chance)
            place.agent.resume()
            await place.linger(0.5, 1.5)
            place.agent.kill()
        else:
            place.agent.kill()
            damage.KINDS[kind](place.store, place.chance)
        place.account.doom(place.account.told(), place.at_hub(), why)
        await place.start_agent(set_back=True)
        place.proxy.mend()

    return work


async def rolled_back(place: County) -> None:
    """A copy of the running store is played back later; of what came after it the hub has got only the beginning."""
    copy = place.folder / "copy"
    if place.chance.random() < 0.5:
        place.agent.pause()
        copy_store(place, copy)
        known = set(place.account.told())
        place.agent.resume()
    else:
        place.agent.kill()
        copy_store(place, copy)
        known = set(place.account.told())
        await place.start_agent()
    await place.store_some(5)
    later = set(place.account.told()) - known
    await until(lambda: later <= place.at_hub(), 60)
    place.proxy.cut()
    await place.store_some(15)
    place.agent.kill()
    place.account.doom(set(place.account.told()) - known, place.at_hub(), "rolled back")
    empty_store(place)
    shutil.copytree(copy, place.store, dirs_exist_ok=True)
    await place.start_agent(set_back=True)
    place.proxy.mend()


async def cloned(place: County) -> None:
    """A copy of the disk runs in a second machine, beside the first, under one id; in the end the first is alone."""
    folder = place.folder / f"clone-{len(place.account.others) + 1}"
    ledger = Ledger(folder / "pond.txt")
    place.agent.pause()
    copy_store(place, folder / "store")
    place.agent.resume()
    clone = place.new_agent(folder, ledger, OtherBox(folder / "machine", folder.name))
    place.account.others.append(ledger)
    with clone:
        await until(lambda: len(ledger.told_ids) > 20 or not clone.is_running, 60)
        assert clone.is_running, clone.log
        place.agent.stop()  # two boxes of one id take the line from each other: somebody switches off the first
        told = set(ledger.told_ids)
        await until(lambda: told <= place.at_hub(), 60)
        place.stop_file.touch()
        await clone.until_drained()
        assert clone.stop() == 0
    place.stop_file.unlink()
    await place.start_agent()


async def replaced(place: County) -> None:
    """Another machine with an empty disk comes in the box's place; the old one is gone with what it had not sent."""
    await place.until_heard(place.stream())
    place.proxy.cut()
    await place.store_some(10)
    place.agent.kill()
    place.account.doom(place.account.told(), place.at_hub(), "replaced")
    empty_store(place)
    place.machine.identify(f"boot-{place.chance.randrange(10**9)}", f"machine-{place.chance.randrange(10**9)}")
    await place.start_agent(set_back=True)
    place.proxy.mend()


async def rebooted(place: County) -> None:
    """The same machine, another boot."""
    place.agent.kill()
    place.machine.identify(f"boot-{place.chance.randrange(10**9)}", "machine")
    await place.start_agent()


async def hub_restored(place: County) -> None:
    """The hub's database is played back from an older copy: the box sends again what it still keeps."""
    copy = place.folder / "backup"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    with (
        closing(sqlite3.connect(place.hub.database, timeout=30)) as live,
        closing(sqlite3.connect(copy / "hub.db")) as to,
    ):
        live.backup(to)
    await place.store_some(30)
    await place.linger(0, 1)
    await asyncio.to_thread(place.hub.kill)
    had = place.at_hub()
    for name in ("hub.db", "hub.db-wal", "hub.db-shm"):
        (place.hub.folder / name).unlink(missing_ok=True)
    shutil.copy(copy / "hub.db", place.hub.database)
    place.machine.step(0)  # a request that a box with a clock years ahead gets is overdue
    await asyncio.to_thread(place.hub.start)
    await until(lambda: had <= place.at_hub(), 90)


async def hub_pruned(place: County) -> None:
    """Events leave the hub as retention takes them; what of them comes once more is still known."""
    with closing(sqlite3.connect(place.hub.database, timeout=30, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        old = "FROM event WHERE id < (SELECT max(id) FROM event)"
        place.account.prune(event for (event,) in db.execute(f"SELECT event_id {old}"))
        db.execute(f"DELETE {old}")
        db.execute("COMMIT")
    place.proxy.drop_replies()
    await place.linger(0.3, 1)
    place.proxy.mend()


def copy_store(place: County, target: Path) -> None:
    """As a disk is copied while nobody writes to it; a socket is no file."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(place.store, target, ignore=shutil.ignore_patterns("*.sock", "*.damaged-*", "ballast"))


def empty_store(place: County) -> None:
    for path in place.store.iterdir():  # it may be a mount point
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


DISASTERS: dict[str, Disaster] = {
    **{f"damaged down: {kind}": damaged(kind, while_running=False) for kind in damage.KINDS},
    **{f"damaged running: {kind}": damaged(kind, while_running=True) for kind in damage.KINDS},
    "rolled back": rolled_back,
    "cloned": cloned,
    "replaced": replaced,
    "rebooted": rebooted,
    "hub restored": hub_restored,
    "hub pruned": hub_pruned,
}
