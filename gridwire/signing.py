"""The signature of the county's part of a box's configuration: Ed25519 (RFC 8032) over box, revision and text.

`cryptography` is imported only when something is signed or verified: a box that is never sent any pays nothing for it.
"""

from __future__ import annotations

import base64
import binascii

from gridwire.messages import CountyConfig

KEY_BYTES = 32


def signed_bytes(box: str, revision: int, toml: str) -> bytes:
    """What the signature is over. Box and number hold no line feed, so that no two messages have the same bytes."""
    return f"{box}\n{revision}\n{toml}".encode()


def sign(key: bytes, box: str, revision: int, toml: str) -> CountyConfig:
    """The message, signed. `key`: the 32 bytes of the private key."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    signature = Ed25519PrivateKey.from_private_bytes(key).sign(signed_bytes(box, revision, toml))
    return CountyConfig(box=box, revision=revision, toml=toml, signature=base64.b64encode(signature).decode())


def public_of(key: bytes) -> str:
    """The public half, base64, as boxes keep it."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return base64.b64encode(Ed25519PrivateKey.from_private_bytes(key).public_key().public_bytes_raw()).decode()


def is_signed(config: CountyConfig, public: str) -> bool:
    """Whether this key has signed exactly this; False also for what is no key or no signature at all."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public, validate=True))
        signature = base64.b64decode(config.signature, validate=True)
        key.verify(signature, signed_bytes(config.box, config.revision, config.toml))
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True
