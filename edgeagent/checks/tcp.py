"""`tcp`: does something listen at the hub's address and port?"""

from __future__ import annotations

import time
from collections.abc import Iterable

from edgeagent.checks.brokers import TIMEOUT_S, connect, endpoints
from edgeagent.checks.check import Check
from edgeagent.checks.scene import Scene
from gridwire.mqtt import ConnectFailed
from gridwire.mqtt.brokers import Endpoint
from gridwire.verdict import Fault, Line, found, passed


class PortClosed(Fault):
    code = "check.tcp-closed"
    en = (
        "{broker}: nothing listens at that port: is hub.port right (8883 with TLS)? Else have the county look "
        "whether the broker runs"
    )
    zh = "{broker}：该端口没有程序监听：hub.port 是否正确（TLS 为 8883）？否则请县里检查消息服务器是否运行"


class NoAnswer(Fault):
    code = "check.tcp-no-answer"
    en = (
        "{broker}: no answer within {seconds:g} s: a firewall on the way drops it, the SIM has no data left, or "
        "the address is wrong. Try from a telephone in the same network"
    )
    zh = "{broker}：{seconds:g} 秒内没有应答：可能被防火墙拦截、SIM 卡没有流量或地址有误。请用同一网络的手机试一试"


class NoWay(Fault):
    code = "check.tcp-no-route"
    en = "{broker}: no way there ({reason}): is the cable in, is there a default route? ip route; ip address"
    zh = "{broker}：网络不通（{reason}）：网线是否插好？是否有默认路由？请用 ip route、ip address 查看"


def _look(scene: Scene) -> Iterable[Line]:
    for broker in endpoints(scene):
        line = _try(scene, broker)
        if line is not None:
            yield line


def _try(scene: Scene, broker: Endpoint) -> Line | None:
    """None where the name is not known: `dns` tells that."""
    where, started_s = str(broker), time.monotonic()
    try:
        connect(scene, broker, tls=False).close()
    except ConnectFailed as error:
        if error.code == "dns":
            return None
        if error.code == "tcp_refused":
            return found(PortClosed(broker=where), where)
        if error.code == "timeout":
            return found(NoAnswer(broker=where, seconds=TIMEOUT_S), where)
        return found(NoWay(broker=where, reason=error.detail.rpartition(": ")[2]), where)
    took_ms = round((time.monotonic() - started_s) * 1000)
    return passed(f"{where} 在 {took_ms} 毫秒内应答", f"{where} answers in {took_ms} ms", where)


CHECK = Check(
    "tcp", "能连通汇聚端的端口", "the hub's port can be reached", _look, (PortClosed, NoAnswer, NoWay), offline=False
)
