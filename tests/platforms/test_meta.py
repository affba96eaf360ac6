"""What the three Graph APIs share: errors by code, limits by header, and every fault."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.platforms import base
from app.platforms.base import CountReading, Existence, ExistenceState, PlatformError, Target
from app.platforms.meta import Seen, existence_from
from tests.platforms.meta_world import (
    FB,
    IG,
    META,
    NOBODY,
    NOW,
    OFFICIAL,
    TH,
    adapter,
    count,
    existence,
    order,
    refusing,
    sandbox,
    saying,
    showing,
)

EVERYWHERE = pytest.mark.parametrize("platform", META)
GRAPH_ERRORS = [
    pytest.param(1, {}, base.Unavailable, id="1-unknown"),
    pytest.param(2, {}, base.Unavailable, id="2-service"),
    pytest.param(3, {}, base.CredentialsBad, id="3-capability"),
    pytest.param(4, {}, base.RateLimited, id="4-app-limit"),
    pytest.param(4, {"is_transient": True}, base.RateLimited, id="4-limit-called-transient"),
    pytest.param(10, {}, base.CredentialsBad, id="10-permission"),
    pytest.param(17, {}, base.RateLimited, id="17-user-limit"),
    pytest.param(32, {}, base.RateLimited, id="32-page-limit"),
    pytest.param(100, {"error_subcode": 33}, base.Ambiguous, id="100-33-two-meanings"),
    pytest.param(100, {}, base.Ambiguous, id="100-reviewable-feature"),
    pytest.param(102, {}, base.CredentialsBad, id="102-session"),
    pytest.param(110, {"error_subcode": 2207013}, base.Ambiguous, id="110-2207013"),
    pytest.param(190, {}, base.CredentialsBad, id="190-token"),
    pytest.param(190, {"error_subcode": 463}, base.CredentialsBad, id="190-463-expired"),
    pytest.param(1900, {"error_subcode": 458}, base.CredentialsBad, id="458-not-installed"),
    pytest.param(1900, {"error_subcode": 459}, base.CredentialsBad, id="459-checkpoint"),
    pytest.param(1900, {"error_subcode": 460}, base.CredentialsBad, id="460-password"),
    pytest.param(200, {}, base.CredentialsBad, id="200-permission"),
    pytest.param(230, {}, base.NotSupported, id="230-no-consent"),
    pytest.param(299, {}, base.CredentialsBad, id="299-permission"),
    pytest.param(300, {}, base.Ambiguous, id="300-no-permission-code"),
    pytest.param(341, {}, base.RateLimited, id="341-limit"),
    pytest.param(368, {}, base.RateLimited, id="368-policy"),
    pytest.param(613, {}, base.RateLimited, id="613-limit"),
    pytest.param(803, {}, base.Ambiguous, id="803-alias"),
    pytest.param(80002, {}, base.RateLimited, id="80002-instagram-limit"),
    pytest.param(99999, {}, base.Ambiguous, id="unknown-code"),
    pytest.param(99999, {"is_transient": True}, base.Unavailable, id="unknown-but-transient"),
]


@EVERYWHERE
@pytest.mark.parametrize("status", [200, 400, 403, 404])
@pytest.mark.parametrize(("code", "more", "error"), GRAPH_ERRORS)
async def test_errors_mean_what_their_code_says_whatever_the_status(
    platform, status, code, more, error
):
    transport = httpx.MockTransport(saying(refusing(code, **more), status))
    assert type(await count(adapter(platform, transport), OFFICIAL[platform])) is error


@EVERYWHERE
@pytest.mark.parametrize(
    ("message", "error"),
    [
        pytest.param(
            "(#100) Object does not exist, cannot be loaded due to missing permission or "
            "reviewable feature, or does not support this operation.",
            base.Ambiguous,
            id="feature-missing",
        ),
        pytest.param(
            "Pages Public Content Access requires either app secret proof or an app token",
            base.CredentialsBad,
            id="wrong-kind-of-token",
        ),
    ],
)
async def test_one_code_has_two_real_messages(platform, message, error):
    transport = httpx.MockTransport(saying(refusing(100, message), 400))
    assert type(await count(adapter(platform, transport), OFFICIAL[platform])) is error


BUC = "x-business-use-case-usage"


def business(minutes: object, call_count: int = 1) -> str:
    entry = {"type": "pages", "call_count": call_count, "total_cputime": 1, "total_time": 1}
    return json.dumps({"112130216863063": [{**entry, "estimated_time_to_regain_access": minutes}]})


def app_usage(call_count: object) -> str:
    return json.dumps({"call_count": call_count, "total_cputime": 15, "total_time": 12})


@pytest.mark.parametrize(
    ("code", "headers", "minutes"),
    [
        pytest.param(4, {BUC: business(19)}, 19, id="regain-is-minutes"),
        pytest.param(4, {BUC: business(19), "retry-after": "90"}, 1.5, id="retry-after-is-exact"),
        pytest.param(80002, {BUC: business(10**5)}, 5, id="absurd-minutes-are-not-believed"),
        pytest.param(4, {BUC: business(1000)}, 1000, id="minutes-are-no-percentage"),
        pytest.param(4, {BUC: business(1440 + 60)}, 1440, id="at-most-a-day"),
        pytest.param(4, {"x-app-usage": app_usage(100)}, 5, id="full-without-a-moment"),
        pytest.param(4, {"x-app-usage": "{broken"}, 5, id="broken-header"),
        pytest.param(4, {}, 5, id="nothing-told"),
        pytest.param(368, {}, 60, id="policy-rests-longer"),
    ],
)
async def test_when_to_ask_again_after_a_limit(code, headers, minutes):
    transport = httpx.MockTransport(saying(refusing(code), 400, headers))
    outcome = await count(adapter(IG, transport), OFFICIAL[IG])
    assert isinstance(outcome, base.RateLimited)
    assert outcome.retry_at == NOW + timedelta(minutes=minutes)


@EVERYWHERE
@pytest.mark.parametrize("status", [400, 401, 403, 404])
@pytest.mark.parametrize("body", [{}, {"error": "no"}, {"error": {"code": True}}, [], "text"])
async def test_a_refusal_without_an_error_is_not_understood(platform, status, body):
    transport = httpx.MockTransport(saying(body, status))
    assert type(await count(adapter(platform, transport), OFFICIAL[platform])) is base.ParseFailed


FAULTS = [
    ("cut_off", base.Unavailable),
    ("deep_json", base.ParseFailed),
    ("garbage_count", base.ParseFailed),
    ("gzip_bomb", base.ParseFailed),
    ("hang", base.Unavailable),
    ("login_page", base.LoginWall),
    ("negative_count", base.ParseFailed),
    ("rate_limited", base.RateLimited),
    ("redirect_loop", base.LoginWall),
    ("server_error", base.Unavailable),
    ("slow", base.Unavailable),
    ("truncated", base.ParseFailed),
]
ON_THE_API = [("expired_token", base.CredentialsBad), ("short_answer", base.Ambiguous)]


@EVERYWHERE
@pytest.mark.parametrize(
    ("fault", "error"),
    [*FAULTS, *ON_THE_API, ("renamed_id", base.Ambiguous), ("wrong_type", base.LoginWall)],
)
async def test_every_fault_of_the_api_ends_in_a_typed_outcome(platform, fault, error):
    transport = sandbox()
    await order(transport, platform, fault, seconds=5)
    outcome = await count(adapter(platform, transport, deadline=0.5), OFFICIAL[platform])
    assert isinstance(outcome, error), outcome
    for secret in (f"app-{platform}", OFFICIAL[platform].handle, OFFICIAL[platform].platform_id):
        assert str(secret) not in f"{outcome} {outcome.__cause__} {outcome.__context__}"


# Another id on a page cannot be compared with a Graph id, so `renamed_id` is tested beside.
@EVERYWHERE
@pytest.mark.parametrize(("fault", "error"), [*FAULTS, ("short_answer", base.Ambiguous)])
async def test_every_fault_of_the_pages_ends_in_a_typed_outcome(platform, fault, error):
    transport = sandbox()
    await order(transport, platform, fault, seconds=5)
    asking = adapter(platform, transport, pages=True, keys=False, deadline=0.5)
    assert isinstance(await count(asking, OFFICIAL[platform]), error)


# Existence does not read the count, so a spoilt count is no fault of it.
@EVERYWHERE
@pytest.mark.parametrize(("fault", "error"), [each for each in FAULTS if "count" not in each[0]])
async def test_no_fault_makes_an_account_exist_or_go(platform, fault, error):
    transport = sandbox()
    await order(transport, platform, fault, seconds=5)
    for pages in (False, True):
        asking = adapter(platform, transport, pages=pages, keys=not pages, deadline=0.5)
        outcome = await existence(asking, OFFICIAL[platform])
        if issubclass(error, base.LoginWall):
            assert isinstance(outcome, Existence)
            assert outcome.state is ExistenceState.BLOCKED
        else:
            assert isinstance(outcome, error)


@EVERYWHERE
async def test_a_limit_is_not_walked_around_by_the_page(platform):
    transport = sandbox()
    await order(transport, platform, "rate_limited", seconds=90, times=1)
    outcome = await count(adapter(platform, transport, pages=True), OFFICIAL[platform])
    assert isinstance(outcome, base.RateLimited)
    assert outcome.retry_at == NOW + timedelta(seconds=90)


@EVERYWHERE
async def test_a_refused_token_hands_on_to_the_page(platform):
    transport = sandbox()
    await order(transport, platform, "expired_token", times=1)
    outcome = await count(adapter(platform, transport, pages=True), OFFICIAL[platform])
    assert isinstance(outcome, CountReading)
    assert outcome.source == f"{platform}:page"


@EVERYWHERE
async def test_a_refused_token_stays_in_sight_where_the_page_is_closed(platform):
    transport = sandbox()
    await order(transport, platform, "expired_token", times=1)
    await order(transport, platform, "login_page")
    outcome = await count(adapter(platform, transport, pages=True), OFFICIAL[platform])
    assert isinstance(outcome, base.CredentialsBad)


@EVERYWHERE
async def test_without_a_key_the_setting_is_named(platform):
    outcome = await count(adapter(platform, sandbox(), keys=False), OFFICIAL[platform])
    assert isinstance(outcome, base.CredentialsBad)
    assert f"SIMEDSOS_{platform.upper()}_" in outcome.reason


@EVERYWHERE
async def test_pages_are_left_alone_unless_they_are_switched_on(platform):
    paths = []

    def answer(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.path)
        return saying(refusing(190), 400)(request)

    asking = adapter(platform, httpx.MockTransport(answer))
    await asking.counts([OFFICIAL[platform]])
    await asking.existence([OFFICIAL[platform]])
    assert paths
    assert not [path for path in paths if path.startswith("/pages/")]


HANDLES = ["a)b", "a{b}", "../me", "a/b", "a?b", "a,b", "", "a b", "\u202ebudi", "x" * 200]


@EVERYWHERE
@pytest.mark.parametrize("handle", HANDLES)
async def test_what_cannot_be_a_handle_is_never_sent(platform, handle):
    def refuse(_: httpx.Request) -> httpx.Response:
        raise AssertionError("asked")

    asking = adapter(platform, httpx.MockTransport(refuse), pages=True)
    target = Target(handle)
    assert isinstance(await count(asking, target), base.Ambiguous)
    told = await existence(asking, target)
    assert isinstance(told, Existence)
    assert told.state is ExistenceState.AMBIGUOUS


@EVERYWHERE
async def test_every_target_is_answered_and_none_left_out(platform):
    targets = [OFFICIAL[platform], NOBODY, Target("a)b"), Target("budi.demo"), Target("kecil.demo")]
    asking = adapter(platform, sandbox())
    assert set(await asking.counts(targets)) == set(targets)
    assert set(await asking.existence(targets)) == set(targets)
    assert await asking.counts([]) == {}


NAMES = st.sampled_from([
    "error", "code", "error_subcode", "message", "id", "username", "followers_count", "data",
    "business_discovery", "follower_count", "name", "total_value", "value", FB, "61550000000001",
    "xig_user_by_username", "pk", "is_private", "profile_social_context", "content", "text",
])  # fmt: skip
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=20,
)


def typed(outcome: Any) -> bool:
    if isinstance(outcome, CountReading):
        return 0 <= outcome.followers_min <= outcome.followers_max
    return isinstance(outcome, PlatformError) and not isinstance(outcome, base.AccountGone)


@EVERYWHERE
@given(body=JSONS, status=st.sampled_from([200, 400, 403]))
async def test_any_json_ends_in_a_typed_outcome(platform, body, status):
    asking = adapter(platform, httpx.MockTransport(saying(body, status)))
    assert typed(await count(asking, OFFICIAL[platform]))


@EVERYWHERE
@given(body=JSONS, status=st.sampled_from([200, 400, 404]))
async def test_any_data_in_a_page_ends_in_a_typed_outcome(platform, body, status):
    page = f'<script type="application/json" data-sjs>{json.dumps(body)}</script>'
    asking = adapter(platform, httpx.MockTransport(showing(page, status)), pages=True, keys=False)
    assert typed(await count(asking, OFFICIAL[platform]))


@EVERYWHERE
@given(html=st.text(max_size=200), status=st.sampled_from([200, 400, 401, 404]))
async def test_any_page_ends_in_a_typed_outcome(platform, html, status):
    asking = adapter(platform, httpx.MockTransport(showing(html, status)), pages=True, keys=False)
    outcome = await count(asking, OFFICIAL[platform])
    assert typed(outcome)
    assert not isinstance(outcome, CountReading)


def test_what_each_can_tell_is_told_as_it_is():
    told = {each: adapter(each, sandbox()).capabilities for each in META}
    assert {each for each in META if told[each].membership_pairs} == {IG}
    assert {each for each in META if told[each].owner_export} == {IG, TH}
    assert not [each for each in META if told[each].membership_list]
    assert {told[each].batch_size for each in (IG, TH)} == {1}
    assert told[FB].batch_size == told[FB].existence_batch == 50


@pytest.mark.parametrize(
    ("known", "seen"),
    [
        pytest.param("17841400000000001", Seen("p", ("123456789",), "budi"), id="page-after-api"),
        pytest.param("123456789", Seen("a", ("17841400000000001",), "budi"), id="api-after-page"),
        pytest.param(
            "100044561550831", Seen("p", ("61550000000001", "100044561550831"), None), id="two"
        ),
    ],
)
def test_another_route_does_not_make_a_known_account_another_one(known, seen):
    told = existence_from(Target("budi", known), seen)
    assert isinstance(told, Existence)
    assert (told.state, told.platform_id) == (ExistenceState.EXISTS, known)
