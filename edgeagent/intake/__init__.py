"""From observation to stored event: the rules decide, the event is drafted, the outbox commits. One path for all."""

from edgeagent.intake.intake import Intake, gap_draft

__all__ = ["Intake", "gap_draft"]
