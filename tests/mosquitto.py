"""A real mosquitto for tests: own folder, a free port on 127.0.0.1, and it can be stopped, killed and restarted there.

Without mosquitto installed the test that asks for one is skipped, saying which apt package is missing.

    with Mosquitto(tmp_path, users={"box": "secret"}) as broker:
        ...  # broker.port
        broker.kill()
        broker.restart()
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest

from tests.ownprocess import OwnProcess
from tests.ports import free_port, listens

# Debian installs it in /usr/sbin, which is not in everybody's PATH.
_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
HINT = "mosquitto is not installed: apt-get install -y mosquitto"
START_TIMEOUT_S = 10.0
# The defaults drop what comes for an absent subscriber after 1000 messages, and allow 20 unacknowledged ones.
# Not 0 ("no limit") for the first: with 0, mosquitto 2.0.11 answers an MQTT 5 publish that its ACL forbids with a
# proper PUBACK (0x87) and then throws the client out.
# Without the last, Nagle and delayed acknowledgements together cost 40 ms a round trip.
_AS_IN_PRODUCTION = ("max_queued_messages 1000000", "max_inflight_messages 200", "set_tcp_nodelay true")


@dataclass(frozen=True)
class ServerTls:
    """TLS of the listener. `require_certificate` makes the client's CN its user name."""

    ca: Path
    certificate: Path
    key: Path
    require_certificate: bool = False


class Mosquitto(OwnProcess):
    """One broker. Starts when entered (or by `start()`); `port` never changes, whatever dies in between.

    `acl` is the text of an ACL file, `users` maps name to password (else anonymous clients may connect),
    `persistence=True` keeps sessions and retained messages in the folder over `stop()`; over `kill()` only what an
    autosave wrote, as in real life. `extra` is appended to the configuration as it stands,
    and overrides what stands before.
    """

    def __init__(
        self,
        folder: Path,
        *,
        max_packet_size: int | None = None,
        acl: str | None = None,
        users: dict[str, str] | None = None,
        tls: ServerTls | None = None,
        persistence: bool = False,
        extra: str = "",
    ) -> None:
        executable = shutil.which("mosquitto", path=_PATH)
        if executable is None:
            pytest.skip(HINT)
        self.executable = executable
        self.folder = folder
        self.port = free_port()
        self._options = (max_packet_size, acl, users, tls, persistence, extra)
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def ports(self) -> tuple[int, ...]:
        """Where it listens."""
        return (self.port,)

    @property
    def log(self) -> str:
        """What the broker has written so far."""
        path = self.folder / "mosquitto.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self) -> Self:
        """Start and wait until it listens; raises RuntimeError with its log if it does not."""
        config = self.folder / "mosquitto.conf"
        config.write_text(self._configuration())
        with (self.folder / "mosquitto.log").open("ab") as log:
            self._process = subprocess.Popen([self.executable, "-c", str(config)], stdout=log, stderr=log)
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"mosquitto ended with {self._process.returncode}:\n{self.log}")
            if listens(self._process.pid, *self.ports):
                return self
            time.sleep(0.01)
        self.kill()
        raise RuntimeError(f"mosquitto did not listen within {START_TIMEOUT_S} s:\n{self.log}")

    def restart(self) -> None:
        """Stop it, if it still runs, and start it on the same port with the same folder."""
        self.stop()
        self.start()

    def __exit__(self, *exc: object) -> None:
        """In good order: it disconnects its clients and, with `persistence`, saves."""
        self.stop()

    def _configuration(self) -> str:
        max_packet_size, acl, users, tls, persistence, extra = self._options
        lines = [f"listener {self.port} 127.0.0.1", "log_type all", *_AS_IN_PRODUCTION]
        if os.geteuid() == 0:
            # As root it would become user mosquitto, who cannot read the files of the test.
            lines.append("user root")
        if users is None:
            lines.append("allow_anonymous true")
        else:
            lines += ["allow_anonymous false", f"password_file {self._password_file(users)}"]
        if acl is not None:
            path = self.folder / "acl"
            path.write_text(acl)
            path.chmod(0o600)
            lines.append(f"acl_file {path}")
        if max_packet_size is not None:
            lines.append(f"max_packet_size {max_packet_size}")
        if tls is not None:
            lines += [f"cafile {tls.ca}", f"certfile {tls.certificate}", f"keyfile {tls.key}"]
            if tls.require_certificate:
                lines += ["require_certificate true", "use_identity_as_username true"]
        if persistence:
            lines += ["persistence true", f"persistence_location {self.folder}/"]
        return "\n".join([*lines, extra, ""])

    def _password_file(self, users: dict[str, str]) -> Path:
        path = self.folder / "passwords"
        path.write_text("".join(f"{name}:{password}\n" for name, password in users.items()))
        path.chmod(0o600)
        hasher = shutil.which("mosquitto_passwd", path=_PATH)
        if hasher is None:
            pytest.skip("mosquitto_passwd is not installed: apt-get install -y mosquitto")
        subprocess.run([hasher, "-U", str(path)], check=True, capture_output=True)  # hashes the file in place
        return path
