"""What devices POST, as they really send it: told apart by content, read alike, refused with words."""

from __future__ import annotations

import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.devicehttp.server import BadRequest, Request
from drivers.webhook.bodies import MAX_SAID, read
from drivers.webhook.vocabulary import IGNORE, NAMES, Kinds
from edgeagent.driver import KINDS

JPEG = b"\xff\xd8\xff\xe0" + b"\r\n--not the mark\r\n" + b"\xff\xd9"
ALERT = """<?xml version="1.0" encoding="UTF-8"?>
<EventNotificationAlert version="2.0" xmlns="http://www.hikvision.com/ver20/XMLSchema">
<ipAddress>192.168.1.64</ipAddress><portNo>80</portNo><protocol>HTTP</protocol>
<macAddress>c0:56:e3:00:00:01</macAddress><channelID>1</channelID>
<dateTime>2024-05-01T12:00:00+08:00</dateTime><activePostCount>1</activePostCount>
<eventType>{type}</eventType><eventState>{state}</eventState><eventDescription>alarm</eventDescription>
{more}</EventNotificationAlert>"""


def alert(event="VMD", state="active", more=""):
    return ALERT.format(type=event, state=state, more=more).encode()


def posted(body, content_type="application/xml"):
    return read(Request("POST", "/alarm", "/alarm", {}, (("content-type", content_type),), body, "192.168.1.64"))


def multipart(*parts, mark=b"boundary", end=b"\r\n"):
    lines = [b"--" + mark + end + head + end + end + body + end for head, body in parts]
    return b"".join(lines) + b"--" + mark + b"--" + end


def test_hikvision():
    (said,) = posted(alert("linedetection", more="<detectionTarget>human</detectionTarget>")).said
    assert said[:6] == ("linedetection", "on", "channel 1", "human", "2024-05-01T12:00:00+08:00", "")
    assert dict(said.detail) == {
        "ipAddress": "192.168.1.64",
        "macAddress": "c0:56:e3:00:00:01",
        "channelID": "1",
        "eventDescription": "alarm",
        "dateTime": "2024-05-01T12:00:00+08:00",
        "detectionTarget": "human",
    }


def test_a_recorders_channel_has_a_name_and_an_input_a_number():
    (said,) = posted(alert("IO", more="<channelName>村口</channelName><inputIOPortID>2</inputIOPortID>")).said
    assert said.source == "村口 input 2"


def test_an_event_inside_a_frame_counts_as_itself():
    inner = "<DurationList><Duration><relationEvent>fielddetection</relationEvent></Duration></DurationList>"
    assert posted(alert("duration", more=inner)).said[0].name == "fielddetection"


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data; boundary=boundary",
        'multipart/form-data;Boundary="boundary"; charset=utf-8',
        "multipart/form-data",
    ],
)
def test_an_alert_with_its_picture(content_type, end):
    body = multipart(
        (b'Content-Disposition: form-data; name="MoveDetection.xml"' + end + b"Content-Type: application/xml", alert()),
        (b'Content-Disposition: form-data; name="p"; filename="p.jpg"' + end + b"Content-Length: 24", JPEG),
        (b'Content-Disposition: form-data; name="note"', b"anything"),
        end=end,
    )
    found = posted(body, content_type)
    assert [said.name for said in found.said] == ["VMD"]
    assert found.jpegs == (JPEG,)


DAHUA = 'Code=CrossLineDetection;action=Start;index=1;data={"Name":"gate","Object":{"ObjectType":"Human"},"Count":3}'


def test_dahua_lines():
    text = f"{DAHUA}\nCode=VideoMotion;action=Stop;index=0\nCode=NetAbort;action=Pulse;index=0;data={{\n"
    said = posted(text.encode(), "text/plain").said
    assert [one[:4] for one in said] == [
        ("CrossLineDetection", "on", "channel 2 gate", "Human"),
        ("VideoMotion", "off", "channel 1", ""),
        ("NetAbort", "pulse", "channel 1", ""),
    ]
    assert dict(said[0].detail) == {"Name": "gate", "Count": "3"}


@pytest.mark.parametrize(
    "body",
    [
        b'{"Code":"VideoMotion","Action":"Start","Index":3,"Data":{}}',
        b'\xef\xbb\xbf[{"code":"VideoMotion","action":"start","index":3}]',
        b'{"Channel":3,"Events":[{"Code":"VideoMotion","Action":"Start"}]}',
    ],
)
def test_dahua_json(body):
    assert [one[:3] for one in posted(body).said] == [("VideoMotion", "on", "channel 4")]


def test_hikvision_json():
    body = b'{"EventNotificationAlert":{"eventType":"VMD","eventState":"inactive","channelID":2}}'
    assert [one[:3] for one in posted(body).said] == [("VMD", "off", "channel 2")]


def test_our_own_format():
    picture = base64.b64encode(JPEG)
    body = (
        b'{"kind":"water_level","state":"start","source":"\xe5\x8c\x97\xe5\xa1\x98","id":"7","time":"2024-05-01",'
        b'"detail":{"level_m":2.5,"trend":"up"},"picture":"' + picture + b'"}'
    )
    found = posted(body, "text/plain")
    assert found.said[0][:6] == ("water_level", "on", "北塘", "", "2024-05-01", "7")
    assert dict(found.said[0].detail) == {"level_m": "2.5", "trend": "up", "time": "2024-05-01"}
    assert found.jpegs == (JPEG,)
    assert posted(b'{"kind":"door"}').said[0].state == "pulse"
    assert posted(b'{"kind":"door","state":true}').said[0].state == "on"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 415),
        (b"hello", 415),
        (JPEG, 415),
        (b"<", 400),
        (b"<!DOCTYPE a><a/>", 400),
        (b"<html/>", 422),
        (b"<EventNotificationAlert/>", 422),
        (alert(state="perhaps"), 422),
        (b"{", 400),
        (b"[1]", 422),
        (b"{}", 422),
        (b'{"kind":1}', 422),
        (b'{"kind":"door","state":"ajar"}', 422),
        (b'{"kind":"door","picture":"%%%"}', 422),
        (b'{"kind":"door","picture":"AAAA"}', 422),
        (b"[" * 5000, 400),
        (b"[" + b",".join([b'{"kind":"door"}'] * (MAX_SAID + 1)) + b"]", 422),
        (b"Code=", 422),
    ],
)
def test_what_cannot_be_read_is_refused_with_words(body, status):
    with pytest.raises(BadRequest) as caught:
        posted(body)
    assert caught.value.status == status
    assert " / " in str(caught.value)


@given(st.binary(max_size=200), st.sampled_from([b"", b"<", b"{", b"Code=A;action=", b"--b\r\n\r\n", alert()[:400]]))
def test_whatever_bytes_come_they_are_read_or_refused(raw, begin):
    for content_type in ("application/xml", "multipart/form-data; boundary=b", "multipart/mixed"):
        with contextlib.suppress(BadRequest):
            posted(begin + raw, content_type)


def test_the_table_knows_only_our_kinds():
    assert set(NAMES.values()) <= {*KINDS, IGNORE}
    assert all(name == name.lower() and "_" not in name for name in NAMES)


@pytest.mark.parametrize(
    ("name", "target", "kind"),
    [
        ("VMD", "", "motion"),
        ("VMD", "human", "person"),
        ("linedetection", "human", "line_crossing"),
        ("water_level", "", "water_level"),
        ("Line Crossing", "", "line_crossing"),
        ("WhoKnows", "", "other"),
        ("Gate-1", "", "door"),
        ("pir", "", IGNORE),
    ],
)
def test_kinds(name, target, kind):
    assert Kinds({"gate_1": "door", "PIR": IGNORE}).kind_of(name, target) == kind
