"""What one camera is and where its pictures are: asked in a worker process, kept on disk, only ever a hint.

At start the kept answer serves at once; it is asked again when it is a day old, after a reboot, or when it fails.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from weakref import WeakKeyDictionary

import msgspec

from drivers.onvif.client import Client
from drivers.snapshot.worker import Worker, WorkerFailed
from drivers.snapshot.worker_child import LAST_WORDS
from edgeagent.driver import DriverProblem

SETUP_TIMEOUT_S = 60.0
MAX_AGE = timedelta(days=1)
_ASK = "drivers.onvif.setup_child:ask"
_workers: WeakKeyDictionary[asyncio.AbstractEventLoop, Worker] = WeakKeyDictionary()
"""One for all cameras: it parses the WSDLs once, and ends when no camera waits any more."""
_FILE = "setup.json"
_EVENTS = "http://www.onvif.org/ver10/events/wsdl"
_log = logging.getLogger(__name__)


class SetupFailed(DriverProblem):
    """`is_ours`: the worker was ended, as by a box that is short of memory; the camera may be all right."""

    code = "onvif.setup-failed"
    en = "the camera did not tell its model and picture address: {why}"
    zh = "未能读取摄像机的型号和图片地址：{why}"

    def __init__(self, why: str, *, is_ours: bool) -> None:
        self.is_ours = is_ours
        super().__init__(why=why)


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    token: str = ""
    name: str = ""
    encoding: str = ""
    width_px: int = 0
    height_px: int = 0


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """Addresses are the camera's own words: host and port may be wrong."""

    maker: str = ""
    model: str = ""
    firmware: str = ""
    serial: str = ""
    services: dict[str, str] = {}
    profiles: tuple[Profile, ...] = ()
    snapshot_uri: str = ""
    stream_uri: str = ""
    camera: str = ""
    asked: datetime | None = None

    @property
    def event_service(self) -> str:
        return self.services.get(_EVENTS, "")

    def fresh(self, now: datetime) -> bool:
        return self.asked is not None and timedelta() <= now - self.asked < MAX_AGE


class Setup:
    """`facts` is None until they were asked once; `known` is set from then on."""

    def __init__(self, client: Client, folder: Path) -> None:
        self._client = client
        self._path = folder / _FILE
        self.facts = self._load()
        self.known = asyncio.Event()
        if self.facts is not None:
            self.known.set()

    async def ask(self) -> Facts:
        """Ask the camera and keep the answer. Raises `SetupFailed`."""
        client = self._client
        question = {
            "xaddr": client.reached_url,
            "username": client.username,
            "password": client.password,
            "mode": client.mode,
            "offset_s": client.clock_offset_s or 0.0,
        }
        try:
            worker = _workers.setdefault(asyncio.get_running_loop(), Worker())
            answer = await worker.call(_ASK, question, b"", timeout_s=SETUP_TIMEOUT_S)
            facts = msgspec.json.decode(answer, type=Facts)
        except WorkerFailed as error:
            raise SetupFailed(str(error), is_ours=error.reason in LAST_WORDS) from error
        except msgspec.DecodeError as error:
            raise SetupFailed(str(error), is_ours=False) from error
        self.facts = msgspec.structs.replace(facts, camera=client.device_url, asked=datetime.now(UTC))
        self._save()
        self.known.set()
        return self.facts

    def _save(self) -> None:
        try:
            self._path.write_bytes(msgspec.json.encode(self.facts))
        except OSError as error:
            _log.warning("%s: %s", self._path, error)

    def _load(self) -> Facts | None:
        try:
            facts = msgspec.json.decode(self._path.read_bytes(), type=Facts)
        except (OSError, msgspec.DecodeError):
            return None
        return facts if facts.camera == self._client.device_url else None
