"""Every quirk of the simulated camera against the real driver over real HTTP: what must be seen of each.

Alarms arrive exactly once whatever the camera does wrong; where it has no events, or lets nobody in, that is told.
"""

import asyncio
import re
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import pytest

from edgeagent.driver import CommandRefused
from simulators.camera import QUIRKS
from simulators.camera.media import snapshot_uri
from tests.cameras import camera, driver_for, kept_setup, running, until, watched

UP = [("up", "")]


@dataclass(frozen=True)
class Case:
    """Beside its quirk: settings of camera and driver, and the rung on which it must end."""

    quirk: str
    also: tuple[str, ...] = ()
    of_camera: dict[str, object] = field(default_factory=dict)
    rung: str = "pullpoint"
    listens: bool = False

    def __str__(self):
        return "+".join((self.quirk, *self.also, *map(str, self.of_camera.values()), *(["listens"] * self.listens)))


TOKEN = {"auth": "usernametoken"}
WITH_EVENTS = [
    *map(Case, ["wrong_address", "nat_address", "loopback_address", "double_port", "reference_parameters"]),
    Case("no_address", also=("reference_parameters",)),
    Case("urn_address", also=("reference_parameters",)),
    *map(Case, ["redirects", "open_connections", "packed", "mime_parts"]),
    Case("redirects", of_camera={"auth": "digest"}),
    Case("other_port"),
    Case("other_port", also=("reference_parameters",)),
    Case("other_port", also=("no_pullpoint",), listens=True, rung="notify"),
    *map(Case, ["no_subscribe", "initial_time_required", "minutes_as_seconds", "relative_time_broken"]),
    Case("relative_time_broken", of_camera={"clock_offset_s": -86400.0}),
    Case("absolute_time_refused"),
    Case("absolute_time_refused", also=("minutes_as_seconds",), of_camera={"max_lifetime_s": 100.0}),
    *map(Case, ["orphaned_slots", "renew_fault", "renew_hangup", "renew_crash", "unsubscribe_ends_all"]),
    *map(Case, ["pull_keeps_nothing", "poll_is_lifetime", "lax_addressing", "addressing_fault"]),
    *map(Case, ["instant_empty_polls", "poll_hangup", "instant_hangups", "early_hangups", "short_polls"]),
    *map(Case, ["always_initialized", "repeats", "repeats_for_ever", "topic_tail", "topic_slash"]),
    *map(Case, ["bad_times", "microseconds", "local_event_times"]),
    *map(Case, ["clock_in_1970", "reboot_resets_clock", "local_time_as_utc", "tells_local_time", "clock_needs_login"]),
    Case("clock_in_1970", of_camera=TOKEN),
    Case("local_time_as_utc", of_camera=TOKEN),
    Case("tells_local_time", of_camera=TOKEN),
    Case("clock_needs_login", of_camera=TOKEN),
    Case("clock_needs_login", also=("clock_in_1970",), of_camera={"auth": "digest"}),
    *map(Case, ["digest_only", "token_only", "locks_account"]),
    *map(Case, ["undeclared_prefix", "byte_order_mark", "bad_utf8"]),
    Case("no_pullpoint", listens=True, rung="notify"),
    Case("silent_subscribe", also=("no_pullpoint",), listens=True, rung="notify"),
    Case("no_pullpoint", also=("wrong_address", "reference_parameters"), listens=True, rung="notify"),
    Case("no_pullpoint", also=("relative_time_broken", "always_initialized"), listens=True, rung="notify"),
    Case("no_pullpoint", also=("undeclared_prefix", "bad_utf8", "topic_tail"), listens=True, rung="notify"),
    Case("pullpoint_500", listens=True, rung="notify"),
]


@pytest.mark.parametrize("case", WITH_EVENTS, ids=str)
async def test_quirk_costs_no_alarm_and_invents_none(device, case):
    listen = {"notify_listen": "127.0.0.1:0"} if case.listens else {}
    async with camera(quirks=[case.quirk, *case.also], **case.of_camera) as gate:
        kept_setup(device, gate, services=False)
        async with watched(gate, device, poll_s=1.0, **listen):
            gate.raise_alarm("person", active=True)
            await until(lambda: device.alarms("person") == [("person", "start")])
            gate.raise_alarm("person", active=False)
            gate.raise_alarm("line_crossing")
            await until(lambda: device.alarms("line_crossing") == [("line_crossing", "pulse")])
            assert gate.subscriptions == 1
            assert device.described["events"] == case.rung
        assert device.alarms() == [("person", "start"), ("person", "end"), ("line_crossing", "pulse")]
        retried = case.quirk == "pullpoint_500"  # it may be over soon: only then the camera is let tell by itself
        assert (device.states()[-1:] if retried else device.states()) == UP
        assert gate.subscriptions == 0


@pytest.mark.slow
@pytest.mark.parametrize("quirk", ["instant_empty_polls", "instant_hangups", "early_hangups", "repeats_for_ever"])
async def test_quirk_does_not_make_it_ask_without_end(device, quirk):
    """Whatever is answered at once, or not at all, is asked again at a decent pace."""
    async with camera(quirks=[quirk]) as gate:
        kept_setup(device, gate)
        async with watched(gate, device, poll_s=5.0):
            await asyncio.sleep(1.0)  # the questions of its start are over
            before, began_s = gate.requests, monotonic()
            await asyncio.sleep(3.0)  # what is counted is how often in a time
            asked, seconds = gate.requests - before, monotonic() - began_s
            # One poll, and one question whether it is still there, each 0.75 s; the chatty one has spent its burst.
            assert 0 < asked <= 2 * seconds / 0.75 + 8


async def test_quirk_makes_it_ask_for_fewer_messages_at_a_time(device):
    """What did not fit is lost, and that is told; from then on everything fits."""
    async with camera(quirks=["pictures_inside"]) as gate:
        kept_setup(device, gate)
        async with watched(gate, device, poll_s=1.0):
            for _ in range(12):
                gate.raise_alarm("line_crossing")
            await until(lambda: any(state == "down" for state, *_ in device.states()))
            await until(lambda: device.states()[-1][0] == "up")
            before = len(device.alarms("line_crossing"))
            for _ in range(3):
                gate.raise_alarm("line_crossing")
            await until(lambda: len(device.alarms("line_crossing")) >= before + 3)
            assert gate.state.pull_points.opened == 1


WITHOUT_EVENTS = [
    Case("no_pullpoint"),
    Case("no_subscribe", also=("no_pullpoint",), listens=True),
    Case("no_event_service"),
    Case("no_event_service", listens=True),
    Case("pullpoint_500"),
    Case("no_free_slot"),
    Case("no_free_slot", listens=True),
    Case("relative_time_broken", also=("absolute_time_refused",)),
]


@pytest.mark.parametrize("case", WITHOUT_EVENTS, ids=str)
async def test_quirk_leaves_no_events_and_says_so_while_pictures_work(device, case):
    listen = {"notify_listen": "127.0.0.1:0"} if case.listens else {}
    async with camera(quirks=[case.quirk, *case.also]) as gate:
        kept_setup(device, gate)
        async with running(driver_for(gate, look_every_s=5.0, **listen), device):
            await until(lambda: ("degraded", "no-events") in device.states())
        assert device.described["events"] == "pictures"
        assert ("up", "") not in device.states()
        assert device.alarms() == []
        assert gate.subscriptions == 0


async def test_quirk_no_events_and_no_pictures_is_down(device):
    async with camera(quirks=["no_pullpoint", "snapshot_404", "rtsp_404"]) as gate:
        kept_setup(device, gate)
        async with running(driver_for(gate), device):
            await until(device.states)
        assert device.states() == [("down", "no-events")]


PICTURES = [
    Case("snapshot_digest_only"),
    Case("snapshot_basic_only"),
    Case("snapshot_query_login"),
    Case("snapshot_query_login", also=("snapshot_basic_only",)),
    Case("snapshot_port_80"),
    Case("snapshot_404"),
    Case("no_snapshot_uri"),
    Case("rtsp_grey", also=("snapshot_404",)),
]


@pytest.mark.parametrize("case", PICTURES, ids=str)
async def test_quirk_costs_no_picture(device, case):
    async with camera(quirks=[case.quirk, *case.also], lock_after=2) as gate:
        kept_setup(device, gate, snapshot=snapshot_uri(gate.state) if case.quirk != "no_snapshot_uri" else "")
        async with watched(gate, device) as driver:
            answer = await driver.command(device, "snapshot", {})
        assert device.observations[-1].pictures[0].startswith(b"\xff\xd8\xff")
        assert answer["bytes"] == len(device.observations[-1].pictures[0])


NO_PICTURES = [
    (Case("half_picture"), "half-picture"),
    (Case("rtsp_404", also=("snapshot_404",)), "no-snapshot"),
    (Case("rtsp_silent", also=("snapshot_404",)), "stream"),
    (Case("rtsp_refuses", also=("snapshot_404",)), "stream-refused"),
    (Case("rtsp_frozen", also=("snapshot_404",)), "frame"),
    (Case("rtsp_dies", also=("snapshot_404",)), "frame"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("case", "code"), NO_PICTURES, ids=str)
async def test_quirk_costs_the_picture_and_is_named(device, case, code):
    async with camera(quirks=[case.quirk, *case.also]) as gate:
        kept_setup(device, gate, snapshot=snapshot_uri(gate.state))
        async with watched(gate, device) as driver:
            with pytest.raises(CommandRefused, match=code):
                await driver.command(device, "snapshot", {})
            gate.raise_alarm("tamper")
            await until(lambda: device.alarms() == [("tamper", "start")])


@pytest.mark.parametrize("auth", ["both", "usernametoken", "digest"])
async def test_quirk_locks_account_is_never_provoked(device, auth):
    async with camera(quirks=["locks_account"], auth=auth, lock_s=600.0) as gate:
        async with running(driver_for(gate, password="wrong"), device):
            await until(device.states)
            asked = gate.requests
            await asyncio.sleep(1.5)  # nothing is to happen
            assert gate.requests == asked
        assert device.states() == [("down", "wrong-password")]
        device.reports.clear()
        async with watched(gate, device):
            pass


@pytest.mark.parametrize("auth", ["both", "usernametoken", "digest"])
async def test_quirk_separate_onvif_user_is_told_plainly(device, auth):
    async with camera(quirks=["separate_onvif_user"], auth=auth) as gate, running(driver_for(gate), device):
        await until(device.states)
        assert device.states() == [("down", "needs-onvif-user")]
        assert "create the ONVIF user on the camera" in device.reports[0].detail


async def test_quirk_clock_that_nobody_may_read_and_that_is_wrong(device):
    settings = {"quirks": ["clock_needs_login", "clock_in_1970", "token_only"]}
    async with camera(**settings) as gate, running(driver_for(gate), device):
        await until(device.states)
        assert device.states() == [("down", "clock-wrong")]


async def test_quirk_pulses(device):
    """Neither boolean nor end: one event each, and nothing stays on."""
    async with camera(quirks=["pulses"]) as gate:
        kept_setup(device, gate)
        async with watched(gate, device):
            gate.raise_alarm("person", active=True)
            gate.raise_alarm("person", active=False)
            gate.raise_alarm("person", active=True)
            await until(lambda: len(device.alarms()) == 2)
        assert device.alarms() == [("person", "pulse")] * 2


async def test_quirk_endless_sources_end_at_a_limit(device):
    async with camera(quirks=["endless_sources"]) as gate:
        kept_setup(device, gate)
        async with watched(gate, device):
            for _ in range(300):
                gate.raise_alarm("tamper", active=True)
            await until(lambda: "states_refused" in device.described)
            gate.raise_alarm("line_crossing")
            await until(lambda: device.alarms("line_crossing"))
        assert device.alarms("tamper") == [("tamper", "start")] * 256
        assert len(b"".join(device.memory.values())) < 128 * 1024


async def test_quirk_forgets_subscriptions(device):
    """Each loss is honest about the interval, and no alarm comes twice."""
    async with camera(quirks=["forgets_subscriptions"]) as gate:
        kept_setup(device, gate)
        async with watched(gate, device, poll_s=1.0):
            for expected in range(1, 5):
                gate.raise_alarm("tamper", active=expected % 2 == 1)
                await until(lambda expected=expected: len(device.alarms()) == expected)
            await until(lambda: ("down", "subscription-lost") in device.states())
            await until(lambda: device.states()[-1] == ("up", ""))
            assert gate.subscriptions == 1
        assert device.alarms() == [("tamper", "start"), ("tamper", "end")] * 2
        assert all(report.last_seen for report in device.reports if report.state == "down")


@pytest.mark.parametrize("quirks", [[], ["reboot_resets_clock"], ["clock_in_1970"], ["late_events"]], ids=str)
async def test_quirk_reboot_drops_the_subscription(device, quirks):
    """One interval is told, nothing comes twice, what changed meanwhile is noticed, with whatever clock it returns."""
    async with camera(quirks=quirks, auth="usernametoken") as gate:
        kept_setup(device, gate)
        gate.state.started_s -= 60.0
        async with watched(gate, device):
            gate.raise_alarm("tamper", active=True)
            await until(lambda: device.alarms() == [("tamper", "start")])
            gate.begin_reboot(2.0)
            await asyncio.sleep(0)  # it goes down
            gate.raise_alarm("tamper", active=False)
            gate.raise_alarm("too_dark", active=True)
            await until(lambda: len(device.alarms()) == 3)
            gate.raise_alarm("line_crossing")
            await until(lambda: len(device.alarms()) == 4)
            assert gate.subscriptions == 1
        assert set(device.alarms()[1:3]) == {("tamper", "end"), ("too_dark", "start")}
        assert device.states() == [("up", ""), ("down", "refused"), ("up", "")]


async def test_quirk_pull_keeps_nothing_is_renewed_in_time(device, monkeypatch):
    monkeypatch.setattr("drivers.onvif.ladder.pulling.MEASURE_S", 1.5)
    async with camera(quirks=["pull_keeps_nothing"]) as gate:
        kept_setup(device, gate)
        async with watched(gate, device, poll_s=1.0):
            [point] = gate.state.pull_points.live()
            await until(lambda: point.pulled >= 2)
            point.expires_s -= 560.0
            await until(lambda: point.expires_s - gate.state.monotonic_s() > 500)
            gate.raise_alarm("tamper")
            await until(lambda: device.alarms() == [("tamper", "start")])
            assert gate.state.pull_points.live() == [point]
        assert device.states() == UP


@pytest.mark.slow
@pytest.mark.parametrize("quirk", ["renew_fault", "renew_hangup", "renew_crash"])
async def test_quirk_of_renew_is_met_once_and_never_provoked_again(device, quirk, monkeypatch):
    """Base notification has no polls: it must be prolonged somehow."""
    monkeypatch.setattr("drivers.onvif.ladder.notifying.RENEW_AFTER", 0.002)
    monkeypatch.setattr("drivers.onvif.ladder.notifying.RESUBSCRIBE_AFTER", 0.004)
    async with camera(quirks=[quirk, "no_pullpoint"], reboot_s=0.5) as gate:
        kept_setup(device, gate)
        async with watched(gate, device, poll_s=1.0, notify_listen="127.0.0.1:0"):
            for expected in range(1, 6):
                gate.raise_alarm("tamper", active=expected % 2 == 1)
                await until(lambda expected=expected: len(device.alarms()) == expected)
                await asyncio.sleep(1.0)  # in which it would prolong, or subscribe once more
                assert gate.subscriptions <= 1
        assert device.alarms("tamper") == [("tamper", "start"), ("tamper", "end")] * 2 + [("tamper", "start")]
        assert gate.state.boots == (2 if quirk == "renew_crash" else 1)
        assert gate.subscriptions == 0


def test_every_quirk_has_a_test():
    tabled = {name for case in (*WITH_EVENTS, *WITHOUT_EVENTS, *PICTURES) for name in (case.quirk, *case.also)}
    tabled |= {name for case, _ in NO_PICTURES for name in (case.quirk, *case.also)}
    # Those of discovery and of small matters are met by the tests of their subject.
    texts = (path.read_text() for path in Path(__file__).parents[2].rglob("test_*.py") if "parts" not in path.name)
    by_name = {name for text in texts for name in re.findall(r'"([a-z0-9_]+)"', text)}
    assert sorted(QUIRKS.keys() - tabled - by_name) == []
