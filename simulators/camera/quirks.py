"""Every way in which a simulated camera can be wrong, once, with what it does.

To add one: a line here, and `if "name" in state.config.quirks` at the one place where it acts. A test fails
when a line here is used nowhere.
"""

QUIRKS: dict[str, str] = {
    # addresses
    "wrong_address": "the subscription's address has another host and port, as behind NAT",
    "nat_address": "every other address (services, snapshot, stream) has another host and port",
    "reference_parameters": "subscriptions share one address; a reference parameter tells which, and must come back",
    # subscriptions
    "no_pullpoint": "announces pull points, answers ActionNotSupported",
    "no_subscribe": "base notification (Subscribe) answers ActionNotSupported too",
    "initial_time_required": "CreatePullPointSubscription without InitialTerminationTime gives HTTP 500",
    "minutes_as_seconds": "PT10M is granted as ten seconds",
    "relative_time_broken": "a relative time is granted as zero seconds; an absolute time works",
    "renew_fault": "Renew answers with a fault",
    "renew_hangup": "Renew closes the connection without an answer",
    "unsubscribe_ends_all": "Unsubscribe ends every subscription of the camera",
    "pull_keeps_nothing": "pulling does not prolong the subscription; only Renew does",
    "lax_addressing": "WS-Addressing headers are not asked for",
    "addressing_fault": "WS-Addressing headers on anything but event operations give a fault",
    # polls and notifications
    "instant_empty_polls": "PullMessages answers at once, empty or not",
    "poll_hangup": "closes the connection instead of answering an empty long poll",
    "always_initialized": "changes are announced as Initialized",
    "repeats": "each change is sent three times",
    "topic_tail": "topics end in //.",
    "bad_times": "UtcTime is no time at all (0000-00-00T00:61:16Z)",
    "microseconds": "UtcTime has microseconds",
    # XML
    "undeclared_prefix": "prefixes wsa and ter are used but not declared",
    "byte_order_mark": "answers begin with a byte order mark",
    "bad_utf8": "the source name of a notification holds a byte that is not UTF-8",
    # pictures
    "snapshot_404": "the announced snapshot address does not exist",
    "half_picture": "every picture stops half-way",
}


def check_quirks(names: frozenset[str]) -> None:
    """Raise ValueError naming what is not in the table."""
    unknown = sorted(names - QUIRKS.keys())
    if unknown:
        raise ValueError(f"没有这种故障 / unknown quirk: {', '.join(unknown)}; 可用 / known: {', '.join(QUIRKS)}")
