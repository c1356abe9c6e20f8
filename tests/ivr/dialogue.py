"""A call as values: keys in, what is said out; the desk's answers are given by the test."""

from collections.abc import Callable
from datetime import date
from typing import Final

from core.brands.brand import Brand
from core.brands.keypad import Keypad
from core.conversation.answers import Answer, Committed, RetAllDone, RetAnswer, Unspoken
from core.conversation.requests import Intent, Types
from core.domain.clock import Instant
from core.domain.consent import ConsentType
from core.domain.recipients import Msisdn
from ivr.menu import Menu
from ivr.speech import Counted, Dated, Fixed, Named, Part, Speech, Spelled
from ivr.states import Ask, End, Event, HandIn, Held, Known, LookUp, Pressed

ARAMA, MESAJ = ConsentType.ARAMA, ConsentType.MESAJ
MOBILE: Final = Msisdn.parse("+905321234567")
FIXED: Final = Msisdn.parse("+902121234567")
DAY: Final = date(2026, 11, 26)
AT: Final = Instant(1_795_431_900_000)
RECEIPT: Final = "K7M4Q2XS"

MIGROS: Final = Brand("600100", "MIGROS")
BOYNER: Final = Brand("600102", "BOYNER")
DENIZBANK: Final = Brand("600110", "DENİZBANK", ("DENİZ",))
DENIZLI: Final = Brand("600111", "DENİZLİ", ("DENİZ",))
MODA: Final = tuple(Brand(f"7001{n:02}", f"MODA {n:02}") for n in range(10))
BRANDS: Final = (MIGROS, BOYNER, DENIZBANK, DENIZLI, *MODA)


def said(speech: Speech) -> list[str]:
    """A speech as words to compare: names of prompts, brands in capitals, receipts between slashes."""
    return [_said(part) for part in speech]


def _said(part: Part) -> str:
    match part:
        case Fixed(name):
            return name
        case Named(brand):
            return brand.name
        case Spelled(text, slowly):
            return f"/{text}/ slowly" if slowly else f"/{text}/"
        case Counted(brands):
            return f"{brands} brands"
        case Dated(day):
            return day.isoformat()


def ret_answer(brand: Brand, **fields: object) -> RetAnswer:
    return RetAnswer(brand, RECEIPT, DAY)._replace(**fields)  # type: ignore[arg-type]  # the test names fields


def all_done(brands: int, types: Types = (ARAMA, MESAJ)) -> RetAllDone:
    return RetAllDone(brands, types, RECEIPT, DAY)


class Dialogue:
    """Goes from effect to effect. `said` is what was said last, `wishes` all that was handed in."""

    def __init__(
        self,
        number: Msisdn | None = MOBILE,
        known: Known = Known(),  # noqa: B008  # a value
        *,
        has_agent: bool = False,
        find: Callable[[str], tuple[Brand, ...]] | None = None,
    ) -> None:
        self.menu = Menu(find or Keypad(BRANDS).find, has_agent=has_agent)
        self.call, self.effect = self.menu.begin(number, known)
        self.wishes: list[Intent] = []

    def press(self, *answers: str) -> "Dialogue":
        """Answer questions one after the other; `""` is no key in time, `"#"` the square alone."""
        for digits in answers:
            assert isinstance(self.effect, Ask), f"nothing is asked: {self.effect}"
            self.hear(Pressed("", False) if digits == "#" else Pressed(digits, not digits))
        return self

    def answer(self, answer: Answer | Unspoken, *, is_texted: bool = True) -> "Dialogue":
        """The desk has committed what was handed in."""
        assert isinstance(self.effect, HandIn), f"nothing is handed in: {self.effect}"
        return self.hear(Committed(1, answer, is_texted))

    def held(self, *lines: tuple[Brand, Types]) -> "Dialogue":
        assert isinstance(self.effect, LookUp), f"nothing is looked up: {self.effect}"
        return self.hear(Held(lines))

    def hear(self, event: Event) -> "Dialogue":
        self.call, self.effect = self.menu.advance(self.call, event)
        if isinstance(self.effect, HandIn):
            self.wishes.append(self.effect.wish)
        return self

    @property
    def said(self) -> list[str]:
        assert isinstance(self.effect, Ask | End), f"nothing is said: {self.effect}"
        return said(self.effect.speech)

    @property
    def wish(self) -> Intent:
        assert isinstance(self.effect, HandIn), f"nothing is handed in: {self.effect}"
        return self.effect.wish

    @property
    def has_ended(self) -> bool:
        return isinstance(self.effect, End)
