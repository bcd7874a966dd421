"""Village keys: one county key, which never leaves the hub, and from it by HKDF the key of each village.

A village's key tells nothing of the county's or of another village's. Promises: no key is ever in a log record, an
error text or a repr; a county key is never overwritten.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from gridwire import wholefile
from gridwire.identifiers import village_of
from gridwire.persons import keyed_hash
from gridwire.problem import Problem

FILE_NAME = "county.key"
KEY_BYTES = 32
_HASH_BYTES = 32
_SALT = b"gridwire village key 1"
_LINE = re.compile(r"(c[1-9][0-9]{0,2}):([0-9A-Fa-f]{64})")


class CountyKeyAbsent(Problem):
    code = "key.absent"
    en = "there is no county key {path} ({why}); make it once, on the hub: countyhub key init"
    zh = "没有县级密钥 {path}（{why}）；请在汇聚端执行一次 countyhub key init"


class CountyKeyExposed(Problem):
    code = "key.exposed"
    en = "county key {path} may be read by others (mode {mode}): chmod 600 {path}"
    zh = "县级密钥 {path} 权限过宽（{mode}），请执行 chmod 600 {path}"


class CountyKeyMalformed(Problem):
    code = "key.malformed"
    en = "county key {path} must hold one line c1:HEX, 64 hex digits"
    zh = "县级密钥 {path} 应为一行，形如 c1:HEX（64 位十六进制）"


class FileExists(Problem):
    code = "key.file-exists"
    en = "{path} exists and is left as it is"
    zh = "{path} 已存在，不覆盖"


class NotWritten(Problem):
    code = "key.not-written"
    en = "{path} cannot be written: {why}"
    zh = "{path} 无法写入：{why}"


@dataclass(frozen=True)
class Key:
    """`id`: of a county key `c1` (its generation), of a village key `c1-431126001002`."""

    id: str
    secret: bytes = field(repr=False)

    @property
    def line(self) -> str:
        """`ID:HEX`, as the terminal's `key_file` holds it. A secret."""
        return f"{self.id}:{self.secret.hex()}"

    def hash_number(self, number: str) -> str:
        """What stands for a number or code in events and rosters."""
        return keyed_hash(self.secret, number)


def hkdf(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """HKDF with SHA-256 (RFC 5869): extract, then expand. Raises ValueError beyond 255 blocks."""
    if not 0 < length <= 255 * _HASH_BYTES:
        raise ValueError(f"HKDF gives 1 to {255 * _HASH_BYTES} bytes")
    pseudorandom = hmac.new(salt or bytes(_HASH_BYTES), secret, hashlib.sha256).digest()
    output, block = b"", b""
    for count in range(1, -(-length // _HASH_BYTES) + 1):
        block = hmac.new(pseudorandom, block + info + bytes((count,)), hashlib.sha256).digest()
        output += block
    return output[:length]


def village_key(county: Key, box: str) -> Key:
    """The key of the village in which a box stands; the same for all boxes there. Raises `BadBoxId`."""
    key_id = f"{county.id}-{village_of(box)}"
    return Key(key_id, hkdf(county.secret, _SALT, key_id.encode(), KEY_BYTES))


def make_county_key(path: Path, generation: int = 1) -> Key:
    """A new key in a new file that only its owner may read. Raises `FileExists`, `NotWritten`."""
    key = Key(f"c{generation}", secrets.token_bytes(KEY_BYTES))
    write_secret(path, key.line)
    return key


def load_county_key(path: Path) -> Key:
    """Raises `CountyKeyAbsent`, `CountyKeyExposed`, `CountyKeyMalformed`."""
    try:
        mode = path.stat().st_mode & 0o777
        text = path.read_bytes().decode("ascii", "replace").strip()
    except OSError as error:
        raise CountyKeyAbsent(path=path, why=error.strerror or error) from error
    if mode & 0o077:
        raise CountyKeyExposed(path=path, mode=f"{mode:o}")
    found = _LINE.fullmatch(text)
    if found is None:
        raise CountyKeyMalformed(path=path)  # what it holds is a secret: not quoted
    return Key(found[1], bytes.fromhex(found[2]))


def write_secret(path: Path, line: str) -> None:
    """One line in a new file, mode 0600, whole or not at all. Raises `FileExists`, `NotWritten`."""
    try:
        wholefile.create(path, f"{line}\n".encode(), mode=0o600)
    except FileExistsError as error:
        raise FileExists(path=path) from error
    except OSError as error:
        raise NotWritten(path=path, why=error.strerror or error) from error
