"""The counter behind the voice menu, over a real desk and a real file."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from channels.service.ivr_desk import IvrDesk
from core.conversation.answers import Committed, OnayQuestion, ProofCode, RetAnswer, Temporary
from core.conversation.requests import AskCode, CloseLine, Door, Intent, Language, Onay
from core.domain.recipients import Msisdn
from core.store.errors import TemporaryFault
from core.store.looker import Looker
from core.store.transaction import Transaction
from ivr.port import Dialled
from ivr.states import Held, Known
from tests import container_fixtures
from tests.container import NO_LIMITS, NUMBER, PATIENCE_S, Container, until
from tests.core.conversation.decisions.scenes import BOYNER, DIRECTORY, HOPI, MIGROS, onay, ret
from tests.core.intake.citizen import Citizen, furnish

clock, container, signer = container_fixtures.clock, container_fixtures.container, container_fixtures.signer
template, url = container_fixtures.template, container_fixtures.url

KEYS = ("1", "600100", "1", "1")


@pytest.fixture
async def desk(container: Container, url: str) -> AsyncIterator[IvrDesk]:
    furnish(container, NO_LIMITS)
    looker = Looker(url, 1)
    yield IvrDesk(container.desk, looker, DIRECTORY.get, container.clock)
    await looker.close()


async def hand_in(desk: IvrDesk, wish: Intent, step: int = 1, language: Language | None = None) -> Committed:
    outcome = await desk.hand_in(NUMBER, wish, Dialled("call-1", step, KEYS), language)
    assert isinstance(outcome, Committed)
    return outcome


async def test_an_act_by_phone_is_proven_by_its_keys(desk: IvrDesk, container: Container) -> None:
    await container.allow(NUMBER)

    done = await hand_in(desk, ret(MIGROS))

    assert isinstance(done.answer, RetAnswer)
    assert await container.rows("SELECT door, outcome, origin, receipt FROM request") == [
        (Door.IVR, "ret", "", done.answer.receipt)
    ]
    [(octets, text)] = await container.rows("SELECT octets, text FROM raw")
    assert text == "1 600100 1 1"
    assert octets == b'{"call":"call-1","step":1,"keys":["1","600100","1","1"]}'
    assert await container.rows("SELECT status, source FROM consent") == [("RET", "IYS_CM")]


async def test_two_steps_of_a_call_are_never_taken_for_a_repeat(desk: IvrDesk, container: Container) -> None:
    await hand_in(desk, ret(MIGROS), step=1)
    await hand_in(desk, ret(MIGROS), step=2)

    first, second = await container.column("SELECT key FROM request")
    assert first != second


async def test_the_language_chosen_is_kept(desk: IvrDesk) -> None:
    await hand_in(desk, ret(MIGROS), language=Language.EN)

    assert await desk.known(NUMBER) == Known(Language.EN)


async def test_of_a_stranger_nothing_is_known(desk: IvrDesk) -> None:
    assert await desk.known(Msisdn.parse("+905320000009")) == Known()


async def test_a_code_that_waits_is_known_while_it_lives(desk: IvrDesk, container: Container) -> None:
    done = await hand_in(desk, Onay(onay(HOPI).mentions))
    assert isinstance(done.answer, OnayQuestion)

    assert await desk.known(NUMBER) == Known(has_code=True)

    container.clock.pass_ms(NO_LIMITS.call_code_ms)
    assert await desk.known(NUMBER) == Known()


async def test_a_code_of_a_closed_line_is_nobodys(desk: IvrDesk, container: Container) -> None:
    await hand_in(desk, Onay(onay(HOPI).mentions))

    await Citizen(container).say(CloseLine(), door=Door.CLERK)

    assert await desk.known(NUMBER) == Known()


async def test_a_proof_is_no_code_to_come_back_for(desk: IvrDesk) -> None:
    assert isinstance((await hand_in(desk, AskCode())).answer, ProofCode)

    assert await desk.known(NUMBER) == Known()


async def test_what_may_reach_the_number_is_read_the_newest_first(desk: IvrDesk, container: Container) -> None:
    await container.allow(NUMBER, brand=BOYNER)
    await container.allow(NUMBER, brand=MIGROS)
    await container.rows("UPDATE consent SET consent_at = consent_at + 1000 WHERE brand_code = ?", MIGROS.code)
    await hand_in(desk, ret(BOYNER))
    await container.allow(NUMBER, brand=HOPI)

    held = await desk.held(NUMBER)

    assert held == Held(((MIGROS, ("MESAJ",)), (HOPI, ("MESAJ",))))  # type: ignore[arg-type]  # equal as words


async def broken(_work: Callable[[Transaction], Any]) -> None:
    raise TemporaryFault("database: gone")


@pytest.mark.parametrize("how", ["fails", "hangs"])
async def test_a_store_that_cannot_be_read_is_waited_for_no_longer_than_a_caller_can(
    desk: IvrDesk, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr("channels.service.ivr_desk.LOOK_S", 0.01)
    monkeypatch.setattr(desk._looker, "look", broken if how == "fails" else lambda _: asyncio.sleep(PATIENCE_S))

    assert await desk.known(NUMBER) == Known()
    assert await desk.held(NUMBER) == Held(None)


async def test_an_act_that_the_store_does_not_take_in_time_is_never_done(
    container: Container, url: str, desk: IvrDesk
) -> None:
    entered, release = threading.Event(), threading.Event()
    hurried = IvrDesk(container.desk, desk._looker, DIRECTORY.get, container.clock, patience_s=0.01)

    def hold(_transaction: Transaction) -> None:
        entered.set()
        release.wait(PATIENCE_S)

    held = asyncio.ensure_future(container.writer.errand(hold))
    await until(entered.is_set)

    outcome = await hurried.hand_in(NUMBER, ret(MIGROS), Dialled("call-1", 1, KEYS), None)

    assert isinstance(outcome, Temporary)
    release.set()
    await held
    await container.writer.errand(lambda _: None)
    assert await container.column("SELECT count(*) FROM request") == [0]
