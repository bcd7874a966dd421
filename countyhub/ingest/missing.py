"""Which numbers of a stream and lane are missing: computed from what the box says and what is settled here. Pure.

Due is every number below the box's `oldest_unacked`: the box was told that the hub has it. What is due and not settled
(stored, dead-lettered, or declared a gap) is missing when the box still keeps it, and lost when it does not.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from countyhub.ingest import runs
from countyhub.ingest.runs import Runs


class Standing(NamedTuple):
    """One lane of one stream: the box's last numbers, and the runs that are settled here."""

    oldest_kept: int = 1
    oldest_unacked: int = 1
    next: int = 1
    settled: tuple[runs.Run, ...] = ()

    @property
    def stored_through(self) -> int:
        """Every number up to here is settled."""
        return self.settled[0][1] if self.settled and self.settled[0][0] == 1 else 0

    @property
    def highest(self) -> int:
        """The highest number that is settled here; 0 when none is."""
        return self.settled[-1][1] if self.settled else 0

    @property
    def known(self) -> int:
        """The highest number that the box is known to have given, by its events or by its own words."""
        return max(self.highest, self.next - 1)

    @property
    def above(self) -> Runs:
        """The settled runs above `stored_through`."""
        return [run for run in self.settled if run[0] > 1]

    @property
    def due(self) -> Runs:
        """Every number that must be here and is not."""
        if self.oldest_unacked <= 1:
            return []
        return runs.subtract([(1, self.oldest_unacked - 1)], list(self.settled))

    @property
    def missing(self) -> Runs:
        """Due, and the box still keeps them: worth asking for."""
        return _from(self.due, self.oldest_kept)

    @property
    def lost(self) -> Runs:
        """Due, and the box keeps them no longer and never declared them given up."""
        return runs.subtract(self.due, self.missing)

    @property
    def complete(self) -> bool:
        """Everything that the box ever numbered is settled, as far as its last words go."""
        return self.stored_through >= self.next - 1 and self.oldest_unacked >= self.next

    @property
    def ended(self) -> Standing:
        """After the box has let go of the stream: every number that it is known to have given was due."""
        end = self.known + 1
        return self._replace(oldest_kept=end, oldest_unacked=end, next=end)


def _from(some: Runs, first: int) -> Runs:
    return [(max(run[0], first), run[1]) for run in some if run[1] >= first]


def pack(above: Runs) -> bytes:
    """Runs as the column `stream_state.above` holds them."""
    return msgspec.json.encode(above)


def unpack(stored_through: int, above: bytes) -> tuple[runs.Run, ...]:
    """The settled runs from the columns `stored_through` and `above`."""
    rest = msgspec.json.decode(above, type=list[tuple[int, int]])
    return ((1, stored_through), *rest) if stored_through else tuple(rest)
