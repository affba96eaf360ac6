"""The client against the sandbox and against servers that misbehave: what each answer becomes."""

import asyncio
import io
import logging
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import httpx
import pytest

from app.core.clock import SettableClock
from app.settings import Settings, settings_from
from app.siasn import sandbox
from app.siasn.client import BASE_URL, LARGEST_ANSWER, Access, Siasn, SiasnNotSetUp, access_of
from app.siasn.errors import (
    ConsumerRefused,
    LoginPage,
    NoSuchEmployee,
    NotUnderstood,
    RateLimited,
    Refused,
    SiasnError,
    SsoRefused,
    Unavailable,
)
from app.siasn.sandbox import Fault, Invented, InventedUnor, Office
from tests.support import NOW

BUDI = Invented("199001012020011001", "Budi", unor_id="A8", position="Guru")
BASE = "http://siasn.test"
ACCESS = Access(
    f"{BASE}{sandbox.PREFIX}", f"{BASE}{sandbox.TOKEN_PATH}", sandbox.KEY, sandbox.SECRET,
    sandbox.SSO,
)  # fmt: skip
Respond = Callable[[httpx.Request], httpx.Response]


@pytest.fixture
def office(clock: SettableClock) -> Office:
    return Office(clock, [BUDI], [InventedUnor("A8", "Dinas")], [BUDI.nip])


@pytest.fixture
async def siasn(office: Office, clock: SettableClock) -> AsyncIterator[Siasn]:
    client = Siasn(ACCESS, clock, transport=httpx.ASGITransport(app=office.app()))
    yield client
    await client.aclose()


async def test_questions_are_answered_and_one_token_serves_all(siasn, office):
    asked = [siasn.servant(BUDI.nip) for _ in range(4)]
    servants = await asyncio.gather(*asked)
    assert {servant.position for servant in servants} == {"Guru"}
    assert [unit.name for unit in await siasn.units()] == ["Dinas"]
    assert [line.nip for line in await siasn.appointments(2026)] == [BUDI.nip]
    assert len(office.tokens) == 1


async def test_only_its_own_words_say_that_nobody_is_there(siasn):
    with pytest.raises(NoSuchEmployee):
        await siasn.servant("199001012020011002")


async def test_a_token_is_renewed_before_it_expires_and_when_it_is_refused(siasn, office, clock):
    await siasn.servant(BUDI.nip)
    clock.at += sandbox.LIFETIME - timedelta(seconds=20)
    await siasn.servant(BUDI.nip)
    assert len(office.tokens) == 2
    office.faults.append(Fault.APIM_EXPIRED)
    asked = len(office.asked)
    assert (await siasn.servant(BUDI.nip)).name == "Budi"
    assert len(office.asked) - asked == 2


async def test_a_token_that_stays_refused_is_not_fetched_for_ever(siasn, office):
    office.faults.extend([Fault.APIM_EXPIRED] * 4)
    with pytest.raises(ConsumerRefused):
        await siasn.servant(BUDI.nip)
    assert len(office.asked) == 2


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.SSO_EXPIRED, SsoRefused),
        (Fault.RATE_LIMITED, RateLimited),
        (Fault.SERVER_ERROR, Unavailable),
        (Fault.HTML, LoginPage),
        (Fault.EMPTY, NotUnderstood),
        (Fault.CODE_ZERO, Refused),
        (Fault.WRONG_PERSON, NotUnderstood),
    ],
)
async def test_faults(siasn, office, fault, error):
    office.always = fault
    with pytest.raises(SiasnError) as caught:
        await siasn.servant(BUDI.nip)
    assert type(caught.value) is error
    if isinstance(caught.value, RateLimited):
        assert caught.value.retry_at == NOW + timedelta(seconds=7)
    for ask in (siasn.units, lambda: siasn.appointments(2026)):
        with pytest.raises(SiasnError) as caught:
            await ask()
        assert not isinstance(caught.value, NoSuchEmployee)


def unread(response: httpx.Response) -> httpx.Response:
    """The answer as it comes over a wire: a stream that nobody has read yet."""
    return httpx.Response(
        response.status_code, headers=response.headers, stream=httpx.ByteStream(response.content)
    )


def answering(respond: Respond, clock: SettableClock, **settings: float) -> Siasn:
    """A client of a server that gives a token, and then answers so."""

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == sandbox.TOKEN_PATH:
            return unread(httpx.Response(200, json={"access_token": "t", "expires_in": 3600}))
        return unread(respond(request))

    return Siasn(ACCESS, clock, transport=httpx.MockTransport(handle), **settings)


FAULT = {"fault": {"code": 900908, "message": "Resource forbidden"}}
NOT_THERE = {"code": 0, "data": "", "message": "Data tidak ditemukan"}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(404, json=NOT_THERE), NoSuchEmployee),
        (httpx.Response(404, json={"fault": {"code": 404, "message": "No match"}}), Refused),
        (httpx.Response(404, text="Data tidak ditemukan"), Refused),
        (httpx.Response(404, html="<html>Not found</html>"), Refused),
        (httpx.Response(400, json={"code": 1, "data": {"nipBaru": BUDI.nip}}), Refused),
        (httpx.Response(403, json=FAULT), ConsumerRefused),
        (httpx.Response(403, json={"message": "expired"}), SsoRefused),
        (httpx.Response(401, html="<html>"), SsoRefused),
        (httpx.Response(503, json=NOT_THERE), Unavailable),
        (httpx.Response(302, headers={"location": "https://sso.test/"}), LoginPage),
        (httpx.Response(200, json=NOT_THERE, headers={"content-encoding": "br"}), NotUnderstood),
        (httpx.Response(200, content=b" " * (LARGEST_ANSWER + 1)), NotUnderstood),
        (httpx.Response(204), NotUnderstood),
    ],
    ids=[
        "404-in-its-own-words", "404-of-the-gateway", "404-text", "404-page", "400-with-data",
        "403-subscription", "403-sso", "401-page", "503-in-its-own-words", "redirect", "encoded",
        "too-large", "no-content",
    ],
)  # fmt: skip
async def test_statuses(clock, answer, error):
    siasn = answering(lambda _: answer, clock)
    with pytest.raises(SiasnError) as caught:
        await siasn.servant(BUDI.nip)
    assert type(caught.value) is error


async def test_a_list_that_is_not_found_tells_of_nobody(clock):
    siasn = answering(lambda _: httpx.Response(200, json=NOT_THERE), clock)
    for ask in (siasn.units, lambda: siasn.appointments(2026)):
        with pytest.raises(Refused):
            await ask()


async def test_what_never_arrives_is_no_answer(clock):
    async def hang(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(60)
        return httpx.Response(200)

    slow = Siasn(ACCESS, clock, transport=httpx.MockTransport(hang), deadline_seconds=0.05)
    with pytest.raises(Unavailable, match="the deadline passed"):
        await slow.servant(BUDI.nip)

    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"cannot reach {request.url}")

    with pytest.raises(Unavailable) as caught:
        await answering(broken, clock).servant(BUDI.nip)
    assert str(caught.value).endswith("ConnectError")
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("status", "error"), [(401, ConsumerRefused), (429, RateLimited), (500, Unavailable)]
)
async def test_a_token_that_is_not_given(clock, status, error):
    transport = httpx.MockTransport(lambda _: unread(httpx.Response(status, json={})))
    with pytest.raises(error):
        await Siasn(ACCESS, clock, transport=transport).servant(BUDI.nip)


@pytest.mark.parametrize(
    "nip", ["", "../../secret", "19900101202001100", f"{BUDI.nip}?x", "\u0661" * 18]
)
async def test_nothing_but_a_nip_is_put_into_an_address(siasn, office, nip):
    with pytest.raises(Refused):
        await siasn.servant(nip)
    assert office.asked == []


async def test_no_nip_and_no_token_reach_a_log_or_an_error(siasn, office):
    heard = io.StringIO()
    handler = logging.StreamHandler(heard)
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        await siasn.servant(BUDI.nip)
        logging.getLogger("app").info("The log is heard.")
        for fault in Fault:
            office.faults.append(fault)
            if fault is not Fault.APIM_EXPIRED:
                with pytest.raises(SiasnError) as caught:
                    await siasn.servant(BUDI.nip)
                heard.write(f"{caught.value!r} {caught.value}")
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
    words = heard.getvalue()
    assert "The log is heard." in words
    for kept in (BUDI.nip, sandbox.SSO, sandbox.SECRET, sandbox.INVENTED, "apim-1"):
        assert kept not in words
    assert sandbox.SECRET not in repr(ACCESS)


def set_up(**values: str) -> Settings:
    kept = {"siasn_consumer_key": "k", "siasn_consumer_secret": "s", "siasn_sso_token": "a.b.c"}
    return Settings.model_validate({**kept, **values})


def test_access_comes_from_the_settings_and_the_folder_of_secrets(tmp_path):
    access = access_of(set_up(siasn_sso_token=" bearer a.b.c\n"))
    assert (access.sso_token, access.base_url) == ("a.b.c", BASE_URL)
    for name in ("consumer_key", "consumer_secret", "sso_token"):
        (tmp_path / f"simedsos_siasn_{name}").write_text(f"{name}.x\n")
    assert access_of(settings_from(str(tmp_path))).sso_token == "sso_token.x"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"siasn_sso_token": ""}, "SIMEDSOS_SIASN_SSO_TOKEN"),
        ({"siasn_sso_token": "a\r\nX: b"}, "other than a token"),
        ({"siasn_base_url": "http://apimws.bkn.go.id/x"}, "SIMEDSOS_SIASN_BASE_URL must begin"),
        ({"siasn_token_url": "ftp://127.0.0.1"}, "SIMEDSOS_SIASN_TOKEN_URL must begin"),
        ({"siasn_token_url": "https://[x"}, "SIMEDSOS_SIASN_TOKEN_URL must begin"),
    ],
)
def test_what_is_set_up_wrongly_is_said(values, words):
    with pytest.raises(SiasnNotSetUp, match=words):
        access_of(set_up(**values))
