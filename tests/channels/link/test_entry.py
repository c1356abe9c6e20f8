"""The number form, the code form and the cookie: the same for every number, and for nobody else's forms."""

import pytest

from core.domain.recipients import Msisdn
from tests.channels.link.fakes import CODE, NOW, NUMBER, Client, FakePort, Time, enter

OTHER = "+905559998877"


@pytest.mark.parametrize("typed", ["0532 123 45 67", "+905321234567", "5321234567", "(0532) 123-45-67"])
async def test_a_code_goes_to_the_number_that_was_typed(client: Client, port: FakePort, typed: str) -> None:
    response = await client.post("/izinler", data={"numara": typed}, allow_redirects=False)

    assert (response.status, response.headers["Location"]) == (303, "/izinler/kod")
    assert port.asked == [(Msisdn(NUMBER),)]


async def test_the_answer_is_alike_whatever_the_number(client: Client) -> None:
    answers = []
    for number in (NUMBER, OTHER):
        first = await client.post("/izinler", data={"numara": number}, allow_redirects=False)
        second = await client.get("/izinler/kod")
        third = await client.post("/izinler/kod", data={"kod": "000000"})
        length = len(first.cookies["kod"].value)
        answers.append((first.status, first.headers["Location"], length, await second.text(), await third.text()))

    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("", id="nothing"),
        pytest.param("abc", id="letters"),
        pytest.param("0532", id="short"),
        pytest.param("1" * 5000, id="endless"),
        pytest.param("a@b.example", id="e-mail"),
        pytest.param("٠٥٣٢١٢٣٤٥٦٧", id="other digits"),
        pytest.param("\x00", id="zero"),
    ],
)
async def test_what_is_no_number_is_said_beside_the_field(client: Client, port: FakePort, typed: str) -> None:
    response = await client.post("/izinler", data={"numara": typed})

    html = await response.text()
    assert response.status == 400
    assert 'aria-invalid="true"' in html
    assert 'id="number-error"' in html
    assert "<title>Hata:" in html
    assert port.calls == []


async def test_the_right_code_opens_the_list(client: Client) -> None:
    await enter(client)

    response = await client.get("/izinler")

    assert response.url.path == "/izinler/liste"
    assert "MIGROS" in await response.text()


@pytest.mark.parametrize("code", ["482 913", "482-913", " 482913 "])
async def test_a_code_may_be_typed_with_spaces(client: Client, port: FakePort, code: str) -> None:
    await client.post("/izinler", data={"numara": NUMBER})

    response = await client.post("/izinler/kod", data={"kod": code})

    assert response.url.path == "/izinler/liste"


@pytest.mark.parametrize("code", ["", "48291", "4829134", "abcdef", "٤٨٢٩١٣", "4" * 9999])
async def test_what_is_no_code_counts_as_no_try(client: Client, port: FakePort, code: str) -> None:
    await client.post("/izinler", data={"numara": NUMBER})

    response = await client.post("/izinler/kod", data={"kod": code})

    assert response.status == 400
    assert 'aria-describedby="code-error"' in await response.text()
    assert "prove" not in port.calls


async def test_a_wrong_code_opens_nothing(client: Client, port: FakePort) -> None:
    await client.post("/izinler", data={"numara": NUMBER})

    response = await client.post("/izinler/kod", data={"kod": "000000"}, allow_redirects=False)

    assert response.status == 400
    assert "Set-Cookie" not in response.headers
    assert (await client.get("/izinler/liste")).url.path == "/izinler"


async def test_a_code_without_a_number_leads_back_to_the_number(client: Client, port: FakePort) -> None:
    response = await client.post("/izinler/kod", data={"kod": CODE})

    assert response.url.path == "/izinler"
    assert port.calls == []


async def test_the_cookie_is_closed_to_scripts_other_sites_and_plain_lines(client: Client) -> None:
    await client.post("/izinler", data={"numara": NUMBER})
    response = await client.post("/izinler/kod", data={"kod": CODE}, allow_redirects=False)

    cookie = response.cookies["izin"]
    assert cookie["httponly"] is True
    assert cookie["secure"] is True
    assert (cookie["samesite"], cookie["path"], cookie["max-age"]) == ("Strict", "/izinler", "900")
    assert "532" not in cookie.value


async def test_the_list_closes_when_the_time_is_over(client: Client, clock: Time) -> None:
    await enter(client)

    clock.move(899)
    assert (await client.get("/izinler/liste")).url.path == "/izinler/liste"
    clock.move(1)
    response = await client.get("/izinler/liste")

    assert response.url.path == "/izinler"
    assert "Süre doldu" in await response.text()
    assert clock.now == NOW + 900_000


async def test_signing_out_closes_the_list(client: Client) -> None:
    await enter(client)
    secret = await secret_of(client)

    await client.post("/izinler/cikis", data={"csrf": secret})

    assert (await client.get("/izinler/liste")).url.path == "/izinler"


FORMS = ["/izinler/liste", "/izinler/hepsi", "/izinler/sikayet", "/izinler/cikis"]


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize(
    "csrf", [pytest.param(None, id="no secret"), pytest.param("x", id="wrong"), pytest.param("ş\ud800", id="odd")]
)
async def test_a_form_without_the_visits_secret_does_nothing(
    client: Client, port: FakePort, path: str, csrf: str | None
) -> None:
    await enter(client)
    before = len(port.asked)
    body = {"izin": "600100:MESAJ", "marka": "MIGROS", "metin": "x"}
    if csrf is not None:
        body["csrf"] = csrf.encode(errors="replace").decode()

    response = await client.post(path, data=body)

    assert response.status == 403
    assert port.asked[before:] == []


@pytest.mark.parametrize("path", [*FORMS, "/izinler", "/izinler/kod"])
@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="another site"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, id="a sister site"),
        pytest.param({"Origin": "https://evil.example"}, id="another origin"),
        pytest.param({"Sec-Fetch-Site": "cross-site", "Origin": "https://izin.example"}, id="the two at odds"),
    ],
)
async def test_another_sites_form_does_nothing(
    client: Client, port: FakePort, path: str, headers: dict[str, str]
) -> None:
    await enter(client)
    secret = await secret_of(client)
    before = len(port.asked)
    body = {"csrf": secret, "izin": "600100:MESAJ", "marka": "MIGROS", "metin": "x", "numara": OTHER, "kod": CODE}

    response = await client.post(path, data=body, headers=headers)

    assert response.status == 403
    assert port.asked[before:] == []


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, id="a browser of today"),
        pytest.param({"Origin": "null"}, id="an older one"),
        pytest.param({"Origin": "https://izin.example"}, id="one that names us"),
        pytest.param({}, id="one that says nothing"),
    ],
)
async def test_our_own_form_acts(client: Client, port: FakePort, headers: dict[str, str]) -> None:
    await enter(client)

    response = await client.post(
        "/izinler/liste", data={"csrf": await secret_of(client), "izin": "600100:MESAJ"}, headers=headers
    )

    assert response.status == 200
    assert port.calls[-1] == "refuse_held"


async def test_anothers_cookie_does_not_open_the_list(client: Client) -> None:
    await client.post("/izinler", data={"numara": NUMBER})
    sent = next(cookie.value for cookie in client.cookie_jar if cookie.key == "kod")

    response = await client.get("/izinler/liste", cookies={"izin": sent})

    assert response.url.path == "/izinler"


async def secret_of(client: Client) -> str:
    html = await (await client.get("/izinler/liste")).text()
    return html.partition('name="csrf" value="')[2].partition('"')[0]
