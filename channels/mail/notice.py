"""Content of an approval notice by e-mail, and the form in which it waits in the outbox."""

import re
from datetime import date
from typing import Final, NamedTuple

import orjson

from core.conversation.answers import ApprovalNotice
from core.conversation.requests import Language
from core.domain.clock import day_of

JSON_CHARS_MAX: Final = 4096
URL_CHARS_MAX: Final = 512

_URL: Final = re.compile(r"https?://[^/]+(?:/[!-~]+)?/r/[A-Za-z0-9_-]+")
_OUTSIDE_URL: Final = re.compile(r"[^!-~]|[<>\"\\]")


class BadNotice(ValueError):
    """The text is no notice. The message never repeats it."""


class MailNotice(NamedTuple):
    """One consent that a brand had registered for an e-mail address.

    `brand` is the brand's label, `registered_on` the day in Türkiye on which the consent was registered. `has_refused`
    says whether the citizen had refused this brand's e-mails before. `url` is the link page, `<public_url>/r/<token>`.
    """

    brand: str
    registered_on: date
    has_refused: bool
    url: str
    language: Language = Language.TR

    @property
    def site(self) -> str:
        """The link pages' own address, without the token."""
        return f"{self.url.rpartition('/r/')[0]}/"

    def to_json(self) -> str:
        """The text of a message."""
        return orjson.dumps(self._asdict()).decode()

    @classmethod
    def from_json(cls, text: str) -> "MailNotice":
        """Read the text of a message. Raises `BadNotice`."""
        if len(text) > JSON_CHARS_MAX:
            raise BadNotice("a notice that is too long")
        try:
            fields = orjson.loads(text)
            notice = cls(
                fields["brand"],
                date.fromisoformat(fields["registered_on"]),
                fields["has_refused"],
                fields["url"],
                Language(fields["language"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise BadNotice("not the fields of a notice") from error
        if not isinstance(notice.brand, str) or not isinstance(notice.has_refused, bool) or not _is_link(notice.url):
            raise BadNotice("a field of a notice is of the wrong kind")
        return notice


def _is_link(url: object) -> bool:
    """True if the URL can stand in a header and in a page as it is."""
    if not isinstance(url, str) or len(url) > URL_CHARS_MAX:
        return False
    return _OUTSIDE_URL.search(url) is None and _URL.fullmatch(url) is not None


def mail_text(notice: ApprovalNotice, language: Language) -> str:
    """The text that waits in the outbox for an approval notice."""
    return MailNotice(notice.brand.name, day_of(notice.at), notice.again, notice.link, language).to_json()
