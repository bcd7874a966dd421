"""What correlation remembers of one box: its devices' and its link's marks, and the matters they made last. Pure."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator
from typing import Final

from countyhub.correlate.matter import DAY_US, FOREVER_US, Handle, Limits, Matter
from countyhub.correlate.outages import Down, Outage, Site, StateMark, downs, view_site
from countyhub.correlate.segments import Segments
from countyhub.correlate.signals import UP
from countyhub.correlate.windows import Windows

NO_SITE: Final = Site("", frozenset())
LINK: Final = ""
"""The name under which the link is kept beside the devices."""


class SiteState:
    """Marks by device, sorted; `matters` and `alarms` as last told; `trouble`: segments that an outage explains."""

    __slots__ = (
        "_times",
        "alarms",
        "box",
        "due_us",
        "held_down",
        "marks",
        "matters",
        "outages",
        "own",
        "site",
        "suppressed",
        "trouble",
        "woken_us",
    )

    def __init__(self, box: str, site: Site) -> None:
        self.box = box
        self.site = site
        self.marks: dict[str, list[StateMark]] = {}
        self.outages: list[Outage] = []
        self.own: dict[Handle, Matter] = {}
        self.matters: dict[Handle, Matter] = {}
        self.trouble: list[Segments] = []
        self.alarms: dict[Handle, Matter] = {}
        self.woken_us = 0
        self.due_us = FOREVER_US
        self.held_down = 0
        self.suppressed = 0
        self._times: dict[str, list[Down]] = {}

    def add(self, device: str, mark: StateMark) -> None:
        """One that is known changes nothing."""
        marks = self.marks.setdefault(device, [])
        if mark not in marks:
            insort(marks, mark)
            self._times.pop(device, None)

    def look(self, now_us: int, limits: Limits, windows: Windows) -> None:
        """Works out `outages`, `own` matters (those without their township's word) and when to look again."""
        self.suppressed = 0
        devices = {device: list(self._told(device, windows)) for device in self.marks}
        links = devices.pop(LINK, [])
        view = view_site(self.box, self.site, devices, links, now_us, limits)
        self.outages, self.own, self.due_us, self.held_down = view.outages, view.matters, view.next_us, view.held_down

    def _told(self, device: str, windows: Windows) -> Iterator[Down]:
        """The times down, without what lies in a window; one that outlasts its window begins with the window's end."""
        times = self._times.get(device)
        if times is None:
            times = self._times[device] = downs(self.marks[device])
        kind = "site" if device == LINK else "offline"
        places = places_of(self.site, self.box, device)
        for down in times:
            begin_us = down.begin_us
            while begin_us < down.end_us and (window := windows.covering(begin_us, places, kind)) is not None:
                begin_us = window.end_us
            self.suppressed += begin_us != down.begin_us
            if begin_us < down.end_us:
                yield down._replace(begin_us=begin_us)

    def explains(self, matter: Matter, limits: Limits) -> Handle | None:
        """Which outage of this site a segment of alarms belongs to: everything in it began while that lasted, or while
        its cameras woke up. A camera that is covered once power and link are back is somebody's doing."""
        wakes_us = 0 if matter.key.endswith("/tamper") else limits.gap_us
        for outage in self.outages:
            ends_us = min(outage.end_us, FOREVER_US - DAY_US)
            if outage.begin_us - limits.site_window_us <= matter.begin_us <= ends_us + wakes_us:
                within = matter.raised_us <= ends_us + wakes_us and matter.end_us <= ends_us + 2 * limits.gap_us
                return (f"site/{self.box}", outage.begin_us) if within else None
        return None

    def explained(self, now_us: int, limits: Limits) -> dict[Handle, Matter]:
        """The alarms of all `trouble`, each with the outage that it belongs to."""
        return {
            matter.handle: matter._replace(parent=self.explains(matter, limits))
            for cell in self.trouble
            for matter in cell.matters(now_us)
        }

    def forget(self, before_us: int, town: list[Outage], limits: Limits) -> None:
        """Drops times down of days that are over and that nothing which lasts is made of."""
        horizon_us = before_us
        for outage in sorted((*self.outages, *town), reverse=True):
            if outage.end_us + DAY_US >= horizon_us:  # whole outages only; their parts may end somewhat later
                horizon_us = min(horizon_us, local_day(outage.begin_us - limits.site_window_us, limits))
        for device, marks in list(self.marks.items()):
            ended = [index for index, mark in enumerate(marks) if mark[2] == UP and mark[0] < horizon_us]
            if ended:
                del marks[: ended[-1] + 1]
                self._times.pop(device, None)
            if not marks:
                del self.marks[device]


def local_day(at_us: int, limits: Limits) -> int:
    """The local midnight before."""
    return (at_us + limits.day_offset_us) // DAY_US * DAY_US - limits.day_offset_us


def places_of(site: Site, box: str, device: str) -> tuple[str, ...]:
    """Every name under which a window may mean this device."""
    return (site.township, box[:12], box, f"{box}/{device}")
