"""What `make deb` builds: the same bytes twice, for both machines, with a bill of materials and every licence."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile

import pytest

from tests.debs import sources
from tests.hubs import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not (ROOT / ".uv" / "bin" / "uv").exists(), reason="uv is missing: make bootstraps it"),
    pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="dpkg-deb is missing: this is no Debian"),
]

NAMES = ("edgeagent", "countyhub", "edgeagent-vision")
MODULES = {"edgeagent": "edgeagent/site", "countyhub": "countyhub/site", "edgeagent-vision": "edgeagent/vision"}
MACHINE = {"amd64": 62, "arm64": 183}


def make(out, *words, **environment):
    subprocess.run(
        [sys.executable, ROOT / "scripts" / "builddeb.py", *words, "--level", "0", "--out", out],
        check=True, timeout=800, env={**os.environ, **environment}, cwd=out.parent,
    )  # fmt: skip
    return out


def digests(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    """Everything, as `make deb` builds it, but hardly compressed."""
    folder = tmp_path_factory.mktemp("one")
    (folder / "sources").write_text(sources())
    return make(folder / "dist", SOURCE_DATE_EPOCH="1750000000")


@pytest.fixture(params=[(name, debian, arch) for name in NAMES for debian in ("12", "13") for arch in MACHINE])
def package(request, dist):
    """Name, release, machine and file of a package."""
    name, debian, arch = request.param
    (path,) = dist.glob(f"{name}_*~deb{debian}_{arch}.deb")
    return name, debian, arch, path


def contents(path):
    packed = subprocess.run(["dpkg-deb", "--fsys-tarfile", path], capture_output=True, check=True).stdout
    return tarfile.open(fileobj=io.BytesIO(packed))


def field(path, name):
    return subprocess.run(
        ["dpkg-deb", "--field", path, name], capture_output=True, text=True, check=True
    ).stdout.strip()


def test_the_same_sources_give_the_same_bytes(dist, tmp_path):
    if sources() != (dist.parent / "sources").read_text():
        pytest.skip("somebody has changed the sources since the first build")
    umask = os.umask(0o077)
    try:
        again = make(
            tmp_path / "elsewhere", SOURCE_DATE_EPOCH="1750000000", TZ="Asia/Shanghai", LC_ALL="C", PYTHONHASHSEED="7",
        )  # fmt: skip
    finally:
        os.umask(umask)
    first, second = digests(dist), digests(again)
    if sources() != (dist.parent / "sources").read_text():
        pytest.skip("somebody has changed the sources during the second build")
    assert len(second) == 25
    assert first == second


def test_sums_are_those_of_the_files(dist):
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=dist, check=True)
    assert len((dist / "SHA256SUMS").read_text().splitlines()) == 24


def test_a_package_is_for_its_python_and_machine_only(package):
    _, debian, arch, path = package
    python, following = {"12": ("3.11", "3.12"), "13": ("3.13", "3.14")}[debian]
    depends = field(path, "Depends").split(", ")
    assert depends[:2] == [f"python3 (>= {python})", f"python3 (<< {following})"]
    assert "libc6" in depends
    tag = f"cpython-{python.replace('.', '')}-"
    with contents(path) as tar:
        for member in tar:
            if member.name.endswith(".so") or ".so." in member.name:
                data = tar.extractfile(member).read(20)
                assert (data[:4], data[18]) == (b"\x7fELF", MACHINE[arch]), member.name
            if ".cpython-" in member.name:
                assert tag in member.name
            assert (member.uid, member.gid, member.mtime <= 1750000000) == (0, 0, True)
            assert not member.name.endswith(".pyc")
            assert member.name.startswith(("./usr/lib/", "./usr/share/", "./usr/bin/", "./etc/")) or member.isdir()


def test_ours_is_in_it_and_what_is_not_needed_is_not(package):
    name, _, _, path = package
    with contents(path) as tar:
        names = {member.name for member in tar}
    top = {each.split("/")[5] for each in names if each.startswith(f"./usr/lib/{MODULES[name]}/")}
    ours = {"gridwire", "edgeagent", "drivers", "countyhub", "simulators"} & top
    assert (
        ours
        == {
            "edgeagent": {"gridwire", "edgeagent", "drivers"},
            "countyhub": {"gridwire", "countyhub"},
            "edgeagent-vision": set(),
        }[name]
    )
    assert ("cv2" in top) == (name == "edgeagent-vision")
    assert ("wsdl" in top) == (name == "edgeagent")
    assert not {"pytest", "hypothesis", "iotcore", "mypy", "setuptools", "pip"} & top


def test_its_bill_of_materials_names_every_part_and_licence(package):
    _, _, _, path = package
    bill = json.loads((path.parent / f"{path.stem}.cdx.json").read_text())
    assert bill["metadata"]["component"]["version"] == field(path, "Version")
    parts = {part["name"].lower(): part for part in bill["components"]}
    unknown = [name for name, part in parts.items() if "expression" not in part["licenses"][0]]
    assert unknown == []
    assert all(part["properties"] for part in parts.values())
    with contents(path) as tar:
        found = {member.name.split("/")[-2] for member in tar if member.name.endswith(".dist-info/METADATA")}
        doc = f"./usr/share/doc/{path.name.split('_')[0]}/"
        copyright_text = tar.extractfile(f"{doc}copyright").read().decode()
        texts = {member.name.removeprefix(doc).split("/")[1] for member in tar if "/licences/" in member.name}
    installed = {each.partition("-")[0].replace("_", "-").lower() for each in found} - {"gridwire"}
    assert {name.replace("_", "-").replace(".", "-") for name in parts} - {"gridwire"} == installed
    assert all(part["name"] in copyright_text for part in parts.values())
    assert len(texts) == len(parts), "each part's licence goes along with it"


@pytest.mark.skipif(shutil.which("lintian") is None, reason="lintian is missing: apt-get install lintian")
def test_lintian_has_nothing_to_say(package):
    """Beside what is overridden with a reason, in scripts/deb/lintian/."""
    if package[2] == "arm64" and package[1] == "13":
        pytest.skip("the same but for its compiled parts")
    said = subprocess.run(
        ["lintian", "--allow-root", "--tag-display-limit", "0", "--suppress-tags", "bad-distribution-in-changes-file",
         package[3]],
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert said.stdout == ""


def test_guides_and_alert_rules_are_where_nobody_has_a_network(dist):
    """The runbook that alerts point to, and what Prometheus and Grafana read."""
    (path,) = dist.glob("countyhub_*~deb12_amd64.deb")
    with contents(path) as tar:
        names = {member.name.removeprefix("./usr/share/doc/countyhub/") for member in tar}
    assert {"runbook.md", "monitoring/prometheus/hub.rules.yml", "monitoring/prometheus/box.rules.yml",
            "monitoring/grafana/county.json"} <= names  # fmt: skip
