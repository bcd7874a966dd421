"""Messages of cameras of all kinds, sound and broken, become notifications; nothing becomes an unexpected error."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.onvif.notifications import BadXml, BodyTooLarge, clean_topic, parse, parse_time
from drivers.safexml import MAX_XML_BYTES

NAMESPACES = (
    'xmlns:env="http://www.w3.org/2003/05/soap-envelope" xmlns:tev="http://www.onvif.org/ver10/events/wsdl" '
    'xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2" xmlns:tt="http://www.onvif.org/ver10/schema" '
    'xmlns:tns1="http://www.onvif.org/ver10/topics"'
)


def message(topic="tns1:VideoSource/MotionAlarm", data='<tt:SimpleItem Name="State" Value="true"/>', **more):
    source = more.get("source", '<tt:Source><tt:SimpleItem Name="Source" Value="VideoSource_1"/></tt:Source>')
    attributes = more.get("attributes", 'UtcTime="2024-05-25T23:59:38Z" PropertyOperation="Changed"')
    return (
        f'<wsnt:NotificationMessage><wsnt:Topic Dialect="x">{topic}</wsnt:Topic><wsnt:Message>'
        f"<tt:Message {attributes}>{source}{more.get('key', '')}<tt:Data>{data}</tt:Data></tt:Message>"
        f"</wsnt:Message></wsnt:NotificationMessage>"
    )


def body(*messages, response="tev:PullMessagesResponse", namespaces=NAMESPACES):
    inner = "".join(messages)
    return f"<env:Envelope {namespaces}><env:Body><{response}>{inner}</{response}></env:Body></env:Envelope>"


def one(text):
    (found,) = parse(text if isinstance(text, bytes) else text.encode())
    return found


def test_plain_message_is_read_whole():
    found = one(body(message(key='<tt:Key><tt:SimpleItem Name="ObjectId" Value="7"/></tt:Key>')))
    assert found.topic == "tns1:VideoSource/MotionAlarm"
    assert found.operation == "Changed"
    assert found.source == {"Source": "VideoSource_1"}
    assert found.key == {"ObjectId": "7"}
    assert found.data == {"State": "true"}
    assert found.time == datetime(2024, 5, 25, 23, 59, 38, tzinfo=UTC)


def test_several_messages_keep_their_order_in_notify_too():
    text = body(message(), message("tns1:VideoSource/SignalLoss"), response="wsnt:Notify")
    assert [n.topic for n in parse(text.encode())] == ["tns1:VideoSource/MotionAlarm", "tns1:VideoSource/SignalLoss"]


def test_no_message_is_an_empty_list():
    assert parse(body().encode()) == []
    assert parse(b"<html><body>login</body></html>") == []


def test_undeclared_prefixes_everywhere():
    found = one(body(message(), namespaces=""))
    assert (found.topic, found.data) == ("tns1:VideoSource/MotionAlarm", {"State": "true"})


def test_value_before_name_and_long_end_tags():
    found = one(body(message(data='<tt:SimpleItem Value="true" Name="IsMotion"></tt:SimpleItem>')))
    assert found.data == {"IsMotion": "true"}


def test_missing_source_data_time_and_operation():
    found = one(body(message(source="", data="", attributes="")))
    assert found == ("tns1:VideoSource/MotionAlarm", "", {}, {}, {}, None)


def test_message_without_its_inner_message():
    text = (
        '<Notify><NotificationMessage><Topic>a/b</Topic><Message UtcTime="2024-01-01T00:00:00Z">'
        '<Data><SimpleItem Name="State" Value="1"/></Data></Message></NotificationMessage></Notify>'
    )
    found = one(text)
    assert found.data == {"State": "1"}
    assert found.time == datetime(2024, 1, 1, tzinfo=UTC)


def test_items_without_a_data_element():
    inner = '<Message><Message><SimpleItem Name="S" Value="1"/></Message></Message>'
    assert one(f"<NotificationMessage>{inner}</NotificationMessage>").data == {"S": "1"}


def test_element_items_are_told_in_words_and_hide_no_simple_item():
    data = (
        '<tt:ElementItem Name="Config"><trt:Configuration token="T"><tt:Name>Main</tt:Name><tt:UseCount>2</tt:UseCount>'
        "</trt:Configuration></tt:ElementItem>"
        '<tt:ElementItem Name="Field"><tt:Polygon><tt:Point x="0" y="0.5"/></tt:Polygon></tt:ElementItem>'
        '<tt:SimpleItem Name="State" Value="true"/>'
    )
    found = one(body(message(data=data)))
    assert found.data == {"Config": "Main 2", "Field": "x=0 y=0.5", "State": "true"}


def test_values_as_text_or_in_an_element():
    data = "<SimpleItem Name='A'> true </SimpleItem><SimpleItem Name='B'><Value>1</Value></SimpleItem>"
    assert one(body(message(data=data + "<SimpleItem Name='C'/>"))).data == {"A": "true", "B": "1", "C": ""}


@pytest.mark.parametrize("text", ["initialized", "INITIALIZED", " Initialised ", "Init"])
def test_operations_in_any_case(text):
    assert one(body(message(attributes=f'propertyoperation="{text}"'))).operation == "Initialized"


def test_a_repeated_name_loses_nothing():
    data = '<tt:SimpleItem Name="C" Value="a"/><tt:SimpleItem Name="C" Value="b"/>'
    assert one(body(message(data=data))).data == {"C": "a", "C#2": "b"}


def test_empty_token_is_kept():
    source = '<tt:Source><tt:SimpleItem Name="Token" Value=""/></tt:Source>'
    assert one(body(message(source=source))).source == {"Token": ""}


@pytest.mark.parametrize(
    ("sent", "clean"),
    [
        ("tns1:VideoSource/MotionAlarm//.", "tns1:VideoSource/MotionAlarm"),
        ("tns1:VideoSource/MotionAlarm/", "tns1:VideoSource/MotionAlarm"),
        ("\n\t tns1:VideoSource/MotionAlarm \n", "tns1:VideoSource/MotionAlarm"),
        ("tns1:VideoSource /\n  MotionAlarm", "tns1:VideoSource/MotionAlarm"),
        ("tns1:IVA/EnteringField/Hof  Nord", "tns1:IVA/EnteringField/Hof Nord"),
        ("tns1:Device/tnshik:Network/tnshik:EthernetBroken", "tns1:Device/tnshik:Network/tnshik:EthernetBroken"),
        ("//.", ""),
        ("", ""),
    ],
)
def test_topic_tails(sent, clean):
    assert clean_topic(sent) == clean


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-05-25T23:59:38Z", datetime(2024, 5, 25, 23, 59, 38, tzinfo=UTC)),
        ("2024-05-25T23:59:38", datetime(2024, 5, 25, 23, 59, 38, tzinfo=UTC)),
        ("2024-05-25 23:59:38z", datetime(2024, 5, 25, 23, 59, 38, tzinfo=UTC)),
        ("2024-05-25T23:59:38.123456Z", datetime(2024, 5, 25, 23, 59, 38, 123456, tzinfo=UTC)),
        ("2024-05-25T23:59:38.1234567890Z", datetime(2024, 5, 25, 23, 59, 38, 123456, tzinfo=UTC)),
        ("2024-05-25T23:59:38.5+08:00", datetime(2024, 5, 25, 15, 59, 38, 500000, tzinfo=UTC)),
        ("2024-05-25T23:59:38-0330", datetime(2024, 5, 26, 3, 29, 38, tzinfo=UTC)),
        ("2024-5-5T3:9:8Z", datetime(2024, 5, 5, 3, 9, 8, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("0000-00-00T00:61:16Z", None),
        ("0000-00-00", None),
        ("2024-05-25T00:61:16Z", None),
        ("2024-13-25T00:01:16Z", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("2024-05-25T23:59:38+99:99", None),
        ("00:61:16", None),
        ("", None),
        ("٢٠٢٤-٠٥-٢٥T٢٣:٥٩:٣٨Z", None),
    ],
)
def test_times(text, expected):
    assert parse_time(text) == expected


def test_byte_order_marks_and_utf16():
    text = body(message())
    assert one(b"\xef\xbb\xbf" + text.encode()).data == {"State": "true"}
    assert one(text.encode("utf-16")).data == {"State": "true"}


def test_bytes_that_are_not_utf8():
    text = body(message(source='<tt:Source><tt:SimpleItem Name="Source" Value="V@1"/></tt:Source>'))
    found = one(text.encode().replace(b"V@1", b"V\xff1"))
    assert found.source == {"Source": "V\ufffd1"}
    assert found.data == {"State": "true"}


@pytest.mark.parametrize(
    "declaration", ['<?xml version="1.0" encoding="UTF-8"?>', '<?xml version="1.0" encoding="GB2312"?>']
)
def test_names_in_gbk_whatever_is_declared(declaration):
    text = body(message(source='<tt:Source><tt:SimpleItem Name="Rule" Value="越界侦测"/></tt:Source>'))
    assert one((declaration + text).encode("gbk")).source == {"Rule": "越界侦测"}


def test_a_character_cut_in_two_spoils_only_itself():
    text = body(message(source='<tt:Source><tt:SimpleItem Name="Rule" Value="越界@"/></tt:Source>'))
    assert one(text.encode().replace(b"@", "侦".encode()[:2])).source == {"Rule": "越界\ufffd"}


def test_ampersands_nul_bytes_and_rubbish_around():
    text = body(message(source='<tt:Source><tt:SimpleItem Name="Rule" Value="A&B &amp; C &nbsp;\x00"/></tt:Source>'))
    found = one(b"\r\n--mime\r\n" + text.encode() + b"\x00\x00--mime--")
    assert found.source == {"Rule": "A&B & C &nbsp;"}


def test_half_a_message_still_gives_what_came():
    text = body(message(), message("tns1:VideoSource/SignalLoss"))
    found = parse(text[: text.rindex("<tt:Data>")].encode())
    assert [n.topic for n in found] == ["tns1:VideoSource/MotionAlarm", "tns1:VideoSource/SignalLoss"]
    assert found[0].data == {"State": "true"}


def test_an_unclosed_message_does_not_swallow_the_next():
    text = body(message().replace("</wsnt:NotificationMessage>", ""), message("tns1:VideoSource/SignalLoss"))
    found = parse(text.encode())
    assert [n.topic for n in found] == ["tns1:VideoSource/MotionAlarm", "tns1:VideoSource/SignalLoss"]
    assert [n.data for n in found] == [{"State": "true"}] * 2


@pytest.mark.parametrize("text", [b"", b"   ", b"not xml at all", b"<", b"<>", b"\x00", b"<?xml version='1.0'?>"])
def test_no_xml_is_refused_by_name(text):
    with pytest.raises(BadXml):
        parse(text)


@pytest.mark.parametrize(
    "keyword", ["<!DOCTYPE", "<!doctype", "<! ENTITY", "<!DOC\0TYPE", "<?p <!-- ?><!DOCTYPE", "<!-- --><!DOCTYPE"]
)
def test_bombs_are_refused(keyword):
    bomb = f'{keyword} r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><r>&b;</r>'
    with pytest.raises(BadXml):
        parse(bomb.encode())
    with pytest.raises(BadXml):
        parse(bomb.encode("utf-16"))


def test_external_entities_are_never_read(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("hidden")
    with pytest.raises(BadXml):
        parse(f'<!DOCTYPE r [<!ENTITY x SYSTEM "file://{secret}">]><r>&x;</r>'.encode())


def test_a_word_that_looks_like_a_dtd_in_text_is_allowed():
    text = body(message()).replace("<env:Body>", "<!-- <!DOCTYPE x> --><env:Body>")
    assert one(text).data == {"State": "true"}


def test_encodings_without_a_mark():
    text = body(message(source='<tt:Source><tt:SimpleItem Name="Rule" Value="越界"/></tt:Source>'))
    for encoding in ("utf-16-le", "utf-16-be"):
        assert one(text.encode(encoding)).source == {"Rule": "越界"}
    latin = '<?xml version="1.0" encoding="ISO-8859-1"?>' + text.replace("越界", "Tür")
    assert one(latin.encode("latin1")).source == {"Rule": "Tür"}


CLASS = (
    "<tt:Object ObjectId='12'><tt:Appearance><tt:Class>{}</tt:Class><tt:Shape><tt:BoundingBox left='1'/></tt:Shape>"
    "</tt:Appearance></tt:Object>"
)
CANDIDATE = "<tt:ClassCandidate><tt:Type>{}</tt:Type><tt:Likelihood>{}</tt:Likelihood></tt:ClassCandidate>"


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("<tt:Type Likelihood='0.4'>Human</tt:Type>", "Human"),
        ("<tt:Type Likelihood='0.1'>Human</tt:Type><tt:Type Likelihood='0.8'>Vehicle</tt:Type>", "Vehicle"),
        (CANDIDATE.format("Animal", "0.2") + CANDIDATE.format("Vehicle", "0.7"), "Vehicle"),
        (CANDIDATE.format("Animal", "0.9") + "<tt:Type>Human</tt:Type>", "Human"),
        (CANDIDATE.format("Animal", "much") + CANDIDATE.format("Vehicle", "nan"), "Animal"),
    ],
)
def test_an_object_is_told_by_its_likeliest_class_and_number(told, name):
    thing = CLASS.format(told)
    wanted = {"Object": name, "ObjectId": "12"}
    assert one(body(message(data=thing))).data == wanted
    assert one(body(message(data=f"<tt:ElementItem Name='Object'>{thing}</tt:ElementItem>"))).data == wanted
    assert one(body(message(data=f"<tt:Extension><tt:ElementItem>{thing}</tt:ElementItem></tt:Extension>"))).data == (
        wanted
    )


def test_names_and_values_have_a_limit():
    items = "".join(f'<tt:SimpleItem Name="{"n" * 300}{n}" Value="{"v" * 3000}"/>' for n in range(100))
    found = one(body(message("t" * 3000, data=items, source=f"<tt:Source>{items}</tt:Source>")))
    assert len(found.topic) == 512
    assert (len(found.source), len(found.data)) == (16, 64)
    assert max(map(len, found.data.values())) == 1024
    assert max(map(len, found.source.values())) == 256


def test_too_large_is_refused():
    with pytest.raises(BodyTooLarge):
        parse(b"<a>" + b" " * MAX_XML_BYTES + b"</a>")


def test_depth_and_numbers_are_harmless():
    deep = "<Message>" * 5000
    assert len(parse(f"<NotificationMessage>{deep}".encode())) == 1
    assert len(parse(("<NotificationMessage>" * 5000).encode())) <= 1000
    assert len(parse(body(*[message()] * 1500).encode())) == 1000


PIECES = st.sampled_from(
    ["<wsnt:NotificationMessage>", "</wsnt:NotificationMessage>", "<wsnt:Topic>", "<tt:Message ", 'UtcTime="', '"', ">",
     "<tt:Data>", "</tt:Data>", '<tt:SimpleItem Name="State" Value="true"/>', "&#0;", "&#xD800;", "&x;", "<![CDATA[",
     "]]>", "<!--", "-->", "<?pi ?>", "\x00", "xmlns:tt='", "'", "<!DOCTYPE", "\ufeff", "越", "0000-00-00"]
)  # fmt: skip


@given(st.lists(st.one_of(PIECES, st.text(max_size=8)), max_size=40))
def test_any_text_gives_notifications_or_a_named_error(parts):
    _only_named_errors("".join(parts).encode("utf-8", "surrogatepass"))


@given(st.binary(max_size=300), st.integers(0, 400))
def test_any_bytes_give_notifications_or_a_named_error(noise, at):
    _only_named_errors(noise)
    sound = body(message()).encode()
    _only_named_errors(sound[:at] + noise + sound[at:])
    _only_named_errors(sound[:at] + noise + sound[at + len(noise) :])


def _only_named_errors(data):
    try:
        found = parse(data)
    except (BadXml, BodyTooLarge):
        return
    for notification in found:
        assert notification.time is None or notification.time.tzinfo is not None
        assert notification.operation in ("Initialized", "Changed", "Deleted", "")


@given(st.text(max_size=40))
def test_any_time_text_is_a_time_or_none(text):
    parse_time(text)


@given(st.integers(100_000_000_000, 7_000_000_000_000_000), st.integers(-14 * 60, 14 * 60))
def test_every_sound_time_comes_back(micros, minutes):
    aware = datetime.fromtimestamp(0, timezone(timedelta(minutes=minutes))) + timedelta(microseconds=micros)
    assert parse_time(aware.isoformat()) == aware
