"""X's counts and existence: against the sandbox, stored answers and stored pages."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.clock import SettableClock
from app.platforms import base
from app.platforms.access import Access
from app.platforms.base import (
    CountReading,
    Existence,
    ExistenceState,
    Platform,
    PlatformError,
    Precision,
    Target,
)
from app.platforms.http import credential_label
from app.platforms.x import XAdapter
from tests.platforms.wire import (
    JSON_VALUES,
    NOW,
    Answer,
    Till,
    adapter,
    listed,
    order,
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
    OUT,
    OWN,
    SECRET,
    STRANGER,
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


@pytest.mark.parametrize(
    "target",
    [
        pytest.param(Target("fan_1", FAN), id="by-id"),
        pytest.param(Target("FAN_1"), id="by-handle-in-any-case"),
        pytest.param(Target("old_name", FAN), id="renamed"),
    ],
)
async def test_counts_are_exact_and_tell_the_present_handle(sandbox, target):
    assert await counted(x(sandbox), target) == CountReading(
        FAN, "Fan_1", 100, 100, "100", Precision.EXACT, "x:users"
    )


async def test_more_than_a_hundred_go_in_batches_and_nobody_is_left_out(sandbox):
    targets = [Target(f"crowd{each}", each) for each in CROWD]
    targets += [Target(f"crowd{each}") for each in CROWD]
    found = await x(sandbox).counts(targets)
    assert set(found) == set(targets)
    assert {type(each) for each in found.values()} == {CountReading}


@pytest.mark.parametrize("by_id", [True, False])
@pytest.mark.parametrize(
    ("handle", "platform_id", "state"),
    [
        pytest.param("fan_1", FAN, ExistenceState.EXISTS, id="there"),
        pytest.param("closed", CLOSED, ExistenceState.PRIVATE, id="protected"),
        pytest.param("taken", TAKEN, ExistenceState.SUSPENDED, id="suspended"),
        pytest.param("off", OFF, ExistenceState.MISSING, id="deactivated-looks-missing"),
        pytest.param("nobody", "42", ExistenceState.MISSING, id="missing"),
    ],
)
async def test_missing_suspended_and_protected_are_told_apart(
    sandbox, by_id, handle, platform_id, state
):
    target, beside = Target(handle, platform_id if by_id else None), Target("stranger")
    found = await x(sandbox).existence([target, beside])
    told, other = found[target], found[beside]
    assert isinstance(told, Existence)
    assert isinstance(other, Existence)
    assert (told.state, other.state) == (state, ExistenceState.EXISTS)


async def test_a_protected_account_has_its_count(sandbox):
    reading = await counted(x(sandbox), Target("closed", CLOSED))
    assert isinstance(reading, CountReading)
    assert reading.followers_min == 77


@pytest.mark.parametrize(
    "bad", [Target("a.b"), Target("a" * 16), Target("fan_1", "12a"), Target("é")]
)
async def test_a_malformed_name_never_spoils_its_batch(sandbox, bad):
    good = Target("stranger")
    found = await x(sandbox).counts([bad, good])
    assert isinstance(found[bad], base.Ambiguous)
    assert isinstance(found[good], CountReading)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        pytest.param(
            {"errors": [problem("resource-not-found", *GONE)]}, base.AccountGone, id="gone"
        ),
        pytest.param(
            {"errors": [problem("resource-not-found", *GONE, host="api.twitter.com")]},
            base.AccountGone,
            id="gone-of-the-old-host",
        ),
        pytest.param(
            {"errors": [problem("resource-not-found", *OUT)]}, base.AccountSuspended, id="suspended"
        ),
        pytest.param(
            {"errors": [problem("resource-not-found", "Forbidden", "Who knows")]},
            base.Ambiguous,
            id="same-type-other-words",
        ),
        pytest.param(
            {"errors": [problem("not-authorized-for-resource", *SECRET)]},
            base.NotSupported,
            id="not-shown",
        ),
        pytest.param({"errors": [problem("brand-new", *GONE)]}, base.Ambiguous, id="unknown-type"),
        pytest.param({"errors": [{"message": "no"}]}, base.ParseFailed, id="names-nobody"),
        pytest.param({}, base.ParseFailed, id="neither"),
        pytest.param({"data": []}, base.ParseFailed, id="left-out"),
        pytest.param({"data": [user(STRANGER, "other")]}, base.ParseFailed, id="somebody-else"),
        pytest.param({"data": [user(STRANGER)]}, base.Ambiguous, id="another-id-under-the-handle"),
        pytest.param({"data": [user(int(FAN))]}, base.ParseFailed, id="number-for-an-id"),
        pytest.param({"data": [user(username=None)]}, base.ParseFailed, id="no-username"),
        pytest.param({"data": [user(public_metrics={})]}, base.ParseFailed, id="no-count"),
        pytest.param(
            {"data": [user(public_metrics={"followers_count": "7"})]}, base.ParseFailed, id="text"
        ),
        pytest.param({"data": {}}, base.ParseFailed, id="no-list"),
        pytest.param([], base.ParseFailed, id="no-object"),
    ],
)
async def test_what_a_200_says_of_one_account(body, error):
    asking = x(stored(lambda _: (200, body)))
    assert type(await counted(asking, Target("fan_1", FAN))) is error


async def test_an_account_beside_problems_is_read():
    body = {"data": [user()], "errors": [problem("resource-not-found", *GONE) | {"value": "9"}]}
    there, gone = Target("fan_1", FAN), Target("gone", "9")
    found = await x(stored(lambda _: (200, body))).counts([there, gone])
    assert isinstance(found[there], CountReading)
    assert isinstance(found[gone], base.AccountGone)


async def test_a_handle_of_digits_is_not_taken_for_an_id():
    body = {"data": [user("77", FAN)]}
    found = await counted(x(stored(lambda _: (200, body))), Target("fan_1", FAN))
    assert isinstance(found, base.ParseFailed)


@pytest.mark.parametrize("platform_id", ["", "x1", "1" * 20, 1001, None])
async def test_a_user_without_an_id_of_xs_form_is_none(platform_id):
    body = {"data": [user(platform_id)]}
    found = await counted(x(stored(lambda _: (200, body))), Target("fan_1"))
    assert isinstance(found, base.ParseFailed)


def refusal(kind: str, title: str = "Refused") -> dict[str, Any]:
    return {"title": title, "detail": "d", "type": f"https://api.twitter.com/2/problems/{kind}"}


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        pytest.param(402, refusal("credits", "CreditsDepleted"), base.CreditsExhausted, id="402"),
        pytest.param(403, refusal("usage-capped"), base.CreditsExhausted, id="usage-capped"),
        pytest.param(401, refusal("about:blank"), base.CredentialsBad, id="401"),
        pytest.param(403, refusal("client-forbidden"), base.CredentialsBad, id="client-forbidden"),
        pytest.param(403, refusal("user-suspended"), base.CredentialsBad, id="owner-suspended"),
        pytest.param(403, {"type": "about:blank"}, base.Ambiguous, id="a-plain-403"),
        pytest.param(400, refusal("invalid-request"), base.Ambiguous, id="400"),
        pytest.param(404, [], base.Ambiguous, id="404-of-no-form"),
        pytest.param(503, {}, base.Unavailable, id="503"),
    ],
)
async def test_what_a_refusal_asks_for(status, body, error):
    found = await counted(x(stored(lambda _: (status, body))), Target("fan_1", FAN))
    assert type(found) is error
    if isinstance(found, base.CreditsExhausted):
        assert found.retry_at == NOW + timedelta(hours=24)


async def test_a_429_is_over_at_the_reset_that_x_names():
    reset = str(int(NOW.timestamp()) + 640)
    answer: Answer = (429, {}, {"x-rate-limit-remaining": "0", "x-rate-limit-reset": reset})
    found = await counted(x(stored(lambda _: answer)), Target("fan_1", FAN))
    assert isinstance(found, base.RateLimited)
    assert found.retry_at == NOW + timedelta(seconds=640)


async def test_what_was_paid_for_is_kept_when_a_later_batch_fails(sandbox):
    targets = [Target(f"crowd{each}", each) for each in CROWD]
    await order(sandbox, "faults", platform="x", fault="hang", times=1, seconds=0)
    await order(sandbox, "faults", platform="x", fault="credits_exhausted", times=1)
    found = await x(sandbox).counts(targets)
    kinds = [type(found[each]) for each in targets]
    assert kinds == [CountReading] * 100 + [base.CreditsExhausted] * 30


def metered(till: Till, transport: httpx.AsyncBaseTransport) -> XAdapter:
    access = Access(
        Platform.X,
        SettableClock(NOW),
        base_url="http://platform.test/x",
        keys={"bearer_token": BEARER},
        gate=till,
        transport=transport,
    )
    return XAdapter(access)


async def test_every_user_asked_for_is_paid_for_by_whoever_asks(sandbox):
    till, fan = Till(), Target("fan_1")
    asking = metered(till, sandbox)
    await asking.counts([fan, Target("FAN_1"), Target("stranger")])
    await asking.follows(HUMAS, [fan])
    await listed(asking, HUMAS)
    label = credential_label(OWN)
    lists = [(label, 1), (label, 1000), (label, 1000), (label, 1000)]
    assert till.paid == [("app", 2), (label, 1), *lists]
    assert OWN not in label
    assert till.limits == []


async def test_the_end_of_the_credits_reaches_the_apps_budget_whoever_met_it(sandbox):
    till, fan = Till(), Target("fan_1")
    await order(sandbox, "faults", platform="x", fault="credits_exhausted", times=2)
    await metered(till, sandbox).counts([fan])
    assert till.limits == [("app", base.CreditsExhausted)]
    await metered(till, sandbox).follows(HUMAS, [fan])
    told = {("app", base.CreditsExhausted), (credential_label(OWN), base.CreditsExhausted)}
    assert set(till.limits[1:]) == told


BLOCK: dict[str, Any] = {
    "@type": "ProfilePage",
    "mainEntity": {
        "identifier": FAN,
        "additionalName": "Fan_1",
        "interactionStatistic": [
            {"interactionType": "https://schema.org/FollowAction", "userInteractionCount": 8582},
            {"interactionType": "https://schema.org/WriteAction", "userInteractionCount": 3},
        ],
    },
}


def written(block: object) -> str:
    text = json.dumps(block)
    return f'<html><script type="application/ld+json">{text}</script><p>Fan_1</p></html>'


def profile(count: object = 8582, **more: object) -> str:
    statistic = {
        "interactionType": "https://schema.org/FollowAction",
        "userInteractionCount": count,
    }
    person = {**BLOCK["mainEntity"], "interactionStatistic": [statistic], **more}
    return written([{"@type": "WebSite"}, {"@type": "ProfilePage", "mainEntity": person}])


async def test_pages_are_read_only_without_the_apps_own_token(sandbox):
    fan = Target("fan_1", FAN)
    reading = await counted(x(sandbox, bearer=None), fan)
    assert isinstance(reading, CountReading)
    assert (reading.source, reading.raw, reading.handle) == ("x:page", "100", "Fan_1")
    # Credits that ran out are not read around: a person is to see it.
    await order(sandbox, "faults", platform="x", fault="credits_exhausted")
    both = adapter(Platform.X, sandbox, pages=True, keys={"bearer_token": BEARER})
    assert isinstance((await both.counts([fan]))[fan], base.CreditsExhausted)
    neither = adapter(Platform.X, sandbox, keys={})
    assert isinstance((await neither.counts([fan]))[fan], base.CredentialsBad)


@pytest.mark.parametrize(
    ("count", "least", "most"),
    [
        pytest.param(8582, 8582, 8582, id="no-trailing-zero"),
        pytest.param(8580, 8575, 8589, id="one-zero"),
        pytest.param(583_400, 583_350, 583_499, id="two-zeros"),
        pytest.param(4_000_000, 3_950_000, 4_099_999, id="a-tenth-of-a-million"),
        pytest.param(0, 0, 0, id="nobody"),
    ],
)
async def test_a_pages_count_is_never_called_exact(count, least, most):
    reading = await counted(
        x(stored(lambda _: (200, profile(count))), bearer=None), Target("fan_1")
    )
    assert isinstance(reading, CountReading)
    assert (reading.followers_min, reading.followers_max) == (least, most)
    assert (reading.precision, reading.raw) == (Precision.ROUNDED, str(count))


@pytest.mark.parametrize(
    ("status", "text", "error"),
    [
        pytest.param(200, "<html>Log in</html>", base.LoginWall, id="no-block"),
        pytest.param(200, written({"@type": "Person"}), base.LoginWall, id="another-block"),
        pytest.param(
            200, written({"@type": "Q", "mainEntity": {}}), base.LoginWall, id="a-question"
        ),
        pytest.param(302, "", base.LoginWall, id="redirect"),
        pytest.param(404, "<html></html>", base.Ambiguous, id="404"),
        pytest.param(200, profile(identifier=STRANGER), base.Ambiguous, id="another-id"),
        pytest.param(200, profile(additionalName="other"), base.Ambiguous, id="another-handle"),
        pytest.param(200, profile(identifier=1001), base.ParseFailed, id="number-for-an-id"),
        pytest.param(200, profile("8582"), base.ParseFailed, id="text-for-a-count"),
        pytest.param(200, profile(-1), base.ParseFailed, id="below-zero"),
        pytest.param(200, profile(interactionStatistic=[]), base.ParseFailed, id="no-count"),
        pytest.param(
            200,
            profile(interactionStatistic=BLOCK["mainEntity"]["interactionStatistic"][:1] * 2),
            base.ParseFailed,
            id="two-counts",
        ),
    ],
)
async def test_a_page_that_says_less_counts_nothing(status, text, error):
    asking = x(stored(lambda _: (status, text)), bearer=None)
    assert type(await counted(asking, Target("fan_1", FAN))) is error


async def test_a_page_without_a_profile_says_nothing_of_the_account(sandbox):
    asking = x(sandbox, bearer=None)
    there, gone, bad = Target("fan_1"), Target("taken"), Target("../fan_1")
    found = await asking.existence([there, gone, bad])
    states = [each.state for each in found.values() if isinstance(each, Existence)]
    assert states == [ExistenceState.EXISTS, ExistenceState.BLOCKED, ExistenceState.AMBIGUOUS]


@given(
    fields=st.dictionaries(
        st.sampled_from(["identifier", "additionalName", "interactionStatistic"]), JSON_VALUES
    ),
    count=JSON_VALUES,
)
async def test_no_page_makes_a_count_out_of_nothing(fields, count):
    page = profile(count, **fields)
    reading = await counted(x(stored(lambda _: (200, page)), bearer=None), Target("fan_1"))
    if isinstance(reading, CountReading):
        assert reading.raw == str(count)
        assert reading.followers_min <= count <= reading.followers_max
    else:
        assert isinstance(reading, PlatformError)
