"""What the work `cameras` needs: a farm of simulated cameras in its own process, and the commits of an outbox."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.environment import OURS
from bench.processes import Child, child

_LOOK_S = 0.001
_SUBJECT = re.compile(rb'"subject":"cam-([0-9]+)"')


class Farm:
    """Cameras 0 … count-1, each with some slots for subscriptions."""

    def __init__(self, process: Child) -> None:
        told: dict[str, Any] = process.hear()
        self._url = told["control_url"]
        self.cameras: list[dict[str, Any]] = told["cameras"]

    def look(self) -> list[dict[str, Any]]:
        """How all cameras are now."""
        found: list[dict[str, Any]] = self._ask("/cameras")
        return found

    def raised(self) -> dict[str, list[dict[str, Any]]]:
        """Each camera's own record of what it has told."""
        found: dict[str, list[dict[str, Any]]] = self._ask("/raised")
        return found

    def subscriptions(self) -> list[int]:
        """Live subscriptions of each camera."""
        return [camera["subscriptions"] for camera in self.look()]

    def alarm(self, camera: int, *, active: bool) -> float:
        """Motion begins or ends; gives the moment at the camera, monotonic seconds."""
        raised = self._ask(f"/cameras/{self._name(camera)}/alarm", {"kind": "motion", "active": active})
        return float(raised["monotonic_s"])

    def reboot(self, camera: int, down_s: float) -> None:
        self._ask(f"/cameras/{self._name(camera)}/reboot", {"down_s": down_s})

    def _name(self, camera: int) -> str:
        return str(self.cameras[camera]["name"])

    def _ask(self, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self._url + path, data), timeout=30) as answer:
            return json.load(answer)


@contextlib.contextmanager
def farm(count: int, slots: int, folder: Path) -> Iterator[Farm]:
    with child(OURS, "simulators.camera", "--count", count, "--slots", slots, "--json", log=folder / "farm.log") as own:
        yield Farm(own)


class OutboxWatch:
    """Notes when alarms of each camera are committed, by a read-only connection of its own, a look each millisecond."""

    def __init__(self, database: Path, count: int) -> None:
        self.times: list[list[float]] = [[] for _ in range(count)]
        self._database, self._over = database, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        db = sqlite3.connect(f"{self._database.absolute().as_uri()}?mode=ro", uri=True)
        last, version = 0, -1
        while not self._over.is_set():
            now = db.execute("PRAGMA data_version").fetchone()[0]
            if now != version:
                version, seen = now, time.monotonic()
                for n, body in db.execute("SELECT n, body FROM alarm WHERE n > ? ORDER BY n", (last,)).fetchall():
                    last = n
                    if found := _SUBJECT.search(body):
                        self.times[int(found[1]) - 1].append(seen)
            time.sleep(_LOOK_S)
        db.close()
