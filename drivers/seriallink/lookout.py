"""Stands watch over lines on which nothing happens: asks the same question until the answer is another.

A reader is asked for a card several times a second for years, and says no. On the event loop each look costs two
wakings; here one thread asks on all lines of a terminal in one, and nothing of an answer is looked at but whether it is
the quiet one, byte for byte. Whatever else happens, an answer that differs, none, a lost port, ends the watch, and the
link goes on as if it had asked itself.

The kernel keeps quiet answers from waking the thread: VMIN of termios(3), or SO_RCVLOWAT of a serial server's
connection, lets a port become readable only when more bytes are there than those have. An answer that is no longer is
seen when the question is due again.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import math
import os
import select
import threading
import time
from typing import Any, NamedTuple

from drivers.seriallink.link import SerialLink

_READ_BYTES = 4096


class Question(NamedTuple):
    """`quiet`: the whole answer that means that there is nothing new.

    `is_urgent`: a longer answer ends the watch at once; without, every answer is looked at when the next is due, which
    saves a waking in the kernel. `rest_s`: so long the line must be still before the first question.
    """

    request: bytes
    quiet: bytes
    every_s: float
    is_urgent: bool
    rest_s: float = 0.0


class Outcome(NamedTuple):
    """Why a watch is over. `is_asked`: the answer to the last request is in `heard`, or still to come."""

    is_asked: bool = False
    heard: bytes = b""
    error: OSError | None = None


class Lookout:
    """Of one event loop; its thread runs from the first watch until `close`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._posts: dict[int, _Post] = {}
        self._epoll = select.epoll()
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._epoll.register(self._bell, select.EPOLLIN)
        self._thread: threading.Thread | None = None
        self._is_ending = False

    async def watch(self, link: SerialLink[Any], question: Question, until_s: float = math.inf) -> bool:
        """Ask until something else is heard, `recall`, or about that moment (`time.monotonic`). Raises LinkLost.

        Whether the answer to the last request is still to be received, from the link. The link must be `is_lendable`.
        """
        ended: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        post = _Post(link.lend(wake_bytes=len(question.quiet) + 1), question, until_s, ended)
        try:
            self._add(post)
            outcome = await ended
        finally:
            self._remove(post)
            link.take_back()
        link.take(outcome.heard, outcome.error)
        return outcome.is_asked

    def recall(self) -> None:
        """End every watch at once."""
        with self._lock:
            for post in tuple(self._posts.values()):
                self._dismiss(post, Outcome(post.is_asked))

    def close(self) -> None:
        """End the thread; nothing may be watched any more."""
        self._is_ending = True
        os.eventfd_write(self._bell, 1)
        if self._thread is not None:
            self._thread.join()
        self._epoll.close()
        os.close(self._bell)

    def _add(self, post: _Post) -> None:
        with self._lock:
            self._posts[post.fd] = post
            if post.question.is_urgent:
                self._epoll.register(post.fd, select.EPOLLIN)
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._stand, name="lookout", daemon=True)
            self._thread.start()
        os.eventfd_write(self._bell, 1)

    def _remove(self, post: _Post) -> None:
        with self._lock:
            if self._posts.get(post.fd) is post:
                self._withdraw(post)

    def _withdraw(self, post: _Post) -> None:
        del self._posts[post.fd]
        if post.question.is_urgent:
            self._epoll.unregister(post.fd)

    def _dismiss(self, post: _Post, outcome: Outcome) -> None:
        self._withdraw(post)
        post.report(outcome)

    # -- in the thread -------------------------------------------------------------------------------------------

    def _stand(self) -> None:
        wait_s = 0.0
        try:
            while not self._is_ending:
                ready = self._epoll.poll(wait_s)
                with self._lock:
                    for fd, _ in ready:
                        self._hear(fd)
                    wait_s = self._ask_all()
        finally:
            self.recall()  # nobody may wait for a thread that has ended

    def _hear(self, fd: int) -> None:
        """A port has more to say than the quiet answer, or is gone; or the bell rings: there is another post."""
        if fd == self._bell:
            os.eventfd_read(fd)
        elif (post := self._posts.get(fd)) is not None and (outcome := post.hear()) is not None:
            self._dismiss(post, outcome)

    def _ask_all(self) -> float:
        """Ask what is due; how long then to wait, -1 for ever."""
        now_s, next_s = time.monotonic(), math.inf
        for post in tuple(self._posts.values()):
            if post.due_s <= now_s and (outcome := post.ask(now_s)) is not None:
                self._dismiss(post, outcome)
            elif post.due_s < next_s:
                next_s = post.due_s
        return max(0.0, next_s - now_s) if next_s < math.inf else -1


class _Post:
    """One line that is watched, and who waits for its end."""

    __slots__ = ("_ended", "_until_s", "due_s", "fd", "is_asked", "question")

    def __init__(self, fd: int, question: Question, until_s: float, ended: asyncio.Future[Outcome]) -> None:
        self.fd, self.question, self._until_s, self._ended = fd, question, until_s, ended
        self.is_asked = False
        # Whole multiples, so that all that are asked as often are asked in one waking.
        self.due_s = math.ceil((time.monotonic() + question.rest_s) / question.every_s) * question.every_s

    def ask(self, now_s: float) -> Outcome | None:
        """Look at the last answer and ask again; None as long as all is quiet."""
        quiet = self.question.quiet
        try:
            heard = os.read(self.fd, _READ_BYTES)
        except BlockingIOError:
            if self.is_asked:
                return Outcome(is_asked=True)
        except OSError as error:
            return Outcome(error=error)
        else:
            if heard != quiet or not self.is_asked:
                return self._other(heard)
        if now_s >= self._until_s:
            return Outcome()
        return self._write(now_s)

    def hear(self) -> Outcome | None:
        """What was said before the next question is due; None when it was nothing after all."""
        try:
            return self._other(os.read(self.fd, _READ_BYTES))
        except BlockingIOError:
            return None
        except OSError as error:
            return Outcome(error=error)

    def report(self, outcome: Outcome) -> None:
        """Tell who waits, from whatever thread."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
            self._ended.get_loop().call_soon_threadsafe(_settle, self._ended, outcome)

    def _other(self, heard: bytes) -> Outcome:
        if not heard:
            return Outcome(error=OSError(errno.EIO, "hang-up"))
        return Outcome(self.is_asked, heard)

    def _write(self, now_s: float) -> Outcome | None:
        request, every_s = self.question.request, self.question.every_s
        try:
            if os.write(self.fd, request) != len(request):
                return Outcome()
        except BlockingIOError:
            return Outcome()
        except OSError as error:
            return Outcome(error=error)
        self.is_asked = True
        self.due_s += every_s
        if self.due_s <= now_s:  # the machine slept
            self.due_s = (now_s // every_s + 1) * every_s
        return None


def _settle(ended: asyncio.Future[Outcome], outcome: Outcome) -> None:
    if not ended.done():
        ended.set_result(outcome)
