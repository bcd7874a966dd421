"""One open port: its bytes come by `loop.add_reader` and `os.read`, go through a decoder and come out as frames.

pyserial's own `read(n)` loses what it holds when the line drops. Promises: whatever goes wrong with a port comes out as
`LinkLost`; a closed link leaves no descriptor behind; no byte of the line is ever logged.
"""

import asyncio
import contextlib
import logging
import os
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

from drivers.seriallink.loss import LinkLost, explain
from drivers.seriallink.port import PORT_ERRORS, Port, close_port, open_port
from drivers.seriallink.settings import SerialSettings

log = logging.getLogger(__name__)

Frame = TypeVar("Frame")

_READ_BYTES = 4096
# What a consumer may leave lying; people with cards cannot fill it, a mad reader can.
_MAX_WAITING_FRAMES = 256


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
            raise self._problem(*explain(error, self.settings.port)) from error
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
                raise self._lose(*explain(error)) from error
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
                raise self._lose(*explain(error)) from error

    async def _writable(self) -> None:
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        loop.add_writer(self._fd, ready.set)
        try:
            await ready.wait()
        finally:
            if self._port is not None:
                loop.remove_writer(self._fd)

    # -- lent to a lookout -----------------------------------------------------------------------------------------

    @property
    def is_lendable(self) -> bool:
        """Whether its kind of port can be, and nothing of it waits here."""
        can_be = self._lost is None and self._port is not None and self._port.can_wait
        return can_be and not self._frames and self._pause is None

    def lend(self, wake_bytes: int) -> int:
        """The descriptor, to be read and written elsewhere until `take_back`; readable from so many bytes on.

        Raises LinkLost.
        """
        asyncio.get_running_loop().remove_reader(self._fd)
        self._wake_from(wake_bytes)
        return self._fd

    def take_back(self) -> None:
        """It is read here again. May be called for one that was lost or closed meanwhile."""
        if self._lost is None:
            asyncio.get_running_loop().add_reader(self._fd, self._read)
            with contextlib.suppress(LinkLost):  # whoever uses it next is told
                self._wake_from(1)

    def take(self, data: bytes, error: OSError | None = None) -> None:
        """What was read, or went wrong, while it was lent. Raises LinkLost."""
        if error is not None:
            raise self._lose(*explain(error))
        if data:
            self._hear(data)

    def _wake_from(self, count: int) -> None:
        assert self._port is not None
        try:
            self._port.wake_from(count)
        except PORT_ERRORS as error:
            raise self._lose(*explain(error)) from error

    # -- bytes -----------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        try:
            data = os.read(self._fd, _READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._lose(*explain(error))
            return
        if data:
            self._hear(data)
        else:
            self._lose("unplugged", "hang-up")

    def _hear(self, data: bytes) -> None:
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
        self._pause = None
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


def _ignore(_: bool) -> None:
    pass


def _wake(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_result(None)


def _close_unwanted(opening: "asyncio.Future[Port]") -> None:
    """The opener was cancelled while the port was being opened: nobody wants it any more."""
    if not opening.cancelled() and opening.exception() is None:
        close_port(opening.result())
