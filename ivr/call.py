"""One call from its first prompt to its last: asks what the menu says, and brings the answers back to it."""

from collections.abc import Callable
from typing import Final, NamedTuple, assert_never

from core.conversation.requests import Language
from core.domain.recipients import BadAddress, Msisdn
from ivr.agi import Agi
from ivr.menu import Menu
from ivr.port import Dialled, IvrPort
from ivr.prompts import Prompts
from ivr.speech import Fixed
from ivr.states import Ask, Call, End, Event, HandIn, Known, LookUp, Pressed

TAKEN: Final = "IZINHATTI_TAKEN"
DONE: Final = "IZINHATTI_DONE"
AGENT: Final = "IZINHATTI_AGENT"
LANGUAGE: Final = "IZINHATTI_LANGUAGE"

UNHURRIED_S: Final = 25
"""For each key of a code: it has to be found in the phone that one speaks into."""

_PRESENTED: Final = "allowed"  # CALLERID(num-pres): allowed_not_screened, allowed_passed_screen, …


class Line(NamedTuple):
    """The parts that all calls share. `agent` is a person's extension, empty for none; `calls` counts those that run;
    beyond `calls_max` a caller hears that all lines are busy."""

    menu: Menu
    port: IvrPort
    prompts: Prompts
    trusted_caller_id: bool
    agent: str
    calls: Callable[[], int]
    calls_max: int


async def take_call(agi: Agi, line: Line) -> None:
    """Lead a call to its end. Raises CallEnded where the caller or Asterisk ends it before."""
    await agi.set_variable(TAKEN, "1")
    await agi.arm_watchdog()  # the dialplan waits only some seconds until a program has taken the call
    if line.calls() > line.calls_max:
        await _Talk(agi, line).end(End((Fixed("busy"),)))
        return
    await _Talk(agi, line).run()


class _Talk:
    def __init__(self, agi: Agi, line: Line) -> None:
        self._agi = agi
        self._line = line
        self._language = Language.TR
        self._keys: list[str] = []
        self._requests = 0

    async def run(self) -> None:
        line, number = self._line, self._calling_number()
        known = await line.port.known(number) if number is not None else Known()
        call, effect = line.menu.begin(number, known)
        while not isinstance(effect, End):  # the menu bounds the questions of a call
            await self._speak(call.language)
            call, effect = line.menu.advance(call, await self._do(call, effect))
        await self._speak(call.language)
        await self.end(effect)

    async def end(self, end: End) -> None:
        """Say the last sentence; the dialplan hangs up, or connects to a person."""
        agi = self._agi
        await agi.play(await self._line.prompts.files(end.speech, self._language))
        if end.to_agent:
            await agi.set_variable(AGENT, self._line.agent)
        await agi.set_variable(DONE, "1")

    def _calling_number(self) -> Msisdn | None:
        """The number of the caller, if it is shown and the network vouches for it."""
        call = self._agi.call
        if not self._line.trusted_caller_id or not call.presentation.startswith(_PRESENTED):
            return None
        try:
            return Msisdn.parse(call.number)
        except BadAddress:
            return None

    async def _speak(self, language: Language) -> None:
        """Speak this language from now on; the recorded message of the dialplan too."""
        if language is not self._language:
            self._language = language
            await self._agi.set_variable(LANGUAGE, language)

    async def _do(self, call: Call, effect: Ask | HandIn | LookUp) -> Event:
        match effect:
            case Ask(speech, keys_max, is_slow, is_unhurried, drops_ahead):
                files = await self._line.prompts.files(speech, self._language, slow=is_slow)
                if drops_ahead:
                    await self._agi.drop_keys()
                keys = await self._agi.read(files, keys_max, UNHURRIED_S if is_unhurried else None)
                self._keys.append(keys.digits)
                return Pressed(keys.digits, keys.is_timeout)
            case HandIn(number, wish):
                self._requests += 1
                dialled = Dialled(self._agi.call.unique_id, self._requests, tuple(self._keys))
                language = call.language if call.is_chosen else None
                return await self._line.port.hand_in(number, wish, dialled, language)
            case LookUp(number):
                return await self._line.port.held(number)
            case _:
                assert_never(effect)
