"""TikTok's counts and existence: against the sandbox, stored answers and stored pages."""

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
from app.platforms.sandbox.tiktok import open_id
from app.platforms.sandbox.world import AccountState, World, WorldToken
from app.platforms.tiktok import TikTokAdapter
from tests.platforms.wire import (
    JSON_VALUES,
    KEY,
    NOW,
    Answer,
    Till,
    account,
    adapter,
    order,
    sandbox_of,
    stored,
)

OWN, APP = "act.account", "act.app"
HUMAS, FAN, CLOSED, TAKEN, OFF = (str(6_820_838_815_978_423_302 + place) for place in range(5))
OPEN = open_id(HUMAS)
WORLD = World(
    youtube_key=KEY,
    accounts=(
        account(Platform.TIKTOK, HUMAS, "humas.sumsel", 4_001_943),
        account(Platform.TIKTOK, FAN, "Fan_1", 8_582),
        account(Platform.TIKTOK, CLOSED, "closed", 77, AccountState.PRIVATE),
        account(Platform.TIKTOK, TAKEN, "taken", 1, AccountState.SUSPENDED),
        account(Platform.TIKTOK, OFF, "off", 1, AccountState.DEACTIVATED),
    ),
    tokens=(WorldToken(Platform.TIKTOK, OWN, HUMAS), WorldToken(Platform.TIKTOK, APP)),
)


@pytest.fixture
def sandbox() -> httpx.ASGITransport:
    return sandbox_of(WORLD)


def tiktok(transport: httpx.AsyncBaseTransport, *, pages: bool = True) -> TikTokAdapter:
    asking = adapter(Platform.TIKTOK, transport, pages=pages)
    assert isinstance(asking, TikTokAdapter)
    return asking


async def counted(asking: TikTokAdapter, target: Target) -> CountReading | PlatformError:
    return (await asking.counts([target]))[target]


async def existing(asking: TikTokAdapter, target: Target) -> ExistenceState | type[PlatformError]:
    found = (await asking.existence([target]))[target]
    return found.state if isinstance(found, Existence) else type(found)


@pytest.mark.parametrize(
    ("target", "platform_id"),
    [
        pytest.param(Target("Humas.Sumsel", access_token=OWN), OPEN, id="first-time"),
        pytest.param(Target("old.name", OPEN, access_token=OWN), OPEN, id="renamed"),
        # The number that a page told stays: an open_id names the same account in other words.
        pytest.param(Target("humas.sumsel", HUMAS, access_token=OWN), HUMAS, id="known-by-page"),
    ],
)
async def test_an_own_account_is_counted_exactly(sandbox, target, platform_id):
    assert await counted(tiktok(sandbox, pages=False), target) == CountReading(
        platform_id,
        "humas.sumsel",
        4_001_943,
        4_001_943,
        "4001943",
        Precision.EXACT,
        "tiktok:user.info",
    )


@pytest.mark.parametrize(
    ("target", "error"),
    [
        pytest.param(
            Target("humas.sumsel", "-000other", access_token=OWN), base.Ambiguous, id="id"
        ),
        pytest.param(Target("other", access_token=OWN), base.Ambiguous, id="handle"),
        pytest.param(
            Target("other", HUMAS, access_token=OWN), base.Ambiguous, id="page-and-handle"
        ),
        pytest.param(Target("humas.sumsel", access_token=APP), base.CredentialsBad, id="app-token"),
        pytest.param(Target("humas.sumsel", access_token="x"), base.CredentialsBad, id="no-token"),
        pytest.param(Target("humas.sumsel"), base.NotSupported, id="not-connected"),
    ],
)
async def test_a_token_answers_for_its_own_account_only(sandbox, target, error):
    assert type(await counted(tiktok(sandbox, pages=False), target)) is error


def own(code: str = "ok", **user: Any) -> dict[str, Any]:
    told = {"open_id": OPEN, "username": "humas.sumsel", "follower_count": 7, **user}
    return {"data": {"user": told}, "error": {"code": code, "message": "", "log_id": "1"}}


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        pytest.param(401, own("access_token_invalid"), base.CredentialsBad, id="token"),
        pytest.param(401, own("scope_not_authorized"), base.CredentialsBad, id="scope"),
        pytest.param(401, own("scope_permission_missed"), base.CredentialsBad, id="permission"),
        pytest.param(401, own("brand_new"), base.CredentialsBad, id="another-401"),
        pytest.param(200, own("access_token_invalid"), base.CredentialsBad, id="token-with-200"),
        pytest.param(200, own("scope_not_authorized"), base.CredentialsBad, id="scope-with-200"),
        pytest.param(429, own("rate_limit_exceeded"), base.RateLimited, id="429"),
        pytest.param(200, own("rate_limit_exceeded"), base.RateLimited, id="rate-with-200"),
        pytest.param(500, own("internal_error"), base.Unavailable, id="500"),
        pytest.param(200, own("internal_error"), base.Unavailable, id="error-with-200"),
        pytest.param(400, own("invalid_params"), base.Ambiguous, id="400"),
        pytest.param(404, own("ok"), base.Ambiguous, id="404-that-is-ok"),
        pytest.param(200, own("brand_new"), base.Ambiguous, id="unknown-code"),
        pytest.param(200, {"data": own()["data"]}, base.ParseFailed, id="no-error-at-all"),
        pytest.param(200, own() | {"error": {"code": 0}}, base.ParseFailed, id="code-of-no-form"),
        pytest.param(200, own() | {"data": {}}, base.ParseFailed, id="no-user"),
        pytest.param(200, own(follower_count="7"), base.ParseFailed, id="text-for-a-count"),
        pytest.param(200, own(follower_count=-1), base.ParseFailed, id="below-zero"),
        pytest.param(200, own(open_id=None), base.ParseFailed, id="no-id"),
        pytest.param(200, own(username=None), base.ParseFailed, id="no-username"),
    ],
)
async def test_a_good_answer_says_ok_and_every_other_is_told_apart(status, body, error):
    target = Target("humas.sumsel", access_token=OWN)
    found = await counted(tiktok(stored(lambda _: (status, body))), target)
    assert type(found) is error
    if isinstance(found, base.RateLimited):
        assert found.retry_at == NOW + timedelta(minutes=1)


async def test_pages_are_read_only_where_they_are_allowed(sandbox):
    fan = Target("fan_1", FAN)
    assert await counted(tiktok(sandbox), fan) == CountReading(
        FAN, "Fan_1", 8_582, 8_582, "8582", Precision.EXACT, "tiktok:page.statsV2"
    )
    assert isinstance(await counted(tiktok(sandbox, pages=False), fan), base.NotSupported)
    assert await existing(tiktok(sandbox, pages=False), fan) is base.NotSupported


async def test_a_page_keeps_the_id_that_the_token_told(sandbox):
    reading = await counted(tiktok(sandbox), Target("humas.sumsel", OPEN))
    assert isinstance(reading, CountReading)
    assert (reading.platform_id, reading.followers_min) == (OPEN, 4_001_943)


@pytest.mark.parametrize(
    ("target", "state"),
    [
        pytest.param(Target("Fan_1", FAN), ExistenceState.EXISTS, id="there"),
        pytest.param(Target("closed"), ExistenceState.PRIVATE, id="private"),
        pytest.param(Target("nobody"), ExistenceState.MISSING, id="missing-at-200"),
        pytest.param(Target("taken", TAKEN), ExistenceState.MISSING, id="taken-looks-missing"),
        pytest.param(Target("off", OFF), ExistenceState.MISSING, id="off-looks-missing"),
        pytest.param(Target("fan_1", HUMAS), ExistenceState.AMBIGUOUS, id="another-id"),
        pytest.param(Target("a/../b"), ExistenceState.AMBIGUOUS, id="malformed"),
        pytest.param(Target("x"), ExistenceState.AMBIGUOUS, id="too-short"),
    ],
)
async def test_existence_is_told_by_the_page(sandbox, target, state):
    assert await existing(tiktok(sandbox), target) is state


async def test_a_private_account_shows_no_count_that_could_be_believed(sandbox):
    assert isinstance(await counted(tiktok(sandbox), Target("closed")), base.NotSupported)
    bare = page({"statusCode": 10222})
    asking = tiktok(stored(lambda _: (200, bare)))
    assert isinstance(await counted(asking, Target("closed")), base.NotSupported)
    assert await existing(asking, Target("closed")) is ExistenceState.PRIVATE
    # A page without an id may be that of whoever took over the name of a known account.
    assert await existing(asking, Target("closed", CLOSED)) is ExistenceState.AMBIGUOUS
    other = tiktok(stored(lambda _: (200, page(detail(10222)))))
    assert await existing(other, Target("closed")) is ExistenceState.AMBIGUOUS


def page(detail: object, extra: str = "") -> str:
    scope = {"webapp.app-context": {"nickname": "Orang Lain"}, "webapp.user-detail": detail}
    return (
        '<html><script id="__UNIVERSAL_DATA_FOR_REHYDRATION__" type="application/json">'
        f"{json.dumps({'__DEFAULT_SCOPE__': scope})}</script>{extra}</html>"
    )


def detail(code: object = 0, user: Any = None, **info: Any) -> dict[str, Any]:
    told = {"id": FAN, "uniqueId": "fan_1", "privateAccount": False, "secret": False}
    told |= user or {}
    return {"statusCode": code, "userInfo": {"user": told, **info}}


def counts(exact: object, short: object) -> dict[str, Any]:
    return {"statsV2": {"followerCount": exact}, "stats": {"followerCount": short}}


EXACT, ROUNDED = Precision.EXACT, Precision.ROUNDED


@pytest.mark.parametrize(
    ("info", "least", "most", "precision", "source"),
    [
        pytest.param(
            counts("4001943", 4_000_000), 4_001_943, 4_001_943, EXACT, "statsV2", id="both"
        ),
        pytest.param(
            {"stats": {"followerCount": 4_000_000}}, 3_950_000, 4_099_999, ROUNDED, "stats", id="m"
        ),
        pytest.param(
            {"stats": {"followerCount": 97_900}}, 97_850, 97_999, ROUNDED, "stats", id="k"
        ),
        pytest.param(
            {"stats": {"followerCount": 77_600_000}}, 77_550_000, 77_699_999, ROUNDED, "stats",
            id="tens-of-millions",
        ),
        pytest.param(
            {"stats": {"followerCount": 10_000}}, 9_950, 10_099, ROUNDED, "stats", id="ten-thousand"
        ),
        pytest.param(
            {"stats": {"followerCount": 9_900}}, 9_900, 9_900, EXACT, "stats", id="written-in-full"
        ),
        pytest.param(counts("0", 0), 0, 0, EXACT, "statsV2", id="nobody"),
        pytest.param(
            {"statsV2": {}, "stats": {"followerCount": 12}}, 12, 12, EXACT, "stats", id="empty-v2"
        ),
    ],
)  # fmt: skip
async def test_the_text_is_exact_and_the_number_beside_it_rounded(
    info, least, most, precision, source
):
    asking = tiktok(stored(lambda _: (200, page(detail(**info)))))
    reading = await counted(asking, Target("fan_1", FAN))
    assert isinstance(reading, CountReading)
    assert (reading.followers_min, reading.followers_max) == (least, most)
    assert (reading.precision, reading.source) == (precision, f"tiktok:page.{source}")


GOOD = counts("8582", 8582)


@pytest.mark.parametrize(
    ("found", "error"),
    [
        pytest.param(detail(**counts("-1", -1)), base.ParseFailed, id="below-zero"),
        pytest.param(detail(**counts("banyak", 8582)), base.ParseFailed, id="no-number"),
        pytest.param(detail(**counts(8582, 8582)), base.ParseFailed, id="no-text"),
        pytest.param(detail(**counts("٨٥٨٢", 8582)), base.ParseFailed, id="other-digits"),
        pytest.param(detail(**counts("9" * 5000, 8582)), base.ParseFailed, id="too-many-digits"),
        pytest.param(detail(stats={"followerCount": "8582"}), base.ParseFailed, id="stats-as-text"),
        pytest.param(detail(), base.ParseFailed, id="no-counts"),
        pytest.param(detail(10221), base.AccountGone, id="missing"),
        pytest.param({"statusCode": 10221}, base.AccountGone, id="missing-without-user"),
        pytest.param(detail(10204, **GOOD), base.LoginWall, id="address-blocked"),
        pytest.param(detail(10101, **GOOD), base.Ambiguous, id="unknown-status"),
        pytest.param(detail(False, **GOOD), base.Ambiguous, id="status-of-no-form"),
        pytest.param(detail([], **GOOD), base.Ambiguous, id="status-a-list"),
        pytest.param(detail(None, **GOOD), base.Ambiguous, id="no-status"),
        pytest.param({"statusCode": 0}, base.ParseFailed, id="no-user"),
        pytest.param(detail(user={"id": HUMAS}, **GOOD), base.Ambiguous, id="another-id"),
        pytest.param(detail(user={"uniqueId": "no"}, **GOOD), base.Ambiguous, id="another-handle"),
        pytest.param(
            detail(user={"id": int(FAN)}, **GOOD), base.ParseFailed, id="number-for-an-id"
        ),
        pytest.param(detail(user={"id": "MS4w"}, **GOOD), base.ParseFailed, id="letters-for-an-id"),
    ],
)
async def test_what_a_page_says_of_its_account(found, error):
    asking = tiktok(stored(lambda _: (200, page(found))))
    assert type(await counted(asking, Target("fan_1", FAN))) is error


WAITING = '<p id="cs" class="e30="></p><p id="wci" class="_wafchallengeid"></p>Please wait...'
SHELL = '<script id="__UNIVERSAL_DATA_FOR_REHYDRATION__">{"__DEFAULT_SCOPE__":{}}</script>'


@pytest.mark.parametrize(
    ("status", "text", "error"),
    [
        pytest.param(200, f"<html>{WAITING}</html>", base.LoginWall, id="proof-of-work"),
        pytest.param(200, SHELL + WAITING, base.LoginWall, id="proof-of-work-beside-a-shell"),
        pytest.param(200, f"{SHELL}<p id=wci></p>", base.LoginWall, id="cookie-of-another-name"),
        pytest.param(200, f"{SHELL}<form action=/login></form>", base.LoginWall, id="sign-in"),
        pytest.param(200, f"{SHELL}<div id='tiktok-verify-page'>", base.LoginWall, id="captcha"),
        pytest.param(
            200, f"<title>Security Check</title>{SHELL}", base.LoginWall, id="security-check"
        ),
        pytest.param(200, f"overload-protect triggered{SHELL}", base.LoginWall, id="overload"),
        pytest.param(200, "<html>fan_1</html>", base.LoginWall, id="no-script"),
        pytest.param(200, "", base.LoginWall, id="nothing"),
        pytest.param(302, "", base.LoginWall, id="redirect-to-login"),
        pytest.param(403, "<html>Access Denied</html>", base.LoginWall, id="403"),
        pytest.param(404, "<html>Not here</html>", base.Ambiguous, id="404-is-not-their-missing"),
        pytest.param(404, page({"statusCode": 10221}), base.Ambiguous, id="404-with-data"),
        pytest.param(200, SHELL, base.ParseFailed, id="shell-without-profile"),
        pytest.param(200, page([]), base.ParseFailed, id="profile-of-no-form"),
        pytest.param(200, page(detail(**GOOD))[:300], base.ParseFailed, id="cut-short"),
    ],
)
async def test_a_wall_is_blocked_and_never_missing(status, text, error):
    asking = tiktok(stored(lambda _: (status, text)))
    assert type(await counted(asking, Target("fan_1", FAN))) is error
    expected: dict[object, object] = {
        base.LoginWall: ExistenceState.BLOCKED,
        base.Ambiguous: ExistenceState.AMBIGUOUS,
    }
    assert await existing(asking, Target("fan_1", FAN)) == expected.get(error, error)


async def test_words_of_a_wall_in_a_name_do_not_hide_an_account():
    found = page(detail(user={"nickname": "overload-protect triggered"}, **GOOD), WAITING)
    asking = tiktok(stored(lambda _: (200, found)))
    assert isinstance(await counted(asking, Target("fan_1", FAN)), CountReading)


@pytest.mark.parametrize("field", ["privateAccount", "secret"])
async def test_either_sign_of_privacy_is_enough(field):
    asking = tiktok(stored(lambda _: (200, page(detail(user={field: True}, **GOOD)))))
    assert await existing(asking, Target("fan_1")) is ExistenceState.PRIVATE


async def test_a_token_pays_from_its_own_budget_and_one_refusal_is_not_anothers(sandbox):
    till = Till()
    access = Access(
        Platform.TIKTOK,
        SettableClock(NOW),
        base_url="http://platform.test/tiktok",
        page_base_url="http://platform.test/pages/tiktok",
        pages_allowed=True,
        gate=till,
        transport=sandbox,
    )
    await order(sandbox, "faults", platform="tiktok", fault="rate_limited", seconds=30)
    target, fan = Target("humas.sumsel", access_token=OWN), Target("fan_1")
    found = await TikTokAdapter(access).counts([target, fan])
    assert till.paid == [(credential_label(OWN), 1), ("pages", 1)]
    limited = found[target]
    assert isinstance(limited, base.RateLimited)
    assert limited.retry_at == NOW + timedelta(seconds=30)
    assert isinstance(found[fan], CountReading)


@given(body=JSON_VALUES | st.fixed_dictionaries({"data": JSON_VALUES, "error": JSON_VALUES}))
async def test_no_answer_makes_a_count_out_of_nothing(body):
    def answer(_: httpx.Request) -> Answer:
        return 200, body

    target = Target("humas.sumsel", access_token=OWN)
    assert isinstance(await counted(tiktok(stored(answer)), target), PlatformError)


@given(
    code=st.sampled_from([0, 10221, 10222]) | JSON_VALUES,
    user=JSON_VALUES | st.fixed_dictionaries({"id": JSON_VALUES, "privateAccount": JSON_VALUES}),
    exact=JSON_VALUES | st.from_regex(r"[0-9]{1,12}", fullmatch=True),
    short=JSON_VALUES,
)
async def test_no_page_makes_a_count_out_of_nothing(code, user, exact, short):
    told = {"id": FAN, "uniqueId": "fan_1", **user} if isinstance(user, dict) else user
    info = {"user": told, **counts(exact, short)}
    found = page({"statusCode": code, "userInfo": info})
    asking, target = tiktok(stored(lambda _: (200, found))), Target("fan_1", FAN)
    reading = await counted(asking, target)
    assert isinstance(reading, PlatformError) or (code, reading.raw) == (0, exact)
    if await existing(asking, target) is ExistenceState.MISSING:
        assert code == 10221


async def test_a_limit_that_only_the_body_tells_reaches_the_budget():
    till = Till()
    answer = stored(lambda _: (200, own("rate_limit_exceeded")))
    access = Access(Platform.TIKTOK, SettableClock(NOW), gate=till, transport=answer)
    target = Target("humas.sumsel", access_token=OWN)
    assert isinstance((await TikTokAdapter(access).counts([target]))[target], base.RateLimited)
    assert till.limits == [(credential_label(OWN), base.RateLimited)]
