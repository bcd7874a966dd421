"""A whole terminal: its readers, keypads, printer and bus, each on a pty of its own.

It keeps its own record of what it showed to the driver, of every beep and of every slip, so that a test can count what
should arrive.
"""

import tempfile
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, Literal, Self

from simulators.terminal.bus import Bus
from simulators.terminal.cards import Card, resident
from simulators.terminal.idreader import IdReader
from simulators.terminal.keypad import FRAME_FORM, KEYS, Keypad
from simulators.terminal.printer import Printer, Slip
from simulators.terminal.ptyport import Fault, PtyPort
from simulators.terminal.speakers import Beep, Beeper, Scanner, ascii_card_frame, card_frame

Part = Literal["idcard", "iccard", "emcard", "scanner", "keypad", "linepad", "beeper", "printer", "bus"]
PARTS: tuple[Part, ...] = ("idcard", "iccard", "scanner", "beeper")
"""A terminal for check-ins only."""
ALL_PARTS: tuple[Part, ...] = ("idcard", "iccard", "emcard", "scanner", "keypad", "linepad", "printer", "bus")
"""One with everything; its printer is its beeper too."""
SIREN_S = 30.0
BAUD: dict[Part, int] = {"idcard": 115200}
"""Of a real line, where it is not 9600."""
KINDS: dict[Part, dict[str, Any]] = {
    "idcard": {"protocol": "sam_idcard"},
    "iccard": {"protocol": "icem"},
    "emcard": {"protocol": "em_ascii"},
    "scanner": {"protocol": "line"},
    "keypad": {"protocol": "keymap", **FRAME_FORM, "keys": KEYS},
    "linepad": {"protocol": "keymap", "keys": KEYS},
    "beeper": {"protocol": "escpos", "role": "beeper"},
    "printer": {"protocol": "escpos"},
    "bus": {
        "protocol": "modbus",
        "role": "sos",
        "contact": [{"unit": 2, "address": 0, "point": "大厅"}, {"unit": 2, "address": 1, "point": "门外"}],
        "siren": {"unit": 2, "address": 0, "sounds_s": SIREN_S},
        "register": [
            {"unit": 1, "address": 4, "quantity": "water_level", "scale": 0.001, "measured_in": "m", "every_s": 60.0}
        ],
    },
}
"""What each part is, as the driver's settings name it."""


@dataclass(frozen=True)
class Shown:
    """Something that a person did at the terminal. `number` counts from 1 over all parts."""

    number: int
    part: Part
    what: str
    """Number on the ID card, UID of the IC card in hex, or the scanned text."""
    plugged: bool
    """Whether the part was plugged in then; what is shown to an unplugged part cannot arrive."""
    time: datetime
    monotonic_s: float = field(default_factory=monotonic)


class SimTerminal:
    """`async with SimTerminal() as terminal:` and configure the driver with `terminal.ports`.

    Everything is synchronous within the event loop: a frame is in the pty when the method returns.
    """

    def __init__(self, folder: Path | None = None, parts: Collection[Part] = PARTS) -> None:
        self._own_folder = tempfile.TemporaryDirectory(prefix="terminal-") if folder is None else None
        self.folder = Path(self._own_folder.name) if self._own_folder else Path(folder or ".")
        self.shown: list[Shown] = []
        self.parts: dict[Part, PtyPort] = {part: PtyPort(self.folder / part) for part in parts}
        self.idreader = IdReader(self._sender("idcard"))
        self.scanner = Scanner(self._sender("scanner"))
        self.beeper = Beeper(self._sender("beeper"))
        self.printer = Printer(self._sender("printer"))
        self.bus = Bus(self._sender("bus"))
        self.keypads = {
            "keypad": Keypad(self._sender("keypad"), as_lines=False),
            "linepad": Keypad(self._sender("linepad"), as_lines=True),
        }
        listeners: dict[Part, IdReader | Scanner | Beeper | Printer | Bus] = {
            "idcard": self.idreader, "scanner": self.scanner, "beeper": self.beeper, "printer": self.printer,
            "bus": self.bus,
        }  # fmt: skip
        for name, port in self.parts.items():
            if name in listeners:
                port.on_bytes = listeners[name].take

    def _sender(self, part: Part) -> Callable[[bytes], None]:
        """Into that part's port, or, of a part that this terminal does not have, nowhere."""
        port = self.parts.get(part)
        return port.send if port is not None else lambda data: None

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Plug all parts in. Needs a running event loop."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for port in self.parts.values():
            port.plug()

    def pace(self) -> None:
        """From now on bytes take as long as on real lines; what the devices do takes no time all the same."""
        for part, port in self.parts.items():
            port.baud = BAUD.get(part, 9600)

    def stop(self) -> None:
        for port in self.parts.values():
            port.unplug()
        if self._own_folder is not None:
            self._own_folder.cleanup()

    @property
    def ports(self) -> dict[Part, str]:
        """Part -> the device file to configure; the name lasts over unplugging."""
        return {part: str(port.link) for part, port in self.parts.items()}

    @property
    def settings(self) -> list[dict[str, Any]]:
        """The list of parts for the driver's configuration."""
        return [{"name": part, **KINDS[part], "port": port} for part, port in self.ports.items()]

    @property
    def beeps(self) -> list[Beep]:
        """Of beeper and printer, in the order in which they were heard."""
        return sorted(self.beeper.beeps + self.printer.beeps, key=lambda beep: beep.monotonic_s)

    @property
    def slips(self) -> list[Slip]:
        """What the printer has printed."""
        return self.printer.slips

    def present_card(self, card: Card) -> Shown:
        """Put an ID card on the reader; it lies there until lifted."""
        self.idreader.present(card)
        return self._note("idcard", card.number)

    def present_number(self, number: str, name: str) -> Shown:
        """Put a resident card with this number and name on the reader."""
        return self.present_card(resident(number, name))

    def lift_card(self) -> None:
        self.idreader.lift()

    def show_ic(self, uid: bytes) -> Shown:
        """Hold an IC card (4 bytes of UID) or EM card (5 bytes) to its reader: one frame."""
        self.parts["iccard"].send(card_frame(uid))
        return self._note("iccard", uid.hex().upper())

    def show_em(self, uid: bytes, *, bare: bool = False) -> Shown:
        """Hold an EM card (5 bytes of UID) to the reader that speaks ASCII; `bare`: without 02 and 03."""
        frame = ascii_card_frame(uid)
        self.parts["emcard"].send(frame[1:-1] if bare else frame)
        return self._note("emcard", uid.hex().upper())

    def scan(self, text: str) -> Shown:
        """Hold a code before the scanner: one line."""
        self.scanner.scan(text)
        return self._note("scanner", text)

    def press(self, wish: str, part: Literal["keypad", "linepad"] = "keypad") -> Shown:
        """Press the key that asks for this, e.g. `rate:5`. Raises KeyError when there is none."""
        self.keypads[part].press(wish)
        return self._note(part, wish)

    def press_button(self, contact: int = 0, *, pressed: bool = True) -> Shown:
        """Press a help button on the bus, or let it go."""
        self.bus.press(2, contact, pressed=pressed)
        return self._note("bus", f"{contact} {'pressed' if pressed else 'released'}")

    def unplug(self, part: Part) -> None:
        if part == "idcard":
            self.idreader.lose_power()
        elif part == "printer":
            self.printer.lose_power()
        elif part == "bus":
            self.bus.lose_power()
        self.parts[part].unplug()

    def plug(self, part: Part) -> None:
        self.parts[part].plug()

    def spoil_next(self, part: Part, fault: Fault) -> None:
        """The next frame that this part sends is spoilt."""
        self.parts[part].faults.append(fault)

    def _note(self, part: Part, what: str) -> Shown:
        shown = Shown(len(self.shown) + 1, part, what, self.parts[part].is_plugged, datetime.now(UTC))
        self.shown.append(shown)
        return shown
