"""Event service (ONVIF ver10/events, WS-BaseNotification): real-time pull points, and base notification.

Subscribe, pull, renew, unsubscribe, synchronise. A new subscription first delivers every property as Initialized.
Filters are ignored, as many cameras ignore them.
"""

import re
import uuid
from dataclasses import replace
from datetime import timedelta

from simulators.camera.eventxml import CONCRETE, notification_message, topic_set
from simulators.camera.http import Hangup
from simulators.camera.operation import Operation, Reply, plain
from simulators.camera.pullpoints import NoSlot, PullPoint
from simulators.camera.push import NotLoopback, check_consumer
from simulators.camera.soap import NS, SoapFault, SoapRequest, element, leaf, qname
from simulators.camera.state import EVENT_PATH, CameraState
from simulators.camera.times import format_time, parse_duration_s, parse_time

SUBSCRIPTION_PATH = "/onvif/subscription/"
MAX_MESSAGES = 1024
FORGOTTEN_AFTER = 3
HANGUPS = ("poll_hangup", "instant_hangups", "early_hangups")
_NAMES = uuid.UUID("1419d68a-1dd2-11b2-a105-f00000875d9b")
_TEV = NS["tev"]
_BW = "http://docs.oasis-open.org/wsn/bw-2"


def get_service_capabilities(state: CameraState, request: SoapRequest) -> str:
    capabilities = element(
        "tev:Capabilities",
        WSSubscriptionPolicySupport="true",
        WSPullPointSupport="true",
        MaxPullPoints=str(state.config.slots),
    )
    return element("tev:GetServiceCapabilitiesResponse", capabilities)


def get_event_properties(state: CameraState, request: SoapRequest) -> str:
    return element(
        "tev:GetEventPropertiesResponse",
        leaf("tev:TopicNamespaceLocation", "http://www.onvif.org/onvif/ver10/topics/topicns.xml"),
        leaf("wsnt:FixedTopicSet", True),
        topic_set(),
        leaf("wsnt:TopicExpressionDialect", CONCRETE),
        leaf("wsnt:TopicExpressionDialect", "http://docs.oasis-open.org/wsn/t-1/TopicExpression/Concrete"),
        leaf("tev:MessageContentFilterDialect", "http://www.onvif.org/ver10/tev/messageContentFilter/ItemFilter"),
        leaf("tev:MessageContentSchemaLocation", "http://www.onvif.org/onvif/ver10/schema/onvif.xsd"),
    )


def create_pull_point(state: CameraState, request: SoapRequest) -> str:
    if "no_pullpoint" in state.config.quirks:
        raise SoapFault("Receiver", ("ter:ActionNotSupported",), "Optional Action Not Implemented")
    if "pullpoint_500" in state.config.quirks:
        raise SoapFault("Receiver", ("ter:Action",), "internal error")
    asked = request.text("tev:InitialTerminationTime")
    if asked is None and "initial_time_required" in state.config.quirks:
        raise SoapFault("Receiver", ("ter:Action",), "internal error")
    point = _open(state, asked)
    reference = element("tev:SubscriptionReference", _reference(state, point))
    return element("tev:CreatePullPointSubscriptionResponse", reference, _times(state, point))


def subscribe(state: CameraState, request: SoapRequest) -> str:
    """Base notification: the camera posts to the consumer, which must be on this machine."""
    if "no_subscribe" in state.config.quirks:
        raise SoapFault("Receiver", ("ter:ActionNotSupported",), "Optional Action Not Implemented")
    consumer = request.text("wsnt:ConsumerReference", "wsa:Address") or ""
    try:
        check_consumer(consumer)
    except NotLoopback as error:
        raise SoapFault("Sender", ("ter:InvalidArgVal",), f"not an address on 127.0.0.1: {consumer!r}") from error
    point = _open(state, request.text("wsnt:InitialTerminationTime"))
    if "silent_subscribe" in state.config.quirks:
        point.take(MAX_MESSAGES)
    state.on_subscribe(point, consumer)
    reference = element("wsnt:SubscriptionReference", _reference(state, point))
    return element("wsnt:SubscribeResponse", reference, _times(state, point))


def _open(state: CameraState, asked: str | None) -> PullPoint:
    """A new subscription with every property queued. Raises SoapFault."""
    try:
        point = state.pull_points.open(_lifetime_s(state, asked, "UnacceptableInitialTerminationTimeFault"))
    except NoSlot as error:
        detail = element("wsnt:SubscribeCreationFailedFault", _fault_time(state))
        reason = "maximum number of subscriptions reached"
        raise SoapFault("Receiver", ("wsnt:SubscribeCreationFailedFault",), reason, detail=detail) from error
    point.add(state.properties())
    return point


async def pull_messages(state: CameraState, request: SoapRequest) -> Reply:
    """A long poll; pulling is also the keep-alive of the subscription."""
    point = _subscription(state, request)
    timeout_s, limit = _poll_limits(state, request)
    quirks = state.config.quirks
    await point.wait(_held_s(timeout_s, quirks))
    if "forgets_subscriptions" in quirks and point.pulled >= FORGOTTEN_AFTER:
        state.pull_points.close(point)
    if point.ended:
        raise _unknown_subscription()
    if "repeats_for_ever" in quirks:
        point.add(replace(sent, operation="Changed") for sent in state.properties())
    taken = point.take(limit)
    if not taken and not quirks.isdisjoint(HANGUPS):
        raise Hangup
    point.pulled += 1
    if "pull_keeps_nothing" not in quirks:
        _prolong(state, point, timeout_s if "poll_is_lifetime" in quirks else point.lifetime_s)
    state.count_pulled(taken, 1)
    messages = "".join(notification_message(sent, quirks) for sent in taken)
    times = leaf("tev:CurrentTime", format_time(state.clock.now())) + leaf("tev:TerminationTime", _ends(state, point))

    def give_back() -> None:
        state.count_pulled(taken, -1)
        point.put_back(taken)

    return Reply(element("tev:PullMessagesResponse", times, messages), give_back)


def _held_s(timeout_s: float, quirks: frozenset[str]) -> float:
    """How long a poll is held open."""
    if not quirks.isdisjoint({"instant_empty_polls", "instant_hangups", "repeats_for_ever"}):
        return 0.0
    return timeout_s / 10 if "early_hangups" in quirks else timeout_s


def set_synchronization_point(state: CameraState, request: SoapRequest) -> str:
    _subscription(state, request).add(state.properties())
    return element("tev:SetSynchronizationPointResponse")


def renew(state: CameraState, request: SoapRequest) -> str:
    quirks = state.config.quirks
    if "renew_hangup" in quirks:
        raise Hangup
    point = _subscription(state, request)
    if "renew_crash" in quirks:
        state.on_reboot()
        raise Hangup
    if "renew_fault" in quirks:
        raise SoapFault("Receiver", ("ter:ActionNotSupported",), "Renew is not supported")
    asked = request.text("wsnt:TerminationTime")
    _prolong(state, point, _lifetime_s(state, asked, "UnacceptableTerminationTimeFault"))
    times = leaf("wsnt:TerminationTime", _ends(state, point)) + leaf("wsnt:CurrentTime", format_time(state.clock.now()))
    return element("wsnt:RenewResponse", times)


def unsubscribe(state: CameraState, request: SoapRequest) -> str:
    point = _subscription(state, request)
    state.pull_points.close(point)
    if "unsubscribe_ends_all" in state.config.quirks:
        state.pull_points.clear()
    return element("wsnt:UnsubscribeResponse")


def _subscription(state: CameraState, request: SoapRequest) -> PullPoint:
    if "reference_parameters" in state.config.quirks:
        numbers = request.headers("gcam:SubscriptionId")
    else:
        numbers = re.findall(rf"^{SUBSCRIPTION_PATH}(\d+)$", request.path)
    point = state.pull_points.get(int(numbers[0])) if numbers and numbers[0].isdecimal() else None
    if point is None:
        raise _unknown_subscription()
    return point


def _unknown_subscription() -> SoapFault:
    subcodes = ("ter:InvalidArgVal", "ter:InvalidSubscription")
    return SoapFault("Sender", subcodes, "the subscription does not exist or has ended")


def _reference(state: CameraState, point: PullPoint) -> str:
    if "reference_parameters" in state.config.quirks:
        address = _shared_address(state, point)
        parameters = element("wsa:ReferenceParameters", leaf("gcam:SubscriptionId", point.number))
    else:
        address, parameters = state.subscription_address(f"{SUBSCRIPTION_PATH}{point.number}"), ""
    return leaf("wsa:Address", address) + parameters


def _shared_address(state: CameraState, point: PullPoint) -> str:
    if "no_address" in state.config.quirks:
        return ""
    if "urn_address" in state.config.quirks:
        return f"urn:uuid:{uuid.uuid5(_NAMES, str(point.number))}"
    return state.subscription_address(EVENT_PATH)


def _times(state: CameraState, point: PullPoint) -> str:
    current = leaf("wsnt:CurrentTime", format_time(state.clock.now()))
    return current + leaf("wsnt:TerminationTime", _ends(state, point))


def _ends(state: CameraState, point: PullPoint) -> str:
    return format_time(state.clock.now() + timedelta(seconds=point.expires_s - state.monotonic_s()))


def _prolong(state: CameraState, point: PullPoint, lifetime_s: float) -> None:
    point.lifetime_s = lifetime_s
    point.expires_s = state.monotonic_s() + lifetime_s


def _lifetime_s(state: CameraState, asked: str | None, fault: str) -> float:
    """Seconds to live for a relative or absolute time as asked. Raises SoapFault."""
    config = state.config
    if not asked:
        return config.default_lifetime_s
    try:
        relative = asked.startswith("P")
        seconds = parse_duration_s(asked) if relative else (parse_time(asked) - state.clock.now()).total_seconds()
    except ValueError as error:
        raise SoapFault("Sender", (f"wsnt:{fault}",), str(error)) from error
    if not relative and "absolute_time_refused" in config.quirks:
        raise SoapFault("Sender", (f"wsnt:{fault}",), "only relative times")
    if relative and "minutes_as_seconds" in config.quirks and "M" in asked:
        seconds /= 60
    if relative and "relative_time_broken" in config.quirks:
        return 0.0
    if not 1 <= seconds <= config.max_lifetime_s:
        detail = element(f"wsnt:{fault}", _fault_time(state))
        raise SoapFault("Sender", (f"wsnt:{fault}",), f"{asked} is not between 1 s and the maximum", detail=detail)
    return seconds


def _fault_time(state: CameraState) -> str:
    return leaf("wsrf-bf:Timestamp", format_time(state.clock.now()))


def _poll_limits(state: CameraState, request: SoapRequest) -> tuple[float, int]:
    try:
        timeout_s = parse_duration_s(request.text("tev:Timeout") or "")
        limit = int(request.text("tev:MessageLimit") or "")
    except ValueError as error:
        raise SoapFault("Sender", ("ter:InvalidArgVal",), f"Timeout and MessageLimit: {error}") from error
    if timeout_s > state.config.max_poll_s or not 1 <= limit <= MAX_MESSAGES:
        detail = element(
            "tev:PullMessagesFaultResponse",
            leaf("tev:MaxTimeout", f"PT{state.config.max_poll_s:.0f}S"),
            leaf("tev:MaxMessageLimit", MAX_MESSAGES),
        )
        raise SoapFault("Sender", ("ter:InvalidArgVal",), "Timeout or MessageLimit too large", detail=detail)
    return timeout_s, limit


OPERATIONS: dict[str, Operation] = {
    qname("tev:GetServiceCapabilities"): plain(get_service_capabilities, public=True),
    qname("tev:GetEventProperties"): plain(
        get_event_properties, action=f"{_TEV}/EventPortType/GetEventPropertiesRequest"
    ),
    qname("tev:CreatePullPointSubscription"): plain(
        create_pull_point, action=f"{_TEV}/EventPortType/CreatePullPointSubscriptionRequest"
    ),
    qname("wsnt:Subscribe"): plain(subscribe, action=f"{_BW}/NotificationProducer/SubscribeRequest"),
}
SUBSCRIPTION_OPERATIONS: dict[str, Operation] = {
    qname("tev:PullMessages"): Operation(pull_messages, action=f"{_TEV}/PullPointSubscription/PullMessagesRequest"),
    qname("tev:SetSynchronizationPoint"): plain(
        set_synchronization_point, action=f"{_TEV}/PullPointSubscription/SetSynchronizationPointRequest"
    ),
    qname("wsnt:Renew"): plain(renew, action=f"{_BW}/SubscriptionManager/RenewRequest"),
    qname("wsnt:Unsubscribe"): plain(unsubscribe, action=f"{_BW}/SubscriptionManager/UnsubscribeRequest"),
}
