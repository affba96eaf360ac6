"""Mastodon against the sandbox's servers: counts, existence and pairs, and whom they ask."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given

from app.platforms import base
from app.platforms.base import CountReading, Existence, ExistenceState, Platform, Precision, Target
from app.platforms.mastodon import BATCH
from app.platforms.sandbox.world import AccountState, World, WorldFollow, WorldToken
from tests.platforms.wire import (
    JSON_VALUES,
    KEY,
    Answer,
    account,
    adapter,
    order,
    pairs,
    sandbox_of,
    stored,
)

MASTODON = Platform.MASTODON
HOME, AWAY = "sosial.example", "luar.example"


def uri(name: str, host: str = HOME) -> str:
    return f"https://{host}/users/{name}"


def at(name: str, host: str = HOME, token: str | None = None) -> Target:
    return Target(f"{name}@{host}", uri(name, host), token)


HUMAS = at("humas", token="humas-token")
CROWD = [f"warga_{place}" for place in range(45)]
WORLD = World(
    youtube_key=KEY,
    accounts=(
        account(MASTODON, uri("humas"), f"humas@{HOME}", 8582),
        account(MASTODON, uri("fan"), f"fan@{HOME}"),
        account(MASTODON, uri("cold"), f"cold@{HOME}"),
        account(MASTODON, uri("ended"), f"ended@{HOME}", 77, AccountState.SUSPENDED),
        account(MASTODON, uri("off"), f"off@{HOME}", 77, AccountState.DEACTIVATED),
        account(MASTODON, uri("inner"), f"inner@{HOME}", 77, AccountState.PRIVATE),
        account(MASTODON, uri("fan", AWAY), f"fan@{AWAY}", 5),
        account(MASTODON, uri("known", AWAY), f"known@{AWAY}", 5),
        account(MASTODON, uri("unheard", AWAY), f"unheard@{AWAY}", 5),
        account(MASTODON, uri("bad", AWAY), f"bad@{AWAY}", 5, AccountState.SUSPENDED),
        *(account(MASTODON, uri(each), f"{each}@{HOME}") for each in CROWD),
    ),
    follows=(
        WorldFollow(MASTODON, uri("fan"), uri("humas")),
        WorldFollow(MASTODON, uri("fan", AWAY), uri("humas")),
        WorldFollow(MASTODON, uri("bad", AWAY), uri("humas")),
        WorldFollow(MASTODON, uri("humas"), uri("known", AWAY)),
        *(WorldFollow(MASTODON, uri(each), uri("humas")) for each in CROWD[::2]),
    ),
    tokens=(
        WorldToken(MASTODON, "humas-token", uri("humas")),
        WorldToken(MASTODON, "fan-token", uri("fan")),
        WorldToken(MASTODON, "away-token", uri("known", AWAY)),
        WorldToken(MASTODON, "inner-token", uri("inner")),
        WorldToken(MASTODON, "app-token"),
    ),
)


@pytest.fixture
def sandbox() -> httpx.ASGITransport:
    return sandbox_of(WORLD)


async def counted(transport: httpx.AsyncBaseTransport, target: Target) -> Any:
    return (await adapter(MASTODON, transport).counts([target]))[target]


@pytest.mark.parametrize(
    "target", [HUMAS, Target(f"Humas@{HOME.upper()}"), Target("@" + HUMAS.handle)]
)
async def test_counts_are_exact_and_come_from_home(sandbox, target):
    assert await counted(sandbox, target) == CountReading(
        uri("humas"), f"humas@{HOME}", 8582, 8582, "8582", Precision.EXACT, "mastodon:lookup"
    )


UNCOUNTED = {
    at("ended"): base.AccountSuspended,
    at("off"): base.AccountGone,
    at("nobody"): base.AccountGone,
    at("inner"): base.NotSupported,
    at("humas", AWAY): base.AccountGone,
    Target("no-server"): base.NotSupported,
    Target("budi@127.0.0.1"): base.NotSupported,
    Target("budi@db.internal"): base.NotSupported,
    Target("budi@evil.example:8080"): base.NotSupported,
    Target(f"fan@{HOME}", uri("cold")): base.Ambiguous,
}


async def test_who_cannot_be_counted_is_told_apart_and_spoils_nobody(sandbox):
    found = await adapter(MASTODON, sandbox).counts([*UNCOUNTED, at("fan", AWAY)])
    assert {each: type(found[each]) for each in UNCOUNTED} == UNCOUNTED
    assert isinstance(found[at("fan", AWAY)], CountReading)


async def test_a_server_for_members_answers_one_of_them(sandbox):
    member = at("inner", token="inner-token")
    assert isinstance(await counted(sandbox, member), CountReading)


@pytest.mark.parametrize(
    ("target", "state"),
    [
        (HUMAS, ExistenceState.EXISTS),
        (at("ended"), ExistenceState.SUSPENDED),
        (at("off"), ExistenceState.MISSING),
        (at("nobody"), ExistenceState.MISSING),
        (Target(f"fan@{HOME}", uri("cold")), ExistenceState.AMBIGUOUS),
    ],
)
async def test_existence_is_told(sandbox, target, state):
    found = (await adapter(MASTODON, sandbox).existence([target]))[target]
    assert isinstance(found, Existence)
    assert found.state is state


async def test_pairs_are_asked_at_the_official_accounts_server_as_it(sandbox):
    expected = {
        at("fan"): True,
        at("cold"): False,
        at("fan", AWAY): True,
        at("known", AWAY): False,
        Target(f"fan@{AWAY}"): True,
        at("unheard", AWAY): base.NotSupported,
        at("nobody", AWAY): base.NotSupported,
        at("bad", AWAY): base.Ambiguous,
        at("nobody"): base.AccountGone,
        at("ended"): base.AccountSuspended,
        Target(f"fan@{AWAY}", uri("known", AWAY)): base.Ambiguous,
        Target("no-server"): base.NotSupported,
    }
    assert await pairs(adapter(MASTODON, sandbox), HUMAS, list(expected)) == expected


async def test_more_others_than_one_request_may_name(sandbox):
    others = [at(each) for each in CROWD]
    found = await pairs(adapter(MASTODON, sandbox), HUMAS, others)
    assert [found[each] for each in others] == [place % 2 == 0 for place in range(45)]


async def test_without_a_connection_nothing_is_known(sandbox):
    found = await pairs(adapter(MASTODON, sandbox), at("humas"), [at("fan"), at("cold")])
    assert set(found.values()) == {base.NotSupported}


@pytest.mark.parametrize("token", ["fan-token", "away-token", "app-token", "no-such-token"])
async def test_a_token_that_is_not_the_official_accounts_answers_for_nobody(sandbox, token):
    with pytest.raises(base.CredentialsBad):
        await adapter(MASTODON, sandbox).follows(at("humas", token=token), [at("cold")])


FAULTS = [
    ("rate_limited", base.RateLimited),
    ("server_error", base.Unavailable),
    ("truncated", base.ParseFailed),
    ("login_page", base.LoginWall),
    ("wrong_type", base.LoginWall),
    ("redirect_loop", base.LoginWall),
    ("gzip_bomb", base.ParseFailed),
    ("deep_json", base.ParseFailed),
    ("negative_count", base.ParseFailed),
    ("garbage_count", base.ParseFailed),
    ("renamed_id", base.Ambiguous),
    ("expired_token", base.Ambiguous),
    ("hang", base.Unavailable),
]


@pytest.mark.parametrize(("fault", "error"), FAULTS)
async def test_every_fault_ends_in_a_typed_outcome(sandbox, fault, error):
    await order(sandbox, "faults", platform="mastodon", fault=fault, times=9, seconds=5)
    asking = adapter(MASTODON, sandbox, deadline=0.5)
    told = (await asking.counts([HUMAS]))[HUMAS]
    assert type(told) is error
    assert HUMAS.handle not in str(told)


@pytest.mark.parametrize("question", ["counts", "existence"])
async def test_servers_that_never_answer_hold_up_nobody_elses(question):
    """Anybody can run many servers that hang; a batch of them takes as long as one."""

    class Hanging(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if HOME not in request.url.path:
                await asyncio.sleep(60)
            body = httpx.ByteStream(json.dumps(shown()).encode())
            return httpx.Response(200, stream=body, headers={"content-type": "application/json"})

    asking = adapter(MASTODON, Hanging(), deadline=1.0)
    hanging = [at("humas", f"server{each}.example") for each in range(BATCH - 1)]
    began = time.monotonic()
    found = await getattr(asking, question)([*hanging, HUMAS])
    assert time.monotonic() - began < 3
    assert {type(found[each]) for each in hanging} == {base.Unavailable}
    assert not isinstance(found[HUMAS], base.PlatformError)
    assert asking.capabilities.batch_size == asking.capabilities.existence_batch == BATCH


async def test_an_expired_token_is_for_a_person_to_renew(sandbox):
    await order(sandbox, "faults", platform="mastodon", fault="expired_token")
    with pytest.raises(base.CredentialsBad):
        await adapter(MASTODON, sandbox).follows(HUMAS, [at("fan")])


def shown(**more: Any) -> dict[str, Any]:
    return {"id": "1", "acct": "humas", "uri": uri("humas"), "followers_count": 3, **more}


STORED = [
    ("no-uri", 200, shown(uri=None, url=f"https://{HOME}/@humas"), base.Ambiguous),
    ("both", 200, shown(url=f"https://{HOME}/@humas"), CountReading),
    ("negative", 200, shown(followers_count=-1), base.ParseFailed),
    ("text", 200, shown(followers_count="3"), base.ParseFailed),
    ("no-count", 200, shown(followers_count=None), base.ParseFailed),
    ("suspended", 200, shown(followers_count=0, suspended=True), base.AccountSuspended),
    ("another", 200, shown(acct="orang"), base.Ambiguous),
    ("remote", 200, shown(acct=f"humas@{AWAY}"), base.Ambiguous),
    ("no-acct", 200, shown(acct=""), base.ParseFailed),
    ("path-in-id", 200, shown(id="../1"), base.ParseFailed),
    ("number-id", 200, shown(id=1), base.ParseFailed),
    ("nul", 200, shown(acct="humas\0"), base.ParseFailed),
    ("half-a-character", 200, shown(acct="humas\ud800"), base.ParseFailed),
    ("no-record", 404, {"error": "Record not found"}, base.AccountGone),
    ("no-mastodon", 404, {"error": "Not Found"}, base.Ambiguous),
    ("a-page", 404, "<html>404</html>", base.LoginWall),
    ("gone", 410, {"error": "Gone"}, base.AccountSuspended),
    ("members", 401, {"error": "This API requires an authenticated user"}, base.NotSupported),
    ("other-401", 401, {"error": "The access token is invalid"}, base.Ambiguous),
    ("forbidden", 403, {"error": "This action is not allowed"}, base.Ambiguous),
]


@pytest.mark.parametrize(
    ("status", "body", "kind"), [case[1:] for case in STORED], ids=[case[0] for case in STORED]
)
async def test_what_a_server_says_of_an_account(status, body, kind):
    target = Target(f"humas@{HOME}", uri("humas"))
    assert type(await counted(stored(lambda _: (status, body)), target)) is kind


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        (f"https://{HOME}/users/humas", CountReading),
        (f"https://web.{HOME}/users/humas", CountReading),
        (f"https://{AWAY}/users/humas", base.Ambiguous),
        (f"https://x{HOME}/users/humas", base.Ambiguous),
        (f"https://{HOME}@{AWAY}/users/humas", base.Ambiguous),
        (f"http://{HOME}/users/humas", base.Ambiguous),
        ("https://[", base.Ambiguous),
        (f"https://{HOME}/\0", base.ParseFailed),
        (f"https://{HOME}/\ud800", base.ParseFailed),
        (f"https://{HOME}/{'a' * 500}", base.ParseFailed),
    ],
)
async def test_a_server_cannot_claim_an_id_of_another(told, kind):
    answer = stored(lambda _: (200, shown(uri=told)))
    assert type(await counted(answer, Target(f"humas@{HOME}"))) is kind


async def test_an_id_is_known_by_the_older_address_as_well():
    old = Target(f"humas@{HOME}", f"https://{HOME}/@humas")
    reading = await counted(stored(lambda _: (200, shown(url=old.platform_id))), old)
    assert reading.platform_id == old.platform_id


@pytest.mark.parametrize(
    ("moved", "handle"),
    [
        ({"acct": f"baru@{AWAY}"}, f"baru@{AWAY}"),
        ({"acct": "baru"}, f"baru@{HOME}"),
        ({}, f"humas@{HOME}"),
        (None, f"humas@{HOME}"),
    ],
)
async def test_who_has_moved_exists_and_is_named_by_the_new_handle(moved, handle):
    target = Target(f"humas@{HOME}")
    asking = adapter(MASTODON, stored(lambda _: (200, shown(moved=moved))))
    assert (await asking.existence([target]))[target] == Existence(
        ExistenceState.EXISTS, "mastodon:lookup", uri("humas"), handle
    )


def relating(entries: Any, status: int = 200) -> Callable[[httpx.Request], Answer]:
    def answer(request: httpx.Request) -> Answer:
        assert request.headers["authorization"] == "Bearer humas-token"
        assert request.url.path.startswith(f"/mastodon/{HOME}/")
        if request.url.path.endswith("verify_credentials"):
            return 200, shown()
        if request.url.path.endswith("lookup"):
            return 200, shown(id="7", acct="fan", uri=uri("fan"))
        return status, entries

    return answer


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([{"id": "7", "followed_by": True}], True),
        ([{"id": "7", "followed_by": False, "following": True}], False),
        ([{"id": "8", "followed_by": True}], base.Ambiguous),
        ([{"id": 7, "followed_by": True}], base.Ambiguous),
        ([], base.Ambiguous),
        ([{"id": "7"}], base.ParseFailed),
        ([{"id": "7", "followed_by": 1}], base.ParseFailed),
        ([{"id": "7", "followed_by": None}], base.ParseFailed),
    ],
)
async def test_only_a_plain_yes_or_no_is_an_answer(entries, expected):
    found = await pairs(adapter(MASTODON, stored(relating(entries))), HUMAS, [at("fan")])
    assert found == {at("fan"): expected}


@pytest.mark.parametrize("field", ["blocking", "blocked_by", "domain_blocking"])
async def test_a_no_beside_a_block_is_marked_as_no_choice(field):
    entries = [{"id": "7", "followed_by": False, field: True}]
    found = await adapter(MASTODON, stored(relating(entries))).follows(HUMAS, [at("fan")])
    assert found[at("fan")] == base.PairReading(False, "mastodon:relationships", blocked=True)


@pytest.mark.parametrize(
    ("status", "words"),
    [(403, "This action is outside the authorized scopes"), (422, "This method requires …")],
)
async def test_a_token_without_the_right_is_for_a_person_to_renew(status, words):
    asking = adapter(MASTODON, stored(relating({"error": words}, status)))
    with pytest.raises(base.CredentialsBad):
        await asking.follows(HUMAS, [at("fan")])


@given(body=JSON_VALUES)
async def test_no_answer_makes_a_negative_or_a_count_out_of_nothing(body):
    asking = adapter(MASTODON, stored(lambda _: (200, body)))
    assert isinstance((await asking.counts([HUMAS]))[HUMAS], base.PlatformError)
    with pytest.raises(base.PlatformError):
        await asking.follows(HUMAS, [at("fan")])
