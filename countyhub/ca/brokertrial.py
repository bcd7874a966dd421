"""Tries out what mosquitto is to be given: another mosquitto reads it first, on ports of its own, and shakes hands.

What would not start, and a key that does not belong to its certificate, never replace what works.
"""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

from countyhub.ca import brokerfiles
from countyhub.config import EnrolSettings
from gridwire.problem import Problem

_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
"""Debian has it in /usr/sbin, which is not in everybody's PATH."""
_HOST = "127.0.0.1"
_TIMEOUT_S = 20.0
_TRIES = 3
_TAKEN = "Address already in use"


class BrokerRefuses(Problem):
    code = "ca.broker-refuses"
    en = "mosquitto does not take these files; what it has stays as it is. It says:\n{reason}"
    zh = "mosquitto 不接受这些文件，现有配置保持不变。mosquitto 的提示：\n{reason}"


def program() -> str | None:
    """Where mosquitto is; None where there is none."""
    return shutil.which("mosquitto", path=_PATH)


def try_out(texts: Mapping[str, bytes], settings: EnrolSettings) -> bool:
    """`texts`: name -> content, as `brokerfiles` names them. False when there is no mosquitto here to try them with.

    Raises `BrokerRefuses`.
    """
    mosquitto = program()
    if mosquitto is None:
        return False
    reason = ""
    for _ in range(_TRIES):  # somebody else may take a port between our look and mosquitto's
        with tempfile.TemporaryDirectory() as folder:
            reason = _once(mosquitto, Path(folder), texts, settings)
        if _TAKEN not in reason:
            break
    if reason:
        raise BrokerRefuses(reason=reason[-1500:])
    return True


def _once(mosquitto: str, folder: Path, texts: Mapping[str, bytes], settings: EnrolSettings) -> str:
    """Why it does not work; empty when it does."""
    trial = msgspec.structs.replace(settings, broker_port=_free_port(), hub_port=_free_port())
    for name, data in texts.items():
        (folder / name).touch(0o600)
        (folder / name).write_bytes(data)
    # As root it would become user mosquitto, who has no business in this folder.
    alone = brokerfiles.configuration(folder, trial, store=folder, listen=_HOST) + "user root\n"
    (folder / brokerfiles.CONF).write_text(alone, encoding="utf-8")
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen([mosquitto, "-c", folder / brokerfiles.CONF], stdout=log, stderr=log)
    try:
        found = _await(running, (trial.broker_port, trial.hub_port)) or _shake_hands(folder, trial.broker_port)
    finally:
        running.kill()
        running.wait()
    said = (folder / "log").read_text(encoding="utf-8", errors="replace")
    return f"{said.strip()}\n{found}".strip() if found else ""


def _await(running: subprocess.Popen[bytes], ports: tuple[int, int]) -> str:
    """Until both listen. Returns what went wrong."""
    deadline = time.monotonic() + _TIMEOUT_S
    while time.monotonic() < deadline:
        if running.poll() is not None:
            return f"exit {running.returncode}"
        if all(_listens(port) for port in ports):
            return ""
        time.sleep(0.02)
    return f"no listener within {_TIMEOUT_S:g} s"


def _shake_hands(folder: Path, port: int) -> str:
    """As a box does, up to where it would show its certificate. Returns what went wrong."""
    try:
        context = ssl.create_default_context(cafile=str(folder / brokerfiles.CA))
        context.check_hostname = False  # the names are the settings' and were put there from them
        with socket.create_connection((_HOST, port), _TIMEOUT_S) as link, context.wrap_socket(link):
            return ""
    except OSError as error:  # ssl.SSLError too
        return str(error)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((_HOST, port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])
