"""An approval notice as an e-mail (RFC 5322), with the way out that mail programs offer as a button (RFC 8058).

The header is written here and not by `EmailMessage`: that one reads a brand's name as if it were encoded already, and
encodes a link that is longer than a line.
"""

import hashlib
from base64 import urlsafe_b64encode
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final
from urllib.parse import urlsplit

from channels.mail.content import content
from channels.mail.loopback import is_loopback
from channels.mail.mailbox import Mailbox
from channels.mail.notice import MailNotice
from channels.mail.signature import Signer
from core.domain.clock import Instant, istanbul

DISPLAY_NAME: Final = "İzin Hattı"

_HEADER_LINE_CHARS: Final = 76  # RFC 2047, 2


def build(notice: MailNotice, recipient: Mailbox, sender: Mailbox, now: Instant, signer: Signer | None) -> bytes:
    """The mail with CRLF line ends; ASCII but for a `To` that needs SMTPUTF8."""
    says = content(notice)
    header = {
        "From": f"{_encoded('From', DISPLAY_NAME)} <{sender.reveal()}>",
        "To": recipient.reveal(),
        "Subject": _encoded("Subject", says.subject),
        "Date": format_datetime(istanbul(now)),
        "Message-ID": message_id(notice, sender),
        "List-Unsubscribe": f"<{notice.url}>",
        "Auto-Submitted": "auto-generated",
    }
    if _takes_one_click(notice.url, is_signed=signer is not None):
        header["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    parts = EmailMessage(policy=SMTP)
    parts.set_content(says.text, cte="quoted-printable")
    parts.add_alternative(says.page, subtype="html", cte="quoted-printable")
    lines = "".join(f"{name}: {value}\r\n" for name, value in header.items())
    message = lines.encode() + parts.as_bytes()
    return signer.header(message, now) + message if signer else message


def message_id(notice: MailNotice, sender: Mailbox) -> str:
    """As random as the link's token, which it does not give away. The same when a mail of unknown fate is sent again:
    most mail stores then keep one of the two."""
    digest = hashlib.blake2b(notice.url.encode(), digest_size=18, person=b"message-id").digest()
    return f"<{urlsafe_b64encode(digest).decode()}@{sender.domain}>"


def _takes_one_click(url: str, *, is_signed: bool) -> bool:
    """RFC 8058, 3.1 and 4: over HTTPS and under a signature. On this machine alone, for trial, neither is wanted."""
    parts = urlsplit(url)
    return (is_signed and parts.scheme == "https") or is_loopback(parts.hostname or "")


def _encoded(name: str, text: str) -> str:
    """The text in encoded words (RFC 2047), folded. It always is: a name may look like an encoded word itself."""
    return Header(text, "utf-8", header_name=name, maxlinelen=_HEADER_LINE_CHARS).encode(linesep="\r\n")
