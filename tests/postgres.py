"""A private PostgreSQL for tests: a cluster in a folder of its own, a free port on 127.0.0.1.

The server must not run as root: then it runs as `postgres`, the user that Debian's package makes. It dies with this
process. Each test gets a database of its own, copied from one that is migrated already.

    url = cluster().fresh()
    with Postgres(durable=True) as server:
        server.kill()
        server.start()
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import functools
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from tests.ports import free_port

HINT = "PostgreSQL is not installed: apt-get install -y postgresql"
USER = "hub"
START_TIMEOUT_S = 60.0
_FAST = "fsync=off synchronous_commit=off full_page_writes=off"
T = TypeVar("T")


@functools.cache
def programs() -> Path | None:
    """The folder of initdb and postgres."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("postgres")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


@functools.cache
def unavailable() -> str:
    """Why there can be no PostgreSQL here; empty when there can."""
    if programs() is None:
        return HINT
    if os.geteuid() == 0 and (shutil.which("setpriv") is None or "postgres" not in _users()):
        return "PostgreSQL does not run as root, and there is no user `postgres` or no setpriv to become it"
    return ""


def _users() -> set[str]:
    return {entry.pw_name for entry in pwd.getpwall()}


class Postgres:
    """One server. `port` never changes, whatever dies in between. `durable`: with fsync, as in production."""

    def __init__(self, *, durable: bool = False, settings: str = "", within: Path | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="hub-postgres-", dir=within))
        self.port = free_port()
        self._settings = f"{'' if durable else _FAST} {settings}".split()
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)
        if os.geteuid() == 0:
            os.chown(self.folder, pwd.getpwnam("postgres").pw_uid, -1)
        _run([*_as_other(), *self._program("initdb"), "-D", str(self._data), "--no-sync", "-A", "trust", "-U", USER,
              "-E", "UTF8", "--locale=C"])  # fmt: skip

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _program(self, name: str) -> list[str]:
        folder = programs()
        assert folder is not None, HINT
        return [str(folder / name)]

    def start(self) -> Postgres:
        options = [f"port={self.port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={self.folder}",
                   "max_connections=60", "shared_buffers=32MB", "logging_collector=off", *self._settings]  # fmt: skip
        words = [word for option in options for word in ("-c", option)]
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*_as_other(), *self._program("postgres"), "-D", str(self._data), *words], stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL does not start:\n{self.log}")
            time.sleep(0.05)
        return self

    def _answers(self) -> bool:
        import asyncpg

        try:
            self.execute("SELECT 1")
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):  # not there yet, or just starting
            return False
        return True

    def encrypt(self, certificate: Path, key: Path) -> None:
        """From the next start on, whoever asks for TLS gets it."""
        for source, name in ((certificate, "server.crt"), (key, "server.key")):
            target = self.folder / name
            shutil.copy(source, target)
            target.chmod(0o600)
            if os.geteuid() == 0:
                os.chown(target, pwd.getpwnam("postgres").pw_uid, -1)
        self._settings += ["ssl=on", *(f"ssl_{kind}_file={self.folder}/server.{end}"
                                       for kind, end in (("cert", "crt"), ("key", "key")))]  # fmt: skip

    def ask_for_password(self) -> None:
        """From now on, and only over TLS."""
        assert self._process is not None
        (self._data / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 scram-sha-256\n")
        self._process.send_signal(signal.SIGHUP)

    @property
    def is_dead(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def kill(self) -> None:
        """kill -9 of the server and of every process that serves a connection: what was not on disk is gone."""
        process, self._process = self._process, None
        if process is None:
            return
        children = _children(process.pid)
        process.kill()
        for child in children:
            _end(child)
        process.wait(30)
        while any(Path(f"/proc/{child}").exists() for child in children):
            time.sleep(0.01)

    def stop(self) -> None:
        """In good order; connections are cut."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGINT)
            process.wait(30)

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Postgres:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def log(self) -> str:
        return (self.folder / "server.log").read_text(errors="replace")

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str, database: str = "postgres") -> list[tuple]:
        return query(self.url(database), statement)

    def empty(self) -> str:
        """The URL of a new database with nothing in it."""
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        return self.url(name)

    def fresh(self) -> str:
        """The URL of a new database in today's format: a copy of one that was migrated once."""
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {self._template}")
        return self.url(name)

    @functools.cached_property
    def _template(self) -> str:
        from countyhub.store.engine import open_store

        async def migrate() -> None:
            await (await open_store(self.url("migrated"))).close()

        self.execute("CREATE DATABASE migrated TEMPLATE template0")
        in_thread(migrate())
        return "migrated"


@functools.cache
def cluster() -> Postgres:
    """The one that the tests of this process share; it ends with the process."""
    server = Postgres().start()
    atexit.register(server.close)
    return server


def query(url: str, statement: str) -> list[tuple]:
    """What a statement finds; for tests that cannot await. Raises what asyncpg raises."""
    return _questions().ask(url, statement)


class _Questions:
    """A thread with an event loop, and the connection to the database that was asked last."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._turn = threading.Lock()
        self._open: tuple[str, Any] | None = None
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def ask(self, url: str, statement: str) -> list[tuple]:
        with self._turn:
            return asyncio.run_coroutine_threadsafe(self._ask(url, statement), self._loop).result(60)

    async def _ask(self, url: str, statement: str) -> list[tuple]:
        import asyncpg

        if self._open is not None and (self._open[0] != url or self._open[1].is_closed()):
            await self._open[1].close()
            self._open = None
        if self._open is None:
            self._open = (url, await asyncpg.connect(url, timeout=10, statement_cache_size=0))
        try:
            return [tuple(row) for row in await self._open[1].fetch(statement)]
        except (OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError):
            self._open[1].terminate()
            self._open = None
            raise


@functools.cache
def _questions() -> _Questions:
    return _Questions()


def in_thread(work: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine from where an event loop may be running already."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def _end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(word) for word in listed.read_text().split()]


def _as_other() -> list[str]:
    """Before a command: another user than root, and an end when this process ends."""
    if os.geteuid() == 0:
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--pdeathsig=INT"]
    return ["setpriv", "--pdeathsig=INT"] if shutil.which("setpriv") else []


def _run(command: list[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120, cwd="/")
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stdout}\n{done.stderr}")
