"""One package twice, in seconds: the same bytes, and a bill of materials of just what is in it.

`make test-all` does the same with all twelve.
"""

from __future__ import annotations

import io
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.debs import sources
from tests.hubs import ROOT

ARCH = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), "")
DEBIAN = "13" if sys.version_info[:2] == (3, 13) else "12"
"""The one whose wheels are mostly here already, for they are those of this environment."""
UNFETCHED = re.compile(r"Failed to (?:fetch|download)\b|the network was disabled")
"""What uv says of wheels that are neither in its cache nor to be had."""

pytestmark = [
    pytest.mark.skipif(not (ROOT / ".uv" / "bin" / "uv").exists(), reason="uv is missing: make bootstraps it"),
    pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="dpkg-deb is missing: this is no Debian"),
    pytest.mark.skipif(not ARCH, reason="no package is made for this kind of machine"),
]


def make(folder, words=(), **environment):
    """Package and bill of materials. Skips where the wheels are not to be had."""
    order = [
        *words, sys.executable, str(ROOT / "scripts" / "builddeb.py"), "edgeagent", "--arch", ARCH,
        "--debian", DEBIAN, "--level", "0", "--jobs", "1", "--out", str(folder),
    ]  # fmt: skip
    env = {**os.environ, "SOURCE_DATE_EPOCH": "1750000000", **environment}
    done = subprocess.run(order, capture_output=True, text=True, timeout=120, check=False, env=env, cwd=folder.parent)
    if done.returncode and UNFETCHED.search(done.stderr):
        pytest.skip(f"the wheels cannot be had here, so no package was built: {done.stderr.strip()[-300:]}")
    assert done.returncode == 0, done.stderr
    (package,) = folder.glob("*.deb")
    return package


@pytest.mark.slow
def test_the_same_sources_give_the_same_bytes_and_the_bill_is_of_what_is_in_them(tmp_path):
    before = sources()
    strange = {"TZ": "Asia/Shanghai", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
    with ThreadPoolExecutor(2) as at_once:
        one = at_once.submit(make, tmp_path / "one")
        two = at_once.submit(make, tmp_path / "elsewhere", ("sh", "-c", 'umask 077; exec "$@"', "sh"), **strange)
        first, second = one.result(), two.result()
    if sources() != before:
        pytest.skip("somebody has changed the sources between two builds")
    assert first.read_bytes() == second.read_bytes(), "the package is not the same twice"
    names = [path.name for path in sorted((tmp_path / "one").iterdir())]
    assert names == [path.name for path in sorted((tmp_path / "elsewhere").iterdir())]
    assert (tmp_path / "one" / "SHA256SUMS").read_text() == (tmp_path / "elsewhere" / "SHA256SUMS").read_text()
    the_bill_is_right(first)


def the_bill_is_right(package):
    packed = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        doc = {name.removeprefix("./usr/share/doc/edgeagent/"): name for name in tar.getnames()}
        inside = tar.extractfile(doc["sbom.cdx.json"]).read()
        about = [name for name in doc if name.endswith(".dist-info/METADATA")]
        copyright_text = tar.extractfile(doc["copyright"]).read().decode()
    bill = json.loads(inside)
    assert inside == next(package.parent.glob("*.cdx.json")).read_bytes(), "the bill beside the package is another one"
    parts = {f"{_plain(part['name'])}-{part['version']}" for part in bill["components"]}
    installed = {_installed(name.split("/")[-2]) for name in about}
    assert parts == {each for each in installed if not each.startswith("gridwire-")}
    for part in bill["components"]:
        folder = f"licences/{_plain(part['name'])}-{part['version']}/"
        assert any(name.startswith(folder) for name in doc), f"{part['name']} has no text of its licence"
        assert f"Files: {part['name']} {part['version']}\n" in copyright_text
        assert "expression" in part["licenses"][0], f"{part['name']}: licence not known"


def _plain(name):
    """As PyPI compares names."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _installed(folder):
    """NAME-VERSION of `…/NAME-VERSION.dist-info`."""
    name, _, version = folder.removesuffix(".dist-info").rpartition("-")
    return f"{_plain(name)}-{version}"
