"""By which way somebody comes: who is believed about addresses, where the console listens, what our pages send."""

from __future__ import annotations

import pytest
from starlette.datastructures import Headers

from countyhub.api.origin import is_own
from countyhub.api.peer import Peer, believed, peer
from countyhub.config import ApiSettings, Config, WebSettings
from countyhub.web.serve import refused

NOBODY, PROXY = frozenset(), frozenset({"10.0.0.2"})


@pytest.mark.parametrize(
    ("client", "headers", "proxies", "scheme", "found"),
    [
        ("127.0.0.1", {}, NOBODY, "http", Peer("127.0.0.1", False, True)),
        ("::ffff:127.0.0.1", {}, NOBODY, "http", Peer("127.0.0.1", False, True)),
        ("10.0.0.9", {}, NOBODY, "http", Peer("10.0.0.9", False, False)),
        ("10.0.0.9", {}, NOBODY, "https", Peer("10.0.0.9", True, False)),
        # A proxy that nobody has named: what it forwards is not local, and its word is nothing.
        ("127.0.0.1", {"x-forwarded-for": "127.0.0.1"}, NOBODY, "http", Peer("127.0.0.1", False, False)),
        ("10.0.0.9", {"x-forwarded-for": "127.0.0.1"}, NOBODY, "http", Peer("10.0.0.9", False, False)),
        ("10.0.0.2", {"x-forwarded-for": "1.1.1.1, 10.9.9.9"}, PROXY, "http", Peer("10.9.9.9", True, False)),
        ("10.0.0.2", {"x-forwarded-for": "10.9.9.9", "x-forwarded-proto": "http"}, PROXY, "http",
         Peer("10.9.9.9", False, False)),
        ("10.0.0.9", {"x-forwarded-for": "10.9.9.9"}, PROXY, "http", Peer("10.0.0.9", False, False, True)),
        ("127.0.0.1", {}, PROXY, "http", Peer("127.0.0.1", False, True)),
    ],
)  # fmt: skip
def test_who_is_at_the_other_end(client, headers, proxies, scheme, found):
    assert peer({"client": (client, 5), "scheme": scheme}, Headers(headers), proxies) == found


@pytest.mark.parametrize(
    ("web", "api", "is_refused"),
    [
        ({}, {}, False),
        ({"host": "::1"}, {}, False),
        ({"host": "localhost"}, {}, False),
        ({"host": "0.0.0.0"}, {}, True),
        ({"host": "10.1.2.3"}, {}, True),
        ({"host": "::"}, {}, True),
        ({"host": "0.0.0.0", "tls_cert": "/c.pem"}, {}, False),
        ({"host": "10.1.2.3", "proxies": ("10.1.2.4",)}, {}, False),
        ({"host": "10.1.2.3"}, {"behind_proxy": True}, False),
    ],
)
def test_passwords_do_not_cross_a_network_in_the_clear(web, api, is_refused):
    config = Config(county="431126", web=WebSettings(**web), api=ApiSettings(**api))
    problem = refused(config)
    assert (problem is not None) == is_refused
    if problem is not None:
        assert "tls_cert" in problem.text("zh")


def test_only_the_proxies_that_are_named_are_believed():
    assert believed(Config(county="431126")) == frozenset()
    assert believed(Config(county="431126", api=ApiSettings(behind_proxy=True))) == {"127.0.0.1", "::1"}
    named = Config(county="431126", web=WebSettings(proxies=("::ffff:10.0.0.2",)), api=ApiSettings(behind_proxy=True))
    assert believed(named) == {"10.0.0.2"}


@pytest.mark.parametrize(
    ("headers", "own"),
    [
        ({}, True),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"origin": "https://hub.example"}, True),
        ({"origin": "https://HUB.example", "sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, False),
        ({"sec-fetch-site": "same-site", "origin": "https://hub.example"}, False),
        ({"origin": "https://hub.example:8443"}, False),
        ({"origin": "null"}, False),
        ({"origin": "https://["}, False),
    ],
)
def test_what_comes_from_a_page_of_ours(headers, own):
    assert is_own(Headers({"host": "hub.example", **headers})) == own
