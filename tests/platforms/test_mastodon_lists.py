"""Mastodon's follower lists: read by Link headers alone, and a hidden one is never empty."""

from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.platforms import base
from app.platforms.base import Follower, Platform, Target
from app.platforms.sandbox.world import AccountState, World, WorldFollow, WorldToken
from tests.platforms.wire import (
    JSON_VALUES,
    KEY,
    Answer,
    account,
    adapter,
    list_error,
    listed,
    order,
    sandbox_of,
    stored,
)

MASTODON = Platform.MASTODON
HOME = "sosial.example"


def uri(name: str, host: str = HOME) -> str:
    return f"https://{host}/users/{name}"


def at(name: str, token: str | None = None) -> Target:
    return Target(f"{name}@{HOME}", uri(name), token)


HUMAS = at("humas")
WORLD = World(
    youtube_key=KEY,
    accounts=(
        account(MASTODON, uri("humas"), f"humas@{HOME}", 205),
        account(MASTODON, uri("full"), f"full@{HOME}", 160),
        account(MASTODON, uri("empty"), f"empty@{HOME}", 0),
        account(MASTODON, uri("hidden"), f"hidden@{HOME}", 9, AccountState.HIDDEN),
        account(MASTODON, uri("ended"), f"ended@{HOME}", 9, AccountState.SUSPENDED),
        account(MASTODON, uri("off"), f"off@{HOME}", 9, AccountState.DEACTIVATED),
        account(MASTODON, uri("fan"), f"Fan@{HOME}"),
        account(MASTODON, uri("fan", "luar.example"), "fan@luar.example"),
    ),
    follows=tuple(
        WorldFollow(MASTODON, follower, uri("humas"))
        for follower in (uri("fan"), uri("fan", "luar.example"), uri("off"))
    ),
    tokens=(
        WorldToken(MASTODON, "hidden-token", uri("hidden")),
        WorldToken(MASTODON, "fan-token", uri("fan")),
    ),
)


@pytest.fixture
def sandbox() -> httpx.ASGITransport:
    return sandbox_of(WORLD)


async def test_the_list_is_read_to_its_end_and_names_servers(sandbox):
    pages = await listed(adapter(MASTODON, sandbox), HUMAS)
    assert [len(page) for page in pages] == [80, 80, 44]
    everyone = [each for page in pages for each in page]
    assert Follower(uri("fan"), f"fan@{HOME}") in everyone
    assert Follower(uri("fan", "luar.example"), "fan@luar.example") in everyone
    # The count is 205: it still holds the follower whose account is gone.
    assert uri("off") not in {each.platform_id for each in everyone}


async def test_the_last_page_may_be_empty_and_so_may_a_list(sandbox):
    asking = adapter(MASTODON, sandbox)
    assert [len(page) for page in await listed(asking, at("full"))] == [80, 80, 0]
    assert await listed(asking, at("empty")) == [[]]


@pytest.mark.parametrize(
    ("official", "error"),
    [
        (at("hidden"), base.NotSupported),
        (at("ended"), base.NotSupported),
        (at("off"), base.AccountGone),
        (at("nobody"), base.AccountGone),
        (at("hidden", "fan-token"), base.OtherAccount),
        (Target("no-server"), base.NotSupported),
        (Target("humas@localhost"), base.NotSupported),
    ],
)
async def test_a_hidden_list_is_not_an_empty_one(sandbox, official, error):
    assert type(await list_error(adapter(MASTODON, sandbox), official)) is error


async def test_its_own_token_sees_a_hidden_list(sandbox):
    pages = await listed(adapter(MASTODON, sandbox), at("hidden", "hidden-token"))
    assert [len(page) for page in pages] == [9]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("hidden_list", base.NotSupported),
        ("cursor_loop", base.ParseFailed),
        ("duplicate_pages", base.ParseFailed),
        ("rate_limited", base.RateLimited),
        ("server_error", base.Unavailable),
        ("truncated", base.ParseFailed),
        ("login_page", base.LoginWall),
        ("gzip_bomb", base.ParseFailed),
        ("deep_json", base.ParseFailed),
        ("renamed_id", base.Ambiguous),
    ],
)
async def test_a_spoilt_list_never_ends_as_a_whole_one(sandbox, fault, error):
    await order(sandbox, "faults", platform="mastodon", fault=fault, times=9)
    assert type(await list_error(adapter(MASTODON, sandbox), HUMAS)) is error


PATH = "/api/v1/accounts/1/followers"


def onward(place: str, rel: str = "next") -> str:
    return f'<https://{HOME}{PATH}?limit=80&max_id={place}>; rel="{rel}"'


def paging(*pages: tuple[Any, str | None], **more: Any) -> Callable[[httpx.Request], Answer]:
    """Pages of followers' names (or any other body), each with its Link header."""
    waiting = list(pages)

    def answer(request: httpx.Request) -> Answer:
        if request.url.path.endswith("lookup"):
            owner = {"id": "1", "acct": "humas", "uri": uri("humas"), "followers_count": 3}
            return 200, {**owner, **more}
        body, link = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(body, str):
            body = [{"acct": each, "uri": uri(each)} for each in body]
        headers: Mapping[str, str] = {} if link is None else {"link": link}
        return 200, body, headers

    return answer


FOLLOWED = [
    ("one-page", paging(("ab", None)), "ab"),
    ("two-pages", paging(("ab", onward("5")), ("c", None)), "abc"),
    ("prev-only", paging(("ab", onward("5", "prev"))), "ab"),
    ("prev-first", paging(("a", f"{onward('9', 'prev')}, {onward('5')}"), ("b", None)), "ab"),
    ("unquoted", paging(("a", onward("5").replace('"', "")), ("b", None)), "ab"),
    ("upper-host", paging(("a", onward("5").replace(HOME, HOME.upper())), ("b", None)), "ab"),
    ("short-pages", paging(("a", onward("9")), ([], onward("5")), ("b", None)), "ab"),
    ("ulid", paging(("a", onward("01HXYZ")), ("b", None)), "ab"),
    ("nobody", paging(("", None), followers_count=0), ""),
    ("null-hide", paging(("a", None), hide_collections=None), "a"),
]


@pytest.mark.parametrize(
    ("answer", "names"), [case[1:] for case in FOLLOWED], ids=[case[0] for case in FOLLOWED]
)
async def test_link_headers_alone_lead_on(answer, names):
    pages = await listed(adapter(MASTODON, stored(answer)), HUMAS)
    expected = [Follower(uri(each), f"{each}@{HOME}") for each in names]
    assert [each for page in pages for each in page] == expected


def elsewhere(old: str, new: str) -> Callable[[httpx.Request], Answer]:
    return paging(("a", onward("5").replace(old, new)), ("b", None))


LOST = [
    ("other-host", elsewhere(HOME, "luar.example"), base.ParseFailed),
    ("other-port", elsewhere(HOME, f"{HOME}:8443"), base.ParseFailed),
    ("a-user", elsewhere(HOME, f"x@{HOME}"), base.ParseFailed),
    ("no-tls", elsewhere("https", "http"), base.ParseFailed),
    ("other-path", elsewhere(PATH, "/api/v1/accounts/2/followers"), base.ParseFailed),
    ("relative", elsewhere(f"https://{HOME}", ""), base.ParseFailed),
    ("no-place", elsewhere("max_id", "min_id"), base.ParseFailed),
    ("two-places", elsewhere("limit=80", "max_id=4"), base.ParseFailed),
    ("odd-place", elsewhere("=5", "=../5"), base.ParseFailed),
    ("broken", elsewhere(f"https://{HOME}", "https://["), base.ParseFailed),
    ("two-links", paging(("a", f"{onward('5')}, {onward('4')}")), base.ParseFailed),
    ("garbage", paging(("a", "soon")), base.ParseFailed),
    ("same-place", paging(("a", onward("5")), ("b", onward("5")), ("c", None)), base.ParseFailed),
    ("same-page", paging(("a", onward("5")), ("a", onward("4"))), base.ParseFailed),
    ("round", paging(("a", onward("5")), ("b", onward("4")), ("a", None)), base.ParseFailed),
    ("full-without-next", paging(("x" * 80, None)), base.ParseFailed),
    ("no-list", paging(({}, None)), base.ParseFailed),
    ("no-acct", paging(([{"id": "2"}], None)), base.ParseFailed),
    ("empty-of-three", paging(("", None)), base.NotSupported),
    ("empty-of-hidden", paging(("", None), followers_count=-1), base.NotSupported),
    ("hide", paging(("a", None), hide_collections=True), base.NotSupported),
    ("suspended", paging(("a", None), suspended=True), base.NotSupported),
    ("other-id", paging(("a", None), uri=uri("orang")), base.Ambiguous),
]


@pytest.mark.parametrize(
    ("answer", "error"), [case[1:] for case in LOST], ids=[case[0] for case in LOST]
)
async def test_a_list_that_is_not_understood_is_refused(answer, error):
    assert type(await list_error(adapter(MASTODON, stored(answer)), HUMAS)) is error


@given(
    body=JSON_VALUES.filter(lambda body: body != []), link=st.text('<>;,="relnxtp:/. ', max_size=40)
)
async def test_any_page_and_link_is_a_list_or_a_typed_error(body, link):
    answer = stored(paging((body, link)))
    try:
        pages = await listed(adapter(MASTODON, answer), HUMAS)
    except base.PlatformError:
        return
    assert all(each.handle for page in pages for each in page)
