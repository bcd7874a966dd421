"""The farm's control port: HTTP and JSON, so that another process can raise alarms and break cameras.

GET /cameras, GET /raised, GET /cameras/{name}/raised; POST /cameras/{name}/{alarm,raw,reboot,freeze,unfreeze,
clock,drop} with a JSON object. No credentials: it listens on loopback only.
"""

from collections.abc import Callable, Mapping
from urllib.parse import unquote

import msgspec

from simulators.camera.camera import Camera
from simulators.camera.http import Request
from simulators.camera.topics import ALARMS, Items
from simulators.controlport import ControlPort, Refused


class Alarm(msgspec.Struct, forbid_unknown_fields=True):
    kind: str
    active: bool = True


class Raw(msgspec.Struct, forbid_unknown_fields=True):
    topic: str
    source: Items = ()
    key: Items = ()
    data: Items = ()
    operation: str | None = "Changed"
    time: str | None = None


class Reboot(msgspec.Struct, forbid_unknown_fields=True):
    down_s: float = 3.0
    clock_offset_s: float | None = None


class Clock(msgspec.Struct, forbid_unknown_fields=True):
    offset_s: float


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    pass


def _alarm(camera: Camera, body: bytes) -> object:
    asked = msgspec.json.decode(body, type=Alarm)
    if asked.kind not in ALARMS:
        raise Refused(f"unknown kind {asked.kind!r}; known: {', '.join(ALARMS)}")
    return camera.raise_alarm(asked.kind, asked.active)


def _raw(camera: Camera, body: bytes) -> object:
    asked = msgspec.json.decode(body, type=Raw)
    return camera.send_raw(asked.topic, asked.source, asked.key, asked.data, operation=asked.operation, time=asked.time)


def _reboot(camera: Camera, body: bytes) -> object:
    asked = msgspec.json.decode(body or b"{}", type=Reboot)
    camera.begin_reboot(asked.down_s, clock_offset_s=asked.clock_offset_s)
    return describe(camera)


def _clock(camera: Camera, body: bytes) -> object:
    camera.set_clock(msgspec.json.decode(body, type=Clock).offset_s)
    return describe(camera)


def _simple(act: Callable[[Camera], None]) -> Callable[[Camera, bytes], object]:
    def run(camera: Camera, body: bytes) -> object:
        msgspec.json.decode(body or b"{}", type=Nothing)
        act(camera)
        return describe(camera)

    return run


_ACTIONS: dict[str, Callable[[Camera, bytes], object]] = {
    "alarm": _alarm,
    "raw": _raw,
    "reboot": _reboot,
    "clock": _clock,
    "freeze": _simple(Camera.freeze),
    "unfreeze": _simple(Camera.unfreeze),
    "drop": _simple(Camera.drop_connections),
}


def describe(camera: Camera) -> dict[str, object]:
    """What GET /cameras and --json say of a camera."""
    config = camera.config
    return {
        "name": camera.name,
        "port": camera.port,
        "xaddr": camera.xaddr,
        "snapshot_uri": camera.snapshot_uri,
        "stream_uri": camera.stream_uri,
        "user": config.user,
        "password": config.password,
        "auth": config.auth,
        "quirks": sorted(config.quirks),
        "down": camera.down,
        "frozen": camera.frozen,
        "boots": camera.state.boots,
        "subscriptions": camera.subscriptions,
        "requests": camera.requests,
        "raised": len(camera.raised),
        "active": sorted(camera.state.active),
    }


class ControlServer(ControlPort):
    """Serves `cameras` until stopped; `port` is known after `start`."""

    def __init__(self, cameras: Mapping[str, Camera], *, port: int = 0) -> None:
        self._cameras = cameras
        super().__init__(self._handle, port=port)

    def _handle(self, request: Request) -> object:
        match request.method, [unquote(step) for step in request.path.strip("/").split("/")]:
            case "GET", ["cameras"]:
                return [describe(camera) for camera in self._cameras.values()]
            case "GET", ["raised"]:
                return {name: camera.raised for name, camera in self._cameras.items()}
            case "GET", ["cameras", name, "raised"]:
                return self._camera(name).raised
            case "POST", ["cameras", name, action] if action in _ACTIONS:
                return _ACTIONS[action](self._camera(name), request.body)
        raise Refused(f"no such thing: {request.method} {request.path}; POST actions: {', '.join(_ACTIONS)}")

    def _camera(self, name: str) -> Camera:
        if name not in self._cameras:
            raise Refused(f"no camera {name!r}")
        return self._cameras[name]
