"""The demo's invented networks: which declared accounts exist where, and whom they follow."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from random import Random
from types import MappingProxyType
from typing import Final

from app.local.demo_accounts import DemoDeclaration
from app.official_accounts.models import OwnerKind
from app.platforms.base import Platform
from app.platforms.sandbox.oauth import CLIENT_ID, CLIENT_SECRET
from app.platforms.sandbox.world import AccountState, Knot, WorldAccount, WorldFollow, WorldToken

FOLLOWING_SHARE: Final = 0.35
MISSING_SHARE: Final = 0.02
LEAST_FOLLOWERS, MOST_FOLLOWERS = 3, 900
YOUTUBE_KEY: Final = "sandbox-demo-key"
OAUTH_APPS: Final = ("META", "THREADS", "TIKTOK", "X", "YOUTUBE")
INSTAGRAM_BUDGET: Final = 100_000
INSTAGRAM_ASKER: Final = "17841400000000099"

_PLACES: Final = {
    Platform.BLUESKY: "",
    Platform.YOUTUBE: "",
    Platform.MASTODON: "/mastodon/{host}",
}

# How many of a hundred accounts that are there are in which state.
_STATES: Final[Mapping[AccountState, int]] = MappingProxyType({
    AccountState.ACTIVE: 94,
    AccountState.PRIVATE: 4,
    AccountState.SUSPENDED: 1,
    AccountState.DEACTIVATED: 1,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class DemoOfficialAccount:
    """An official account of the demo, its handle as `normalize` gives it.

    `baseline` is the count when the campaign starts, `per_day` the gain that follows on
    the last known count; both feed the sandbox only.
    """

    platform: Platform
    handle: str
    platform_id: str
    display_name: str
    owner_kind: OwnerKind
    baseline: int
    per_day: int


def app_token(platform: Platform) -> str:
    """The credential of the demo's app on one platform of the sandbox."""
    return f"sandbox-demo-{platform.value}"


def app_tokens() -> tuple[WorldToken, ...]:
    """The credentials of the demo's apps, as the sandbox knows them."""
    return tuple(WorldToken(platform, app_token(platform)) for platform in Platform)


def own_tokens(official: Iterable[DemoOfficialAccount]) -> tuple[WorldToken, ...]:
    """The tokens that custodians have made on their accounts' own servers."""
    return tuple(
        WorldToken(each.platform, own_token(each.platform_id), each.platform_id)
        for each in official
        if each.platform is Platform.MASTODON
    )


def own_token(platform_id: str) -> str:
    """The token that the custodian of an official account has made on its server."""
    digest = blake2b(platform_id.encode(), digest_size=8).hexdigest()
    return f"sandbox-demo-own-{digest}"


def people_accounts(
    rng: Random, declarations: Iterable[DemoDeclaration], now: datetime
) -> Iterator[WorldAccount]:
    """The declared accounts that are there; a few were mistyped and are not."""
    for each in declarations:
        if not each.platform_id or rng.random() < MISSING_SHARE:
            continue
        knots = (Knot(now, rng.randint(LEAST_FOLLOWERS, MOST_FOLLOWERS)),)
        yield WorldAccount(
            platform=Platform(each.platform),
            platform_id=each.platform_id,
            handle=each.username,
            display_name="Akun contoh",
            created_at=now - timedelta(days=rng.randint(400, 3_000)),
            knots=knots,
            state=rng.choices(list(_STATES), list(_STATES.values()))[0],
            professional=False,
        )


def follows_of(
    rng: Random, people: Sequence[WorldAccount], official: Iterable[DemoOfficialAccount]
) -> Iterator[WorldFollow]:
    """Which of the people follow which official account."""
    for account in official:
        for person in people:
            if person.platform is account.platform and rng.random() < FOLLOWING_SHARE:
                yield WorldFollow(account.platform, person.platform_id, account.platform_id)


def sandbox_environment(sandbox: str) -> dict[str, str]:
    """The settings that lead every adapter to the sandbox instead of the platforms.

    Bluesky and YouTube stand at the sandbox's root, the others under their names; TikTok has no
    API that an agency may use for accounts of others, so its public pages are read.
    """
    found = {
        "SIMEDSOS_INSTAGRAM_USER_ID": INSTAGRAM_ASKER,
        # At Meta's pace the demo's first round of questions would take a day.
        "SIMEDSOS_BUDGETS": f"{Platform.INSTAGRAM.value}={INSTAGRAM_BUDGET}",
        "SIMEDSOS_PUBLIC_PAGES": Platform.TIKTOK.value,
        "SIMEDSOS_YOUTUBE_API_KEY": YOUTUBE_KEY,
        "SIMEDSOS_X_BEARER_TOKEN": app_token(Platform.X),
    }
    for platform in (Platform.FACEBOOK, Platform.INSTAGRAM, Platform.THREADS):
        found[f"SIMEDSOS_{platform.upper()}_ACCESS_TOKEN"] = app_token(platform)
    for app in OAUTH_APPS:
        found[f"SIMEDSOS_{app}_OAUTH_BASE_URL"] = f"{sandbox}/oauth/{app.lower()}"
        found[f"SIMEDSOS_{app}_CLIENT_ID"] = CLIENT_ID
        found[f"SIMEDSOS_{app}_CLIENT_SECRET"] = CLIENT_SECRET
    for platform in Platform:
        found[f"SIMEDSOS_{platform.upper()}_BASE_URL"] = sandbox + _PLACES.get(
            platform, f"/{platform.value}"
        )
        found[f"SIMEDSOS_{platform.upper()}_PAGE_BASE_URL"] = f"{sandbox}/pages/{platform.value}"
    return found
