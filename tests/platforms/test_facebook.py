"""Facebook: followers and never likes, batches that one id spoils, and pages that tell little."""

from dataclasses import replace

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.platforms import base
from app.platforms.base import CountReading, Existence, ExistenceState, Precision, Target
from app.platforms.sandbox.facebook import abbreviated
from tests.platforms.meta_world import (
    FB,
    FB_ID,
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

PEMPROV = OFFICIAL[FB]
SMALL = Target("kecil.demo")
SUSPENDED = Target("ditangguhkan.demo", FB_ID[:-1] + "4")
CONNECTED = replace(PEMPROV, access_token=OWN[FB])
EXACT = CountReading(
    FB_ID, "pemprov.demo", 28_400, 28_400, "28400", Precision.EXACT, "facebook:graph"
)


class Counting(httpx.AsyncBaseTransport):
    """The sandbox, and what was asked of it."""

    def __init__(self) -> None:
        self.inner = sandbox()
        self.asked: list[httpx.URL] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url)
        return await self.inner.handle_async_request(request)


@pytest.mark.parametrize(
    "target",
    [
        pytest.param(PEMPROV, id="by-id"),
        pytest.param(Target("pemprov.demo"), id="by-handle"),
        pytest.param(Target("PemprovDemo", FB_ID), id="by-id-under-an-older-handle"),
        pytest.param(Target(FB_ID), id="a-number-for-a-handle"),
        pytest.param(Target(f"Pemprov-Demo-{FB_ID}"), id="a-number-in-the-handle"),
        pytest.param(CONNECTED, id="own-token"),
        pytest.param(replace(PEMPROV, access_token="revoked"), id="own-token-refused"),
    ],
)
async def test_a_page_is_counted_by_its_followers(target):
    assert await count(adapter(FB, sandbox()), target) == EXACT


async def test_one_request_names_fifty_and_asks_for_no_likes():
    transport = Counting()
    targets = [Target("pemprov.demo"), *(replace(PEMPROV, handle=f"x{n}") for n in range(49))]
    told = await adapter(FB, transport).counts(targets)
    assert {type(each) for each in told.values()} == {CountReading}
    assert len(transport.asked) == 1
    assert dict(transport.asked[0].params) == {
        "ids": f"pemprov.demo,{FB_ID}",
        "fields": "id,username,followers_count",
        "access_token": "app-facebook",
    }


async def test_more_than_fifty_are_more_requests():
    transport = Counting()
    await adapter(FB, transport).counts([replace(PEMPROV, handle=f"x{n}") for n in range(51)])
    assert len(transport.asked) == 2


async def test_one_refused_id_spoils_the_batch_and_not_the_others():
    transport = Counting()
    told = await adapter(FB, transport).counts([PEMPROV, SUSPENDED, SMALL, NOBODY])
    assert told[PEMPROV] == EXACT
    assert isinstance(told[SMALL], CountReading)
    assert isinstance(told[SUSPENDED], base.Ambiguous)
    assert isinstance(told[NOBODY], base.Ambiguous)
    assert len(transport.asked) == 1 + 4


async def test_who_is_left_out_of_a_batch_is_asked_for_alone():
    transport = sandbox()
    await order(transport, FB, "short_answer", platform_id=FB_ID, times=1)
    told = await adapter(FB, transport).counts([PEMPROV, SMALL])
    assert told[PEMPROV] == EXACT
    assert isinstance(told[SMALL], CountReading)


async def test_a_limit_of_the_whole_batch_is_told_of_each():
    transport = Counting()
    await order(transport.inner, FB, "rate_limited")
    told = await adapter(FB, transport).counts([PEMPROV, SMALL])
    assert {type(each) for each in told.values()} == {base.RateLimited}
    assert len(transport.asked) == 1


NODE = {"id": FB_ID, "username": "pemprov.demo", "followers_count": 5, "fan_count": 9}


@pytest.mark.parametrize(
    ("target", "node", "error"),
    [
        pytest.param(PEMPROV, {"followers_count": None}, base.ParseFailed, id="likes-only"),
        pytest.param(PEMPROV, {"followers_count": "5"}, base.ParseFailed, id="count-is-text"),
        pytest.param(PEMPROV, {"id": "61559999999999"}, base.Ambiguous, id="another-id"),
        pytest.param(
            Target("pemprov.demo"), {"username": "warga.demo"}, base.Ambiguous, id="another-handle"
        ),
        pytest.param(PEMPROV, {"id": None}, base.ParseFailed, id="no-id"),
        pytest.param(Target("pemprov.demo"), {"username": None}, None, id="page-without-a-name"),
        pytest.param(Target("PemprovDemo"), {}, None, id="dots-and-capitals-do-not-count"),
    ],
)
async def test_a_node_is_read_or_refused(target, node, error):
    asked = target.platform_id or target.handle
    asking = adapter(FB, httpx.MockTransport(saying({asked: {**NODE, **node}})))
    outcome = await count(asking, target)
    if error is None:
        assert isinstance(outcome, CountReading)
        assert outcome.followers_min == 5
    else:
        assert type(outcome) is error


@pytest.mark.parametrize("node", [None, 5, "text", []])
async def test_a_batch_of_something_else_is_not_understood(node):
    told = await adapter(FB, httpx.MockTransport(saying({FB_ID: node}))).counts([PEMPROV, SMALL])
    assert isinstance(told[PEMPROV], base.ParseFailed)


@pytest.mark.parametrize(
    ("target", "state", "source"),
    [
        pytest.param(PEMPROV, ExistenceState.EXISTS, "facebook:graph", id="there"),
        pytest.param(SUSPENDED, ExistenceState.AMBIGUOUS, "facebook:graph", id="suspended"),
        pytest.param(
            Target("tertutup.demo"), ExistenceState.AMBIGUOUS, "facebook:graph", id="restricted"
        ),
        pytest.param(
            Target("budi.demo"), ExistenceState.AMBIGUOUS, "facebook:graph", id="a-persons-profile"
        ),
        pytest.param(NOBODY, ExistenceState.AMBIGUOUS, "facebook:graph", id="no-such-alias"),
    ],
)
async def test_the_api_alone_never_says_missing(target, state, source):
    told = await existence(adapter(FB, sandbox()), target)
    assert isinstance(told, Existence)
    assert (told.state, told.source) == (state, source)


@pytest.mark.parametrize(
    ("target", "state"),
    [
        pytest.param(PEMPROV, ExistenceState.EXISTS, id="there"),
        pytest.param(NOBODY, ExistenceState.MISSING, id="no-alias-and-no-page"),
        pytest.param(Target("tertutup.demo"), ExistenceState.AMBIGUOUS, id="restricted"),
        pytest.param(SUSPENDED, ExistenceState.AMBIGUOUS, id="known-by-its-id-alone"),
        pytest.param(Target("budi.demo"), ExistenceState.BLOCKED, id="a-persons-profile"),
    ],
)
async def test_missing_is_said_where_the_api_and_the_page_agree(target, state):
    told = await existence(adapter(FB, sandbox(), pages=True), target)
    assert isinstance(told, Existence)
    assert told.state is state


GONE = "<title>Facebook</title><h2>This content isn\u2019t available right now</h2>"


@pytest.mark.parametrize(
    ("refusal", "html", "state"),
    [
        pytest.param(
            refusing(803, "(#803) Some of the aliases you requested do not exist: x"),
            GONE,
            ExistenceState.MISSING,
            id="both-agree",
        ),
        pytest.param(
            refusing(803, "(#803) Cannot query users by their username (x)"),
            GONE,
            ExistenceState.AMBIGUOUS,
            id="a-person",
        ),
        pytest.param(
            refusing(100, error_subcode=33), GONE, ExistenceState.AMBIGUOUS, id="not-permitted"
        ),
        pytest.param(
            refusing(803, "(#803) Some of the aliases you requested do not exist: x"),
            "<title>Log in to Facebook</title>",
            ExistenceState.BLOCKED,
            id="wall-agrees-with-nothing",
        ),
    ],
)
async def test_what_counts_as_agreement(refusal, html, state):
    def answer(request: httpx.Request) -> httpx.Response:
        page = request.url.path.startswith("/pages/")
        return showing(html)(request) if page else saying(refusal, 400)(request)

    told = await existence(adapter(FB, httpx.MockTransport(answer), pages=True), NOBODY)
    assert isinstance(told, Existence)
    assert told.state is state


async def test_the_pages_count_keeps_its_own_precision():
    reading = await count(adapter(FB, sandbox(), pages=True, keys=False), PEMPROV)
    assert reading == CountReading(
        FB_ID, None, 28_350, 28_499, "28.4K followers", Precision.ABBREVIATED, "facebook:page"
    )
    small = await count(adapter(FB, sandbox(), pages=True, keys=False), SMALL)
    assert isinstance(small, CountReading)
    assert (small.followers_min, small.followers_max, small.precision) == (57, 57, Precision.EXACT)


@pytest.mark.parametrize("number", [FB_ID, "100050000000001"], ids=["of-the-page", "of-the-user"])
async def test_a_page_may_be_known_by_either_of_its_two_ids(number):
    asking = adapter(FB, sandbox(), pages=True, keys=False)
    assert isinstance(await count(asking, Target("pemprov.demo", number)), CountReading)


async def test_another_page_under_the_name_is_ambiguous():
    transport = sandbox()
    await order(transport, FB, "renamed_id")
    asking = adapter(FB, transport, pages=True, keys=False)
    assert isinstance(await count(asking, PEMPROV), base.Ambiguous)


async def test_a_number_is_asked_for_as_a_number():
    transport = Counting()
    await count(adapter(FB, transport, pages=True, keys=False), Target(FB_ID))
    assert str(transport.asked[0]).endswith(f"/pages/facebook/profile.php?id={FB_ID}")


def header(*texts: str, page_id: object = FB_ID) -> str:
    content = [{"text": {"text": text}} for text in texts]
    user = {"id": "100050000000001", "profile_social_context": {"content": content}}
    likes = "<meta property='og:description' content='61,828,042 likes \u00b7 10,431 were here'>"
    return data_sjs({"user": {**user, "delegate_page": {"id": page_id}}}, head=likes)


LIKES = "<meta property='og:description' content='8,582 likes \u00b7 49 talking about this'>"


@pytest.mark.parametrize(
    ("html", "status", "error"),
    [
        pytest.param(LIKES, 200, base.ParseFailed, id="likes-are-no-followers"),
        pytest.param(header("28M likes"), 200, base.ParseFailed, id="only-likes-in-the-header"),
        pytest.param(header("12 mil seguidores"), 200, base.ParseFailed, id="another-language"),
        pytest.param(header("8,58 rb pengikut"), 200, base.ParseFailed, id="indonesian"),
        pytest.param(header("many followers"), 200, base.ParseFailed, id="no-number"),
        pytest.param(header("8.582 followers"), 200, base.ParseFailed, id="foreign-grouping"),
        pytest.param(header("5 followers", "6 followers"), 200, base.ParseFailed, id="two-counts"),
        pytest.param("<title>Log in to Facebook</title>", 200, base.LoginWall, id="title"),
        pytest.param("<title>Log into Facebook</title>", 200, base.LoginWall, id="title-2"),
        pytest.param("<button id='loginbutton'>", 200, base.LoginWall, id="login-button"),
        pytest.param("<input type='password'>", 200, base.LoginWall, id="login-form"),
        pytest.param(
            "<meta property='og:title' content='Facebook'>", 200, base.LoginWall, id="og-title"
        ),
        pytest.param(
            "<title>You\u2019re Temporarily Blocked</title>", 200, base.LoginWall, id="ban"
        ),
        pytest.param(
            "<title>You can't use this feature right now</title>", 200, base.LoginWall, id="ban-2"
        ),
        pytest.param("<title>Page Not Found</title>", 200, base.Ambiguous, id="page-not-found"),
        pytest.param("<title>Content not found</title>", 200, base.Ambiguous, id="content"),
        pytest.param(GONE, 200, base.Ambiguous, id="unavailable"),
        pytest.param(
            f"{GONE}<input type='password'>", 200, base.Ambiguous, id="unavailable-and-a-form"
        ),
        pytest.param(
            data_sjs({"title": "This content isn\u2019t available right now"}),
            200,
            base.Ambiguous,
            id="unavailable-in-data",
        ),
        pytest.param("<title>x</title>", 404, base.Ambiguous, id="404"),
        pytest.param("<title>x</title>", 400, base.LoginWall, id="400"),
        pytest.param("<title>x</title>", 200, base.ParseFailed, id="no-data"),
        pytest.param("", 429, base.RateLimited, id="429"),
        pytest.param(header("5 followers", page_id=7), 200, None, id="page-id-is-no-text"),
        pytest.param(header("1.2K likes", "8,582 followers"), 200, None, id="beside-likes"),
        pytest.param(
            header("5 followers") + "<input type='password'>", 200, None, id="form-beside-data"
        ),
    ],
)
async def test_pages_are_read_or_told_apart(html, status, error):
    asking = adapter(FB, httpx.MockTransport(showing(html, status)), pages=True, keys=False)
    outcome = await count(asking, Target("pemprov.demo"))
    assert type(outcome) is (error or CountReading)
    told = await existence(asking, Target("pemprov.demo"))
    assert not (isinstance(told, Existence) and told.state is ExistenceState.MISSING)


@pytest.mark.parametrize("leads_to", ["/login/?next=x", "/checkpoint/1"])
async def test_a_redirect_is_a_wall(leads_to):
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(302, headers={"location": leads_to})

    asking = adapter(FB, httpx.MockTransport(answer), pages=True, keys=False)
    assert await existence(asking, NOBODY) == Existence(ExistenceState.BLOCKED, "facebook:page")


@given(st.integers(0, 10**9 - 1))
async def test_a_pages_interval_holds_the_true_count(followers):
    page = showing(header(f"{abbreviated(followers)} followers"))
    asking = adapter(FB, httpx.MockTransport(page), pages=True, keys=False)
    reading = await count(asking, PEMPROV)
    assert isinstance(reading, CountReading)
    assert reading.followers_min <= followers <= reading.followers_max


async def test_nothing_is_pretended_for_membership():
    asking = adapter(FB, sandbox())
    told = await asking.follows(CONNECTED, [NOBODY])
    assert isinstance(told[NOBODY], base.NotSupported)
    with pytest.raises(base.NotSupported):
        await anext(aiter(asking.followers(CONNECTED)))
