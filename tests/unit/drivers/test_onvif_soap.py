"""SOAP and HTTP log-in as the standards write them, by their own examples where they have some."""

from datetime import UTC, datetime

import pytest
from lxml import etree

from drivers.devicehttp.auth import DigestAnswer, basic, digest_challenge, offered
from drivers.onvif import soap
from drivers.onvif.client import camera_time
from drivers.safexml import BadXml, first, parse_xml

ENV = 'xmlns:e="http://www.w3.org/2003/05/soap-envelope"'


def test_token_of_the_onvif_programmers_guide(monkeypatch):
    """ONVIF Application Programmer's Guide, 6.1.1.3: the digest of a known nonce, time and password."""
    import base64

    nonce = base64.b64decode("LKqI6G/AikKCQrN0zqZFlg==")
    token = soap.username_token("user", "userpassword", datetime(2010, 9, 16, 7, 50, 45, tzinfo=UTC), nonce)
    assert ">tuOSpGlFlIXsozq4HFNeeGeFLEI=<" in token
    assert "<wsu:Created>2010-09-16T07:50:45Z</wsu:Created>" in token


def test_envelopes_are_well_formed_whatever_the_names():
    created = datetime(2024, 1, 1, tzinfo=UTC)
    headers = [
        soap.username_token("a<&>\"'", "p", created, b"n"),
        soap.addressing("urn:a?b&c", "http://h/x?a=1&b=2", "urn:uuid:1", ['<x:Id xmlns:x="urn:x">1</x:Id>']),
    ]
    root = etree.fromstring(soap.envelope("<q/>", *headers))
    assert [etree.QName(node).localname for node in root[0]] == ["Security", "Action", "MessageID", "To", "Id"]
    assert root[0][3].text == "http://h/x?a=1&b=2"
    assert len(etree.fromstring(soap.envelope("<q/>"))) == 1


def test_reference_parameters_are_marked_and_sent_back():
    reference = parse_xml(
        b'<w:Reference xmlns:w="urn:w" xmlns:v="urn:v"><w:ReferenceParameters><v:Id a="1">7</v:Id>'
        b"<undeclared:Id>8</undeclared:Id></w:ReferenceParameters></w:Reference>"
    )
    (header,) = soap.reference_parameters(reference)
    node = etree.fromstring(header)
    assert (node.tag, node.text) == ("{urn:v}Id", "7")
    assert node.get("{http://www.w3.org/2005/08/addressing}IsReferenceParameter") == "true"


def fault(inner):
    text = f"<e:Envelope {ENV}><e:Body><e:Fault>{inner}</e:Fault></e:Body></e:Envelope>"
    with pytest.raises(soap.SoapFault) as caught:
        soap.read_reply(text.encode(), "http://c/", 400)
    return caught.value


def test_faults_of_soap_12():
    found = fault(
        "<e:Code><e:Value>e:Sender</e:Value><e:Subcode><e:Value>ter:NotAuthorized</e:Value></e:Subcode></e:Code>"
        '<e:Reason><e:Text xml:lang="en">Sender not Authorized</e:Text></e:Reason>'
    )
    assert found.names == {"Sender", "NotAuthorized"}
    assert found.not_authorized
    assert not found.not_supported


def test_faults_of_soap_11_and_details():
    found = fault(
        "<faultcode>SOAP-ENV:Client</faultcode><faultstring>too long</faultstring><detail><PullMessagesFaultResponse>"
        "<MaxTimeout>PT1M30S</MaxTimeout><MaxMessageLimit>10</MaxMessageLimit></PullMessagesFaultResponse></detail>"
    )
    assert found.names == {"Client", "PullMessagesFaultResponse", "MaxTimeout", "MaxMessageLimit"}
    assert (found.max_timeout_s, found.max_messages) == (90.0, 10)
    assert not found.not_authorized


def test_unsupported_is_recognised():
    text = "<e:Code><e:Subcode><e:Value>ter:ActionNotSupported</e:Value></e:Subcode></e:Code>"
    assert fault(text).not_supported
    assert fault("<e:Reason><e:Text>Optional Action Not Implemented</e:Text></e:Reason>").not_supported
    assert fault("<e:Reason><e:Text>Action not supported: Subscribe</e:Text></e:Reason>").not_supported
    assert fault("<e:Reason><e:Text>Method 'tev:X' not found</e:Text></e:Reason>").not_supported
    assert fault("<e:Reason><e:Text>Method not found</e:Text></e:Reason>").not_supported
    assert not fault("<e:Reason><e:Text>absolute time not supported</e:Text></e:Reason>").not_supported


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (b"", 200, soap.NotSoap),
        (b"<html><body/></html>", 200, soap.NotSoap),
        (b"Not Found", 404, soap.NotSoap),
        (b"rubbish", 200, BadXml),
        (b"<Envelope/>", 200, soap.NotSoap),
    ],
)
def test_what_is_no_soap_has_a_name(body, status, error):
    with pytest.raises(error):
        soap.read_reply(body, "http://c/", status)


def test_an_answer_among_mime_parts_is_found():
    head = b"--b\r\nContent-ID: <root@camera>\r\nContent-Type: application/xop+xml\r\n\r\n"
    body = head + soap.envelope("<Answer/>") + b"\r\n--b\r\nContent-ID: <picture>\r\n\r\n\xff\xd8\r\n--b--\r\n"
    assert len(soap.read_reply(body, "http://c/", 200)) == 1
    with pytest.raises(soap.NotSoap):
        soap.read_reply(b"--b\r\n\r\n<html/>", "http://c/", 200)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("PT60S", 60), ("PT1M", 60), ("P1DT1H", 90000), ("PT0.5S", 0.5), ("", None), ("P", None), ("60", None)],
)
def test_durations(text, seconds):
    assert soap.duration_s(text) == seconds


def clock(**parts):
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in parts.items())
    return parse_xml(f"<R><UTCDateTime>{inner}</UTCDateTime></R>".encode())


def test_the_cameras_clock():
    parts = {"Year": 2024, "Month": 5, "Day": 6, "Hour": 7, "Minute": 8, "Second": 60}
    assert camera_time(clock(**parts)) == datetime(2024, 5, 6, 7, 8, 59, tzinfo=UTC)
    assert camera_time(clock(**parts | {"Month": 0})) is None
    assert camera_time(parse_xml(b"<R/>")) is None
    assert first(clock(**parts), "Nothing") is None


def answer_of(header):
    """Fields of an Authorization header."""
    pairs = (part.strip().partition("=") for part in header.removeprefix("Digest ").split(", "))
    return {name: value.strip('"') for name, _, value in pairs}


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_digest_of_rfc_7616(monkeypatch, algorithm, response):
    """RFC 7616, 3.9.1. Its answer stands for one random number of the client: only chance is replaced."""
    monkeypatch.setattr("secrets.token_hex", lambda _: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")
    value = (
        f'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, '
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
    )
    challenge = digest_challenge([value])
    fields = answer_of(DigestAnswer(challenge, "Mufasa", "Circle of Life").header("GET", "/dir/index.html"))
    assert fields["response"] == response
    assert fields["nc"] == "00000001"
    assert fields["opaque"] == "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"


def test_each_use_of_a_nonce_is_counted():
    """RFC 7616, 3.4: a device refuses a count that it has seen."""
    answer = DigestAnswer(digest_challenge(['Digest realm="r", nonce="n", qop="auth"']), "u", "p")
    told = [answer_of(answer.header("GET", "/")) for _ in range(3)]
    assert [fields["nc"] for fields in told] == ["00000001", "00000002", "00000003"]
    assert len({fields["response"] for fields in told}) == 3
    assert answer.used == 3


def test_digest_of_rfc_2069_without_qop():
    """RFC 2069 with its erratum: no qop, no cnonce."""
    value = 'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c"'
    header = DigestAnswer(digest_challenge([value]), "Mufasa", "CircleOfLife").header("GET", "/dir/index.html")
    fields = answer_of(header)
    assert fields["response"] == "1949323746fe6a43ef61f9606e7febea"
    assert "cnonce" not in fields


def test_the_strongest_challenge_is_answered():
    weak, strong = 'Digest realm="r", nonce="1", algorithm=MD5', 'Digest realm="r", nonce="2", algorithm=SHA-256'
    assert digest_challenge([weak, strong]).algorithm == "SHA-256"
    assert digest_challenge([f'{weak}, Basic realm="r", {strong}']).nonce == "2"
    assert offered([f'Basic realm="Digest of x", {weak}']) == {"basic", "digest"}
    assert digest_challenge(['Digest realm="r", nonce="1", algorithm=SHA-512-256']) is None
    assert digest_challenge(['Digest realm="r", nonce="1", qop="auth-int"']) is None
    assert digest_challenge(["Digest", "", 'Basic realm="x"']) is None


def test_basic_of_rfc_7617():
    assert basic("Aladdin", "open sesame") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
