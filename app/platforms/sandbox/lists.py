"""Follower lists that leave out who is gone, while the count beside them still holds them."""

from datetime import datetime
from typing import Final

from app.platforms.sandbox.world import AccountState, Listed, Truth, WorldAccount

GONE: Final = frozenset({AccountState.SUSPENDED, AccountState.DEACTIVATED})


def listed_followers(truth: Truth, account: WorldAccount, now: datetime) -> list[Listed]:
    """The followers that a list shows; Bluesky was measured to list 0 of a count of 3."""
    platform, followed = account.platform, account.platform_id
    gone = [each.platform_id for each in truth.accounts() if each.state in GONE]
    unlisted = sum(truth.follows(platform, each, followed) for each in gone)
    everyone = truth.followers_of(account, now)
    return everyone[: max(0, len(everyone) - unlisted)]
