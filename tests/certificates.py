"""Certificates for tests, made with the openssl command: a CA, and certificates it signed."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

# P-256 keys take a millisecond; RSA would take a tenth of a second each.
_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


@dataclass(frozen=True)
class Certificate:
    certificate: Path
    key: Path


class Authority:
    """A CA in `folder`, named `name`. `issue()` makes server and client certificates."""

    def __init__(self, folder: Path, name: str = "test-ca") -> None:
        if shutil.which("openssl") is None:
            pytest.skip("openssl is not installed: apt-get install -y openssl")
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.name = folder, name
        self.ca = folder / f"{name}.crt"
        self._key = folder / f"{name}.key"
        _openssl("req", "-x509", *_KEY, "-days", "2", "-subj", f"/CN={name}", "-keyout", self._key, "-out", self.ca)

    def issue(self, common_name: str, *, names: tuple[str, ...] = (), days: int = 2) -> Certificate:
        """A certificate for `common_name`; `names` like `DNS:localhost` or `IP:127.0.0.1`. `days=-1`: expired."""
        stem = self.folder / f"{self.name}-{common_name}"
        request, key, certificate, extensions = (Path(f"{stem}.{end}") for end in ("csr", "key", "crt", "ext"))
        _openssl("req", "-new", *_KEY, "-subj", f"/CN={common_name}", "-keyout", key, "-out", request)
        extensions.write_text(f"subjectAltName={','.join(names)}\n" if names else "")
        sign = ["x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self._key, "-CAcreateserial"]
        _openssl(*sign, "-extfile", extensions, "-out", certificate, "-days", str(days))
        return Certificate(certificate, key)


def _openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
