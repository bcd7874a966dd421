"""The box's rules: what becomes of an alarm, what is remembered of it, why, and which settings led to it. Pure.

what becomes of an alarm → `decide`, `hours`, `sun`; what it is called → `reasons`
which setting counts → `effective`, `presets`; what is remembered → `memory`
recorded alarms tried again → `dryrun`
"""

from edgeagent.rules.decide import Decision, Release, Rules, Told
from edgeagent.rules.effective import Effective, Layer, Origin
from edgeagent.rules.memory import MAX_ENTRIES, MAX_HELD, Held, RuleMemory
from edgeagent.rules.reasons import REASONS, SUPPRESSIONS, Why, reason_name

__all__ = [
    "MAX_ENTRIES",
    "MAX_HELD",
    "REASONS",
    "SUPPRESSIONS",
    "Decision",
    "Effective",
    "Held",
    "Layer",
    "Origin",
    "Release",
    "RuleMemory",
    "Rules",
    "Told",
    "Why",
    "reason_name",
]
