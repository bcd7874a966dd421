"""The photographs: real ones that packages ship, fetched into .cache, never committed.

Debian packages are downloaded and unpacked, not installed; scikit-image and scikit-learn come from a hash-locked
environment of their own (bench/photographs.txt). What is drawn by a computer is left out.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from bench import environment

Frame = np.ndarray[Any, np.dtype[np.uint8]]

DEBIAN = ("opencv-doc", "mate-backgrounds", "plasma-workspace-wallpapers")
_CV = "opencv-doc/usr/share/doc/opencv-doc/examples"
_CVH = "opencv-doc/usr/share/doc/opencv-doc/opencv4/html"
_MATE = "mate-backgrounds/usr/share/backgrounds/mate/nature"
_KDE = "plasma-workspace-wallpapers/usr/share/wallpapers"
_PY = "photographs"
STREET = f"{_CV}/data/vtest.avi"
"""A street, filmed from above by a camera that stands still."""

# Every other one is tuned on, the rest is held out; neighbours are alike, so that both halves have some of each.
PHOTOS = (
    f"{_CV}/data/building.jpg", f"{_CV}/data/home.jpg",
    f"{_CV}/data/leuvenA.jpg", f"{_CV}/text/scenetext01.jpg",
    f"{_CV}/text/scenetext03.jpg", f"{_CV}/text/scenetext04.jpg",
    f"{_CV}/text/scenetext05.jpg", f"{_CV}/text/scenetext06.jpg",
    f"{_CV}/data/aero1.jpg", f"{_CV}/data/aero3.jpg",
    f"{_CV}/data/graf1.png", f"{_PY}/sklearn/datasets/images/china.jpg",
    f"{_PY}/skimage/data/motorcycle_left.png", f"{_CV}/data/board.jpg",
    f"{_CV}/data/fruits.jpg", f"{_CV}/data/messi5.jpg",
    f"{_CVH}/retina_TreeHdr_small.jpg", f"{_CVH}/bus_det.jpg",
    f"{_CVH}/detect_test1.jpg", f"{_CV}/data/squirrel_cls.jpg",
    f"{_PY}/skimage/data/astronaut.png", f"{_PY}/skimage/data/coffee.png",
    f"{_PY}/skimage/data/rocket.jpg", f"{_CVH}/fusion_mertens.jpg",
    f"{_CV}/data/aloeL.jpg", f"{_CV}/alphamat/input_images/plant.jpg",
    f"{_KDE}/Path/contents/images/2560x1600.jpg", f"{_KDE}/EveningGlow/contents/images/2560x1600.jpg",
    f"{_KDE}/FallenLeaf/contents/images/2560x1600.jpg", f"{_KDE}/OneStandsOut/contents/images/2560x1600.jpg",
    f"{_KDE}/BytheWater/contents/images/2560x1600.jpg", f"{_KDE}/ColorfulCups/contents/images/2560x1600.jpg",
    f"{_MATE}/GreenMeadow.jpg", f"{_MATE}/RainDrops.jpg",
    f"{_MATE}/Dune.jpg", f"{_MATE}/Garden.jpg",
    f"{_PY}/skimage/data/chelsea.png", f"{_PY}/sklearn/datasets/images/flower.jpg",
    f"{_CVH}/astra_color.jpg", f"{_CVH}/studentsSample_input.jpg",
)  # fmt: skip


def folder() -> Path:
    """Where they are, downloaded when they are not there yet. Raises CalledProcessError, OSError."""
    kept = environment.CACHE / "photo-packages"
    kept.mkdir(parents=True, exist_ok=True)
    for package in DEBIAN:
        if not (kept / package).exists():
            _unpack(package, kept)
    python = environment.install_one(_PY)
    link = kept / _PY
    if not link.exists():
        link.symlink_to(next((python.parents[1] / "lib").glob("python*/site-packages")))
    return kept


def read(name: str) -> Frame:
    """One of `PHOTOS`, in colour."""
    found = cv2.imread(str(folder() / name), cv2.IMREAD_COLOR)
    if found is None:
        raise FileNotFoundError(name)
    return np.asarray(found, np.uint8)


def street(count: int, every: int) -> list[Frame]:
    """Frames of the street video, `every` frames apart."""
    video = cv2.VideoCapture(str(folder() / STREET))
    frames = []
    for at in range(count * every):
        done, frame = video.read()
        if not done:
            break
        if at % every == 0:
            frames.append(np.asarray(frame, np.uint8))
    video.release()
    return frames


def _unpack(package: str, kept: Path) -> None:
    subprocess.run(["apt-get", "download", "-qq", package], cwd=kept, check=True, stderr=subprocess.DEVNULL)
    archive = next(kept.glob(f"{package}_*.deb"))
    part = kept / f".{package}"
    subprocess.run(["dpkg", "-x", archive, part], check=True)
    part.rename(kept / package)
    archive.unlink()
