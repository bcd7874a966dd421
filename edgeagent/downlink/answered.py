"""The replies to the last commands, kept in the outbox: a command that comes again is answered as before, not run.

A ring of places, so that each reply costs one small write and nothing has to be cleaned up. A command whose reply was
not on disk yet when the process died is run again if it comes again: every operation may be, see `downlink`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

import msgspec

from edgeagent.driver import OutboxFull
from edgeagent.outbox import Outbox
from gridwire.messages import Reply

log = logging.getLogger(__name__)

PLACES = 256
"""So many replies are kept; whoever repeats a command does it within minutes."""
MAX_KEPT_BYTES = 8 * 1024
"""All of them together stay below 2 MiB of the outbox; of a longer reply only what says how it went is kept."""


class _Place(msgspec.Struct):
    """`n` counts all replies of this outbox, over restarts."""

    n: int
    reply: Reply


class Answered:
    """Finds and keeps replies by the id of their command."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        found = sorted(_load(outbox), key=lambda place: place.n)
        self._places = {place.reply.id: place.n for place in found}
        self._replies = {place.reply.id: place.reply for place in found}
        self._next = found[-1].n + 1 if found else 0

    def find(self, command: str) -> Reply | None:
        """What was replied to this command; None for one that is not known."""
        return self._replies.get(command)

    async def keep(self, reply: Reply) -> None:
        """Returns when it is on disk; a full outbox keeps it until the process ends."""
        n, self._next = self._next, self._next + 1
        self._replies[reply.id], self._places[reply.id] = reply, n
        for old in [command for command, place in self._places.items() if place <= n - PLACES]:
            del self._replies[old], self._places[old]
        kept = msgspec.json.encode(_Place(n, reply))
        if len(kept) > MAX_KEPT_BYTES:
            short = msgspec.structs.replace(reply, text=reply.text[:500], result={})
            kept = msgspec.json.encode(_Place(n, short))
        try:
            await self._outbox.remember({_key(n): kept})
        except OutboxFull as problem:
            log.warning("reply to command %s not kept: %s", reply.id, problem)


def _key(n: int) -> str:
    return f"reply/{n % PLACES}"


def _load(outbox: Outbox) -> Iterator[_Place]:
    for place in range(PLACES):
        saved = outbox.recall(_key(place))
        if saved is None:
            continue
        try:
            yield msgspec.json.decode(saved, type=_Place)
        except msgspec.DecodeError:
            log.warning("a reply that an earlier process kept cannot be read: its command would run again")
