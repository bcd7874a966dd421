"""One simulated camera: its HTTP server, its state, and what can happen to it (alarms, freezing, reboots)."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime

from simulators.camera import media, picture
from simulators.camera.auth import Gate, NotAuthorized
from simulators.camera.config import CameraConfig
from simulators.camera.device import PATH as DEVICE_PATH
from simulators.camera.endpoint import answer_soap, wrapped
from simulators.camera.events import SUBSCRIPTION_PATH
from simulators.camera.http import HttpServer, Request, Response
from simulators.camera.pullpoints import PullPoint
from simulators.camera.push import keep_pushing
from simulators.camera.raised import Raised
from simulators.camera.rtsp import RtspServer
from simulators.camera.state import EVENT_PATH, CameraState
from simulators.camera.topics import Items, Notification

GREY_FRAMES = 3


class Camera:
    """Speaks ONVIF on 127.0.0.1 between `start` and `stop`; belongs to the event loop that started it."""

    def __init__(self, config: CameraConfig) -> None:
        self.config = config
        self.state = CameraState(config)
        self.state.on_reboot = self._reboot_soon
        self.state.on_subscribe = self._push
        self.requests = 0
        self.down = False
        self.frozen = False
        self._gate = Gate(config)
        moved = "redirects" in config.quirks
        self._server = HttpServer(self._send_on if moved else self._answer, port=config.port)
        self._moved = HttpServer(self._answer) if moved else None
        self._events = HttpServer(self._answer_events) if "other_port" in config.quirks else None
        self.stream = RtspServer(config, self._frame)
        self._reboot: asyncio.Task[None] | None = None
        self._pushes: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Raises PictureUnavailable without OpenCV, OSError when the port is taken."""
        picture.check_available()
        await self._server.start()
        self.state.port = self._server.port
        self.state.started_s = self.state.monotonic_s()
        if self._events is not None:
            await self._events.start()
            self.state.event_port = self._events.port
        if self._moved is not None:
            await self._moved.start()
        await self.stream.start()
        self.state.rtsp_port = self.stream.port

    async def stop(self) -> None:
        tasks = [*self._pushes, *([self._reboot] if self._reboot is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.state.pull_points.clear()
        await self.stream.stop()
        for server in (self._events, self._moved):
            if server is not None:
                await server.stop()
        await self._server.stop()

    @property
    def name(self) -> str:
        return self.config.name

    @property
    def port(self) -> int:
        return self.state.port

    @property
    def xaddr(self) -> str:
        """The true address of the device service."""
        return f"http://127.0.0.1:{self.port}{DEVICE_PATH}"

    @property
    def snapshot_uri(self) -> str:
        """The true address of the picture."""
        return f"http://127.0.0.1:{self.port}{media.SNAPSHOT_PATH}"

    @property
    def stream_uri(self) -> str:
        """The true address of the video stream."""
        return f"rtsp://127.0.0.1:{self.state.rtsp_port}{media.STREAM_PATH}Profile_1"

    @property
    def raised(self) -> list[Raised]:
        return self.state.raised

    @property
    def subscriptions(self) -> int:
        """How many live subscriptions there are now."""
        return len(self.state.pull_points.live())

    def raise_alarm(self, kind: str, active: bool = True) -> Raised:
        """Turn an alarm of the table `topics.ALARMS` on or off. Raises KeyError for an unknown kind."""
        return self.state.raise_alarm(kind, active)

    def send_raw(
        self,
        topic: str,
        source: Items = (),
        key: Items = (),
        data: Items = (),
        *,
        operation: str | None = "Changed",
        time: datetime | str | None = None,
    ) -> Raised:
        """Send any notification; `time` may be any text."""
        moment = time if time is not None else self.state.clock.now()
        return self.state.send_raw(Notification(topic, source, key, data, operation, moment))

    def set_clock(self, offset_s: float) -> None:
        """Put the camera's clock that far from the true time."""
        self.state.clock.offset_s = offset_s

    def freeze(self) -> None:
        """From now on accept connections and answer nothing."""
        self.frozen = True
        self._server.thawed.clear()

    def unfreeze(self) -> None:
        """Answer again, first what was asked in between (like a process after SIGCONT)."""
        self.frozen = False
        self._server.thawed.set()

    def drop_connections(self) -> None:
        """Reset every open connection once; subscriptions stay."""
        for connection in list(self._server.connections):
            connection.abort()

    async def reboot(self, down_s: float, *, clock_offset_s: float | None = None) -> None:
        """Be unreachable for `down_s`, then come back without subscriptions; returns when it is back.

        A `clock_offset_s` sets the clock, as cameras without a battery do.
        """
        self.down = True
        self._server.vanish()
        self.state.restart(clock_offset_s)
        self._gate = Gate(self.config)
        self.unfreeze()
        await asyncio.sleep(down_s)
        await self._server.appear()
        self.state.started_s = self.state.monotonic_s()
        self.down = False

    def begin_reboot(self, down_s: float, *, clock_offset_s: float | None = None) -> None:
        """The same in the background; one at a time."""
        self._begin(lambda: self.reboot(down_s, clock_offset_s=clock_offset_s))

    def _reboot_soon(self) -> None:
        async def after_the_answer() -> None:
            await asyncio.sleep(0.1)
            await self.reboot(self.config.reboot_s)

        self._begin(after_the_answer)

    def _begin(self, reboot: Callable[[], Coroutine[None, None, None]]) -> None:
        if self._reboot is None or self._reboot.done():
            self._reboot = asyncio.get_running_loop().create_task(reboot())

    def _push(self, point: PullPoint, consumer: str) -> None:
        task = asyncio.get_running_loop().create_task(keep_pushing(self.state, point, consumer, self._server.thawed))
        self._pushes.add(task)
        task.add_done_callback(self._pushes.discard)

    async def _answer_events(self, request: Request) -> Response:
        self.requests += 1
        return await answer_soap(self.state, self._gate, request) if _of_events(request) else Response(404)

    async def _answer(self, request: Request) -> Response:
        self.requests += 1
        if self._events is not None and _of_events(request):
            return Response(404, b"Not Found")
        if request.path == media.SNAPSHOT_PATH and request.method == "GET":
            return self._snapshot(request)
        return wrapped(await answer_soap(self.state, self._gate, request), self.config.quirks)

    async def _send_on(self, request: Request) -> Response:
        assert self._moved is not None
        place = f"http://127.0.0.1:{self._moved.port}{request.target}"
        return Response(301, b"<html>Moved</html>", "text/html", (("Location", place),))

    def _snapshot(self, request: Request) -> Response:
        if "snapshot_query_login" in self.config.quirks and "pwd=" in request.target:
            return Response(403, b"Forbidden")
        try:
            self._gate.admit_picture(request)
        except NotAuthorized as error:
            headers = (("WWW-Authenticate", error.challenge or ""),)
            return Response(401, b"Unauthorized", "text/html", headers)
        if "snapshot_404" in self.config.quirks:
            return Response(404, b"Not Found")
        image = self._picture()
        if "half_picture" in self.config.quirks:
            image = image[: len(image) // 2]
        return Response(200, image, "image/jpeg")

    def _picture(self) -> bytes:
        second = self.state.clock.now().replace(microsecond=0)
        return picture.jpeg(self.config.name, second, frozenset(self.state.active), self.config.picture_width_px)

    def _frame(self, number: int) -> bytes:
        whole = self._picture()
        return picture.before_keyframe(whole) if "rtsp_grey" in self.config.quirks and number < GREY_FRAMES else whole


def _of_events(request: Request) -> bool:
    return request.path == EVENT_PATH or request.path.startswith(SUBSCRIPTION_PATH)
