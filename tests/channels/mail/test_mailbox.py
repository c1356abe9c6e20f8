"""Which registered addresses are mailed to, and in which form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.mail.mailbox import Mailbox
from core.domain.recipients import BadAddress


@pytest.mark.parametrize(
    ("text", "whole", "needs_utf8"),
    [
        pytest.param("ayse@posta.example", "ayse@posta.example", False, id="plain"),
        pytest.param("ayse.y+izin_1@a-b.posta.example", "ayse.y+izin_1@a-b.posta.example", False, id="signs"),
        pytest.param("ayşe@posta.example", "ayşe@posta.example", True, id="letters beyond ASCII before the sign"),
        pytest.param("ali@şirket.example", "ali@xn--irket-idb.example", False, id="letters beyond ASCII in the domain"),
        pytest.param(f"{'a' * 64}@posta.example", f"{'a' * 64}@posta.example", False, id="longest local part"),
    ],
)
def test_address(text: str, whole: str, needs_utf8: bool) -> None:
    mailbox = Mailbox.parse(text)

    assert mailbox.reveal() == whole
    assert mailbox.needs_utf8 is needs_utf8
    assert mailbox.domain == whole.partition("@")[2]
    assert "ay" not in repr(mailbox)
    assert "ali" not in f"{mailbox}"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("posta.example", id="no sign"),
        pytest.param("@posta.example", id="no local part"),
        pytest.param("(x)ayse@posta.example", id="comment, which mail programs drop"),
        pytest.param("ayse@posta.example(x)", id="comment in the domain"),
        pytest.param('"ayse"@posta.example', id="quoted"),
        pytest.param("a@b@posta.example", id="two signs"),
        pytest.param("a:b@posta.example", id="group"),
        pytest.param("ayse\\@posta.example", id="backslash"),
        pytest.param("ayse.@posta.example", id="dot at the end"),
        pytest.param(".ayse@posta.example", id="dot at the start"),
        pytest.param("ay..se@posta.example", id="two dots"),
        pytest.param("ayse@posta", id="no domain of its own"),
        pytest.param("ayse@-posta.example", id="hyphen first"),
        pytest.param("ayse@[127.0.0.1]", id="address literal"),
        pytest.param("ayse@posta..example", id="empty label"),
        pytest.param(f"ayse@{'p' * 64}.example", id="label too long"),
        pytest.param(f"ayse@{'p.' * 130}example", id="domain too long"),
        pytest.param(f"{'a' * 65}@posta.example", id="local part too long"),
        pytest.param(f"{'ş' * 33}@posta.example", id="local part too long in octets"),
        pytest.param("ayse\r\nRCPT TO:<x@y.example>@posta.example", id="line break"),
        pytest.param("ayse\u00a0x@posta.example", id="no-break space"),
        pytest.param("ayse\u202e@posta.example", id="direction mark"),
        pytest.param("ayse\ud800@posta.example", id="lone surrogate"),
    ],
)
def test_address_that_gets_no_mail(text: str) -> None:
    with pytest.raises(BadAddress):
        Mailbox.parse(text)


@given(st.text(max_size=400))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        whole = Mailbox.parse(f"{text}@posta.example").reveal()
    except BadAddress:
        return

    assert whole.count("@") == 1
    assert whole.isprintable()
    assert not set(whole) & set(' ()<>[]:;,"\\')
