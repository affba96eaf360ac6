"""Who follows an account on X: pairs as the account sees them, and lists to their end."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.platforms import base
from app.platforms.base import (
    CountReading,
    Existence,
    ExistenceState,
    Follower,
    PairReading,
    PlatformError,
    Target,
)
from tests.platforms.wire import (
    JSON_VALUES,
    Answer,
    list_error,
    listed,
    order,
    pairs,
    sandbox_of,
    stored,
)
from tests.platforms.x_wire import (
    BEARER,
    CLOSED,
    CROWD,
    FAN,
    GONE,
    HUMAS,
    OFF,
    OFFICIAL,
    OUT,
    TAKEN,
    WORLD,
    counted,
    problem,
    user,
    x,
)


@pytest.fixture
def sandbox() -> httpx.ASGITransport:
    return sandbox_of(WORLD)


async def test_pairs_are_told_as_the_official_account_sees_them(sandbox):
    others = [Target(f"crowd{each}", each if int(each) % 3 else None) for each in CROWD]
    expected: dict[Target, object] = {
        each: int(each.handle.removeprefix("crowd")) % 2 == 0 for each in others
    }
    expected |= {
        Target("closed"): False,
        Target("taken"): base.AccountSuspended,
        Target("off", OFF): base.AccountGone,
        Target("nobody"): base.AccountGone,
        Target("a b"): base.Ambiguous,
    }
    asked = [each for each in expected if isinstance(each, Target)]
    assert await pairs(x(sandbox), HUMAS, asked) == expected


async def test_pairs_need_the_official_accounts_own_token(sandbox):
    with pytest.raises(base.CredentialsBad):
        await x(sandbox).follows(Target("humas_x", OFFICIAL), [Target("fan_1")])
    app = Target("humas_x", OFFICIAL, access_token=BEARER)
    # The app has no viewer, so the field is not there, and nothing is a no.
    assert await pairs(x(sandbox), app, [Target("fan_1")]) == {Target("fan_1"): base.NotSupported}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"connection_status": ["followed_by"]}, True, id="followed-by"),
        pytest.param({"connection_status": ["following", "followed_by"]}, True, id="both"),
        pytest.param({"connection_status": []}, False, id="empty"),
        pytest.param({"connection_status": ["none"]}, False, id="none"),
        pytest.param({"connection_status": ["following"]}, False, id="following-only"),
        pytest.param({"connection_status": ["follow_request_received"]}, False, id="asked-only"),
        pytest.param({}, base.NotSupported, id="absent"),
        pytest.param({"connection_status": None}, base.NotSupported, id="null"),
        pytest.param({"connection_status": "followed_by"}, base.ParseFailed, id="no-list"),
        pytest.param({"connection_status": [1]}, base.ParseFailed, id="no-words"),
    ],
)
async def test_only_a_list_without_followed_by_is_a_no(fields, expected):
    fan = Target("fan_1", FAN)
    asking = x(stored(lambda _: (200, {"data": [user(**fields)]})))
    assert await pairs(asking, HUMAS, [fan]) == {fan: expected}


async def test_a_no_after_a_block_is_marked_as_no_choice():
    fan, body = Target("fan_1", FAN), {"data": [user(connection_status=["blocking"])]}
    found = await x(stored(lambda _: (200, body))).follows(HUMAS, [fan])
    assert found[fan] == PairReading(follows=False, source="x:connection_status", blocked=True)


@pytest.mark.parametrize(
    "official",
    [
        pytest.param(HUMAS, id="as-itself"),
        pytest.param(Target("humas_x", OFFICIAL), id="as-the-app"),
        pytest.param(Target("Humas_X"), id="by-handle"),
    ],
)
async def test_a_list_is_read_to_its_end(sandbox, official):
    pages = await listed(x(sandbox), official)
    assert [len(page) for page in pages] == [1000, 1000, 450]
    everyone = [each for page in pages for each in page]
    assert len(set(everyone)) == 2_450
    assert Follower(FAN, "Fan_1") in everyone


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("cursor_loop", base.ParseFailed),
        ("duplicate_pages", base.ParseFailed),
        ("hidden_list", base.NotSupported),
        ("rate_limited", base.RateLimited),
        ("credits_exhausted", base.CreditsExhausted),
        ("expired_token", base.CredentialsBad),
        ("server_error", base.Unavailable),
        ("truncated", base.ParseFailed),
        ("login_page", base.LoginWall),
    ],
)
async def test_a_spoilt_list_never_ends_as_a_whole_one(sandbox, fault, error):
    # The first answer is the look-up of the account, which comes unspoilt.
    await order(sandbox, "faults", platform="x", fault="hang", seconds=0)
    await order(sandbox, "faults", platform="x", fault=fault, times=9)
    assert type(await list_error(x(sandbox), HUMAS)) is error


@pytest.mark.parametrize(
    ("official", "error"),
    [
        pytest.param(Target("nobody"), base.AccountGone, id="missing"),
        pytest.param(Target("taken", TAKEN), base.AccountSuspended, id="suspended"),
        pytest.param(Target("closed", CLOSED), base.NotSupported, id="protected"),
        pytest.param(Target("a/b"), base.Ambiguous, id="malformed"),
        pytest.param(Target("humas_x", "1/../2"), base.Ambiguous, id="a-path-for-an-id"),
    ],
)
async def test_an_account_that_shows_no_list_has_no_empty_one(sandbox, official, error):
    assert type(await list_error(x(sandbox), official)) is error


def follower(platform_id: str) -> dict[str, Any]:
    return {"id": platform_id, "username": f"u{platform_id}"}


def paging(*pages: Mapping[str, Any]) -> httpx.MockTransport:
    waiting = list(pages)

    def answer(request: httpx.Request) -> Answer:
        if request.url.path.endswith("/users"):
            return 200, {"data": [user(OFFICIAL, "humas_x")]}
        return 200, waiting.pop(0) if len(waiting) > 1 else waiting[0]

    return stored(answer)


def page(*ids: str, count: object = None, **meta: Any) -> dict[str, Any]:
    told = {"result_count": len(ids) if count is None else count, **meta}
    return {"data": [follower(each) for each in ids], "meta": told}


@pytest.mark.parametrize(
    ("pages", "error"),
    [
        pytest.param([page("1", next_token="a")], base.ParseFailed, id="always-the-same"),
        pytest.param(
            [
                page("1", next_token="a"),
                page("2", next_token="b"),
                page("3", next_token="a"),
                page("4"),
            ],
            base.ParseFailed,
            id="a-token-again",
        ),
        pytest.param(
            [page("1", next_token="a"), page("2", next_token="b"), page("1")],
            base.ParseFailed,
            id="a-page-again",
        ),
        pytest.param([page("1", count=2)], base.ParseFailed, id="fewer-than-it-says"),
        pytest.param([page("1", next_token="")], base.ParseFailed, id="an-empty-token"),
        pytest.param([{"data": [follower("1")]}], base.ParseFailed, id="no-meta"),
        pytest.param([{"meta": {}}], base.ParseFailed, id="no-count"),
        pytest.param([{}], base.ParseFailed, id="nothing"),
        pytest.param(
            [{"data": [{"id": "1"}], "meta": {"result_count": 1}}], base.ParseFailed, id="no-name"
        ),
        pytest.param(
            [page("1") | {"errors": [problem("resource-not-found", *GONE)]}],
            base.Ambiguous,
            id="problems-beside-a-page",
        ),
        pytest.param(
            [{"errors": [problem("resource-not-found", *OUT)]}], base.AccountSuspended, id="out"
        ),
    ],
)
async def test_a_list_that_is_not_understood_is_refused(pages, error):
    assert type(await list_error(x(paging(*pages)), HUMAS)) is error


async def test_an_account_without_followers_has_an_empty_list():
    assert await listed(x(paging({"meta": {"result_count": 0}})), HUMAS) == [[]]


@given(body=JSON_VALUES | st.fixed_dictionaries({"data": JSON_VALUES, "errors": JSON_VALUES}))
async def test_no_answer_makes_a_no_or_a_count_out_of_nothing(body):
    asking, fan = x(stored(lambda _: (200, body))), Target("fan_1", FAN)
    assert isinstance(await counted(asking, fan), PlatformError)
    told = (await asking.existence([fan]))[fan]
    assert isinstance(told, PlatformError) or told.state is ExistenceState.BLOCKED
    assert isinstance((await asking.follows(HUMAS, [fan]))[fan], PlatformError)
    assert await list_error(asking, HUMAS) is not None


WORDS = st.sampled_from(["followed_by", "following", "none"]) | st.text(max_size=3)


@given(
    status=st.lists(WORDS, max_size=3) | JSON_VALUES,
    metrics=JSON_VALUES | st.fixed_dictionaries({"followers_count": JSON_VALUES}),
    protected=JSON_VALUES,
)
async def test_fields_of_any_kind_are_answers_only_in_their_own_form(status, metrics, protected):
    seen = user(connection_status=status, public_metrics=metrics, protected=protected)
    asking, fan = x(stored(lambda _: (200, {"data": [seen]}))), Target("fan_1", FAN)
    pair = (await asking.follows(HUMAS, [fan]))[fan]
    words = isinstance(status, list) and all(isinstance(each, str) for each in status)
    assert isinstance(pair, PairReading) == words
    if isinstance(pair, PairReading):
        assert pair.follows == ("followed_by" in status)
    reading = await counted(asking, fan)
    if isinstance(reading, CountReading):
        assert reading.followers_min == metrics["followers_count"] >= 0
    told = (await asking.existence([fan]))[fan]
    assert isinstance(told, Existence) == isinstance(protected, bool)
