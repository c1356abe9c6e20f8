"""The voice menu as pure steps: a call and what happened → the call and what to do next (design, Voice menu).

Nothing is done before it was said and confirmed by a key. No socket, no clock, no await: a whole call can be tested as
a sequence of values.
"""

from collections.abc import Callable
from typing import Final, Literal, assert_never

from core.brands.brand import Brand
from core.brands.keypad import FOUND_MAX
from core.conversation.answers import (
    BrandClosed,
    Committed,
    OnayDone,
    ProofCode,
    Proven,
    SetAside,
    Temporary,
    TooLate,
    Undecided,
    WrongCode,
)
from core.conversation.requests import (
    AskCode,
    BrandMention,
    GiveCode,
    Intent,
    Language,
    Onay,
    OnayCode,
    Ret,
    RetAll,
    RetAlone,
    Sikayet,
    Types,
    Yardim,
)
from core.domain.codes import LENGTH as CODE_DIGITS
from core.domain.consent import ConsentType
from core.domain.recipients import BadAddress, Msisdn
from ivr.phrases import ARAMA_ONLY, LINES_READ, MESAJ_ONLY, lines_of, outcome_of, question_of
from ivr.speech import Fixed, Named, Part, Speech
from ivr.states import (
    QUESTIONS_MAX,
    TRIES_MAX,
    Ask,
    AskingOnay,
    AskingProof,
    BrandChoice,
    BrandEntry,
    Call,
    Confirm,
    ConfirmReport,
    End,
    Event,
    HandIn,
    Held,
    Known,
    Leaving,
    ListOffer,
    LookUp,
    MainMenu,
    More,
    Move,
    NumberEntry,
    OnayEntry,
    Pressed,
    ProofEntry,
    Purpose,
    Question,
    Reading,
    SendingList,
    State,
    TypeChoice,
)

BRAND_KEYS_MAX: Final = 30
NUMBER_KEYS_MAX: Final = 20  # E.164 has 15 digits; 00 and a trunk zero may stand before them

_BOTH: Final = (ConsentType.ARAMA, ConsentType.MESAJ)
_TYPES_OF_KEY: Final = {"1": MESAJ_ONLY, "2": ARAMA_ONLY, "3": _BOTH}
_ALL_KEY: Final = "0"
_YES_KEY: Final = "1"
_NO_KEY: Final = "2"
_OTHER_LANGUAGE: Final = {Language.TR: Language.EN, Language.EN: Language.TR}
_GOODBYE: Final = Fixed("last.goodbye")


class Menu:
    """The menu of one line. `find` gives the brands of what was keyed in, at most ten; `has_agent`: 0 leads to a
    person."""

    def __init__(self, find: Callable[[str], tuple[Brand, ...]], *, has_agent: bool) -> None:
        self._find = find
        self._has_agent = has_agent

    def begin(self, number: Msisdn | None, known: Known) -> Move:
        """Take a call; `number` is None where it is hidden or nobody vouches for it."""
        call, welcome = Call(number, known.language), Fixed("welcome")
        if number is None:
            return self._ask(call, NumberEntry(), Fixed("number.english"), welcome)
        if known.has_code and call.takes_messages:
            return self._ask(call, OnayEntry(is_pending=True), welcome)
        return self._ask(call, MainMenu(), welcome)

    def advance(self, call: Call, event: Event) -> Move:
        """The next step after keys, the outcome of a request, or a look."""
        match event:
            case Pressed():
                return self._on_pressed(call, event)
            case Committed():
                return self._on_committed(call, event)
            case Held(lines):
                return self._on_held(call, lines)
            case Temporary():
                return Move(call, End((Fixed("down"),)))
            case Undecided():
                return Move(call, End((Fixed("unknown"), _GOODBYE)))
            case _:
                assert_never(event)

    # Keys.

    def _on_pressed(self, call: Call, pressed: Pressed) -> Move:
        digits = pressed.digits
        if digits in ("*", "**"):
            return self._repeat(call, is_slow=digits == "**" or call.repeats > 0)
        if digits:
            return self._on_keys(call, digits) or self._missed(call, Fixed("wrong_key"))
        if pressed.is_timeout:
            return self._on_silence(call)
        if isinstance(call.state, OnayEntry) and call.state.is_pending:
            return self._ask(call, MainMenu())
        return self._put(call)  # a `#` behind a code or a key is swallowed

    def _on_keys(self, call: Call, digits: str) -> Move | None:
        """None: nothing is on these keys."""
        match call.state:
            case MainMenu():
                return self._on_main(call, digits)
            case NumberEntry():
                return self._on_number(call, digits)
            case ProofEntry(number):
                return Move(call, HandIn(number, GiveCode(digits))) if _is_code(digits) else None
            case BrandEntry(purpose):
                return self._on_brand(call, purpose, digits)
            case BrandChoice(purpose, brands):
                chosen = int(digits) - 1 if digits.isdigit() else -1
                return self._on_chosen(call, purpose, brands[chosen]) if 0 <= chosen < len(brands) else None
            case TypeChoice(purpose, brand):
                return self._on_types(call, purpose, brand, digits)
            case Confirm(brand, types):
                all_of_them = RetAll(types, is_confirmed=True)
                wish = all_of_them if brand is None else Ret((BrandMention.of(brand),), types)
                return self._on_yes_or_no(call, digits, wish)
            case ConfirmReport(brand):
                return self._on_yes_or_no(call, digits, Sikayet((BrandMention.of(brand),)))
            case OnayEntry():
                return self._hand_in(call, OnayCode(digits)) if _is_code(digits) else None
            case ListOffer():
                return self._hear(call) if digits == _YES_KEY else None
            case Reading(lines, at):
                return self._read(call, Reading(lines, at + LINES_READ)) if digits == _YES_KEY else None
            case More():
                return self._ask(call, MainMenu()) if digits == _YES_KEY else None
            case AskingProof() | AskingOnay() | SendingList() | Leaving():
                raise AssertionError("no keys are taken while the desk decides")
            case _:
                assert_never(call.state)

    def _on_main(self, call: Call, digit: str) -> Move | None:
        match digit:
            case "1":
                return self._ask(call, BrandEntry("ret"))
            case "2" if call.takes_messages:
                return self._hand_in(call._replace(state=SendingList()), RetAlone())
            case "3" if call.takes_messages:
                return self._ask(call, BrandEntry("onay"))
            case "4":
                return self._ask(call, BrandEntry("report"))
            case "5":
                return self._end_everything(call)
            case "9":
                return self._switch(call)
            case "0" if self._has_agent:
                return Move(call, End((Fixed("agent.connecting"),), to_agent=True))
            case _:
                return None

    def _on_number(self, call: Call, digits: str) -> Move:
        if digits == "9":
            return self._switch(call)
        try:
            number = Msisdn.parse(digits)
        except BadAddress:
            return self._missed(call, Fixed("number.wrong"))
        if not number.takes_messages:
            return self._missed(call, Fixed("number.fixed"))
        return Move(call._replace(state=AskingProof(number)), HandIn(number, AskCode()))

    def _on_brand(self, call: Call, purpose: Purpose, digits: str) -> Move:
        if digits == _ALL_KEY and purpose == "ret":
            return self._end_everything(call)
        found = self._find(digits)
        own = tuple([brand for brand in found if brand.code in call.own])
        if not found:
            return self._missed(call, Fixed("brand.unknown"))
        if len(found) == 1 or len(own) == 1:
            return self._on_chosen(call, purpose, (own or found)[0])
        if len(found) > FOUND_MAX:
            return self._missed(call, Fixed("brand.too_many"))
        return self._ask(call, BrandChoice(purpose, tuple(dict.fromkeys((*own, *found)))))

    def _end_everything(self, call: Call) -> Move:
        return self._ask(call, Confirm(None, _BOTH if call.takes_messages else ARAMA_ONLY))

    def _on_chosen(self, call: Call, purpose: Purpose, brand: Brand) -> Move:
        if purpose == "report":
            return self._ask(call, ConfirmReport(brand))
        if not call.takes_messages:
            return self._ask(call, Confirm(brand, ARAMA_ONLY))
        return self._ask(call, TypeChoice(purpose, brand))

    def _on_types(self, call: Call, purpose: Literal["ret", "onay"], brand: Brand, digit: str) -> Move | None:
        types = _TYPES_OF_KEY.get(digit)
        if types is None:
            return None
        if purpose == "ret":
            return self._ask(call, Confirm(brand, types))
        if types == _BOTH:  # one code confirms one thing (KVKK İlke Kararı 2025/1072)
            return None
        return self._hand_in(call._replace(state=AskingOnay()), Onay((BrandMention.of(brand),), types))

    def _on_yes_or_no(self, call: Call, digit: str, wish: Ret | RetAll | Sikayet) -> Move | None:
        if digit == _YES_KEY:
            return self._hand_in(call, wish)
        return self._ask(call, MainMenu(), Fixed("not_done")) if digit == _NO_KEY else None

    def _hear(self, call: Call) -> Move:
        assert call.number is not None, "a list is offered to a number"
        if call.is_proven:
            return Move(call, LookUp(call.number))
        return Move(call._replace(state=AskingProof(call.number, to_list=True)), HandIn(call.number, AskCode()))

    def _on_silence(self, call: Call) -> Move:
        match call.state:
            case ListOffer() | Reading() | More():
                return Move(call, End((_GOODBYE,)))
            case OnayEntry(is_pending=True):
                return self._ask(call, MainMenu())
            case _:
                return self._missed(call, Fixed("no_key"))

    # Outcomes.

    def _on_committed(self, call: Call, done: Committed) -> Move:
        if isinstance(done.answer, SetAside):
            return self._done(call, done)
        match call.state:
            case AskingProof(number, to_list):
                if isinstance(done.answer, ProofCode):
                    return self._ask(call, ProofEntry(number, to_list=to_list), Fixed("code.sent"))
                return Move(call, End((Fixed("code.none_left"), _GOODBYE)))
            case ProofEntry(number) as entry:
                if isinstance(done.answer, Proven):
                    return Move(call._replace(number=number, is_proven=True), LookUp(number))
                return self._wrong_code(call, entry._replace(wrong=entry.wrong + 1))
            case AskingOnay():
                if isinstance(done.answer, BrandClosed):
                    return self._ask(call, MainMenu(), Named(done.answer.brand), Fixed("onay.closed"))
                # Allowed already, or no more codes today: the SMS says which. To a caller who may not be the holder of
                # the number it sounds as where a code was sent.
                return self._ask(call, OnayEntry())
            case OnayEntry() as entry:
                return self._on_onay(call, entry, done)
            case SendingList():
                return self._ask(call, ListOffer(), Fixed("list.texted" if done.is_texted else "list.not_texted"))
            case Leaving():
                return self._last(call, is_texted=done.is_texted)
            case _:
                return self._done(call, done)

    def _on_onay(self, call: Call, entry: OnayEntry, done: Committed) -> Move:
        match done.answer:
            case OnayDone():
                return self._done(call, done)
            case BrandClosed(brand):
                return self._ask(call, MainMenu(), Named(brand), Fixed("onay.closed"))
            case WrongCode(left=0) | TooLate():
                return Move(call, End((Fixed("code.over"), _GOODBYE)))
            case _:
                return self._wrong_code(call, entry._replace(wrong=entry.wrong + 1))

    def _wrong_code(self, call: Call, entry: ProofEntry | OnayEntry) -> Move:
        if entry.wrong >= TRIES_MAX:
            return Move(call, End((Fixed("code.over"), _GOODBYE)))
        return self._ask(call, entry, Fixed("code.wrong"))

    def _done(self, call: Call, done: Committed) -> Move:
        speech = outcome_of(call, done.answer, is_texted=done.is_texted)
        return self._ask(call._replace(has_acted=True), More(), *speech)

    def _on_held(self, call: Call, lines: tuple[tuple[Brand, Types], ...] | None) -> Move:
        call = call._replace(own=frozenset(brand.code for brand, _ in lines or ()))
        if isinstance(call.state, ProofEntry) and not call.state.to_list:
            return self._ask(call, MainMenu())
        if lines is None:
            return Move(call, End((Fixed("down"),)))
        return self._read(call, Reading(lines)) if lines else self._ask(call, More(), Fixed("list.none"))

    def _read(self, call: Call, reading: Reading) -> Move:
        if reading.at + LINES_READ < len(reading.lines):
            return self._ask(call, reading)
        return self._ask(call, More(), *lines_of(reading), Fixed("list.end"))

    # Steps.

    def _ask(self, call: Call, question: Question, *notice: Part) -> Move:
        """Put a new question, or an old one anew, after something was said."""
        return self._put(call._replace(state=question, notice=notice, misses=0, repeats=0))

    def _put(self, call: Call, *, is_slow: bool = False) -> Move:
        """Put the question in which the call stands."""
        question = call.state
        assert not isinstance(question, AskingProof | AskingOnay | SendingList | Leaving), "nothing is asked then"
        if call.questions >= QUESTIONS_MAX:
            return self._last(call, is_texted=False)
        speech = (*call.notice, *question_of(call, question, has_agent=self._has_agent))
        asked = Ask(
            speech,
            keys_max(question),
            is_slow,
            is_unhurried=isinstance(question, ProofEntry | OnayEntry),
            drops_ahead=isinstance(question, Confirm | ConfirmReport),
        )
        return Move(call._replace(questions=call.questions + 1), asked)

    def _repeat(self, call: Call, *, is_slow: bool) -> Move:
        """`*` says it again, `**` says it slowly."""
        return self._put(call._replace(repeats=call.repeats + 1), is_slow=is_slow)

    def _missed(self, call: Call, why: Fixed) -> Move:
        call = call._replace(misses=call.misses + 1, repeats=0)
        if call.misses < TRIES_MAX:
            return self._put(call._replace(notice=(why,)))
        if isinstance(call.state, OnayEntry):
            return Move(call, End((Fixed("code.call_back"), _GOODBYE)))
        if call.takes_messages:
            return self._hand_in(call._replace(state=Leaving()), Yardim())
        return self._last(call, is_texted=False)

    def _last(self, call: Call, *, is_texted: bool) -> Move:
        texted: Speech = (Fixed("last.texted"),) if is_texted else ()
        if call.has_acted:  # "nothing changed" would be untrue
            return Move(call, End((*texted, _GOODBYE)))
        return Move(call, End((Fixed("last.not_understood"), *texted)))

    def _switch(self, call: Call) -> Move:
        other = call._replace(language=_OTHER_LANGUAGE[call.language], is_chosen=True)
        return self._put(other._replace(misses=0, repeats=0))

    def _hand_in(self, call: Call, wish: Intent) -> Move:
        assert call.number is not None, "without a number nothing but a number is asked for"
        return Move(call, HandIn(call.number, wish))


def keys_max(state: State) -> int:
    """The most keys that a question takes."""
    match state:
        case BrandEntry():
            return BRAND_KEYS_MAX
        case NumberEntry():
            return NUMBER_KEYS_MAX
        case ProofEntry() | OnayEntry():
            return CODE_DIGITS
        case _:
            return 1


def _is_code(digits: str) -> bool:
    return len(digits) == CODE_DIGITS and digits.isdigit()
