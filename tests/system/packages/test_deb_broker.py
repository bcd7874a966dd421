"""Hub and box from packages, with certificates: revoked within seconds, renewed within the sandbox, mistakes undone."""

from __future__ import annotations

import shutil
import time

import pytest

from tests import debs, nspawn
from tests.debs import install, put
from tests.hubs import ROOT
from tests.instances import BOX

pytestmark = [
    pytest.mark.slow,
    pytest.mark.root,
    pytest.mark.timeout(900),
    pytest.mark.skipif(bool(nspawn.missing()), reason=nspawn.missing()),
]

HUB = f"""county = "{BOX[:6]}"
language = "en"
[enrol]
names = ["127.0.0.1"]
"""
EMITTER = """language = "en"
[hub]
backoff_max_s = 1
[device.emitter]
driver = "emitter"
ledger = "/var/lib/edgeagent/told"
workers = { alarm = 1 }
every_ms = 200
"""
QUICK = "[Service]\nRestartSec=1\nEnvironment=EDGEAGENT_RENEW_FIRST_S=1\n"
"""What would take a minute, in a second."""
BY_HAND = (
    "countyhub broker-config --out /etc/mosquitto/countyhub --include /etc/mosquitto/conf.d --apply mosquitto.service"
)
COUNT = """
import sqlite3
hub = sqlite3.connect("/var/lib/countyhub/hub.db", timeout=20)
print(hub.execute("SELECT count(*) FROM event WHERE lane = 'alarm'").fetchone()[0])
"""
AGED = """
import sys
sys.path += ["/usr/lib/countyhub/site"]
import asyncio, json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from countyhub import configfile
from countyhub.ca import certificates, renewal
from countyhub.ca.authority import Authority
from countyhub.ca.enrolment import Registrar
from countyhub.store.engine import locate, open_reader
async def main():
    config = configfile.load(Path("/etc/countyhub/countyhub.toml"))
    given = datetime.now(UTC) - timedelta(days=config.enrol.box_days) + timedelta(seconds=LEFT_S)
    key, store = certificates.new_key(), await open_reader(locate(config))
    async with store.write() as connection:
        registrar = Registrar(Authority.open(renewal.ca_folder(config)), config)
        made = await registrar.issue(connection, "BOX", key.public_key(), given)
    await store.close()
    folder = Path("/var/lib/edgeagent/identity")
    (folder / "identity.pem").write_bytes(certificates.pem(made) + certificates.key_pem(key))
    record = json.loads((folder / "enrolled.json").read_bytes())
    record["renew_from"], record["expires"] = (each.isoformat() for each in (given, made.not_valid_after_utc))
    (folder / "enrolled.json").write_text(json.dumps(record))
asyncio.run(main())
"""
"""As if the box had got its certificate a year ago: it ends in so many seconds."""
LEFT_S = 25
PEM = "/var/lib/edgeagent/identity/identity.pem"
ENDS = f"openssl x509 -noout -enddate -in {PEM}"


@pytest.fixture(params=["12", "13"])
def county(request, tmp_path):
    """A machine with hub and broker, set up as docs/identity.md says, and an enrolled box."""
    release = request.param
    folder = debs.built("edgeagent", "countyhub")
    for name in ("edgeagent", "countyhub"):
        (tmp_path / debs.file_name(name, release)).hardlink_to(folder / debs.file_name(name, release))
    shutil.copytree(ROOT / "tests" / "drivers_for_tests", tmp_path / "drivers")
    try:
        machine = nspawn.Machine(nspawn.root_of(release), tmp_path).__enter__()
    except nspawn.NoMachine as why:
        pytest.skip(str(why))
    try:
        set_up(machine, release)
        yield machine
    finally:
        print(
            machine.run("journalctl -u 'countyhub*' -u mosquitto -u edgeagent -o short-precise | tail -60", check=False)
        )
        machine.__exit__()


def set_up(machine, release):
    install(machine, "countyhub", release)
    put(machine, "/etc/countyhub/countyhub.toml", HUB)
    for unit in ("countyhub-broker", "edgeagent"):
        put(machine, f"/run/systemd/system/{unit}.service.d/quick.conf", QUICK)
    machine.run("systemctl daemon-reload; systemctl start mosquitto")
    assert machine.run("systemctl is-enabled countyhub-broker.path") == "enabled"
    machine.run("countyhub ca init")
    machine.until("systemctl show --value -p Result countyhub-broker", "success")
    machine.until("test ! -e /var/lib/countyhub/broker/changed && echo gone", "gone")
    assert machine.run("ls /etc/mosquitto/conf.d") == "README", "nothing is done before a person has said so"
    said = machine.run(BY_HAND)
    machine.run("cat >> /etc/countyhub/countyhub.toml <<'END'\n" + said[said.index("[broker]") :] + "\nEND")
    machine.run("systemctl start countyhub")
    machine.until("systemctl show -p StatusText countyhub", "county")
    install(machine, "edgeagent", release)
    machine.run("mkdir -p /usr/local/lib/edgeagent && cp -r /mnt/drivers/* /usr/local/lib/edgeagent/")
    machine.run(f"countyhub box add {BOX} --out /run/stick && edgeagent enroll --token-file /run/stick/{BOX}.enrol")
    put(machine, "/etc/edgeagent/edgeagent.toml", EMITTER)
    put(machine, "/run/count.py", COUNT)


def arrived(machine):
    return int(machine.run("python3 /run/count.py"))


def more_arrive(machine):
    before = arrived(machine)
    machine.until(f"test $(python3 /run/count.py) -gt {before + 3} && echo more", "more")


def broker_pid(machine):
    return machine.run("systemctl show --value -p MainPID mosquitto")


def test_revoked_within_seconds_and_what_is_wrong_never_replaces_what_works(county, counted):
    county.run("systemctl start edgeagent")
    county.until("edgeagent status", "connected")
    more_arrive(county)
    mistakes_replace_nothing(county)
    begun_and_cut_off_is_done(county)
    many_changes_at_once(county)
    more_arrive(county)
    revoked(county, counted)
    county.run("dpkg --purge countyhub 2>&1")
    assert "countyhub" not in county.run(
        "find /etc/mosquitto /var/lib/countyhub /usr/lib/systemd 2>/dev/null", check=False
    )


def mistakes_replace_nothing(machine):
    pid, before = broker_pid(machine), machine.run("sha256sum /etc/mosquitto/countyhub/*")
    machine.run(
        "head -c 100 /var/lib/countyhub/broker/crl.pem > /run/torn; cat /run/torn > /var/lib/countyhub/broker/crl.pem"
    )
    machine.run("touch /var/lib/countyhub/broker/changed")
    machine.until("journalctl -u countyhub-broker -o cat", "ca.broker-refuses")
    assert machine.run("sha256sum /etc/mosquitto/countyhub/*") == before
    machine.run("countyhub ca renew")  # makes the list anew; the service, trying again, goes on by itself
    machine.until("systemctl show --value -p ActiveState countyhub-broker", "inactive")
    assert machine.run("sha256sum /etc/mosquitto/countyhub/*") != before
    assert broker_pid(machine) == pid, "nobody was thrown out"

    machine.run("systemd-run --unit=squatter python3 -u -m http.server 9999")
    machine.until("journalctl -u squatter -o cat", "Serving HTTP")
    machine.run("sed -i 's/^names/broker_port = 9999\\nnames/' /etc/countyhub/countyhub.toml")
    before = machine.run("sha256sum /etc/mosquitto/conf.d/countyhub.conf")
    machine.run("touch /var/lib/countyhub/broker/changed")
    machine.until("journalctl -u countyhub-broker -o cat", "已恢复原来的文件")
    machine.until("systemctl show --value -p ExecMainStatus countyhub-broker", "3")
    assert machine.run("sha256sum /etc/mosquitto/conf.d/countyhub.conf") == before
    machine.until("systemctl is-active mosquitto", "active")
    machine.run("sed -i /broker_port/d /etc/countyhub/countyhub.toml; systemctl stop squatter")
    assert machine.run("systemctl is-active countyhub-broker.path") == "active"


def begun_and_cut_off_is_done(machine):
    """As after a power cut between the files and the order to read them."""
    pid = broker_pid(machine)
    machine.run("echo restart > /etc/mosquitto/countyhub/.pending")
    machine.until("test ! -e /etc/mosquitto/countyhub/.pending && echo done", "done")
    machine.until("systemctl is-active mosquitto", "active")
    assert broker_pid(machine) != pid


def many_changes_at_once(machine):
    """More starts than systemd allows by default; and one while the service runs is not overlooked."""
    machine.run("for i in 1 2 3 4 5 6 7 8; do touch /var/lib/countyhub/broker/changed; "
                "while test -e /var/lib/countyhub/broker/changed; do sleep 0.02; done; done")  # fmt: skip
    machine.until("systemctl show --value -p ActiveState countyhub-broker", "inactive")
    assert machine.run("systemctl is-active countyhub-broker.path") == "active"
    assert machine.run("test -e /var/lib/countyhub/broker/changed || echo none") == "none"


def revoked(machine, counted):
    pid, begun = broker_pid(machine), time.monotonic()
    said = machine.run(f"countyhub box revoke {BOX} --reason stolen --language en")
    counted(f"countyhub box revoke: {time.monotonic() - begun:.1f} s")
    assert "session ended" in said
    assert "the broker refuses it from now on" in said
    machine.until("edgeagent status", "does not accept our certificate")
    assert "Not connected to the hub" in machine.run("edgeagent status", check=False)
    before, lines = arrived(machine), "grep -c 'verify failed' /var/log/mosquitto/mosquitto.log"
    tries = int(machine.run(lines))
    machine.run("systemctl restart edgeagent")  # who has stolen it tries again, and from the beginning
    machine.until(f"test $({lines}) -gt {tries} && echo again", "again")
    machine.until("edgeagent status", "does not accept our certificate")
    assert arrived(machine) == before
    assert broker_pid(machine) == pid, "the other boxes' sessions stand"


def test_a_certificate_is_renewed_within_the_units_sandbox_and_used(county):
    """The old one ends while the agent runs: who then comes in anew shows the new one."""
    script = AGED.replace("LEFT_S", str(LEFT_S)).replace("BOX", BOX)
    put(county, "/run/aged.py", script)
    county.run("/usr/bin/python3 -IS /run/aged.py")
    old = county.run(ENDS)
    county.run("systemctl start edgeagent")
    county.until("journalctl -u edgeagent -o cat", "certificate was renewed")
    assert county.run(ENDS) != old
    assert county.run(f"stat -c '%U %a' {PEM}") == "edgeagent 600"
    assert "ProtectSystem=strict" in county.run("systemctl show -p ProtectSystem edgeagent")
    county.until(f"openssl x509 -noout -checkend {300 * 86400} -in {PEM} && echo long", "long")
    county.run(f"sleep {LEFT_S}")
    county.run("systemctl restart mosquitto")
    county.until("edgeagent status", "connected")
    more_arrive(county)
