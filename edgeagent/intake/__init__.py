"""From observation to stored event: the rules decide, the event is drafted, the outbox commits. One path for all.

stored, counted or held back → `intake`, what is remembered of it `memories`
the picture of an alarm that was held back → `latepictures`
"""

from edgeagent.intake.intake import Intake

__all__ = ["Intake"]
