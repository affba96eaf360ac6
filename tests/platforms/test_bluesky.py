"""Bluesky's existence, pairs and lists: against the sandbox and against stored answers."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given

from app.platforms import base
from app.platforms.base import CountReading, Existence, ExistenceState, Follower, Platform, Target
from app.platforms.sandbox.world import AccountState, World, WorldFollow
from tests.platforms.wire import (
    JSON_VALUES,
    KEY,
    Answer,
    account,
    adapter,
    list_error,
    listed,
    order,
    pairs,
    sandbox_of,
    stored,
)


def did(name: str) -> str:
    return f"did:plc:{name:2<24}"


OFFICIAL, FAN, STRANGER, OFF, TAKEN, NOBODY = map(
    did, ("official", "fan", "stranger", "off", "taken", "nobody")
)
HUMAS = Target("humas.bsky.social", OFFICIAL)
CROWD = [did(f"crowd{chr(97 + place // 26)}{chr(97 + place % 26)}") for place in range(65)]
WORLD = World(
    youtube_key=KEY,
    accounts=(
        account(Platform.BLUESKY, OFFICIAL, "humas.bsky.social", 250),
        account(Platform.BLUESKY, FAN, "fan.bsky.social"),
        account(Platform.BLUESKY, STRANGER, "stranger.bsky.social"),
        account(Platform.BLUESKY, OFF, "off.bsky.social", 1, AccountState.DEACTIVATED),
        account(Platform.BLUESKY, TAKEN, "taken.bsky.social", 1, AccountState.SUSPENDED),
        *(account(Platform.BLUESKY, each, f"{each[8:15]}.bsky.social") for each in CROWD),
    ),
    follows=tuple(
        WorldFollow(Platform.BLUESKY, follower, OFFICIAL) for follower in (FAN, OFF, *CROWD[::2])
    ),
)


@pytest.fixture
def sandbox() -> httpx.ASGITransport:
    return sandbox_of(WORLD)


@pytest.mark.parametrize(
    ("target", "state"),
    [
        pytest.param(Target("fan.bsky.social", FAN), ExistenceState.EXISTS, id="there"),
        pytest.param(Target("Fan.bsky.social"), ExistenceState.EXISTS, id="by-handle"),
        pytest.param(Target(FAN), ExistenceState.EXISTS, id="the-handle-is-the-did"),
        pytest.param(Target("old.name", FAN), ExistenceState.EXISTS, id="renamed-same-id"),
        pytest.param(Target("no.bsky.social", NOBODY), ExistenceState.MISSING, id="missing"),
        pytest.param(Target("off.bsky.social", OFF), ExistenceState.DEACTIVATED, id="off"),
        pytest.param(Target("taken.bsky.social", TAKEN), ExistenceState.SUSPENDED, id="taken"),
        pytest.param(Target("@a b"), ExistenceState.AMBIGUOUS, id="malformed"),
    ],
)
async def test_existence_is_told_and_one_never_spoils_another(sandbox, target, state):
    beside = Target("stranger.bsky.social", STRANGER)
    found = await adapter(Platform.BLUESKY, sandbox).existence([target, beside])
    told = found[target]
    assert isinstance(told, Existence)
    assert told.state is state
    if state is ExistenceState.EXISTS:
        assert (told.platform_id, told.handle) == (FAN, "fan.bsky.social")
    near = found[beside]
    assert isinstance(near, Existence)
    assert near.state is ExistenceState.EXISTS


async def test_counts_survive_a_name_that_is_none(sandbox):
    bad, good = Target("@a b"), Target("fan.bsky.social", FAN)
    found = await adapter(Platform.BLUESKY, sandbox).counts([bad, good])
    assert isinstance(found[bad], base.Ambiguous)
    assert isinstance(found[good], CountReading)


async def test_pairs_are_told_by_id_and_by_handle(sandbox):
    fan, stranger = Target("fan.bsky.social"), Target("stranger.bsky.social", STRANGER)
    found = await pairs(adapter(Platform.BLUESKY, sandbox), HUMAS, [fan, stranger])
    assert found == {fan: True, stranger: False}


async def test_who_is_gone_is_no_negative(sandbox):
    gone = {
        Target("nobody.bsky.social", NOBODY): base.AccountGone,
        Target("nobody.bsky.social"): base.AccountGone,
        Target("off.bsky.social", OFF): base.AccountDeactivated,
        Target("taken.bsky.social", TAKEN): base.AccountSuspended,
        Target("@a b"): base.Ambiguous,
    }
    assert await pairs(adapter(Platform.BLUESKY, sandbox), HUMAS, list(gone)) == gone


async def test_more_others_than_one_request_may_name(sandbox):
    others = [Target(f"{each[8:15]}.bsky.social", each) for each in CROWD]
    found = await pairs(adapter(Platform.BLUESKY, sandbox), HUMAS, others)
    assert [found[each] for each in others] == [place % 2 == 0 for place in range(65)]


@pytest.mark.parametrize(
    ("official", "error"),
    [
        pytest.param(Target("nobody.bsky.social", NOBODY), base.AccountGone, id="unknown"),
        pytest.param(Target("off.bsky.social", OFF), base.AccountDeactivated, id="deactivated"),
        pytest.param(Target("taken.bsky.social", TAKEN), base.AccountSuspended, id="taken-down"),
    ],
)
async def test_without_the_official_account_nobody_is_answered_for(sandbox, official, error):
    asking = adapter(Platform.BLUESKY, sandbox)
    with pytest.raises(error):
        await asking.follows(official, [Target("fan.bsky.social", FAN)])


def answering(relationships: Any, **more: Any) -> Callable[[httpx.Request], Answer]:
    def answer(request: httpx.Request) -> Answer:
        if request.url.path.endswith("getProfiles"):
            names = request.url.params.get_list("actors")
            return 200, {"profiles": [{"did": each, "handle": "a.example"} for each in names]}
        return 200, {"relationships": relationships, **more}

    return answer


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(answering([{"did": FAN}]), False, id="plain"),
        pytest.param(
            answering([{"did": FAN, "followedBy": f"at://{FAN}/app.bsky.graph.follow/3k"}]),
            True,
            id="followed",
        ),
        pytest.param(
            answering([{"did": FAN, "following": f"at://{OFFICIAL}/app.bsky.graph.follow/3k"}]),
            False,
            id="followed-back-only",
        ),
        pytest.param(
            answering([{"did": FAN, "followedBy": f"at://{STRANGER}/app.bsky.graph.follow/3k"}]),
            base.Ambiguous,
            id="somebody-elses-follow",
        ),
        pytest.param(answering([{"did": FAN, "followedBy": 1}]), base.Ambiguous, id="no-uri"),
        pytest.param(answering([{"actor": FAN, "notFound": True}]), base.Ambiguous, id="not-found"),
        pytest.param(
            answering([{"did": FAN, "notFound": True}]), base.Ambiguous, id="not-found-with-did"
        ),
        pytest.param(answering([{"did": STRANGER}]), base.Ambiguous, id="another-did"),
        pytest.param(answering([]), base.Ambiguous, id="left-out"),
    ],
)
async def test_only_an_entry_of_the_account_is_an_answer(answer, expected):
    fan = Target("fan.bsky.social", FAN)
    found = await pairs(adapter(Platform.BLUESKY, stored(answer)), HUMAS, [fan])
    assert found == {fan: expected}


@pytest.mark.parametrize("field", ["blocking", "blockedBy", "blockingByList", "blockedByList"])
async def test_a_no_beside_a_block_is_marked_as_no_choice(field):
    fan = Target("fan.bsky.social", FAN)
    told = answering([{"did": FAN, field: f"at://{OFFICIAL}/app.bsky.graph.block/3k"}])
    found = await adapter(Platform.BLUESKY, stored(told)).follows(HUMAS, [fan])
    assert found[fan] == base.PairReading(False, "bluesky:getRelationships", blocked=True)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(answering([{"did": FAN}], actor=STRANGER), base.Ambiguous, id="other-actor"),
        pytest.param(answering({}), base.ParseFailed, id="no-list"),
        pytest.param(answering(None), base.ParseFailed, id="null"),
    ],
)
async def test_an_answer_about_another_actor_answers_nobody(answer, error):
    asking = adapter(Platform.BLUESKY, stored(answer))
    with pytest.raises(error):
        await asking.follows(HUMAS, [Target("fan.bsky.social", FAN)])


@pytest.mark.parametrize(
    ("profile", "error"),
    [
        pytest.param({"did": STRANGER, "handle": "fan.bsky.social"}, base.Ambiguous, id="id"),
        pytest.param({"handle": "fan.bsky.social"}, base.ParseFailed, id="no-did"),
        pytest.param({"did": FAN}, base.ParseFailed, id="no-handle"),
        pytest.param([], base.ParseFailed, id="no-object"),
    ],
)
async def test_another_id_under_the_name_is_another_account(profile, error):
    def answer(request: httpx.Request) -> Answer:
        if request.url.path.endswith("getProfiles"):
            return 200, {"profiles": []}
        return 200, profile

    target = Target("fan.bsky.social", FAN)
    found = await adapter(Platform.BLUESKY, stored(answer)).counts([target])
    assert type(found[target]) is error


async def test_a_handle_that_leads_nowhere_is_not_shown():
    answer = answering([])
    profile = {"did": FAN, "handle": "handle.invalid", "followersCount": 3}

    def answers(request: httpx.Request) -> Answer:
        if request.url.path.endswith("getProfiles"):
            return 200, {"profiles": [profile]}
        return answer(request)

    target = Target("fan.bsky.social", FAN)
    found = await adapter(Platform.BLUESKY, stored(answers)).counts([target])
    reading = found[target]
    assert isinstance(reading, CountReading)
    assert reading.handle is None


async def test_the_list_is_read_to_its_end_and_leaves_out_who_is_gone(sandbox):
    asking = adapter(Platform.BLUESKY, sandbox)
    pages = await listed(asking, HUMAS)
    everyone = [each for page in pages for each in page]
    assert [len(page) for page in pages] == [100, 100, 49]
    assert Follower(FAN, "fan.bsky.social") in everyone
    # The count still holds the follower who has switched off the account.
    assert OFF not in {each.platform_id for each in everyone}
    counted = (await asking.counts([HUMAS]))[HUMAS]
    assert isinstance(counted, CountReading)
    assert counted.followers_min == 250


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("cursor_loop", base.ParseFailed),
        ("duplicate_pages", base.ParseFailed),
        ("renamed_id", base.Ambiguous),
        ("rate_limited", base.RateLimited),
        ("server_error", base.Unavailable),
        ("truncated", base.ParseFailed),
        ("login_page", base.LoginWall),
        ("gzip_bomb", base.ParseFailed),
        ("deep_json", base.ParseFailed),
    ],
)
async def test_a_spoilt_list_never_ends_as_a_whole_one(sandbox, fault, error):
    await order(sandbox, "faults", platform="bluesky", fault=fault, times=9)
    assert type(await list_error(adapter(Platform.BLUESKY, sandbox), HUMAS)) is error


@pytest.mark.parametrize(
    ("name", "error"),
    [
        (NOBODY, base.AccountGone),
        (OFF, base.AccountDeactivated),
        (TAKEN, base.AccountSuspended),
        ("@a b", base.Ambiguous),
    ],
)
async def test_an_account_that_is_not_there_has_no_list(sandbox, name, error):
    assert type(await list_error(adapter(Platform.BLUESKY, sandbox), Target(name))) is error


def paging(*pages: tuple[list[str], str | None], **more: Any) -> Callable[[httpx.Request], Answer]:
    """Pages of DIDs, each with the cursor that leads to the next."""
    waiting = list(pages)

    def answer(_: httpx.Request) -> Answer:
        dids, cursor = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        body = {
            "subject": {"did": OFFICIAL, "handle": "humas.bsky.social"},
            "followers": [{"did": each, "handle": "handle.invalid"} for each in dids],
            **({} if cursor is None else {"cursor": cursor}),
        }
        return 200, {**body, **more}

    return answer


async def test_neither_a_short_nor_an_empty_page_is_the_end():
    answer = paging(([FAN], "a"), ([], "b"), ([], "c"), ([STRANGER], None))
    pages = await listed(adapter(Platform.BLUESKY, stored(answer)), HUMAS)
    assert pages == [[Follower(FAN, None)], [], [], [Follower(STRANGER, None)]]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (paging(([FAN], "a"), ([OFF], "b"), ([TAKEN], "a"), ([NOBODY], None)), base.ParseFailed),
        (paging(([FAN], "a"), ([OFF], "b"), ([FAN], None)), base.ParseFailed),
        (paging(([FAN], "")), base.ParseFailed),
        (paging(([FAN], None), cursor=None), base.ParseFailed),
        (paging(([FAN], None), followers=None), base.ParseFailed),
        (paging(([FAN], None), followers=[{}]), base.ParseFailed),
        (paging(([FAN], None), subject={}), base.ParseFailed),
    ],
    ids=["cursor", "page", "empty-cursor", "null-cursor", "no-list", "no-did", "no-subject"],
)
async def test_a_list_that_is_not_understood_is_refused(answer, error):
    assert type(await list_error(adapter(Platform.BLUESKY, stored(answer)), HUMAS)) is error


async def test_empty_pages_without_end_are_given_up():
    count = iter(range(10_000))

    def answer(_: httpx.Request) -> Answer:
        return paging(([], str(next(count))))(_)

    assert (
        type(await list_error(adapter(Platform.BLUESKY, stored(answer)), HUMAS)) is base.ParseFailed
    )
    assert next(count) < 200


@given(body=JSON_VALUES)
async def test_no_answer_makes_a_negative_or_a_count_out_of_nothing(body):
    asking = adapter(Platform.BLUESKY, stored(lambda _: (200, body)))
    assert await list_error(asking, HUMAS) is not None
    target = Target("fan.bsky.social", FAN)
    for question in (asking.counts([target]), asking.existence([target])):
        try:
            answers = await question
        except base.PlatformError:
            continue
        assert isinstance(answers[target], base.PlatformError | Existence)
    with pytest.raises(base.PlatformError):
        await asking.follows(HUMAS, [target])
