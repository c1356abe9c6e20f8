"""One citizen, two processes, any order of texts, times, restarts and senders' consents: the registry stays what
`tests.core.intake.citizen_model` says, and no answer claims anything else."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from core.brands.brand import Brand
from core.conversation.answers import (
    BrandMeant,
    Committed,
    ComplaintQuestion,
    ListPage,
    OnayQuestion,
    OneOnRecord,
    RetAllQuestion,
    WhichBrand,
)
from core.conversation.requests import CloseLine, Door, Reading, Request
from core.domain.clock import HOUR_MS, MINUTE_MS, Instant, to_second
from core.domain.consent import ConsentType, RecipientType, Record, Source, Status
from core.domain.rules import Rules
from core.ledger.anchors import Signer
from core.ledger.stored import verify_stored
from core.outbox.outbox import OutboxMessage
from core.registry.citizens import _consent_row
from core.store.queries.consents import PUT_CONSENT
from sms.reader.read import read
from tests.container import NUMBER, PATIENCE_S, Container, FakeClock, opened
from tests.core.conversation.decisions.scenes import BRANDS, CLOSED, DAY_MS, DENIZBANK, DENIZLI, DIRECTORY, SECOND_MS
from tests.core.intake.citizen import furnish
from tests.core.intake.citizen_model import ARAMA, MESAJ, TYPES, Meaning, Model, Row

RULES: Final = Rules(answers_per_number_hour=20)
BOTH: Final = (ARAMA, MESAJ)
NAMES: Final = {brand.name: (brand.code,) for brand in BRANDS} | {"DENİZ": (DENIZBANK.code, DENIZLI.code)}
OPEN_NAMES: Final = sorted(set(NAMES) - {CLOSED.name})


def hear(text: str) -> Reading:
    return read(text, DIRECTORY)


def ret_texts() -> dict[str, Meaning]:
    found = {}
    for name, codes in NAMES.items():
        found[f"RET {name}"] = found[f"{name.lower()} iptal"] = Meaning("ret", (codes,), (MESAJ,))
        found[f"RET {name} ARAMA"] = Meaning("ret", (codes,), (ARAMA,))
        found[f"RET {name} HEPSİ"] = Meaning("ret", (codes,), BOTH)
    for one, other in (("MIGROS", "DENİZ"), ("BOYNER", "HOPİ"), ("DENİZ", "TEKNOSA")):
        found[f"RET {one}, {other}"] = Meaning("ret", (NAMES[one], NAMES[other]), (MESAJ,))
    for name in ("MIGROS", "BOYNER"):
        found[f"RET {name} lütfen artık bana mesaj göndermeyin"] = Meaning(
            "ret", (NAMES[name],), (MESAJ,), is_long=True
        )
    return found


REFUSALS: Final = ret_texts()
NAMES_ALONE: Final = {name: Meaning("alone", (codes,)) for name, codes in NAMES.items()}
REPLIES: Final = {
    "EVET": Meaning("yes"),
    "HAYIR": Meaning("no"),
    "DUR": Meaning("no"),
    "HEPSİ": Meaning("whole", types=BOTH),
    "DEVAM": Meaning("more"),
    "1": Meaning("numbers", numbers=(1,)),
    "2": Meaning("numbers", numbers=(2,)),
    "6": Meaning("numbers", numbers=(6,)),
    "2 1": Meaning("numbers", numbers=(2, 1)),
    "3, 9": Meaning("numbers", numbers=(3, 9)),
}
QUESTIONS: Final = {
    "RET": Meaning("nothing"),
    "LİSTE": Meaning("nothing"),
    "RET HEPSİ": Meaning("all", types=BOTH),
    "RET HEPSİ ARAMA": Meaning("all", types=(ARAMA,)),
    "MIGRSO": Meaning("nothing"),
    "KIGLI": Meaning("nothing"),
}
HARMLESS: Final = {
    "DURUM": Meaning("nothing"),
    "DURUM DENİZ": Meaning("nothing"),
    "YARDIM": Meaning("nothing"),
    "ŞİKAYET MIGROS": Meaning("nothing"),
    "ŞİKAYET": Meaning("nothing"),
    "RET MIGROS EPOSTA": Meaning("nothing"),
    "RET ABCX": Meaning("nothing"),
    "ONAY HEPSİ": Meaning("nothing"),
    "akşam yemekte ne var": Meaning("nothing"),
    "Migros'ta %50 indirim! RET MIGROS yaz 4609'a gonder B001": Meaning("nothing"),
    "Hopi'de puanlar yaniyor, EVET yaz kazan, iptal icin RET HOPI yaz 3464'e gonder B016": Meaning("nothing"),
}
ALLOWINGS: Final = {f"ONAY {name}": Meaning("onay", (codes,), (MESAJ,)) for name, codes in NAMES.items()} | {
    "ONAY MIGROS ARAMA": Meaning("onay", (NAMES["MIGROS"],), (ARAMA,)),
    "ONAY DENİZ MESAJ ARAMA": Meaning("onay", (NAMES["DENİZ"],), BOTH),
}
ASKING: Final = (ListPage, WhichBrand, OneOnRecord, BrandMeant, RetAllQuestion, ComplaintQuestion, OnayQuestion)

some_texts = st.sampled_from([*REPLIES, *QUESTIONS, *HARMLESS, *ALLOWINGS, *NAMES_ALONE, *REFUSALS])
MEANINGS: Final = {**REPLIES, **QUESTIONS, **HARMLESS, **ALLOWINGS, **NAMES_ALONE, **REFUSALS}
replies = st.sampled_from(["EVET", "EVET", "1", "2", *REPLIES])
questions = st.sampled_from(
    ["RET", "RET", "RET HEPSİ", "RET DENİZ", "ONAY DENİZ", "RET MIGROS, DENİZ", "ŞİKAYET MIGROS", *QUESTIONS]
)
two_replies = st.lists(replies, min_size=1, max_size=2) | st.sampled_from(
    (["HAYIR", "EVET"], ["HAYIR", "1"], ["DUR", "EVET"])
)
beside_codes = st.sampled_from(("111111", "222222", "RET", "RET HEPSİ", "ŞİKAYET MIGROS", "RET MIGROS", "HAYIR"))
desks = st.integers(0, 1)
lateness = st.sampled_from((0, 0, 0, 90 * SECOND_MS))
kinds = st.sampled_from(TYPES)
recipient_types = st.sampled_from(("BIREYSEL", "BIREYSEL", "TACIR"))
spans = st.sampled_from(
    (1, SECOND_MS, MINUTE_MS, 121 * SECOND_MS, RULES.confirm_code_ms, HOUR_MS, DAY_MS - MINUTE_MS, DAY_MS, 2 * DAY_MS)
)


class Network:
    """Carries what is leased while it is up."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.is_up = True
        self.carried: list[tuple[Instant, OutboxMessage]] = []

    def capacity(self) -> int:
        return 100 if self.is_up else 0

    def send(self, outbox_messages: Sequence[OutboxMessage]) -> None:
        self.carried += [(self._clock.now, outbox_message) for outbox_message in outbox_messages]


class CitizenMachine(RuleBasedStateMachine):
    def __init__(self, url: str, signer: Signer) -> None:
        super().__init__()
        self.url, self.signer = url, signer
        self.clock = FakeClock()
        self.network = Network(self.clock)
        self.model = Model(frozenset({CLOSED.code}))
        self.last_texts: list[str] = ["RET"]
        self.codes: list[str] = ["000000"]
        self.requests_sent = 0
        self.runner = asyncio.Runner()
        self.stacks = [AsyncExitStack(), AsyncExitStack()]
        self.containers = [self.runner.run(self._open(stack)) for stack in self.stacks]

    async def _open(self, stack: AsyncExitStack) -> Container:
        container = furnish(await stack.enter_async_context(opened(self.url, self.clock, self.signer)), RULES)
        container.outbox.transport = self.network
        return container

    def teardown(self) -> None:
        for stack in self.stacks:
            self.runner.run(stack.aclose())
        self.runner.close()

    @initialize(given=st.lists(st.tuples(st.sampled_from(BRANDS), kinds, recipient_types), min_size=1, max_size=16))
    def begin(self, given: list[tuple[Brand, str, str]]) -> None:
        for days, (brand, kind, recipient_type) in enumerate(given, 1):
            self._consent(brand.code, kind, recipient_type, -days * DAY_MS)

    @rule(desk=desks, text=replies)
    def reply(self, desk: int, text: str) -> None:
        self._say(desk, [text])

    @rule(desk=desks, question=questions, between=spans, text=replies)
    def ask_and_reply(self, desk: int, question: str, between: int, text: str) -> None:
        self._say(desk, [question])
        self.pass_time(between)
        self._say(1 - desk, [text])

    @rule(desk=desks, first=questions, second=questions, between=spans, texts=two_replies)
    def ask_twice_and_reply(self, desk: int, first: str, second: str, between: int, texts: list[str]) -> None:
        self._say(desk, [first])
        self.pass_time(between)
        self._say(1 - desk, [second])
        self._say(desk, texts)

    @rule(desk=desks, texts=st.lists(questions | replies | some_texts, min_size=1, max_size=4), late=lateness)
    def say_together(self, desk: int, texts: list[str], late: int) -> None:
        self._say(desk, texts, late)

    @rule(desk=desks, text=st.sampled_from(sorted(REFUSALS)), late=lateness)
    def refuse(self, desk: int, text: str, late: int) -> None:
        self._say(desk, [text], late)

    @rule(desk=desks, count=st.integers(7, 10))
    def insist(self, desk: int, count: int) -> None:
        self._say(desk, ["RET"] * count)

    @rule(desk=desks)
    def repeat(self, desk: int) -> None:
        self._say(desk, self.last_texts)

    @rule(
        desk=desks,
        name=st.sampled_from(OPEN_NAMES),
        waits=st.sampled_from((0, RULES.confirm_code_ms - 1, RULES.confirm_code_ms)),
        between=st.lists(beside_codes, max_size=4),
        back=st.sampled_from((1, 1, 1, 2)),
        then=st.sampled_from(("", "", "RET", "ARAMA")),
    )
    def allow(self, desk: int, name: str, waits: int, between: list[str], back: int, then: str) -> None:
        """Ask for a code and type it, or the one before it; a refusal that was sent before it may come late."""
        self._say(desk, [f"ONAY {name}"])
        self._say(desk, [text for text in between if text not in self.codes])
        self.pass_time(waits)
        self._say(1 - desk, [self.codes[-min(back, len(self.codes))]])
        if then:
            self._say(desk, [f"RET {name} ARAMA" if then == "ARAMA" else f"RET {name}"], 90 * SECOND_MS)

    @rule(desk=desks, wrong=st.integers(1, 3))
    def guess_a_code(self, desk: int, wrong: int) -> None:
        self._say(desk, ["ONAY HOPİ"])
        guess = next(code for code in ("111111", "222222") if code not in self.codes)
        self._say(1 - desk, [*[guess] * wrong, self.codes[-1]])

    @rule(span=spans)
    def pass_time(self, span: int) -> None:
        self.clock.pass_ms(span)

    @rule(desk=desks)
    def restart(self, desk: int) -> None:
        self.runner.run(self.stacks[desk].aclose())
        self.containers[desk] = self.runner.run(self._open(self.stacks[desk]))

    @rule(is_up=st.booleans())
    def change_network(self, is_up: bool) -> None:
        self.network.is_up = is_up

    @rule(
        brand=st.sampled_from(BRANDS),
        kind=kinds,
        recipient_type=recipient_types,
        age_ms=st.sampled_from((-30 * SECOND_MS, 0, MINUTE_MS, 3 * DAY_MS)),
    )
    def a_sender_consents(self, brand: Brand, kind: str, recipient_type: str, age_ms: int) -> None:
        self._consent(brand.code, kind, recipient_type, -age_ms)

    @rule(desk=desks)
    def close_line(self, desk: int) -> None:
        self.clock.pass_ms(1)
        request = self._request(desk, "", 0)._replace(intent=CloseLine(), door=Door.CLERK)
        [outcome] = self.runner.run(self._handle(desk, [request]))
        self.model.close_line(outcome.answer, self.clock.now)
        self.clock.pass_ms(1)

    @invariant()
    def the_registry_is_the_models(self) -> None:
        rows = self._rows("SELECT brand_code, type, recipient_type, status, consent_at, source FROM consent")
        objections = self._rows("SELECT brand_code, type, at FROM objection")

        assert {tuple(row[:3]): Row(row[3] == "ONAY", row[4], row[5].startswith("IYS_")) for row in rows} == (
            self.model.registry
        )
        assert {(code, kind): at for code, kind, at in objections} == self.model.objections

    @invariant()
    def each_request_has_one_row_and_one_message_at_most(self) -> None:
        assert self._rows("SELECT count(*) FROM request") == [(self.requests_sent,)]
        assert self._rows("SELECT request FROM outbox GROUP BY request HAVING count(*) > 1") == []

    @invariant()
    def nothing_that_is_over_was_sent(self) -> None:
        for carried_at, outbox_message in self.network.carried:
            assert carried_at < outbox_message.expires_at
        self.network.carried.clear()

    @invariant()
    def the_ledger_verifies(self) -> None:
        container = self.containers[0]
        report = self.runner.run(container.writer.errand(lambda transaction: verify_stored(transaction, (), None)))
        assert report.ok, report

    def _say(self, desk: int, texts: Sequence[str], late: int = 0) -> None:
        """Texts that arrive together, `late` after they were sent."""
        self.last_texts = list(texts)
        requests = [self._request(desk, text, late) for text in texts]
        outcomes = self.runner.run(self._handle(desk, requests))
        for text, request, outcome in zip(texts, requests, outcomes, strict=True):
            answer = outcome.answer
            expires_at = self._rows("SELECT expires_at FROM outbox WHERE request = ?", outcome.request_id)
            meaning = MEANINGS.get(text) or Meaning("code", code=text)
            self.model.hear(meaning, answer, request.received_at, self.clock.now, is_said=bool(expires_at))
            if expires_at and isinstance(answer, ASKING):
                assert expires_at == [(self.model.questions[-1].ends_at,)], "a question waits until its end"
            if isinstance(answer, OnayQuestion):
                self.codes.append(answer.code)

    def _request(self, desk: int, text: str, late: int) -> Request:
        self.requests_sent += 1
        reading = hear(text)
        return self.containers[desk].request(
            reading.intent,
            key=f"{self.requests_sent}".encode(),
            text=text,
            language=reading.language,
            received_at=Instant(self.clock.now - late),
        )

    async def _handle(self, desk: int, requests: Sequence[Request]) -> list[Committed]:
        async with asyncio.timeout(PATIENCE_S):
            outcomes = await asyncio.gather(*map(self.containers[desk].desk.handle, requests))
        assert all(isinstance(outcome, Committed) for outcome in outcomes)
        return [outcome for outcome in outcomes if isinstance(outcome, Committed)]

    def _consent(self, code: str, kind: str, recipient_type: str, shift_ms: int) -> None:
        """A sender's consent, where none that is newer stands in its way."""
        at = to_second(Instant(self.clock.now + shift_ms))
        key = (code, kind, recipient_type)
        row, objected_at = self.model.registry.get(key), self.model.objections.get((code, kind), at - 1)
        if at <= objected_at or (row is not None and at <= row.at):
            return
        record = Record(
            *(NUMBER.reveal(), code, ConsentType(kind), RecipientType(recipient_type), Status.ONAY, Source.HS_WEB),
            *(at, None, None),
        )
        database = self.containers[0].database
        rows = [_consent_row(record)]
        self.runner.run(database.transact(lambda transaction: transaction.run_many(PUT_CONSENT, rows)))
        self.model.registry[key] = Row(True, at, False)

    def _rows(self, sql: str, *values: object) -> list[Any]:
        return self.runner.run(self.containers[0].rows(sql, *values))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Several campaigns make a long run: no single test may last longer than `faulthandler_timeout`."""
    if "campaign" in metafunc.fixturenames:
        metafunc.parametrize("campaign", range(10 if metafunc.config.getoption("--long") else 1))


@pytest.mark.parametrize(
    ("fresh", "examples", "in_long_run"), [("sqlite", 40, 250), ("postgresql", 6, 100)], indirect=["fresh"]
)
def test_one_citizen(
    fresh: Callable[[], str],
    signer: Signer,
    monkeypatch: pytest.MonkeyPatch,
    long_run: bool,
    campaign: int,
    examples: int,
    in_long_run: int,
) -> None:
    class Machine(CitizenMachine):
        def __init__(self) -> None:
            super().__init__(fresh(), signer)

    # Five minutes of shrinking would meet that timeout, and what failed would never be shown.
    monkeypatch.setattr("hypothesis.internal.conjecture.engine.MAX_SHRINKING_SECONDS", 60)
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=in_long_run if long_run else examples,
            stateful_step_count=40,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize("text", MEANINGS)
def test_the_reader_hears_the_texts_of_the_machine_as_they_are_meant(text: str) -> None:
    """So that a fault of the reader is named as one."""
    meaning, intent = MEANINGS[text], hear(text).intent

    mentions = getattr(intent, "mentions", ())
    if meaning.act in ("ret", "onay"):
        assert [tuple(sorted(brand.code for brand in m.brands)) for m in mentions] == list(meaning.brands)
        assert (getattr(intent, "types", None) or (MESAJ,)) == meaning.types
    if meaning.act == "numbers":
        assert getattr(intent, "numbers", ()) == meaning.numbers
