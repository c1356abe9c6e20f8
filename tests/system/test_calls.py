"""Real calls through a real Asterisk: sipp's with both kinds of digits, and a phone that listens before it presses.

Calls take their time, so all of them run side by side on one line, each from a number of its own.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import date
from functools import partial
from itertools import permutations
from pathlib import Path
from typing import Final, NamedTuple, get_args

import aiohttp
import orjson
import pytest
import pytest_asyncio

from core.conversation.requests import Language
from core.domain.calendar import Calendar
from core.domain.clock import Instant, legal_time, system_clock
from ivr.speech import Dated, Fixed, Named, Speech, Spelled
from tests.container_fixtures import DATABASES
from tests.system.caller import Caller, How, calling
from tests.system.izinhatti import run
from tests.system.sipp.call import Called, call
from tests.system.sipp.scenario import Press
from tests.system.voice_line import VoiceLine, brand, code_in, receipt_in, voice_line

pytestmark = pytest.mark.asyncio(loop_scope="module")

MIGROS, TEKNOSA, BOYNER, BASAK = "600100", "600101", "600102", "600157"
AT_ONCE: Final = 12
PAUSE_S: Final = 1.5  # before keys: by then the question has begun, on a busy machine too
THUMB_S: Final = 0.15
ENDING_S: Final = 2.0  # after the last key: the commit, and the beginning of what is said of it


class Case(NamedTuple):
    """A scripted call. `keys` are pressed with short pauses; `outcome` is that of its only request, None for none;
    `ended` are (brand code, type)."""

    label: str
    keys: Sequence[str]
    outcome: str | None
    ended: frozenset[tuple[str, str]] = frozenset()


def both(*codes: str) -> frozenset[tuple[str, str]]:
    return frozenset((code, kind) for code in codes for kind in ("ARAMA", "MESAJ"))


ALLOWED: Final = (MIGROS, TEKNOSA)
CASES: Final = [
    Case("by number, messages", ["1", "600100#", "1", "1"], "ret", frozenset({(MIGROS, "MESAJ")})),
    Case("by letters, calls", ["1", "644767#", "2", "1"], "ret", frozenset({(MIGROS, "ARAMA")})),
    Case("by a short name, both", ["1", "8356672#", "3", "1"], "ret", both(TEKNOSA)),
    Case("all brands", ["1", "0#", "1"], "ret-all", both(*ALLOWED)),
    Case("one of several matches", ["1", "227#", "1", "1", "1"], "ret"),
    Case("the list by SMS", ["2"], "list"),
    Case("a report", ["4", "644767#", "1"], "complaint"),
    Case("type-ahead", ["1644767#1", "1"], "ret", frozenset({(MIGROS, "MESAJ")})),
    Case("everything", ["5", "1"], "ret-all", both(*ALLOWED)),
    Case("in English", ["9", "1", "644767#", "1", "1"], "ret", frozenset({(MIGROS, "MESAJ")})),
    Case("repeats and a no", ["*", "*", "1", "644767#", "1", "2"], None),
    Case("wrong keys", ["7", "8", "6"], "help"),
    Case("too many keys", ["1", "6" * 35, "#"], None),
    *[Case(f"hung up after {n} entries", ["1", "644767#", "1"][:n], None) for n in range(4)],
]
SCRIPTED: Final[list[tuple[Case, How]]] = [(case, how) for case in CASES for how in get_args(How)] + [
    # As events these keys take longer than the question before them: the last one would be heard as an answer.
    (Case("a key ahead of what it would confirm", ["1644767#11"], None), "info")
]
# A call takes its time: most are about keys and voices, and are made on one database. These ask the most of the store.
ON_BOTH: Final = frozenset(
    {
        "by number, messages",
        "all brands",
        "the list by SMS",
        "a report",
        "a_brand_is_allowed_with_the_code_after_calling_back",
        "the_list_is_read_out_to_who_keys_in_the_code",
        "a_hidden_number_is_asked_for_and_proven_by_a_code",
        "one brand refused by phone, then sms, then link is one act",
        "one brand refused by link, then sms, then phone is one act",
    }
)


def is_made_on(kind: str, name: str) -> bool:
    return kind == "sqlite" or name in ON_BOTH


def presses(how: How, *entries: str) -> list[Press]:
    """Entries one after the other: a pause before each, and within it a quick thumb. sipp has a thumb of its own for
    RFC 4733, whose every use begins a new stream of RTP."""
    if how == "rfc4733":
        return [Press(PAUSE_S, entry) for entry in entries]
    return [Press(THUMB_S if at else PAUSE_S, digit) for entry in entries for at, digit in enumerate(entry)]


def number_of(index: int) -> str:
    return f"+90532100{index:04}"


Story = Callable[[VoiceLine], Awaitable[None]]
STORIES: Final[dict[str, Story]] = {}


def story(work: Story) -> Story:
    """Something that callers do and what comes of it, told beside all others."""
    STORIES[work.__name__] = work
    return work


class Told(NamedTuple):
    line: VoiceLine
    scripted: dict[int, Called]
    stories: dict[str, BaseException | None]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def told(
    tmp_path_factory: pytest.TempPathFactory, urls_of_module: dict[str, str], sounds: Path
) -> AsyncIterator[dict[str, Told]]:
    """All calls to a line on each database, those to one line side by side."""
    async with AsyncExitStack() as lines:
        told = {
            kind: await called(
                await lines.enter_async_context(voice_line(tmp_path_factory.mktemp("line"), url, sounds)),
                {n: script for n, script in enumerate(SCRIPTED) if is_made_on(kind, script[0].label)},
                {name: work for name, work in STORIES.items() if is_made_on(kind, name)},
            )
            for kind, url in urls_of_module.items()
        }
        yield told
        for line in (one.line for one in told.values()):
            assert (await line.command("ledger", "verify"))["ok"]
            code, errors = await line.stop()
            assert code == 0, errors


async def called(line: VoiceLine, scripts: dict[int, tuple[Case, How]], stories: dict[str, Story]) -> Told:
    for index in scripts:
        line.allow(number_of(index), *ALLOWED)
    places = asyncio.Semaphore(AT_ONCE)

    async def scripted(index: int, case: Case, how: How) -> Called:
        async with places:
            return await call(
                line.asterisk,
                number_of(index),
                presses(how, *case.keys),
                how=how,
                hang_up_after_s=ENDING_S,
            )

    async def told(work: Story) -> None:
        async with places:
            await work(line)

    telling = asyncio.gather(*[told(work) for work in stories.values()], return_exceptions=True)
    calls = await asyncio.gather(*[scripted(index, *script) for index, script in scripts.items()])
    return Told(line, dict(zip(scripts, calls, strict=True)), dict(zip(stories, await telling, strict=True)))


@pytest.mark.parametrize(
    ("kind", "index", "case"),
    [
        pytest.param(kind, n, case, id=f"{case.label}, {how}, {kind}")
        for kind in DATABASES
        for n, (case, how) in enumerate(SCRIPTED)
        if is_made_on(kind, case.label)
    ],
)
async def test_keys_pressed_in_a_real_call_do_what_they_say(
    told: dict[str, Told], kind: str, index: int, case: Case
) -> None:
    line, number = told[kind].line, number_of(index)

    assert told[kind].scripted[index].code == 0, told[kind].scripted[index].errors
    assert line.acts(number) == [case.outcome] * (case.outcome is not None)
    assert line.allowed(number) == both(*ALLOWED) - case.ended
    assert len(line.received[number]) == (case.outcome is not None)
    if case.outcome in ("ret", "ret-all", "complaint"):
        [text] = line.received[number]
        evidence = await line.command("evidence", "show", receipt_in(text))
        assert (evidence["door"], evidence["recipient"], evidence["answers"]) == ("ivr", number, [text])
        assert {(a["brandCode"], a["type"]) for a in evidence["acts"] if a["after"]["status"] == "RET"} == case.ended
        [(body,)] = line.rows(
            "SELECT body FROM ledger WHERE book = ? AND entry = ?", *(evidence["ledger"][k] for k in ("book", "entry"))
        )
        assert evidence["receipt"] in body


@pytest.mark.parametrize("kind", DATABASES)
async def test_registry_evidence_ledger_receipt_and_sms_agree(told: dict[str, Told], kind: str) -> None:
    line, number = told[kind].line, number_of(0)
    receipt = receipt_in(await line.text(number))

    evidence = await line.command("evidence", "show", receipt)
    shown = await line.command("consents", "show", number)

    assert evidence["door"] == "ivr"
    assert evidence["recipient"] == number
    assert evidence["raw"] == "1 600100 1 1"
    assert evidence["answers"] == [line.received[number][0]]
    [act] = evidence["acts"]
    assert (act["brandCode"], act["type"], act["after"]["status"]) == (MIGROS, "MESAJ", "RET")
    assert act["after"]["source"] == "IYS_CM"
    [record] = [row for row in shown if row["brandCode"] == MIGROS and row["type"] == "MESAJ"]
    assert (record["status"], record["source"], record["receipt"]) == ("RET", "IYS_CM", receipt)
    [(body,)] = line.rows("SELECT body FROM ledger WHERE entry = ?", evidence["ledger"]["entry"])
    assert receipt in body
    assert number[1:] not in body


async def allowed_after_calling_back(line: VoiceLine, how: How) -> None:
    number = "+905321010001" if how == "info" else "+905321010002"

    first = await call(line.asterisk, number, presses(how, "3", "644767#", "1"), how=how, hang_up_after_s=1)
    code = code_in(await line.text(number))
    second = await call(line.asterisk, number, presses(how, code), how=how, hang_up_after_s=ENDING_S)

    assert (first.code, second.code) == (0, 0)
    assert line.acts(number) == ["onay-question", "onay"]
    assert line.allowed(number) == {(MIGROS, "MESAJ")}
    receipt = receipt_in(await line.text(number, 2))
    [act] = (await line.command("evidence", "show", receipt))["acts"]
    assert (act["before"], act["after"]["status"], act["after"]["source"]) == (None, "ONAY", "IYS_CM")


@story
async def a_brand_is_allowed_with_the_code_after_calling_back(line: VoiceLine) -> None:
    await allowed_after_calling_back(line, "rfc4733")


@story
async def a_brand_is_allowed_with_info_digits_after_calling_back(line: VoiceLine) -> None:
    await allowed_after_calling_back(line, "info")


@story
async def a_brand_is_allowed_in_one_call_and_the_square_behind_the_code_is_swallowed(line: VoiceLine) -> None:
    number = "+905321010003"
    async with calling(line.asterisk, number) as caller:
        await pressed(caller, "3", "644767#", "2")
        code = code_in(await line.text(number))
        await pressed(caller, f"{code}#")
        await line.text(number, 2)

        await caller.ear.hears(await line.sound((Fixed("onay.done.ARAMA"),)))

    assert line.allowed(number) == {(MIGROS, "ARAMA")}


async def pressed(caller: Caller, *keys: str) -> None:
    """Press each keys once the question for them has begun: what is pressed before it is nobody's."""
    for one in keys:
        await caller.ear.more()
        await caller.press(one)


@story
async def the_list_is_read_out_to_who_keys_in_the_code(line: VoiceLine) -> None:
    number = "+905321010004"
    line.allow(number, MIGROS)
    async with calling(line.asterisk, number) as caller:
        await pressed(caller, "2")
        await line.text(number)
        await pressed(caller, "1")
        await pressed(caller, code_in(await line.text(number, 2)))

        await caller.ear.hears(await line.sound((Named(brand(MIGROS)), Fixed("list.ARAMA_MESAJ"))))

    assert line.acts(number) == ["list", "proof-code", "proven"]


@story
async def a_hidden_number_is_asked_for_and_proven_by_a_code(line: VoiceLine) -> None:
    number = "+905321010005"
    line.allow(number, MIGROS)
    async with calling(line.asterisk, None) as caller:
        await caller.ear.hears(await line.sound((Fixed("number.english"),)))
        await pressed(caller, "05321010005#")
        await pressed(caller, code_in(await line.text(number)))
        await pressed(caller, "1", "644767#", "1", "1")
        await line.text(number, 2)

    assert line.acts(number) == ["proof-code", "proven", "ret"]
    assert line.allowed(number) == {(MIGROS, "ARAMA")}


@story
async def a_number_that_forges_lines_of_agi_is_no_number(line: VoiceLine) -> None:
    forged = "05321010009%0D%0Aagi_arg_1:%2005321010010%0D%0A"
    async with calling(line.asterisk, forged) as caller:
        await caller.ear.hears(await line.sound((Fixed("number.english"),)))


@story
async def a_number_of_500_digits_is_no_number(line: VoiceLine) -> None:
    async with calling(line.asterisk, "5" * 500) as caller:
        await caller.ear.hears(await line.sound((Fixed("number.english"),)))


@story
async def a_foreign_mobile_number_refuses_like_any_other(line: VoiceLine) -> None:
    number = "+4915123456789"
    line.allow(number, MIGROS)
    async with calling(line.asterisk, "004915123456789") as caller:
        await pressed(caller, "1", "644767#", "3", "1")
        await line.text(number)

    assert line.allowed(number) == set()


@story
async def who_presses_nothing_is_told_so_three_times_and_texted_what_to_do(line: VoiceLine) -> None:
    number = "+905321010011"
    async with calling(line.asterisk, number) as caller:
        await pressed(caller, "1", "644767#")
        missed = (Fixed("no_key"), Named(brand(MIGROS)), Fixed("types.ask"))
        for _ in range(2):
            await caller.ear.hears(await line.sound(missed), 30)
        await caller.ear.hears(await line.sound((Fixed("last.not_understood"), Fixed("last.texted"))), 30)
        await caller.ends()

    assert line.acts(number) == ["help"]
    assert len(line.received[number]) == 1


@story
async def nine_changes_the_language_of_voice_and_texts(line: VoiceLine) -> None:
    number = "+905321010006"
    line.allow(number, MIGROS)
    async with calling(line.asterisk, number) as caller:
        await pressed(caller, "9", "1", "644767#", "1")
        await caller.ear.hears(await line.sound((Fixed("confirm.MESAJ"),), Language.EN))
        await caller.press("1")

        assert "Your permission for MIGROS" in await line.text(number)


def everything_heard(receipt: str, day: date) -> list[Speech]:
    migros = Named(brand(MIGROS))
    return [
        (Fixed("welcome"), Fixed("main.menu"), Fixed("english_offer"), Fixed("main.rest"), Fixed("main.repeat")),
        (Fixed("brand.enter_ret"),),
        (migros, Fixed("types.ask")),
        (migros, Fixed("confirm.MESAJ")),
        (Fixed("done.thanks"), Fixed("done.stops_head"), Dated(day), Fixed("done.stops_tail"), Fixed("done.receipt")),
        (Spelled(receipt), Fixed("done.texted"), Fixed("done.more")),
        (Fixed("last.goodbye"),),
    ]


@story
async def what_the_caller_hears_of_a_refusal_is_the_prompts_octet_by_octet(line: VoiceLine) -> None:
    number = "+905321010007"
    line.allow(number, MIGROS)
    async with calling(line.asterisk, number) as caller:
        for last, keys in (
            (Fixed("main.repeat"), "1"),
            (Fixed("brand.enter_ret"), "600100#"),
            (Fixed("types.ask"), "1"),
            (Fixed("confirm.MESAJ"), "1"),
        ):
            await caller.ear.hears(await line.sound((last,)), 40)
            await caller.press(keys)
        heard = await caller.ends(60)

    receipt, day = receipt_in(await line.text(number)), Calendar().last_lawful_day(system_clock())
    intent = [await line.sound(speech) for speech in everything_heard(receipt, day)]
    assert len(heard) == sum(map(len, intent))
    assert heard == b"".join(intent)


@story
async def a_fixed_line_hears_its_receipt_twice_and_gets_no_sms(line: VoiceLine) -> None:
    number = "+902121010008"
    line.allow(number, MIGROS)
    async with calling(line.asterisk, "02121010008") as caller:
        await caller.ear.hears(await line.sound((Fixed("main.menu_fixed"),)))
        await pressed(caller, "1", "644767#", "1")
        await caller.ear.hears(await line.sound((Fixed("done.receipt"),)))
        [(receipt,)] = line.rows("SELECT receipt FROM request WHERE recipient = ?", number)
        await caller.ear.hears(await line.sound((Spelled(receipt), Fixed("done.again"), Spelled(receipt, slowly=True))))

    assert line.allowed(number) == {(MIGROS, "MESAJ")}
    assert line.received[number] == []


async def one_brand_refused_at_three_doors_is_one_act(doors: Sequence[str], line: VoiceLine) -> None:
    number = f"+90532102{''.join(str(['phone', 'sms', 'link'].index(door)) for door in doors)}0"
    feed = line.folder / f"{number}.csv"
    feed.write_text(feed_of(number))
    assert (await run(line.folder, "consents", "import", str(feed), "--notify")).code == 0
    link = (await line.text(number)).split()[-1]

    told = [await refused(line, number, door, link) for door in doors]

    assert [one.split()[0] for one in told] == ["done", "already", "already"]
    assert line.allowed(number) == {(MIGROS, "ARAMA")}
    bodies = line.rows(
        "SELECT body FROM ledger JOIN request ON body LIKE '%' || receipt || '%' WHERE recipient = ?", number
    )
    acts = [act for (body,) in bodies for act in orjson.loads(body)["acts"]]
    assert len(acts) == 3
    assert sum(act["before"]["status"] != act["after"]["status"] for act in acts) == 1


for order in permutations(("phone", "sms", "link")):
    STORIES[f"one brand refused by {', then '.join(order)} is one act"] = partial(
        one_brand_refused_at_three_doors_is_one_act, order
    )


def feed_of(number: str) -> str:
    given = legal_time(Instant(system_clock() - 60_000))
    head = "recipient,type,status,source,consentDate,recipientType,brandCode\n"
    return head + "".join(f"{number},{kind},ONAY,HS_MOBIL,{given},BIREYSEL,{MIGROS}\n" for kind in ("ARAMA", "MESAJ"))


async def refused(line: VoiceLine, number: str, door: str, link: str) -> str:
    """Refuse messages of MIGROS at one door: `done` or `already`, with what was answered."""
    count = len(line.received[number])
    if door == "link":
        return await refused_by_link(link)
    if door == "sms":
        await line.send(number, "RET MIGROS")
    else:
        keys = presses("info", "1", "600100#", "1", "1")
        assert (await call(line.asterisk, number, keys, how="info", hang_up_after_s=1)).code == 0
    text = await line.text(number, count + 1)
    assert receipt_in(text)
    return f"{'already' if 'tarihinden beri yok' in text else 'done' if 'kaldırıldı' in text else '?'} {text}"


async def refused_by_link(link: str) -> str:
    async with aiohttp.ClientSession() as client, client.post(link, data={"type": "MESAJ"}) as response:
        assert response.status == 200
        page = await response.text()
    heading = page.partition("<h1")[2].partition("</h1>")[0]
    return f"{'done' if 'kaldırıldı' in heading else 'already'} {heading}"


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        pytest.param(kind, name, id=f"{name.replace('_', ' ')}, {kind}")
        for kind in DATABASES
        for name in STORIES
        if is_made_on(kind, name)
    ],
)
async def test_story(told: dict[str, Told], kind: str, name: str) -> None:
    if (failed := told[kind].stories[name]) is not None:
        raise failed
