"""The local status page, its JSON, the metrics and the two probes; reads `HealthReport`, changes nothing."""

from __future__ import annotations

from edgeagent.status.server import StatusServer

__all__ = ["StatusServer"]
