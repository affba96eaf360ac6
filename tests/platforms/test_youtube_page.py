"""YouTube's public pages: what they say with HTTP 200, in which language, and what they hide."""

import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.platforms import base
from app.platforms.base import CountReading, Existence, ExistenceState, Platform, Precision, Target
from app.platforms.http import PageAnswer
from app.platforms.sandbox.world import AccountState, World
from app.platforms.sandbox.youtube_pages import shortened
from app.platforms.youtube_page import read_channel_page
from tests.platforms.wire import (
    JSON_VALUES,
    KEY,
    Answer,
    account,
    adapter,
    order,
    sandbox_of,
    stored,
)

CHANNEL = "UCabcdefghijklmnopqrstuv"
TARGET = Target("humas", CHANNEL)
WORLD = World(
    youtube_key=KEY,
    accounts=(
        account(Platform.YOUTUBE, CHANNEL, "humas", 45_278),
        account(Platform.YOUTUBE, "UCadult_______________01", "adult", 9, AccountState.PRIVATE),
        account(Platform.YOUTUBE, "UChidden______________01", "hidden", 9, AccountState.HIDDEN),
        account(Platform.YOUTUBE, "UCended_______________01", "ended", 9, AccountState.SUSPENDED),
    ),
)


@pytest.fixture
def sandbox() -> httpx.ASGITransport:
    return sandbox_of(WORLD)


async def ask_alone(transport: httpx.AsyncBaseTransport, target: Target) -> Any:
    return (await adapter(Platform.YOUTUBE, transport, pages=True, keys={}).counts([target]))[
        target
    ]


async def test_a_page_gives_an_interval_where_there_is_no_key(sandbox):
    assert await ask_alone(sandbox, TARGET) == CountReading(
        CHANNEL, "humas", 45_150, 45_299, "45.2K subscribers", Precision.ABBREVIATED, "youtube:page"
    )


async def test_a_page_steps_in_when_the_quota_is_spent(sandbox):
    await order(sandbox, "faults", platform="youtube", fault="quota_exceeded")
    asking = adapter(Platform.YOUTUBE, sandbox, pages=True)
    found = (await asking.counts([TARGET]))[TARGET]
    assert isinstance(found, CountReading)
    assert found.source == "youtube:page"


async def test_pages_that_are_off_are_never_asked(sandbox):
    await order(sandbox, "faults", platform="youtube", fault="quota_exceeded")
    with pytest.raises(base.RateLimited):
        await adapter(Platform.YOUTUBE, sandbox).counts([TARGET])


@pytest.mark.parametrize(
    ("target", "error"),
    [
        (Target("adult"), base.NotSupported),
        (Target("hidden"), base.NotSupported),
        (Target("ended"), base.AccountSuspended),
        (Target("nobody"), base.AccountGone),
        (Target("humas", "UCnobody______________01"), base.AccountGone),
    ],
)
async def test_who_shows_no_count_is_told_apart(sandbox, target, error):
    assert type(await ask_alone(sandbox, target)) is error


async def test_a_page_is_asked_for_in_english_with_consent_and_a_safe_path():
    asked = []

    def answer(request: httpx.Request) -> Answer:
        asked.append(request)
        return 404, "<html></html>"

    found = await ask_alone(stored(answer), Target("../x"))
    assert isinstance(found, base.AccountGone)
    (request,) = asked
    assert request.url.raw_path == b"/pages/youtube/@..%2Fx?hl=en"
    assert request.headers["cookie"] == "SOCS=CAI"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("rate_limited", base.RateLimited),
        ("server_error", base.Unavailable),
        ("truncated", base.ParseFailed),
        ("login_page", base.LoginWall),
        ("redirect_loop", base.LoginWall),
        ("gzip_bomb", base.ParseFailed),
        ("deep_json", base.ParseFailed),
        ("negative_count", base.ParseFailed),
        ("garbage_count", base.ParseFailed),
        ("renamed_id", base.Ambiguous),
        ("short_answer", base.AccountGone),
        ("hang", base.Unavailable),
    ],
)
async def test_every_fault_of_a_page_ends_in_a_typed_outcome(sandbox, fault, error):
    await order(sandbox, "faults", platform="youtube", fault=fault, times=9, seconds=5)
    asking = adapter(Platform.YOUTUBE, sandbox, pages=True, keys={}, deadline=0.5)
    assert type((await asking.counts([TARGET]))[TARGET]) is error


async def test_a_sign_in_page_is_blocked_and_never_missing(sandbox):
    await order(sandbox, "faults", platform="youtube", fault="login_page")
    asking = adapter(Platform.YOUTUBE, sandbox, pages=True, keys={})
    found = (await asking.existence([TARGET]))[TARGET]
    assert isinstance(found, Existence)
    assert found.state is ExistenceState.BLOCKED


def page(data: Any, *, status: int = 200, language: str = "en", head: str = "") -> PageAnswer:
    script = json.dumps(data).replace("</", "<\\/")
    text = (
        f'<!DOCTYPE html><html style="" lang="{language}"><head>{head}</head><body>'
        f"<script>var ytInitialData = {script};</script></body></html>"
    )
    return PageAnswer(status, text, {})


def alert(words: Any, kind: str = "ERROR") -> dict[str, Any]:
    return {"alerts": [{"alertRenderer": {"type": kind, "text": words}}]}


def shown(*parts: str, **more: Any) -> dict[str, Any]:
    rows = [{"metadataParts": [{"text": {"content": each}} for each in parts]}]
    view = {"metadata": {"contentMetadataViewModel": {"metadataRows": rows}}}
    return {
        "header": {"pageHeaderRenderer": {"content": {"pageHeaderViewModel": view}}},
        "metadata": {"channelMetadataRenderer": {"externalId": CHANNEL}},
        **more,
    }


HOME = {"selected": True, "tabIdentifier": "FEwhat_to_watch"}
OLDER = {"c4TabbedHeaderRenderer": {"subscriberCountText": {"simpleText": "84 subscribers"}}}
ERRORS = [
    (page(alert({"simpleText": "This channel does not exist."})), base.AccountGone),
    (page(alert({"runs": [{"text": "It does "}, {"text": "not exist."}]})), base.AccountGone),
    (
        page(alert({"simpleText": "This account has been terminated for a violation of …"})),
        base.AccountSuspended,
    ),
    (
        page(alert({"simpleText": "… received multiple third-party claims of copyright …"})),
        base.AccountSuspended,
    ),
    (
        page(alert({"simpleText": "This channel was removed because it violated our Community …"})),
        base.AccountSuspended,
    ),
    (page(alert({"simpleText": "This channel is not available."})), base.Ambiguous),
    (page(alert({"simpleText": "Channel ini tidak ada."}), language="id"), base.Ambiguous),
    (page(alert(None)), base.Ambiguous),
    (page({}, status=404), base.AccountGone),
    (page({}, status=400), base.Ambiguous),
    (page({}, status=404, head='<form id="captcha-form"></form>'), base.LoginWall),
    (page(shown(), head='<form action="https://consent.youtube.com/save"></form>'), base.LoginWall),
    (page({}), base.ParseFailed),
    (page([]), base.ParseFailed),
    (page({"metadata": shown()["metadata"], "header": {}}), base.ParseFailed),
    (PageAnswer(200, "<html></html>", {}), base.ParseFailed),
    (PageAnswer(200, "var ytInitialData = {", {}), base.ParseFailed),
    (page(shown(contents={"tabRenderer": HOME})), base.AccountGone),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "error"), ERRORS)
def test_what_a_page_says_instead_of_a_channel(answer, error):
    with pytest.raises(error) as raised:
        read_channel_page(answer)
    assert raised.type is error


COUNTS = [
    (page(shown("@humas", "25m subscribers", "1.2K videos")), (24_500_000, 25_999_999)),
    (page(shown("1 subscriber")), (1, 1)),
    (page(shown("7,2\u00a0rb subscriber"), language="id-ID"), (7_150, 7_299)),
    (page(shown("9.38M subscribers", **alert("x", "INFO"))), (9_375_000, 9_389_999)),
    (page({**shown(), "header": OLDER}), (84, 84)),
    (page(shown("@humas", about={"subscriberCountText": "47 subscribers"})), (47, 47)),
    (page(shown("9 subscribers", topbar={"browseId": "FEwhat_to_watch"})), (9, 9)),
    (page(shown("9 subscribers", contents={"tabRenderer": {**HOME, "selected": False}})), (9, 9)),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "interval"), COUNTS)
def test_a_count_is_read_in_the_language_of_its_page(answer, interval):
    count = read_channel_page(answer).count()
    assert (count.least, count.most) == interval


UNREADABLE = [
    (page(shown("7,2 rb subscriber")), base.ParseFailed),
    (page(shown("7.2K subscribers"), language="de"), base.ParseFailed),
    (page(shown(f"{'9' * 5000} subscribers")), base.ParseFailed),
    (page(shown("@humas")), base.NotSupported),
    (page({"x": {"channelAgeGateRenderer": {}}}), base.NotSupported),
]


@pytest.mark.parametrize(("answer", "error"), UNREADABLE)
def test_what_is_no_count_is_never_one(answer, error):
    with pytest.raises(error):
        read_channel_page(answer).count()


@given(st.text() | JSON_VALUES.map(lambda data: page(data).text), st.sampled_from([200, 404, 500]))
def test_any_page_is_a_channel_or_a_typed_error(text, status):
    try:
        read_channel_page(PageAnswer(status, text, {}))
    except base.PlatformError:
        return


@given(JSON_VALUES, JSON_VALUES, JSON_VALUES)
async def test_hostile_data_in_the_right_places_counts_nothing(rows, alerts, header):
    data = {"alerts": alerts, "header": {"metadataParts": rows, "a": header}, "metadata": rows}
    assert isinstance(
        await ask_alone(stored(lambda _: (200, page(data).text)), TARGET), base.PlatformError
    )


@pytest.mark.parametrize(
    ("count", "english", "indonesian"),
    [
        (999, "999", "999"),
        (1_000, "1K", "1\u00a0rb"),
        (8_582, "8.58K", "8,58\u00a0rb"),
        (45_278, "45.2K", "45,2\u00a0rb"),
        (123_999, "123K", "123\u00a0rb"),
        (1_050_000, "1.05M", "1,05\u00a0jt"),
    ],
)
def test_the_sandbox_cuts_counts_as_pages_do(count, english, indonesian):
    assert shortened(count, english=True) == english
    assert shortened(count, english=False) == indonesian
