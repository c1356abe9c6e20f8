"""The phone page's handlers, over a line that answers at once or not at all."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient

from channels.demo import phone
from channels.demo.conversations import MESSAGES_MAX, NUMBERS_MAX, WATCHERS_MAX, Conversations
from channels.demo.line import LineBusy
from channels.demo.phone import SAMPLE_NUMBER, SUGGESTIONS, TEXT_MAX, phone_app
from channels.demo.registry import Act, Entry, Held, HeldOfBrand, View
from core.domain.clock import Instant
from core.domain.consent import ConsentType, Status
from core.domain.recipients import Msisdn

Client = TestClient[web.Request, web.Application]
Open = Callable[[web.Application], Awaitable[Client]]

NOW = Instant(1_795_417_200_000)  # 2026-11-23 07:00 in Türkiye
LIMIT_S = 5.0

ONAY = Held(ConsentType.MESAJ, Status.ONAY, False, "HS_WEB", NOW, None)
RET = Held(ConsentType.MESAJ, Status.RET, False, "IYS_KISAMESAJ", NOW, "K7M4Q2XS")
WISH = Held(ConsentType.ARAMA, None, False, "IYS_KISAMESAJ", NOW, "K7M4Q2XS")


def registry_of(*held: Held) -> View:
    return View((HeldOfBrand("600100", "<MIGROS>", held),), ())


class FakeLine:
    """Takes every text; `busy` makes it refuse, `view` None makes its registry unreadable."""

    number = "3338"

    def __init__(self) -> None:
        self.taken: list[tuple[str, str]] = []
        self.busy = False
        self.view: View | None = View((), ())

    async def deliver(self, sender: Msisdn, text: str) -> None:
        self.taken.append((sender.reveal(), text))
        if self.busy:
            raise LineBusy("busy")

    async def look(self, recipient: Msisdn) -> View:
        if self.view is None:
            raise LineBusy("unreadable")
        return self.view


@pytest.fixture
def line() -> FakeLine:
    return FakeLine()


@pytest.fixture
def conversations() -> Conversations:
    return Conversations(lambda: NOW)


@pytest.fixture
async def client(aiohttp_client: Open, line: FakeLine, conversations: Conversations) -> Client:
    return await aiohttp_client(phone_app(line, conversations, "http://127.0.0.1:8338"))


async def send(client: Client, text: str, **more: str) -> ClientResponse:
    return await client.post("/send", json={"from": SAMPLE_NUMBER, "text": text, **more})


class Stream:
    """The page's end of `/watch`."""

    def __init__(self, response: ClientResponse) -> None:
        self._response = response

    async def next(self) -> dict[str, str]:
        """The next event; the empty lines in between only prove that the page is still there."""
        async with asyncio.timeout(LIMIT_S):
            while True:
                line = await self._response.content.readline()
                assert line, "the stream has ended"
                if line.strip():
                    event: dict[str, str] = json.loads(line)
                    return event

    async def until(self, part: str) -> str:
        while True:
            event = await self.next()
            if event["part"] == part:
                return event["html"]

    async def ends(self) -> bool:
        async with asyncio.timeout(LIMIT_S):
            while await self._response.content.readline():
                pass
        return True


async def watch(client: Client, number: str = SAMPLE_NUMBER, lang: str = "tr") -> Stream:
    response = await client.post("/watch", json={"from": number, "lang": lang})
    assert response.status == 200
    return Stream(response)


@pytest.mark.parametrize(
    ("query", "language", "word"),
    [
        pytest.param("", "tr", "Gönder", id="Turkish by default"),
        pytest.param("?lang=en", "en", "Send", id="English when asked for"),
        pytest.param("?lang=tr", "tr", "Gönder", id="Turkish when asked for"),
        pytest.param("?lang=xx", "tr", "Gönder", id="an unknown language is Turkish"),
    ],
)
async def test_page_speaks_the_language_asked_for(client: Client, query: str, language: str, word: str) -> None:
    response = await client.get(f"/{query}")

    html = await response.text()
    assert f'<html lang="{language}">' in html
    assert f">{word}</button>" in html


async def test_page_carries_the_parts_of_the_contract(client: Client) -> None:
    html = await (await client.get("/")).text()

    for part in ("from", "text", "send", "messages", "registry", "ledger"):
        assert html.count(f'data-testid="{part}"') == 1
    assert f'value="{SAMPLE_NUMBER}"' in html
    assert all(f'data-text="{text}"' in html for text in SUGGESTIONS)


async def test_both_languages_have_the_same_texts() -> None:
    def keys(table: dict[str, Any]) -> set[str]:
        return {f"{key}.{more}" for key, value in table.items() for more in (value if isinstance(value, dict) else "x")}

    assert keys(phone._TEXTS["tr"]) == keys(phone._TEXTS["en"])


@pytest.mark.parametrize("path", ["/", "/static/phone.js", "/static/phone.css", "/nothing", "/static/nothing"])
async def test_every_response_has_the_security_headers(client: Client, path: str) -> None:
    response = await client.get(path)

    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-store"


async def test_page_has_nothing_inline_and_nothing_from_outside(client: Client) -> None:
    html = await (await client.get("/")).text()

    assert "<style" not in html
    assert " style=" not in html
    assert "<script>" not in html
    assert " on" not in {part[:3] for part in html.split('"')}
    assert "://" not in html.replace("http://127.0.0.1:8338/", "")


@pytest.mark.parametrize("path", ["/send", "/watch"])
async def test_get_changes_nothing(client: Client, line: FakeLine, path: str) -> None:
    response = await client.get(path, params={"from": SAMPLE_NUMBER, "text": "RET MIGROS"})

    assert response.status == 405
    assert line.taken == []


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        pytest.param({"from": "beş yüz", "text": "RET MIGROS"}, "from", "telefon numarasına", id="no number"),
        pytest.param({"from": "", "text": "RET MIGROS"}, "from", "telefon numarasına", id="empty number"),
        pytest.param({"text": "RET MIGROS"}, "from", "telefon numarasına", id="missing number"),
        pytest.param({"from": "1", "text": "RET", "lang": "en"}, "from", "phone number", id="no number, English"),
        pytest.param({"from": SAMPLE_NUMBER, "text": ""}, "text", "RET MIGROS", id="empty text"),
        pytest.param({"from": SAMPLE_NUMBER, "text": " \n\x00 "}, "text", "RET MIGROS", id="blank text"),
        pytest.param({"from": SAMPLE_NUMBER}, "text", "RET MIGROS", id="missing text"),
        pytest.param({"from": SAMPLE_NUMBER, "text": "x" * (TEXT_MAX + 1)}, "text", "600", id="text one too long"),
        pytest.param({"from": SAMPLE_NUMBER, "text": 5}, "page", "yenileyin", id="text that is no text"),
        pytest.param(["RET"], "page", "yenileyin", id="no object"),
    ],
)
async def test_bad_input_gets_a_kind_message(
    client: Client, line: FakeLine, body: object, field: str, words: str
) -> None:
    response = await client.post("/send", json=body)

    assert response.status == 400
    intent = await response.json()
    assert intent["field"] == field
    assert words in intent["error"]
    assert line.taken == []


@pytest.mark.parametrize("octets", [b"", b"{", b"\xff", b"[" * 16_000])
async def test_a_body_that_is_no_json_is_refused(client: Client, octets: bytes) -> None:
    response = await client.post("/send", data=octets, headers={"Content-Type": "application/json"})

    assert response.status == 400


async def test_a_form_of_another_site_is_refused(client: Client, line: FakeLine) -> None:
    body = json.dumps({"from": SAMPLE_NUMBER, "text": "RET MIGROS"})

    response = await client.post("/send", data=body, headers={"Content-Type": "text/plain"})

    assert response.status == 415
    assert line.taken == []


async def test_a_body_over_the_bound_is_refused(client: Client, line: FakeLine) -> None:
    response = await send(client, "x" * phone.BODY_MAX)

    assert response.status == 413
    assert line.taken == []


async def test_the_longest_text_goes_through(client: Client, line: FakeLine) -> None:
    response = await send(client, "Ş" * TEXT_MAX)

    assert response.status == 204
    assert line.taken == [(SAMPLE_NUMBER, "Ş" * TEXT_MAX)]


async def test_number_is_read_in_any_usual_form_and_text_is_cleaned(client: Client, line: FakeLine) -> None:
    await client.post("/send", json={"from": "0532 000 00 01", "text": " RET\nMIGROS\ud800 "})

    assert line.taken == [(SAMPLE_NUMBER, "RET MIGROS\ufffd")]


async def test_stream_shows_the_message_its_state_and_the_answer(client: Client, conversations: Conversations) -> None:
    stream = await watch(client)
    assert await stream.next() == {"part": "messages", "html": ""}

    await send(client, "RET <b>MIGROS</b>")
    conversations.answer(SAMPLE_NUMBER, "kaldırıldı")

    htmls: list[str] = []
    while not htmls or "kaldırıldı" not in htmls[-1]:
        htmls.append(await stream.until("message"))
    assert "RET &lt;b&gt;MIGROS&lt;/b&gt;" in htmls[0]
    assert any('data-state="delivered"' in html and "iletildi" in html for html in htmls)
    assert 'class="bubble answer"' in htmls[-1]


async def test_stream_brings_each_change_once(client: Client, conversations: Conversations) -> None:
    stream = await watch(client)
    assert [(await stream.next())["part"] for _ in range(4)] == ["messages", "note", "registry", "ledger"]

    message = conversations.send(SAMPLE_NUMBER, "RET MIGROS")
    sent = await stream.next()
    conversations.settle(SAMPLE_NUMBER, message.id, "delivered")
    settled = await stream.next()
    conversations.answer(SAMPLE_NUMBER, "kaldırıldı")
    answered = await stream.next()

    assert "gönderiliyor" in sent["html"]
    assert "iletildi" in settled["html"]
    assert sent["id"] == settled["id"]
    assert "kaldırıldı" in answered["html"]


async def test_a_message_that_the_line_did_not_take_says_so(client: Client, line: FakeLine) -> None:
    line.busy = True

    response = await send(client, "RET MIGROS")

    assert response.status == 204
    html = (await (await watch(client, lang="en")).next())["html"]
    assert 'data-state="failed"' in html
    assert "not delivered" in html


async def test_a_new_page_shows_the_conversation_of_its_number_only(client: Client) -> None:
    await send(client, "RET MIGROS")

    own = await (await watch(client)).until("messages")
    other = await (await watch(client, "+905320000002")).until("messages")

    assert "RET MIGROS" in own
    assert other == ""


async def test_registry_is_shown_anew_when_it_changed(
    client: Client, line: FakeLine, conversations: Conversations
) -> None:
    line.view = registry_of(ONAY)
    stream = await watch(client)
    before = await stream.until("registry")

    line.view = registry_of(RET, WISH)
    conversations.wake()
    after = await stream.until("registry")

    assert "izin var" in before
    assert "&lt;MIGROS&gt;" in before
    assert "izin yok <b>RET</b>" in after
    assert "istek saklandı" in after
    assert "K7M4Q2XS" in after
    assert "izin var" not in after


async def test_ledger_shows_acts_repeats_and_imports(client: Client, line: FakeLine) -> None:
    done = Entry(2, 3, NOW, "K7M4Q2XS", (Act("MIGROS", "MESAJ", "ONAY", "RET"),), None)
    again = Entry(2, 2, NOW, "K7M4Q2XS", (Act("MIGROS", "MESAJ", "RET", "RET"),), None)
    wish = Entry(2, 1, NOW, "K7M4Q2XS", (Act("MIGROS", "MESAJ", None, "objection"),), None)
    file = Entry(1, 1, NOW, None, (), 34)
    line.view = View((), (done, again, wish, file))

    html = await (await watch(client)).until("ledger")

    for words in (
        "izin var → izin yok",
        "izin yok, değişmedi",
        "kayıt yok → istek saklandı",
        "satır sayısı: 34",
        "2/3",
    ):
        assert words in html


async def test_an_unreadable_registry_is_said_and_the_stream_goes_on(
    client: Client, line: FakeLine, conversations: Conversations
) -> None:
    stream = await watch(client)
    assert await stream.until("note") == ""

    line.view = None
    conversations.wake()
    intent = await stream.until("note")
    line.view = registry_of(ONAY)
    conversations.wake()

    assert "okunamıyor" in intent
    assert await stream.until("note") == ""


async def test_a_bad_number_is_not_watched(client: Client) -> None:
    response = await client.post("/watch", json={"from": "x"})

    assert response.status == 400
    assert (await response.json())["field"] == "from"


async def test_pages_open_at_one_time_are_bounded(client: Client) -> None:
    streams = [await watch(client) for _ in range(WATCHERS_MAX)]

    response = await client.post("/watch", json={"from": SAMPLE_NUMBER})

    assert len(streams) == WATCHERS_MAX
    assert response.status == 503
    assert (await response.json())["field"] == "page"


async def test_streams_end_when_the_page_is_taken_down(client: Client) -> None:
    stream = await watch(client)

    await client.app.shutdown()

    assert await stream.ends()


@pytest.mark.parametrize("count", [MESSAGES_MAX - 1, MESSAGES_MAX, MESSAGES_MAX + 1])
def test_a_conversation_keeps_its_newest_messages(conversations: Conversations, count: int) -> None:
    for number in range(count):
        conversations.answer(SAMPLE_NUMBER, str(number))

    kept = conversations.since(SAMPLE_NUMBER, 0)
    assert len(kept) == min(count, MESSAGES_MAX)
    assert kept[-1].text == str(count - 1)


@pytest.mark.parametrize(("others", "kept"), [(NUMBERS_MAX - 1, True), (NUMBERS_MAX, False)])
def test_the_number_silent_for_longest_gives_way(conversations: Conversations, others: int, kept: bool) -> None:
    message = conversations.send(SAMPLE_NUMBER, "RET")
    for number in range(others):
        conversations.answer(f"+90533{number:07}", "x")

    conversations.settle(SAMPLE_NUMBER, message.id, "delivered")

    assert bool(conversations.since(SAMPLE_NUMBER, 0)) is kept
