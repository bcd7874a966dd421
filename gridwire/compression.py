"""zstd with a cap: what is unpacked never takes more memory than it may, whatever the frame's header claims."""

from __future__ import annotations

import zstandard

from gridwire.limits import MAX_WINDOW_BYTES
from gridwire.refusals import CompressionBomb, CompressionBroken

MAGIC = b"\x28\xb5\x2f\xfd"
_LEVEL = 3
_UNKNOWN_SIZE: int = zstandard.CONTENTSIZE_UNKNOWN


def compress(plain: bytes) -> bytes:
    """One zstd frame with its content size. A compressor for each call (7 µs): they are not safe between threads."""
    packed: bytes = zstandard.ZstdCompressor(level=_LEVEL).compress(plain)
    return packed


def smaller(plain: bytes) -> bytes:
    """The same, compressed if that makes it smaller."""
    packed = compress(plain)
    return packed if len(packed) < len(plain) else plain


def decompress(packed: bytes, max_bytes: int) -> bytes:
    """Exactly one frame of at most `max_bytes`; raises `CompressionBomb`, `CompressionBroken`.

    Nothing is allocated on the frame's word: its claims on content and window are checked first, and a frame that
    claims nothing is unpacked into a buffer of `max_bytes`.
    """
    try:
        frame = zstandard.get_frame_parameters(packed)
        claimed = frame.content_size != _UNKNOWN_SIZE
        if (claimed and frame.content_size > max_bytes) or frame.window_size > MAX_WINDOW_BYTES:
            raise CompressionBomb(limit=max_bytes)
        if not claimed:
            _check_unclaimed(packed, max_bytes)
        reader = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW_BYTES)
        plain: bytes = reader.decompress(packed, max_output_size=max_bytes, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise CompressionBroken(why=str(error)[:200]) from error
    return plain


def _check_unclaimed(packed: bytes, max_bytes: int) -> None:
    """For a frame without content size, tell a bomb from a broken frame, and find what trails behind it."""
    reader = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW_BYTES)
    with reader.stream_reader(packed) as stream:
        if len(stream.read(max_bytes + 1)) > max_bytes:
            raise CompressionBomb(limit=max_bytes)
    # Now it is known to unpack to at most `max_bytes`, so that the unbounded interface is safe.
    frame = reader.decompressobj()
    frame.decompress(packed)
    if not frame.eof:
        raise CompressionBroken(why="the frame is not complete")
    if frame.unused_data:
        raise CompressionBroken(why=f"{len(frame.unused_data)} bytes follow the frame")
