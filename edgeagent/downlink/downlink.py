"""Takes each message of the hub to whom it is for; keeps the notice board, and carries out commands, each once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import TypeAlias

import msgspec

from edgeagent.devices import Supervisor
from edgeagent.downlink.answered import Answered
from edgeagent.downlink.replay import Replay
from edgeagent.driver import CommandRefused, OutboxFull
from edgeagent.outbox import Outbox
from edgeagent.uplink import Uplink
from gridwire import topics
from gridwire.codec import decode_message
from gridwire.messages import Ack, Board, Command, CountyConfig, Reply
from gridwire.mqtt import Message
from gridwire.problem import Language, Problem

log = logging.getLogger(__name__)

_BOARD = "board"
_MAX_TEXT = 16000
_Operation: TypeAlias = Callable[[Mapping[str, object]], Awaitable[Mapping[str, object]]]


class CommandOverdue(Problem):
    code = "command.overdue"
    en = "command {id} expired at {expires}: not carried out"
    zh = "指令 {id} 已于 {expires} 过期，未执行"


class UnknownCommand(Problem):
    code = "command.unknown-op"
    en = "refused: unknown op “{op}”, this release knows only: {known}"
    zh = "拒绝：未知操作“{op}”，本版本只支持：{known}"


class Downlink:
    """`handle` takes each message; replies go out through `reply`."""

    def __init__(
        self,
        outbox: Outbox,
        uplink: Uplink,
        supervisor: Supervisor,
        replay: Replay,
        *,
        base: str,
        language: Language,
        reply: Callable[[Reply], None],
        configure: Callable[[CountyConfig], Awaitable[None]],
    ) -> None:
        self.refused = 0
        """Messages that could not be read: the hub hears of them by health."""
        self._outbox, self._uplink, self._supervisor = outbox, uplink, supervisor
        self._place = supervisor.place
        self._place.board = _load_board(outbox)
        self._base, self._language, self._reply = base + "/", language, reply
        self._configure = configure
        self._answered = Answered(outbox)
        self._running: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._operations: dict[str, _Operation] = {
            # Each may be run twice: a process that dies before its reply is on disk does not know that it has run it.
            "ping": self._ping,
            "replay": replay.carry_out,
            "new_stream": self._new_stream,
            "snapshot": self._snapshot,
        }

    @property
    def board(self) -> Board:
        """The notice board as the hub has last told it."""
        return self._place.board

    def handle(self, message: Message) -> None:
        """One message. What cannot be read is counted and logged, never raised."""
        name = message.topic.removeprefix(self._base)
        try:
            if name == topics.TOPICS["ack"].path:
                self._uplink.acknowledged(decode_message(message.payload, Ack, name))
            elif name == topics.TOPICS["cmd"].path:
                self._begin(decode_message(message.payload, Command, name))
            elif name == topics.TOPICS["board"].path:
                self._start(self._keep_board(decode_message(message.payload, Board, name)))
            elif name == topics.TOPICS["config"].path:
                self._start(self._configure(decode_message(message.payload, CountyConfig, name)))
            else:
                log.warning("nothing here takes messages on %s", message.topic)
        except Problem as problem:
            self.refused += 1
            log.warning("message on %s refused: %s", message.topic, problem)

    # -- commands ------------------------------------------------------------------------------------------------

    def _begin(self, command: Command) -> None:
        """Idempotent by id, over restarts too: a command that was answered before is answered as before."""
        answer = self._answered.find(command.id)
        if answer is not None:
            self._reply(answer)
        elif command.id not in self._running:
            self._running.add(command.id)
            self._start(self._answer(command))

    async def _answer(self, command: Command) -> None:
        """The reply is on disk before it goes out: who has heard it never hears another one."""
        log.info("command %s %s by %s", command.op, command.id, command.by)
        try:
            answer = await self._carry_out(command)
            await self._answered.keep(answer)
        finally:
            self._running.discard(command.id)
        self._reply(answer)

    async def _carry_out(self, command: Command) -> Reply:
        code, text = "", ""
        try:
            result = dict(await self._operation(command)(command.args))
            return Reply(id=command.id, op=command.op, ok=True, result=result)
        except Problem as problem:
            code, text = problem.code, problem.text(self._language)
        except msgspec.ValidationError as error:
            code, text = "command.bad-arguments", str(error)
        return Reply(id=command.id, op=command.op, ok=False, code=code, text=text[:_MAX_TEXT])

    def _operation(self, command: Command) -> _Operation:
        """Raises `UnknownCommand` (a hub of a later release), `CommandOverdue`."""
        if command.op not in self._operations:
            raise UnknownCommand(op=command.op, known=", ".join(self._operations))
        if command.expires < datetime.now(UTC):
            raise CommandOverdue(id=command.id, expires=command.expires.isoformat())
        return self._operations[command.op]

    async def _ping(self, args: Mapping[str, object]) -> Mapping[str, object]:
        return {}

    async def _new_stream(self, args: Mapping[str, object]) -> Mapping[str, object]:
        """Only if the stream in question is still the current one: the order may come twice."""
        if args.get("stream") == self._outbox.book.current.id:
            await self._outbox.begin_stream()
        return {"stream": self._outbox.book.current.id}

    async def _snapshot(self, args: Mapping[str, object]) -> Mapping[str, object]:
        device = args.get("device")
        if not isinstance(device, str):
            raise CommandRefused(device=device, op="snapshot", why="the argument `device` is missing")
        return await self._supervisor.command(device, "snapshot", args)

    # -- notice board --------------------------------------------------------------------------------------------

    async def _keep_board(self, board: Board) -> None:
        if board.revision <= self.board.revision:
            return
        try:
            await self._outbox.remember({_BOARD: msgspec.json.encode(board)})
        except OutboxFull as problem:
            log.warning("notice board not kept: %s", problem)
            return
        self._place.board = board

    def _start(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)  # the loop itself holds tasks only weakly
        task.add_done_callback(self._tasks.discard)


def _load_board(outbox: Outbox) -> Board:
    saved = outbox.recall(_BOARD)
    return msgspec.json.decode(saved, type=Board) if saved is not None else Board(revision=0)
