"""One order to one box, given from beside the running hub: by a connection of its own, with a client id of its own.

The hub is neither asked nor disturbed, and need not run. The order is given again when the link breaks in between,
which does no harm: a box carries out an order once, by its id, and answers it every time.
"""

from __future__ import annotations

import asyncio
import logging

import msgspec

from countyhub.config import Config
from countyhub.downlink.connection import mqtt_settings
from gridwire import topics
from gridwire.codec import decode_message, encode_message
from gridwire.identifiers import new_ulid
from gridwire.messages import Command, Reply
from gridwire.mqtt import (
    NO_MATCHING_SUBSCRIBERS,
    Message,
    MqttClient,
    MqttSettings,
    NotConnected,
    PacketTooLarge,
    Session,
    SubscribeRefused,
)
from gridwire.problem import Problem

log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.1


class BrokerUnreachable(Problem):
    code = "errand.no-broker"
    en = "the broker cannot be reached, nothing was sent: {reason}"
    zh = "无法连接消息服务器，指令未发出：{reason}"


class BrokerRefuses(Problem):
    code = "errand.refused-by-broker"
    en = "the broker refuses it ({reason}): look at its rights for the hub's user"
    zh = "消息服务器拒绝（{reason}）：请检查其中汇聚端用户的权限"


class NobodyThere(Problem):
    code = "errand.nobody-there"
    en = "box {box} is not known to this broker: it has never connected here, or not for so long that it was forgotten"
    zh = "消息服务器上没有盒子 {box}：它从未连接过这里，或离线太久已被遗忘"


class NoAnswer(Problem):
    code = "errand.no-answer"
    en = "box {box} has not answered within {timeout_s:g} s; the order waits for it and is refused from {expires} on"
    zh = "盒子 {box} 在 {timeout_s:g} 秒内没有答复；指令仍在等待盒子，{expires} 起作废"


PROBLEMS = (BrokerUnreachable, BrokerRefuses, NobodyThere, NoAnswer)


async def order(config: Config, box: str, command: Command, timeout_s: float) -> Reply:
    """Give the order and wait for the answer. Raises one of `PROBLEMS`, and `SecretUnreadable`."""
    errand = _Errand(settings(config), config.county, box, command)
    running = asyncio.create_task(errand.client.run())
    try:
        async with asyncio.timeout(timeout_s):
            return await errand.reply()
    except TimeoutError as error:
        raise errand.silence(timeout_s) from error
    finally:
        await errand.client.stop()
        await running


def settings(config: Config) -> MqttSettings:
    """The hub's connection under another name, and without a session that outlives it."""
    return msgspec.structs.replace(
        mqtt_settings(config),
        client_id=f"{config.client_id}-{new_ulid()}",
        clean_start=True,
        session_expiry_s=0,
    )


class _Errand:
    def __init__(self, settings_: MqttSettings, county: str, box: str, command: Command) -> None:
        self._box, self._command = box, command
        self._to, self._from = topics.topic(county, box, "cmd"), topics.topic(county, box, "reply")
        self._parts: dict[int, Reply] = {}
        self._done: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._asking: asyncio.Task[None] | None = None
        self._was_up = False
        self.client = MqttClient(settings_, on_message=self._hear, on_up=self._went_up)

    async def reply(self) -> Reply:
        """The whole answer; or the first reason why there will be none."""
        while not self._done.done():
            await asyncio.wait([self._done], timeout=LOOK_EVERY_S)
            failed = self.client.state.last_error
            if failed is not None and not self._was_up and not self._done.done():
                raise BrokerUnreachable(reason=failed)
        return self._done.result()

    def silence(self, timeout_s: float) -> Problem:
        """Why nothing has come."""
        if not self._was_up:
            return BrokerUnreachable(reason=f"{timeout_s:g} s")
        expires = self._command.expires.astimezone().isoformat(timespec="seconds")
        return NoAnswer(box=self._box, timeout_s=timeout_s, expires=expires)

    def _went_up(self, _session: Session) -> None:
        self._was_up = True
        self._asking = asyncio.create_task(self._ask())

    async def _ask(self) -> None:
        """First the ears, then the mouth."""
        try:
            await self.client.subscribe([(self._from, 1)])
            reason = await self.client.publish(self._to, encode_message(self._command), content_type="application/json")
        except NotConnected:
            return  # the next connection asks again
        except (SubscribeRefused, PacketTooLarge) as error:
            self._fail(BrokerRefuses(reason=error))
            return
        if reason.value == NO_MATCHING_SUBSCRIBERS:
            self._fail(NobodyThere(box=self._box))
        elif reason.is_failure:
            self._fail(BrokerRefuses(reason=reason))

    def _fail(self, problem: Problem) -> None:
        if not self._done.done():
            self._done.set_exception(problem)

    def _hear(self, message: Message) -> None:
        try:
            reply = decode_message(message.payload, Reply, topic=message.topic)
        except Problem as problem:
            log.warning("%s", problem)
            return
        if reply.id == self._command.id:
            self._parts[reply.part] = reply
            if len(self._parts) >= reply.parts and not self._done.done():
                self._done.set_result(_whole(self._parts))


def _whole(parts: dict[int, Reply]) -> Reply:
    """An answer in one piece."""
    ordered = [parts[number] for number in sorted(parts)]
    result: dict[str, object] = {}
    for part in ordered:
        result |= part.result
    failed = next((part for part in ordered if not part.ok), ordered[0])
    return msgspec.structs.replace(failed, text="".join(part.text for part in ordered), result=result, part=1, parts=1)
