"""Follower lists that leave out who is gone or hidden, while the count beside them holds them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from app.platforms.sandbox.world import AccountState, Listed, Truth, WorldAccount

GONE: Final = frozenset({AccountState.SUSPENDED, AccountState.DEACTIVATED})


def shown_followers(truth: Truth, account: WorldAccount, now: datetime) -> list[Listed]:
    """The followers whom the account's lists do not leave out without a word."""
    return _without_hidden(truth, account, truth.followers_of(account, now), now)


def listed_followers(truth: Truth, account: WorldAccount, now: datetime) -> list[Listed]:
    """The same where counts hold who is gone: Bluesky was measured to list 0 of a count of 3."""
    platform, followed = account.platform, account.platform_id
    gone = [each.platform_id for each in truth.accounts() if each.state in GONE]
    unlisted = sum(truth.follows(platform, each, followed) for each in gone)
    everyone = truth.followers_of(account, now)
    return _without_hidden(truth, account, everyone[: max(0, len(everyone) - unlisted)], now)


def _without_hidden(
    truth: Truth, account: WorldAccount, followers: Iterable[Listed], now: datetime
) -> list[Listed]:
    return [each for each in followers if not truth.hides(account, each.platform_id, now)]
