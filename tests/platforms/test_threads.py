"""Threads: its own insights, the lookup of others, and pages where missing looks like a wall."""

from dataclasses import replace

import httpx
import pytest

from app.platforms import base
from app.platforms.base import CountReading, Existence, ExistenceState, Precision, Target
from tests.platforms.meta_world import (
    NOBODY,
    OFFICIAL,
    OWN,
    TH,
    TH_ID,
    adapter,
    count,
    data_sjs,
    existence,
    sandbox,
    saying,
    showing,
)

PEMPROV = OFFICIAL[TH]
CONNECTED = replace(PEMPROV, access_token=OWN[TH])
WEB_ID = "6000000001"


def exactly(followers: int, platform_id: str | None, handle: str, source: str) -> CountReading:
    return CountReading(
        platform_id, handle, followers, followers, str(followers), Precision.EXACT, source
    )


async def test_a_connected_account_is_read_by_its_insights():
    reading = await count(adapter(TH, sandbox(), keys=False), CONNECTED)
    assert reading == exactly(1_940, TH_ID, "pemprov_demo", "threads:threads_insights")


async def test_any_other_public_account_by_lookup():
    reading = await count(adapter(TH, sandbox()), Target("budi.demo"))
    assert reading == exactly(412, TH_ID[:-1] + "2", "budi.demo", "threads:profile_lookup")


async def test_an_own_token_that_is_refused_leaves_the_app_to_ask():
    reading = await count(adapter(TH, sandbox()), replace(PEMPROV, access_token="revoked"))
    assert isinstance(reading, CountReading)
    assert reading.source == "threads:profile_lookup"


@pytest.mark.parametrize(
    "handle",
    ["kecil.demo", "tertutup.demo", "ditangguhkan.demo", "dimatikan.demo", NOBODY.handle],
    ids=["below-100-followers", "private", "suspended", "deactivated", "missing"],
)
async def test_whom_the_lookup_does_not_show_may_still_be_there(handle):
    asking = adapter(TH, sandbox())
    assert isinstance(await count(asking, Target(handle)), base.Ambiguous)
    assert await existence(asking, Target(handle)) == Existence(
        ExistenceState.AMBIGUOUS, "threads:profile_lookup"
    )


FOUND = {"id": TH_ID, "username": "pemprov_demo", "follower_count": 7}


@pytest.mark.parametrize(
    ("target", "body", "error"),
    [
        pytest.param(
            PEMPROV, {"id": TH_ID, "username": "pemprov_demo"}, base.ParseFailed, id="no-count"
        ),
        pytest.param(
            PEMPROV,
            {"id": TH_ID, "username": "pemprov_demo", "followers_count": 7},
            base.ParseFailed,
            id="count-by-another-name",
        ),
        pytest.param(PEMPROV, {**FOUND, "id": "9" * 16}, base.Ambiguous, id="another-id"),
        pytest.param(
            Target("pemprov_demo"), {**FOUND, "username": "x"}, base.Ambiguous, id="another-handle"
        ),
        pytest.param(
            Target("pemprov_demo"),
            {"username": "pemprov_demo", "follower_count": 7},
            base.ParseFailed,
            id="no-id-and-none-known",
        ),
        pytest.param(PEMPROV, {"username": "x", "follower_count": 7}, base.Ambiguous, id="no-id"),
    ],
)
async def test_a_lookup_is_read_or_refused(target, body, error):
    asking = adapter(TH, httpx.MockTransport(saying(body)))
    assert type(await count(asking, target)) is error


async def test_a_lookup_without_an_id_counts_for_the_id_that_is_known():
    body = {"username": "pemprov_demo", "follower_count": 7}
    reading = await count(adapter(TH, httpx.MockTransport(saying(body))), PEMPROV)
    assert reading == exactly(7, TH_ID, "pemprov_demo", "threads:profile_lookup")


METRIC = {"name": "followers_count", "period": "day", "total_value": {"value": 9}}


@pytest.mark.parametrize(
    ("insights", "error"),
    [
        pytest.param({}, base.ParseFailed, id="no-data"),
        pytest.param({"data": []}, base.ParseFailed, id="empty"),
        pytest.param({"data": [{**METRIC, "name": "views"}]}, base.ParseFailed, id="other-metric"),
        pytest.param({"data": [METRIC, METRIC]}, base.ParseFailed, id="twice"),
        pytest.param(
            {"data": [{**METRIC, "total_value": {}}]}, base.ParseFailed, id="total-without-value"
        ),
        pytest.param(
            {"data": [{**METRIC, "total_value": 9}]}, base.ParseFailed, id="total-is-no-object"
        ),
        pytest.param({"data": [METRIC]}, None, id="understood"),
    ],
)
async def test_insights_are_read_or_not_understood(insights, error):
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/me"):
            return saying({"id": TH_ID, "username": "pemprov_demo"})(request)
        assert request.url.params["metric"] == "followers_count"
        return saying(insights)(request)

    outcome = await count(adapter(TH, httpx.MockTransport(answer)), CONNECTED)
    if error is None:
        assert outcome == exactly(9, TH_ID, "pemprov_demo", "threads:threads_insights")
    else:
        assert type(outcome) is error


async def test_a_token_of_another_account_is_ambiguous():
    other = Target("kecil.demo", TH_ID[:-1] + "6", OWN[TH])
    assert isinstance(await count(adapter(TH, sandbox()), other), base.Ambiguous)


@pytest.mark.parametrize(
    ("handle", "state"),
    [
        pytest.param("pemprov_demo", ExistenceState.EXISTS, id="public"),
        pytest.param("kecil.demo", ExistenceState.EXISTS, id="too-small-for-the-api"),
        pytest.param("tertutup.demo", ExistenceState.PRIVATE, id="private"),
        pytest.param("ditangguhkan.demo", ExistenceState.AMBIGUOUS, id="suspended"),
        pytest.param(NOBODY.handle, ExistenceState.AMBIGUOUS, id="missing-or-wall"),
    ],
)
@pytest.mark.parametrize("keys", [False, True], ids=["page-alone", "after-the-api"])
async def test_the_page_tells_more_but_never_missing(handle, state, keys):
    told = await existence(adapter(TH, sandbox(), pages=True, keys=keys), Target(handle))
    assert isinstance(told, Existence)
    assert told.state is state


async def test_the_pages_count_is_the_asked_accounts_and_exact():
    """The page carries the count of an account that it suggests, too."""
    reading = await count(adapter(TH, sandbox(), pages=True, keys=False), Target("Kecil.Demo"))
    assert reading == exactly(57, None, "kecil.demo", "threads:page")


async def test_the_page_is_opened_as_a_browser_opens_it():
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return showing("")(request)

    asking = adapter(TH, httpx.MockTransport(answer), pages=True, keys=False)
    await count(asking, PEMPROV)
    assert asked[0].url.path == "/pages/threads/@pemprov_demo"
    assert asked[0].headers["sec-fetch-mode"] == "navigate"
    assert asked[0].headers["accept-language"] == "en-US"


@pytest.mark.parametrize(
    ("known", "outcome"),
    [
        pytest.param(TH_ID, CountReading, id="api-id-is-not-compared"),
        pytest.param(WEB_ID, CountReading, id="same-web-id"),
        pytest.param("6000000002", base.Ambiguous, id="another-web-id"),
    ],
)
async def test_ids_are_compared_only_within_a_route(known, outcome):
    asking = adapter(TH, sandbox(), pages=True, keys=False)
    assert isinstance(await count(asking, Target("pemprov_demo", known)), outcome)


def user_page(**more: object) -> str:
    user = {"pk": WEB_ID, "username": "pemprov_demo", "follower_count": 7, **more}
    return data_sjs({"require": [["ScheduledServerJS", {"user": user}]]})


LOG_IN = "<title>Threads \u2022 Log in</title><input type='password'>"


@pytest.mark.parametrize(
    ("html", "status", "error"),
    [
        pytest.param(LOG_IN, 200, base.Ambiguous, id="what-a-missing-handle-gets"),
        pytest.param("<title>Log in</title>", 200, base.LoginWall, id="another-login"),
        pytest.param("<input type='password'>", 200, base.LoginWall, id="login-form"),
        pytest.param("<title>Threads</title>", 404, base.Ambiguous, id="404"),
        pytest.param("<title>Threads</title>", 403, base.LoginWall, id="403"),
        pytest.param("<title>Threads</title>", 200, base.ParseFailed, id="no-data"),
        pytest.param(user_page(username="warga"), 200, base.ParseFailed, id="only-another-account"),
        pytest.param(user_page(follower_count="7"), 200, base.ParseFailed, id="count-is-text"),
        pytest.param(user_page(pk=None), 200, base.ParseFailed, id="no-id"),
        pytest.param(
            "<meta property='og:description' content='7 Followers \u2022 3 Threads'>",
            200,
            base.ParseFailed,
            id="og-description-is-not-read",
        ),
    ],
)
async def test_walls_of_the_page(html, status, error):
    asking = adapter(TH, httpx.MockTransport(showing(html, status)), pages=True, keys=False)
    assert type(await count(asking, Target("pemprov_demo"))) is error
    told = await existence(asking, Target("pemprov_demo"))
    assert not (isinstance(told, Existence) and told.state is ExistenceState.MISSING)


async def test_a_redirect_to_the_login_is_a_wall_and_never_missing():
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(302, headers={"location": "https://www.threads.com/accounts/login"})

    asking = adapter(TH, httpx.MockTransport(answer), pages=True, keys=False)
    assert isinstance(await count(asking, NOBODY), base.LoginWall)
    assert await existence(asking, NOBODY) == Existence(ExistenceState.BLOCKED, "threads:page")


async def test_nobody_can_tell_who_follows():
    asking = adapter(TH, sandbox())
    told = await asking.follows(CONNECTED, [NOBODY])
    assert isinstance(told[NOBODY], base.NotSupported)
    with pytest.raises(base.NotSupported):
        await anext(aiter(asking.followers(CONNECTED)))
