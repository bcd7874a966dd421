"""What correlation tells: matters (an open or closed piece of trouble), and how a signal changed them; and the numbers
of its rules (`Limits`)."""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

SECOND_US: Final = 1_000_000
DAY_US: Final = 86_400 * SECOND_US
FOREVER_US: Final = 1 << 62
"""The end of what has not ended."""

_DRILL: Final = "drill"

Handle: TypeAlias = tuple[str, int]
"""Key and begin of a matter: with them a case finds its matter again."""


class Matter(NamedTuple):
    """One piece of trouble. Times are microseconds since 1970 in UTC.

    `key` begins with `alarm/`, `offline/`, `unstable/`, `site/` or `township/`, before that `drill/` for an exercise.
    At most one matter of a key is open. `end_us`: its last sign so far. `size`: raw alarms, or outages, in it.
    `history`: everything in it was a day old when it arrived. `parent`: the matter that it is a part of. `raised_us`:
    when something last began in it: a start or a single alarm, a device or a site that went down; never an end.
    """

    key: str
    begin_us: int
    end_us: int
    open: bool
    size: int
    history: bool = False
    parent: Handle | None = None
    raised_us: int = 0

    @property
    def handle(self) -> Handle:
        return self.key, self.begin_us

    @property
    def drill(self) -> bool:
        return self.key.startswith(f"{_DRILL}/")


class Parts(NamedTuple):
    """A key, taken apart: its `head`, and what follows it. Of an alarm box, device, kind and, of a sensor, rule."""

    head: str
    names: tuple[str, ...]
    drill: bool = False


def alarm_key(box: str, device: str, kind: str, rule: str, *, drill: bool) -> str:
    """The key of the matter that an alarm makes."""
    parts = (_DRILL * drill, "alarm", box, device, kind, rule)
    return "/".join(part for part in parts if part)


def parts_of(key: str) -> Parts:
    """What `alarm_key` and the others have put together."""
    parts = key.split("/")
    drill = parts[0] == _DRILL
    head, *names = parts[drill:]
    return Parts(head, tuple(names), drill)


class Changes(NamedTuple):
    """What became of a signal: matters as they are now, and handles that are no more.

    A handle that is gone has become part of another matter, or of several: those in `now` that lie in its time.
    """

    now: tuple[Matter, ...] = ()
    gone: tuple[Handle, ...] = ()


NO_CHANGES: Final = Changes()


class Limits(NamedTuple):
    """The numbers of the rules R-CORR, in microseconds and counts. `day_offset_us`: local midnight before UTC's.

    `gap_us`: signs farther apart are two matters. `hold_down_us`: an outage, also a box's silence, that lasts less is
    none.
    """

    gap_us: int = 300 * SECOND_US
    hold_down_us: int = 300 * SECOND_US
    flaps: int = 5
    site_share: tuple[int, int] = (60, 100)
    site_least: int = 3
    site_window_us: int = 90 * SECOND_US
    township_sites: int = 5
    township_window_us: int = 900 * SECOND_US
    day_offset_us: int = 8 * 3600 * SECOND_US


def compare(before: dict[Handle, Matter], after: dict[Handle, Matter]) -> Changes:
    """The changes from one state to another."""
    now = tuple(matter for handle, matter in after.items() if before.get(handle) != matter)
    return Changes(now, tuple(handle for handle in before if handle not in after))


def together(several: list[Changes]) -> Changes:
    """Several changes, the later ones counting, as one."""
    if len(several) == 1:
        return several[0]
    now: dict[Handle, Matter] = {}
    gone: dict[Handle, None] = {}
    for changes in several:
        for handle in changes.gone:
            now.pop(handle, None)
            gone[handle] = None
        for matter in changes.now:
            gone.pop(matter.handle, None)
            now[matter.handle] = matter
    return Changes(tuple(now.values()), tuple(gone))
