"""The units: closed enough, understood by systemd, and as the code expects them. Needs no running systemd."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from tests.hubs import ROOT

SYSTEMD = ROOT / "systemd"
EXPOSURE = {
    "edgeagent.service": 1.3,
    "countyhub.service": 1.5,
    "countyhub-ingest@.service": 1.5,
    "countyhub-broker.service": 1.5,
    "countyhub-backup.service": 1.5,
}
BROKER, BACKUP = "countyhub-broker.service", "countyhub-backup.service"
SERVICES = sorted(EXPOSURE.keys() - {BROKER, BACKUP})
"""Those that run for ever."""

needs_analyze = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is missing: apt-get install systemd"
)


def settings(name):
    """Key -> values, in order, of a unit."""
    found = {}
    for line in (SYSTEMD / name).read_text(encoding="utf-8").splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


def analyze(*words):
    return subprocess.run(
        ["systemd-analyze", "--no-pager", *words], capture_output=True, text=True, timeout=60, check=False
    )


@needs_analyze
@pytest.mark.parametrize("unit", sorted(EXPOSURE))
def test_exposure_stays_low(unit):
    limit = EXPOSURE[unit]
    said = analyze("security", "--offline=true", f"--threshold={round(limit * 10)}", str(SYSTEMD / unit))
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", said.stdout)
    assert found, said.stdout + said.stderr
    assert said.returncode == 0, f"exposure {found[1]} is above {limit}"
    assert float(found[1]) <= limit


@needs_analyze
def test_systemd_has_nothing_to_say_against_them(tmp_path):
    """With a program that is there: ours are not installed."""
    for path in [*SYSTEMD.glob("*.s[el][ri]*"), *SYSTEMD.glob("*.path"), *SYSTEMD.glob("*.timer")]:
        text = re.sub(r"/usr/bin/(edgeagent|countyhub)\b", "/bin/true", path.read_text(encoding="utf-8"))
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    named = (*SERVICES, BROKER, BACKUP, "countyhub-broker.path", "countyhub-backup.timer")
    units = [str(tmp_path / name.replace("@.", "@1.")) for name in named]
    (tmp_path / "countyhub-ingest@1.service").symlink_to("countyhub-ingest@.service")
    said = analyze("verify", "--man=no", *units)
    ours = [line for line in said.stderr.splitlines() if re.search(r"edgeagent|countyhub", line)]
    assert ours == []


@pytest.mark.parametrize("unit", SERVICES)
def test_a_service_is_watched_and_never_given_up(unit):
    found = settings(unit)
    assert (found["Type"], found["Restart"], found["StartLimitIntervalSec"]) == (["notify"], ["always"], ["0"])
    assert found["RestartPreventExitStatus"] == ["78"]
    assert found["WatchdogSec"]
    assert any("time-set.target" in value for value in found["After"])
    name = found["User"][0]
    assert found["LoadCredential"] == [f"sec:/etc/{name}/secrets"], "the folder: a missing file must not end the start"
    assert found["SystemCallErrorNumber"] == ["EPERM"]
    assert "ProcSubset" not in found, "the boot id is read from /proc/sys"


def test_both_kinds_of_the_hub_are_closed_alike():
    hub, worker = settings("countyhub.service"), settings("countyhub-ingest@.service")
    own = {"Description", "After", "PartOf", "ExecStart", "WantedBy"}
    assert {key: value for key, value in hub.items() if key not in own} == {
        key: value for key, value in worker.items() if key not in own
    }


def test_serial_ports_may_come_later():
    """By number too: systemd resolves names once, at the start, when no adapter may have been plugged in yet."""
    allowed = settings("edgeagent.service")["DeviceAllow"]
    assert {"char-ttyUSB rw", "char-188 rw", "char-ttyACM rw", "char-166 rw", "char-ttyS rw"} <= set(allowed)
    assert settings("edgeagent.service")["DevicePolicy"] == ["closed"]


@pytest.mark.parametrize("name", ["edgeagent", "countyhub"])
def test_names_agree(name):
    assert f"u {name} - " in (SYSTEMD / f"{name}.sysusers").read_text(encoding="utf-8")
    assert f"d /etc/{name}/secrets 0700 root root" in (SYSTEMD / f"{name}.tmpfiles").read_text(encoding="utf-8")
    found = settings(f"{name}.service")
    assert found["StateDirectory"] == [name]
    assert found["Slice"] == [f"{name}.slice"]
    assert (SYSTEMD / f"{name}.slice").exists()
    assert found["ExecStart"][0].startswith(f"/usr/bin/{name} run ")


def test_what_tells_the_broker_is_started_as_the_code_expects():
    """Its command is one that the program takes; its files are those of the code; what is final is not tried again."""
    from countyhub.ca import brokerfiles, renewal
    from countyhub.cli import brokerapply, brokerconfig, parser

    found = settings(BROKER)
    args = parser().parse_args(found["ExecStart"][0].split()[1:])
    assert (args.again, args.apply, str(args.include)) == (True, "mosquitto.service", "/etc/mosquitto/conf.d")
    assert settings("countyhub-broker.path")["PathExists"] == [
        f"/var/lib/countyhub/broker/{renewal.STAMP_FILE}", f"{args.out}/{brokerapply.PENDING_FILE}",
    ]  # fmt: skip
    assert found["RestartPreventExitStatus"] == [str(brokerconfig.ROLLED_BACK)]
    assert found["StartLimitIntervalSec"] == ["0"], "else the sixth revocation in ten seconds would be the last"
    assert brokerfiles.CONF.endswith(".conf"), "or mosquitto does not include it"


def test_a_worker_leaves_the_console_to_the_hub():
    from countyhub.cli import parser

    (command,) = settings("countyhub-ingest@.service")["ExecStart"]
    args = parser().parse_args(command.replace("%i", "a").split()[1:])
    assert (args.worker, args.no_console) == ("a", True)


def test_the_nightly_backup_is_started_as_the_code_expects():
    """Its folder and number are those of the file that a person changes, and of the program where that is gone."""
    from countyhub.cli import parser, storeargs

    found, timer = settings(BACKUP), settings("countyhub-backup.timer")
    (default,) = found["Environment"]
    shown = (SYSTEMD / "countyhub-backup.default").read_text(encoding="utf-8")
    assert default.split() == [line for line in shown.splitlines() if line and line[0] != "#"]
    chosen = dict(each.split("=") for each in default.split())
    command = re.sub(r"\$\{(\w+)\}", lambda match: chosen[match[1]], found["ExecStart"][0])
    args = parser().parse_args(command.split()[1:])
    assert (args.file, str(args.into), args.keep) == (None, "/var/backups/countyhub", storeargs.KEPT)
    assert f"d {args.into} 0700 {found['User'][0]} " in (SYSTEMD / "countyhub.tmpfiles").read_text(encoding="utf-8")
    assert found["EnvironmentFile"][-1] == "-/etc/default/countyhub-backup", "the last one counts"
    (writable,) = found["ReadWritePaths"]
    assert all(folder.removeprefix("-") in shown for folder in writable.split())
    assert (found["Restart"], found["StartLimitIntervalSec"]) == (["on-failure"], ["0"]), "a person starts it, too"
    assert (timer["Persistent"], timer["WantedBy"]) == (["true"], ["timers.target"])
    assert timer["RandomizedDelaySec"]


def test_the_nightly_backup_is_closed_as_the_hub_is():
    hub, backup = settings("countyhub.service"), settings(BACKUP)
    words = r"Protect|Private|Restrict|System|Capability|NoNew|Lock|Memory|Remove"
    closing = {key for key in hub if re.match(words, key)} - {"RestartSec"}
    assert len(closing) > 20
    assert {key: backup.get(key) for key in closing} == {key: hub[key] for key in closing}
