"""The pure parts of the feeds: signatures, the schedule of retries, where webhooks may go, what an event becomes."""

from __future__ import annotations

import importlib
import sys
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import get_args

import httpx
import msgspec
import pytest

from countyhub import feeds, lease
from countyhub.config import Config, FeedsSettings, FeedType, MqttFeedSettings
from countyhub.feeds import envelope, schedule, topics
from countyhub.feeds.source import CASE
from countyhub.outbound import signature
from countyhub.outbound.targets import BadNetwork, BadUrl, NotEncrypted, PrivateAddress, Targets, is_public, parse
from gridwire.events import KIND_OF

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


# -- signatures


def test_the_example_of_the_standard() -> None:
    """The vector that the libraries of Standard Webhooks are tested with."""
    found = signature.headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        b'{"test": 2432232314}',
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )
    assert found == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_two_secrets_sign_both() -> None:
    old, new = signature.new_secret(), signature.new_secret()
    assert old != new
    alone = [signature.headers("m", NOW, b"{}", [each])["webhook-signature"] for each in (new, old)]
    assert signature.headers("m", NOW, b"{}", [new, old])["webhook-signature"] == " ".join(alone)


# -- the schedule


def test_ten_attempts_within_75_hours_and_then_no_more() -> None:
    at, failures = NOW, 0
    while (later := schedule.next_attempt(failures + 1, at, 0.5)) is not None:
        at, failures = later, failures + 1
    assert (failures + 1, at - NOW) == (10, timedelta(hours=75, minutes=35, seconds=5))


def test_jitter_is_a_tenth_either_way() -> None:
    first, last = (schedule.next_attempt(2, NOW, chance) for chance in (0.0, 1.0))
    assert (first - NOW, last - NOW) == (timedelta(seconds=270), timedelta(seconds=330))


@pytest.mark.parametrize(
    ("status", "said", "seconds"),
    [
        (429, "120", 120),
        (503, "0", 1),
        (503, "Sun, 22 Nov 2026 12:05:00 GMT", 300),
        (503, "Sun, 22 Nov 2026 11:00:00 GMT", 1),
        (429, "999999999999", 86400),
        (429, "Fri, 31 Dec 2999 00:00:00 GMT", 86400),
        (429, "soon", None),
        (429, "-5", None),
        (429, "١٢", None),
        (429, "", None),
        (500, "120", None),
    ],
)
def test_who_asks_to_wait_is_waited_for(status: int, said: str, seconds: int | None) -> None:
    expected = None if seconds is None else NOW + timedelta(seconds=seconds)
    assert schedule.wait_until(status, said, NOW) == expected


# -- where webhooks may go


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.100.100.200", "0.0.0.0", "224.0.0.1",
     "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fd00::1", "fd00:ec2::254", "ff02::1",
     "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:db8::1"],
)  # fmt: skip
def test_what_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "223.5.5.5", "2400:3200::1", "64:ff9b::101:101", "::ffff:1.1.1.1"])
def test_what_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "given",
    ["ftp://a.example/", "https://", "file:///etc/passwd", "//a.example/", "https://user:pass@a.example/",
     "https://a.example/#x", "https://a.example:99999/", "x", "", "https://a.example/" + "x" * 2000],
)  # fmt: skip
def test_what_is_no_address_for_a_webhook(given: str) -> None:
    with pytest.raises(BadUrl):
        parse(given)


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/", "https://2130706433/", "https://0x7f.1/", "http://[::1]:80/", "https://localhost/",
            "https://169.254.169.254/latest/meta-data/", "https://[::ffff:10.0.0.1]/"],
)  # fmt: skip
async def test_private_addresses_in_every_spelling_are_refused(url: str) -> None:
    with pytest.raises(PrivateAddress):
        await Targets(()).find(parse(url))


async def test_what_is_allowed_is_allowed_also_without_tls_and_nothing_else() -> None:
    targets = Targets(["10.20.0.0/16"])
    assert await targets.find(httpx.URL("http://10.20.1.1/")) == [ip_address("10.20.1.1")]
    assert await targets.find(httpx.URL("https://1.1.1.1/")) == [ip_address("1.1.1.1")]
    with pytest.raises(PrivateAddress):
        await targets.find(httpx.URL("https://10.21.1.1/"))
    with pytest.raises(NotEncrypted):
        await targets.find(httpx.URL("http://1.1.1.1/"))
    with pytest.raises(BadNetwork):
        Targets(["10.20.0.0.0/16"])


# -- which feeds run


PIGEON = """
flown = []
async def run(*given):
    flown.append(given)
"""


async def test_a_feed_is_found_by_the_name_of_its_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Pigeon(FeedsSettings, frozen=True, kw_only=True):
        pigeon: MqttFeedSettings = MqttFeedSettings(enabled=True)

    (tmp_path / "pigeon.py").write_text(PIGEON)
    monkeypatch.setattr(feeds, "__path__", [*feeds.__path__, str(tmp_path)])
    held: dict[str, str] = {}
    config = Config(county="431126", feeds=Pigeon(webhooks=False))
    try:
        await feeds.run(None, None, config, held)
        assert feeds.pigeon.flown == [(None, None, config, held)]
    finally:
        sys.modules.pop("countyhub.feeds.pigeon", None)
        vars(feeds).pop("pigeon", None)
    both = FeedsSettings(mqtt=MqttFeedSettings(enabled=True))
    assert (both.running, FeedsSettings(webhooks=False).running) == (("mqtt", "webhook"), ())
    assert all(callable(importlib.import_module(f"countyhub.feeds.{name}").run) for name in both.running)


# -- what is sent


def test_kinds_are_those_of_the_wire() -> None:
    assert get_args(FeedType) == (*KIND_OF.values(), CASE)


def row(**changes: object) -> dict[str, object]:
    return {"time": NOW, "recorded": NOW, "clock": "synced", "monotonic_ms": 5000, "booted": None,
            "box": "431126001001", "raw": b'{"data": {"kind": "fire"}}'} | changes  # fmt: skip


def test_time_is_corrected_where_it_can_be() -> None:
    wrong = NOW.replace(year=1970)
    assert envelope.happened(row()) == (NOW, "synced")
    unknown = row(clock="unsynced", time=wrong, recorded=wrong)
    assert envelope.happened(unknown) == (wrong, "unknown")
    assert envelope.happened(unknown | {"booted": NOW}) == (NOW + timedelta(seconds=5), "corrected")


def test_pictures_are_named_and_all_else_is_left_as_it_came() -> None:
    raw = b'{"data": {"kind": "fire", "new": 1.0, "pictures": [{"stream": "S", "seq": 7, "sha256": "x"}]}}'
    data = envelope.data_of(row(raw=raw), "https://hub.example/")
    picture = {"stream": "S", "seq": 7, "sha256": "x", "dataref": "https://hub.example/api/1/pictures/431126001001/S/7"}
    assert data == {"kind": "fire", "new": 1.0, "pictures": [picture]}
    assert envelope.data_of(row(), "") == msgspec.Raw(b'{"kind": "fire"}')


def test_sequence_sorts_as_text() -> None:
    numbers = [1, 9, 10, 2**40, 2**63 - 1]
    assert sorted(map(envelope.sequence, numbers)) == [envelope.sequence(each) for each in numbers]


def test_topics() -> None:
    assert topics.event_topic("431126", "431126001", "431126001001-2", "sos") == (
        "hub/1/431126/event/431126001/431126001001-2/sos"
    )
    assert topics.case_topic("431126", "", "431126-20260501-0001") == "hub/1/431126/case/unknown/431126-20260501-0001"


def test_the_page_says_how_long_feeds_wait_for_a_process_that_is_dead() -> None:
    """As long as its lease lasts, and until the next one looks."""
    text = (Path(__file__).parents[3] / "docs/feeds.md").read_text()
    lasts_s = lease.LASTS.total_seconds()
    assert f"its lease lasts {lasts_s:.0f} s" in text
    assert f"for up to {lasts_s + lease.AGAIN_S:.0f} s" in text
    assert f"it within {lease.AGAIN_S:.0f} s" in text
