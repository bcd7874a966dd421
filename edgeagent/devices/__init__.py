"""The devices of this box: one task each that runs its driver, what that driver gets, and when nobody watched.

One device's fault never touches another, and never ends the agent.

who runs drivers, and restarts them → `supervisor`
what a driver gets, states of a device → `handle`
since when nobody watched → `sight`
"""

from edgeagent.devices.supervisor import Supervisor

__all__ = ["Supervisor"]
