"""For tests of `edgeagent check`: a box's configuration as a scene, certificates of any dates, a TLS server."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from edgeagent import plugins
from edgeagent.checks import scene as scenes
from edgeagent.checks.catalogue import CHECKS
from edgeagent.checks.scene import Account, Scene
from edgeagent.configfile import load
from gridwire.verdict import Line
from tests.instances import BOX

STRANGER = Account("edgeagent", 54321, frozenset({54321}))
"""As the service's user is to files of others."""
_BY_NAME = {check.name: check for check in CHECKS}


def written(folder: Path, text: str = "", *, host: str = "127.0.0.1", port: int = 1, hub: str = "") -> Path:
    """A configuration; `text` are further tables."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "edgeagent.toml"
    store = f'[store]\ndir = "{folder / "store"}"\n'
    file.write_text(f'box = "{BOX}"\n[hub]\nhost = "{host}"\nport = {port}\n{hub}\n{store}{text}', encoding="utf-8")
    file.chmod(0o644)
    return file


def scene(folder: Path, text: str = "", **settings: object) -> Scene:
    """What the checks see of it now. `root` is an empty machine."""
    root = folder / "root"
    root.mkdir(parents=True, exist_ok=True)
    made = scenes.look(load(written(folder, text, **settings), plugins.resolve))
    return made._replace(root=root)


def lines(name: str, seen: Scene) -> list[Line]:
    """All that one check says."""
    return list(_BY_NAME[name].look(seen))


def faults(name: str, seen: Scene) -> dict[str, Line]:
    """By code, what is not well. Each has a text in both languages without a hole in it."""
    found = {line.code: line for line in lines(name, seen) if line.level != "pass"}
    for line in found.values():
        assert line.en
        assert line.zh
        assert not re.search(r"\{[a-z_]+\}", line.en + line.zh)
    return found


def file_of(root: Path, path: str, text: str) -> Path:
    """A kernel's file in a machine of the test's own."""
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


class Pair(NamedTuple):
    certificate: Path
    key: Path


class Signer:
    """A CA whose certificates have the dates that a test wants."""

    def __init__(self, folder: Path, name: str = "county") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.name, self._key = folder, name, ec.generate_private_key(ec.SECP256R1())
        self._made, self._subject = {}, _named(name)
        now = datetime.now(UTC)
        self._self = self._sign(_named(name), self._key.public_key(), (), now - _YEARS, now + _YEARS, is_ca=True)
        self.ca = folder / f"{name}.pem"
        self.ca.write_bytes(self._self.public_bytes(Encoding.PEM))

    def issue(
        self,
        name: str,
        *names: str,
        begins: timedelta = -timedelta(days=1),
        ends: timedelta = timedelta(days=300),
        purpose: x509.ObjectIdentifier | None = None,
    ) -> Pair:
        """`names` as DNS names or addresses; `begins` and `ends` from now on. `purpose`: the only use."""
        now, key = datetime.now(UTC), ec.generate_private_key(ec.SECP256R1())
        made = self._sign(_named(name), key.public_key(), names, now + begins, now + ends, purpose=purpose)
        self._made[name] = made
        stem = self.folder / f"{self.name}-{name}"
        pair = Pair(Path(f"{stem}.crt"), Path(f"{stem}.key"))
        pair.certificate.write_bytes(made.public_bytes(Encoding.PEM))
        pair.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        pair.key.chmod(0o600)
        return pair

    def revocations(self, *names: str) -> Path:
        """A list of these, in a file."""
        now = datetime.now(UTC)
        builder = x509.CertificateRevocationListBuilder().issuer_name(self._subject)
        builder = builder.last_update(now - timedelta(days=1)).next_update(now + timedelta(days=30))
        for name in names:
            serial = self._made[name].serial_number
            one = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - timedelta(hours=1))
            builder = builder.add_revoked_certificate(one.build())
        path = self.folder / "crl.pem"
        path.write_bytes(builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM))
        return path

    def _sign(self, subject, public_key, names, begins, ends, *, is_ca=False, purpose=None):
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self._subject).public_key(public_key)
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(begins).not_valid_after(ends)
        builder = builder.add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        own = x509.SubjectKeyIdentifier.from_public_key(public_key)
        signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = builder.add_extension(own, critical=False).add_extension(signer, critical=False)
        if is_ca:
            usage = dict.fromkeys(_USAGES, False) | {"key_cert_sign": True, "crl_sign": True}
            builder = builder.add_extension(x509.KeyUsage(**usage), critical=True)
        if purpose is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=True)
        if names:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_alternative(n) for n in names]), critical=False
            )
        return builder.sign(self._key, hashes.SHA256())


_YEARS = timedelta(days=3000)
_USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _alternative(name: str) -> x509.GeneralName:
    from ipaddress import ip_address

    return x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)


def tls(signer: Signer, own: Pair | None = None) -> str:
    """The settings of a box that trusts this CA."""
    text = f'[hub.tls]\nca = "{signer.ca}"\n'
    return text + (f'cert = "{own.certificate}"\nkey = "{own.key}"\n' if own else "")


@contextlib.contextmanager
def serving(pair: Pair | None, **options: object) -> Iterator[int]:
    """A port of 127.0.0.1 with this certificate, or without TLS: then it says something that is none and hangs up."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if pair else None
    if context is not None:
        context.load_cert_chain(pair.certificate, pair.key)
        for name, value in options.items():
            setattr(context, name, value)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, context), daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)


def _serve(listener: socket.socket, context: ssl.SSLContext | None) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with contextlib.suppress(OSError), connection:
            connection.settimeout(10)
            if context is None:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")
                continue
            with context.wrap_socket(connection, server_side=True) as wrapped:
                wrapped.recv(64)


@contextlib.contextmanager
def mode(path: Path, bits: int) -> Iterator[None]:
    """For a while."""
    before = path.stat().st_mode
    os.chmod(path, bits)
    try:
        yield
    finally:
        os.chmod(path, before)
