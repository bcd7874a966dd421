"""What a service offers: named operations, each with its access class. One type, so that services are plain tables."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from simulators.camera.soap import SoapRequest
from simulators.camera.state import CameraState


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Reply:
    """Body XML, and what to do when the client was gone before it could be sent."""

    body: str
    on_unsent: Callable[[], None] = field(default=_nothing)


@dataclass(frozen=True, slots=True)
class Operation:
    """`public` runs without credentials (ONVIF Core, access class PRE_AUTH).

    `action` is the WS-Addressing action of the request; an operation that has one demands the headers.
    """

    run: Callable[[CameraState, SoapRequest], Awaitable[Reply]]
    public: bool = False
    action: str = ""


def plain(answer: Callable[[CameraState, SoapRequest], str], *, public: bool = False, action: str = "") -> Operation:
    """An operation that answers at once."""

    async def run(state: CameraState, request: SoapRequest) -> Reply:
        return Reply(answer(state, request))

    return Operation(run, public, action)
