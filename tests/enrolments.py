"""A county with its own CA, for tests: the hub's listener in this process, mosquitto as `broker-config` writes it.

async with county.listening():
    ticket = await county.ticket("431126001001")
    await county.enroll(tmp_path / "box", "--token-file", ticket)
with county.broker() as broker:
    ...  # broker.port for boxes, broker.hub_port for the hub
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import msgspec
from cryptography import x509

from countyhub.ca import certificates, identities, renewal
from countyhub.ca.authority import Authority
from countyhub.ca.enrolment import Registrar
from countyhub.ca.listener import Listener
from countyhub.cli import brokerconfig
from countyhub.config import BrokerSettings, Config, EnrolSettings
from countyhub.store.engine import Store, open_store
from edgeagent.cli import main as edgeagent_main
from gridwire.mqtt import MqttClient, MqttSettings, TlsSettings
from tests.hubs import COUNTY, ROOT, HubProcess, database_url
from tests.mosquitto import Mosquitto
from tests.ports import free_port
from tests.processes import AgentProcess

HOST = "127.0.0.1"
RELOAD_TIMEOUT_S = 10.0
_RELOADING = "Reloading config"


class CountyBroker(Mosquitto):
    """mosquitto with the files of `countyhub broker-config`, and nothing else."""

    def __init__(self, config: Config, folder: Path) -> None:
        super().__init__(folder)
        self.config, self.port, self.hub_port = config, config.enrol.broker_port, config.enrol.hub_port

    def _configuration(self) -> str:
        self.write()
        user = "user root\n" if os.geteuid() == 0 else ""
        return f"{user}log_type all\n" + (self.folder / "countyhub.conf").read_text()

    @property
    def ports(self) -> tuple[int, ...]:
        return self.port, self.hub_port

    def write(self) -> list[str]:
        """What has changed."""
        return brokerconfig.write(self.config, self.folder, include=None, store=self.folder, group="", listen=HOST)

    def reload(self) -> None:
        """As `systemctl reload mosquitto` does; returns once it has, or raises RuntimeError with its log."""
        seen = self.log.count(_RELOADING)
        super().reload()
        deadline = time.monotonic() + RELOAD_TIMEOUT_S
        while self.log.count(_RELOADING) == seen:
            if not self.is_running or time.monotonic() > deadline:
                raise RuntimeError(f"mosquitto did not reload within {RELOAD_TIMEOUT_S} s:\n{self.log}")
            time.sleep(0.01)


class County:
    """A hub's folder. Times are those of now where nothing else is said."""

    def __init__(self, folder: Path, **enrol: object) -> None:
        settings = {"host": HOST, "port": 0, "names": (HOST,), "broker_port": free_port(), "hub_port": free_port()}
        self.folder = folder
        self.config = Config(
            county=COUNTY, data_dir=str(folder), enrol=EnrolSettings(**(settings | enrol)), language="en",
        )  # fmt: skip
        password = f"file:{folder / 'broker' / renewal.PASSWORD_FILE}"
        broker = BrokerSettings(port=self.config.enrol.hub_port, username="countyhub", password=password)
        self.config = msgspec.structs.replace(self.config, broker=broker)
        self.store: Store | None = None
        self.listener: Listener | None = None

    def init(self, now: datetime | None = None) -> Authority:
        now = now or datetime.now(UTC)
        authority = Authority.create(renewal.ca_folder(self.config), COUNTY, self.config.enrol, now)
        renewal.refresh(self.config, {}, now)
        return authority

    @property
    def authority(self) -> Authority:
        return Authority.open(renewal.ca_folder(self.config))

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[Store]:
        self.store = await open_store(database_url(self.folder))
        try:
            yield self.store
        finally:
            await self.store.close()

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[Listener]:
        """CA, database, listener."""
        if not (renewal.ca_folder(self.config) / "authority.json").exists():
            self.init()
        async with self.opened() as store:
            self.listener = Listener(store, self.config)
            serving = asyncio.create_task(self.listener.serve())
            try:
                while not self.listener.port:
                    await asyncio.wait({serving}, timeout=0.01)
                yield self.listener
            finally:
                serving.cancel()
                await asyncio.wait({serving})

    async def token(self, box: str, now: datetime | None = None, *, again: bool = False) -> str:
        now = now or datetime.now(UTC)
        pin = bytes.fromhex(self.authority.signing(now).pin)
        async with self.store.write() as connection:
            made = await identities.add(connection, box, COUNTY, pin, by="test", now=now,
                                        days=self.config.enrol.token_days, again=again)  # fmt: skip
        return made.text

    async def ticket(self, box: str, folder: Path | None = None, *, again: bool = False) -> Path:
        """A file as on the stick."""
        path = (folder or self.folder) / f"{box}.enrol"
        path.parent.mkdir(parents=True, exist_ok=True)
        token = await self.token(box, again=again)
        path.write_text(f'box = "{box}"\nhub = "{HOST}:{self.listener.port}"\ntoken = "{token}"\nname = "东山村"\n')
        return path

    async def keep(self, now: datetime | None = None) -> renewal.Round:
        return await renewal.keep(self.store, self.config, now or datetime.now(UTC))

    async def revoke(self, box: str) -> None:
        async with self.store.write() as connection:
            await identities.revoke(connection, box, by="test", now=datetime.now(UTC))
        await self.keep()

    async def identity(self, box: str, path: Path, *, now: datetime | None = None) -> Path:
        """Certificate and key of a box in one PEM file, without a listener; `now`: when it was given."""
        key = certificates.new_key()
        async with self.store.write() as connection:
            await identities.set_state(connection, box, "active", by="test", now=now or datetime.now(UTC))
            registrar = Registrar(self.authority, self.config)
            made = await registrar.issue(connection, box, key.public_key(), now or datetime.now(UTC))
        return save(path, made, key)

    def broker(self) -> CountyBroker:
        return CountyBroker(self.config, self.folder / "mosquitto")

    def client(self, identity: Path | None, *, client_id: str = "", box: str = "", **callbacks: object) -> MqttClient:
        """A client at the boxes' port, which names itself as it likes."""
        tls = TlsSettings(
            ca_file=str(self.folder / "broker" / "ca.pem"), cert_file=str(identity) if identity else None,
        )  # fmt: skip
        settings = MqttSettings(
            host=HOST, port=self.config.enrol.broker_port, client_id=client_id or box or "somebody",
            username=box or None, tls=tls, backoff_min_s=0.05, backoff_max_s=0.2, backoff_refused_s=0.2,
        )  # fmt: skip
        return MqttClient(settings, **callbacks)


def save(path: Path, certificate: x509.Certificate, key: certificates.Key) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(certificates.pem(certificate) + certificates.key_pem(key))
    path.chmod(0o600)
    return path


class Box:
    """A machine with a configuration of its own, on which `edgeagent` is called."""

    def __init__(self, folder: Path, text: str = "") -> None:
        self.folder, self.store = folder, folder / "store"
        self.config = folder / "etc" / "edgeagent.toml"
        self.config.parent.mkdir(parents=True)
        self.config.write_text(f'language = "en"\n{text}\n[store]\ndir = "{self.store}"\n[status]\nport = 0\n')
        self.enrolled = self.config.parent / "conf.d" / "10-enrolled.toml"
        self.pem = self.store / "identity" / "identity.pem"

    async def enroll(self, *words: object, prefix: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        """`edgeagent enroll …`."""
        return await asyncio.to_thread(self.call, "enroll", *words, prefix=prefix)

    def call(self, *words: object, prefix: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        """In this process, which is quicker; with a `prefix` such as `env` in one of its own."""
        order = [*map(str, words), "--config", str(self.config), "--language", "en"]
        if prefix:
            whole = [*prefix, sys.executable, "-m", "edgeagent.cli", *order]
            return subprocess.run(whole, check=False, capture_output=True, text=True, cwd=ROOT, timeout=60)
        out, errors = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
            code = edgeagent_main(order)
        return subprocess.CompletedProcess(order, code, out.getvalue(), errors.getvalue())

    def certificate(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.pem.read_bytes())


class EnrolledAgent(AgentProcess):
    """`edgeagent run` on such a machine, with the configuration that enrolment has written, or another one of it."""

    def __init__(self, box: Box, config: Path | None = None, store: Path | None = None) -> None:
        self.folder, self.config = (config or box.config).parent, config or box.config
        self.database = (store or box.store) / "outbox.db"
        self.environment: dict[str, str] = {}
        self._process, self._log_from = None, 0


class CountyHub(HubProcess):
    """`countyhub run` of a county, with its broker's user and its enrolment."""

    def __init__(self, county: County, extra: str = "") -> None:
        settings = county.config.enrol
        enrol = (f'[enrol]\nhost = "{HOST}"\nport = {settings.port}\nnames = ["{HOST}"]\n'
                 f"broker_port = {settings.broker_port}\nhub_port = {settings.hub_port}\n{extra}")  # fmt: skip
        super().__init__(county.folder, settings.hub_port, enrol)
        user = f'[broker]\nusername = "countyhub"\npassword = "{county.config.broker.password}"\n'
        self.config.write_text(self.config.read_text().replace("[broker]\n", user))

    def set_up(self) -> Self:
        """As an operator does it, before the first start."""
        for words in (("ca", "init"), ("migrate",)):
            done = self.cli(*words)
            assert done.returncode == 0, done.stderr
        return self
