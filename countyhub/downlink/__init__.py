"""What the hub tells boxes: acknowledgements, orders, notice boards and their part of the configuration.

Everything but an acknowledgement is a row first: orders (`commands`) and what stands in revisions (`revised`: notice
boards, configurations) leave by `sender` until the broker has taken them. `errand` gives one order beside the hub.
What a box does with them: `edgeagent.downlink`; its reply is taken in by `ingest.boxes`.
"""
