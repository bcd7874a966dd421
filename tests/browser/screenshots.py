"""`make screenshots`: the pictures of the console in docs/images, taken of a running hub with a week behind it.

Each is reduced to few colours, and may have at most `MOST_BYTES`.
"""

from __future__ import annotations

import asyncio
import struct
import sys
import tempfile
import zlib
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from tests.browser import driver, running
from tests.browser.running import Running

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
MOST_BYTES = 150_000
COLOURS = 200


class Picture(NamedTuple):
    """A page at its address, as this user sees it."""

    name: str
    path: str
    user: str
    language: str = "zh"
    width: int = 1440
    height: int = 900


PICTURES = (
    Picture("lights.zh", "/", "county"),
    Picture("lights.en", "/", "county", "en"),
    Picture("map.zh", "/map", "county"),
    Picture("case.zh", "CASE", "county", height=1000),
    Picture("phone.zh", "/cases", "county", width=390, height=844),
)


def main() -> int:
    if driver.MISSING:
        print(driver.MISSING, file=sys.stderr)
        return 1
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for language in ("zh", "en"):
            (place := Path(folder) / language).mkdir()
            asyncio.run(_taken(running.past(place, language), Path(folder) / f"hub-{language}", language))
    return 0


async def _taken(past: running.Past, folder: Path, language: str) -> None:
    async with running.running(folder, past) as here, driver.chromium() as browser:
        case = await _case(here)
        for each in PICTURES:
            if each.language == language:
                screen = {"width": each.width, "height": each.height, "language": language}
                page = await here.login(browser, each.user, each.path.replace("CASE", case), **screen)
                await driver.live(page)
                shot = await page.screenshot(animations="disabled")
                _write(IMAGES / f"{each.name}.png", shot)
                await page.context.close()


async def _case(here: Running) -> str:
    """The path of the open case to which most has happened."""
    found = here.hub.rows(
        "SELECT cases.number FROM cases JOIN case_entry USING (number) WHERE cases.open "
        "GROUP BY cases.number ORDER BY count(*) DESC, cases.number DESC LIMIT 1"
    )
    return f"/cases/{found[0][0]}"


def _write(path: Path, png: bytes) -> None:
    """With the colours that are most frequent, the others as the nearest of them. Raises ValueError when it is still
    too large."""
    image = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR_RGB)
    coarse = (image & 0xFC).reshape(-1, 3)
    packed = coarse.astype(np.uint32) @ np.array([65536, 256, 1], np.uint32)
    found, where, counts = np.unique(packed, return_inverse=True, return_counts=True)
    kept = found[np.argsort(-counts)[:COLOURS]]
    palette, every = (np.stack([of >> 16, of >> 8 & 255, of & 255], 1).astype(np.int32) for of in (kept, found))
    nearest = np.array([((palette - each) ** 2).sum(1).argmin() for each in every], np.uint8)
    exact = np.minimum(palette * 255 // 252, 255).astype(np.uint8)  # white stays white
    content = _png(nearest[where].reshape(image.shape[:2]), exact)
    path.write_bytes(content)
    print(f"{path.name}  {len(content) // 1000} KB")
    if len(content) > MOST_BYTES:
        raise ValueError(f"{path.name} has {len(content)} bytes")


def _png(indices: np.ndarray, palette: np.ndarray) -> bytes:
    """A picture of at most 256 colours (PNG 1.2, colour type 3)."""
    height, width = indices.shape
    rows = np.concatenate([np.zeros((height, 1), np.uint8), indices], axis=1)
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = ((b"IHDR", head), (b"PLTE", palette.tobytes()), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


if __name__ == "__main__":
    sys.exit(main())
