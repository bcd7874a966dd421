"""Pure parts of the simulated camera: requests cut from bytes, durations, credentials, the table of quirks."""

import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import simulators.camera
from simulators.camera import QUIRKS, Camera, CameraConfig, PictureUnavailable
from simulators.camera.http import BadRequest, take_request
from simulators.camera.httpauth import DigestCheck, HttpAuthRefused, check_basic
from simulators.camera.pullpoints import MAX_QUEUED, NoSlot, PullPoint, PullPoints
from simulators.camera.soap import SoapFault, envelope, fault_body, leaf, parse_request
from simulators.camera.times import format_time, parse_duration_s, parse_time
from simulators.camera.topics import Notification
from simulators.camera.usernametoken import TokenCheck, TokenRefused, UsernameToken

NOW = datetime(2024, 5, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("PT60S", 60), ("PT1M", 60), ("P1DT2H3M4.5S", 93784.5), ("PT0S", 0)],
)
def test_durations(text, seconds):
    assert parse_duration_s(text) == seconds


@pytest.mark.parametrize("text", ["", "P", "PT", "60", "0:01:00", "P1Y", "PT5"])
def test_no_durations(text):
    with pytest.raises(ValueError):
        parse_duration_s(text)


def test_times_are_utc_whatever_they_came_as():
    assert parse_time("2024-05-01T20:00:00+08:00") == parse_time("2024-05-01T12:00:00Z") == NOW
    assert parse_time("2024-05-01T12:00:00") == NOW
    assert format_time(NOW) == "2024-05-01T12:00:00Z"


def test_request_is_taken_only_when_whole():
    whole = b"POST /a?b=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\n\r\n"
    buffer = bytearray()
    taken = []
    for byte in whole:
        buffer.append(byte)
        request = take_request(buffer)
        if request is not None:
            taken.append((request.method, request.path, request.body))
    assert taken == [("POST", "/a", b"abc"), ("GET", "/", b"")]
    assert not buffer


@pytest.mark.parametrize(
    "head",
    [
        b"nonsense",
        b"GET / HTTP/2.0",
        b"POST / HTTP/1.1\r\nContent-Length: -1",
        b"POST / HTTP/1.1\r\nContent-Length: 99999999",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked",
    ],
)
def test_bad_requests(head):
    with pytest.raises(BadRequest):
        take_request(bytearray(head + b"\r\n\r\n"))


def test_endless_header_is_refused():
    with pytest.raises(BadRequest):
        take_request(bytearray(b"x" * 40_000))


def test_digest_takes_each_count_once():
    check = DigestCheck("Mufasa", "Circle of Life", realm="r", algorithm="MD5")
    nonce = re.search(r'nonce="(\w+)"', check.challenge())[1]
    response = check._response("GET", "/p", nonce, "00000001", "c")
    header = (
        f'Digest username="Mufasa", realm="r", nonce="{nonce}", uri="/p", qop=auth, nc=00000001, cnonce="c", '
        f'response="{response}"'
    )
    check.check(header, "GET", "/p")
    with pytest.raises(HttpAuthRefused) as caught:
        check.check(header, "GET", "/p")
    assert caught.value.stale
    with pytest.raises(HttpAuthRefused):
        check.check(header, "GET", "/other")


def test_digest_response_is_that_of_the_standard():
    """The example of RFC 7616, 3.9.1 (MD5)."""
    check = DigestCheck("Mufasa", "Circle of Life", realm="http-auth@example.org", algorithm="MD5")
    nonce, cnonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    assert check._response("GET", "/dir/index.html", nonce, "00000001", cnonce) == "8ca523f5e9506fed4657c9700eebdbec"


def test_basic():
    check_basic("Basic YWRtaW46cHc=", "admin", "pw")
    for wrong in ("Basic YWRtaW46cHg=", "Basic ???", "Digest x", ""):
        with pytest.raises(HttpAuthRefused):
            check_basic(wrong, "admin", "pw")


def username_token(**changes):
    """The example of the ONVIF Application Programmer's Guide."""
    fields = {
        "username": "user",
        "digest": "tuOSpGlFlIXsozq4HFNeeGeFLEI=",
        "nonce": "LKqI6G/AikKCQrN0zqZFlg==",
        "created": "2010-09-16T07:50:45Z",
    }
    return UsernameToken(**{**fields, **changes})


def test_username_token_of_the_onvif_guide_works_once():
    check = TokenCheck("user", "userpassword", 300)
    at = datetime(2010, 9, 16, 7, 50, 45, tzinfo=UTC)
    check.check(username_token(), at + timedelta(seconds=299))
    with pytest.raises(TokenRefused, match="already used"):
        check.check(username_token(), at)


def test_username_token_refusals_tell_the_password_from_the_clock():
    check = TokenCheck("user", "userpassword", 300)
    at = datetime(2010, 9, 16, 7, 50, 45, tzinfo=UTC)
    with pytest.raises(TokenRefused, match="clock") as caught:
        check.check(username_token(), at + timedelta(seconds=301))
    assert not caught.value.wrong_password
    with pytest.raises(TokenRefused) as caught:
        check.check(username_token(digest="AAAA"), at)
    assert caught.value.wrong_password
    for malformed in ({"nonce": "!"}, {"created": "yesterday"}):
        with pytest.raises(TokenRefused, match="malformed"):
            check.check(username_token(**malformed), at)


def test_slots_and_lifetimes_follow_the_clock():
    now = [0.0]
    points = PullPoints(1, lambda: now[0])
    first = points.open(10)
    with pytest.raises(NoSlot):
        points.open(10)
    now[0] = 10.0
    second = points.open(10)
    assert first.ended
    assert points.live() == [second]
    assert points.get(first.number) is None


def test_queue_keeps_order_and_counts_what_falls_out():
    def sent(number):
        return Notification("t", (), (), (), None, NOW, number)

    point = PullPoint(1, 60, 0)
    point.add([sent(n) for n in range(MAX_QUEUED + 2)])
    assert point.overflowed == 2
    taken = point.take(2)
    point.put_back(taken)
    assert [n.number for n in point.take(3)] == [2, 3, 4]


def test_soap_is_read_strictly_and_text_is_escaped():
    for bad in (b"", b"<a/>", b"<a>", envelope("<tds:A/><tds:B/>"), envelope("")):
        with pytest.raises(SoapFault):
            parse_request(bad, "/")
    fault = SoapFault("Sender", ("ter:A", "ter:B"), "<&>")
    parsed = parse_request(envelope(fault_body(fault) + ""), "/x")
    assert [value.text for value in parsed.body.iter("{*}Value")] == ["env:Sender", "ter:A", "ter:B"]
    assert parsed.text("env:Reason", "env:Text") == "<&>"
    assert leaf("a", True) == "<a>true</a>"


def test_every_quirk_is_used_somewhere_and_unknown_ones_are_refused():
    folder = Path(simulators.camera.__file__).parent
    code = "".join(path.read_text() for path in folder.glob("*.py") if path.name != "quirks.py")
    assert [name for name in QUIRKS if f'"{name}"' not in code and f"'{name}'" not in code] == []
    with pytest.raises(ValueError, match="unknown quirk: dances"):
        CameraConfig(name="c", quirks=frozenset({"dances"}))
    with pytest.raises(ValueError, match="auth"):
        CameraConfig(name="c", auth="telepathy")


async def test_without_opencv_the_start_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(PictureUnavailable, match="OpenCV"):
        await Camera(CameraConfig(name="c")).start()
