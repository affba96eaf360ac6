"""The sandbox's truth: which accounts exist and how many followers each has at any moment."""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b
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


class HandleTaken(LookupError):
    """Another account of the sandbox's world has this handle."""


class AccountState(StrEnum):
    """What a platform would say of an account; `hidden` is a count that its owner hides."""

    ACTIVE = "active"
    DEACTIVATED = "deactivated"
    HIDDEN = "hidden"
    PRIVATE = "private"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class Knot:
    """A moment at which the follower count is given; between two knots it runs straight."""

    at: Moment
    followers: Count


@dataclass(frozen=True, slots=True)
class WorldAccount:
    """One account of the world; after its last knot it gains `per_day` followers evenly.

    Instagram tells nothing of accounts that are not `professional`.
    """

    platform: Platform
    platform_id: Name
    handle: Name
    display_name: Name
    created_at: Moment
    knots: Annotated[tuple[Knot, ...], msgspec.Meta(min_length=1)]
    per_day: Count = 0
    state: AccountState = AccountState.ACTIVE
    professional: bool = True

    def __post_init__(self) -> None:
        moments = [knot.at for knot in self.knots]
        if any(later <= earlier for earlier, later in pairwise(moments)):
            raise ValueError("knots are not in order of time")


@dataclass(frozen=True, slots=True)
class WorldFollow:
    """That one account of the world follows another, by their stable ids."""

    platform: Platform
    follower_id: Name
    followed_id: Name


@dataclass(frozen=True, slots=True)
class WorldToken:
    """A bearer token that a platform accepts: an account's own, or the app's without an id."""

    platform: Platform
    token: Name
    platform_id: str | None = None


@dataclass(frozen=True, slots=True)
class World:
    """Every account that the sandbox knows, who follows whom, and which credentials it accepts."""

    youtube_key: Name
    accounts: Annotated[tuple[WorldAccount, ...], msgspec.Meta(min_length=1)]
    follows: tuple[WorldFollow, ...] = ()
    tokens: tuple[WorldToken, ...] = ()

    def __post_init__(self) -> None:
        keys = {(account.platform, account.platform_id) for account in self.accounts}
        if len(keys) != len(self.accounts):
            raise ValueError("two accounts have the same platform id")


def _citizen(platform: Platform, number: int) -> "Listed":
    """An invented follower whom nobody has declared, under ids of the platform's own form."""
    match platform:
        case Platform.BLUESKY:
            name = f"warga{number}.bsky.social"
            return Listed(f"did:plc:warga{_letters(number)}", name, "Warga")
        case Platform.YOUTUBE:
            return Listed(f"UCwarga{number:017d}", f"warga{number}", "Warga")
        case Platform.MASTODON:
            return Listed(str(900_000_000 + number), f"warga{number}@warga.example", "Warga")
        case _:
            return Listed(str(9_000_000_000_000_000 + number), f"warga{number}", "Warga")


def _letters(number: int) -> str:
    """A number of 19 base-32 signs, as DIDs of the method plc are written."""
    signs = "abcdefghijklmnopqrstuvwxyz234567"
    return "".join(signs[number >> (5 * place) & 31] for place in range(19))


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


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry of a follower list: an account of the world, or one of its nameless citizens."""

    platform_id: str
    handle: str
    display_name: str


@dataclass(frozen=True, slots=True)
class Hiding:
    """That lists leave out a share of an account's followers, while its count holds them.

    They are always the same ones or, with `redrawn_seconds`, others after each such time.
    """

    share: float
    seed: int = 0
    redrawn_seconds: int | None = None

    def hides(self, follower_id: str, now: datetime) -> bool:
        """Whether a list leaves this follower out now."""
        if not self.share:
            return False
        every = self.redrawn_seconds
        draw = 0 if every is None else int(now.timestamp()) // every
        lot = blake2b(f"{self.seed} {draw} {follower_id}".encode(), digest_size=4).digest()
        return int.from_bytes(lot, "big") < self.share * 2**32


class Truth:
    """The world as it is now: what the file said, and what was set since."""

    def __init__(self, world: World) -> None:
        self._accounts = {(found.platform, found.platform_id): found for found in world.accounts}
        self._ids = {
            (found.platform, found.handle.casefold()): found.platform_id for found in world.accounts
        }
        self._followers: dict[tuple[Platform, str], dict[str, datetime | None]] = {}
        self._turns: defaultdict[WorldFollow, list[tuple[datetime, bool]]] = defaultdict(list)
        self._hidings: dict[tuple[Platform, str], Hiding] = {}
        for follow in world.follows:
            self.set_follow(follow.platform, follow.follower_id, follow.followed_id, follows=True)
        self.tokens = {(each.platform, each.token): each for each in world.tokens}

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

    def follows(self, platform: Platform, follower_id: str, followed_id: str) -> bool:
        """Whether one account follows another."""
        return follower_id in self._followers.get((platform, followed_id), {})

    def followed_at(
        self, platform: Platform, follower_id: str, followed_id: str, moment: datetime
    ) -> bool:
        """Whether one account followed another at a moment, by the turns that were dated."""
        turns = self._turns.get(WorldFollow(platform, follower_id, followed_id), [])
        past = [follows for at, follows in turns if at <= moment]
        if past:
            return past[-1]
        # Before its first turn it was the other way round.
        return not turns[0][1] if turns else self.follows(platform, follower_id, followed_id)

    def turns(self, platform: Platform, follower_id: str, followed_id: str) -> list[datetime]:
        """When one account began or ceased to follow another, as far as that was dated."""
        return [
            at for at, _ in self._turns.get(WorldFollow(platform, follower_id, followed_id), [])
        ]

    def began_at(self, platform: Platform, follower_id: str, followed_id: str) -> datetime | None:
        """When a follow began; None where it was there from the beginning."""
        return self._followers.get((platform, followed_id), {}).get(follower_id)

    def set_follow(
        self,
        platform: Platform,
        follower_id: str,
        followed_id: str,
        *,
        follows: bool,
        at: datetime | None = None,
    ) -> None:
        """From now on one account follows another, or no longer; `at` is when that is."""
        listed = self._followers.setdefault((platform, followed_id), {})
        if at is not None and follows is not (follower_id in listed):
            self._turns[WorldFollow(platform, follower_id, followed_id)].append((at, follows))
        if follows:
            listed.setdefault(follower_id, at)
        else:
            listed.pop(follower_id, None)

    def named_followers(self, account: WorldAccount) -> list[WorldAccount]:
        """The accounts of the world that follow an account, whatever state they are in."""
        ids = self._followers.get((account.platform, account.platform_id), {})
        return [found for each in ids if (found := self.by_id(account.platform, each))]

    def followers_of(self, account: WorldAccount, now: datetime) -> list[Listed]:
        """Everyone who follows an account: those the world names, then citizens up to its count."""
        named = [
            Listed(found.platform_id, found.handle, found.display_name)
            for found in self.named_followers(account)
            if found.state not in {AccountState.SUSPENDED, AccountState.DEACTIVATED}
        ]
        unnamed = range(max(0, count_at(account, now) - len(named)))
        return named + [_citizen(account.platform, number) for number in unnamed]

    def token_of(self, platform: Platform, token: str) -> WorldToken | None:
        """Whom a bearer token speaks for; None for one that the platform never gave out."""
        return self.tokens.get((platform, token))

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

    def add(self, account: WorldAccount) -> None:
        """From now on there is another account.

        Raises:
            HandleTaken: its handle or its id is another account's.
        """
        key = (account.platform, account.handle.casefold())
        if key in self._ids or (account.platform, account.platform_id) in self._accounts:
            raise HandleTaken(HandleTaken.__doc__)
        self._ids[key] = account.platform_id
        self._put(account)

    def rename(self, platform: Platform, platform_id: str, handle: str) -> None:
        """From now on the account goes by this handle, and its old one is free.

        Raises:
            AccountUnknown: the world has no such account.
            HandleTaken: the handle is another account's.
        """
        account, key = self._known(platform, platform_id), (platform, handle.casefold())
        if self._ids.get(key, platform_id) != platform_id:
            raise HandleTaken(HandleTaken.__doc__)
        self._ids.pop((platform, account.handle.casefold()), None)
        self._ids[key] = platform_id
        self._put(replace(account, handle=handle))

    def hide(self, platform: Platform, platform_id: str, hiding: Hiding) -> None:
        """From now on the lists of an account leave out followers.

        Raises:
            AccountUnknown: the world has no such account.
        """
        account = self._known(platform, platform_id)
        self._hidings[platform, account.platform_id] = hiding

    def hides(self, account: WorldAccount, follower_id: str, now: datetime) -> bool:
        """Whether the account's lists leave a follower out now."""
        hiding = self._hidings.get((account.platform, account.platform_id))
        return hiding is not None and hiding.hides(follower_id, now)

    def _known(self, platform: Platform, platform_id: str) -> WorldAccount:
        found = self.by_id(platform, platform_id)
        if found is None:
            raise AccountUnknown(AccountUnknown.__doc__)
        return found

    def _put(self, account: WorldAccount) -> None:
        self._accounts[account.platform, account.platform_id] = account
