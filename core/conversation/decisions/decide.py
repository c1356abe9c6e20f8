"""The decision, pure: what a wish changes for a citizen, and what is true afterwards.

No I/O, no clock, no await: the desk gives the state that it read under the citizen's lock.
"""

import re
from hashlib import blake2b
from typing import Final, assert_never

from core.conversation.answers import (
    BrandAsked,
    BrandMeant,
    Help,
    NotUnderstoodAnswer,
    OneAtATime,
    RetAllQuestion,
    SetAside,
    Silence,
)
from core.conversation.conversation import Option, Question
from core.conversation.decisions.allow import on_onay, on_onay_code
from core.conversation.decisions.close import on_close_line
from core.conversation.decisions.lists import choose, on_devam, on_digits, on_list
from core.conversation.decisions.proof import on_ask_code, on_give_code
from core.conversation.decisions.refuse import on_ret, on_ret_these, refuse, refuse_all
from core.conversation.decisions.reply import on_evet, on_none_of_them, on_ret_alone
from core.conversation.decisions.report import awaited_report, on_report, on_sikayet, prove
from core.conversation.decisions.scene import Decision, Scene
from core.conversation.decisions.status import on_durum, on_durum_of
from core.conversation.decisions.which import meant, which_brand
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
from core.conversation.unanswered import Unanswered
from core.domain.clock import HOUR_MS
from core.domain.consent import PHONE_TYPES, ConsentType
from core.domain.text import fold


def brands_needed(intent: Intent) -> frozenset[str] | None:
    """Of which brands a decision needs what the registry holds for the citizen; None: of all."""
    match intent:
        case Ret(mentions) | Onay(mentions) | Sikayet(mentions):
            return _of_mentions(mentions)
        case BrandAlone(mention):
            return _of_mentions((mention,))
        case Durum(mentions):
            return _of_mentions(mentions) if mentions else None
        case RetAlone() | RetAll() | NoneOfThem() | Evet() | Devam() | Digits() | OnayCode() | CloseLine():
            return None
        case RetThese(chosen):
            return frozenset([brand.code for brand, _ in chosen])
        case NotUnderstood() | OnayAll() | DurumOf() | Yardim() | Unreadable() | Report() | AskCode() | GiveCode():
            return frozenset()
        case _:
            assert_never(intent)


def decide(scene: Scene) -> Decision:
    """Decide one wish. A message that an open report waits for is that and nothing else."""
    if report := awaited_report(scene):
        return prove(scene, report, is_evidence=True)
    intent, now, conversation = scene.intent, scene.now, scene.conversation
    match intent:
        case Ret():
            return on_ret(scene, intent)
        case RetAlone():
            return on_ret_alone(scene, intent)
        case NoneOfThem():
            return on_none_of_them(scene)
        case RetAll():
            return _on_ret_all(scene, intent)
        case BrandAlone():
            return _on_brand_alone(scene, intent)
        case Evet():
            return on_evet(scene)
        case Devam():
            return on_devam(scene)
        case Digits():
            return on_digits(scene, intent)
        case Onay():
            return on_onay(scene, intent)
        case OnayAll():
            return Decision(OneAtATime(now), conversation)
        case Durum():
            return on_durum(scene, intent)
        case DurumOf():
            return on_durum_of(scene, intent)
        case Sikayet():
            return on_sikayet(scene, intent)
        case Yardim():
            more = conversation.helped_at is not None and now - conversation.helped_at < scene.rules.help_repeat_ms
            return Decision(
                Help(scene.rules.voice_number, more, now),
                conversation if more else conversation._replace(helped_at=now),
            )
        case NotUnderstood(mentions):
            return _on_advert(scene, mentions)
        case RetThese():
            return on_ret_these(scene, intent)
        case Report():
            return on_report(scene, intent)
        case AskCode():
            return on_ask_code(scene)
        case GiveCode():
            return on_give_code(scene, intent)
        case OnayCode():
            return on_onay_code(scene, intent)
        case CloseLine():
            return on_close_line(scene)
        case Unreadable():
            return Decision(SetAside(scene.receipt), conversation)
        case _:
            assert_never(intent)


def _of_mentions(mentions: tuple[BrandMention, ...]) -> frozenset[str] | None:
    """All are needed where the citizen's own brands may tell which one is meant."""
    if any(len(mention.brands) > 1 for mention in mentions):
        return None
    return frozenset([brand.code for mention in mentions for brand in mention.brands])


def _on_ret_all(scene: Scene, intent: RetAll) -> Decision:
    """Ask once; the wish repeated counts as EVET. `HEPSİ` alone to an open list is the whole list."""
    types = tuple([t for t in PHONE_TYPES if not intent.types or t in intent.types])
    if intent.is_confirmed:
        return refuse_all(scene, types)
    question = scene.conversation.newest(lambda q: q.is_open(scene.now) and (q.kind == "all" or q.is_numbered))
    if question is not None and question.is_numbered and intent.bare:
        return choose(scene, question, [option.number for option in question.options])
    asked = scene.conversation.newest(lambda q: q.kind == "all" and q.is_open(scene.now))
    if asked is not None and (intent.bare or asked.types == types):
        return refuse_all(scene._replace(conversation=scene.conversation.close(asked)), asked.types)
    brands = sum(any(standing.is_allowed(t) for t in types) for standing in scene.standings.values())
    if not brands:
        return on_list(scene, ())
    ask = Question("all", scene.now, scene.question_end, types=types, receipt=scene.receipt)
    return Decision(RetAllQuestion(brands, types, scene.receipt, scene.question_hours), scene.conversation.ask(ask))


def _on_brand_alone(scene: Scene, intent: BrandAlone) -> Decision:
    """A dedicated refusal number makes the wish plain where the name is exact and the brand is allowed; else the
    citizen is asked."""
    brands = meant(scene, intent.mention)
    if len(brands) > 1:
        return which_brand(scene, intent.mention._replace(brands=brands), "ret", intent.types)
    [brand] = brands
    standing = scene.standing(brand.code)
    types = _ended_by_name(standing.allowed, intent.types)
    if not types:
        return Decision(BrandAsked(brand, scene.now), scene.conversation)
    option = Option(1, brand.code, types)
    if intent.mention.exact:
        return refuse(scene, [option])
    question = Question("one", scene.now, scene.question_end, (option,))
    return Decision(BrandMeant(brand, types, scene.now), scene.conversation.ask(question))


def _ended_by_name(allowed: Types, named: Types) -> Types:
    """Types that the name alone ends: messages, on whose channel it came, or the types written beside it."""
    return tuple([t for t in allowed if t in (named or (ConsentType.MESAJ,))])


def _on_advert(scene: Scene, mentions: tuple[BrandMention, ...]) -> Decision:
    """A pasted advert, or a chat that names a brand, is asked about and never acted on. The same text again within the
    hour is an auto-responder's, whatever times and amounts stand in it: it gets no answer."""
    clear = next((mention.brands[0] for mention in mentions if len(mention.brands) == 1), None)
    if clear is None:
        return Decision(NotUnderstoodAnswer(scene.now), scene.conversation)
    conversation, now = scene.conversation, scene.now
    digest = blake2b(_DIGITS.sub("", fold(scene.text)).encode(errors="replace"), digest_size=8).hexdigest()
    if digest == conversation.advert and conversation.advert_at is not None and now - conversation.advert_at < HOUR_MS:
        return Decision(Silence(Unanswered.ADVERT_REPEATED), conversation)
    return Decision(BrandAsked(clear, now), conversation._replace(advert=digest, advert_at=now))


_DIGITS: Final = re.compile(r"[0-9]")
