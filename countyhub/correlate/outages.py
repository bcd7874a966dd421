"""Devices that are down, and what many of them mean together: an unstable device, a site or a township without power.

Everything here is a function of intervals, so that the order in which they became known cannot matter. Pure.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple, TypeAlias

from countyhub.correlate.matter import DAY_US, FOREVER_US, Handle, Limits, Matter
from countyhub.correlate.signals import DOWN

StateMark: TypeAlias = tuple[int, int, int, bool]
"""Time in microseconds, number, DOWN or UP, whether it was late."""
_BACK = (2, 3)
"""An outage is over when this share of what went down is back; what is still down then will soon stand for itself."""
_DAY_OF_1970 = date(1970, 1, 1).toordinal()


class Down(NamedTuple):
    """A time in which something did not work. `late`: all that told of it was late; one that lasts never is history."""

    begin_us: int
    end_us: int
    late: bool = False


class Part(NamedTuple):
    """A `Down` and whose it is: a device of a site, or a site of a township."""

    begin_us: int
    end_us: int
    who: str
    late: bool = False


class Outage(NamedTuple):
    """Many of them at once: from the first one's begin until two thirds of them are back."""

    begin_us: int
    end_us: int
    late: bool = False


def downs(marks: Iterable[StateMark]) -> list[Down]:
    """The times down, from sorted marks: from a DOWN until the next UP; repeated marks change nothing."""
    found: list[Down] = []
    begin_us, late = -1, True
    for at_us, _number, mark, mark_late in marks:
        if mark == DOWN:
            begin_us, late = (at_us, mark_late) if begin_us < 0 else (begin_us, late and mark_late)
        elif begin_us >= 0:
            found.append(Down(begin_us, at_us, late and mark_late))
            begin_us = -1
    if begin_us >= 0:
        found.append(Down(begin_us, FOREVER_US))
    return found


def lasted_us(begin_us: int, end_us: int, now_us: int) -> int:
    """How long it has lasted."""
    return (now_us if end_us == FOREVER_US else end_us) - begin_us


def mass(parts: Iterable[Part], least: int, window_us: int) -> list[Outage]:
    """Where at least so many different ones went down within a window. Windows that share one are one outage."""
    ordered = sorted(parts)
    runs = list(_dense(ordered, least, window_us))
    return [_outage(ordered[first : last + 1]) for first, last in runs]


def _dense(ordered: Sequence[Part], least: int, window_us: int) -> Iterator[tuple[int, int]]:
    """First and last index of each dense run, both included."""
    inside: Counter[str] = Counter()
    end = 0
    begun, last = -1, -1
    for first, part in enumerate(ordered):
        while end < len(ordered) and ordered[end].begin_us <= part.begin_us + window_us:
            inside[ordered[end].who] += 1
            end += 1
        if len(inside) >= least:
            if begun >= 0 and first > last:
                yield begun, last
                begun = -1
            begun, last = (first if begun < 0 else begun), end - 1
        inside[part.who] -= 1
        if not inside[part.who]:
            del inside[part.who]
    if begun >= 0:
        yield begun, last


def _outage(parts: Sequence[Part]) -> Outage:
    ends: dict[str, int] = {}
    for part in parts:
        ends[part.who] = max(part.end_us, ends.get(part.who, 0))
    back = -(-len(ends) * _BACK[0] // _BACK[1])
    return Outage(parts[0].begin_us, sorted(ends.values())[back - 1], all(part.late for part in parts))


def unite(outages: Iterable[Outage], gap_us: int) -> list[Outage]:
    """Those that overlap, or are no more than the gap apart, as one."""
    found: list[Outage] = []
    for outage in sorted(outages):
        if found and outage.begin_us <= min(found[-1].end_us, FOREVER_US - gap_us) + gap_us:
            last = found[-1]
            found[-1] = Outage(last.begin_us, max(last.end_us, outage.end_us), last.late and outage.late)
        else:
            found.append(outage)
    return found


class Site(NamedTuple):
    """What the registry says of a box: the township that it belongs to (empty: none known), and its cameras."""

    township: str
    cameras: frozenset[str]


class SiteView(NamedTuple):
    """`outages` that lasted long enough; all `matters` of the site by handle; `next_us`: when time alone changes it."""

    outages: list[Outage]
    matters: dict[Handle, Matter]
    next_us: int
    held_down: int


def view_site(
    box: str, site: Site, devices: Mapping[str, Sequence[Down]], links: Sequence[Down], now_us: int, limits: Limits
) -> SiteView:
    """What a site's devices and link tell at `now_us`."""
    return _SiteAt(box, site, devices, links, now_us, limits).view()


class _SiteAt:
    """One look at one site: collects its matters and the next instant at which something would change."""

    def __init__(
        self,
        box: str,
        site: Site,
        devices: Mapping[str, Sequence[Down]],
        links: Sequence[Down],
        now_us: int,
        limits: Limits,
    ) -> None:
        self.box, self.site, self.devices, self.links, self.now_us, self.limits = (
            box,
            site,
            devices,
            links,
            now_us,
            limits,
        )
        self.key = f"site/{box}"
        self.matters: dict[Handle, Matter] = {}
        self.next_us = FOREVER_US
        self.held_down = 0

    def view(self) -> SiteView:
        outages = self._outages()
        begins: list[list[int]] = [[] for _ in outages]
        for device, times in self.devices.items():
            alone = []
            for down in times:
                index = self._inside(outages, down)
                if index is None:
                    alone.append(down)
                else:
                    begins[index].append(down.begin_us)
                    self._offline(device, down, (self.key, outages[index].begin_us))
            self._alone(device, alone)
        for outage, found in zip(outages, begins, strict=True):
            found += [link.begin_us for link in self.links if outage.begin_us <= link.begin_us <= outage.end_us]
            raised_us = max(found, default=outage.begin_us)
            self._put(self.key, outage, len(found), None, raised_us)
        return SiteView(outages, self.matters, self.next_us, self.held_down)

    def _outages(self) -> list[Outage]:
        """An outage has one whole stretch of the hold-down in it: a link that is away for seconds, over and over, is
        no loss of power, nor are cuts of seconds that follow each other."""
        cameras = len(self.site.cameras)
        limits = self.limits
        share = -(-cameras * limits.site_share[0] // limits.site_share[1])
        links = [Outage(*link) for link in self.links if self._matured(link.begin_us, link.end_us)]
        found: list[Outage] = []
        if cameras >= limits.site_least:
            parts = [
                Part(down.begin_us, down.end_us, device, down.late)
                for device, times in self.devices.items()
                if device in self.site.cameras
                for down in times
            ]
            found = mass(parts, max(share, limits.site_least), limits.site_window_us)
        lasting = [*links, *(each for each in found if self._matured(each.begin_us, each.end_us))]
        united = unite([*links, *found], limits.gap_us)
        return [each for each in united if any(each.begin_us <= one.begin_us <= each.end_us for one in lasting)]

    def _inside(self, outages: Sequence[Outage], down: Down) -> int | None:
        """Which outage a time down belongs to; one that outlives it by the hold-down is a matter of its own."""
        for index, outage in enumerate(outages):
            if outage.begin_us - self.limits.site_window_us <= down.begin_us <= outage.end_us:
                if outage.end_us == FOREVER_US:
                    return index
                over_us = outage.end_us + self.limits.hold_down_us
                if down.end_us == FOREVER_US:
                    if self.now_us > over_us:
                        return None
                    self._later(over_us + 1)
                    return index
                return index if down.end_us <= over_us else None
        return None

    def _alone(self, device: str, times: Sequence[Down]) -> None:
        """Times down that no outage explains: one by one, or as an unstable device on a day with many."""
        by_day: defaultdict[int, list[Down]] = defaultdict(list)
        for down in times:
            by_day[(down.begin_us + self.limits.day_offset_us) // DAY_US].append(down)
        for day, several in by_day.items():
            parent = self._unstable(device, day, several) if len(several) >= self.limits.flaps else None
            for down in several:
                self._offline(device, down, parent)

    def _unstable(self, device: str, day: int, times: Sequence[Down]) -> Handle:
        """Open until its day is over, and as long as it is down."""
        key = f"unstable/{self.box}/{device}/{date.fromordinal(_DAY_OF_1970 + day)}"
        over_us = (day + 1) * DAY_US - self.limits.day_offset_us
        lasts = any(down.end_us == FOREVER_US for down in times)
        is_open = lasts or self.now_us < over_us
        if is_open:
            self._later(over_us)
        last_us = max(down.begin_us if down.end_us == FOREVER_US else down.end_us for down in times)
        late = all(down.late for down in times)
        matter = Matter(
            key, times[0].begin_us, last_us, is_open and not late, len(times), late, None, times[-1].begin_us
        )
        self.matters[matter.handle] = matter
        return matter.handle

    def _offline(self, device: str, down: Down, parent: Handle | None) -> None:
        if self._matured(down.begin_us, down.end_us):
            self._put(f"offline/{self.box}/{device}", down, 1, parent, down.begin_us)
        elif parent is None and down.end_us != FOREVER_US:
            self.held_down += 1

    def _matured(self, begin_us: int, end_us: int) -> bool:
        if lasted_us(begin_us, end_us, self.now_us) >= self.limits.hold_down_us:
            return True
        if end_us == FOREVER_US:
            self._later(begin_us + self.limits.hold_down_us)
        return False

    def _put(self, key: str, span: Down | Outage, size: int, parent: Handle | None, raised_us: int) -> None:
        begin_us, end_us, late = span
        is_open = end_us == FOREVER_US
        last_us = begin_us if is_open else end_us
        self.matters[key, begin_us] = Matter(key, begin_us, last_us, is_open, size, late, parent, raised_us)

    def _later(self, at_us: int) -> None:
        if at_us > self.now_us:
            self.next_us = min(self.next_us, at_us)


def view_township(
    township: str, outages: Mapping[str, Sequence[Outage]], limits: Limits
) -> tuple[list[Outage], dict[Handle, Matter]]:
    """The outages of a township by those of its sites, and their matters."""
    parts = [
        Part(outage.begin_us, outage.end_us, box, outage.late) for box, several in outages.items() for outage in several
    ]
    found = unite(mass(parts, limits.township_sites, limits.township_window_us), limits.gap_us)
    matters = {}
    for outage in found:
        begins = [part.begin_us for part in parts if outage.begin_us <= part.begin_us <= outage.end_us]
        is_open = outage.end_us == FOREVER_US
        end_us = outage.begin_us if is_open else outage.end_us
        matter = Matter(
            f"township/{township}", outage.begin_us, end_us, is_open, len(begins), outage.late, None, max(begins)
        )
        matters[matter.handle] = matter
    return found, matters


class Place(NamedTuple):
    """Of which outage something is a part, and until when that stays so by itself."""

    parent: Handle | None
    until_us: int = FOREVER_US


def township_of(outage: Matter, found: Sequence[Outage], township: str, now_us: int, limits: Limits) -> Place:
    """Which outage of its township a site's outage is a part of; one that outlives it stands for itself."""
    for each in found:
        if each.begin_us <= outage.begin_us <= each.end_us:
            parent = (f"township/{township}", each.begin_us)
            if each.end_us == FOREVER_US:
                return Place(parent)
            over_us = each.end_us + limits.hold_down_us
            if outage.open:
                return Place(parent, over_us + 1) if now_us <= over_us else Place(None)
            return Place(parent if outage.end_us <= over_us else None)
    return Place(None)
