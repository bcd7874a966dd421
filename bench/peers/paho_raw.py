"""Plain paho-mqtt, the release that ours stands on, run as its examples do: its thread, its queue, its own window.

Events come from memory and are gone when it ends. `python -m bench.peers.paho_raw send PORT COUNT WINDOW`.
"""

from __future__ import annotations

import sys
import threading
import time

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from bench import alarm
from bench.peers import child


def send(port: int, count: int, window: int) -> None:
    events = alarm.bodies(count)
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.max_inflight_messages_set(window)
    up = threading.Event()
    client.on_connect = lambda *_: up.set()
    child.wait_for_go()
    client.connect("127.0.0.1", port)
    client.loop_start()
    up.wait()
    cpu_s = time.process_time()
    last = [client.publish("bench/event", event, qos=1) for event in events][-1]
    last.wait_for_publish()
    done = time.monotonic()
    child.say(done=done, cpu_s=time.process_time() - cpu_s)
    client.disconnect()
    client.loop_stop()


if __name__ == "__main__":
    send(*map(int, sys.argv[2:]))
