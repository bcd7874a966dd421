"""What comes from the hub: acknowledgements, commands, the notice board. Nothing of it can harm what is stored."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

import msgspec

from edgeagent.driver import CommandRefused, OutboxFull
from edgeagent.outbox import Outbox
from edgeagent.replay import Replay
from edgeagent.supervisor import Supervisor
from edgeagent.uplink import Uplink
from gridwire import topics
from gridwire.codec import decode_message
from gridwire.messages import Ack, Board, Command, Reply
from gridwire.mqtt import Message
from gridwire.problem import Language, Problem

log = logging.getLogger(__name__)

_BOARD = "board"
_REMEMBERED_COMMANDS = 200
_MAX_TEXT = 16000


class CommandOverdue(Problem):
    code = "command.overdue"
    en = "command {id} expired at {expires}: not carried out"
    zh = "指令 {id} 已于 {expires} 过期，未执行"


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
    ) -> None:
        self.refused = 0
        self.board = _load_board(outbox)
        self._outbox, self._uplink, self._supervisor = outbox, uplink, supervisor
        self._base, self._language, self._reply = base + "/", language, reply
        self._done: OrderedDict[str, Reply | None] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._operations: dict[str, Callable[[Mapping[str, object]], Awaitable[Mapping[str, object]]]] = {
            "ping": self._ping,
            "replay": replay.carry_out,
            "new_stream": self._new_stream,
            "snapshot": self._snapshot,
        }

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
            else:
                log.warning("nothing here takes messages on %s", message.topic)
        except Problem as problem:
            self.refused += 1
            log.warning("message on %s refused: %s", message.topic, problem)

    # -- commands ------------------------------------------------------------------------------------------------

    def _begin(self, command: Command) -> None:
        """Idempotent by id: a command that was seen before is answered as before."""
        if command.id in self._done:
            answer = self._done[command.id]
            if answer is not None:
                self._reply(answer)
            return
        self._done[command.id] = None
        if len(self._done) > _REMEMBERED_COMMANDS:
            self._done.popitem(last=False)
        self._start(self._carry_out(command))

    async def _carry_out(self, command: Command) -> None:
        log.info("command %s %s by %s", command.op, command.id, command.by)
        try:
            if command.expires < datetime.now(UTC):
                raise CommandOverdue(id=command.id, expires=command.expires.isoformat())
            result = await self._operations[command.op](command.args)
            answer = Reply(id=command.id, op=command.op, ok=True, result=dict(result))
        except Problem as problem:
            text = problem.text(self._language)[:_MAX_TEXT]
            answer = Reply(id=command.id, op=command.op, ok=False, code=problem.code, text=text)
        except msgspec.ValidationError as error:
            text = str(error)[:_MAX_TEXT]
            answer = Reply(id=command.id, op=command.op, ok=False, code="command.bad-arguments", text=text)
        self._done[command.id] = answer
        self._reply(answer)

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
        self.board = board

    def _start(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)  # the loop itself holds tasks only weakly
        task.add_done_callback(self._tasks.discard)


def _load_board(outbox: Outbox) -> Board:
    saved = outbox.recall(_BOARD)
    return msgspec.json.decode(saved, type=Board) if saved is not None else Board(revision=0)
