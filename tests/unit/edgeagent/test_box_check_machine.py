"""What `edgeagent check` says of the box itself, each fault with a real cause."""

import os
import pty
import subprocess
import sys
import textwrap
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edgeagent.checks import catalogue, disk, tlsfaults
from edgeagent.cli import checkargs
from gridwire.problem import declared
from gridwire.verdict import Fault
from tests.checking import STRANGER, faults, file_of, lines, scene, written
from tests.smalldisk import becomes_read_only, small_disk

ROOT = Path(__file__).resolve().parents[3]
ONVIF = '[device.{id}]\ndriver = "onvif"\naddress = "{address}"\n'


def test_the_names_on_the_command_line_are_those_of_the_checks():
    assert tuple(check.name for check in catalogue.CHECKS) == checkargs.CHECKS


def test_every_fault_belongs_to_a_check_and_has_both_languages():
    listed = {fault for check in catalogue.CHECKS for fault in check.faults}
    ours = {fault for fault in declared(Fault) if fault.__module__.startswith("edgeagent.")}
    assert ours <= listed | {Fault}
    for fault in ours | set(tlsfaults.FAULTS):
        assert fault.level in ("warn", "fail")
        assert fault.en
        assert any("一" <= char <= "鿿" for char in fault.zh) or fault.zh.startswith("{")


# -- files -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def open_way(tmp_path):
    """The folders of a test are its user's alone."""
    closed = [path for path in (tmp_path, *tmp_path.parents) if path.stat().st_uid == os.geteuid()]
    before = {path: path.stat().st_mode for path in closed if not path.stat().st_mode & 0o001}
    for path, bits in before.items():
        path.chmod(bits | 0o001)
    yield tmp_path
    for path, bits in before.items():
        path.chmod(bits)


def test_a_file_that_the_service_cannot_read(open_way):
    seen = scene(open_way)._replace(account=STRANGER)
    assert not [line for line in faults("permissions", seen) if "unreadable" in line]
    file = seen.loaded.files[0]
    file.chmod(0o600)
    told = faults("permissions", seen)["check.file-unreadable"]
    assert told.level == "fail"
    assert f"chgrp edgeagent {file}" in told.en
    assert str(file) in told.zh


def test_a_folder_that_the_service_may_not_enter(open_way):
    inner = open_way / "etc"
    seen = scene(inner)._replace(account=STRANGER)
    inner.chmod(0o700)
    assert f"chmod o+x {inner}" in faults("permissions", seen)["check.folder-closed"].en


def test_a_secret_outside_the_folder_that_systemd_hands_over(open_way):
    secret = open_way / "camera-password"
    secret.write_text("secret-1234\n")
    secret.chmod(0o600)
    text = ONVIF.format(id="gate", address="192.0.2.1") + 'username = "admin"\npassword = "file:camera-password"\n'
    seen = scene(open_way, text)._replace(account=STRANGER)
    told = faults("permissions", seen)["check.secret-closed"]
    assert f"move it to {open_way / 'secrets'}" in told.en
    assert f"chown edgeagent {secret}" in told.zh
    assert "secret-1234" not in told.en


def test_what_lies_in_secrets_is_handed_over(open_way):
    (open_way / "secrets").mkdir(mode=0o700)
    secret = open_way / "secrets" / "cameras"
    secret.write_text("secret-1234\n")
    secret.chmod(0o600)
    text = ONVIF.format(id="gate", address="192.0.2.1") + 'username = "admin"\npassword = "file:secrets/cameras"\n'
    assert not faults("permissions", scene(open_way, text)._replace(account=STRANGER))


def test_a_configuration_that_everybody_can_change(open_way):
    seen = scene(open_way)
    seen.loaded.files[0].chmod(0o666)
    told = faults("permissions", seen)["check.file-writable"]
    assert told.level == "warn"
    assert "chmod go-w" in told.zh


def test_a_store_of_somebody_else(open_way):
    seen = scene(open_way)._replace(account=STRANGER)
    seen.store.mkdir(mode=0o755)
    assert "chown -R edgeagent:" in faults("permissions", seen)["check.store-closed"].en


# -- package ---------------------------------------------------------------------------------------------------------


def in_python(code: str, *path: Path) -> str:
    """What the check of the package says in a Python with these folders in front."""
    places = [*map(str, path), str(ROOT)]
    script = f"import sys\nsys.path[:0] = {places!r}\n" + textwrap.dedent(code)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 0, done.stderr
    return done.stdout


LOOK = """
from edgeagent.checks import package
for line in package.CHECK.look(None):
    print(line.level, line.code, line.en)
"""


def test_our_own_packages_are_found():
    assert in_python(LOOK).startswith("pass")


def test_another_package_of_the_name_drivers_hides_ours(tmp_path):
    file_of(tmp_path, "drivers/__init__.py", "")
    file_of(tmp_path, "printers-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: printers\nVersion: 1.0\n")
    file_of(tmp_path, "printers-1.0.dist-info/top_level.txt", "drivers\n")
    said = in_python(LOOK, tmp_path)
    assert "fail check.package-hidden" in said
    assert "pip uninstall printers" in said


def test_another_package_that_writes_into_ours(tmp_path):
    file_of(tmp_path, "printers-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: printers\nVersion: 1.0\n")
    file_of(tmp_path, "printers-1.0.dist-info/top_level.txt", "drivers\n")
    assert "warn check.package-shared" in in_python(LOOK, tmp_path)


# -- clock -----------------------------------------------------------------------------------------------------------


def test_a_clock_of_1970(tmp_path):
    seen = scene(tmp_path)._replace(now=datetime(1970, 1, 1, 0, 3, tzinfo=UTC))
    told = faults("clock", seen)
    assert list(told) == ["check.clock-impossible"]
    assert "timedatectl set-time" in told["check.clock-impossible"].zh


def test_no_battery_clock_and_an_empty_one(tmp_path):
    seen = scene(tmp_path)
    assert "check.clock-no-battery" in faults("clock", seen)
    rtc = file_of(seen.root, "sys/class/rtc/rtc0/since_epoch", "946684800\n")
    told = faults("clock", seen)["check.clock-battery-empty"]
    assert "2000-01-01" in told.en
    assert "CR2032" in told.zh
    rtc.write_text(f"{int(seen.now.timestamp())}\n")
    assert not {"check.clock-battery-empty", "check.clock-no-battery"} & faults("clock", seen).keys()


# -- disk, flash, memory ---------------------------------------------------------------------------------------------


@pytest.mark.root
def test_a_full_disk_that_forgets_and_is_read_only(tmp_path):
    with small_disk(tmp_path / "store", 8) as folder:
        seen = scene(tmp_path)._replace(root=Path("/"))
        told = faults("disk", seen)
        assert told["check.disk-fleeting"].level == "warn"
        assert "store.dir" in told["check.disk-fleeting"].en
        assert "journalctl --vacuum-size" in told["check.disk-full"].zh
        becomes_read_only(folder)
        assert "remount,rw" in faults("disk", seen)["check.disk-read-only"].en


def test_quotas_that_do_not_fit(tmp_path):
    text = "max_mb = 65536\npictures_max_mb = 1048576\n"
    told = faults("disk", scene(tmp_path, text))["check.disk-quota"]
    assert "store.pictures_max_mb" in told.en


def test_kinds_of_file_systems_are_read_from_the_kernels_table(tmp_path):
    table = file_of(
        tmp_path,
        "mountinfo",
        "22 1 179:2 / / rw - ext4 /dev/root rw\n30 22 0:5 / /mnt/usb\\040stick rw - vfat /dev/sda1 rw\n",
    )
    assert disk.mounted(Path("/var/lib/edgeagent"), table) == ("/", "ext4")
    assert disk.mounted(Path("/mnt/usb stick/store"), table) == ("/mnt/usb stick", "vfat")


def test_a_stick_on_which_a_power_cut_ruins_the_outbox(tmp_path):
    seen = scene(tmp_path)
    row = f"30 22 0:5 / {str(tmp_path).replace(' ', chr(92) + '040')} rw - vfat /dev/sda1 rw\n"
    file_of(seen.root, "proc/self/mountinfo", row)
    assert "ext4" in faults("disk", seen)["check.disk-unfit"].zh


@pytest.mark.parametrize(
    ("life", "spare", "code", "level"),
    [
        ("0x01 0x03", "0x01", "", "pass"),
        ("0x0a 0x02", "0x01", "check.flash-worn", "warn"),
        ("0x01 0x01", "0x02", "check.flash-worn", "warn"),
        ("0x0b 0x0b", "0x01", "check.flash-worn-out", "fail"),
        ("0x01 0x01", "0x03", "check.flash-worn-out", "fail"),
        ("rubbish", "", "", "pass"),
    ],
)
def test_wear_of_the_emmc(tmp_path, life, spare, code, level):
    seen = scene(tmp_path)
    file_of(seen.root, "sys/block/mmcblk0/device/life_time", life)
    file_of(seen.root, "sys/block/mmcblk0/device/pre_eol_info", spare)
    (line,) = lines("flash", seen)
    assert (line.level, line.code) == (level, code)


def test_memory_that_runs_short(tmp_path):
    seen = scene(tmp_path)
    file_of(seen.root, "proc/meminfo", "MemTotal:  512000 kB\nMemAvailable:  20480 kB\n")
    group = "sys/fs/cgroup/edgeagent.slice/edgeagent.service"
    for name, text in {"memory.current": "415000000", "memory.max": "419430400", "memory.events": "oom_kill 2"}.items():
        file_of(seen.root, f"{group}/{name}", text)
    told = faults("memory", seen)
    assert set(told) == {"check.memory-short", "check.memory-limit", "check.memory-killed"}
    assert "400 MiB" in told["check.memory-limit"].zh
    assert "MemoryMax" in told["check.memory-limit"].en


def test_memory_that_is_enough(tmp_path):
    seen = scene(tmp_path)
    file_of(seen.root, "proc/meminfo", "MemTotal:  512000 kB\nMemAvailable:  204800 kB\n")
    file_of(seen.root, "sys/fs/cgroup/edgeagent.slice/edgeagent.service/memory.max", "max")
    (line,) = lines("memory", seen)
    assert (line.level, line.en) == ("pass", "200 of 500 MiB free")


# -- devices' addresses and ports ------------------------------------------------------------------------------------


def test_two_cameras_with_one_address(tmp_path):
    text = "".join(
        ONVIF.format(id=name, address=address)
        for name, address in (("a", "192.0.2.7"), ("b", "http://192.0.2.7:80/onvif"), ("c", "192.0.2.8"))
    )
    told = faults("addresses", scene(tmp_path, text))["check.address-twice"]
    assert "a, b have one address (192.0.2.7:80)" in told.en


def terminal(folder: Path, *ports: str) -> str:
    key = folder / "village-key"
    key.write_text("k1:" + "00" * 32 + "\n")
    key.chmod(0o600)
    parts = "".join(
        f'[[device.desk.part]]\nprotocol = "line"\nname = "p{n}"\nport = "{p}"\n' for n, p in enumerate(ports)
    )
    return f'[device.desk]\ndriver = "terminal"\nkey_file = "{key}"\n{parts}'


@pytest.fixture
def line():
    """A serial line of our own: its leader, and the name of its device."""
    leader, follower = pty.openpty()
    name = os.ttyname(follower)
    os.close(follower)
    yield leader, name
    os.close(leader)


def real(seen):
    return seen._replace(root=Path("/"))


def test_a_port_that_is_there(tmp_path, line):
    tmp_path.mkdir(exist_ok=True)
    (told,) = lines("serial", real(scene(tmp_path, terminal(tmp_path, line[1]))))
    assert (told.level, told.subject) == ("pass", line[1])


def test_a_port_that_is_not_there_and_one_that_is_none(tmp_path):
    seen = scene(tmp_path, terminal(tmp_path, "/dev/ttyUSB7", str(tmp_path / "edgeagent.toml")))
    (seen.root / "dev").mkdir()
    told = faults("serial", seen)
    assert "edgeagent terminal --ports" in told["check.serial-missing"].en
    assert "check.serial-no-port" in faults("serial", real(seen))


def test_a_port_that_another_program_has_open(tmp_path, line):
    code = "import os, sys; os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY); print(1, flush=True); sys.stdin.read()"
    other = subprocess.Popen(
        [sys.executable, "-c", code, line[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with closing(other.stdout):
        other.stdout.readline()
        told = faults("serial", real(scene(tmp_path, terminal(tmp_path, line[1]))))["check.serial-taken"]
        other.communicate("")
    assert f"({other.pid})" in told.en
    assert "systemctl disable --now" in told.zh


def test_a_port_that_the_service_may_not_open(tmp_path, line):
    os.chmod(line[1], 0o600)
    seen = real(scene(tmp_path, terminal(tmp_path, line[1])))._replace(account=STRANGER)
    assert "usermod -aG" in faults("serial", seen)["check.serial-closed"].en


def test_a_name_that_moves_and_a_port_for_two(tmp_path, line):
    seen = scene(
        tmp_path, terminal(tmp_path, "/dev/ttyUSB0") + terminal(tmp_path, "/dev/ttyUSB0").replace("desk", "bar")
    )
    by_id = seen.root / "dev/serial/by-id"
    by_id.mkdir(parents=True)
    (seen.root / "dev/ttyUSB0").symlink_to(line[1])
    (by_id / "usb-FTDI-port0").symlink_to(line[1])
    told = faults("serial", seen)
    assert "write /dev/serial/by-id/usb-FTDI-port0" in told["check.serial-moving-name"].en
    assert "desk, bar" in told["check.serial-twice"].en


# -- the whole command -----------------------------------------------------------------------------------------------


def test_only_and_offline_and_json(tmp_path, capsys):
    import json

    from edgeagent.cli import main

    file = written(tmp_path)
    assert main(["check", "--config", str(file), "--only", "addresses", "--only", "data", "--language", "zh"]) == 0
    out = capsys.readouterr().out
    assert [line.split()[1] for line in out.splitlines()[:-1]] == ["data", "addresses"]
    assert out.splitlines()[-1] == "故障 0 项，注意 0 项，正常 2 项"
    assert main(["check", "--config", str(file), "--only", "tcp", "--json"]) == 78
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"] is False
    assert [(each["check"], each["level"], each["code"]) for each in answer["checks"]] == [
        ("tcp", "fail", "check.tcp-closed")
    ]
    assert main(["check", "--config", str(file), "--only", "tcp", "--offline"]) == 0
    assert main(["check", "--config", str(file), "--user", "nobody-of-this-name"]) == 2


def test_time_of_day_is_no_matter_for_a_certificate_that_is_not_there(tmp_path):
    seen = scene(tmp_path)._replace(now=datetime.now(UTC) + timedelta(days=4000))
    assert not faults("certificate", seen)
