"""The mail as a mail program reads it."""

import email
import re
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from html.parser import HTMLParser
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.mail.content import BRAND_LETTERS_MAX, one_line
from channels.mail.mailbox import Mailbox
from channels.mail.message import build, message_id
from channels.mail.notice import MailNotice
from channels.mail.signature import Signer
from core.conversation.requests import Language
from tests.channels.mail.notices import NOTICE, NOW, RECIPIENT, SELECTOR, SENDER, TOKEN, ed25519_key, pem

HEADERS: Final = [
    *("From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "Auto-Submitted"),
    *("MIME-Version", "Content-Type"),
]
FORBIDDEN: Final = re.compile(r"reddedil|onaylan|http.*\bimg\b|—|–", re.IGNORECASE)


def read(octets: bytes) -> EmailMessage:
    return email.message_from_bytes(octets, policy=SMTP)


def mail(notice: MailNotice = NOTICE, recipient: Mailbox = RECIPIENT, signer: Signer | None = None) -> EmailMessage:
    return read(build(notice, recipient, SENDER, NOW, signer))


def parts(message: EmailMessage) -> list[str]:
    found = [part.get_content() for part in message.iter_parts() if isinstance(part, EmailMessage)]
    return [text.replace("\r\n", "\n") for text in found]


class Page(HTMLParser):
    """What a page shows and what it asks for."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action", "background")]

    def handle_data(self, data: str) -> None:
        self.words += data


def test_headers() -> None:
    message = mail()

    assert message.keys() == HEADERS
    assert str(message["From"]) == "İzin Hattı <bildirim@izin.example>"
    assert message["To"] == "ayse@posta.example"
    assert message["Subject"] == "MIGROS için reklam e-postası izniniz kaydedildi"
    assert message["Date"] == "Thu, 28 May 2026 23:26:40 +0300"
    assert message["List-Unsubscribe"] == f"<{NOTICE.url}>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert not message.defects


def test_the_message_id_tells_nothing_and_stays_when_the_mail_is_sent_again() -> None:
    first = message_id(NOTICE, SENDER)
    other = message_id(NOTICE._replace(url=NOTICE.url + "x"), SENDER)

    assert re.fullmatch(r"<[A-Za-z0-9_-]{24}@izin\.example>", first)
    assert first == message_id(NOTICE, SENDER) != other
    assert "ayse" not in first
    assert TOKEN not in first
    assert mail()["Message-ID"] == first


@pytest.mark.parametrize(
    ("url", "is_signed", "has_button"),
    [
        pytest.param("https://izin.example", True, True, id="signed"),
        pytest.param("https://izin.example", False, False, id="unsigned"),
        pytest.param("http://izin.example", True, False, id="signed, but not over HTTPS"),
        pytest.param("http://127.0.0.1:8338", False, True, id="unsigned on loopback"),
        pytest.param("http://localhost:8338", False, True, id="unsigned on localhost"),
        pytest.param("http://[::1]:8338", False, True, id="unsigned on loopback, IPv6"),
        pytest.param("http://127.0.0.1.example", False, False, id="a name like loopback"),
        pytest.param("http://192.168.1.1", False, False, id="a near network"),
    ],
)
def test_one_click(url: str, is_signed: bool, has_button: bool) -> None:
    signer = Signer(pem(ed25519_key()), SELECTOR, SENDER.domain) if is_signed else None
    link = f"{url}/r/{TOKEN}"

    message = mail(NOTICE._replace(url=link), signer=signer)

    assert message["List-Unsubscribe"] == f"<{link}>"
    assert message["List-Unsubscribe-Post"] == ("List-Unsubscribe=One-Click" if has_button else None)
    assert ("DKIM-Signature" in message) is is_signed


def test_turkish_texts() -> None:
    text, page = parts(mail())

    for shown in (text, Page(page).words):
        assert "MIGROS, e-posta adresinize reklam gönderebilmek için izninizi 23.11.2026 günü kaydettirdi." in shown
        assert "İstemiyorsanız bu bağlantıyı açın" in shown
        assert NOTICE.url in shown
        assert "https://izin.example/ adresindeki yardım sayfası" in shown
        assert "Bu hat sizden şifre, kart ya da kimlik bilgisi istemez." in shown
        assert "Daha önce" not in shown


def test_english_texts() -> None:
    message = mail(NOTICE._replace(language=Language.EN))
    text, page = parts(message)

    assert message["Subject"] == "Your permission for MIGROS adverts by e-mail is registered"
    assert "MIGROS registered your permission for adverts to your e-mail address on 23.11.2026." in text
    assert '<html lang="en">' in page


@pytest.mark.parametrize(
    ("language", "begins"),
    [
        (Language.TR, "Daha önce izninizi kaldırmıştınız: MIGROS, e-posta"),
        (Language.EN, "You had removed your permission before: MIGROS registered"),
    ],
)
def test_a_consent_after_a_refusal_says_so_first(language: Language, begins: str) -> None:
    text, page = parts(mail(NOTICE._replace(language=language, has_refused=True)))

    assert text.startswith(begins)
    assert begins in Page(page).words


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("has_refused", [False, True])
def test_both_parts_say_the_same_and_nothing_forbidden(language: Language, has_refused: bool) -> None:
    notice = NOTICE._replace(language=language, has_refused=has_refused)

    text, page = parts(mail(notice))

    words = " ".join(Page(page).words.split())
    for paragraph in text.replace(f"\n{NOTICE.url}", f"\n\n{NOTICE.url}").split("\n\n"):
        assert paragraph.strip() in words
    assert not FORBIDDEN.search(text + page)


@pytest.mark.parametrize("language", Language)
def test_the_page_asks_for_nothing_but_the_link(language: Language) -> None:
    page = Page(parts(mail(NOTICE._replace(language=language)))[1])

    assert set(page.links) == {NOTICE.url}
    assert not {"img", "script", "link", "iframe", "form", "style"} & set(page.tags)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("MIGROS\r\nBcc: x@y.example", id="line break"),
        pytest.param("MIGROS\nBcc: x@y.example", id="line feed"),
        pytest.param("MIGROS\rBcc: x@y.example", id="carriage return"),
        pytest.param("MIGROS\r\n\r\nbody", id="end of the header"),
        pytest.param("MIGROS\u2028Bcc: x@y.example", id="line separator"),
        pytest.param("MIGROS\x85Bcc: x@y.example", id="next line"),
        pytest.param("MIGROS\x00\x0b\x0c\x1b[2J", id="controls"),
        pytest.param("=?utf-8?q?a=0D=0ABcc:_x=40y.example?=", id="encoded word"),
        pytest.param("=?utf-8?b?DQpCY2M6IHhAeS5leGFtcGxl?=", id="encoded word in base 64"),
        pytest.param('"><script>alert(1)</script>', id="markup"),
        pytest.param("<img src=https://x.example/a.png>", id="image"),
        pytest.param("{url}{0}{{ url }}", id="placeholders"),
        pytest.param("\u202eSORGIM", id="direction mark"),
        pytest.param("MIG\ud800ROS", id="lone surrogate"),
        pytest.param("A" * 5000, id="endless"),
        pytest.param("Şişe " * 100, id="endless, in words"),
        pytest.param(".\r\n.\r\n", id="end of the mail"),
        pytest.param("", id="empty"),
    ],
)
def test_a_name_stays_a_name(name: str) -> None:
    check_name(name)


@given(st.text(st.characters(), max_size=300))
def test_any_name_stays_a_name(name: str) -> None:
    check_name(name)


@given(st.lists(st.sampled_from(["=?utf-8?q?", "?=", "=0A", "\r\n", " ", "Bcc: x", "<b>", "&", "ş", "A" * 30, "🎈"])))
def test_any_hostile_name_stays_a_name(pieces: list[str]) -> None:
    check_name("".join(pieces))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        pytest.param("MIGROS", "MIGROS", id="as it is"),
        pytest.param("Şişecam  İnci", "Şişecam İnci", id="spaces"),
        pytest.param(" MIGROS\r\nBcc: x ", "MIGROS Bcc: x", id="line break"),
        pytest.param("MIG\u200bROS\ud800", "MIG ROS", id="invisible"),
        pytest.param("A" * 61, "A" * 60, id="too long"),
        pytest.param("A" * 59 + " B", "A" * 59, id="too long, cut at a space"),
    ],
)
def test_name_in_one_line(name: str, shown: str) -> None:
    assert one_line(name) == shown


def check_name(name: str) -> None:
    octets = build(NOTICE._replace(brand=name), RECIPIENT, SENDER, NOW, None)

    message = read(octets)
    shown = one_line(name)
    assert len(shown) <= BRAND_LETTERS_MAX
    assert shown.isprintable()
    assert message.keys() == HEADERS
    assert message["Subject"] == f"{shown} için reklam e-postası izniniz kaydedildi"
    assert not message.defects
    assert octets.isascii()
    assert max(map(len, octets.split(b"\r\n"))) <= 78
    assert not set(b"\r\n") & set(octets.replace(b"\r\n", b""))
    text, page = parts(message)
    assert text.startswith(f"{shown}, e-posta adresinize")
    assert text.count("\n") == 14
    looked = Page(page)
    assert f"{shown}, e-posta adresinize" in looked.words
    assert looked.tags == Page(parts(mail())[1]).tags


def test_an_address_beyond_ascii_stands_as_it_is() -> None:
    octets = build(NOTICE, Mailbox.parse("ayşe@posta.example"), SENDER, NOW, None)

    assert "\r\nTo: ayşe@posta.example\r\n".encode() in octets
    assert (
        parseaddr(str(email.message_from_bytes(octets, policy=SMTP.clone(utf8=True))["To"]))[1] == "ayşe@posta.example"
    )
