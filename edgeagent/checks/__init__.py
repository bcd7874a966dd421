"""`edgeagent check`: one small file a check. Each looks, changes nothing, and says what a person should do."""

from __future__ import annotations

from typing import Final

MODULES: Final = {
    "config": "configuration", "permissions": "permissions", "package": "package", "agent": "agent", "clock": "clock",
    "disk": "disk", "flash": "flash", "memory": "memory", "certificate": "certificates", "dns": "dns", "tcp": "tcp",
    "tls": "tls", "hub": "roundtrip", "backlog": "backlog", "data": "data", "devices": "devices",
    "addresses": "addresses", "serial": "serialports",
}  # fmt: skip
"""Name of each check -> its module here, in the order in which a person reads them: the box first, then the way to the
hub, then the devices. Nothing is loaded by it, so that the command line may know the names at every start."""
