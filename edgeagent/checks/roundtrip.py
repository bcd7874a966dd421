"""`hub`: one event to the hub, and its acknowledgement back.

The running agent sends one that the hub has already: the hub stores nothing and acknowledges again. Where no agent
runs, the same is done here, on the box's own session and with its store locked, so that none starts meanwhile: what
the broker keeps for the agent is left there, since nothing but our own acknowledgement is taken.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from edgeagent import control
from edgeagent.checks.brokers import TIMEOUT_S, settings
from edgeagent.checks.check import Check
from edgeagent.checks.scene import Scene
from edgeagent.outbox import OutboxInUse, hold, inspect
from edgeagent.outbox.lock import FILE_NAME
from edgeagent.status.inquiry import RoundTrip
from gridwire import topics
from gridwire.codec import PackLimits, decode_message, pack
from gridwire.events import EVENT_LANES, Lane
from gridwire.messages import Ack
from gridwire.mqtt import NO_MATCHING_SUBSCRIBERS, Message, MqttClient, MqttError, NotConnected, SubscribeRefused
from gridwire.problem import Problem
from gridwire.verdict import Fault, Line, found, passed

ACK_S = 20.0


class Refused(Fault):
    code = "check.hub-refused"
    en = (
        "the broker refuses the login ({reason}): with a password: is it right? With a certificate: does the "
        "county know this box (countyhub ca show)?"
    )
    zh = "消息服务器拒绝登录（{reason}）：使用密码时请核对密码；使用证书时请县里确认本盒已登记（countyhub ca show）"


class Disconnected(Fault):
    code = "check.hub-disconnected"
    en = "no connection to the hub: {why_en}. The checks dns, tcp and tls tell why"
    zh = "没有连接到汇聚端：{why_zh}。原因见 dns、tcp、tls 检查项"


class NotAllowed(Fault):
    code = "check.hub-not-allowed"
    en = (
        "the broker does not let box {box} speak or listen on its topics ({reason}): is the box id right? Else the "
        "county must give it the right (countyhub broker-config)"
    )
    zh = "消息服务器不允许盒子 {box} 收发消息（{reason}）：盒子编号是否正确？否则请县里授权（countyhub broker-config）"


class NobodyThere(Fault):
    code = "check.hub-absent"
    en = (
        "the broker runs, but no hub listens to it: have the county start the hub (systemctl status countyhub). "
        "Nothing is lost meanwhile"
    )
    zh = "消息服务器在运行，但汇聚端没有监听：请县里启动汇聚端（systemctl status countyhub）。期间数据不会丢失"


class Unanswered(Fault):
    code = "check.hub-silent"
    en = (
        "the hub did not acknowledge within {seconds:g} s: have the county run countyhub check. Nothing is lost "
        "meanwhile"
    )
    zh = "汇聚端 {seconds:g} 秒内没有确认：请县里执行 countyhub check。期间数据不会丢失"


class NothingToTry(Fault):
    code = "check.hub-untried"
    level = "warn"
    en = (
        "there is no event yet with which the way to the hub could be tried: cause one (walk past a camera) and "
        "check again"
    )
    zh = "还没有可用来试发的事件：请先触发一次（如在摄像机前走动），再检查"


def _look(scene: Scene) -> Iterable[Line]:
    if scene.agent_runs:
        yield from _by_agent(scene)
        return
    try:
        with _locked(scene):
            yield asyncio.run(_directly(scene))
    except OutboxInUse:
        yield from _by_agent(scene)


@contextlib.contextmanager
def _locked(scene: Scene) -> Iterator[None]:
    """No agent may start meanwhile. One that never ran has no lock, and we must not leave one that is not its own."""
    if not (scene.store / FILE_NAME).exists():
        yield
        return
    with hold(scene.store):
        yield


def _by_agent(scene: Scene) -> Iterable[Line]:
    try:
        answer = control.ask(scene.store, "round_trip", {"timeout_s": ACK_S})
        trip = msgspec.convert(answer.result, RoundTrip) if answer.ok else None
    except (Problem, msgspec.ValidationError):
        return  # `agent` tells that it does not answer
    if trip is None:
        return
    status = scene.running.status if scene.running else None
    if not trip.connected:
        yield found(Disconnected(**_both((status.last_error if status else "") or "-")))
    elif status is not None and status.held and not trip.acknowledged:
        yield found(NobodyThere() if "no hub" in status.held else NotAllowed(box=status.box, reason=status.held))
    elif not trip.tried:
        yield found(NothingToTry())
    elif not trip.acknowledged:
        yield found(Unanswered(seconds=ACK_S))
    else:
        yield _well(trip.took_s)


def _both(text: str) -> dict[str, str]:
    """What the client says, 中文 / English with a detail behind, in one language each."""
    zh, _, en = text.partition(" / ")
    detail = en.partition(": ")[2]
    return {"why_en": en or zh, "why_zh": f"{zh}（{detail}）" if detail else zh}


def _well(took_s: float) -> Line:
    return passed(
        f"事件已送达并在 {took_s:.1f} 秒内得到确认", f"an event went and was acknowledged within {took_s:.1f} s"
    )


# -- without an agent ----------------------------------------------------------------------------------------------


class _Event(NamedTuple):
    stream: str
    lane: Lane
    seq: int
    body: bytes


def _kept_event(scene: Scene) -> _Event | None:
    """The oldest that waits, else the newest that the hub has."""
    try:
        with inspect.opened(scene.store) as content:
            books = content.book.lanes
            waiting = [(lane, books[lane].unsettled()[0][0]) for lane in EVENT_LANES if books[lane].unsettled()]
            kept = [(lane, runs[-1][1]) for lane in EVENT_LANES if (runs := list(content.kept(lane).runs()))]
            for lane, n in waiting or kept:
                for _, body in content.read(lane, n, n):
                    stream = content.book.stream_of(lane, n)
                    if body is not None:
                        return _Event(stream.id, lane, n - stream.bases[lane], body)
    except Problem:
        return None
    return None


async def _directly(scene: Scene) -> Line:
    acknowledged, up = asyncio.Event(), asyncio.Event()
    event = _kept_event(scene)

    def hear(message: Message) -> None:
        """Never acknowledged to the broker: what is meant for the agent stays there."""
        if event is not None and _is_ack(message, event):
            acknowledged.set()

    config = scene.config
    county = config.county_code
    client = MqttClient(settings(scene), on_message=hear, on_up=lambda session: up.set(), manual_ack=True)
    running = asyncio.create_task(client.run())
    try:
        if not await _within(up, TIMEOUT_S, client):
            return _no_connection(client)
        return await _exchange(client, county, config.box, event, acknowledged)
    finally:
        await client.stop()
        await running


def _is_ack(message: Message, event: _Event) -> bool:
    if not message.topic.endswith("/" + topics.TOPICS["ack"].path):
        return False
    try:
        ack = decode_message(message.payload, Ack, message.topic)
    except Problem:
        return False
    mine = (ack.stream, ack.lane) == (event.stream, event.lane)
    return mine and any(first <= event.seq <= last for first, last in ack.ranges)


async def _within(event: asyncio.Event, timeout_s: float, client: MqttClient) -> bool:
    """Whether it comes about before the time is over or the connection has failed once."""
    ends_s = asyncio.get_running_loop().time() + timeout_s
    while not event.is_set() and client.state.last_error_code is None:
        left_s = ends_s - asyncio.get_running_loop().time()
        if left_s <= 0:
            return False
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), min(left_s, 0.1))
    return event.is_set()


def _no_connection(client: MqttClient) -> Line:
    state = client.state
    if state.last_error_code == "connect_refused":
        return found(Refused(reason=(state.last_error or "").rpartition(": ")[2]))
    return found(Disconnected(**_both(state.last_error or "-")))


async def _exchange(
    client: MqttClient, county: str, box: str, event: _Event | None, acknowledged: asyncio.Event
) -> Line:
    try:
        async with asyncio.timeout(TIMEOUT_S):
            await client.subscribe([(topics.topic(county, box, "ack"), 1)])
            if event is None:
                return found(NothingToTry())
            started_s = asyncio.get_running_loop().time()
            payload, _ = pack([event.body], PackLimits())
            kind = topics.content_type("event")
            answer = await client.publish(topics.topic(county, box, "event"), payload, content_type=kind)
    except (MqttError, TimeoutError) as error:
        return found(_failure(error, box))
    if answer.value == NO_MATCHING_SUBSCRIBERS:
        return found(NobodyThere())
    if answer.is_failure:
        return found(NotAllowed(box=box, reason=answer))
    heard = await _within(acknowledged, ACK_S, client)
    return _well(asyncio.get_running_loop().time() - started_s) if heard else found(Unanswered(seconds=ACK_S))


def _failure(error: MqttError | TimeoutError, box: str) -> Fault:
    if isinstance(error, SubscribeRefused):
        return NotAllowed(box=box, reason=error.refused[0][1])
    if isinstance(error, NotConnected):
        return NotAllowed(box=box, reason="hung up / 连接被断开")
    return Disconnected(**_both(str(error))) if isinstance(error, MqttError) else Unanswered(seconds=TIMEOUT_S)


CHECK = Check(
    "hub",
    "一条事件送达汇聚端并得到确认；对方不会重复入库",
    "an event goes to the hub and is acknowledged; nothing new is stored there",
    _look,
    (Refused, Disconnected, NotAllowed, NobodyThere, Unanswered, NothingToTry),
    offline=False,
)
