"""The mail server that the settings name."""

import pytest

from channels.mail.relay import Relay
from channels.settings.sections import Mail


@pytest.mark.parametrize(
    ("url", "relay"),
    [
        pytest.param(
            "smtp://127.0.0.1:2525", Relay("127.0.0.1", 2525, None, None, False, False), id="loopback in clear"
        ),
        pytest.param("smtp://[::1]:25", Relay("::1", 25, None, None, False, False), id="loopback, IPv6"),
        pytest.param("smtp://localhost", Relay("localhost", 25, None, None, False, False), id="own name"),
        pytest.param("smtp://mx.example", Relay("mx.example", 25, None, None, False, None), id="encrypted if offered"),
        pytest.param(
            "smtp://hat:g%40rip@mx.example:587",
            Relay("mx.example", 587, "hat", "g@rip", False, True),
            id="a password only encrypted",
        ),
        pytest.param(
            "smtp://hat:gizli@127.0.0.1:2525",
            Relay("127.0.0.1", 2525, "hat", "gizli", False, False),
            id="a password on loopback",
        ),
        pytest.param("smtps://mx.example", Relay("mx.example", 465, None, None, True, False), id="TLS from the start"),
    ],
)
def test_url(url: str, relay: Relay) -> None:
    assert Relay.parse(Mail(smtp=url).smtp) == relay
