"""A simulated self-service terminal on ptys: the exact frames of its parts, and their faults on demand.

Tests, the demo and a technician's laptop see no difference from parts on real serial ports.
"""

from simulators.terminal.cards import Card, foreigner, random_card, resident
from simulators.terminal.printer import Slip
from simulators.terminal.snippet import snippet
from simulators.terminal.terminal import ALL_PARTS, PARTS, Part, Shown, SimTerminal

__all__ = [
    "ALL_PARTS",
    "PARTS",
    "Card",
    "Part",
    "Shown",
    "SimTerminal",
    "Slip",
    "foreigner",
    "random_card",
    "resident",
    "snippet",
]
