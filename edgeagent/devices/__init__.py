"""The devices of this box: one task each that runs its driver, what that driver gets, and when nobody watched.

One device's fault never touches another, and never ends the agent.
"""

from edgeagent.devices.supervisor import Supervisor

__all__ = ["Supervisor"]
