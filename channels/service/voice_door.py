"""The door that citizens call."""

from contextlib import AsyncExitStack
from typing import NamedTuple

import structlog

from channels.service.ivr_desk import IvrDesk
from channels.service.listening import listening_at
from channels.settings.sections import Settings
from core.brands.directory import Directory
from core.brands.keypad import Keypad
from core.domain.clock import system_clock
from core.intake.desk import Desk
from core.store.looker import Looker
from ivr.agi_server import AgiServer
from ivr.call import Line, take_call
from ivr.manager import Manager
from ivr.menu import Menu
from ivr.programs import RenderFailed
from ivr.prompts import Prompts
from ivr.speaker import Speaker

_log = structlog.get_logger(component="service")


class VoiceDoor(NamedTuple):
    """The open door; it is supervised once `manager.run` is run."""

    server: AgiServer
    manager: Manager


async def open_voice(
    settings: Settings, desk: Desk, looker: Looker, directory: Directory, keypad: Keypad, closing: AsyncExitStack
) -> VoiceDoor:
    """Listen at `ivr.listen`. Raises OSError that names it, ValueError with one line where prompts cannot be rendered.
    What `closing` closes is closed even if this fails."""
    section = settings.voice
    prompts = Prompts(section.sounds, Speaker.parse(section.speech_command), settings.line.number)
    closing.push_async_callback(prompts.close)
    await _build(prompts)
    line = Line(
        Menu(keypad.find, has_agent=bool(section.agent)),
        IvrDesk(desk, looker, directory.get, system_clock),
        prompts,
        trusted_caller_id=settings.line.trusted_caller_id,
        agent=section.agent,
        calls=lambda: server.calls,
        calls_max=section.max_calls,
    )
    # Whoever is one too many still hears that all lines are busy; beyond twice as many, the dialplan's own message.
    server = AgiServer(lambda agi: take_call(agi, line), section.allowed, 2 * section.max_calls)
    closing.push_async_callback(server.close)
    with listening_at(section.listen, "ivr.listen"):
        await server.open(section.listen.host, section.listen.port)
    ami = section.ami
    return VoiceDoor(server, Manager(ami.host, ami.port, ami.username, ami.secret.get_secret_value()))


async def _build(prompts: Prompts) -> None:
    """Render what `prompts build` has not. Raises ValueError with one line."""
    missing = prompts.missing()
    if not missing:
        return
    _log.info("prompts are missing and are rendered first", count=len(missing))
    try:
        await prompts.build(lambda _: None)
    except RenderFailed as error:
        raise ValueError(f"ivr: {error}") from error
