"""Boxes that were revoked while they were connected: thrown out of the broker, for good once it knows the new list.

Thrown out earlier, a box is back a moment later: mosquitto lets it in until it has read the list (`inforce` says when).
Such a one is kept in mind and thrown out again in the next round of `keeper`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime

from countyhub.ca import inforce, renewal
from countyhub.ca.authority import Authority
from countyhub.ca.inforce import TIMEOUT_S, Probe, SessionNotEnded
from countyhub.config import Config
from countyhub.configfile import SecretUnreadable
from countyhub.store.engine import Store

log = logging.getLogger(__name__)


class Expulsion:
    """`timeout_s`: how long the broker may take in one round to read the list."""

    def __init__(self, store: Store, config: Config, timeout_s: float = TIMEOUT_S) -> None:
        self._store, self._config, self._timeout_s = store, config, timeout_s
        self._probe: Probe | None = None
        self.boxes: set[str] = set()

    def add(self, boxes: Iterable[str]) -> None:
        """Revoked in the database; their certificates are on the next list that is written."""
        fresh = set(boxes) - self.boxes
        if fresh:
            self.boxes |= fresh
            self._probe = None  # an older one would vouch for an older list

    async def throw_out(self, now: datetime) -> None:
        """As far as possible. Raises the problems of the CA's folder, `NoNames`, one of `engine.UNAVAILABLE`."""
        if not self.boxes:
            return
        if self._probe is None:
            self._probe = await self._listed(now)
        in_force = await inforce.until_in_force(self._config, self._probe, self._timeout_s)
        if in_force == "no":
            log.error("revoked, and the broker has not read the new list: %s; is tried again. countyhub broker-config, "
                      "then systemctl reload mosquitto", ", ".join(sorted(self.boxes)))  # fmt: skip
        ended = {box for box in sorted(self.boxes) if await self._end(box)}
        if in_force != "no":
            self.boxes -= ended

    async def _listed(self, now: datetime) -> Probe:
        """On a list that has all of them."""
        authority = Authority.open(renewal.ca_folder(self._config))
        async with self._store.write() as connection:
            probe = await inforce.make_probe(connection, authority, now)
        await renewal.keep(self._store, self._config, now)
        return probe

    async def _end(self, box: str) -> bool:
        try:
            await inforce.end_session(self._config, box)
        except (SessionNotEnded, SecretUnreadable) as problem:
            log.error("%s", problem)
            return False
        return True
