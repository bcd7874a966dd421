"""The uplink: what the outbox holds goes to the broker, and again, until the hub says that it has it.

Guarantee: nothing is forgotten here. A row leaves this module's care only by the hub's acknowledgement or by a declared
gap; a restart or a reconnect begins again from what the outbox calls unsettled.

what goes next → `queue`, as one message `packer`, read for several `ahead`; how many at once, when again → `window`
what the broker ends the connection over → `suspect`; how large a picture may be → `pace`, never answered → `unheard`
all of it at work → `uplink`; the connection itself → `edgeagent.hublink`
"""

from edgeagent.uplink.uplink import Uplink

__all__ = ["Uplink"]
