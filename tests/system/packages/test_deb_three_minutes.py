"""From nothing to events at the hub: a bare Debian, a stick, and the lines of docs/install.md, typed as they stand."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time

import pytest

from tests import debs, nspawn
from tests.debs import install, put
from tests.hubs import ROOT
from tests.instances import BOX
from tests.typing_at import typed

pytestmark = [
    pytest.mark.slow,
    pytest.mark.root,
    pytest.mark.timeout(900),
    pytest.mark.skipif(bool(nspawn.missing()), reason=nspawn.missing()),
    pytest.mark.skipif(shutil.which("ip") is None, reason="ip is missing: apt-get install iproute2"),
]

BARE = ("systemd", "systemd-sysv", "systemd-timesyncd", "dbus", "udev")
STICK = ("python3", "tzdata", "libstdc++6", "zlib1g", "libgcc-s1", "ca-certificates")
LIMIT_S = 180.0
"""What the county asks of an installation; the only limit of time in these tests."""
BY_HAND = (
    "countyhub broker-config --out /etc/mosquitto/countyhub --include /etc/mosquitto/conf.d --apply mosquitto.service"
)
HUB, HERE = "10.77.0.1", "10.77.0.2"
CONFIG = f"""county = "{BOX[:6]}"
language = "en"
[enrol]
names = ["{HUB}"]
"""
PASSWORD = "village 密码"
ARRIVED = f"""
import sqlite3
hub = sqlite3.connect("/var/lib/countyhub/hub.db", timeout=20)
print([row for row, in hub.execute("SELECT DISTINCT type FROM event WHERE box = '{BOX}'")])
"""


def documented() -> list[str]:
    """The commands of the page."""
    page = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- from nothing to events[^\n]*-->\n```sh\n(.*?)```", page, re.DOTALL)
    assert found
    return found[1].splitlines()


@pytest.fixture
def hub(tmp_path):
    """A county's server, as docs/identity.md says, with a token for the box on its stick."""
    folder = tmp_path / "hub"
    folder.mkdir()
    name = debs.file_name("countyhub", "12")
    (folder / name).hardlink_to(debs.built("countyhub", debian=("12",)) / name)
    with booted("12", folder, "-hub") as machine:
        install(machine, "countyhub", "12")
        put(machine, "/etc/countyhub/countyhub.toml", CONFIG)
        put(machine, "/run/arrived.py", ARRIVED)
        machine.run("systemctl start mosquitto; countyhub ca init")
        said = machine.run(BY_HAND)
        machine.run("cat >> /etc/countyhub/countyhub.toml <<'END'\n" + said[said.index("[broker]") :] + "\nEND")
        machine.run("systemctl start countyhub")
        machine.until("systemctl show -p StatusText countyhub", "county")
        machine.run(f"countyhub box add {BOX} --out /mnt/stick")
        yield machine
        print(
            machine.run(
                "journalctl -u 'countyhub*' -o short-precise | tail -40; ls -lR /var/lib/countyhub/ca", check=False
            )
        )


@pytest.fixture
def box(tmp_path, hub):
    """A bare machine, whose only network is a cable to the hub, with the stick, and a camera that it will find."""
    stick = tmp_path / "stick"
    stick.mkdir()
    try:
        root = nspawn.root_of("12", BARE, STICK)
    except nspawn.NoMachine as why:
        pytest.skip(str(why))
    name = debs.file_name("edgeagent", "12")
    for path in (*nspawn.stick_of(root).glob("*.deb"), debs.built("edgeagent", debian=("12",)) / name):
        shutil.copy(path, stick)
    shutil.copy(hub.shared / "stick" / f"{BOX}.enrol", stick)
    with nspawn.Machine(root, stick, "-box") as machine:
        assert machine.run("command -v python3 || echo none") == "none"
        machine.run("ln -s /mnt /media/stick")
        machine.cable(hub, f"{HERE}/24", f"{HUB}/24")
        with camera(machine):
            yield machine


def booted(release, folder, name):
    try:
        return nspawn.Machine(nspawn.root_of(release), folder, name)
    except nspawn.NoMachine as why:
        pytest.skip(str(why))


class camera:  # noqa: N801  # reads as what it is
    """One simulated camera in the box's network, which raises an alarm every other second."""

    def __init__(self, machine):
        order = [sys.executable, "-m", "simulators.camera", "--count", "1", "--base-port", "0", "--multicast",
                 "--user", "admin", "--password", PASSWORD, "--rhythm", "2", "--json"]  # fmt: skip
        self._order = ["nsenter", "--target", str(machine.leader), "--net", *order]

    def __enter__(self):
        self._process = subprocess.Popen(self._order, cwd=ROOT, stdout=subprocess.PIPE)
        assert self._process.stdout.readline()

    def __exit__(self, *exc):
        self._process.terminate()
        self._process.wait(10)


def test_from_nothing_to_events_within_three_minutes(hub, box, counted):
    lines = documented()
    where = lines.pop(0)
    assert (where, len(lines)) == ("cd /media/stick", 5), "one package and four commands"
    begun = time.monotonic()
    for line in lines:
        started = time.monotonic()
        # The simulated camera is on the machine's own loopback, where nobody else would look.
        order = f"{line} --interface lo" if "discover" in line else line
        status, screen = typed(box, f"{where} && {order}", {"[Y/n]": "y", "密码：": PASSWORD, "password of": PASSWORD})
        print(screen)
        assert status == 0, f"{line}\n{screen}"
        counted(f"{time.monotonic() - started:6.1f} s  {line}")
    hub.until("python3 /run/arrived.py", "alarm", timeout_s=LIMIT_S)
    total = time.monotonic() - begun
    counted(f"{total:6.1f} s  from nothing to the hub's database: {hub.run('python3 /run/arrived.py')}")
    assert total < LIMIT_S
