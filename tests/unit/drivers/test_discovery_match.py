"""Answers to a WS-Discovery Probe, as makers write them and as nobody should."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drivers.onvif.discovery.net import interfaces
from drivers.onvif.discovery.probe import TYPES, Match, merge, probe, read_matches
from drivers.safexml import first_text, parse_xml
from edgeagent.driver import DriverProblem
from simulators.camera.discovery import parse_probe

HIKVISION = """<?xml version="1.0" encoding="UTF-8"?>
<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope" xmlns:tds="http://www.onvif.org/ver10/device/wsdl"
 xmlns:wsadis="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:dn="http://www.onvif.org/ver10/network/wsdl"
 xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><env:Header>
<wsadis:MessageID>urn:uuid:0a1b2c3d-1dd2-11b2-a105-4419b6c0ffee</wsadis:MessageID>
<wsadis:RelatesTo>urn:uuid:5ab8b5dd-8a0e-4a3c-8b0e-6f0f3a0b5a11</wsadis:RelatesTo>
<wsadis:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</wsadis:To>
<wsadis:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</wsadis:Action>
<d:AppSequence InstanceId="1714550400" MessageNumber="21"/></env:Header><env:Body><d:ProbeMatches><d:ProbeMatch>
<wsadis:EndpointReference><wsadis:Address>urn:uuid:5d8e1c00-b2f8-11b4-8e5c-4419b6c0ffee</wsadis:Address>
</wsadis:EndpointReference><d:Types>dn:NetworkVideoTransmitter tds:Device</d:Types>
<d:Scopes>onvif://www.onvif.org/type/video_encoder onvif://www.onvif.org/Profile/Streaming
 onvif://www.onvif.org/MAC/44:19:b6:c0:ff:ee onvif://www.onvif.org/hardware/DS-2CD2042WD-I
 onvif://www.onvif.org/name/HIKVISION%20DS-2CD2042WD-I onvif://www.onvif.org/location/city/hangzhou</d:Scopes>
<d:XAddrs>http://192.168.1.64/onvif/device_service http://[fe80::4619:b6ff:fec0:ffee]/onvif/device_service</d:XAddrs>
<d:MetadataVersion>10</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches></env:Body></env:Envelope>"""

DAHUA = """<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"
 xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"><s:Header><a:MessageID>uuid:2419d68a-2dd2-21b2-a205-e0508b
</a:MessageID></s:Header><s:Body><d:ProbeMatches xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery">
<d:ProbeMatch><a:EndpointReference><a:Address>uuid:4a6b92d5-2dd2-21b2-a205-e0508b1f22aa</a:Address>
</a:EndpointReference><d:Types>dn:NetworkVideoTransmitter tds:Device</d:Types><d:Scopes>
onvif://www.onvif.org/location/country/china onvif://www.onvif.org/name/Dahua
onvif://www.onvif.org/hardware/IPC-HFW1230S onvif://www.onvif.org/Profile/Streaming</d:Scopes>
<d:XAddrs>http://192.168.1.108/onvif/device_service</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion>
</d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>"""

AXIS = """<?xml version="1.0" encoding="UTF-8"?>
<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope" xmlns:dn="urn:x"
 xmlns:wsa5="http://www.w3.org/2005/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery">
<SOAP-ENV:Body><d:ProbeMatches><d:ProbeMatch><wsa5:EndpointReference><wsa5:Address>
urn:uuid:fb7c1f6e-4b3f-4d5f-9b8e-00408C1234AB</wsa5:Address></wsa5:EndpointReference>
<d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>onvif://www.onvif.org/name/AXIS%20M3045-V
onvif://www.onvif.org/hardware/M3045-V</d:Scopes><d:XAddrs>http://169.254.7.20/onvif/device_service
http://192.168.0.90/onvif/device_service http://[2001:db8::90]/onvif/device_service
https://192.168.0.90/onvif/device_service</d:XAddrs></d:ProbeMatch></d:ProbeMatches></SOAP-ENV:Body>
</SOAP-ENV:Envelope>"""

# No-name with an XM board: prefixes that nobody declared, a port of its own, NUL bytes at the end.
XM = (
    "<SOAP-ENV:Envelope><SOAP-ENV:Body><wsdd:ProbeMatches><wsdd:ProbeMatch><wsa:EndpointReference><wsa:Address>"
    "urn:uuid:00080f40-1fc8-11e2-0000-0012344f2a11</wsa:Address></wsa:EndpointReference>"
    "<wsdd:Types>dn:NetworkVideoTransmitter</wsdd:Types><wsdd:Scopes>onvif://www.onvif.org/type/video_encoder "
    "onvif://www.onvif.org/name/IPC & NVR onvif://www.onvif.org/hardware/XM530</wsdd:Scopes>"
    "<wsdd:XAddrs>http://192.168.1.10:8899/onvif/device_service</wsdd:XAddrs></wsdd:ProbeMatch></wsdd:ProbeMatches>"
    "</SOAP-ENV:Body></SOAP-ENV:Envelope>\0\0\0"
)


def read(text, sender="192.168.1.64"):
    return read_matches(text.encode(), sender)


def test_hikvision_tells_its_hardware_address_and_a_link_local_one_that_is_left_out():
    (match,) = read(HIKVISION)
    assert match.endpoint == "5d8e1c00-b2f8-11b4-8e5c-4419b6c0ffee"
    assert match.urls == ("http://192.168.1.64/onvif/device_service",)
    assert (match.scope("name"), match.scope("hardware")) == ("HIKVISION DS-2CD2042WD-I", "DS-2CD2042WD-I")
    assert match.mac == "4419b6c0ffee"


def test_dahua_writes_uuid_without_urn():
    (match,) = read(DAHUA, "192.168.1.108")
    assert match.endpoint == "4a6b92d5-2dd2-21b2-a205-e0508b1f22aa"
    assert (match.scope("name"), match.mac) == ("Dahua", "")


def test_axis_gives_several_addresses_and_the_likeliest_comes_first():
    (match,) = read(AXIS, "192.168.0.90")
    assert match.urls == (
        "http://192.168.0.90/onvif/device_service",
        "https://192.168.0.90/onvif/device_service",
        "http://169.254.7.20/onvif/device_service",
        "http://[2001:db8::90]/onvif/device_service",
    )
    assert match.endpoint == "fb7c1f6e-4b3f-4d5f-9b8e-00408c1234ab"


def test_xm_is_read_whatever_it_forgot_to_declare():
    (match,) = read(XM, "192.168.1.10")
    assert match.urls == ("http://192.168.1.10:8899/onvif/device_service",)
    assert match.scope("hardware") == "XM530"


def test_an_answer_that_is_cut_short_is_read_as_far_as_it_goes():
    (match,) = read(HIKVISION[: HIKVISION.index("<d:MetadataVersion>")])
    assert match.urls == ("http://192.168.1.64/onvif/device_service",)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<not xml",
        "{}",
        HIKVISION.replace("ProbeMatches", "Hello"),
        HIKVISION.replace("http://", "ftp://"),
        HIKVISION[: HIKVISION.index("<d:XAddrs>")],
        XM.replace("dn:NetworkVideoTransmitter", "wprt:PrintDeviceType").replace("onvif", "printer"),
        '<!DOCTYPE x [<!ENTITY a "b">]>' + XM,
        XM.replace("192.168.1.10:8899", "127.0.0.1"),
        XM.replace("192.168.1.10:8899", "0.0.0.0"),
        XM.replace("192.168.1.10:8899", "192.168.1.10:8899:8899"),
    ],
)
def test_what_is_no_camera_that_can_be_called_is_left_out(text):
    assert read(text, "192.168.1.10") == []


def test_a_probe_is_what_devices_expect():
    asked = parse_probe(probe(TYPES[0]))
    assert asked.types == {"NetworkVideoTransmitter"}
    assert parse_probe(probe(TYPES[1])).types == {"Device"}
    assert first_text(parse_xml(probe(TYPES[0], "urn:uuid:1")), "MessageID") == "urn:uuid:1"
    assert asked.message_id != parse_probe(probe(TYPES[0])).message_id


def one(endpoint, *hosts, sender="192.168.1.1"):
    return Match(endpoint, tuple(f"http://{host}/onvif/device_service" for host in hosts), ("a",), sender)


def test_answers_of_one_device_are_one_with_all_their_addresses():
    merged = merge([one("e1", "192.168.1.1"), one("e2", "192.168.1.2"), one("e1", "192.168.1.1", "10.0.0.1")])
    assert [match.endpoint for match in merged] == ["e1", "e2"]
    assert len(merged[0].urls) == 2


def test_cameras_of_a_batch_that_share_their_endpoint_stay_two():
    merged = merge([one("e1", "192.168.1.1"), one("e1", "192.168.1.2", sender="192.168.1.2")])
    assert len(merged) == 2


def test_without_an_endpoint_the_address_tells():
    merged = merge([one("", "192.168.1.1"), one("", "192.168.1.1"), one("", "192.168.1.2")])
    assert len(merged) == 2


def test_loopback_is_an_interface_only_when_it_is_asked_for():
    assert ("lo", "127.0.0.1") in interfaces(["lo"])
    assert "lo" not in {each.name for each in interfaces()}
    with pytest.raises(DriverProblem, match="there is no network interface “nix”"):
        interfaces(["nix"])


SENDERS = st.sampled_from(["192.168.1.64", "127.0.0.1", "10.0.0.1"])


@given(st.binary(max_size=2000), SENDERS)
@example(b"\xff\xfe<\x00", "10.0.0.1")
def test_no_bytes_do_harm(datagram, sender):
    assert isinstance(read_matches(datagram, sender), list)


@given(st.data(), SENDERS)
def test_a_damaged_answer_does_no_harm(data, sender):
    text = data.draw(st.sampled_from([HIKVISION, DAHUA, AXIS, XM]))
    begin = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(begin, len(text)))
    damaged = text[:begin] + data.draw(st.text(max_size=40)) + text[end:]
    for match in read_matches(damaged.encode("utf-8", "surrogatepass"), sender):
        assert match.urls
        assert all(len(url) <= 255 and url.isprintable() for url in match.urls)
        assert match.endpoint == "" or match.endpoint.isprintable()
        assert len(match.scope("name")) <= 255
        assert merge([match, match]) == [match]
