"""Which numbers of a stream and lane are missing: computed from what the box says and what is settled here. Pure.

Due is every number below the box's `oldest_unacked`: the box was told that the hub has it. What is due and not settled
(stored, dead-lettered, or declared a gap) is missing when the box still keeps it, and lost when it does not.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import msgspec

from gridwire.ranges import RangeSet


@dataclass(frozen=True, slots=True)
class Standing:
    """One lane of one stream: the box's last numbers, and those settled here. Nobody changes them: `with_settled`."""

    oldest_kept: int = 1
    oldest_unacked: int = 1
    next: int = 1
    settled: RangeSet = field(default_factory=RangeSet)

    @property
    def stored_through(self) -> int:
        """Every number up to here is settled."""
        return next((last for first, last in self.settled.runs() if first == 1), 0)

    @property
    def highest(self) -> int:
        """The highest number that is settled here; 0 when none is."""
        return self.settled.last or 0

    @property
    def known(self) -> int:
        """The highest number that the box is known to have given, by its events or by its own words."""
        return max(self.highest, self.next - 1)

    @property
    def above(self) -> RangeSet:
        """What is settled above `stored_through`."""
        return RangeSet(run for run in self.settled.runs() if run[0] > 1)

    @property
    def due(self) -> RangeSet:
        """Every number that must be here and is not."""
        return self.settled.missing_between(1, self.oldest_unacked - 1)

    @property
    def missing(self) -> RangeSet:
        """Due, and the box still keeps them: worth asking for."""
        return self.settled.missing_between(self.oldest_kept, self.oldest_unacked - 1)

    @property
    def lost(self) -> RangeSet:
        """Due, and the box keeps them no longer and never declared them given up."""
        return self.settled.missing_between(1, min(self.oldest_kept, self.oldest_unacked) - 1)

    @property
    def complete(self) -> bool:
        """Everything that the box ever numbered is settled, as far as its last words go."""
        return self.stored_through >= self.next - 1 and self.oldest_unacked >= self.next

    def with_settled(self, more: RangeSet) -> Standing:
        """These are settled too."""
        settled = self.settled.copy()
        settled.merge(more)
        return replace(self, settled=settled)

    @property
    def ended(self) -> Standing:
        """After the box has let go of the stream: every number that it is known to have given was due."""
        end = self.known + 1
        return replace(self, oldest_kept=end, oldest_unacked=end, next=end)


def pack(above: RangeSet) -> bytes:
    """As the column `stream_state.above` holds it."""
    return msgspec.json.encode(above.to_pairs())


def unpack(stored_through: int, above: bytes) -> RangeSet:
    """What is settled, from the columns `stored_through` and `above`."""
    through = [(1, stored_through)] if stored_through else []
    return RangeSet(through + msgspec.json.decode(above, type=list[tuple[int, int]]))
