"""What docs/api.md tells integrators to type does what the page says."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from gridwire.events import Alarm
from tests.apis import MACHINE, desk
from tests.browser.county import jpeg
from tests.registries import VILLAGES

PAGE = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
CLERK = "P00014"


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
async def test_every_example_works(tmp_path):
    async with desk(tmp_path) as place:
        await place.place.box(VILLAGES[0])
        await place.place.event(VILLAGES[0], Alarm(kind="smoke", state="pulse"))
        (tmp_path / "lamp.jpg").write_bytes(jpeg())
        clerk = await place.token(["cases:read", "cases:act"], person=CLERK)
        known = {"TOKEN": await place.token(MACHINE), "PERSONS": clerk, "HUB": place.url, "VILLAGE": VILLAGES[0],
                 "BOX": VILLAGES[0]}  # fmt: skip

        def run(block: str) -> str:
            done = subprocess.run(["bash", "-e"], input=block, env={**os.environ, **known}, cwd=tmp_path, check=False,
                                  capture_output=True, text=True, timeout=60)  # fmt: skip
            assert done.returncode == 0, (block, done.stdout, done.stderr)
            return done.stdout

        said = []
        for block in BLOCKS:
            said.append(await asyncio.to_thread(run, block))
            if "Idempotency-Key" in block:
                known["NUMBER"] = json.loads(said[-1])["case"]["number"]
                assert await asyncio.to_thread(run, block) == said[-1], "sent again, it is done once"
    assert len(json.loads((tmp_path / "grids.geojson").read_text())["features"]) > 0
    together = "".join(said)
    for word in ('"stage":"filed"', '"possible":true', "cn.gridwire.alarm.v1", "停水通知", "image/jpeg"):
        assert word in together, word
    assert json.loads(said[-1])["errors"] == [{"at": "limt", "why": "unknown parameter 未知参数"}]


def test_the_page_is_short():
    assert PAGE.count("\n") < 150
