"""YouTube's existence and pairs, and its public pages: against the sandbox and stored answers."""

from itertools import count
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.platforms import base
from app.platforms.base import CountReading, Existence, ExistenceState, Platform, Target
from app.platforms.sandbox.world import AccountState, World, WorldFollow, WorldToken
from app.platforms.sandbox.youtube import subscriptions_are_public
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

YOUTUBE = Platform.YOUTUBE


def channel(name: str) -> str:
    return f"UC{name:_<22}"


def open_channel(name: str) -> str:
    """An id whose owner lets everyone see the subscriptions, in the sandbox."""
    return next(
        made
        for each in count()
        if subscriptions_are_public(account(YOUTUBE, made := channel(f"{name}{each}"), name))
    )


def shut_channel(name: str) -> str:
    return next(
        made
        for each in count()
        if not subscriptions_are_public(account(YOUTUBE, made := channel(f"{name}{each}"), name))
    )


OFFICIAL, NOBODY = channel("Humas"), channel("Nobody")
FAN, OTHER = open_channel("Fan"), open_channel("Other")
SHY, COLD = shut_channel("Shy"), shut_channel("Cold")
ENDED, CLOSED = channel("Ended"), channel("Closed")
HUMAS = Target("humas", OFFICIAL)
TOKENS = {SHY: "shy-token", COLD: "cold-token", CLOSED: "closed-token", ENDED: "ended-token"}
WORLD = World(
    youtube_key=KEY,
    accounts=(
        account(YOUTUBE, OFFICIAL, "humas", 8582),
        account(YOUTUBE, FAN, "fan"),
        account(YOUTUBE, OTHER, "other"),
        account(YOUTUBE, SHY, "shy"),
        account(YOUTUBE, COLD, "cold"),
        account(YOUTUBE, ENDED, "ended", 1, AccountState.SUSPENDED),
        account(YOUTUBE, CLOSED, "closed", 1, AccountState.DEACTIVATED),
        account(YOUTUBE, channel("Adult"), "adult", 9, AccountState.PRIVATE),
        account(YOUTUBE, channel("Hidden"), "hidden", 9, AccountState.HIDDEN),
    ),
    follows=tuple(WorldFollow(YOUTUBE, each, OFFICIAL) for each in (FAN, SHY)),
    tokens=(
        *(WorldToken(YOUTUBE, token, channel_id) for channel_id, token in TOKENS.items()),
        WorldToken(YOUTUBE, "app-token"),
    ),
)


@pytest.fixture
def sandbox() -> httpx.ASGITransport:
    return sandbox_of(WORLD)


STATES = [
    # target, by the API alone, with the public page beside it, by the page alone
    (Target("fan", FAN), "exists", "exists", "exists"),
    (Target("Fan"), "exists", "exists", "exists"),
    (Target(FAN), "exists", "exists", "exists"),
    (Target("was-fan", FAN), "exists", "exists", "exists"),
    (Target("nobody", NOBODY), "ambiguous", "missing", "missing"),
    (Target("nobody"), "ambiguous", "missing", "missing"),
    (Target("ended", ENDED), "ambiguous", "suspended", "suspended"),
    (Target("ended"), "ambiguous", "suspended", "suspended"),
    (Target("closed", CLOSED), "ambiguous", "missing", "missing"),
    (Target("adult"), "exists", "exists", "exists"),
]


def state_of(told: Existence | base.PlatformError) -> ExistenceState:
    assert isinstance(told, Existence)
    return told.state


@pytest.mark.parametrize(("target", "api", "beside", "alone"), STATES)
async def test_existence_says_no_more_than_is_known(sandbox, target, api, beside, alone):
    near = Target("other", OTHER)
    for expected, asking in (
        (api, adapter(YOUTUBE, sandbox)),
        (beside, adapter(YOUTUBE, sandbox, pages=True)),
        (alone, adapter(YOUTUBE, sandbox, pages=True, keys={})),
    ):
        found = await asking.existence([target, near])
        told = [state_of(found[each]) for each in (target, near)]
        assert told == [ExistenceState(expected), ExistenceState.EXISTS]


async def test_a_page_that_contradicts_or_is_a_wall_leaves_it_ambiguous(sandbox):
    asking = adapter(YOUTUBE, sandbox, pages=True)
    target = Target("fan", FAN)
    await order(sandbox, "faults", platform="youtube", fault="short_answer", platform_id=FAN)
    found = (await asking.existence([target]))[target]
    assert isinstance(found, Existence)
    assert found.state is ExistenceState.AMBIGUOUS


@pytest.mark.parametrize("fault", ["short_answer", "renamed_id"])
@pytest.mark.parametrize("target", [Target("fan", FAN), Target("fan")], ids=["id", "handle"])
async def test_an_answer_that_lacks_what_it_counts_is_no_absence(sandbox, fault, target):
    await order(sandbox, "faults", platform="youtube", fault=fault, times=9)
    found = (await adapter(YOUTUBE, sandbox).counts([target]))[target]
    expected = (
        CountReading if (fault, target.platform_id) == ("renamed_id", None) else base.Ambiguous
    )
    assert isinstance(found, expected)


async def test_pairs_by_consent_and_by_public_subscriptions(sandbox):
    expected = {
        Target("shy", SHY, TOKENS[SHY]): True,
        Target("cold", COLD, TOKENS[COLD]): False,
        Target("shy", None, TOKENS[SHY]): True,
        Target("fan", FAN): True,
        Target("other", OTHER): False,
        Target("fan"): True,
        Target("shy", SHY): base.NotSupported,
        Target("adult"): base.NotSupported,
        Target("nobody", NOBODY): base.AccountGone,
        Target("ended"): base.AccountGone,
        Target("fan", FAN, TOKENS[SHY]): base.Ambiguous,
        Target("fan", None, TOKENS[SHY]): base.Ambiguous,
        Target("shy", SHY, "no-such-token"): base.CredentialsBad,
        Target("shy", SHY, "app-token"): base.CredentialsBad,
        Target("closed", CLOSED, TOKENS[CLOSED]): base.AccountDeactivated,
        Target("ended", ENDED, TOKENS[ENDED]): base.AccountSuspended,
    }
    assert await pairs(adapter(YOUTUBE, sandbox), HUMAS, list(expected)) == expected


@pytest.mark.parametrize("official", [Target("nobody", NOBODY), Target("ended")])
async def test_without_the_official_channel_nobody_is_answered_for(sandbox, official):
    with pytest.raises(base.AccountGone):
        await adapter(YOUTUBE, sandbox).follows(official, [Target("fan", FAN)])


@pytest.mark.parametrize(
    "made_up",
    [
        ",".join(channel(f"Extra{each}") for each in range(60)),
        f"{FAN},{OTHER}",
        "UC",
        "UC&mine=true",
    ],
    ids=["many-ids", "two-ids", "too-short", "another-question"],
)
async def test_an_id_of_no_channels_form_spoils_nobody_else(made_up):
    """Governments are polled together, and the id of an official account is whatever one wrote."""

    def answer(request: httpx.Request) -> Answer:
        ids = request.url.params["id"].split(",")
        if not all(len(each) == len(FAN) for each in ids) or len(ids) > 50:
            return 400, {"error": {"errors": [{"reason": "invalidFilters"}]}}
        items = [
            {"id": each, "statistics": {"subscriberCount": "8"}} for each in ids if each != NOBODY
        ]
        return 200, {"items": items, "pageInfo": {"totalResults": len(items)}}

    odd = Target("odd", made_up)
    targets = [Target("fan", FAN), odd, Target("nobody", NOBODY)]
    found = await adapter(YOUTUBE, stored(answer)).counts(targets)
    kinds = [type(found[each]) for each in targets]
    assert kinds == [CountReading, base.Ambiguous, base.AccountGone]


async def test_the_rest_is_not_asked_once_the_quota_is_spent():
    asked = []

    def answer(request: httpx.Request) -> Answer:
        asked.append(request)
        if request.url.params.get("forHandle") == "a":
            return 200, {"items": [{"id": FAN}], "pageInfo": {"totalResults": 1}}
        return 403, {"error": {"errors": [{"reason": "quotaExceeded"}]}}

    targets = [Target(each) for each in "abcde"]
    found = await adapter(YOUTUBE, stored(answer)).existence(targets)
    assert isinstance(found[targets[0]], Existence)
    assert all(isinstance(found[each], base.RateLimited) for each in targets[1:])
    assert len(asked) == 2


def one(**snippet: Any) -> dict[str, Any]:
    return {"items": [{"id": "s", "snippet": snippet}], "pageInfo": {"totalResults": 1}}


NONE = {"items": [], "pageInfo": {"totalResults": 0}}
MINE = {"items": [{"id": SHY}], "pageInfo": {"totalResults": 1}}
TWO = {"items": [{"id": SHY}, {"id": FAN}], "pageInfo": {"totalResults": 2}}
YES = one(resourceId={"channelId": OFFICIAL})


@pytest.mark.parametrize(
    ("mine", "subscriptions", "expected"),
    [
        pytest.param((200, MINE), (200, YES), True, id="yes"),
        pytest.param((200, MINE), (200, NONE), False, id="no"),
        pytest.param((200, MINE), (200, {"pageInfo": NONE["pageInfo"]}), False, id="no-items"),
        pytest.param((200, NONE), (200, NONE), base.Ambiguous, id="no-channel"),
        pytest.param((200, TWO), (200, YES), base.Ambiguous, id="two-channels"),
        pytest.param((200, {"items": []}), (200, NONE), base.ParseFailed, id="no-page-info"),
        pytest.param((200, MINE), (200, {}), base.ParseFailed, id="an-empty-object"),
        pytest.param(
            (200, MINE),
            (200, {"items": [], "pageInfo": {"totalResults": 1}}),
            base.Ambiguous,
            id="a-subscription-lost",
        ),
        pytest.param(
            (200, MINE), (200, one(resourceId={"channelId": FAN})), base.Ambiguous, id="another"
        ),
        pytest.param(
            (403, {"error": {"errors": [{"reason": "insufficientPermissions"}]}}),
            (200, NONE),
            base.CredentialsBad,
            id="scope",
        ),
        pytest.param((200, MINE), (404, {}), base.Ambiguous, id="an-unknown-refusal"),
    ],
)
async def test_a_negative_needs_the_right_token_and_a_whole_answer(mine, subscriptions, expected):
    def answer(request: httpx.Request) -> Answer:
        if request.url.path.endswith("/subscriptions"):
            assert request.headers["authorization"] == "Bearer shy-token"
            assert "key" not in request.url.params
            return subscriptions
        if "mine" in request.url.params:
            return mine
        return 200, {"items": [{"id": OFFICIAL}], "pageInfo": {"totalResults": 1}}

    shy = Target("shy", SHY, "shy-token")
    found = await pairs(adapter(YOUTUBE, stored(answer)), HUMAS, [shy])
    assert found == {shy: expected}


@given(body=JSON_VALUES)
async def test_no_answer_makes_a_negative_or_a_count_out_of_nothing(body):
    asking = adapter(YOUTUBE, stored(lambda _: (200, body)))
    target = Target("fan", FAN)
    with pytest.raises(base.PlatformError):
        await asking.follows(HUMAS, [target])
    for question in (asking.counts([target]), asking.existence([target])):
        try:
            answers = await question
        except base.PlatformError:
            continue
        assert not isinstance(answers[target], CountReading)


@pytest.mark.parametrize("raw", ["9" * 5000, "", "-1", "1.000", "١٢٣"])
async def test_a_count_of_any_length_is_read_or_refused(raw):
    item = {"id": FAN, "statistics": {"subscriberCount": raw}}
    body = {"items": [item], "pageInfo": {"totalResults": 1}}
    target = Target("fan", FAN)
    found = await adapter(YOUTUBE, stored(lambda _: (200, body))).counts([target])
    assert isinstance(found[target], base.ParseFailed)


@given(st.text(max_size=12))
async def test_any_handle_is_asked_for_or_refused(handle):
    found = await adapter(YOUTUBE, sandbox_of(WORLD)).counts([Target(handle)])
    assert len(found) == 1
