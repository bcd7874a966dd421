"""A camera's baseline as bytes, at most 64 KiB: arrays in one or two bytes a value, compressed.

What cannot be read back raises `BadState`: the caller starts anew, since a baseline is learnt again in a day.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np

from drivers.picture.baseline import FIGURES, MAX_ROWS, SHAPES, Light
from drivers.picture.baselinesize import MAX_STATE_BYTES, BadState

MAX_THUMBNAIL_BYTES = 8 * 1024
_MAGIC = b"picture1"
_HEAD = struct.Struct(">IIII")
_LIGHT = struct.Struct(">IHI")
# Type and value of one step of each map.
_STEPS = {"normal": ("i1", 1 / 32), "spectrum": ("u1", 1 / 8)}
_OTHERS = ("<i2", 1 / 1024)
_MAX_UNPACKED_BYTES = 512 * 1024


def pack(lights: tuple[Light, Light], size: tuple[int, int], last: bytes) -> bytes:
    """`size`: of the pictures that were learnt; `last`: the fingerprint of the picture before."""
    body = b"".join(_pack_light(light) for light in lights)
    packed = _MAGIC + _HEAD.pack(*size, len(last), zlib.crc32(body)) + zlib.compress(last + body, 1)
    assert len(packed) <= MAX_STATE_BYTES
    return packed


def unpack(state: bytes) -> tuple[tuple[Light, Light], tuple[int, int], bytes]:
    """What `pack` was given. Raises `BadState`."""
    if not state.startswith(_MAGIC) or len(state) > MAX_STATE_BYTES:
        raise BadState("no state of a picture checker")
    try:
        width, height, last_bytes, checksum = _HEAD.unpack_from(state, len(_MAGIC))
        data = zlib.decompressobj().decompress(state[len(_MAGIC) + _HEAD.size :], _MAX_UNPACKED_BYTES)
        last, body = data[:last_bytes], data[last_bytes:]
        if zlib.crc32(body) != checksum:
            raise BadState("the checksum is wrong")
        first, at = _unpack_light(body, 0)
        second, _ = _unpack_light(body, at)
    except (struct.error, zlib.error, ValueError) as error:
        raise BadState(str(error)) from error
    return (first, second), (width, height), last


def _pack_light(light: Light) -> bytes:
    parts = [_LIGHT.pack(light.count, len(light.rows), len(light.thumbnail)), light.thumbnail]
    parts.append(light.rows.astype("<f2").tobytes())
    if light.count:
        parts += [_pack_map(name, light) for name in SHAPES]
    return b"".join(parts)


def _pack_map(name: str, light: Light) -> bytes:
    """Rounded up or down by chance, as far as a value is from both: a baseline is saved after each picture, and the
    small steps of slow learning would be lost for ever if they were rounded to nothing each time."""
    kind, step = _STEPS.get(name, _OTHERS)
    limits = np.iinfo(kind)
    chance = np.random.default_rng(light.count).random(SHAPES[name], np.float32)
    values = np.floor(light.maps[name] / step + chance)
    return bytes(np.clip(values, limits.min, limits.max).astype(kind).tobytes())


def _unpack_light(body: bytes, at: int) -> tuple[Light, int]:
    light = Light()
    light.count, count, thumbnail_bytes = _LIGHT.unpack_from(body, at)
    if count > MAX_ROWS or thumbnail_bytes > MAX_THUMBNAIL_BYTES:
        raise BadState("larger than it can be")
    at += _LIGHT.size
    light.thumbnail = body[at : at + thumbnail_bytes]
    at += thumbnail_bytes
    rows = np.frombuffer(body, "<f2", count * len(FIGURES), at).reshape(count, len(FIGURES))
    light.rows = rows.astype(np.float32)
    at += rows.nbytes
    for name, shape in SHAPES.items() if light.count else ():
        kind, step = _STEPS.get(name, _OTHERS)
        values = np.frombuffer(body, kind, int(np.prod(shape)), at)
        light.maps[name] = np.asarray(values.astype(np.float32) * step, np.float32).reshape(shape)
        at += values.nbytes
    return light, at
