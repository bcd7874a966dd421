"""The hub's task of identity: listens for boxes, keeps everything from running out, says aloud what nears its end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from countyhub import lease
from countyhub.ca import identities, renewal
from countyhub.ca.authority import INDEX, CaBroken, CaTooShort, NoCa
from countyhub.ca.expulsion import Expulsion
from countyhub.ca.files import KeyOpen, NotWritten
from countyhub.ca.listener import Listener
from countyhub.ca.renewal import NoNames
from countyhub.config import Config
from countyhub.lease import Lease
from countyhub.store.engine import UNAVAILABLE, Store, reason_of
from gridwire.problem import Problem

log = logging.getLogger(__name__)

EVERY_S = 3600.0
LOOK_FOR_CA_S = 5.0
AGAIN_S = 60.0
"""After what a person must mend, and after somebody was thrown out: is he still out?"""
TELL_BEFORE = timedelta(days=30)
PROBLEMS = (NoCa, CaBroken, CaTooShort, KeyOpen, NotWritten, NoNames)
"""What a person must mend; the hub does the rest of its work meanwhile."""


class BoxEnding(Problem):
    code = "identity.box-ending"
    en = (
        "the certificate of box {box} ends on {end:%Y-%m-%d} and was not renewed: is the box on, does it reach the hub?"
    )
    zh = "盒子 {box} 的证书将于 {end:%Y-%m-%d} 到期而未续签：盒子是否开机、能否连到汇聚端？"


class CaEnding(Problem):
    code = "identity.ca-ending"
    en = "the CA ends on {end:%Y-%m-%d} and has no successor: can the hub write its folder? countyhub ca renew"
    zh = "CA 将于 {end:%Y-%m-%d} 到期且没有后继：汇聚端能否写入其文件夹？countyhub ca renew"


class ServerEnding(Problem):
    code = "identity.server-ending"
    en = "the certificate of hub and broker ends on {end:%Y-%m-%d}: countyhub ca renew"
    zh = "汇聚端与消息服务器的证书将于 {end:%Y-%m-%d} 到期：countyhub ca renew"


class CrlEnding(Problem):
    code = "identity.crl-ending"
    en = "the revocation list ends on {end:%Y-%m-%d}; then the broker refuses every box: countyhub ca renew"
    zh = "吊销列表将于 {end:%Y-%m-%d} 到期，届时消息服务器会拒绝所有盒子：countyhub ca renew"


async def run(store: Store, config: Config) -> None:
    """Until cancelled: from the moment on at which there is a CA, in one of several processes at a time."""
    while True:
        if has_ca(config):
            await lease.hold(Lease(store, "enrolment"), Keeper(store, config).run)
        await asyncio.sleep(LOOK_FOR_CA_S)


def has_ca(config: Config) -> bool:
    return (renewal.ca_folder(config) / INDEX).exists()


class Keeper:
    """`run` until cancelled."""

    def __init__(self, store: Store, config: Config) -> None:
        self._store, self._config = store, config
        self.listener = Listener(store, config, self.look)
        self._expulsion = Expulsion(store, config)
        self._due = asyncio.Event()
        self._uneasy = False
        self._told: set[str] = set()

    def look(self) -> None:
        """Something has changed: a round at once."""
        self._due.set()

    async def run(self) -> None:
        """Rounds, and the listener as soon as the first has gone well."""
        serving: asyncio.Task[None] | None = None
        try:
            while True:
                is_well = await self._round()
                if serving is not None and serving.done():
                    log.error("enrolment does not listen: %s", serving.exception())
                    serving = None
                if serving is None and is_well:
                    serving = asyncio.create_task(self.listener.serve())
                is_quiet = is_well and serving is not None and not self._uneasy
                await self._wait(EVERY_S if is_quiet else AGAIN_S, serving)
        finally:
            if serving is not None:
                serving.cancel()
                await asyncio.wait({serving})

    async def _round(self) -> bool:
        """Whether it went well."""
        try:
            await self.once(datetime.now(UTC))
        except UNAVAILABLE as error:
            log.error("certificates wait for the database: %s", reason_of(error))
            return False
        except PROBLEMS as problem:
            log.error("%s", problem)
            return False
        return True

    async def once(self, now: datetime) -> renewal.Round:
        """One round. Raises one of `PROBLEMS` and of `engine.UNAVAILABLE`."""
        await self._end_leaving(now)
        done = await renewal.keep(self._store, self._config, now)
        if done.ca or done.server:
            self.listener.reload()
        if done.ca:
            log.warning("a new CA is to be trusted: the broker must be restarted once within %d days",
                        self._config.enrol.box_days)  # fmt: skip
        await self._throw_out(now)
        for problem in await outlook(self._store, self._config, now):
            if str(problem) not in self._told:
                log.warning("%s", problem)
                self._told.add(str(problem))
        return done

    async def _end_leaving(self, now: datetime) -> None:
        async with self._store.read() as connection:
            overdue = await identities.overdue(connection, now)
        for box in overdue:
            async with self._store.write() as connection:
                await identities.revoke(connection, box, by="keeper", now=now, reason="replaced")
            self._expulsion.add([box])
            log.info("box %s was replaced; its time to deliver is over, its certificate is void", box)

    async def _throw_out(self, now: datetime) -> None:
        async with self._store.read() as connection:
            trespassers = await identities.trespassers(connection)
        for box in trespassers:
            log.error("box %s was revoked and is connected all the same: has the broker read the new list? "
                      "countyhub broker-config, then systemctl reload mosquitto", box)  # fmt: skip
        self._expulsion.add(trespassers)
        self._uneasy = bool(self._expulsion.boxes)
        await self._expulsion.throw_out(now)

    async def _wait(self, pause_s: float, serving: asyncio.Task[None] | None) -> None:
        """Until it is time, something has changed, or the listener has ended."""
        due = asyncio.create_task(self._due.wait())
        try:
            await asyncio.wait({due} if serving is None else {due, serving}, timeout=pause_s,
                               return_when=asyncio.FIRST_COMPLETED)  # fmt: skip
        finally:
            due.cancel()
        self._due.clear()


async def outlook(store: Store, config: Config, now: datetime) -> list[Problem]:
    """Everything that ends within 30 days. Raises `PROBLEMS`, `UNAVAILABLE`, ValueError."""
    async with store.read() as connection:
        boxes = await identities.running_out(connection, now + TELL_BEFORE)
    return [*_own(config, now), *(BoxEnding(box=box, end=end) for box, end in boxes)]


def _own(config: Config, now: datetime) -> Iterator[Problem]:
    kinds = {"ca": CaEnding, "server": ServerEnding, "crl": CrlEnding}
    for name, end in renewal.ends(config, now)._asdict().items():
        if end < now + TELL_BEFORE:
            yield kinds[name](end=end)
