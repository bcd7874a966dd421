"""The same rules over a whole set of signals at once: the oracle for the correlator. Pure, and plain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from countyhub.correlate.matter import Limits, Matter, alarm_key
from countyhub.correlate.outages import Down, Outage, Site, downs, township_of, view_site, view_township
from countyhub.correlate.signals import END, PICTURE_KINDS, START, Signal, hold_us
from countyhub.correlate.sites import LINK, NO_SITE, SiteState, places_of
from countyhub.correlate.windows import Windows


def correlate(
    signals: Iterable[Signal],
    now_us: int,
    sites: Mapping[str, Site],
    windows: Windows | None = None,
    limits: Limits | None = None,
) -> set[Matter]:
    """All matters of these signals as they stand at `now_us`."""
    limits, windows = limits or Limits(), windows or Windows()
    once = list({(signal.stream, signal.seq): signal for signal in signals}.values())
    outages: dict[str, list[Outage]] = {}
    matters: set[Matter] = set()
    for box, devices in _times(once, sites, windows).items():
        site = sites.get(box, NO_SITE)
        links = devices.pop(LINK, [])
        view = view_site(box, site, devices, links, now_us, limits)
        outages[box] = view.outages
        matters |= set(view.matters.values())
    matters = set(_in_townships(matters, outages, sites, now_us, limits))
    return matters | set(_alarms(once, outages, now_us, sites, windows, limits))


def _times(
    signals: Iterable[Signal], sites: Mapping[str, Site], windows: Windows
) -> defaultdict[str, dict[str, list[Down]]]:
    marks: defaultdict[tuple[str, str], set[tuple[int, int, int, bool]]] = defaultdict(set)
    for signal in signals:
        if signal.what != "alarm":
            marks[signal.box, signal.device].add((signal.at_us, signal.seq, signal.mark, signal.late))
    found: defaultdict[str, dict[str, list[Down]]] = defaultdict(dict)
    for (box, device), several in marks.items():
        places = places_of(sites.get(box, NO_SITE), box, device)
        kind = "site" if device == LINK else "offline"
        found[box][device] = [cut for down in downs(sorted(several)) for cut in _outside(down, windows, places, kind)]
    return found


def _outside(down: Down, windows: Windows, places: tuple[str, ...], kind: str) -> Iterator[Down]:
    begin_us = down.begin_us
    while begin_us < down.end_us:
        window = windows.covering(begin_us, places, kind)
        if window is None:
            yield down._replace(begin_us=begin_us)
            return
        begin_us = window.end_us


def _in_townships(
    matters: set[Matter],
    outages: Mapping[str, list[Outage]],
    sites: Mapping[str, Site],
    now_us: int,
    limits: Limits,
) -> Iterator[Matter]:
    by_town: defaultdict[str, dict[str, list[Outage]]] = defaultdict(dict)
    for box, several in outages.items():
        if sites.get(box, NO_SITE).township:
            by_town[sites[box].township][box] = several
    views = {town: view_township(town, boxes, limits) for town, boxes in by_town.items()}
    for _, found in views.values():
        yield from found.values()
    for matter in matters:
        head, _, rest = matter.key.partition("/")
        town = sites.get(rest, NO_SITE).township if head == "site" else ""
        place = township_of(matter, views[town][0], town, now_us, limits) if town else None
        yield matter._replace(parent=place.parent) if place is not None else matter


def _alarms(
    signals: Iterable[Signal],
    outages: Mapping[str, list[Outage]],
    now_us: int,
    sites: Mapping[str, Site],
    windows: Windows,
    limits: Limits,
) -> Iterator[Matter]:
    by_key: defaultdict[tuple[str, str, str, str, bool], list[Signal]] = defaultdict(list)
    for signal in signals:
        places = places_of(sites.get(signal.box, NO_SITE), signal.box, signal.device)
        if signal.what == "alarm" and (signal.drill or not windows.covering(signal.at_us, places, signal.kind)):
            by_key[signal.box, signal.device, signal.kind, signal.rule, signal.drill].append(signal)
    for (box, device, kind, rule, drill), several in by_key.items():
        name = alarm_key(box, device, kind, rule, drill=drill)
        several.sort(key=lambda signal: (signal.at_us, signal.seq, signal.mark))
        site = SiteState(box, sites.get(box, NO_SITE))
        site.outages = outages.get(box, [])
        for group, is_last in _groups(several, max(hold_us(kind), limits.gap_us), limits.gap_us):
            raised = [signal.at_us for signal in group if signal.mark != END]
            if raised:
                last = group[-1]
                lasts_us = max(hold_us(kind), limits.gap_us) if last.mark == START else limits.gap_us
                is_open = is_last and now_us <= last.at_us + lasts_us
                history = all(signal.late for signal in group)
                matter = Matter(name, group[0].at_us, last.at_us, is_open, len(raised), history, None, raised[-1])
                explained = kind in PICTURE_KINDS and not drill
                yield matter._replace(parent=site.explains(matter, limits)) if explained else matter


def _groups(ordered: list[Signal], hold: int, gap_us: int) -> Iterator[tuple[list[Signal], bool]]:
    """Neighbours that are close, or the start and end of one state; and whether the group is the last one."""
    group = [ordered[0]]
    for signal in ordered[1:]:
        before = group[-1]
        apart_us = signal.at_us - before.at_us
        if apart_us <= gap_us or (before.mark == START and signal.mark == END and apart_us <= hold):
            group.append(signal)
        else:
            yield group, False
            group = [signal]
    yield group, True
