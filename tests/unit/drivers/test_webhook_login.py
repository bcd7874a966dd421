"""Who may post to a box: from where, and how long a nonce is good."""

from __future__ import annotations

import hashlib
import re

import pytest

from drivers.devicehttp.requesthead import Request
from drivers.webhook import Config, login


def config(**settings: object) -> Config:
    return Config(path="/alarm", **settings)


def asked(*headers: tuple[str, str], peer: str = "192.168.1.64") -> Request:
    return Request("POST", "/alarm", "/alarm", {}, headers, peer=peer)


async def test_only_addresses_that_are_allowed_come_in() -> None:
    door = login.Login(config(allow=("192.168.1.0/24",), username="", token="pond-Fish-7"))
    right = ("x-token", "pond-Fish-7")
    assert await door.refusal(asked(right)) is None
    for peer in ("192.168.2.64", "10.0.0.1", "nonsense"):
        assert (await door.refusal(asked(right, peer=peer))).status == 403


async def test_a_nonce_is_good_for_a_while_and_then_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    door = login.Login(config(allow=("192.168.1.0/24",), username="admin", password="pond-Fish-7"))

    def hashed(words: str) -> str:
        return hashlib.md5(words.encode()).hexdigest()

    challenge = dict((await door.refusal(asked())).headers)["WWW-Authenticate"]
    nonce = re.search(r'nonce="([^"]+)"', challenge)[1]
    user, what = hashed("admin:gridwire:pond-Fish-7"), hashed("POST:/alarm")
    answer = hashed(f"{user}:{nonce}:{what}")
    given = asked(("authorization", f'Digest username="admin", uri="/alarm", nonce="{nonce}", response="{answer}"'))
    assert await door.refusal(given) is None
    monkeypatch.setattr(login, "NONCE_S", 0.0)  # its time is over
    refused = await door.refusal(given)
    assert (refused.status, "stale=true" in str(refused.headers)) == (401, True)
