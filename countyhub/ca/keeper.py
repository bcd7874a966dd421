"""The hub's task of identity: listens for boxes, keeps everything from running out, says aloud what nears its end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from countyhub.ca import identities, keeping, revocation
from countyhub.ca.authority import INDEX, CaBroken, CaTooShort, NoCa
from countyhub.ca.files import KeyOpen, NotWritten
from countyhub.ca.keeping import NoNames
from countyhub.ca.listener import Listener
from countyhub.ca.revocation import SessionNotEnded
from countyhub.config import Config
from countyhub.configfile import SecretUnreadable
from countyhub.feeds import leasehold
from countyhub.lease import Lease
from countyhub.store.engine import UNAVAILABLE, Store

log = logging.getLogger("countyhub.ca")

EVERY_S = 3600.0
LOOK_FOR_CA_S = 5.0
AGAIN_S = 60.0
TELL_BEFORE = timedelta(days=30)
PROBLEMS = (NoCa, CaBroken, CaTooShort, KeyOpen, NotWritten, NoNames)
"""What a person must mend; the hub does the rest of its work meanwhile."""


async def run(store: Store, config: Config) -> None:
    """Until cancelled: from the moment on at which there is a CA, in one of several processes at a time."""
    while True:
        if has_ca(config):
            await leasehold.hold(Lease(store, "enrolment"), Keeper(store, config).run)
        await asyncio.sleep(LOOK_FOR_CA_S)


def has_ca(config: Config) -> bool:
    return (keeping.ca_folder(config) / INDEX).exists()


class Keeper:
    """`run` until cancelled."""

    def __init__(self, store: Store, config: Config) -> None:
        self._store, self._config = store, config
        self.listener = Listener(store, config, self.look)
        self._due = asyncio.Event()
        self._told: set[str] = set()

    def look(self) -> None:
        """Something has changed: a round at once."""
        self._due.set()

    async def run(self) -> None:
        """Rounds, and the listener as soon as the first has gone well."""
        serving: asyncio.Task[None] | None = None
        try:
            while True:
                pause_s = await self._round()
                if serving is not None and serving.done():
                    log.error("enrolment does not listen: %s", serving.exception())
                    serving = None
                if serving is None and pause_s == EVERY_S:
                    serving = asyncio.create_task(self.listener.serve())
                await self._wait(pause_s if serving is not None else AGAIN_S, serving)
        finally:
            if serving is not None:
                serving.cancel()
                await asyncio.wait({serving})

    async def _round(self) -> float:
        """Returns seconds to the next."""
        try:
            await self.once(datetime.now(UTC))
        except UNAVAILABLE as error:
            log.error("certificates wait for the database: %s", getattr(error, "orig", None) or error)
            return AGAIN_S
        except PROBLEMS as problem:
            log.error("%s", problem)
            return AGAIN_S
        return EVERY_S

    async def once(self, now: datetime) -> keeping.Round:
        """One round. Raises one of `PROBLEMS` and of `engine.UNAVAILABLE`."""
        await self._end_leaving(now)
        done = await keeping.keep(self._store, self._config, now)
        if done.ca or done.server:
            self.listener.reload()
        if done.ca:
            log.warning("a new CA is to be trusted: the broker must be restarted once within %d days",
                        self._config.enrol.box_days)  # fmt: skip
        await self._throw_out()
        for text in await outlook(self._store, self._config, now):
            if text not in self._told:
                log.warning("%s", text)
                self._told.add(text)
        return done

    async def _end_leaving(self, now: datetime) -> None:
        async with self._store.read() as connection:
            overdue = await identities.overdue(connection, now)
        for box in overdue:
            async with self._store.write() as connection:
                await identities.revoke(connection, box, by="keeper", now=now, reason="replaced")
            log.info("box %s was replaced; its time to deliver is over, its certificate is void", box)

    async def _throw_out(self) -> None:
        async with self._store.read() as connection:
            trespassers = await identities.trespassers(connection)
        for box in trespassers:
            log.error("box %s was revoked and is connected all the same: has the broker read the new list? "
                      "countyhub broker-config, then systemctl reload mosquitto", box)  # fmt: skip
            try:
                await revocation.end_session(self._config, box)
            except (SessionNotEnded, SecretUnreadable) as problem:
                log.error("%s", problem)

    async def _wait(self, pause_s: float, serving: asyncio.Task[None] | None) -> None:
        """Until it is time, something has changed, or the listener has ended."""
        due = asyncio.create_task(self._due.wait())
        try:
            await asyncio.wait({due} if serving is None else {due, serving}, timeout=pause_s,
                               return_when=asyncio.FIRST_COMPLETED)  # fmt: skip
        finally:
            due.cancel()
        self._due.clear()


async def outlook(store: Store, config: Config, now: datetime) -> list[str]:
    """A line for everything that ends within 30 days, soonest first. Raises `PROBLEMS`, `UNAVAILABLE`, ValueError."""
    async with store.read() as connection:
        boxes = await identities.running_out(connection, now + TELL_BEFORE)
    return [*_own(config, now), *(f"the certificate of box {box} ends on {end:%Y-%m-%d}" for box, end in boxes)]


def _own(config: Config, now: datetime) -> Iterator[str]:
    ends = keeping.ends(config, now)
    names = {"ca": "CA", "server": "certificate of hub and broker", "crl": "revocation list"}
    for name, end in sorted(ends._asdict().items(), key=lambda item: item[1]):
        if end < now + TELL_BEFORE:
            yield f"the {names[name]} ends on {end:%Y-%m-%d}"
