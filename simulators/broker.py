"""The broker of the demo: iotcore (rumqttd) in a child process on 127.0.0.1, to be killed and restarted at will.

    async with DemoBroker() as broker:
        ...  # broker.port speaks MQTT 5, broker.port_v3 MQTT 3.1.1

Not for production. What it does differently from a real one, as measured with iotcore 0.4.0:
- MQTT 5 and 3.1.1 need a port each, and 5 is to be had by a TOML file only; by itself it binds 0.0.0.0.
- It accepts 20 KiB a message unless told; over that it resets the connection without a word, and its CONNACK does not
  announce the limit.
- The session expiry interval is not honoured: a session lasts as long as the broker, with 0 too. Nothing survives a
  restart, retained messages neither.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
import tempfile
from pathlib import Path

MAX_PAYLOAD_BYTES = 1048576
START_TIMEOUT_S = 20.0

_CONFIG = """
id = 0
[router]
id = 0
max_connections = 10010
max_outgoing_packet_count = 200
max_segment_size = 104857600
max_segment_count = 10
"""
_LISTENER = """
[{version}.1]
name = "{version}-1"
listen = "127.0.0.1:{port}"
next_connection_delay_ms = 1
[{version}.1.connections]
connection_timeout_ms = 60000
max_payload_size = {max_payload_bytes}
max_inflight_count = 200
dynamic_filters = true
"""


class DemoBroker:
    """One broker. The ports stay the same over `kill()` and `restart()`."""

    def __init__(self, port: int = 0, port_v3: int = 0) -> None:
        self.port = port or _free_port()
        self.port_v3 = port_v3 or _free_port()
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it and wait until it listens. Raises RuntimeError if it does not."""
        # A pipe that closes with us, however we end, is how the child learns that it should end too.
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "simulators.broker", "--port", str(self.port), "--port-v3", str(self.port_v3)),
            "--end-with-stdin",
            stdin=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                while not (await _accepts(self.port) and await _accepts(self.port_v3)):
                    if self._process.returncode is not None:
                        raise RuntimeError(f"iotcore ended with {self._process.returncode}")
                    await asyncio.sleep(0.02)
        except TimeoutError as error:
            await self.kill()
            raise RuntimeError(f"iotcore did not listen within {START_TIMEOUT_S:g} s") from error

    async def stop(self) -> None:
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """kill -9. All sessions and retained messages are gone."""
        await self._end(signal.SIGKILL)

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    async def __aenter__(self) -> DemoBroker:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    async def _end(self, signum: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.send_signal(signum)
        await process.wait()


def serve(port: int, port_v3: int) -> None:
    """Be the broker, until a signal ends the process: rumqttd cannot be asked to stop."""
    from iotcore import Broker

    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "broker.toml"
        listeners = [("v5", port), ("v4", port_v3)]
        config.write_text(
            _CONFIG
            + "".join(
                _LISTENER.format(version=version, port=number, max_payload_bytes=MAX_PAYLOAD_BYTES)
                for version, number in listeners
                if number
            )
        )
        broker = Broker(config_path=str(config))
    # rumqttd wraps its routing in error spans, so that every packet looks like an error in the log.
    logging.getLogger("rumqttd").setLevel(logging.CRITICAL)
    broker.run_forever()


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m simulators.broker", description="演示用消息服务器 / demo MQTT broker"
    )
    parser.add_argument("--port", type=int, default=1883, help="MQTT 5")
    parser.add_argument("--port-v3", type=int, default=0, help="MQTT 3.1.1 (0: none)")
    parser.add_argument("--end-with-stdin", action="store_true", help="end when standard input closes")
    arguments = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # the broker never returns to Python to see a KeyboardInterrupt
    if arguments.end_with_stdin:
        _end_with_stdin()
    serve(arguments.port, arguments.port_v3)


def _end_with_stdin() -> None:
    import threading

    def wait() -> None:
        sys.stdin.buffer.read()
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _accepts(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        await writer.wait_closed()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main()
