"""The sandbox's truth: which accounts exist and how many followers each has at any moment."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import msgspec

from app.platforms.base import Platform

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Name = Annotated[str, msgspec.Meta(min_length=1)]


class WorldUnusable(Exception):
    """The sandbox has no world to show."""

    def __init__(self, **fields: object) -> None:
        super().__init__((self.__doc__ or "").format(**fields))


class WorldMissing(WorldUnusable):
    """The sandbox's world cannot be read from {path}."""


class WorldInvalid(WorldUnusable):
    """The sandbox's world in {path} is not usable: {reason}"""


class AccountUnknown(LookupError):
    """The sandbox's world has no such account."""


class AccountState(StrEnum):
    """What a platform would say of an account; `hidden` is a count that its owner hides."""

    ACTIVE = "active"
    DEACTIVATED = "deactivated"
    HIDDEN = "hidden"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class Knot:
    """A moment at which the follower count is given; between two knots it runs straight."""

    at: Moment
    followers: Count


@dataclass(frozen=True, slots=True)
class WorldAccount:
    """One account of the world; after its last knot it gains `per_day` followers evenly."""

    platform: Platform
    platform_id: Name
    handle: Name
    display_name: Name
    created_at: Moment
    knots: Annotated[tuple[Knot, ...], msgspec.Meta(min_length=1)]
    per_day: Count = 0
    state: AccountState = AccountState.ACTIVE

    def __post_init__(self) -> None:
        moments = [knot.at for knot in self.knots]
        if any(later <= earlier for earlier, later in pairwise(moments)):
            raise ValueError("knots are not in order of time")


@dataclass(frozen=True, slots=True)
class World:
    """Every account that the sandbox knows, and the API key that its YouTube accepts."""

    youtube_key: Name
    accounts: Annotated[tuple[WorldAccount, ...], msgspec.Meta(min_length=1)]

    def __post_init__(self) -> None:
        keys = {(account.platform, account.platform_id) for account in self.accounts}
        if len(keys) != len(self.accounts):
            raise ValueError("two accounts have the same platform id")


def count_at(account: WorldAccount, moment: datetime) -> int:
    """The true follower count at a moment; it moves on full minutes only."""
    minute = moment.replace(second=0, microsecond=0)
    before = [knot for knot in account.knots if knot.at <= minute]
    if not before:
        return account.knots[0].followers
    last = before[-1]
    passed = minute - last.at
    if len(before) == len(account.knots):
        return last.followers + account.per_day * passed // timedelta(days=1)
    following = account.knots[len(before)]
    gain = (following.followers - last.followers) * passed // (following.at - last.at)
    return last.followers + gain


def write_world(world: World, path: Path) -> None:
    """Write a world as indented JSON that `read_world` reads."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(world), indent=2) + b"\n")


def read_world(path: Path) -> World:
    """The world of a file.

    Raises:
        WorldMissing: the file cannot be read.
        WorldInvalid: it does not hold a world, or an empty one.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=World)
    except OSError as failure:
        raise WorldMissing(path=path) from failure
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as failure:
        raise WorldInvalid(path=path, reason=failure) from failure


class Truth:
    """The world as it is now: what the file said, and what was set since."""

    def __init__(self, world: World) -> None:
        self._accounts = {(found.platform, found.platform_id): found for found in world.accounts}
        self._ids = {
            (found.platform, found.handle.casefold()): found.platform_id for found in world.accounts
        }

    def accounts(self) -> list[WorldAccount]:
        """Every account, in the order of the world."""
        return list(self._accounts.values())

    def by_id(self, platform: Platform, platform_id: str) -> WorldAccount | None:
        """The account with a stable id, exactly as written."""
        return self._accounts.get((platform, platform_id))

    def by_handle(self, platform: Platform, handle: str) -> WorldAccount | None:
        """The account with a handle, whatever its case."""
        platform_id = self._ids.get((platform, handle.casefold()))
        return self.by_id(platform, platform_id) if platform_id else None

    def set_followers(
        self, platform: Platform, platform_id: str, followers: int, *, at: datetime
    ) -> None:
        """From now on the account has this many followers and stands still.

        Raises:
            AccountUnknown: the world has no such account.
        """
        knots = (Knot(at=at, followers=followers),)
        self._put(replace(self._known(platform, platform_id), knots=knots, per_day=0))

    def set_state(self, platform: Platform, platform_id: str, state: AccountState) -> None:
        """From now on the platform says this of the account.

        Raises:
            AccountUnknown: the world has no such account.
        """
        self._put(replace(self._known(platform, platform_id), state=state))

    def _known(self, platform: Platform, platform_id: str) -> WorldAccount:
        found = self.by_id(platform, platform_id)
        if found is None:
            raise AccountUnknown(AccountUnknown.__doc__)
        return found

    def _put(self, account: WorldAccount) -> None:
        self._accounts[account.platform, account.platform_id] = account
