"""The outbox: every event on disk before its driver is answered, kept until the hub has it.

Guarantee: when `put` returns, the event and what was to be remembered with it are in one committed transaction
(SQLite WAL, synchronous=FULL), under a number that will never be given twice. Nothing that matters is dropped: `put`
raises `OutboxFull` instead. What may be dropped (pictures, readings), and what nobody can send (damaged, refused by the
broker for good), leaves a `gap` by number.

a put, its commit and its answer → `outbox`, `commitqueue`, `group`, `transactions`
what is deleted when: quota or disk full, too old → `eviction`, `ballast`; the timer of it alone → `housekeeping`
numbers and what is settled → `numbers`; tables and older formats → `schema`
a damaged file, or one that lost its newest rows → `file`, `salvage`, `mark`
looked at from outside → `inspect`, `survey`, `verify`, `export`
"""

from edgeagent.outbox.eviction import Limits
from edgeagent.outbox.lock import OutboxInUse, hold
from edgeagent.outbox.numbers import Row
from edgeagent.outbox.outbox import Outbox
from edgeagent.outbox.schema import NotAnOutbox, OutboxNewer

__all__ = ["Limits", "NotAnOutbox", "Outbox", "OutboxInUse", "OutboxNewer", "Row", "hold"]
