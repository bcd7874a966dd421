"""The tables of places and machines: lights by place, cameras, boxes, what was suppressed, dead letters, events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Any, Final, NamedTuple

from countyhub.accounts import masking
from countyhub.overview.arrivals import EventView
from countyhub.overview.boxviews import BoxView, DeviceView
from countyhub.registry.within import Belonging
from countyhub.web.desk import Visit
from countyhub.web.export.tables import Column, Table
from countyhub.web.live.lighttally import Counts
from countyhub.web.places import lightsboard
from countyhub.web.places.boxpages import Row as BoxRow
from countyhub.web.places.cameras import Rate
from countyhub.web.texts import present
from countyhub.web.texts.table import word
from countyhub.worktime.deadlines import GRAVEST


class Camera(NamedTuple):
    """One of a box, and where it stands."""

    box: BoxView
    camera: DeviceView
    belongs: Belonging
    grid: str


class Day(NamedTuple):
    """What was suppressed on it: reason -> count."""

    day: date
    counts: Counter[str]


def _part(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _word(visit: Visit, prefix: str, value: str) -> str:
    return word(prefix, value, visit.language)


def _state(visit: Visit, row: Camera) -> str:
    """A camera of a box that is away is not known to be dark."""
    if row.box.link != "online":
        return visit.t("cameras.silent")
    if row.camera.faults and row.camera.is_online:
        return visit.t("box.picture")
    return _word(visit, "device", row.camera.state)


def _reasons(visit: Visit, row: Camera) -> str:
    said = [_word(visit, "reason", row.camera.reason)] if row.camera.reason else []
    return visit.t("list.comma").join([*said, *(_word(visit, "fault", fault) for fault in row.camera.faults or ())])


def _clock(visit: Visit, box: BoxView) -> str:
    if not box.clock:
        return ""
    return visit.t("boxes.clock.wrong" if box.clock == "unsynced" else "boxes.clock.right")


def _line(visit: Visit, view: EventView) -> present.Line:
    return present.line(view, visit.language, present.Clock(visit.book.zone))


def _details(visit: Visit, view: EventView) -> str:
    return visit.t("list.comma").join(_line(visit, view).details)


def _marks(visit: Visit, view: EventView) -> str:
    marks: Iterable[tuple[bool, str]] = (
        (view.late, "mark.late"),
        (not view.synced, "mark.unsynced"),
        (not view.time_known, "mark.uncorrected"),
        (view.drill, "mark.drill"),
    )
    return visit.t("list.comma").join(visit.t(key) for is_so, key in marks if is_so)


def _light(colour: str) -> Column[lightsboard.Row]:
    return Column(title=f"light.{colour}", width=10, kind="number", value=lambda _, row: row.counts.light(colour))


def _staged(colour: str) -> Column[tuple[str, Counts]]:
    return Column(title=f"light.{colour}", width=10, kind="number", value=lambda _, row: row[1].both(colour, row[0]))


LIGHTS: Final[Table[lightsboard.Row]] = Table(
    title="column.light",
    columns=(
        Column(title="board.place", width=24, value=lambda _, row: row.name),
        *(_light(colour) for colour in GRAVEST),
        Column(title="board.all", kind="number", value=lambda _, row: row.counts.all),
    ),
)

STAGES: Final[Table[tuple[str, Counts]]] = Table(
    title="board.stages",
    columns=(
        Column(title="case.stage", width=14, value=lambda v, row: v.words.stage(row[0])),
        *(_staged(colour) for colour in GRAVEST),
        Column(title="board.all", kind="number", value=lambda _, row: row[1].stage(row[0])),
    ),
)

RATES: Final[Table[Rate]] = Table(
    title="cameras.rate",
    columns=(
        Column(title="board.place", width=24, value=lambda _, rate: rate.name),
        Column(title="cameras.rate", kind="share", value=lambda _, rate: rate.share if rate.total else None),
        Column(title="cameras.intact", kind="share", value=lambda _, rate: _part(rate.intact, rate.total)),
        Column(title="cameras.total", kind="number", value=lambda _, rate: rate.total),
        Column(title="cameras.count.online", kind="number", value=lambda _, rate: rate.online),
        Column(title="cameras.count.intact", kind="number", value=lambda _, rate: rate.intact),
        Column(title="cameras.silent", kind="number", value=lambda _, rate: rate.silent),
        Column(title="cameras.registered", kind="number", value=lambda _, rate: rate.registered),
    ),
)

CAMERAS: Final[Table[Camera]] = Table(
    title="nav.cameras",
    columns=(
        Column(title="column.township", width=16, value=lambda _, row: row.belongs.township_name),
        Column(title="column.village", width=16, value=lambda _, row: row.belongs.village_name or row.box.label),
        Column(title="column.grid", width=18, value=lambda v, row: v.words.place(row.grid) if row.grid else ""),
        Column(title="filter.box", width=15, value=lambda _, row: row.box.id),
        Column(title="cameras.code", width=14, value=lambda _, row: row.camera.id),
        Column(title="cameras.camera", width=20, value=lambda _, row: row.camera.name),
        Column(title="cameras.state", width=12, value=_state),
        Column(title="box.reason", width=18, value=_reasons),
        Column(title="cameras.since", width=17, kind="time", value=lambda _, row: row.camera.since),
    ),
)

BOXES: Final[Table[BoxRow]] = Table(
    title="nav.boxes",
    columns=(
        Column(title="column.township", width=16, value=lambda _, row: row.belongs.township_name),
        Column(title="boxes.place", width=18, value=lambda _, row: row.box.label),
        Column(title="filter.box", width=15, value=lambda _, row: row.box.id),
        Column(title="boxes.link", width=10, value=lambda v, row: _word(v, "link", row.box.link)),
        Column(title="boxes.since", width=17, kind="time", value=lambda _, row: row.box.since),
        Column(title="box.waiting", kind="number", value=lambda _, row: row.box.waiting),
        Column(title="box.missing", kind="number", value=lambda _, row: row.box.missing),
        Column(title="boxes.clock", width=10, value=lambda v, row: _clock(v, row.box)),
        Column(title="box.version", width=12, value=lambda _, row: row.box.version),
        Column(title="boxes.data.mb", width=14, kind="number", value=lambda _, row: row.box.data_month_bytes / 10**6),
        Column(title="cameras.total", kind="number", value=lambda _, row: len(row.box.cameras)),
        Column(title="cameras.count.online", kind="number", value=lambda _, row: row.box.cameras_online),
        Column(title="boxes.days", width=14, kind="number", value=lambda _, row: row.days),
        Column(title="box.seen", width=17, kind="time", value=lambda _, row: row.box.last_seen),
    ),
)


def _reason(name: str) -> Column[Day]:
    return Column(title=f"suppressed.{name}", width=14, kind="number", value=lambda _, row: row.counts[name])


SUPPRESSED: Final[Table[Day]] = Table(
    title="nav.suppressed",
    columns=(
        Column(title="suppressed.day", kind="day", value=lambda _, row: row.day),
        *(_reason(name) for name in ("window", "offline-in-window", "held-down", "repeated")),
    ),
)

WINDOWS: Final[Table[tuple[str, int, str]]] = Table(
    title="suppressed.windows",
    columns=(
        Column(title="suppressed.window", width=40, value=lambda _, row: row[0]),
        Column(title="suppressed.count", kind="number", value=lambda _, row: row[1]),
        Column(title="suppressed.name", width=30, value=lambda _, row: row[2]),
    ),
)

LETTERS: Final[Table[Any]] = Table(
    title="nav.letters",
    columns=(
        Column(title="letters.why", width=60,
               value=lambda v, row: masking.text(row.text_zh if v.language == "zh" else row.text_en)),
        Column(title="letters.code", width=20, value=lambda _, row: row.code),
        Column(title="letters.topic", width=40, value=lambda _, row: row.topic),
        Column(title="filter.box", width=15, value=lambda _, row: row.box),
        Column(title="letters.size", kind="number", value=lambda _, row: row.size),
        Column(title="letters.count", kind="number", value=lambda _, row: row.count),
        Column(title="letters.first", width=17, kind="time", value=lambda _, row: row.received),
        Column(title="letters.last", width=17, kind="time", value=lambda _, row: row.last_received),
    ),
)  # fmt: skip

EVENTS: Final[Table[EventView]] = Table(
    title="nav.events",
    columns=(
        Column(title="events.happened", width=17, kind="time", value=lambda _, view: view.happened),
        Column(title="events.received", width=17, kind="time", value=lambda _, view: view.received),
        Column(title="filter.type", value=lambda v, view: _word(v, "type", view.type)),
        Column(title="events.what", width=24, value=lambda v, view: _line(v, view).title),
        Column(title="case.stage", width=8, value=lambda v, view: _line(v, view).state),
        Column(title="events.details", width=40, value=lambda v, view: masking.text(_details(v, view))),
        Column(title="column.village", width=16, value=lambda _, view: view.box_name),
        Column(title="filter.box", width=15, value=lambda _, view: view.box),
        Column(title="events.device", width=16, value=lambda _, view: view.device_name),
        Column(title="column.grid", width=18, value=lambda v, view: v.words.place(view.grid) if view.grid else ""),
        Column(title="events.marks", width=16, value=_marks),
    ),
)
