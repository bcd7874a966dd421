"""The serial link, written once: opens a port, feeds its bytes to a decoder, hands out frames, survives unplugging.

Whatever goes wrong with a port comes out as `LinkLost` with a stable reason; no byte of the line is ever logged.

opened again after unplugging → `keeping`, why it was lost `loss`
one open port → `link`, `port`; asked again and again → `lookout`
frames among noise, for a decoder of yours → `framing`; Modbus RTU → `drivers.modbus`
"""

from drivers.seriallink.framing import ScanningDecoder
from drivers.seriallink.keeping import advise_name, keep_open
from drivers.seriallink.link import Decoder, LineWatch, SerialLink
from drivers.seriallink.lookout import Lookout, Question
from drivers.seriallink.loss import LinkLost
from drivers.seriallink.settings import SerialSettings

__all__ = [
    "Decoder",
    "LineWatch",
    "LinkLost",
    "Lookout",
    "Question",
    "ScanningDecoder",
    "SerialLink",
    "SerialSettings",
    "advise_name",
    "keep_open",
]
