"""The terminal's control port: HTTP and JSON, so that another process can show cards and pull plugs.

GET /state; POST with a JSON object: /card {number, name}, /lift, /ic {uid}, /em {uid, bare}, /scan {text},
/key {wish, part}, /button {contact, pressed}, /bus {unit, fault}, /level {value},
/printer {paper, online, mute, stuck}, /unplug {part}, /plug {part}, /fault {part, fault}.
No credentials: it listens on loopback only.
"""

import random
from collections.abc import Callable
from typing import Literal

import msgspec

from simulators.camera.http import Request
from simulators.controlport import ControlPort, Refused
from simulators.terminal.bus import Fault as BusFault
from simulators.terminal.cards import random_card
from simulators.terminal.keypad import KEYS
from simulators.terminal.printer import Paper
from simulators.terminal.ptyport import Fault
from simulators.terminal.terminal import Part, SimTerminal


class Card(msgspec.Struct, forbid_unknown_fields=True):
    """Without a number, a card of somebody invented."""

    number: str = ""
    name: str = ""


class Ic(msgspec.Struct, forbid_unknown_fields=True):
    uid: str


class Em(msgspec.Struct, forbid_unknown_fields=True):
    uid: str
    bare: bool = False


class Key(msgspec.Struct, forbid_unknown_fields=True):
    """`wish`: as in the driver's settings, e.g. `rate:5`."""

    wish: str
    part: Literal["keypad", "linepad"] = "keypad"


class Button(msgspec.Struct, forbid_unknown_fields=True):
    contact: int = 0
    pressed: bool = True


class OnBus(msgspec.Struct, forbid_unknown_fields=True):
    unit: int
    fault: BusFault


class Level(msgspec.Struct, forbid_unknown_fields=True):
    """What register 4 of unit 1 holds."""

    value: int


class PrinterIs(msgspec.Struct, forbid_unknown_fields=True):
    """What is left out stays as it is."""

    paper: Paper | None = None
    online: bool | None = None
    mute: bool | None = None
    stuck: bool | None = None


class Scan(msgspec.Struct, forbid_unknown_fields=True):
    text: str


class Plug(msgspec.Struct, forbid_unknown_fields=True):
    part: Part


class Spoil(msgspec.Struct, forbid_unknown_fields=True):
    part: Part
    fault: Fault


def describe(terminal: SimTerminal) -> dict[str, object]:
    """What GET /state and --json say."""
    card = terminal.idreader.card
    return {
        "ports": terminal.ports,
        "plugged": {part: port.is_plugged for part, port in terminal.parts.items()},
        "card": card.number if card else None,
        "card_reads": terminal.idreader.reads,
        "shown": terminal.shown,
        "beeps": terminal.beeps,
        "slips": [{"lines": slip.lines, "codes": slip.codes, "time": slip.time} for slip in terminal.slips],
        "siren": terminal.bus.is_on(),
    }


def _card(terminal: SimTerminal, body: bytes) -> object:
    asked = msgspec.json.decode(body or b"{}", type=Card)
    if asked.number:
        return terminal.present_number(asked.number, asked.name)
    return terminal.present_card(random_card(random.Random()))


def _lift(terminal: SimTerminal, body: bytes) -> object:
    terminal.lift_card()
    return describe(terminal)


def _ic(terminal: SimTerminal, body: bytes) -> object:
    try:
        return terminal.show_ic(bytes.fromhex(msgspec.json.decode(body, type=Ic).uid))
    except ValueError as error:
        raise Refused(f"uid: {error}") from error


def _em(terminal: SimTerminal, body: bytes) -> object:
    asked = msgspec.json.decode(body, type=Em)
    try:
        return terminal.show_em(bytes.fromhex(asked.uid), bare=asked.bare)
    except ValueError as error:
        raise Refused(f"uid: {error}") from error


def _key(terminal: SimTerminal, body: bytes) -> object:
    asked = msgspec.json.decode(body, type=Key)
    try:
        return terminal.press(asked.wish, asked.part)
    except KeyError as error:
        raise Refused(f"no key for {error}; keys: {', '.join(KEYS.values())}") from error


def _button(terminal: SimTerminal, body: bytes) -> object:
    asked = msgspec.json.decode(body or b"{}", type=Button)
    return terminal.press_button(asked.contact, pressed=asked.pressed)


def _bus(terminal: SimTerminal, body: bytes) -> object:
    asked = msgspec.json.decode(body, type=OnBus)
    device = terminal.bus.devices.get(asked.unit)
    if device is None:
        raise Refused(f"no unit {asked.unit}; units: {', '.join(map(str, terminal.bus.devices))}")
    device.fault = asked.fault
    return describe(terminal)


def _level(terminal: SimTerminal, body: bytes) -> object:
    terminal.bus.devices[1].holding[4] = msgspec.json.decode(body, type=Level).value & 0xFFFF
    return describe(terminal)


def _printer(terminal: SimTerminal, body: bytes) -> object:
    asked, printer = msgspec.json.decode(body, type=PrinterIs), terminal.printer
    printer.paper = asked.paper or printer.paper
    printer.online = printer.online if asked.online is None else asked.online
    printer.mute = printer.mute if asked.mute is None else asked.mute
    if asked.stuck is not None:
        terminal.parts["printer"].stick(stuck=asked.stuck)
    return describe(terminal)


def _scan(terminal: SimTerminal, body: bytes) -> object:
    return terminal.scan(msgspec.json.decode(body, type=Scan).text)


def _unplug(terminal: SimTerminal, body: bytes) -> object:
    terminal.unplug(msgspec.json.decode(body, type=Plug).part)
    return describe(terminal)


def _plug(terminal: SimTerminal, body: bytes) -> object:
    terminal.plug(msgspec.json.decode(body, type=Plug).part)
    return describe(terminal)


def _fault(terminal: SimTerminal, body: bytes) -> object:
    asked = msgspec.json.decode(body, type=Spoil)
    terminal.spoil_next(asked.part, asked.fault)
    return describe(terminal)


_ACTIONS: dict[str, Callable[[SimTerminal, bytes], object]] = {
    "card": _card,
    "lift": _lift,
    "ic": _ic,
    "em": _em,
    "scan": _scan,
    "key": _key,
    "button": _button,
    "bus": _bus,
    "level": _level,
    "printer": _printer,
    "unplug": _unplug,
    "plug": _plug,
    "fault": _fault,
}


class ControlServer(ControlPort):
    """Serves one terminal until stopped; `port` is known after `start`."""

    def __init__(self, terminal: SimTerminal, *, port: int = 0) -> None:
        self._terminal = terminal
        super().__init__(self._handle, port=port)

    def _handle(self, request: Request) -> object:
        action = request.path.strip("/")
        if request.method == "GET" and action == "state":
            return describe(self._terminal)
        if request.method == "POST" and action in _ACTIONS:
            return _ACTIONS[action](self._terminal, request.body)
        raise Refused(f"no such thing: {request.method} {request.path}; POST actions: {', '.join(_ACTIONS)}")
