"""The serial link, written once: opens a port, feeds its bytes to a decoder, hands out frames, survives unplugging.

`serialport` opens it; bytes arrive by `loop.add_reader` and `os.read`, because pyserial's
own `read(n)` loses what it holds when the line drops. Promises: whatever goes wrong with a port comes out as `LinkLost`
with a stable reason; a closed link leaves no descriptor behind; no byte of the line is ever logged.
"""

import asyncio
import errno
import logging
import os
import re
import termios
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, Generic, Literal, Protocol, Self, TypeVar

import msgspec
from msgspec import Meta

from drivers.serialport import PORT_ERRORS, Port, Speed, close_port, is_network, is_valid, open_port
from edgeagent.driver import DriverProblem

log = logging.getLogger(__name__)

Frame = TypeVar("Frame")

_REASONS = {
    errno.ENOENT: "missing",
    errno.EACCES: "refused",
    errno.EPERM: "refused",
    errno.EAGAIN: "busy",
    errno.EBUSY: "busy",
    errno.EIO: "unplugged",
    errno.ENXIO: "unplugged",
    errno.ENODEV: "unplugged",
    errno.ECONNRESET: "unplugged",
    errno.EPIPE: "unplugged",
    errno.ECONNREFUSED: "unreachable",
    errno.EHOSTUNREACH: "unreachable",
    errno.ENETUNREACH: "unreachable",
    errno.ETIMEDOUT: "unreachable",
}
_READ_BYTES = 4096
# What a consumer may leave lying; people with cards cannot fill it, a mad reader can.
_MAX_WAITING_FRAMES = 256
_UNSTABLE_NAME = re.compile(r"/dev/tty(USB|ACM)[0-9]+")
_BY_ID = Path("/dev/serial/by-id")


class LinkLost(DriverProblem):
    """`reason` is one of missing, refused, busy, unplugged, unreachable, write-timeout, failed."""

    code = "serial.lost"
    en = "serial port {port}: {reason} ({detail})"
    zh = "串口 {port} 中断：{reason}（{detail}）"

    @property
    def reason(self) -> str:
        return str(self.facts["reason"])


def about(en: str, zh: str, **limits: Any) -> Meta:
    """What a setting says of itself, in both languages, and what it may be."""
    return Meta(description=en, extra_json_schema={"zh": zh}, **limits)


class SerialSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one port is opened. A part's own settings may extend it."""

    port: Annotated[
        str,
        about(
            "device file, best a name under /dev/serial/by-id/; or socket://HOST:PORT, rfc2217://HOST:PORT",
            "设备文件，最好用 /dev/serial/by-id/ 下的名称；或 socket://主机:端口、rfc2217://主机:端口",
            min_length=1,
        ),
    ]
    baud: Annotated[int, about("bits per second", "波特率", ge=50, le=4_000_000)] = 9600
    data_bits: Annotated[Literal[7, 8], about("data bits", "数据位")] = 8
    parity: Annotated[Literal["N", "E", "O"], about("parity: none, even, odd", "校验：N 无、E 偶、O 奇")] = "N"
    stop_bits: Annotated[Literal[1, 2], about("stop bits", "停止位")] = 1
    inter_byte_timeout_s: Annotated[
        float,
        about(
            "a pause as long as this ends a frame, whole or half, in s", "停顿超过此时间即视为一帧结束，秒", gt=0, le=10
        ),
    ] = 0.2
    write_timeout_s: Annotated[
        float,
        about(
            "a device that takes no bytes for so long is lost, in s",
            "设备超过此时间不收数据即视为断开，秒",
            gt=0,
            le=60,
        ),
    ] = 2.0
    reopen_first_s: Annotated[
        float, about("wait before the first attempt to open again, in s", "断开后首次重新打开前的等待，秒", gt=0)
    ] = 0.5
    reopen_last_s: Annotated[
        float, about("the wait doubles up to this, in s", "等待逐次加倍，最长不超过此值，秒", gt=0)
    ] = 10.0

    def __post_init__(self) -> None:
        if not is_valid(self.port):
            raise ValueError(
                "a port is a device file, socket://HOST:PORT or rfc2217://HOST:PORT"
                " / 串口应为设备文件、socket://主机:端口 或 rfc2217://主机:端口"
            )

    @property
    def speed(self) -> Speed:
        return Speed(self.baud, self.data_bits, self.parity, self.stop_bits)


class Decoder(Protocol[Frame]):
    """Makes frames of bytes. Sans-I/O, and raises on no input."""

    def feed(self, data: bytes) -> list[Frame]:
        """Frames that these bytes complete."""

    def silence(self) -> list[Frame]:
        """The line fell quiet: forget what is half; frames that only the pause completes.

        Called after a pause, but not where the bytes before it were whole frames and the decoder has a property
        `is_midway` that is false then.
        """


class LineWatch:
    """Tells a line at the wrong speed: no frame, and bytes that are mostly zero, or very many of them. Pure."""

    MOSTLY_ZERO_FROM_BYTES = 32
    GARBAGE_FROM_BYTES = 512

    def __init__(self) -> None:
        self._bytes = 0
        self._zeros = 0

    def note(self, data: bytes, frames: int) -> None:
        """Count what arrived; any frame proves the line good."""
        if frames:
            self._bytes = self._zeros = 0
        else:
            self._bytes += len(data)
            self._zeros += data.count(0)

    @property
    def is_garbage(self) -> bool:
        mostly_zero = self._bytes >= self.MOSTLY_ZERO_FROM_BYTES and 2 * self._zeros > self._bytes
        return mostly_zero or self._bytes >= self.GARBAGE_FROM_BYTES


class SerialLink(Generic[Frame]):
    """One open port. `async with SerialLink(settings, decoder) as link:` raises LinkLost when it cannot be opened."""

    def __init__(self, settings: SerialSettings, decoder: Decoder[Frame]) -> None:
        self.settings = settings
        self.garbage = False
        """Line garbage, check the baud rate. Judged at each pause of the line, cleared by the next frame."""
        self.on_quality: Callable[[bool], None] = _ignore
        """Called with `garbage` whenever it changes."""
        self._decoder = decoder
        self._watch = LineWatch()
        self._frames: deque[Frame] = deque(maxlen=_MAX_WAITING_FRAMES)
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._lost: tuple[str, str] | None = None
        self._port: Port | None = None
        self._fd = -1
        self._pause: asyncio.TimerHandle | None = None
        self._writing = asyncio.Lock()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        # In a thread: a faulty USB adapter holds up its configuration for seconds.
        wanted = self.settings
        opening = loop.run_in_executor(None, open_port, wanted.port, wanted.speed, wanted.write_timeout_s)
        try:
            self._port = await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(_close_unwanted)
            raise
        except (*PORT_ERRORS, ValueError) as error:  # ValueError: a speed that the adapter does not have
            raise self._problem(*_explain(error, self.settings.port)) from error
        self._fd = self._port.fileno()
        os.set_blocking(self._fd, False)
        loop.add_reader(self._fd, self._read)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the port back. May be called twice."""
        if self._port is None:
            return
        if self._lost is None:
            self._lost = ("closed", "closed here")
        self._stop_listening()
        port, self._port = self._port, None
        try:
            if self._lost[0] == "write-timeout":
                # The kernel would otherwise hold up the close for 30 s, waiting for a stuck device to take the rest.
                port.reset_output_buffer()
        except PORT_ERRORS:
            log.debug("%s: gone before its output could be dropped", self.settings.port)
        finally:
            close_port(port)

    async def receive(self) -> Frame:
        """The next frame. Frames that came before the link was lost are still handed out; then raises LinkLost."""
        while not self._frames:
            await self._wait_for_news()
        return self._frames.popleft()

    async def receive_within(self, timeout_s: float) -> Frame | None:
        """The same; None when none comes in time. Cheap: devices are asked several times a second for years."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + timeout_s
        while not self._frames:
            if loop.time() >= until_s:
                return None
            await self._wait_for_news(until_s)
        return self._frames.popleft()

    async def _wait_for_news(self, until_s: float | None = None) -> None:
        """Until a frame came, the link is lost (raises LinkLost), or that moment of the loop's clock."""
        if self._lost is not None:
            raise self._problem(*self._lost)
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        self._waiters.append(waiter)
        timer = loop.call_at(until_s, _wake, waiter) if until_s is not None else None
        try:
            await waiter
        finally:
            if timer is not None:
                timer.cancel()
            if waiter in self._waiters:
                self._waiters.remove(waiter)

    def _tell_news(self) -> None:
        while self._waiters:
            _wake(self._waiters.popleft())

    def discard(self) -> None:
        """Forget the frames that wait: before a request, so that a late answer is not taken for the new one."""
        self._frames.clear()

    async def write(self, data: bytes) -> None:
        """Write all of it. Raises LinkLost, also when the device does not take it within `write_timeout_s`."""
        if self._lost is None and not self._writing.locked():
            try:
                data = data[os.write(self._fd, data) :]
            except BlockingIOError:
                pass
            except OSError as error:
                raise self._lose(*_explain(error)) from error
            if not data:
                return
        async with self._writing:
            try:
                async with asyncio.timeout(self.settings.write_timeout_s):
                    await self._write_all(data)
            except TimeoutError as error:
                raise self._lose("write-timeout", "the device does not take bytes") from error

    async def _write_all(self, data: bytes) -> None:
        while data:
            if self._lost is not None:
                raise self._problem(*self._lost)
            try:
                data = data[os.write(self._fd, data) :]
            except BlockingIOError:
                await self._writable()
            except OSError as error:
                raise self._lose(*_explain(error)) from error

    async def _writable(self) -> None:
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        loop.add_writer(self._fd, ready.set)
        try:
            await ready.wait()
        finally:
            if self._port is not None:
                loop.remove_writer(self._fd)

    def _read(self) -> None:
        try:
            data = os.read(self._fd, _READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._lose(*_explain(error))
            return
        if not data:
            self._lose("unplugged", "hang-up")
            return
        frames = self._decoder.feed(data)
        self._deliver(data, frames)
        self._await_pause(whole=bool(frames) and not getattr(self._decoder, "is_midway", True))

    def _await_pause(self, *, whole: bool) -> None:
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
        if whole:
            return
        loop = asyncio.get_running_loop()
        self._pause = loop.call_later(self.settings.inter_byte_timeout_s, self._on_pause)

    def _on_pause(self) -> None:
        self._deliver(b"", self._decoder.silence())
        if self._watch.is_garbage and not self.garbage:
            log.warning("%s: line garbage, check the baud rate (%d)", self.settings.port, self.settings.baud)
            self._judge(garbage=True)

    def _deliver(self, data: bytes, frames: list[Frame]) -> None:
        self._watch.note(data, len(frames))
        if frames:
            self._judge(garbage=False)
            self._frames.extend(frames)
            self._tell_news()

    def _judge(self, *, garbage: bool) -> None:
        if garbage != self.garbage:
            self.garbage = garbage
            self.on_quality(garbage)

    def _lose(self, reason: str, detail: str) -> LinkLost:
        """Mark the link as lost; the first reason counts."""
        if self._lost is None:
            self._lost = (reason, detail)
            self._stop_listening()
            self._tell_news()
        return self._problem(*self._lost)

    def _stop_listening(self) -> None:
        if self._pause is not None:
            self._pause.cancel()
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._fd)
        loop.remove_writer(self._fd)

    def _problem(self, reason: str, detail: str) -> LinkLost:
        return LinkLost(port=self.settings.port, reason=reason, detail=detail)


async def keep_open(
    settings: SerialSettings,
    make_decoder: Callable[[], Decoder[Frame]],
    use: Callable[[SerialLink[Frame]], Awaitable[None]],
    on_lost: Callable[[LinkLost], Awaitable[None]],
) -> None:
    """Open the port and `use` it, again and again, until cancelled. `on_lost` is told each time that it went away.

    `use` should run until it raises LinkLost; what else it raises passes through.
    """
    loop = asyncio.get_running_loop()
    wait_s = settings.reopen_first_s
    advice = advise_name(settings.port)
    if advice:
        log.warning("%s", advice)
    while True:
        began_s = loop.time()
        try:
            async with SerialLink(settings, make_decoder()) as link:
                await use(link)
        except LinkLost as lost:
            await on_lost(lost)
        if loop.time() - began_s > settings.reopen_last_s:
            wait_s = settings.reopen_first_s
        await asyncio.sleep(wait_s)
        wait_s = min(2 * wait_s, settings.reopen_last_s)


def advise_name(port: str, by_id: Path = _BY_ID) -> str | None:
    """Advice for people when a name changes with the order of plugging, with the lasting name where there is one."""
    if not _UNSTABLE_NAME.fullmatch(port):
        return None
    lasting = str(by_id / "…")
    if by_id.is_dir():
        target = os.path.realpath(port)
        lasting = next((str(link) for link in sorted(by_id.iterdir()) if os.path.realpath(link) == target), lasting)
    return (
        f"{port} changes its name with the order of plugging; use {lasting}"
        f" / {port} 的名称会随插拔顺序变化，请改用 {lasting}"
    )


def _ignore(_: bool) -> None:
    pass


def _wake(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_result(None)


def _close_unwanted(opening: "asyncio.Future[Port]") -> None:
    """The opener was cancelled while the port was being opened: nobody wants it any more."""
    if not opening.cancelled() and opening.exception() is None:
        close_port(opening.result())


def _explain(error: Exception, port: str = "") -> tuple[str, str]:
    """(stable reason, the system's text) of an error of a port."""
    number = error.args[0] if isinstance(error, termios.error) else getattr(error, "errno", None)
    other = "unreachable" if is_network(port) else "failed"
    return _REASONS.get(number or 0, other), str(error)
