"""The local status page, its JSON, the metrics and the two probes; reads `HealthReport`, changes nothing.

routes → `server`; what they show → `state`, as a page `page`, as metrics `metrics`
what a person should do → `advice`; what is taken out of others' texts → `scrub`
what the running agent tells commands → `inquiry`
"""

from __future__ import annotations

from edgeagent.status.server import StatusServer

__all__ = ["StatusServer"]
