"""The status page over real HTTP, of a real agent: outbox on disk, a terminal whose reader is not plugged in."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import subprocess
import sys

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from edgeagent import plugins
from edgeagent.agent import Agent
from edgeagent.config import StatusSettings
from edgeagent.configfile import load
from edgeagent.driver import Alarm, Observation
from edgeagent.status import StatusServer
from edgeagent.status.http import MAX_CONNECTIONS, MAX_HEAD_BYTES, HttpServer, Response, text
from edgeagent.status.state import BoxStatus
from simulators.broker import DemoBroker
from tests.harness import until

CONFIG = """
box = "431126001001"
name = "石桥村"
[hub]
host = "127.0.0.1"
port = {port}
password = "canary-hub"
[store]
dir = "{folder}/store"
[status]
port = 0
[device.terminal-1]
driver = "terminal"
name = "村站终端"
key_file = "{folder}/village.key"
[[device.terminal-1.part]]
protocol = "icem"
port = "{folder}/ttyUSB0"
[device.cam-9]
driver = "onvif"
enabled = false
address = "127.0.0.1"
password = "canary-cam"
"""
ROUTES = ("/", "/?lang=en", "/status.json", "/metrics", "/livez", "/readyz")


class Answer:
    """A response, taken apart."""

    def __init__(self, raw):
        head, _, self.body = raw.partition(b"\r\n\r\n")
        first, *lines = head.decode("ascii").split("\r\n")
        self.status = int(first.split()[1])
        self.headers = dict(line.split(": ", 1) for line in lines)

    @property
    def text(self):
        return self.body.decode()


async def send(port, raw):
    """Send bytes; what comes back until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(raw)
        return await reader.read()
    finally:
        writer.close()


async def get(port, path, *, host="localhost", method="GET"):
    return Answer(await send(port, f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()))


def configured(folder, port=1):
    key = folder / "village.key"
    key.write_text("k1:" + "c0ffee" * 10 + "cafe", encoding="ascii")
    file = folder / "edgeagent.toml"
    file.write_text(CONFIG.format(folder=folder, port=port), encoding="utf-8")
    for secret in (key, file):
        secret.chmod(0o600)
    (folder / "store").mkdir(exist_ok=True)
    return load(file, plugins.resolve)


@pytest.fixture
async def agent(tmp_path):
    """Built, not running: nothing but the page and the devices that a test starts."""
    async with Agent(configured(tmp_path)) as parts:
        yield parts
        await parts.supervisor.stop()


async def start_devices(agent):
    """Until the terminal has reported that its reader is missing."""
    await agent.supervisor.apply(agent.config.device)
    await until(lambda: agent.supervisor.devices["terminal-1"].health.state != "starting")


async def status_of(agent):
    return msgspec.json.decode((await get(agent.status.port, "/status.json")).body, type=BoxStatus)


async def test_json_says_how_the_box_is(agent):
    await start_devices(agent)
    status = await status_of(agent)
    assert (status.box, status.name, status.hub) == ("431126001001", "石桥村", "127.0.0.1:1")
    assert not status.connected
    terminal, camera = status.devices
    assert (terminal.id, terminal.name, terminal.state) == ("terminal-1", "村站终端", "down")
    assert "icem" in terminal.reason
    assert terminal.since is not None
    assert (camera.id, camera.state) == ("cam-9", "disabled")
    assert 0 < status.store.outbox_bytes < status.store.outbox_max_bytes == 256 * 2**20
    assert status.config_hash == agent.loaded.hash


async def test_events_appear_in_json_and_metrics(agent):
    await start_devices(agent)
    device = agent.supervisor.devices["terminal-1"]
    for _ in range(3):
        await device.emit(Observation(data=Alarm(kind="motion", state="pulse")))
    await device.emit(Observation(data=Alarm(kind="motion", state="end")))  # of a start that never was: suppressed
    status = await status_of(agent)
    assert status.emitted["alarm"] == 3
    assert status.suppressed == {"not-started": 1}
    assert (status.lanes["alarm"].waiting, status.lanes["alarm"].next) == (3, 4)
    answer = await get(agent.status.port, "/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    values = {(s.name, *s.labels.values()): s.value for family in families.values() for s in family.samples}
    assert values["edgeagent_events_total", "alarm"] == 3
    assert values["edgeagent_suppressed_total", "not-started"] == 1
    assert values["edgeagent_outbox_events", "alarm"] == 3
    assert values["edgeagent_device_up", "terminal-1"] == 0
    assert "process_cpu_seconds" in families


async def test_the_page_speaks_both_languages(agent):
    await start_devices(agent)
    pages = {query: await get(agent.status.port, f"/{query}") for query in ("", "?lang=zh", "?lang=en", "?lang=xx")}
    assert {page.status for page in pages.values()} == {200}
    assert {page.headers["Content-Type"] for page in pages.values()} == {"text/html; charset=utf-8"}
    for query in ("", "?lang=zh", "?lang=xx"):
        assert '<html lang="zh-CN">' in pages[query].text
        assert "村站终端" in pages[query].text
    assert "not connected" in pages["?lang=en"].text


async def test_nothing_secret_is_shown(agent):
    await start_devices(agent)
    for path in ROUTES:
        shown = (await get(agent.status.port, path)).text
        assert "canary" not in shown
        assert "c0ffee" not in shown


async def test_ready_when_the_devices_have_been_started_with_or_without_hub(agent):
    port = agent.status.port
    assert (await get(port, "/livez")).status == 200
    early = await get(port, "/readyz?lang=en")
    assert (early.status, early.text) == (503, "not ready: the devices have not been started\n")
    await start_devices(agent)
    ready = await get(port, "/readyz?lang=en")
    assert (ready.status, ready.text) == (200, "ready; not connected to the hub\n")


async def test_a_store_that_does_not_answer_fails_the_probes_and_says_so(agent):
    await start_devices(agent)
    await agent.supervisor.stop()
    await agent.outbox.close()
    for path in ROUTES:
        answer = await get(agent.status.port, path)
        assert answer.status == 503
        assert "not answer" in answer.text or "没有应答" in answer.text


async def test_a_connection_to_the_hub_is_shown(tmp_path):
    pytest.importorskip("iotcore", reason="iotcore is not installed: uv sync --extra demo")
    async with DemoBroker() as broker, Agent(configured(tmp_path, broker.port)) as agent:
        link = asyncio.create_task(agent.link.run())

        async def is_connected():
            return (await status_of(agent)).connected

        await until(is_connected)
        status = await status_of(agent)
        assert (status.connects, status.last_error) == (1, "")
        assert status.sent_bytes > 0
        assert "已连接" in (await get(agent.status.port, "/")).text
        await agent.link.stop("stop")
        await link


async def test_a_port_in_use_costs_the_page_only(agent, caplog):
    second = StatusServer(agent.health, "zh")
    with caplog.at_level(logging.WARNING):
        await second.start(StatusSettings(port=agent.status.port))
    assert second.port is None
    assert "status.port-in-use" in caplog.text
    assert "已被占用" in caplog.text
    assert "is in use" in caplog.text
    await second.stop()


async def test_an_address_that_is_not_ours_costs_the_page_only(agent, caplog):
    second = StatusServer(agent.health, "zh")
    await second.start(StatusSettings(host="192.0.2.1", port=0))
    assert second.port is None
    assert "status.cannot-listen" in caplog.text


async def test_disabled_means_no_port_and_a_stopped_server_can_start_again(agent):
    await agent.status.stop()
    await agent.status.start(StatusSettings(enabled=False))
    assert agent.status.port is None
    await agent.status.start(StatusSettings(port=0))
    assert (await get(agent.status.port, "/livez")).status == 200


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8080", "[::1]", "LocalHost:1"])
async def test_our_own_names_are_answered(agent, host):
    assert (await get(agent.status.port, "/livez", host=host)).status == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:9464", "192.0.2.1"])
async def test_other_names_learn_nothing(agent, host):
    answer = await get(agent.status.port, "/status.json", host=host)
    assert answer.status == 421
    assert "431126001001" not in answer.text


async def test_every_answer_carries_the_security_headers(agent):
    for path in (*ROUTES, "/nothing"):
        headers = (await get(agent.status.port, path)).headers
        assert headers["Connection"] == "close"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "Access-Control-Allow-Origin" not in headers


async def test_head_has_no_body_and_other_methods_are_refused(agent):
    full, head = await get(agent.status.port, "/livez"), await get(agent.status.port, "/livez", method="HEAD")
    assert head.body == b""
    assert head.headers["Content-Length"] == full.headers["Content-Length"] == str(len(full.body))
    post = Answer(await send(agent.status.port, b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc"))
    assert (post.status, post.headers["Allow"]) == (405, "GET, HEAD")
    assert (await get(agent.status.port, "/../etc/passwd")).status == 404


def test_prometheus_is_not_imported_before_somebody_scrapes():
    script = "import edgeagent.agent, sys; sys.exit('prometheus_client' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


# -- the server alone, against rude clients ------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def serving(handle, timeout_s=5.0):
    server = HttpServer(handle, timeout_s)
    await server.start("127.0.0.1", 0)
    try:
        yield server
    finally:
        await server.stop()


async def hello(_):
    return text("hello")


async def test_a_header_without_end_is_refused():
    async with serving(hello) as server:
        raw = b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * (2 * MAX_HEAD_BYTES)
        assert Answer(await send(server.port, raw)).status == 431


async def test_who_says_nothing_is_sent_away():
    async with serving(hello, timeout_s=0.05) as server:
        assert Answer(await send(server.port, b"GET / HT")).status == 408


async def test_a_handler_that_hangs_is_given_up():
    async with serving(lambda _: asyncio.Event().wait(), timeout_s=0.05) as server:
        assert (await get(server.port, "/")).status == 503


async def test_a_reader_that_takes_nothing_frees_its_place():
    async def much(_):
        return Response(bytes(32 * 2**20))

    async with serving(much, timeout_s=0.1) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1)
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await until(lambda: server.busy)
        await until(lambda: not server.busy)
        writer.transport.abort()
        del reader


async def test_idle_connections_are_limited_and_end_with_the_server():
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(serving(hello, timeout_s=60))
        idle = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(MAX_CONNECTIONS)]
        await until(lambda: server.busy == MAX_CONNECTIONS)
        refused = await get(server.port, "/")
        assert refused.status == 503
        idle[0][1].close()
        await until(lambda: server.busy < MAX_CONNECTIONS)
        assert (await get(server.port, "/")).status == 200
        async with asyncio.timeout(10):
            await server.stop()
        for _, writer in idle:
            writer.close()
