"""The self-service terminal in a village station: parts on serial ports, check-ins as events."""

from drivers.terminal.config import Config
from drivers.terminal.driver import Driver
from drivers.terminal.identify import identify

__all__ = ["Config", "Driver", "identify"]
