"""A way for people on the box to ask the running agent: the Unix socket `agent.sock` in the store's folder, mode 0600.

A request is a line `{"op": …, "args": {…}}`, its answer a line `{"ok": true, "result": {…}}` or an error with a stable
code and a sentence in both languages. Whoever may open the socket (the agent's user, root) may ask for everything.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path

import msgspec

from gridwire.problem import Language, Problem

log = logging.getLogger(__name__)

NAME = "agent.sock"
MAX_LINE_BYTES = 64 * 1024
MAX_CONNECTIONS = 8
IDLE_S = 60.0
"""A connection that asks nothing for so long is closed."""
ASK_TIMEOUT_S = 300.0
"""For the answer: looking through a full outbox takes a minute on a slow card."""

Operation = Callable[[Mapping[str, object]], Awaitable[Mapping[str, object]]]


class UnknownOp(Problem):
    code = "control.unknown-op"
    en = "the agent knows no operation “{op}”, only: {known}"
    zh = "代理没有“{op}”这一操作，只有：{known}"


class BadRequest(Problem):
    code = "control.bad-request"
    en = "the request cannot be read: {reason}"
    zh = "无法读懂请求：{reason}"


class RequestTooLong(Problem):
    code = "control.too-long"
    en = "the request is longer than {limit} bytes"
    zh = "请求超过 {limit} 字节"


class AgentSilent(Problem):
    code = "control.silent"
    en = "no agent answers at {path} ({reason}). Is it running, and are you root? systemctl status edgeagent"
    zh = "{path} 没有代理应答（{reason}）。代理是否在运行？是否以 root 身份执行？systemctl status edgeagent"


class Request(msgspec.Struct):
    """What is asked."""

    op: str
    args: dict[str, object] = {}


class Answer(msgspec.Struct, omit_defaults=True):
    """What is answered."""

    ok: bool
    result: dict[str, object] = {}
    code: str = ""
    en: str = ""
    zh: str = ""

    def text(self, language: Language) -> str:
        """The sentence of a refusal."""
        return self.zh if language == "zh" else self.en


class ControlServer:
    """Answers until stopped. `operations`: by name; they raise Problems and msgspec.ValidationError."""

    def __init__(self, folder: Path, operations: Mapping[str, Operation]) -> None:
        self._folder, self._operations = folder, operations
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._inode = 0

    async def start(self) -> None:
        """Listen. Without a socket (a file system that knows none) the agent does its work all the same."""
        try:
            listener = self._bind()
        except OSError as error:
            log.warning("no control socket in %s: %s", self._folder, error)
            return
        self._server = await asyncio.start_unix_server(self._accept, sock=listener, limit=MAX_LINE_BYTES)

    async def stop(self) -> None:
        if self._server is None:
            return
        self._server.close()
        for task in self._connections:
            task.cancel()
        if self._connections:
            await asyncio.wait(self._connections)
        with contextlib.suppress(FileNotFoundError):
            path = self._folder / NAME
            if path.stat().st_ino == self._inode:  # else somebody else has taken the place
                path.unlink()

    def _bind(self) -> socket.socket:
        """Nobody can connect before the mode is right; a stale socket is replaced. Raises OSError."""
        fresh = self._folder / f"{NAME}.new"
        fresh.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with _short(self._folder) as folder:
                listener.bind(f"{folder}/{fresh.name}")
            fresh.chmod(0o600)
            self._inode = fresh.stat().st_ino
            fresh.rename(self._folder / NAME)
        except OSError:
            listener.close()
            raise
        return listener

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= MAX_CONNECTIONS:
            writer.close()
            return
        task = asyncio.create_task(self._serve(reader, writer), name="control")
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._converse(reader, writer)
        except (ConnectionError, TimeoutError, asyncio.IncompleteReadError):
            pass  # gone, or silent for too long
        finally:
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        going_on = True
        while going_on:
            try:
                async with asyncio.timeout(IDLE_S):
                    line = await reader.readuntil(b"\n")
            except asyncio.LimitOverrunError:
                answer, going_on = _refusal(RequestTooLong(limit=MAX_LINE_BYTES)), False
            else:
                answer = await self._answer(line)
            writer.write(msgspec.json.encode(answer) + b"\n")
            await writer.drain()

    async def _answer(self, line: bytes) -> Answer:
        try:
            request = msgspec.json.decode(line, type=Request)
            operation = self._operations.get(request.op)
            if operation is None:
                raise UnknownOp(op=request.op[:64], known=", ".join(sorted(self._operations)))
            log.log(logging.DEBUG if request.op == "device" else logging.INFO, "asked on this box: %s", request.op)
            return Answer(ok=True, result=dict(await operation(request.args)))
        except Problem as problem:
            return _refusal(problem)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:  # a ValidationError is a DecodeError
            return _refusal(BadRequest(reason=error))


def ask(folder: Path, op: str, args: Mapping[str, object]) -> Answer:
    """Ask the agent whose store is in this folder; blocks. Raises `AgentSilent`."""
    path = folder / NAME
    request = msgspec.json.encode(Request(op, dict(args))) + b"\n"
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(ASK_TIMEOUT_S)
            with _short(folder) as short:
                connection.connect(f"{short}/{NAME}")
            connection.sendall(request)
            with connection.makefile("rb") as stream:
                return msgspec.json.decode(stream.readline(), type=Answer)
    except (OSError, msgspec.DecodeError) as error:
        raise AgentSilent(path=path, reason=error) from error


def answers(folder: Path) -> bool:
    """Whether an agent is there: somebody listens, also where we may not ask. A stale socket does not count."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection, _short(folder) as short:
            connection.settimeout(1.0)
            connection.connect(f"{short}/{NAME}")
    except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
        return False
    except OSError:
        return True
    return True


def _refusal(problem: Problem) -> Answer:
    return Answer(ok=False, code=problem.code, en=problem.text("en"), zh=problem.text("zh"))


@contextlib.contextmanager
def _short(folder: Path) -> Iterator[str]:
    """A short name of the folder: the address of a Unix socket holds 107 bytes (unix(7))."""
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
