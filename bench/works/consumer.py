"""Work b again, with a real consumer: the hub's MQTT client in place of the sink that costs next to nothing."""

from __future__ import annotations

from bench.plan import Plan
from bench.works.drain import CONTENDERS, once

NAME = "consumer"
EVENTS = 20_000
_WHO = ("ours", "ThingsBoard gateway, 1000 a read", "paho-mqtt, window 200", "mosquitto bridge, no Nagle")


def run(plan: Plan) -> None:
    for _ in range(plan.rounds):
        for contender in CONTENDERS:
            if contender.name in _WHO:
                once(plan, NAME, contender, plan.events(EVENTS), sink=("client",))
