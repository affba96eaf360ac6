"""The guarded client: what it refuses, and what it tells the gate and the log."""

import asyncio
import gzip
import io
import json
import logging
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import redirect_stderr, suppress

import httpx
import pytest

from app.core.clock import SettableClock
from app.core.logs import configure_logging
from app.platforms.access import Access
from app.platforms.base import (
    CreditsExhausted,
    LoginWall,
    NotSupported,
    ParseFailed,
    Platform,
    PlatformError,
    RateLimited,
    Unavailable,
)
from app.platforms.http import APP, PAGES, Lane, PlatformHttp, credential_label
from tests.support import NOW

BASE = "https://platform.test/prefix"


class Notes:
    """A gate that lets everyone through and notes what it is told."""

    def __init__(self, refusal: PlatformError | None = None) -> None:
        self.refusal = refusal
        self.entered: list[tuple[Lane, int]] = []
        self.learned: list[tuple[Lane, Mapping[str, str] | PlatformError]] = []

    async def enter(self, lane: Lane, cost: int) -> None:
        self.entered.append((lane, cost))
        if self.refusal is not None:
            raise self.refusal

    async def learn(self, lane: Lane, answer: Mapping[str, str] | PlatformError) -> None:
        self.learned.append((lane, answer))


class Server(httpx.AsyncBaseTransport):
    """A server that gives one answer and keeps the requests."""

    def __init__(
        self, content: bytes | httpx.AsyncByteStream = b"{}", status: int = 200, **headers: str
    ) -> None:
        self.content = content
        self.status = status
        self.headers = {"content-type": "application/json"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        stream = httpx.ByteStream(self.content) if isinstance(self.content, bytes) else self.content
        return httpx.Response(self.status, headers=self.headers, stream=stream)


def client(
    server: httpx.AsyncBaseTransport, gate: Notes | None = None, *, deadline: float = 5
) -> PlatformHttp:
    return PlatformHttp(
        Platform.MASTODON,
        BASE,
        clock=SettableClock(NOW),
        gate=gate,
        transport=server,
        deadline_seconds=deadline,
        max_bytes=100_000,
    )


async def failure(server: httpx.AsyncBaseTransport, *, deadline: float = 5) -> PlatformError:
    with pytest.raises(PlatformError) as error:
        await client(server, deadline=deadline).get_json("/x", {})
    return error.value


@pytest.mark.parametrize(
    "kind",
    ["application/json", "Application/JSON; charset=utf-8", "application/problem+json"],
)
async def test_json_types_are_read(kind):
    answer = await client(Server(b'{"a": 1}', content_type=kind)).get_json("/x", {})
    assert answer.body == {"a": 1}


async def test_a_problem_of_402_is_left_to_the_adapter():
    server = Server(b'{"title": "CreditsDepleted"}', 402, content_type="application/problem+json")
    answer = await client(server).get_json("/x", {})
    assert (answer.status, answer.body["title"]) == (402, "CreditsDepleted")


@pytest.mark.parametrize(
    ("server", "error"),
    [
        pytest.param(Server(status=429), RateLimited, id="429"),
        pytest.param(Server(status=500), Unavailable, id="500"),
        pytest.param(Server(status=599), Unavailable, id="599"),
        pytest.param(Server(status=301, location="/login"), LoginWall, id="redirect"),
        pytest.param(Server(status=304), LoginWall, id="not-modified"),
        pytest.param(Server(content_type="text/html"), LoginWall, id="page"),
        pytest.param(Server(status=404, content_type="text/html"), LoginWall, id="page-of-404"),
        pytest.param(Server(content_type="text/plain"), ParseFailed, id="text"),
        pytest.param(Server(content_type="application/json5"), ParseFailed, id="alike"),
        pytest.param(Server(content_type=""), ParseFailed, id="no-type"),
        pytest.param(Server(content_encoding="br"), ParseFailed, id="brotli"),
        pytest.param(Server(content_encoding="gzip, gzip"), ParseFailed, id="twice"),
        pytest.param(Server(b"[" * 90_000), ParseFailed, id="deep"),
        pytest.param(Server(b'{"a":' * 15_000), ParseFailed, id="deep-objects"),
        pytest.param(Server(b"1" * 5_000), ParseFailed, id="long-number"),
        pytest.param(Server(b""), ParseFailed, id="empty"),
        pytest.param(Server(b"\xff\xfe"), ParseFailed, id="no-text"),
        pytest.param(Server(b'"' + b"a" * 100_000), ParseFailed, id="too-large"),
        pytest.param(
            Server(gzip.compress(b" " * 100_001), content_encoding="gzip"),
            ParseFailed,
            id="bomb",
        ),
        pytest.param(
            Server(gzip.compress(b"1") + gzip.compress(b"2"), content_encoding="gzip"),
            ParseFailed,
            id="two-streams",
        ),
        pytest.param(Server(b"", content_encoding="gzip"), ParseFailed, id="empty-gzip"),
    ],
)
async def test_every_other_answer_is_a_typed_failure(server, error):
    found = await failure(server)
    assert type(found) is error
    assert "platform.test" not in str(found)


async def test_a_bomb_that_stays_within_the_caps_is_read():
    packed = gzip.compress(b'"' + b"a" * 99_000 + b'"')
    assert len(packed) < 500
    answer = await client(Server(packed, content_encoding="gzip")).get_json("/x", {})
    assert len(answer.body) == 99_000


class Drip(httpx.AsyncByteStream):
    """One byte, a rest, one byte, and so on."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.2)


async def test_one_byte_at_a_time_ends_at_the_deadline():
    started = time.monotonic()
    found = await failure(Server(Drip()), deadline=0.5)
    assert type(found) is Unavailable
    assert time.monotonic() - started < 1.5


async def test_cookies_are_not_kept():
    server = Server(set_cookie="session=1; Path=/")
    asking = client(server)
    for _ in range(2):
        await asking.get_json("/x", {})
    assert [request.headers.get("cookie") for request in server.requests] == [None, None]


async def test_only_gzip_is_asked_for_and_the_service_says_who_it_is():
    server = Server()
    await client(server).get_json("/x", {"q": "a"})
    [request] = server.requests
    assert request.headers["accept-encoding"] == "gzip"
    assert "simedsos" in request.headers["user-agent"]
    assert str(request.url) == f"{BASE}/x?q=a"


@pytest.mark.parametrize(
    "address",
    ["https://elsewhere.test/x", "http://platform.test/x", "https://platform.test:8443/x"],
)
async def test_an_address_on_another_host_is_not_followed(address):
    server = Server()
    with pytest.raises(NotSupported):
        await client(server).get_json(address, {}, headers={"Authorization": "Bearer invented"})
    assert server.requests == []


@pytest.mark.parametrize(
    "headers",
    [{"Authorization": "Bearer rahasia\u2026"}, {"Authorization": 5}],
    ids=["beyond-ascii", "no-text"],
)
async def test_a_request_that_cannot_be_written_does_not_quote_its_token(headers):
    with pytest.raises(NotSupported) as refusal:
        await client(Server()).get_json("/x", {}, headers=headers)
    assert "rahasia" not in str(refusal.value)


async def test_the_gate_is_asked_first_and_told_of_the_answer():
    gate = Notes()
    server = Server(x_rate_limit_remaining="7")
    await client(server, gate).get_json("/x", {}, credential=credential_label("t"), cost=3)
    lane = Lane(Platform.MASTODON, credential_label("t"))
    assert gate.entered == [(lane, 3)]
    [(told, headers)] = gate.learned
    assert told == lane
    assert isinstance(headers, dict)
    assert headers["x-rate-limit-remaining"] == "7"


async def test_pages_and_chosen_hosts_have_lanes_of_their_own():
    gate = Notes()
    access = Access(
        Platform.MASTODON,
        SettableClock(NOW),
        gate=gate,
        pages_allowed=True,
        transport=Server(content_type="text/html"),
    )
    pages = access.pages("https://pages.test")
    assert pages is not None
    async with pages.page("/x", {}) as answer:
        assert answer.text == "{}"
    with pytest.raises(LoginWall):
        await access.at("instance.example").get_json("/x", {})
    (page, _), (chosen, _) = gate.entered
    assert page == Lane(Platform.MASTODON, PAGES)
    assert chosen == Lane(Platform.MASTODON, APP, credential_label("instance.example"))
    assert "instance" not in repr(gate.learned)


async def test_a_page_that_cannot_be_read_is_a_failure_for_the_gate_too():
    gate = Notes()
    wall = LoginWall("a sign-in page")
    with pytest.raises(LoginWall):
        async with client(Server(content_type="text/html"), gate).page("/x", {}):
            raise wall
    assert gate.learned == [(Lane(Platform.MASTODON, PAGES), wall)]


@pytest.mark.parametrize(
    "content", [b"{", b'{"a": NaN', b"<html>"], ids=["cut", "cut-after-nan", "page"]
)
async def test_a_body_that_is_no_json_is_a_failure_for_the_gate_too(content):
    gate = Notes()
    with pytest.raises(ParseFailed) as failed:
        await client(Server(content), gate).get_json("/x", {})
    assert gate.learned == [(Lane(Platform.MASTODON), failed.value)]
    assert failed.value.__cause__ is None


async def test_what_the_gate_refuses_is_not_sent():
    gate, server = Notes(RateLimited("spent", retry_at=NOW)), Server()
    with pytest.raises(RateLimited):
        await client(server, gate).get_json("/x", {})
    assert server.requests == []
    assert gate.learned == []


async def test_an_adapter_tells_the_gate_what_only_it_could_read():
    gate = Notes()
    error = CreditsExhausted("402", retry_at=NOW)
    asking = client(Server(), gate)
    assert await asking.refused(error, credential="abc") is error
    assert gate.learned == [(Lane(Platform.MASTODON, "abc"), error)]
    await asking.refused(NotSupported("hidden"))
    assert len(gate.learned) == 1


@pytest.mark.parametrize(
    ("server", "outcome", "reason"),
    [
        pytest.param(Server(status=503), "unavailable", "503", id="fault"),
        pytest.param(Server(b'{"secret": 1}', status=401), "refused", "401", id="refusal"),
        pytest.param(Server(), None, None, id="success"),
    ],
)
async def test_a_failed_call_is_one_line_and_a_good_one_none(server, outcome, reason):
    written = io.StringIO()
    with redirect_stderr(written), suppress(PlatformError):
        configure_logging("INFO")
        await client(server).get_json("/secret", {"handle": "secret"})
    configure_logging("ERROR")
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    expected = [] if outcome is None else [(outcome, reason)]
    assert [(each["outcome"], each["reason"]) for each in lines] == expected
    assert "secret" not in written.getvalue()


def test_httpx_writes_no_addresses_into_the_log():
    assert not logging.getLogger("httpx").isEnabledFor(logging.INFO)
    assert not logging.getLogger("httpcore").isEnabledFor(logging.DEBUG)
