"""Instagram: what can be confirmed, what can never be denied, and who follows with consent."""

from dataclasses import replace

import httpx
import pytest

from app.platforms import base
from app.platforms.base import (
    CountReading,
    Existence,
    ExistenceState,
    PairReading,
    Platform,
    Precision,
    Target,
)
from tests.platforms.meta_world import (
    IG,
    IG_ID,
    IG_PERSON,
    NOBODY,
    OFFICIAL,
    OWN,
    adapter,
    count,
    data_sjs,
    existence,
    order,
    refusing,
    sandbox,
    saying,
    showing,
)

PEMPROV = OFFICIAL[IG]
CONNECTED = replace(PEMPROV, access_token=OWN[IG])
WEB_ID = "6000000001"


async def test_business_discovery_counts_by_handle_exactly():
    assert await count(adapter(IG, sandbox()), Target("Pemprov_Demo")) == CountReading(
        IG_ID,
        "pemprov_demo",
        8_582,
        8_582,
        "8582",
        Precision.EXACT,
        "instagram:business_discovery",
    )


async def test_the_request_is_the_documented_one():
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return saying({"business_discovery": {}, "id": "1"})(request)

    await count(adapter(IG, httpx.MockTransport(answer)), PEMPROV)
    assert asked[0].path == "/instagram/v26.0/17841400000000099"
    assert dict(asked[0].params) == {
        "fields": "business_discovery.username(pemprov_demo){id,username,followers_count}",
        "access_token": "app-instagram",
    }


async def test_a_connected_account_is_read_with_its_own_token():
    reading = await count(adapter(IG, sandbox(), keys=False), CONNECTED)
    assert isinstance(reading, CountReading)
    assert (reading.followers_min, reading.source) == (8_582, "instagram:own_account")


async def test_an_own_token_that_is_refused_leaves_the_app_to_ask():
    revoked = replace(PEMPROV, access_token="revoked")
    reading = await count(adapter(IG, sandbox()), revoked)
    assert isinstance(reading, CountReading)
    assert reading.source == "instagram:business_discovery"


async def test_a_web_id_is_no_node_of_the_graph():
    """An id learnt from a page would be somebody else's in the Graph API."""
    paths = []

    def answer(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.path)
        node = {"id": IG_ID, "username": "pemprov_demo", "followers_count": 5}
        return saying({**node, "business_discovery": node})(request)

    asking = adapter(IG, httpx.MockTransport(answer))
    reading = await count(asking, Target("pemprov_demo", WEB_ID, OWN[IG]))
    assert isinstance(reading, CountReading)
    assert (reading.platform_id, reading.source) == (IG_ID, "instagram:business_discovery")
    assert paths == ["/instagram/v26.0/17841400000000099"]


@pytest.mark.parametrize(
    "handle",
    ["tidak.ada.demo", "budi.demo", "tertutup.demo", "ditangguhkan.demo", "dimatikan.demo"],
    ids=["missing", "personal", "private", "suspended", "deactivated"],
)
async def test_110_2207013_is_ambiguous_and_never_missing(handle):
    asking = adapter(IG, sandbox())
    assert isinstance(await count(asking, Target(handle)), base.Ambiguous)
    assert await existence(asking, Target(handle)) == Existence(
        ExistenceState.AMBIGUOUS, "instagram:business_discovery"
    )


async def test_business_discovery_confirms_whom_it_shows():
    assert await existence(adapter(IG, sandbox()), PEMPROV) == Existence(
        ExistenceState.EXISTS, "instagram:business_discovery", IG_ID, "pemprov_demo"
    )


@pytest.mark.parametrize(
    ("followers", "error"),
    [
        pytest.param(None, base.ParseFailed, id="missing"),
        pytest.param("8582", base.ParseFailed, id="text"),
        pytest.param(-1, base.ParseFailed, id="negative"),
        pytest.param(True, base.ParseFailed, id="boolean"),
        pytest.param(1.5, base.ParseFailed, id="fraction"),
    ],
)
async def test_a_count_is_a_whole_number_or_not_understood(followers, error):
    node = {"id": IG_ID, "username": "pemprov_demo", "followers_count": followers}
    asking = adapter(IG, httpx.MockTransport(saying({"business_discovery": node, "id": "1"})))
    assert isinstance(await count(asking, PEMPROV), error)


@pytest.mark.parametrize(
    ("target", "node"),
    [
        pytest.param(PEMPROV, {"id": "17841499999999999"}, id="resold-to-another-id"),
        pytest.param(Target("pemprov_demo"), {"username": "warga"}, id="another-handle"),
        pytest.param(
            Target("pemprov_demo", WEB_ID), {"username": "warga"}, id="ids-not-comparable"
        ),
        pytest.param(CONNECTED, {"id": "17841499999999999"}, id="token-of-another-account"),
    ],
)
async def test_another_account_under_the_name_is_ambiguous(target, node):
    """Also where pages could be asked: a page cannot know better who the account is."""
    whole = {"id": IG_ID, "username": "pemprov_demo", "followers_count": 5, **node}
    body = {**whole, "business_discovery": whole}
    asking = adapter(IG, httpx.MockTransport(saying(body)), pages=True)
    assert isinstance(await count(asking, target), base.Ambiguous)
    told = await existence(asking, target)
    assert isinstance(told, Existence)
    assert told.state is ExistenceState.AMBIGUOUS


async def test_a_new_handle_of_the_same_id_is_told():
    whole = {"id": IG_ID, "username": "pemprov_baru", "followers_count": 5}
    reading = await count(adapter(IG, httpx.MockTransport(saying(whole))), CONNECTED)
    assert isinstance(reading, CountReading)
    assert (reading.platform_id, reading.handle) == (IG_ID, "pemprov_baru")


def scoped(platform_id: str, handle: str = "budi.demo") -> Target:
    return Target(handle, scoped_id=f"igsid-{platform_id}")


async def test_one_person_is_checked_after_writing_to_the_account():
    follower, stranger = scoped(IG_PERSON), scoped("17841400000000003", "Tertutup.demo")
    silent, gone = Target("pendiam"), scoped("17841400000000004")
    unasked = scoped("17841400000000006", "kecil.demo")
    asked = [follower, stranger, silent, gone, unasked]
    told = await adapter(IG, sandbox()).follows(CONNECTED, asked)
    assert told[follower] == PairReading(follows=True, source="instagram:user_profile")
    assert told[stranger] == PairReading(follows=False, source="instagram:user_profile")
    assert isinstance(told[silent], base.NotSupported)
    assert isinstance(told[gone], base.Ambiguous)
    assert isinstance(told[unasked], base.NotSupported)


async def test_a_profile_of_another_handle_is_nobodys_answer():
    renamed = scoped(IG_PERSON, "nama.lama")
    told = await adapter(IG, sandbox()).follows(CONNECTED, [renamed])
    assert isinstance(told[renamed], base.Ambiguous)


async def test_pairs_need_the_official_accounts_own_token():
    told = await adapter(IG, sandbox()).follows(PEMPROV, [scoped(IG_PERSON), Target("pendiam")])
    assert [type(each) for each in told.values()] == [base.CredentialsBad, base.NotSupported]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        pytest.param({}, base.ParseFailed, id="no-answer-is-no-no"),
        pytest.param({"is_user_follow_business": None}, base.ParseFailed, id="null"),
        pytest.param({"is_user_follow_business": "false"}, base.ParseFailed, id="text"),
        pytest.param({"is_user_follow_business": 0}, base.ParseFailed, id="number"),
        pytest.param(
            {"is_user_follow_business": False, "id": "igsid-9"}, base.Ambiguous, id="another-person"
        ),
        pytest.param(
            {"is_user_follow_business": False, "username": 7}, base.Ambiguous, id="no-handle"
        ),
        pytest.param(refusing(230), base.NotSupported, id="blocked-or-never-wrote"),
        pytest.param(refusing(100, error_subcode=33), base.Ambiguous, id="unknown-person"),
        pytest.param(refusing(10), base.CredentialsBad, id="permission-missing"),
    ],
)
async def test_no_pair_is_ever_a_no_by_default(body, error):
    asking = adapter(IG, httpx.MockTransport(saying(body)))
    told = await asking.follows(CONNECTED, [scoped(IG_PERSON)])
    assert type(told[scoped(IG_PERSON)]) is error


async def test_a_hostile_scoped_id_is_never_sent():
    def refuse(_: httpx.Request) -> httpx.Response:
        raise AssertionError("asked")

    hostile = Target("orang", scoped_id="../me?x=1")
    told = await adapter(IG, httpx.MockTransport(refuse)).follows(CONNECTED, [hostile])
    assert isinstance(told[hostile], base.NotSupported)


async def test_a_spoilt_id_of_a_person_is_ambiguous():
    transport = sandbox()
    await order(transport, IG, "renamed_id")
    told = await adapter(IG, transport).follows(CONNECTED, [scoped(IG_PERSON)])
    assert isinstance(told[scoped(IG_PERSON)], base.Ambiguous)


async def test_nobody_reads_a_list_of_followers():
    with pytest.raises(base.NotSupported):
        await anext(aiter(adapter(IG, sandbox()).followers(CONNECTED)))


@pytest.mark.parametrize(
    ("handle", "state"),
    [
        pytest.param("pemprov_demo", ExistenceState.EXISTS, id="professional"),
        pytest.param("budi.demo", ExistenceState.EXISTS, id="personal"),
        pytest.param("tertutup.demo", ExistenceState.PRIVATE, id="private"),
        pytest.param("ditangguhkan.demo", ExistenceState.AMBIGUOUS, id="suspended"),
        pytest.param(NOBODY.handle, ExistenceState.AMBIGUOUS, id="missing-or-blocked"),
    ],
)
@pytest.mark.parametrize("keys", [False, True], ids=["page-alone", "after-the-api"])
async def test_the_page_tells_more_but_never_missing(handle, state, keys):
    told = await existence(adapter(IG, sandbox(), pages=True, keys=keys), Target(handle))
    assert isinstance(told, Existence)
    assert told.state is state


async def test_a_private_page_still_shows_its_count_and_its_web_number_is_no_id():
    reading = await count(adapter(IG, sandbox(), pages=True), Target("tertutup.demo"))
    assert reading == CountReading(
        None, "tertutup.demo", 305, 305, "305", Precision.EXACT, "instagram:page"
    )


@pytest.mark.parametrize(
    ("known", "outcome"),
    [
        pytest.param(IG_ID, CountReading, id="graph-id-is-not-compared"),
        pytest.param(WEB_ID, CountReading, id="same-web-id"),
        pytest.param("6000000002", base.Ambiguous, id="another-web-id"),
    ],
)
async def test_ids_are_compared_only_within_a_route(known, outcome):
    asking = adapter(IG, sandbox(), pages=True, keys=False)
    assert isinstance(await count(asking, Target("pemprov_demo", known)), outcome)


USER = {"pk": WEB_ID, "username": "pemprov_demo", "follower_count": 8_582, "is_private": False}


def user_page(user: object, head: str = "") -> str:
    return data_sjs({"require": []}, {"a": [{"xig_user_by_username": user}]}, head=head)


WALLS = [
    pytest.param("<title>Login \u2022 Instagram</title>", 200, base.LoginWall, id="login-title"),
    pytest.param("<input type='password'>", 200, base.LoginWall, id="login-form"),
    pytest.param("Not Found", 404, base.LoginWall, id="404-of-two-words-is-a-challenge"),
    pytest.param("<h1>Sorry, this page</h1>", 404, base.Ambiguous, id="404-page"),
    pytest.param('{"message":"checkpoint_required"}', 400, base.LoginWall, id="checkpoint"),
    pytest.param('{"message":"feedback_required"}', 400, base.LoginWall, id="feedback"),
    pytest.param('{"message":"Please wait a few minutes"}', 401, base.LoginWall, id="wait"),
    pytest.param("", 429, base.RateLimited, id="429"),
    pytest.param("", 503, base.Unavailable, id="503"),
    pytest.param("<title>Instagram</title>", 200, base.ParseFailed, id="no-data"),
    pytest.param(user_page(None), 200, base.Ambiguous, id="null-user"),
    pytest.param(user_page({"id": "1"}), 200, base.ParseFailed, id="user-without-a-name"),
    pytest.param(user_page({**USER, "pk": 7}), 200, base.ParseFailed, id="pk-is-no-text"),
    pytest.param(user_page({**USER, "follower_count": None}), 200, base.ParseFailed, id="null"),
    pytest.param(user_page({**USER, "username": "warga"}), 200, base.Ambiguous, id="other-handle"),
    pytest.param(user_page(USER), 403, base.LoginWall, id="data-beside-a-refusal"),
    pytest.param(
        "<meta property='og:description' content='8,582 Followers, 1 Following'>",
        200,
        base.ParseFailed,
        id="og-description-is-not-read",
    ),
]


@pytest.mark.parametrize(("html", "status", "error"), WALLS)
async def test_walls_of_the_page(html, status, error):
    asking = adapter(IG, httpx.MockTransport(showing(html, status)), pages=True, keys=False)
    assert type(await count(asking, Target("pemprov_demo"))) is error
    told = await existence(asking, Target("pemprov_demo"))
    assert not (isinstance(told, Existence) and told.state is ExistenceState.MISSING)


async def test_data_comes_before_what_looks_like_a_wall():
    page = user_page(USER, head="<title>Login</title>")
    asking = adapter(IG, httpx.MockTransport(showing(page)), pages=True, keys=False)
    assert isinstance(await count(asking, Target("pemprov_demo")), CountReading)


@pytest.mark.parametrize("leads_to", ["/accounts/login/?next=/pemprov_demo/", "/"])
async def test_a_redirect_is_a_wall_wherever_it_leads(leads_to):
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(302, headers={"location": leads_to})

    asking = adapter(IG, httpx.MockTransport(answer), pages=True, keys=False)
    assert isinstance(await count(asking, PEMPROV), base.LoginWall)
    assert await existence(asking, PEMPROV) == Existence(ExistenceState.BLOCKED, "instagram:page")


async def test_a_refusal_in_json_instead_of_a_page_is_no_answer():
    refused = saying({"message": "checkpoint_required", "status": "fail"}, 400)
    asking = adapter(IG, httpx.MockTransport(refused), pages=True, keys=False)
    assert isinstance(await count(asking, PEMPROV), base.Unavailable)
    assert isinstance(await existence(asking, PEMPROV), base.Unavailable)


def test_the_adapter_is_instagrams():
    assert adapter(IG, sandbox()).platform is Platform.INSTAGRAM
