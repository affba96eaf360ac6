"""Bluesky and YouTube against the sandbox's wire formats, well and with every fault."""

import gzip
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.clock import SettableClock
from app.platforms import base
from app.platforms.access import Access
from app.platforms.base import Adapter, CountReading, Platform, PlatformError, Precision, Target
from app.platforms.catalog import ADAPTERS
from app.platforms.headers import retry_at
from app.platforms.http import PlatformHttp
from app.platforms.sandbox.server import create_sandbox
from app.platforms.sandbox.world import AccountState, Knot, World, WorldAccount
from app.platforms.youtube import YouTubeAdapter, quota_reset, subscribers

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
KEY = "invented-key"
DID = "did:plc:abcdefghijklmnopqrstuvwx"
CHANNEL = "UCabcdefghijklmnopqrstuv"


def account(platform: Platform, platform_id: str, handle: str, followers: int) -> WorldAccount:
    return WorldAccount(
        platform=platform,
        platform_id=platform_id,
        handle=handle,
        display_name="Invented",
        created_at=NOW - timedelta(days=900),
        knots=(Knot(NOW - timedelta(days=1), followers), Knot(NOW, followers)),
        per_day=0,
        state=AccountState.ACTIVE,
    )


WORLD = World(
    youtube_key=KEY,
    accounts=(
        account(Platform.BLUESKY, DID, "pemprov.bsky.social", 8582),
        account(Platform.YOUTUBE, CHANNEL, "pemprov", 8582),
    ),
)
ASKED = {
    Platform.BLUESKY: Target("pemprov.bsky.social", DID),
    Platform.YOUTUBE: Target("pemprov", CHANNEL),
}


def access(
    platform: Platform, transport: httpx.AsyncBaseTransport, deadline: float = 2.0
) -> Access:
    return Access(
        platform,
        SettableClock(NOW),
        base_url="http://platform.test",
        keys={"api_key": KEY},
        transport=transport,
        deadline_seconds=deadline,
        max_bytes=200_000,
    )


def adapter(
    platform: Platform, transport: httpx.AsyncBaseTransport, deadline: float = 2.0
) -> Adapter:
    return ADAPTERS[platform](access(platform, transport, deadline))


def client(transport: httpx.AsyncBaseTransport) -> PlatformHttp:
    return access(Platform.BLUESKY, transport).http("http://platform.test")


@pytest.fixture
def sandbox() -> httpx.ASGITransport:
    return httpx.ASGITransport(app=create_sandbox(WORLD, SettableClock(NOW)))


async def outcome(asking: Adapter, target: Target) -> CountReading | PlatformError:
    try:
        return (await asking.counts([target]))[target]
    except PlatformError as error:
        return error


async def order(transport: httpx.ASGITransport, path: str, body: dict) -> None:
    async with httpx.AsyncClient(transport=transport, base_url="http://platform.test") as control:
        answer = await control.post(f"/_sandbox/{path}", json=body)
        assert answer.status_code < 300, answer.text


async def test_bluesky_counts_are_exact(sandbox):
    asking = adapter(Platform.BLUESKY, sandbox)
    reading = await outcome(asking, ASKED[Platform.BLUESKY])
    assert reading == CountReading(
        DID, "pemprov.bsky.social", 8582, 8582, "8582", Precision.EXACT, "bluesky:getProfiles"
    )


async def test_youtube_counts_are_cut_to_three_figures(sandbox):
    asking = adapter(Platform.YOUTUBE, sandbox)
    reading = await outcome(asking, ASKED[Platform.YOUTUBE])
    assert isinstance(reading, CountReading)
    assert (reading.followers_min, reading.followers_max) == (8580, 8589)
    assert (reading.raw, reading.precision) == ("8580", Precision.TRUNCATED)


@pytest.mark.parametrize("platform", list(ASKED))
async def test_a_handle_leads_to_the_platforms_id(sandbox, platform):
    asking = adapter(platform, sandbox)
    reading = await outcome(asking, Target(ASKED[platform].handle))
    assert isinstance(reading, CountReading)
    assert reading.platform_id == ASKED[platform].platform_id


@pytest.mark.parametrize("platform", list(ASKED))
async def test_who_is_missing_is_told_beside_who_is_there(sandbox, platform):
    asking = adapter(platform, sandbox)
    missing = {
        Platform.BLUESKY: Target("nobody.bsky.social", "did:plc:bbbbbbbbbbbbbbbbbbbbbbbb"),
        Platform.YOUTUBE: Target("nobody", "UCzzzzzzzzzzzzzzzzzzzzzz"),
    }[platform]
    found = await asking.counts([ASKED[platform], missing])
    assert isinstance(found[ASKED[platform]], CountReading)
    assert isinstance(found[missing], base.AccountGone)


@pytest.mark.parametrize(
    ("platform", "state", "error"),
    [
        pytest.param(Platform.BLUESKY, "suspended", base.AccountSuspended, id="bluesky-suspended"),
        pytest.param(Platform.BLUESKY, "deactivated", base.AccountDeactivated, id="bluesky-off"),
        pytest.param(Platform.YOUTUBE, "hidden", base.NotSupported, id="youtube-hidden"),
        pytest.param(Platform.YOUTUBE, "suspended", base.AccountGone, id="youtube-gone"),
    ],
)
async def test_states_are_told_apart(sandbox, platform, state, error):
    target = ASKED[platform]
    await order(
        sandbox,
        "states",
        {"platform": platform.value, "platform_id": target.platform_id, "state": state},
    )
    assert type(await outcome(adapter(platform, sandbox), target)) is error


FAULTS = [
    ("rate_limited", base.RateLimited),
    ("server_error", base.Unavailable),
    ("truncated", base.ParseFailed),
    ("login_page", base.LoginWall),
    ("wrong_type", base.Unavailable),
    ("redirect_loop", base.LoginWall),
    ("gzip_bomb", base.ParseFailed),
    ("deep_json", base.ParseFailed),
    ("negative_count", base.ParseFailed),
    ("garbage_count", base.ParseFailed),
    ("renamed_id", PlatformError),
    ("hang", base.Unavailable),
]


@pytest.mark.parametrize("platform", list(ASKED))
@pytest.mark.parametrize(("fault", "error"), FAULTS, ids=[fault for fault, _ in FAULTS])
async def test_every_fault_ends_in_a_typed_outcome(sandbox, platform, fault, error):
    body = {"platform": platform.value, "fault": fault, "times": 5, "seconds": 5}
    await order(sandbox, "faults", body)
    result = await outcome(adapter(platform, sandbox, 0.5), ASKED[platform])
    assert isinstance(result, error), result
    assert KEY not in str(result)
    assert ASKED[platform].handle not in str(result)


@pytest.mark.parametrize(
    ("fault", "error"),
    [("quota_exceeded", base.RateLimited), ("key_invalid", base.CredentialsBad)],
)
async def test_youtube_says_what_a_person_must_do(sandbox, fault, error):
    await order(sandbox, "faults", {"platform": "youtube", "fault": fault, "times": 1})
    result = await outcome(adapter(Platform.YOUTUBE, sandbox), ASKED[Platform.YOUTUBE])
    assert isinstance(result, error)


async def test_youtube_without_a_key_names_the_setting(sandbox):
    asking = YouTubeAdapter(Access(Platform.YOUTUBE, SettableClock(NOW), transport=sandbox))
    with pytest.raises(base.CredentialsBad, match="SIMEDSOS_YOUTUBE_API_KEY"):
        await asking.counts([ASKED[Platform.YOUTUBE]])


def test_the_quota_begins_anew_at_midnight_in_california():
    assert quota_reset(NOW) == datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "interval"),
    [
        pytest.param("0", (0, 0), id="zero"),
        pytest.param("999", (999, 999), id="exact-below-a-thousand"),
        pytest.param("7200", (7200, 7209), id="four-figures"),
        pytest.param("1230000", (1_230_000, 1_239_999), id="seven-figures"),
    ],
)
def test_three_figures_stand_for_an_interval(raw, interval):
    assert subscribers(raw)[:2] == interval


@given(st.text(max_size=30))
def test_any_text_is_a_count_or_refused(raw):
    try:
        least, most, _ = subscribers(raw)
    except base.ParseFailed:
        return
    assert 0 <= least <= most


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({"retry-after": "7"}, 7, id="seconds"),
        pytest.param({"retry-after": "0"}, 1, id="at-least-a-second"),
        pytest.param({"retry-after": "9999999"}, 86400, id="at-most-a-day"),
        pytest.param({"retry-after": "Tue, 24 Nov 2026 03:00:30 GMT"}, 30, id="date"),
        pytest.param({"retry-after": "soon"}, 60, id="nonsense"),
        pytest.param({"ratelimit-reset": str(int(NOW.timestamp()) + 12)}, 12, id="reset"),
        pytest.param({}, 60, id="nothing"),
    ],
)
def test_when_to_ask_again(headers, seconds):
    assert retry_at(headers, NOW) == NOW + timedelta(seconds=seconds)


def every_error(kind: type[Exception]) -> list[type[Exception]]:
    return [kind, *(each for child in kind.__subclasses__() for each in every_error(child))]


@pytest.mark.parametrize("kind", every_error(httpx.TransportError), ids=lambda kind: kind.__name__)
async def test_every_transport_error_is_unavailable(kind):
    def fail(_: httpx.Request) -> httpx.Response:
        raise kind("http://platform.test/secret")

    with pytest.raises(base.Unavailable) as error:
        await client(httpx.MockTransport(fail)).get_json("/", {})
    assert "secret" not in str(error.value)


def answering(content: bytes, **headers: str) -> Callable[[httpx.Request], httpx.Response]:
    def answer(_: httpx.Request) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.Response(200, stream=httpx.ByteStream(content), headers=named)

    return answer


async def test_gzip_is_read_and_a_broken_stream_refused():
    packed = gzip.compress(b'{"a": 1}')
    as_json = {"content_type": "application/json", "content_encoding": "gzip"}
    whole = client(httpx.MockTransport(answering(packed, **as_json)))
    assert (await whole.get_json("/", {})).body == {"a": 1}
    cut = client(httpx.MockTransport(answering(packed[:-6], **as_json)))
    with pytest.raises(base.ParseFailed):
        await cut.get_json("/", {})


@pytest.mark.parametrize("platform", list(ASKED))
@given(content=st.binary(max_size=200))
async def test_any_bytes_end_in_a_typed_outcome(platform, content):
    transport = httpx.MockTransport(answering(content, content_type="application/json"))
    asking = adapter(platform, transport)
    assert isinstance(await outcome(asking, ASKED[platform]), PlatformError)
