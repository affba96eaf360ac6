"""The invented government of the simulation: official accounts, employees, and who follows whom."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from types import MappingProxyType
from typing import Final

from app.platforms.base import Platform
from app.platforms.sandbox.world import Knot, World, WorldAccount, WorldFollow, WorldToken

HOME: Final = "sosial.sumsel.example"
ELSEWHERE: Final = "warga.jejaring.example"
AWAY_SHARE: Final = 0.2
APP: Final = "sandbox-simulation-app"
FOLLOWING: Final = 0.45
ATTESTED: Final = 0.85
LATE: Final = 0.08
# Which share of the people has an account there.
SHARES: Final[Mapping[Platform, float]] = MappingProxyType({
    Platform.BLUESKY: 0.35,
    Platform.X: 0.35,
    Platform.INSTAGRAM: 0.4,
    Platform.MASTODON: 0.15,
    Platform.TIKTOK: 0.25,
    Platform.FACEBOOK: 0.2,
})  # fmt: skip
# The official accounts by their place on the platform, with the citizens who follow them.
OFFICIALS: Final = (
    (Platform.BLUESKY, "pemprov", 700),
    (Platform.BLUESKY, "diskominfo", 60),
    (Platform.X, "pemprov", 900),
    (Platform.MASTODON, "pemprov", 150),
    (Platform.INSTAGRAM, "pemprov", 800),
    (Platform.TIKTOK, "pemprov", 500),
    (Platform.FACEBOOK, "pemprov", 600),
)
LETTERS: Final = "abcdefghijklmnopqrstuvwxyz234567"


@dataclass(frozen=True, slots=True)
class Plan:
    """How large the simulation is, how long it lasts, and how much goes wrong in it.

    `hidden` is the share of followers that lists leave out: the same ones always, or others each
    hour where it is `redrawn`. `failing` is the share of answers that platforms spoil. With
    `pages` the public pages of Instagram and TikTok may be read. Counts are polled every `hours`,
    and so often the hourly line of the cron table fires. Whoever has not followed for
    `settled_days`, with nothing else moved, should have been found.
    """

    people: int = 150
    days: int = 30
    hidden: float = 0.03
    redrawn: bool = False
    failing: float = 0.05
    seed: int = 20261125
    pages: bool = False
    hours: int = 1
    settled_days: int = 5


@dataclass(frozen=True, slots=True)
class Official:
    """One official account, and how many citizens follow it at the beginning."""

    account: WorldAccount
    citizens: int

    @property
    def platform(self) -> Platform:
        return self.account.platform

    @property
    def platform_id(self) -> str:
        return self.account.platform_id

    @property
    def token(self) -> str:
        """The token that its custodian has given."""
        return f"sandbox-simulation-{self.account.handle}"


@dataclass(frozen=True, slots=True)
class Person:
    """One employee; `arrives` is the day on which they join, 0 for those of the first roster."""

    number: int
    accounts: Sequence[WorldAccount]
    attested: bool
    arrives: int

    @property
    def nip(self) -> str:
        """An invented PPPK NIP that is valid by its form: the number stands in its sequence."""
        day, sequence = divmod(self.number, 999)
        return f"{1990 + day // 28:04d}01{day % 28 + 1:02d}2024211{sequence + 1:03d}"


@dataclass(frozen=True, slots=True)
class Government:
    """Everyone in the simulation, and the world that the sandbox begins with."""

    people: Sequence[Person]
    officials: Sequence[Official]
    world: World


def invent(plan: Plan, now: datetime) -> Government:
    """The government of a plan; the same seed invents the same one."""
    rng = Random(f"people {plan.seed}")  # noqa: S311 - Lots, no secrets.
    officials = [_official(*each, now) for each in OFFICIALS]
    people = [_person(rng, number, plan, now) for number in range(plan.people)]
    accounts = [account for person in people for account in person.accounts]
    tokens = [WorldToken(each, APP) for each in (Platform.X, Platform.INSTAGRAM, Platform.FACEBOOK)]
    tokens += [WorldToken(each.platform, each.token, each.platform_id) for each in officials]
    world = World(
        youtube_key=APP,
        accounts=(*(each.account for each in officials), *accounts),
        follows=tuple(_follows(rng, officials, accounts)),
        tokens=tuple(tokens),
    )
    return Government(people, officials, world)


def _official(platform: Platform, name: str, citizens: int, now: datetime) -> Official:
    account = invented(platform, name, len(name), now, followers=citizens)
    return Official(account, citizens)


def _person(rng: Random, number: int, plan: Plan, now: datetime) -> Person:
    accounts = [
        invented(each, f"pegawai{number}", 1_000 + number, now, away=rng.random() < AWAY_SHARE)
        for each, share in SHARES.items()
        if rng.random() < share
    ]
    late = rng.random() < LATE
    arrives = rng.randint(1, max(1, plan.days // 2)) if late else 0
    return Person(number, accounts, rng.random() < ATTESTED, arrives)


def _follows(
    rng: Random, officials: Sequence[Official], accounts: Sequence[WorldAccount]
) -> Iterator[WorldFollow]:
    for official in officials:
        for each in accounts:
            if each.platform is official.platform and rng.random() < FOLLOWING:
                yield WorldFollow(each.platform, each.platform_id, official.platform_id)


def invented(
    platform: Platform,
    name: str,
    number: int,
    now: datetime,
    *,
    followers: int = 0,
    away: bool = False,
) -> WorldAccount:
    """An account under a handle and an id of its platform's own form; `away` on another server."""
    handle, platform_id = name, str(17_800_000_000_000_000 + number)
    match platform:
        case Platform.BLUESKY:
            handle = f"{name}.bsky.social"
            platform_id = f"did:plc:{'simulasi' + _letters(number):2<24}"
        case Platform.MASTODON:
            host = ELSEWHERE if away else HOME
            handle, platform_id = f"{name}@{host}", f"https://{host}/users/{name}"
        case _:
            pass
    return WorldAccount(
        platform=platform,
        platform_id=platform_id,
        handle=handle,
        display_name="Akun rekaan",
        created_at=now - timedelta(days=1_500),
        knots=(Knot(now, followers),),
        # Employees' own accounts on Instagram are personal ones, of which it confirms none.
        professional=followers > 0,
    )


def _letters(number: int) -> str:
    return "".join(LETTERS[number >> (5 * place) & 31] for place in range(8))
