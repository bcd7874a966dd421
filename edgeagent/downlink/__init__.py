"""What comes from the hub: acknowledgements, commands, the notice board, the county's part of the configuration.

Nothing of it can harm what is stored.
"""

from edgeagent.downlink.downlink import Downlink

__all__ = ["Downlink"]
