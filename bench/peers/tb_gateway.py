"""The whole ThingsBoard Gateway service, headless: its storage filled by its own class, its own send loop and client.

`fill FOLDER COUNT` stores the events as its service would (one telemetry item of one device each);
`send FOLDER PORT [RECORDS]` writes its configuration and runs TBGatewayService. Changed in the shipped
tb_gateway.json: server, token, storage type `sqlite`, and no remote configuration, shell or statistics. It ships with
10 records a read; RECORDS sets another number (without the setting its code takes 1000).
"""

from __future__ import annotations

import json
import logging
import os
import random
import shutil
import sys
from pathlib import Path

import thingsboard_gateway  # type: ignore[import-not-found]  # in the peers' environment only

from bench import alarm
from bench.peers import child
from bench.peers.tb_stores import TbSqlite

_SHIPPED = Path(thingsboard_gateway.__file__).parent / "config"


def fill(folder: Path, count: int) -> None:
    chance = random.Random(1)
    (folder / "data").mkdir(parents=True)
    store = TbSqlite(folder / "data")
    for seq in range(1, count + 1):
        event = alarm.alarm(seq, chance)
        item = {
            "deviceName": alarm.camera(seq),
            "deviceType": "camera",
            "telemetry": [{"ts": 1_790_000_000_000 + seq, "values": event}],
            "attributes": {},
        }
        store.append([alarm.encode(item)])
    store.settle()
    store.close()
    print("{}", flush=True)


def configure(folder: Path, port: int, records: int | None) -> Path:
    """Its folder of settings, as shipped but for what the docstring says."""
    shutil.copytree(_SHIPPED, folder / "config", dirs_exist_ok=True)
    path = folder / "config" / "tb_gateway.json"
    settings = json.loads(path.read_text())
    server = settings["thingsboard"]
    server |= {"host": "127.0.0.1", "port": port, "remoteConfiguration": False, "remoteShell": False}
    server["statistics"] = {"enable": False}
    server["security"] = {"type": "accessToken", "accessToken": "bench"}
    settings["storage"] |= {"type": "sqlite", "data_file_path": f"{folder}/data/"}
    settings["storage"] |= {"max_read_records_count": records} if records else {}
    settings["connectors"] = []
    path.write_text(json.dumps(settings))
    return path


def send(folder: Path, port: int, records: int | None = None) -> None:
    from thingsboard_gateway.gateway.tb_gateway_service import (  # type: ignore[import-not-found]
        TBGatewayService,
    )

    (folder / "logs").mkdir(exist_ok=True)
    os.chdir(folder)
    path = configure(folder, port, records)
    child.wait_for_go()
    logging.captureWarnings(True)
    TBGatewayService(str(path))


if __name__ == "__main__":
    work, folder, *numbers = sys.argv[1:]
    run = fill if work == "fill" else send
    run(Path(folder).absolute(), *map(int, numbers))
