"""A camera that is set to HTTPS alone, with a certificate of its own invention: found, watched, pictured."""

import asyncio
import contextlib
import ssl

import pytest

import drivers.onvif
from drivers.onvif import discover
from edgeagent.driver import Login, Search
from tests.cameras import PASSWORD, CameraRecorder, camera, running, until
from tests.certificates import Authority


async def _pipe(reader, writer):
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        writer.close()


@contextlib.asynccontextmanager
async def over_tls(folder, port):
    """The same at another port, by TLS; gives that port."""
    own = Authority(folder).issue("ipcam")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(own.certificate, own.key)

    async def serve(reader, writer):
        there, here = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_pipe(reader, here), _pipe(there, writer))

    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls) as listener:
        yield listener.sockets[0].getsockname()[1]


@pytest.fixture
def device(tmp_path):
    (tmp_path / "device").mkdir()
    return CameraRecorder(tmp_path / "device", id="cam-1", name="村口", language="en")


@pytest.mark.slow
async def test_a_camera_behind_https_is_found_and_watched(device, tmp_path):
    async with camera(serial="SN-0001-AAAA") as gate, over_tls(tmp_path / "tls", gate.port) as port:
        search = Search(hosts=("127.0.0.1",), ports=(port,), logins=(Login("admin", PASSWORD, ""),))
        found = [one async for one in discover(search)]
        address = f"https://127.0.0.1:{port}/onvif/device_service"
        assert [(one.address, one.serial, one.events, one.pictures) for one in found] == [
            (address, "SN-0001-AAAA", True, True)
        ]
        config = drivers.onvif.Config(address=address, username="admin", password=PASSWORD, poll_s=2.0)
        async with running(drivers.onvif.Driver(config), device):
            await until(lambda: device.described.get("serial") == "SN-0001-AAAA")
            gate.raise_alarm("tamper", active=True)
            await until(lambda: device.alarms("tamper") == [("tamper", "start")])
        assert gate.subscriptions == 0
