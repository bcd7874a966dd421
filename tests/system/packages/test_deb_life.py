"""A package's life in a Debian that boots: installed, run, hung, killed, upgraded, downgraded, removed, purged."""

from __future__ import annotations

import json
import shutil

import pytest

from tests import debs, nspawn
from tests.debs import NEW, OLD, install, put
from tests.hubs import ROOT
from tests.instances import BOX

pytestmark = [
    pytest.mark.slow,
    pytest.mark.root,
    pytest.mark.timeout(900),
    pytest.mark.skipif(bool(nspawn.missing()), reason=nspawn.missing()),
]

LEDGER = "/var/lib/edgeagent/told"
CONFIG = f"""box = "{BOX}"
language = "en"
[hub]
host = "127.0.0.1"
port = 1883
password = "file:secrets/hub"
backoff_max_s = 1
[status]
port = 9464
[device.emitter]
driver = "emitter"
ledger = "{LEDGER}"
workers = {{ alarm = 1 }}
every_ms = 20
"""
GATE = """
[device.gate]
driver = "http_snapshot"
url = "http://127.0.0.1:8099/gate.jpg"
every_s = 0
judge_every_s = 0
privacy = [[[0.0, 0.0], [0.3, 0.0], [0.3, 0.4]]]
"""
DROP_IN = "[Service]\nWatchdogSec=2\nTimeoutAbortSec=5\nRestartSec=100ms\n"
"""What would take minutes, in seconds."""
SCORES = "for each in $(find /proc -maxdepth 1 -name '[0-9]*' -user edgeagent); do cat $each/oom_score_adj; done"
HOLD = (
    "import sqlite3, time; db = sqlite3.connect('/var/lib/edgeagent/outbox.db', isolation_level=None);"
    "db.execute('BEGIN IMMEDIATE'); open('/run/held', 'w').close(); time.sleep(600)"
)
"""To the agent's writer the disk hangs."""
COUNT = """
import sqlite3
hub = sqlite3.connect("/var/lib/countyhub/hub.db", timeout=20)
count = lambda what: hub.execute("SELECT count(*) FROM " + what).fetchone()[0]
print('alarms', count("event WHERE lane = 'alarm'"), 'pictures', count('media'))
"""
SNAPSHOT = """
import json, socket
link = socket.socket(socket.AF_UNIX)
link.connect("/var/lib/edgeagent/agent.sock")
link.sendall(b'{"op": "device", "args": {"device": "gate", "op": "snapshot"}}\\n')
print(link.makefile().readline())
"""


@pytest.fixture(scope="module")
def built():
    """Folder with the packages of two versions, for this kind of machine and both Debians."""
    debs.built("edgeagent", "edgeagent-vision", "countyhub", version=OLD)
    return debs.built("edgeagent", "countyhub", version=NEW)


@pytest.fixture
def boot(tmp_path, built):
    """Boots a release; packages and drivers for tests are under /mnt."""
    for path in built.iterdir():
        (tmp_path / path.name).hardlink_to(path)
    shutil.copytree(ROOT / "tests" / "drivers_for_tests", tmp_path / "drivers")

    def start(release):
        try:
            return nspawn.Machine(nspawn.root_of(release), tmp_path)
        except nspawn.NoMachine as why:
            pytest.skip(str(why))

    return start


def files(machine):
    """Every file outside of what dpkg, logs and account tools keep for themselves."""
    spared = "/proc /sys /dev /run /tmp /mnt /var/log /var/lib/dpkg /var/cache /var/lib/systemd /root"
    pruned = " -o ".join(f"-path {folder}" for folder in spared.split())
    found = machine.run(f"find / -xdev \\( {pruned} \\) -prune -o -print").splitlines()
    return {path for path in found if not path.endswith("-") and path != "/etc/.pwd.lock"}


def told(machine):
    """Ids of the events that the driver was told are stored."""
    said = machine.run(f"cat {LEDGER}")
    return {line.split()[3] for line in said.splitlines() if line.startswith("stored ") and len(line.split()) > 6}


def kept(machine):
    """Ids of the events in the outbox."""
    code = (
        "import sqlite3, json; db = sqlite3.connect('file:/var/lib/edgeagent/outbox.db?mode=ro', uri=True, timeout=20);"
        "print(json.dumps([json.loads(body)['id'] for body, in db.execute('SELECT body FROM alarm')]))"
    )
    return json.loads(machine.run(f'python3 -c "{code}"'))


def restarts(machine):
    return int(machine.run("systemctl show --value -p NRestarts edgeagent"))


def nothing_lost(machine):
    """What was told is stored, each once; gives the ids."""
    before, now = told(machine), kept(machine)
    assert before <= set(now)
    assert len(now) == len(set(now))
    return before


def configured_box(machine, release):
    assert "condition" not in install(machine, "edgeagent", release).lower()
    machine.run("systemctl is-enabled edgeagent")
    assert machine.run("stat -c '%U %a' /var/lib/edgeagent; ls /var/lib/edgeagent") == "edgeagent 700"
    machine.run("mkdir -p /usr/local/lib/edgeagent && cp -r /mnt/drivers/* /usr/local/lib/edgeagent/")
    put(machine, "/run/systemd/system/edgeagent.service.d/quick.conf", DROP_IN)
    machine.run("systemctl daemon-reload")


def hand_over_secret(machine):
    """Into a folder that the service's user cannot read."""
    put(machine, "/etc/edgeagent/secrets/hub", "hidden")
    machine.run("chmod 600 /etc/edgeagent/secrets/hub")


def runs(machine):
    machine.until("systemctl is-active edgeagent", "active")
    machine.until("systemctl show -p StatusText edgeagent", "1 devices")


@pytest.mark.parametrize("release", ["12", "13"])
def test_a_box_from_nothing_to_nothing(boot, release):
    with boot(release) as machine:
        pristine = files(machine)
        configured_box(machine, release)

        # Mistakes: named, and not tried again.
        put(machine, "/etc/edgeagent/edgeagent.toml", CONFIG)
        said = machine.run("systemctl start edgeagent; journalctl -u edgeagent -o cat", check=False)
        assert "secrets/hub was not handed over by systemd" in said
        assert machine.run("systemctl show --value -p ExecMainStatus edgeagent") == "78"
        assert restarts(machine) == 0

        hand_over_secret(machine)
        machine.run("edgeagent check --only config")
        machine.run("systemctl start edgeagent")
        runs(machine)
        machine.until(f"grep -c stored {LEDGER}", "")
        assert "edgeagent" in machine.run("stat -c '%U %a' /var/lib/edgeagent")
        assert machine.run("stat -c %a /var/lib/edgeagent") == "700"

        if release == "13":  # the older one cannot say
            machine.run("udevadm verify /usr/lib/udev/rules.d/70-edgeagent-serial.rules")
        reloaded(machine)
        hung_and_killed(machine)
        other_versions(machine, release)
        gone(machine, pristine)


def reloaded(machine):
    """With the programs of a bare Debian: it has no /bin/kill."""
    machine.run("echo '# seen' >> /etc/edgeagent/edgeagent.toml && systemctl reload edgeagent")
    machine.until("journalctl -u edgeagent -o cat", "Reload")
    runs(machine)
    assert restarts(machine) == 0


def hung_and_killed(machine):
    machine.run("systemctl kill -s KILL edgeagent")
    machine.until("systemctl show --value -p NRestarts edgeagent", "1")
    runs(machine)
    nothing_lost(machine)

    machine.run(f'systemd-run --unit=hold python3 -c "{HOLD}"')
    machine.until("test -e /run/held")
    machine.until("systemctl show --value -p NRestarts edgeagent", "2")
    machine.run("systemctl stop hold")
    runs(machine)
    said = machine.run("journalctl -u edgeagent -o cat")
    assert "Watchdog timeout" in said
    assert "Fatal Python error: Aborted" in said  # and where every thread stood
    nothing_lost(machine)
    machine.run("sleep 5")  # more than twice the watchdog's patience, without a hub
    assert restarts(machine) == 2


def other_versions(machine, release):
    """Forth and back, with events that no hub has taken."""
    machine.run("echo '# mine' >> /etc/default/edgeagent")
    for version in (NEW, OLD):
        before = machine.run("systemctl show --value -p MainPID edgeagent")
        had = nothing_lost(machine)
        install(machine, "edgeagent", release, version)
        assert machine.run("dpkg-query -W -f='${Version}' edgeagent").startswith(version + "-1")
        runs(machine)
        assert machine.run("systemctl show --value -p MainPID edgeagent") != before
        assert had <= nothing_lost(machine)
        assert "# mine" in machine.run("cat /etc/default/edgeagent")
    assert machine.run("dpkg --verify edgeagent | grep -v '^..5.* c '", check=False) == ""


def gone(machine, pristine):
    machine.run("dpkg --remove edgeagent 2>&1")
    assert machine.run("systemctl is-active edgeagent", check=False) == "inactive"
    machine.run("test -e /etc/edgeagent/edgeagent.toml && test -e /var/lib/edgeagent/outbox.db")
    assert machine.run("ls /usr/lib/edgeagent", check=False).startswith("ls: cannot access")
    machine.run("dpkg --purge edgeagent 2>&1")
    machine.run("rm -rf /usr/local/lib/edgeagent")
    assert files(machine) - pristine == set()
    assert machine.run("getent passwd edgeagent; getent group edgeagent", check=False) == ""
    assert "edgeagent" not in machine.run("cat /etc/group /etc/passwd /etc/shadow /etc/gshadow")


@pytest.mark.parametrize("release", ["12", "13"])
def test_box_and_hub_from_packages(boot, release):
    """Events reach the hub's database, also those from before it was there; pictures pass a child in the sandbox."""
    from tests.jpegs import large_jpeg

    with boot(release) as machine:
        pristine = files(machine)
        configured_box(machine, release)
        install(machine, "edgeagent-vision", release)
        serve_picture(machine, large_jpeg(2000, 1200))
        config = CONFIG.replace("every_ms = 20", "every_ms = 20\nuntil = 50") + GATE
        put(machine, "/etc/edgeagent/edgeagent.toml", config)
        hand_over_secret(machine)
        machine.run("systemctl start edgeagent")
        machine.until("systemctl show -p StatusText edgeagent", "2 devices")
        put(machine, "/run/snapshot.py", SNAPSHOT)
        assert '"ok":true' in machine.run("python3 /run/snapshot.py")
        # Within the sandbox, too, the picture process is the first to end where memory is short, and the agent is not.
        assert sorted(machine.run(SCORES).split()) == ["0", "1000"]
        machine.until(f"grep -c '^stored' {LEDGER}", "50")

        install(machine, "countyhub", release)
        put(machine, "/etc/countyhub/countyhub.toml", f'county = "{BOX[:6]}"\nlanguage = "en"\n')
        put(machine, "/run/systemd/system/countyhub.service.d/quick.conf", DROP_IN)
        machine.run("systemctl daemon-reload; systemctl start mosquitto countyhub")
        put(machine, "/run/count.py", COUNT)
        machine.until("python3 /run/count.py", "alarms 50 pictures 1")
        machine.run("sleep 5")
        assert machine.run("systemctl show --value -p NRestarts countyhub") == "0"
        said = machine.run("systemctl stop edgeagent; edgeagent check --language en; true")
        assert "systemctl start edgeagent" in said
        assert "gate" in said
        assert "its driver failed" not in said
        assert machine.run("find /var/lib/edgeagent ! -user edgeagent") == ""  # we are root, and tried its drivers

        nightly_backup(machine)
        install(machine, "countyhub", release, NEW)
        assert machine.run("systemctl is-active countyhub-backup.timer") == "active"
        assert "BACKUP_KEEP=2" in machine.run("cat /etc/default/countyhub-backup")
        machine.until("systemctl show -p StatusText countyhub", "county")
        machine.run("systemctl kill -s KILL countyhub")
        machine.until("systemctl show --value -p NRestarts countyhub", "1")
        machine.until("systemctl show -p StatusText countyhub", "county")
        install(machine, "countyhub", release, OLD)
        machine.until("systemctl show -p StatusText countyhub", "county")
        machine.run("dpkg --purge edgeagent-vision edgeagent countyhub 2>&1; systemctl stop mosquitto")
        machine.run("rm -rf /usr/local/lib/edgeagent")
        assert len(machine.run("ls /var/backups/countyhub").split()) == 2, "backups outlive the program"
        machine.run("rm -r /var/backups/countyhub")
        assert {path for path in files(machine) - pristine if "mosquitto" not in path} == set()


def nightly_backup(machine):
    """Off until somebody wants it; then as the service, in its sandbox; what goes wrong costs no older one."""
    look = "countyhub check --only backup --language en"
    assert machine.run("systemctl is-enabled countyhub-backup.timer", check=False) == "disabled"
    assert "enable --now countyhub-backup.timer" in machine.run(look, check=False)
    machine.run("sed -i s/KEEP=.*/KEEP=2/ /etc/default/countyhub-backup")
    machine.run("systemctl enable --now countyhub-backup.timer")
    assert "countyhub-backup.service" in machine.run("systemctl list-timers --no-pager countyhub-backup.timer")
    for _ in range(3):
        machine.run("systemctl start countyhub-backup && sleep 1")
    made = machine.run("cd /var/backups/countyhub && stat -c '%U %a %n' hub-*.backup").splitlines()
    assert [line.rpartition(" ")[0] for line in made] == ["countyhub 600"] * 2
    assert "the last backup" in machine.run(look)
    assert "图片 1 张" in machine.run("journalctl -u countyhub-backup -o cat")

    machine.run("sed -i s,FOLDER=.*,FOLDER=/srv/disk, /etc/default/countyhub-backup")
    machine.run("! systemctl start countyhub-backup")
    assert "备份磁盘" in machine.run("journalctl -u countyhub-backup -o cat")
    machine.run("systemctl stop countyhub-backup; install -d -m 700 -o countyhub -g countyhub /srv/disk")
    machine.run("systemctl start countyhub-backup && ls /srv/disk/hub-*.backup && rm -r /srv/disk")
    machine.run("sed -i s,FOLDER=.*,FOLDER=/var/backups/countyhub, /etc/default/countyhub-backup")


def serve_picture(machine, jpeg):
    """A camera: one address, one picture."""
    (machine.shared / "gate.jpg").write_bytes(jpeg)
    machine.run("mkdir -p /run/web && cp /mnt/gate.jpg /run/web/")
    machine.run("systemd-run --unit=camera python3 -u -m http.server -d /run/web -b 127.0.0.1 8099")
    machine.until("journalctl -u camera -o cat", "Serving HTTP")
