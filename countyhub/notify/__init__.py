"""Tells people what happens to their cases, and wakes somebody when there is a call for help.

    from countyhub import notify

    tasks.create_task(notify.run(store, live_registry, config))

`run` goes on until it is cancelled, in any number of processes on one database; without a `[notify.…]` table in the
configuration it only waits. It refreshes the `LiveRegistry` itself, waits for a database that is away, and at the end
lets what is under way finish (10 s at most). `once` is one round, for tests. `acknowledge` answers a call for help.

The way of a message: `follow` (timelines -> messages, calls for help -> `alerts`), `packing` (messages -> parcels, by
quiet hours and budget), `delivery` (parcels -> channels). What is promised: docs/decisions/0028.

a call for help → `alerts`, whom it wakes and in which order → `audience.line`, somebody has it → `takeover`
who hears of a step → `audience`, who that is now → `people`
when somebody may be disturbed → `quiet`; in which words → `texts`
channels → `channels`, `sms_http`, `email_smtp`, `wecom`, `webhook`; by hand → `byhand`; what is old → `oldmessages`
"""

from __future__ import annotations

from countyhub.notify.alerts import acknowledge
from countyhub.notify.loop import Done, once, run

__all__ = ["Done", "acknowledge", "once", "run"]
