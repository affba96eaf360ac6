"""The sandbox's Instagram, Facebook and Threads answer in Meta's own forms."""

import json
import re

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.platforms.sandbox.facebook import abbreviated
from tests.platforms.meta_world import FB, FB_ID, IG, IG_ID, META, OWN, TH, TH_ID, order, sandbox

APP = {each: f"app-{each}" for each in META}
DISCOVER = "business_discovery.username({}){{id,username,followers_count}}"
OF_FB = "id,username,followers_count,fan_count"


async def ask(
    path: str, transport: httpx.ASGITransport | None = None, **params: str
) -> httpx.Response:
    used = transport or sandbox()
    async with httpx.AsyncClient(transport=used, base_url="http://platform.test") as client:
        return await client.get(path, params=params or None)


def blocks(page: str) -> list[object]:
    found = re.findall(r"<script[^>]*data-sjs>(.*?)</script>", page)
    return [json.loads(each) for each in found]


@pytest.mark.parametrize(
    ("path", "params", "body"),
    [
        pytest.param(
            "/instagram/v26.0/1",
            {"fields": DISCOVER.format("pemprov_demo"), "access_token": APP[IG]},
            {
                "business_discovery": {
                    "id": IG_ID,
                    "username": "pemprov_demo",
                    "followers_count": 8_582,
                },
                "id": "1",
            },
            id="business-discovery",
        ),
        pytest.param(
            f"/instagram/v26.0/{IG_ID}",
            {"fields": "followers_count", "access_token": OWN[IG]},
            {"followers_count": 8_582, "id": IG_ID},
            id="own-account",
        ),
        pytest.param(
            f"/instagram/v26.0/igsid-{IG_ID[:-1]}2",
            {"fields": "is_user_follow_business", "access_token": OWN[IG]},
            {"is_user_follow_business": True, "id": f"igsid-{IG_ID[:-1]}2"},
            id="user-profile",
        ),
        pytest.param(
            "/facebook/v26.0/",
            {"ids": f"{FB_ID},kecil.demo", "fields": "followers_count", "access_token": APP[FB]},
            {
                FB_ID: {"followers_count": 28_400, "id": FB_ID},
                "kecil.demo": {"followers_count": 57, "id": FB_ID[:-1] + "6"},
            },
            id="pages-by-ids",
        ),
        pytest.param(
            "/facebook/v26.0/pemprov.demo",
            {"fields": OF_FB, "access_token": OWN[FB]},
            {
                "id": FB_ID,
                "username": "pemprov.demo",
                "followers_count": 28_400,
                "fan_count": 25_560,
            },
            id="likes-are-fewer-than-followers",
        ),
        pytest.param(
            "/threads/v1.0/me",
            {"fields": "id,username,follower_count", "access_token": OWN[TH]},
            {"id": TH_ID, "username": "pemprov_demo"},
            id="own-profile-has-no-count",
        ),
        pytest.param(
            "/threads/v1.0/profile_lookup",
            {"username": "pemprov_demo", "fields": "follower_count", "access_token": APP[TH]},
            {"follower_count": 1_940, "id": TH_ID},
            id="profile-lookup",
        ),
    ],
)
async def test_answers_hold_what_was_asked_for(path, params, body):
    answer = await ask(path, **params)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json; charset=UTF-8"
    assert answer.json() == body


async def test_insights_hold_one_total():
    answer = await ask(
        "/threads/v1.0/me/threads_insights", metric="followers_count", access_token=OWN[TH]
    )
    (metric,) = answer.json()["data"]
    assert (metric["name"], metric["total_value"]) == ("followers_count", {"value": 1_940})


@pytest.mark.parametrize(
    ("path", "params", "code", "subcode"),
    [
        pytest.param("/instagram/v26.0/1", {}, 190, None, id="instagram-no-token"),
        pytest.param("/facebook/v26.0/1", {"access_token": "x"}, 190, None, id="facebook-unknown"),
        pytest.param("/threads/v1.0/me", {"access_token": APP[IG]}, 190, None, id="of-another"),
        pytest.param(
            "/instagram/v26.0/1",
            {"fields": DISCOVER.format("budi.demo"), "access_token": APP[IG]},
            110,
            2207013,
            id="personal-account",
        ),
        pytest.param(
            "/instagram/v26.0/1",
            {"fields": DISCOVER.format("tidak.ada"), "access_token": APP[IG]},
            110,
            2207013,
            id="nobody",
        ),
        pytest.param(
            f"/instagram/v26.0/{IG_ID}", {"access_token": APP[IG]}, 100, 33, id="no-own-token"
        ),
        pytest.param(
            f"/instagram/v26.0/igsid-{IG_ID}", {"access_token": APP[IG]}, 100, 33, id="no-consent"
        ),
        pytest.param(
            f"/instagram/v26.0/igsid-{IG_ID[:-1]}6",
            {"access_token": OWN[IG]},
            230,
            None,
            id="never-wrote",
        ),
        pytest.param(
            "/instagram/v26.0/me/conversations",
            {"platform": "instagram", "access_token": APP[IG]},
            100,
            33,
            id="conversations-of-nobody",
        ),
        pytest.param(
            "/instagram/v26.0/me/conversations",
            {"access_token": OWN[IG]},
            100,
            33,
            id="conversations-of-messenger",
        ),
        pytest.param("/facebook/v26.0/", {"access_token": APP[FB]}, 100, None, id="no-ids"),
        pytest.param(
            "/facebook/v26.0/",
            {"ids": ",".join(["1"] * 51), "access_token": APP[FB]},
            100,
            None,
            id="51-ids",
        ),
        pytest.param(
            "/facebook/v26.0/",
            {"ids": f"{FB_ID},tidak.ada", "access_token": APP[FB]},
            803,
            None,
            id="one-alias-spoils-all",
        ),
        pytest.param(
            f"/facebook/v26.0/{FB_ID[:-1]}3", {"access_token": APP[FB]}, 100, 33, id="restricted"
        ),
        pytest.param(
            "/facebook/v26.0/kecil.demo", {"access_token": OWN[FB]}, 100, 33, id="not-ones-own"
        ),
        pytest.param("/threads/v1.0/me", {"access_token": APP[TH]}, 100, 33, id="app-has-no-me"),
        pytest.param(
            "/threads/v1.0/profile_lookup",
            {"username": "kecil.demo", "access_token": APP[TH]},
            100,
            None,
            id="fewer-than-100",
        ),
        pytest.param(
            "/threads/v1.0/me/threads_insights",
            {"metric": "views", "access_token": OWN[TH]},
            100,
            None,
            id="another-metric",
        ),
    ],
)
async def test_refusals_are_http_400_with_a_code(path, params, code, subcode):
    answer = await ask(path, **params)
    error = answer.json()["error"]
    assert answer.status_code == 400
    assert (error["code"], error.get("error_subcode")) == (code, subcode)
    assert {"message", "type", "fbtrace_id"} <= set(error)


async def test_a_person_and_an_unknown_alias_differ_in_words_only():
    texts = {}
    for alias in ("budi.demo", "tidak.ada"):
        answer = await ask(f"/facebook/v26.0/{alias}", access_token=APP[FB])
        assert answer.json()["error"]["code"] == 803
        texts[alias] = answer.json()["error"]["message"]
    assert "Cannot query users" in texts["budi.demo"]
    assert "do not exist" in texts["tidak.ada"]


ASKED = {
    IG: f"/instagram/v26.0/1?fields={DISCOVER.format('pemprov_demo')}&access_token={APP[IG]}",
    FB: f"/facebook/v26.0/?ids={FB_ID}&fields=followers_count&access_token={APP[FB]}",
    TH: f"/threads/v1.0/profile_lookup?username=pemprov_demo&access_token={APP[TH]}",
}
PAGES = {
    IG: "/pages/instagram/pemprov_demo/",
    FB: "/pages/facebook/pemprov.demo",
    TH: "/pages/threads/@pemprov_demo",
}


@pytest.mark.parametrize("platform", META)
@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [("rate_limited", 403, 4), ("server_error", 500, 2), ("expired_token", 400, 190)],
)
async def test_faults_are_worded_as_meta_words_them(platform, fault, status, code):
    transport = sandbox()
    await order(transport, platform, fault, seconds=90, times=1)
    answer = await ask(ASKED[platform], transport)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert (await ask(ASKED[platform], transport)).status_code == 200


@pytest.mark.parametrize("platform", META)
async def test_a_reached_limit_says_in_minutes_when_it_is_free(platform):
    transport = sandbox()
    await order(transport, platform, "rate_limited", seconds=90, times=1)
    usages = []
    for _ in range(2):
        headers = (await ask(ASKED[platform], transport)).headers
        ((business,),) = json.loads(headers["x-business-use-case-usage"]).values()
        share = json.loads(headers["x-app-usage"])["call_count"]
        usages.append((share, business["estimated_time_to_regain_access"]))
    assert usages == [(100, 2), (12, 0)]


@pytest.mark.parametrize("platform", META)
async def test_pages_carry_their_data_and_hostile_names_do_no_harm(platform):
    page = await ask(PAGES[platform])
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert len(blocks(page.text)) >= 2
    assert "Contoh" in json.dumps(blocks(page.text))


@pytest.mark.parametrize("platform", META)
async def test_pages_fail_as_pages(platform):
    transport = sandbox()
    await order(transport, platform, "rate_limited", times=1)
    await order(transport, platform, "server_error", times=1)
    assert [(await ask(PAGES[platform], transport)).status_code for _ in range(3)] == [
        429,
        503,
        200,
    ]


async def test_a_persons_profile_leads_to_the_login():
    answer = await ask("/pages/facebook/budi.demo")
    assert (answer.status_code, answer.headers["location"]) == (302, "/pages/facebook/login")


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1_000, "1K"),
        (8_582, "8.5K"),
        (28_400, "28.4K"),
        (999_999, "999.9K"),
        (28_000_000, "28M"),
        ("banyak", "banyak"),
    ],
)
def test_counts_as_pages_write_them(count, text):
    assert abbreviated(count) == text


@given(
    node=st.text(st.characters(codec="utf-8", exclude_characters="/?#", min_codepoint=0xA1)),
    params=st.dictionaries(st.sampled_from(["fields", "ids", "username", "metric"]), st.text()),
)
async def test_any_question_gets_an_answer_in_the_platforms_form(node, params):
    for platform in META:
        version = "v1.0/profile_lookup" if platform is TH else f"v26.0/{node}"
        answer = await ask(f"/{platform}/{version}", access_token=APP[platform], **params)
        assert answer.status_code in {200, 400, 404}
