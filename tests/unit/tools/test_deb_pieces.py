"""Pieces of the package builder: bytes that repeat, scripts that a shell reads, libraries that modules need."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "scripts"))

from deb.archive import File, deb
from deb.build import _conffiles, _system
from deb.components import components, sbom
from deb.elf import PACKAGE_OF, WrongMachine, depends, libraries
from deb.launcher import launcher
from deb.licences import licence_folder
from deb.scripts import scripts
from deb.target import COUNTYHUB, EDGEAGENT, PACKAGES, TARGETS
from deb.wheels import name_of, read

EPOCH_S = 1_750_000_000
TREE = {
    "usr/bin/program": File(b"#!/bin/sh\n", 0o755),
    "etc/program/secrets/": File(b"", 0o700),
    "usr/lib/program/link": File(b"", link="../program"),
    "usr/share/doc/program/" + "long/" * 40 + "name": File("中文".encode()),
}


def test_the_same_tree_gives_the_same_bytes_in_any_order():
    control = {"control": File(b"Package: program\n")}
    one = deb(control, TREE, EPOCH_S, 0)
    assert one == deb(control, dict(reversed(TREE.items())), EPOCH_S, 0)
    assert one != deb(control, TREE, EPOCH_S + 1, 0)


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="dpkg-deb is missing: this is no Debian")
def test_dpkg_reads_it(tmp_path):
    fields = "Package: program\nVersion: 1\nArchitecture: all\nMaintainer: nobody\nDescription: none\n"
    package = tmp_path / "program.deb"
    package.write_bytes(deb({"control": File(fields.encode())}, TREE, EPOCH_S, 6))
    packed = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        found = {member.name: member for member in tar}
    assert found["./etc/program/secrets"].mode == 0o700
    assert found["./usr/bin/program"].mode == 0o755
    assert found["./usr/lib/program/link"].linkname == "../program"
    assert "./usr/share/doc/program/" + "long/" * 40 + "name" in found
    assert {(member.uid, member.gid, member.mtime) for member in found.values()} == {(0, 0, EPOCH_S)}
    said = subprocess.run(["dpkg-deb", "--field", package, "Version"], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "1"


def test_what_a_compiled_module_needs_is_read_from_it():
    import msgspec._core as module

    data = Path(module.__file__).read_bytes()
    assert "libc.so.6" in libraries(data)
    assert set(libraries(data)) <= PACKAGE_OF.keys()
    here = {62: "amd64", 183: "arm64"}[int.from_bytes(data[18:20], "little")]
    other = ({"amd64", "arm64"} - {here}).pop()
    assert "libc6" in depends({"a.so": File(data)}, here)
    with pytest.raises(WrongMachine):
        depends({"a.so": File(data)}, other)


@pytest.mark.parametrize("name", PACKAGES)
def test_a_shell_reads_the_scripts(name, tmp_path):
    found = scripts(PACKAGES[name])
    assert set(found) == {"postinst", "prerm", "postrm"}
    for kind, file in found.items():
        script = tmp_path / kind
        script.write_bytes(file.data)
        subprocess.run(["sh", "-n", script], check=True)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: f"{target.debian}-{target.arch}")
def test_the_launcher_is_closed_to_its_surroundings(target):
    text = launcher(EDGEAGENT, target.python).decode()
    assert text.startswith("#!/usr/bin/python3 -IS\n")
    compile(text, "edgeagent", "exec")


def test_everything_that_a_person_changes_is_a_conffile():
    etc = {path for path in _system(EDGEAGENT) | _conffiles(EDGEAGENT) if path.startswith("etc/") and path[-1] != "/"}
    assert etc == {"etc/default/edgeagent"}
    assert _conffiles(EDGEAGENT)["etc/default/edgeagent"].mode == 0o600  # secrets may stand there


def test_the_nightly_backup_comes_with_the_hub_and_is_left_to_people():
    found = scripts(COUNTYHUB)
    tree = _system(COUNTYHUB) | _conffiles(COUNTYHUB)
    assert {"etc/default/countyhub", "etc/default/countyhub-backup"} <= tree.keys()
    assert {f"usr/lib/systemd/system/countyhub-backup.{kind}" for kind in ("service", "timer")} <= tree.keys()
    install, remove, purge = (found[kind].data.decode() for kind in ("postinst", "prerm", "postrm"))
    assert "update-state countyhub-backup.timer" in install
    assert not re.search(r"(enable|start) [^\n]*countyhub-backup", install)
    assert re.search(r"stop [^\n]*countyhub-backup.timer", remove)
    assert re.search(r"purge [^\n]*countyhub-backup.timer", purge)
    assert not re.search(r"rm -r?f [^\n]*/var/backups", purge), "backups outlive the program"


def test_what_stays_of_a_wheel(tmp_path):
    kept = ("part/__init__.py", "part-1.dist-info/METADATA", "part-1.dist-info/entry_points.txt", "wsdl/a.wsdl")
    dropped = ("bin/part", "part/__pycache__/x.pyc", "part/x.pyi", "part-1.dist-info/RECORD", "numpy/a/tests/t.py")
    lands = {"wsdl/a.wsdl": "lib/python3.11/site-packages/wsdl/a.wsdl"}
    for name in (*kept, *dropped, "part-1.dist-info/licenses/LICENSE"):
        path = tmp_path / lands.get(name, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    wanted, licences, _ = read(tmp_path)
    assert set(wanted) == set(kept)
    assert set(licences) == {"part-1.dist-info/licenses/LICENSE"}
    assert licence_folder("a_b.c-1.0.dist-info/licenses/x/LICENSE") == "a-b-c-1.0/x-LICENSE"


def test_the_bill_of_materials_names_each_part_with_its_licence():
    about = b"Metadata-Version: 2.4\nName: Some_Part\nVersion: 2\nLicense-Expression: MIT\n"
    tree = {"some_part-2.dist-info/METADATA": File(about), "some_part.libs/libx-1.so": File(b"")}
    locked = ["some-part==2 \\\n    --hash=sha256:" + "0" * 64]
    (part,) = components(tree, locked, {})
    assert (part.name, part.licence, part.bundled) == ("Some_Part", "MIT", ("libx-1.so",))
    first = sbom("edgeagent", "1", "arm64", [part], EPOCH_S)
    assert first == sbom("edgeagent", "1", "arm64", [part], EPOCH_S)
    assert b"pkg:pypi/some-part@2" in first
    assert name_of(locked[0]) == "some-part"
