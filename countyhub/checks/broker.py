"""`broker`: can the hub reach its broker and log in?

With a client id of its own, which leaves no session. Where the broker makes a certificate's name the client id, as it
may, a login would end the running hub's session: then the connection ends before the login.
"""

from __future__ import annotations

import asyncio

import msgspec

from countyhub.checks.brokerwords import why
from countyhub.checks.scene import Scene
from countyhub.checks.verdict import Check, Fault, Line, found, passed
from countyhub.downlink.connection import mqtt_settings
from gridwire.mqtt import ConnectFailed, MqttClient, MqttSettings
from gridwire.mqtt.brokers import Endpoint
from gridwire.mqtt.dial import dial

TIMEOUT_S = 15.0


class Unreached(Fault):
    code = "check.broker-unreachable"
    en = "{broker}: {why_en}. Does the broker run (systemctl status mosquitto), are [broker] host, port and tls right?"
    zh = "{broker}：{why_zh}。消息服务器是否运行（systemctl status mosquitto）？[broker] 的 host、port、tls 是否正确？"


class Refused(Fault):
    code = "check.broker-refused"
    en = (
        "{broker} refuses the login: {why_en}. Are [broker] username and password right? countyhub broker-config "
        "writes both sides"
    )
    zh = (
        "{broker} 拒绝登录：{why_zh}。[broker] 的 username 和 password 是否正确？countyhub broker-config 会同时写好两边"
    )


async def _look(scene: Scene) -> list[Line]:
    usual = mqtt_settings(scene.config)
    where = f"{usual.host}:{usual.port}"
    settings = msgspec.structs.replace(
        usual, client_id=f"{usual.client_id[:40]}-check", clean_start=True, session_expiry_s=0,
        connect_timeout_s=TIMEOUT_S,
    )  # fmt: skip
    try:
        (await dial(settings, Endpoint(settings.host, settings.port))).close()
        if settings.tls is not None and settings.tls.cert_file is not None:
            return [passed(f"{where} 有应答，证书正确", f"{where} answers, its certificate is right", where)]
        await _log_in(settings)
    except ConnectFailed as error:
        problem = Refused if error.code == "connect_refused" else Unreached
        words = why(error, where)
        return [found(problem(broker=where, why_en=words.en, why_zh=words.zh), where)]
    return [passed(f"{where} 有应答，登录成功", f"{where} answers and lets the hub in", where)]


async def _log_in(settings: MqttSettings) -> None:
    """Raises ConnectFailed."""
    up = asyncio.Event()
    client = MqttClient(settings, on_up=lambda session: up.set())
    running = asyncio.create_task(client.run())
    try:
        async with asyncio.timeout(2 * TIMEOUT_S):
            while not up.is_set() and client.state.last_error_code is None:  # noqa: ASYNC110  # a person waits
                await asyncio.sleep(0.05)
    except TimeoutError as error:
        raise ConnectFailed("no_connack") from error
    finally:
        code, told = client.state.last_error_code, client.state.last_error or ""
        await client.stop()
        await running
    if code is not None:
        raise ConnectFailed(code, told.removeprefix(str(ConnectFailed(code))).removeprefix(": "))


CHECK = Check(
    "broker",
    "能连通消息服务器并登录",
    "the hub's broker can be reached and lets it in",
    _look,
    (Unreached, Refused),
    offline=False,
)
