"""One call's FastAGI connection: what Asterisk says of the call, then one answer to each command.

Asterisk writes lines that end in LF: the environment up to an empty line, then an answer after each command, and HANGUP
at any time (res_agi.c, the same from Asterisk 16 to 22). Whatever else it says was put into its mouth.
"""

import asyncio
import re
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final, NamedTuple, TypeVar, cast

from ivr.errors import AgiBroken, AgiTimeout, CallEnded, ConnectionLost, HungUp

LINE_OCTETS_MAX: Final = 2_048  # without its LF
ENVIRONMENT_LINES_MAX: Final = 64  # Asterisk 22 writes 22, and one for each argument
ENVIRONMENT_OCTETS_MAX: Final = 16_384
# With its LF: AGI_BUF_LEN of every Asterisk up to 2025 (8,191 since then). The rest would be another command.
COMMAND_OCTETS_MAX: Final = 2_047

_HANGUP: Final = b"HANGUP"
_ENVIRONMENT_KEY: Final = re.compile(r"agi_[a-z0-9_]+")
_ANSWER: Final = re.compile(r"200 result=(-?[0-9]{1,9})(?: \((.*)\))?(?: endpos=[0-9]+)?")
_STATUS: Final = re.compile(r"[0-9]{3}(?=[ -])")
_DEAD_CHANNEL: Final = "511"

T = TypeVar("T")


class Patience(NamedTuple):
    """Limits in seconds: for the whole environment, for an answer, and for one that waits for the caller, who listens
    and keys in as long as he wants."""

    environment_s: float = 5.0
    answer_s: float = 5.0
    caller_s: float = 600.0


class AgiCall(NamedTuple):
    """The dialplan's words on a call: Asterisk's unique id of it, and the two arguments of AGI(). `number` is the
    calling number as it came, empty for none; `presentation` is CALLERID(num-pres), like `allowed_passed_screen`."""

    unique_id: str
    number: str
    presentation: str


class Answer(NamedTuple):
    """`200 result=1 (value)`; `value` is None where there are no brackets."""

    result: int
    value: str | None


class Environment:
    """Reads the lines of one environment."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._octets = 0

    def take(self, line: bytes) -> AgiCall | None:
        """Take a line without its LF; the call, once the empty line has come. Raises AgiBroken."""
        self._octets += len(line) + 1
        if self._octets > ENVIRONMENT_OCTETS_MAX:
            raise AgiBroken(f"environment: more than {ENVIRONMENT_OCTETS_MAX} octets")
        if not line:
            return self._call()
        if len(self._values) == ENVIRONMENT_LINES_MAX:
            raise AgiBroken(f"environment: more than {ENVIRONMENT_LINES_MAX} lines")
        key, colon, value = line.decode(errors="replace").partition(": ")
        if not colon or not _ENVIRONMENT_KEY.fullmatch(key):
            raise AgiBroken("environment: a line that is no `agi_key: value`")
        if key in self._values:
            raise AgiBroken("environment: a key comes twice")
        self._values[key] = value
        return None

    def _call(self) -> AgiCall:
        needed = ("agi_uniqueid", "agi_arg_1", "agi_arg_2")
        missing = [key for key in needed if key not in self._values]
        if missing:
            raise AgiBroken(f"environment: without {missing[0]}")
        return AgiCall(*(self._values[key] for key in needed))


def parse_answer(line: bytes) -> Answer:
    """Read an answer without its LF. Raises HungUp for those of a channel that is gone, AgiBroken for any other
    failure: of the usage that follows a `520-` nothing is of use."""
    text = line.decode(errors="replace")
    found = _ANSWER.fullmatch(text)
    if found is None:
        status = _STATUS.match(text)
        if status is not None and status[0] == _DEAD_CHANNEL:
            raise HungUp
        raise AgiBroken(f"answer: status {status[0]}" if status is not None else "answer: a line that is none")
    result = int(found[1])
    if result == -1:
        raise HungUp
    return Answer(result, found[2])


class AgiWire(asyncio.Protocol):
    """The octets of one connection. Once it has ended it is closed, and every use of it raises how it ended."""

    def __init__(self, opened: "Callable[[AgiWire], None]", patience: Patience) -> None:
        self.patience = patience
        self.peer: IPv4Address | IPv6Address | None = None
        self._opened = opened
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._ended: CallEnded | None = None
        self._environment: Environment | None = Environment()
        self._called: asyncio.Future[AgiCall] = asyncio.get_running_loop().create_future()
        self._answered: asyncio.Future[Answer] | None = None

    async def environment(self) -> AgiCall:
        """Asterisk's words on the call. Raises CallEnded."""
        call = await self._in_time(self._called, self.patience.environment_s)
        if self._ended is not None:  # by what came behind the empty line
            raise self._ended
        return call

    async def ask(self, command: str, limit_s: float) -> Answer:
        """Send a command, one at a time, and wait for its answer. Raises CallEnded, and ValueError for a command that
        Asterisk would cut in two."""
        octets = f"{command}\n".encode()
        if len(octets) > COMMAND_OCTETS_MAX:
            raise ValueError(f"a command of {len(octets)} octets, at most {COMMAND_OCTETS_MAX} can be sent")
        if self._ended is not None:
            raise self._ended
        assert self._transport is not None, "opened"
        assert self._answered is None, "one command at a time"
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(octets)
        try:
            return await self._in_time(self._answered, limit_s)
        finally:
            self._answered = None

    def close(self) -> None:
        """Close at once. What Asterisk has not read by now it never will."""
        if self._transport is not None:
            self._transport.abort()

    # What the transport does.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's transport is one only in its manner
        name = transport.get_extra_info("peername")
        self.peer = ip_address(name[0]) if name else None
        self._opened(self)

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        try:
            for line in lines:
                self._take(line)
            self._check_rest()
        except CallEnded as error:
            self._end(error)

    def connection_lost(self, _exc: Exception | None) -> None:
        self._end(ConnectionLost())

    def _take(self, line: bytes) -> None:
        if len(line) > LINE_OCTETS_MAX:
            raise AgiBroken(f"a line of more than {LINE_OCTETS_MAX} octets")
        if self._environment is not None:
            call = self._environment.take(line)
            if call is not None:
                self._environment = None
                if not self._called.done():
                    self._called.set_result(call)
        elif line == _HANGUP:
            raise HungUp
        elif self._answered is None or self._answered.done():
            raise AgiBroken("a line that nothing asked for")
        else:
            self._answered.set_result(parse_answer(line))

    def _check_rest(self) -> None:
        if len(self._rest) > LINE_OCTETS_MAX:
            raise AgiBroken(f"a line of more than {LINE_OCTETS_MAX} octets")
        is_idle = self._environment is None and (self._answered is None or self._answered.done())
        if is_idle and not _HANGUP.startswith(self._rest):
            raise AgiBroken("octets that nothing asked for")

    def _end(self, error: CallEnded) -> None:
        if self._ended is not None:
            return
        self._ended = error
        self._rest = b""
        self.close()
        for waiting in (self._called, self._answered):
            if waiting is not None and not waiting.done():
                waiting.set_exception(error)
                waiting.exception()  # nobody has to wait for it: of a stranger nobody does

    async def _in_time(self, waiting: asyncio.Future[T], limit_s: float) -> T:
        try:
            async with asyncio.timeout(limit_s):
                return await waiting
        except TimeoutError:
            late = AgiTimeout()
            self._end(late)
            raise late from None
