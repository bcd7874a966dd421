"""The uplink: what the outbox holds goes to the broker, and again, until the hub says that it has it.

Guarantee: nothing is forgotten here. A row leaves this module's care only by the hub's acknowledgement or by a declared
gap; a restart or a reconnect begins again from what the outbox calls unsettled.
"""

from edgeagent.uplink.uplink import Uplink

__all__ = ["Uplink"]
