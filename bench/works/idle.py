"""Work e: `edgeagent run`, connected to broker and hub, without devices: resident memory and CPU over a minute."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

from bench.county import agent_config, county
from bench.environment import OURS, ROOT
from bench.plan import Plan
from bench.processes import cpu_s, rss_mib
from bench.results import OURS as WE

NAME = "idle"
_SETTLE_S = 8.0
"""Start-up, connection and the first health message are over by then."""


def run(plan: Plan) -> None:
    folder = plan.folder / NAME
    shutil.rmtree(folder, ignore_errors=True)
    seconds = plan.seconds(60, 15)
    with county(folder) as found:
        config = agent_config(folder, found.broker.port)
        with (folder / "agent.log").open("wb") as log:
            command: list[str | Path] = [OURS, "-m", "edgeagent.cli", "run", "--config", config]
            agent = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT)
        try:
            time.sleep(_SETTLE_S)
            before, began = cpu_s(agent.pid), time.monotonic()
            time.sleep(seconds)
            used = (cpu_s(agent.pid) - before) / (time.monotonic() - began) * 100
            resident = rss_mib(agent.pid)
        finally:
            agent.terminate()
            agent.wait(20)
    plan.results.add(NAME, "RSS, MiB", WE, resident)
    plan.results.add(NAME, "CPU, % of a core", WE, used)
    print(f"  idle: {resident:.1f} MiB, {used:.2f} %")
