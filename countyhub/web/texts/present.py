"""Turns what the hub knows into what a person reads: one line per event, in one language, in local time. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from countyhub.accounts import masking
from countyhub.overview.arrivals import EventView
from countyhub.web.texts.details import spoken
from countyhub.web.texts.table import text, word
from gridwire.events import Alarm, Checkin, Data, DeviceState, Rating, Request, Sos
from gridwire.kinds import kind_name
from gridwire.problem import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An event for people. `icon` is the shape, `tone` the colour; both say what `label` says in words. `hidden`: it
    has personal data that is not shown."""

    icon: str
    tone: str
    label: str
    title: str
    state: str = ""
    details: tuple[str, ...] = ()
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Clock:
    """Shows instants in the county's time zone."""

    zone: ZoneInfo

    def day(self, at: datetime, other: datetime) -> str:
        """The date, with its year when that is another than `other`'s."""
        same = at.astimezone(self.zone).year == other.astimezone(self.zone).year
        return at.astimezone(self.zone).strftime("%m-%d" if same else "%Y-%m-%d")

    def time(self, at: datetime) -> str:
        return at.astimezone(self.zone).strftime("%H:%M:%S")

    def full(self, at: datetime) -> str:
        return at.astimezone(self.zone).strftime("%Y-%m-%d %H:%M:%S")

    def short(self, at: datetime) -> str:
        return at.astimezone(self.zone).strftime("%m-%d %H:%M")


def size(count: int) -> str:
    """Bytes as operators count them: megabytes of a million, one digit below ten."""
    if count >= 10**9:
        return f"{count / 10**9:.2f} GB"
    return f"{count / 10**6:.0f} MB" if count >= 10**7 else f"{count / 10**6:.1f} MB"


def percent(part: int, whole: int) -> str:
    """A share with one digit. 99.96 % of the cameras are not all of them, and one of 5,000 is not none."""
    if not whole:
        return "–"
    tenths = (part * 2000 + whole) // (2 * whole)
    if 0 < part < whole:
        tenths = min(max(tenths, 1), 999)
    return f"{tenths / 10:g} %"


def line(view: EventView, language: Language, clock: Clock, *, full: bool = False) -> Line:
    """The line of one event, without personal data unless `full`; one whose data cannot be read still says its type."""
    data = view.data if full else masking.event(view.data)
    return replace(_line(data, view.type, language, clock), hidden=not full and masking.is_hidden(view.data))


def _line(data: Data | None, type_name: str, language: Language, clock: Clock) -> Line:
    match data:
        case Alarm() as alarm:
            shown = _alarm(alarm, language)
        case Checkin() as checkin:
            shown = _checkin(checkin, language)
        case Sos() as sos:
            shown = _sos(sos, language)
        case DeviceState() as device:
            shown = _device(device, language, clock)
        case Request() as request:
            shown = _request(request, language)
        case Rating() as rating:
            shown = _rating(rating, language)
        case _:
            label = word("type", type_name, language)
            shown = Line(icon="unknown", tone="plain", label=label, title=text("unknown", language))
    return shown


def _labelled(name: str, value: str, language: Language) -> str:
    """What a camera calls something itself is named as such."""
    return text(f"alarm.{name}", language, name=value) if value else ""


def _some(*details: str) -> tuple[str, ...]:
    return tuple(detail for detail in details if detail)


def _sos(sos: Sos, language: Language) -> Line:
    tone, icon = ("critical", "sos") if sos.state == "start" else ("info", "info")
    title = text(f"sos.{sos.state}", language)
    return Line(icon=icon, tone=tone, label=text("type.sos", language), title=title, details=_some(sos.point))


def _rating(rating: Rating, language: Language) -> Line:
    receipt = text("receipt", language, receipt=rating.receipt) if rating.receipt else ""
    title = text("rating.score", language, score=rating.score)
    return Line(icon="rating", tone="plain", label=text("type.rating", language), title=title, details=_some(receipt))


def _alarm(alarm: Alarm, language: Language) -> Line:
    ended = alarm.state == "end"
    return Line(
        icon="info" if ended else alarm.severity,
        tone="info" if ended else alarm.severity,
        label=word("severity", alarm.severity, language),
        title=kind_name(alarm.kind, language),
        state="" if alarm.state == "pulse" else text(f"state.{alarm.state}", language),
        details=_some(
            _labelled("source", alarm.source, language),
            _labelled("object", alarm.object, language),
            text("mark.at_start", language) if alarm.at_start else "",
        ),
    )


def _checkin(checkin: Checkin, language: Language) -> Line:
    who = checkin.name or checkin.masked or text("checkin.somebody", language)
    known = text("checkin.verified" if checkin.verified else "checkin.unverified", language)
    return Line(
        icon="checkin",
        tone="ok",
        label=text("type.checkin", language),
        title=text("checkin.done", language, who=who),
        state=word("slot", checkin.slot, language) if checkin.slot else "",
        details=_some(checkin.point, word("method", checkin.method, language), known),
    )


def _device(device: DeviceState, language: Language, clock: Clock) -> Line:
    tones = {"down": "warning", "degraded": "notice", "up": "ok"}
    reason = word("reason", device.reason, language) if device.reason else ""
    blind = ""
    if device.blind_from and device.blind_until:
        start, end = clock.short(device.blind_from), clock.short(device.blind_until)
        blind = text("device.blind", language, start=start, end=end)
    return Line(
        icon=device.state,
        tone=tones[device.state],
        label=text("type.device", language),
        title=text(f"device.event.{device.state}", language),
        details=_some(reason, spoken(device.detail, language), blind),
    )


def _request(request: Request, language: Language) -> Line:
    return Line(
        icon="request",
        tone="notice",
        label=text("type.request", language),
        title=word("mode", request.mode, language),
        details=_some(
            text("request.item", language, item=request.item),
            text("receipt", language, receipt=request.receipt),
            request.text,
        ),
    )
