"""The terminal's control port: HTTP and JSON, so that another process can show cards and pull plugs.

GET /state; POST /card {number, name}, /lift, /ic {uid}, /scan {text}, /unplug {part}, /plug {part} and
/fault {part, fault} with a JSON object.
No credentials: it listens on loopback only.
"""

import random
from collections.abc import Callable

import msgspec

from simulators.camera.http import HttpServer, Request, Response
from simulators.terminal.cards import random_card
from simulators.terminal.ptyport import Fault
from simulators.terminal.terminal import Part, SimTerminal


class Card(msgspec.Struct, forbid_unknown_fields=True):
    """Without a number, a card of somebody invented."""

    number: str = ""
    name: str = ""


class Ic(msgspec.Struct, forbid_unknown_fields=True):
    uid: str


class Scan(msgspec.Struct, forbid_unknown_fields=True):
    text: str


class Plug(msgspec.Struct, forbid_unknown_fields=True):
    part: Part


class Spoil(msgspec.Struct, forbid_unknown_fields=True):
    part: Part
    fault: Fault


class Refused(Exception):
    """The request asks for what does not exist."""


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
    "scan": _scan,
    "unplug": _unplug,
    "plug": _plug,
    "fault": _fault,
}


class ControlServer:
    """Serves one terminal until stopped; `port` is known after `start`."""

    def __init__(self, terminal: SimTerminal, *, port: int = 0) -> None:
        self._terminal = terminal
        self._server = HttpServer(self._answer, port=port)

    @property
    def port(self) -> int:
        return self._server.port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        await self._server.start()

    async def stop(self) -> None:
        await self._server.stop()

    async def _answer(self, request: Request) -> Response:
        try:
            return _json(200, self._run(request))
        except (Refused, msgspec.DecodeError) as error:
            return _json(400, {"error": str(error)})

    def _run(self, request: Request) -> object:
        action = request.path.strip("/")
        if request.method == "GET" and action == "state":
            return describe(self._terminal)
        if request.method == "POST" and action in _ACTIONS:
            return _ACTIONS[action](self._terminal, request.body)
        raise Refused(f"no such thing: {request.method} {request.path}; POST actions: {', '.join(_ACTIONS)}")


def _json(status: int, value: object) -> Response:
    return Response(status, msgspec.json.encode(value), "application/json")
