"""Under which names the console answers."""

import pytest

from countyhub.web.door.requestguard import accepted_names, host_name
from countyhub.web.settings import ConsoleSettings


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("127.0.0.1:8480", "127.0.0.1"),
        ("[::1]:8480", "::1"),
        ("Hub.County.example", "hub.county.example"),
        ("hub.county.example.:80", "hub.county.example"),
        ("", ""),
        ("[", ""),
    ],
)
def test_the_name_is_read_without_port(header, name):
    assert host_name(header) == name


def test_only_loopback_and_configured_names_when_bound_to_everything():
    names = accepted_names(ConsoleSettings(bind_host="0.0.0.0", host_names=("Hub.Example",)))
    assert names == {"localhost", "127.0.0.1", "::1", "hub.example"}


def test_the_bound_address_is_a_name():
    assert "10.1.2.3" in accepted_names(ConsoleSettings(bind_host="10.1.2.3"))
    assert "::" not in accepted_names(ConsoleSettings(bind_host="::"))
