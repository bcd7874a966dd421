"""Every way in which a simulated camera can be wrong, once, with what it does.

To add one: a line here, and `if "name" in state.config.quirks` at the one place where it acts (or a line in
`config.MEANT_SETTINGS` when a setting says it all). A test fails when a line here is used nowhere, another when no
test of the driver meets it.
"""

QUIRKS: dict[str, str] = {
    # addresses
    "wrong_address": "the subscription's address has another host and port, as behind NAT",
    "nat_address": "every other address (services, snapshot, stream) has another host and port",
    "loopback_address": "every address, the subscription's too, is on the camera's own 127.0.0.1, port 9",
    "other_port": "the event service and the subscriptions are at another port than everything else",
    "double_port": "every address, the subscription's too, names its port twice (host:8106:8106)",
    "reference_parameters": "subscriptions share one address; a reference parameter tells which, and must come back",
    "no_address": "with reference_parameters: a subscription names no address at all",
    "urn_address": "with reference_parameters: a subscription's address is a URN",
    "redirects": "every request is sent on to another port (HTTP 301), where the camera is",
    # HTTP
    "open_connections": "answers tell no length, and the connection is never closed",
    "packed": "answers are packed with gzip, which nobody asked for",
    "mime_parts": "an answer is a part of a MIME message (MTOM)",
    # what events there are
    "no_pullpoint": "announces pull points, answers ActionNotSupported",
    "no_subscribe": "base notification (Subscribe) answers ActionNotSupported too",
    "no_event_service": "names no event service, and has none",
    "late_events": "for three seconds after each start the event service answers HTTP 503",
    "pullpoint_500": "CreatePullPointSubscription gives HTTP 500 and a fault that says nothing, always",
    # subscriptions
    "initial_time_required": "CreatePullPointSubscription without InitialTerminationTime gives HTTP 500",
    "minutes_as_seconds": "PT10M is granted as ten seconds",
    "relative_time_broken": "a relative time is granted as zero seconds; an absolute time works",
    "absolute_time_refused": "an absolute time gives a fault",
    "orphaned_slots": "every subscription slot but one is held for ever by what others left behind",
    "no_free_slot": "every subscription slot is taken by others, for ever",
    "renew_fault": "Renew answers with a fault",
    "renew_hangup": "Renew closes the connection without an answer",
    "renew_crash": "Renew makes the camera reboot",
    "unsubscribe_ends_all": "Unsubscribe ends every subscription of the camera",
    "pull_keeps_nothing": "pulling does not prolong the subscription; only Renew does",
    "poll_is_lifetime": "each poll sets the end of the subscription to its own timeout from now",
    "silent_subscribe": "a base subscription tells how everything stands only after SetSynchronizationPoint",
    "forgets_subscriptions": "a subscription is forgotten after three polls",
    "lax_addressing": "WS-Addressing headers are not asked for",
    "addressing_fault": "WS-Addressing headers on anything but event operations give a fault",
    # polls
    "instant_empty_polls": "PullMessages answers at once, empty or not",
    "poll_hangup": "closes the connection instead of answering an empty long poll",
    "instant_hangups": "closes the connection at once instead of holding a long poll, for ever",
    "early_hangups": "closes the connection after a tenth of the long poll that was asked for",
    "short_polls": "a long poll of more than two seconds gives PullMessagesFaultResponse with MaxTimeout",
    # notifications
    "always_initialized": "changes are announced as Initialized",
    "repeats": "each change is sent three times",
    "repeats_for_ever": "every poll is answered at once with all properties as they stand, as Changed",
    "pulses": "alarms come without a boolean, and nothing tells their end",
    "pictures_inside": "each notification holds a picture of 300 KB",
    "endless_sources": "each notification names a source that was never heard of before",
    "topic_tail": "topics end in //.",
    "topic_slash": "topics end in /",
    "bad_times": "UtcTime is no time at all (0000-00-00T00:61:16Z)",
    "microseconds": "UtcTime has microseconds",
    "local_event_times": "UtcTime of a notification is local time (the clock itself is right)",
    # clock
    "clock_in_1970": "the clock begins in 1970 at every start",
    "reboot_resets_clock": "a reboot puts the clock back to the year 2000",
    "local_time_as_utc": "the clock runs on local time and calls it UTC",
    "tells_local_time": "GetSystemDateAndTime tells local time as UTC; the clock itself is right",
    "clock_needs_login": "GetSystemDateAndTime wants credentials",
    # login
    "digest_only": "HTTP Digest is the only login for SOAP",
    "token_only": "UsernameToken is the only login for SOAP",
    "separate_onvif_user": "Hikvision: the user exists, but not as an ONVIF user; every login is refused",
    "locks_account": "three wrong passwords lock the account",
    # XML
    "undeclared_prefix": "prefixes wsa and ter are used but not declared",
    "byte_order_mark": "answers begin with a byte order mark",
    "bad_utf8": "the source name of a notification holds a byte that is not UTF-8",
    # discovery
    "many_addresses": "a probe match has several addresses: IPv6 and one that leads nowhere stand before the right one",
    "answers_twice": "every probe is answered twice",
    "shared_endpoint": "the endpoint is that of all cameras of the batch",
    # pictures
    "snapshot_digest_only": "pictures want HTTP Digest",
    "snapshot_basic_only": "pictures want HTTP Basic",
    "snapshot_query_login": "the announced snapshot address has credentials in its query, and they are wrong",
    "snapshot_port_80": "the announced snapshot address names port 80, where nobody listens",
    "snapshot_404": "the announced snapshot address does not exist",
    "no_snapshot_uri": "GetSnapshotUri answers ActionNotSupported",
    "half_picture": "every picture stops half-way",
    # video stream
    "rtsp_silent": "accepts connections to the stream and never answers",
    "rtsp_404": "the announced stream does not exist",
    "rtsp_refuses": "the stream is refused to every user",
    "rtsp_frozen": "the stream is opened, and no frame ever comes",
    "rtsp_dies": "the stream's connection is closed in the middle of the first frame",
    "rtsp_late_keyframe": "the stream is H.264, and joined two seconds before its next keyframe",
    "rtsp_grey": "the first frames are grey in their lower half, as before a keyframe",
}


def check_quirks(names: frozenset[str]) -> None:
    """Raise ValueError naming what is not in the table."""
    unknown = sorted(names - QUIRKS.keys())
    if unknown:
        raise ValueError(f"没有这种故障 / unknown quirk: {', '.join(unknown)}; 可用 / known: {', '.join(QUIRKS)}")
