"""The village agent: stores what its drivers observe, durably, and carries it to the county hub.

how it starts, reloads and stops → `agent`, as a process `cli.run`
an event's way → `devices`, `intake` (asks `rules`), `outbox`, `uplink`, `hublink`
what the hub says → `downlink`, its part of the settings `downlink.countyconfig`
when birth and health are sent → `hublink`, `health`; what is spared when data runs short → `budget`
how settings are read, and what is wrong with them → `config`, `configfile`
what a driver may use, how it is found → `driver`, `plugins`
what people on the box may ask → `cli`, `control`, `status`, `checks`
certificates → `enrol`; what time it is, and whether to trust it → `clock`
"""

__version__ = "0.1.0"
