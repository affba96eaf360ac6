"""Writes the demo's invented world: registry files, follower lists and the sandbox's truth."""

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Final

from app.core.clock import JAKARTA, jakarta_day
from app.local.demo_accounts import HOME_SERVER, DemoDeclaration, build_declarations
from app.local.demo_followers import (
    BASELINE,
    COHORT_BEFORE,
    COHORT_DURING,
    SECOND_LISTED,
    Follower,
    Timeline,
    build_followers,
    listed_at,
    write_export,
)
from app.local.demo_network import (
    YOUTUBE_KEY,
    DemoOfficialAccount,
    app_tokens,
    follows_of,
    own_tokens,
    people_accounts,
)
from app.local.demo_people import EMPLOYEES, DemoEmployee, build_employees
from app.local.demo_units import DemoUnit, build_units
from app.official_accounts.models import OwnerKind
from app.platforms.base import Platform
from app.platforms.sandbox.world import Knot, World, WorldAccount, write_world

SEED: Final = 20261124
CAMPAIGN_DAYS: Final = 14
HISTORY_DAYS: Final = 30
OPENED: Final = datetime(2019, 4, 17, 2, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class DemoReading:
    """A follower count that a person reads off the official Instagram account."""

    at: datetime
    followers: int


@dataclass(frozen=True, slots=True)
class DemoFiles:
    """The files of one demo, and the facts that go with them."""

    folder: Path
    work_units: Path
    employees: Path
    accounts: Path
    instagram_first: Path
    instagram_second: Path
    world: Path
    official_accounts: tuple[DemoOfficialAccount, ...]
    campaign_start: datetime
    first_list_taken_at: datetime
    second_list_taken_at: datetime
    instagram_baseline: int
    instagram_current: int
    instagram_readings: tuple[DemoReading, ...]
    cohort_before: int
    cohort_during: int
    expected_gain: int
    youtube_key: str


INSTAGRAM: Final = DemoOfficialAccount(
    Platform.INSTAGRAM,
    "pemprovsumsel_demo",
    "17841400000000001",
    "Pemprov Sumsel (demo)",
    OwnerKind.OFFICE,
    BASELINE,
    0,
)
OFFICIAL_ACCOUNTS: Final = (
    INSTAGRAM,
    DemoOfficialAccount(
        Platform.BLUESKY,
        "pemprov-sumsel-demo.bsky.social",
        "did:plc:demopemprovsumsel2222222",
        "Pemprov Sumsel (demo)",
        OwnerKind.OFFICE,
        3_140,
        480,
    ),
    DemoOfficialAccount(
        Platform.BLUESKY,
        "diskominfo-sumsel-demo.bsky.social",
        "did:plc:demodiskominfosumsel2222",
        "Diskominfo Sumsel (demo)",
        OwnerKind.AGENCY,
        1_260,
        240,
    ),
    DemoOfficialAccount(
        Platform.YOUTUBE,
        "diskominfosumseldemo",
        "UCDiskominfoSumselDemo01",
        "Diskominfo Sumsel (demo)",
        OwnerKind.AGENCY,
        7_430,
        480,
    ),
    DemoOfficialAccount(
        Platform.YOUTUBE,
        "gubernursumseldemo",
        "UCGubernurSumselDemo_001",
        "Gubernur Sumsel (demo)",
        OwnerKind.PERSON,
        45_210,
        960,
    ),
    DemoOfficialAccount(
        Platform.FACEBOOK,
        "pemprovsumsel.demo",
        "61550000000001",
        "Pemprov Sumsel (demo)",
        OwnerKind.OFFICE,
        21_480,
        240,
    ),
    DemoOfficialAccount(
        Platform.TIKTOK,
        "diskominfosumsel_demo",
        "7100000000000000001",
        "Diskominfo Sumsel (demo)",
        OwnerKind.AGENCY,
        15_830,
        720,
    ),
    DemoOfficialAccount(
        Platform.X,
        "sumselprov_demo",
        "1500000000000001",
        "Pemprov Sumsel (demo)",
        OwnerKind.OFFICE,
        4_870,
        240,
    ),
    DemoOfficialAccount(
        Platform.THREADS,
        "pemprovsumsel_demo",
        "1700000000000001",
        "Pemprov Sumsel (demo)",
        OwnerKind.OFFICE,
        1_940,
        240,
    ),
    DemoOfficialAccount(
        Platform.MASTODON,
        f"diskominfo@{HOME_SERVER}",
        f"https://{HOME_SERVER}/users/diskominfo",
        "Diskominfo Sumsel (demo)",
        OwnerKind.AGENCY,
        310,
        240,
    ),
)


def write_demo(folder: Path, *, now: datetime, seed: int = SEED) -> DemoFiles:
    """Write every file of the demo; the same moment and seed give the same bytes."""
    rng = Random(seed)  # noqa: S311 - An invented world must be repeatable, not secret.
    now = now.astimezone(UTC).replace(microsecond=0)
    timeline = _timeline(now)
    units = build_units()
    employees = build_employees(rng, units)
    declarations = build_declarations(rng, employees, now)
    followers = build_followers(rng, _uncontested(declarations), timeline)
    files = _files(folder, timeline, followers)
    folder.mkdir(parents=True, exist_ok=True)
    _write_units(files.work_units, units)
    _write_employees(files.employees, employees)
    _write_accounts(files.accounts, declarations)
    for path, taken_at in (
        (files.instagram_first, timeline.first_list),
        (files.instagram_second, timeline.second_list),
    ):
        write_export(path, INSTAGRAM.handle, listed_at(followers, timeline, taken_at), taken_at)
    write_world(_world(rng, timeline, files.instagram_readings, declarations, now), files.world)
    return files


def _timeline(now: datetime) -> Timeline:
    day = jakarta_day(now) - timedelta(days=CAMPAIGN_DAYS)
    return Timeline(
        opened=OPENED,
        campaign_start=datetime.combine(day, time(), JAKARTA),
        first_list=now - timedelta(days=3),
        second_list=now - timedelta(days=1),
    )


def _uncontested(declarations: Iterable[DemoDeclaration]) -> list[str]:
    claims = Counter(each.handle for each in declarations if each.platform == Platform.INSTAGRAM)
    return [handle for handle, claimants in claims.items() if claimants == 1]


def _files(folder: Path, timeline: Timeline, followers: Sequence[Follower]) -> DemoFiles:
    return DemoFiles(
        folder=folder,
        work_units=folder / "work_units.csv",
        employees=folder / "employees.csv",
        accounts=folder / "accounts.csv",
        instagram_first=folder / "instagram_pemprov_1.zip",
        instagram_second=folder / "instagram_pemprov_2.zip",
        world=folder / "world.json",
        official_accounts=OFFICIAL_ACCOUNTS,
        campaign_start=timeline.campaign_start,
        first_list_taken_at=timeline.first_list,
        second_list_taken_at=timeline.second_list,
        instagram_baseline=BASELINE,
        instagram_current=SECOND_LISTED,
        instagram_readings=_readings(followers, timeline),
        cohort_before=COHORT_BEFORE,
        cohort_during=COHORT_DURING,
        expected_gain=EMPLOYEES,
        youtube_key=YOUTUBE_KEY,
    )


def _readings(followers: Sequence[Follower], timeline: Timeline) -> tuple[DemoReading, ...]:
    """One reading at every midnight of the campaign, and one at and after each list."""
    lists = (timeline.first_list, timeline.second_list)
    moments = {taken + later for taken in lists for later in (timedelta(), timedelta(hours=1))}
    moments |= {timeline.campaign_start + timedelta(days=day) for day in range(CAMPAIGN_DAYS)}
    last = timeline.second_list + timedelta(hours=1)
    return tuple(
        DemoReading(moment, len(listed_at(followers, timeline, moment)))
        for moment in sorted(moments)
        if moment <= last
    )


def _world(
    rng: Random,
    timeline: Timeline,
    readings: Sequence[DemoReading],
    declarations: Sequence[DemoDeclaration],
    now: datetime,
) -> World:
    read = tuple(Knot(each.at.astimezone(UTC), each.followers) for each in readings)
    official = [
        WorldAccount(
            platform=each.platform,
            platform_id=each.platform_id,
            handle=each.handle,
            display_name=each.display_name,
            created_at=OPENED,
            knots=read if each is INSTAGRAM else _daily(rng, each, timeline, now),
            per_day=each.per_day,
        )
        for each in OFFICIAL_ACCOUNTS
    ]
    people = list(people_accounts(rng, declarations, now))
    return World(
        youtube_key=YOUTUBE_KEY,
        accounts=(*official, *people),
        follows=tuple(follows_of(rng, people, OFFICIAL_ACCOUNTS)),
        tokens=(*app_tokens(), *own_tokens(OFFICIAL_ACCOUNTS)),
    )


def _daily(
    rng: Random, account: DemoOfficialAccount, timeline: Timeline, now: datetime
) -> tuple[Knot, ...]:
    """A knot a day: slow growth before the campaign, faster after it, and the last one is now."""
    start = timeline.campaign_start.astimezone(UTC)
    ordinary = max(1, account.baseline // 1000)
    knots = [Knot(start, account.baseline)]
    for day in range(1, HISTORY_DAYS - CAMPAIGN_DAYS + 1):
        fewer = knots[0].followers - rng.randint(0, 2 * ordinary)
        knots.insert(0, Knot(start - timedelta(days=day), fewer))
    moments = [start + timedelta(days=day) for day in range(1, CAMPAIGN_DAYS + 1)]
    for moment in [each for each in moments if each < now] + [now]:
        more = knots[-1].followers + rng.randint(5 * ordinary, 15 * ordinary)
        knots.append(Knot(moment, more))
    return tuple(knots)


def _write_units(path: Path, units: Iterable[DemoUnit]) -> None:
    rows = ((unit.code, unit.name, unit.parent_code) for unit in units)
    _write_rows(path, ("code", "name", "parent_code"), rows)


def _write_employees(path: Path, employees: Iterable[DemoEmployee]) -> None:
    rows = (
        (each.nip, each.name, "pppk", each.unit_code, each.position, each.standing)
        for each in employees
    )
    _write_rows(path, ("nip", "name", "category", "unit_code", "position", "standing"), rows)


def _write_accounts(path: Path, declarations: Iterable[DemoDeclaration]) -> None:
    rows = (
        (
            each.nip,
            each.platform,
            each.account,
            each.attested_on.isoformat() if each.attested_on else "",
        )
        for each in declarations
    )
    _write_rows(path, ("nip", "platform", "account", "attested_on"), rows)


def _write_rows(path: Path, heading: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(heading)
        writer.writerows(rows)
