"""`izinhatti understand`."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Final, NamedTuple, assert_never

import orjson
import typer

from channels.commands.shared import Config, Json, looking, settings_of
from channels.imports.table import Table
from core.brands.brand import Brand
from core.brands.directory import Directory
from core.conversation.requests import (
    AskCode,
    BrandAlone,
    BrandMention,
    CloseLine,
    Devam,
    Digits,
    Durum,
    DurumOf,
    Evet,
    GiveCode,
    Intent,
    NoneOfThem,
    NotUnderstood,
    Onay,
    OnayAll,
    OnayCode,
    Report,
    Ret,
    RetAll,
    RetAlone,
    RetThese,
    Sikayet,
    Types,
    Unreadable,
    Yardim,
)
from core.registry.brand_feed import BRAND_COLUMNS, read_brand
from core.registry.brand_store import BrandReader
from sms.reader.read import read

_LINE_BREAK: Final = "\\n"


class Understood(NamedTuple):
    """The reading of a text, as `--json` prints it behind the text. The lists are sorted."""

    intent: str
    brands: list[str]
    scope: list[str]
    candidates: list[str]


def understand(
    context: typer.Context,
    brands: Annotated[
        Path | None, typer.Option("--brands", metavar="FILE", help="CSV of brands, instead of the database.")
    ] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Read texts from standard input, one a line (\\n in it breaks it), and say what the line would understand."""
    directory = Directory(_of_file(brands) if brands else _of_database(context, config))
    for octets in sys.stdin.buffer:
        text = octets.decode("utf-8", "replace").rstrip("\r\n").replace(_LINE_BREAK, "\n")
        found = understood(read(text, directory).intent)
        line = orjson.dumps({"text": text, **found._asdict()}).decode() if as_json else _plain(found)
        sys.stdout.buffer.write(f"{line}\n".encode())
        sys.stdout.buffer.flush()


def understood(intent: Intent) -> Understood:
    match intent:
        case Ret(mentions, types):
            return _named("ret", mentions, types)
        case RetAlone(types):
            return _named("ret", (), types)
        case RetAll(types):
            return _named("ret-all", (), types)
        case Onay(mentions, types):
            return _named("onay", mentions, types)
        case OnayAll():
            return _named("onay")
        case Durum(mentions):
            return _named("durum", mentions)
        case DurumOf():
            return _named("durum")
        case Sikayet(mentions):
            return _named("sikayet", mentions)
        case Yardim():
            return _named("yardim")
        case Digits() | Evet() | Devam():
            return _named("choice")
        case BrandAlone(mention, types):
            return _named("brand", (mention,), types) if mention.exact else _asked("brand", (mention,), types)
        case NotUnderstood(mentions):
            return _asked("none", mentions)
        case NoneOfThem() | Unreadable() | RetThese() | Report() | AskCode() | GiveCode() | OnayCode() | CloseLine():
            return _named("none")
        case _:
            assert_never(intent)


def _named(intent: str, mentions: Iterable[BrandMention] = (), types: Types = ()) -> Understood:
    """One brand is clear, several are asked about."""
    mentions = tuple(mentions)
    clear = {mention.brands[0].code for mention in mentions if mention.is_clear}
    unclear = {brand.code for mention in mentions if not mention.is_clear for brand in mention.brands}
    return Understood(intent, sorted(clear), sorted(types), sorted(unclear))


def _asked(intent: str, mentions: Iterable[BrandMention], types: Types = ()) -> Understood:
    codes = {brand.code for mention in mentions for brand in mention.brands}
    return Understood(intent, [], sorted(types), sorted(codes))


def _plain(found: Understood) -> str:
    """Such as `ret  600100  MESAJ  (600101?)`."""
    asked = f"({', '.join(found.candidates)}?)" if found.candidates else ""
    return "  ".join(filter(None, (found.intent, ", ".join(found.brands), ", ".join(found.scope), asked)))


def _of_file(path: Path) -> list[Brand]:
    """The brands of a file; rows that no import would take are left out."""
    with Table(path, BRAND_COLUMNS) as table:
        read_rows = [read_brand(record.fields) for record in table.records() if record.fields is not None]
    return [brand for brand in read_rows if isinstance(brand, Brand)]


def _of_database(context: typer.Context, config: Path | None) -> list[Brand]:
    with looking(settings_of(context, config)) as transaction:
        return BrandReader().read(transaction)
