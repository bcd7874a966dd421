"""The self-service terminal in a village station: parts on serial ports, check-ins as events.

what happens at it: check-ins, requests, ratings → `desk`, what waits for a card `visit`, whose card it is `roster`
a card counts once → `presence`; calls for help → `sos`
parts on their ports → `readers`, `idcard_reader`, `bus`, `printer`; their bytes → `frames`; how they are → `parts`
the paper → `slips`, its number `receiptnumbers`; the citizen number masked and hashed → `idnumber`
"""

from drivers.terminal.config import Config
from drivers.terminal.driver import Driver
from drivers.terminal.identify import identify

__all__ = ["Config", "Driver", "identify"]
