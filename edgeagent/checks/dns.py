"""`dns`: can the hub's name be resolved?"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from ipaddress import ip_address

from edgeagent.checks.brokers import endpoints
from edgeagent.checks.check import Check
from edgeagent.checks.scene import Scene
from gridwire.verdict import Fault, Line, found, passed


class NoSuchName(Fault):
    code = "check.dns-no-name"
    en = "there is no host “{host}” ({reason}): is hub.host spelt right? Else ask the county for the address"
    zh = "没有名为“{host}”的主机（{reason}）：hub.host 是否写对？否则请向县里询问地址"


class NoServer(Fault):
    code = "check.dns-no-server"
    en = (
        "no name server answers ({reason}), “{host}” stays unknown: is the cable or SIM in, does /etc/resolv.conf "
        "name a server? resolvectl status"
    )
    zh = (
        "域名服务器没有应答（{reason}），无法解析“{host}”：网线或 SIM 卡是否插好？/etc/resolv.conf 是否有服务器？请"
        "用 resolvectl status 查看"
    )


_NAMELESS = (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))


def _look(scene: Scene) -> Iterable[Line]:
    for host in dict.fromkeys(broker.host for broker in endpoints(scene)):
        try:
            ip_address(host)
        except ValueError:
            yield _resolve(host)
        else:
            yield passed(f"{host} 是地址，无需解析", f"{host} is an address", host)


def _resolve(host: str) -> Line:
    try:
        answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        return found(NoSuchName(host=host, reason=error), host)
    except socket.gaierror as error:
        problem = NoSuchName if error.errno in _NAMELESS else NoServer
        return found(problem(host=host, reason=error.strerror or error), host)
    shown = ", ".join(dict.fromkeys(str(address[0]) for *_, address in answers))
    return passed(f"{host}：{shown}", f"{host}: {shown}", host)


CHECK = Check(
    "dns", "能解析汇聚端的域名", "the hub's name can be resolved", _look, (NoSuchName, NoServer), offline=False
)
