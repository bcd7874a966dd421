"""A whole terminal: ID-card reader, IC-card reader, scanner and beeper, each on a pty of its own.

It keeps its own record of what it showed to the driver and of every beep, so that a test can count what should arrive.
"""

import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Literal, Self

from simulators.terminal.cards import Card, resident
from simulators.terminal.idreader import IdReader
from simulators.terminal.ptyport import Fault, PtyPort
from simulators.terminal.speakers import Beep, Beeper, Scanner, card_frame

Part = Literal["idcard", "iccard", "scanner", "beeper"]
PARTS: tuple[Part, ...] = ("idcard", "iccard", "scanner", "beeper")
KINDS: dict[Part, dict[str, str]] = {
    "idcard": {"protocol": "sam_idcard"},
    "iccard": {"protocol": "icem"},
    "scanner": {"protocol": "line"},
    "beeper": {"protocol": "escpos", "role": "beeper"},
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

    def __init__(self, folder: Path | None = None) -> None:
        self._own_folder = tempfile.TemporaryDirectory(prefix="terminal-") if folder is None else None
        self.folder = Path(self._own_folder.name) if self._own_folder else Path(folder or ".")
        self.shown: list[Shown] = []
        self.parts: dict[Part, PtyPort] = {part: PtyPort(self.folder / part) for part in PARTS}
        self.idreader = IdReader(self.parts["idcard"].send)
        self.parts["idcard"].on_bytes = self.idreader.take
        self.scanner = Scanner(self.parts["scanner"].send)
        self.parts["scanner"].on_bytes = self.scanner.take
        self.beeper = Beeper(self.parts["beeper"].send)
        self.parts["beeper"].on_bytes = self.beeper.take

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
    def settings(self) -> list[dict[str, str]]:
        """The list of parts for the driver's configuration."""
        return [{"name": part, **KINDS[part], "port": port} for part, port in self.ports.items()]

    @property
    def beeps(self) -> list[Beep]:
        return self.beeper.beeps

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

    def scan(self, text: str) -> Shown:
        """Hold a code before the scanner: one line."""
        self.scanner.scan(text)
        return self._note("scanner", text)

    def unplug(self, part: Part) -> None:
        if part == "idcard":
            self.idreader.lose_power()
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
