"""What comes from the hub: acknowledgements, commands, the notice board, the county's part of the configuration.

Nothing of it can harm what is stored.

each message and command → `downlink`, a command that comes twice `answered`
events sent again → `replay`
settings of the county, tried and taken back → `countyconfig`
"""

from edgeagent.downlink.downlink import Downlink

__all__ = ["Downlink"]
