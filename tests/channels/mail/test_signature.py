"""The DKIM signature, read by dkimpy."""

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from channels.mail.message import build
from channels.mail.signature import BadKey, Signer
from tests.channels.mail.dns import verifies
from tests.channels.mail.notices import NOTICE, NOW, RECIPIENT, SELECTOR, SENDER, ed25519_key, pem, rsa_key

Key = RSAPrivateKey | Ed25519PrivateKey


def signed(key: Key, form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
    return build(NOTICE, RECIPIENT, SENDER, NOW, Signer(pem(key, form), SELECTOR, SENDER.domain))


@pytest.mark.parametrize(
    ("key", "form"),
    [
        pytest.param(rsa_key, PrivateFormat.PKCS8, id="RSA"),
        pytest.param(rsa_key, PrivateFormat.TraditionalOpenSSL, id="RSA, old form"),
        pytest.param(lambda: rsa_key(4096), PrivateFormat.PKCS8, id="RSA 4096"),
        pytest.param(ed25519_key, PrivateFormat.PKCS8, id="Ed25519"),
    ],
)
def test_a_reader_verifies_it(key: Callable[[], Key], form: PrivateFormat) -> None:
    message = signed(key(), form)

    assert verifies(message, key())
    assert max(map(len, message.split(b"\r\n"))) <= 78


@pytest.mark.parametrize("key", [pytest.param(rsa_key, id="RSA"), pytest.param(ed25519_key, id="Ed25519")])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(b"From: ", b"From: x", id="From"),
        pytest.param(b"To: ayse", b"To: fatma", id="To"),
        pytest.param(b"Subject: ", b"Subject: x", id="Subject"),
        pytest.param(b"Date: Thu", b"Date: Fri", id="Date"),
        pytest.param(b"Message-ID: <", b"Message-ID: <x", id="Message-ID"),
        pytest.param(b"List-Unsubscribe: <https", b"List-Unsubscribe: <http", id="List-Unsubscribe"),
        pytest.param(b"List-Unsubscribe-Post: ", b"List-Unsubscribe-Post: x", id="List-Unsubscribe-Post"),
        pytest.param(b"MIME-Version: 1.0\r\nContent-Type: m", b"MIME-Version: 2.0\r\nContent-Type: m", id="MIME"),
        pytest.param(b"\r\nTo: ", b"\r\nSubject: second\r\nTo: ", id="second Subject"),
        pytest.param(b"multipart/alternative", b"multipart/mixed", id="Content-Type"),
        pytest.param(b"Auto-Submitted: auto", b"Auto-Submitted: no", id="Auto-Submitted"),
        pytest.param(b"MIGROS", b"BOYNER", id="body"),
    ],
)
def test_a_change_on_the_way_is_found(key: Callable[[], Key], old: bytes, new: bytes) -> None:
    message = signed(key())

    changed = message.replace(old, new)

    assert changed != message
    assert not verifies(changed, key())


def test_relays_may_fold_anew_and_pad() -> None:
    message = signed(rsa_key())

    folded = message.replace(b"To: ayse", b"to:  \r\n\t ayse").replace(b"Auto-Submitted: ", b"Auto-Submitted:\r\n ")

    assert folded != message
    assert verifies(folded + b"\r\n\r\n", rsa_key())


def test_a_header_that_is_missing_cannot_be_added() -> None:
    url = NOTICE.url.replace("https", "http")
    message = build(NOTICE._replace(url=url), RECIPIENT, SENDER, NOW, Signer(pem(rsa_key()), SELECTOR, SENDER.domain))
    assert verifies(message, rsa_key())

    added = message.replace(b"\r\nTo: ", b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nTo: ")

    assert not verifies(added, rsa_key())


def test_another_key_does_not_verify() -> None:
    assert not verifies(signed(ed25519_key()), Ed25519PrivateKey.generate())


@pytest.mark.parametrize(
    ("key_file", "selector"),
    [
        pytest.param(lambda: pem(rsa_key()), "", id="no selector"),
        pytest.param(lambda: b"", SELECTOR, id="empty"),
        pytest.param(lambda: b"secret", SELECTOR, id="no PEM"),
        pytest.param(lambda: pem(rsa_key(1024)).replace(b"M", b"?"), SELECTOR, id="broken PEM"),
        pytest.param(
            lambda: generate_ec_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
            SELECTOR,
            id="another kind of key",
        ),
        pytest.param(
            lambda: ed25519_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")),
            SELECTOR,
            id="encrypted",
        ),
    ],
)
def test_a_key_that_cannot_be_used(key_file: Callable[[], bytes], selector: str) -> None:
    with pytest.raises(BadKey):
        Signer(key_file(), selector, SENDER.domain)
