"""Addresses as cameras announce them, mended by what the configuration knows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.devicehttp.addresses import (
    at_port,
    device_url,
    named_host,
    named_port,
    redirected,
    rewrite,
    without_credentials,
)

BASE = "http://192.0.2.7:8080/onvif/device_service"


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("192.0.2.7", "http://192.0.2.7/onvif/device_service"),
        ("192.0.2.7:8080", BASE),
        ("http://192.0.2.7:8080/", BASE),
        ("http://192.0.2.7:2020/onvif/service", "http://192.0.2.7:2020/onvif/service"),
        (" https://camera.village ", "https://camera.village/onvif/device_service"),
        ("http://user:pw@192.0.2.7:8080", BASE),
    ],
)
def test_device_urls(address, url):
    assert device_url(address) == url


@pytest.mark.parametrize(
    ("said", "true"),
    [
        ("http://127.0.0.1/onvif/Events", "http://192.0.2.7:8080/onvif/Events"),
        ("http://10.0.0.1:8106:8106/onvif/sub?x=1&y=2", "http://192.0.2.7:8080/onvif/sub?x=1&y=2"),
        ("https://u:p@cam/onvif/sub#f", "http://192.0.2.7:8080/onvif/sub"),
        ("/onvif/sub", "http://192.0.2.7:8080/onvif/sub"),
        ("onvif/sub", "http://192.0.2.7:8080/onvif/sub"),
        ("10.0.0.1/onvif/event/alarm", "http://192.0.2.7:8080/onvif/event/alarm"),
        ("10.0.0.1:81/onvif/event", "http://192.0.2.7:8080/onvif/event"),
        ("http://cam", "http://192.0.2.7:8080/"),
        ("", ""),
    ],
)
def test_rewriting(said, true):
    assert rewrite(said, BASE) == true


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("http://192.0.2.7/s.jpg", "192.0.2.7", None),
        ("http://u:p@CAM:81/s.jpg", "cam", 81),
        ("http://192.0.2.7:8106:8106/s", "192.0.2.7", None),
        ("http://192.0.2.7:99999/s", "192.0.2.7", None),
        ("http://[2001:db8::1]:81/s", "2001:db8::1", 81),
        ("/s.jpg", "", None),
    ],
)
def test_what_a_url_names(url, host, port):
    assert (named_host(url), named_port(url)) == (host, port)


@pytest.mark.parametrize(
    ("location", "there"),
    [
        ("https://192.0.2.7/onvif/device_service", "https://192.0.2.7/onvif/device_service"),
        ("https://10.0.0.1:8443/x?a=b", "https://192.0.2.7:8443/x?a=b"),
        ("/other", "http://192.0.2.7:8080/other"),
        ("http://u:p@elsewhere.example/x", "http://192.0.2.7/x"),
        (BASE, ""),
        ("", ""),
        ("rtsp://192.0.2.7/", ""),
        ("http://[::1", ""),
        ("http://192.0.2.7:99999/", ""),
    ],
)
def test_a_redirect_never_leads_to_another_host(location, there):
    assert redirected(BASE, location) == there


def test_ports_are_replaced():
    assert at_port(BASE, 81) == "http://192.0.2.7:81/onvif/device_service"
    assert at_port("http://[2001:db8::1]/s?a=b", 81) == "http://[2001:db8::1]:81/s?a=b"


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("http://c/s.jpg?user=a&password=b&channel=1", "http://c/s.jpg?channel=1"),
        ("http://c/s.jpg?usr=a&pwd=b", "http://c/s.jpg"),
        ("http://a:b@c/s.jpg", "http://c/s.jpg"),
        ("http://c/s.jpg?x=%20+1&flag", "http://c/s.jpg?x=%20+1&flag"),
    ],
)
def test_credentials_are_taken_out(url, clean):
    assert without_credentials(url) == clean


@given(st.text(max_size=60))
def test_any_word_of_a_camera_stays_at_the_camera(said):
    mended = rewrite(said, BASE)
    assert not mended or mended.startswith("http://192.0.2.7:8080/")
    assert not mended or at_port(without_credentials(mended), 81).startswith("http://192.0.2.7:81/")
    named_host(said)
    named_port(said)
