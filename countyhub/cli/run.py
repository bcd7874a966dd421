"""`countyhub run [--worker NAME] [--no-console] [--log-format FORMAT]`: the hub, until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import asyncio

import msgspec

from countyhub import configfile, hub
from countyhub.config import Config
from gridwire import logs
from gridwire.problem import Problem


class NotShared(Problem):
    code = "hub.not-shared"
    en = "--worker {name}: several hubs need PostgreSQL, and a name for broker.shared in the configuration"
    zh = "--worker {name}：多个汇聚端进程须使用 PostgreSQL，并在配置中填写 broker.shared"


def execute(args: argparse.Namespace) -> int:
    config = as_worker(configfile.load(args.config), args.worker or "")
    if args.no_console:
        config = msgspec.structs.replace(config, web=msgspec.structs.replace(config.web, enabled=False))
    logs.start(args.log_format)
    return asyncio.run(hub.run(config))


def as_worker(config: Config, name: str) -> Config:
    """The configuration of one of several processes, with an MQTT client of its own; '' for the only one.

    Raises `NotShared`.
    """
    if not name:
        return config
    if not config.broker.shared or not config.database_url.startswith("postgresql"):
        raise NotShared(name=name)
    broker = msgspec.structs.replace(config.broker, client_id=f"{config.client_id}-{name}")
    return msgspec.structs.replace(config, broker=broker)
