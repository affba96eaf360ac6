"""The demo's files hold what the story says, in the forms that importers meet."""

import csv
import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.core.clock import JAKARTA
from app.local.demo_accounts import ROWS
from app.local.demo_network import sandbox_environment
from app.local.demo_world import OFFICIAL_ACCOUNTS, DemoFiles, write_demo
from app.platforms.base import Platform
from app.platforms.handle_rules import RULES
from app.platforms.handles import NormalizedAccount, normalize
from app.platforms.sandbox.world import AccountState, count_at, read_world
from app.settings import Settings

NOW = datetime(2026, 11, 24, 3, 30, tzinfo=UTC)
START = datetime(2026, 11, 10, tzinfo=JAKARTA)
Row = dict[str, str]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    return write_demo(tmp_path_factory.mktemp("demo"), now=NOW)


def rows_of(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def units(demo: DemoFiles) -> list[Row]:
    return rows_of(demo.work_units)


@pytest.fixture(scope="module")
def employees(demo: DemoFiles) -> list[Row]:
    return rows_of(demo.employees)


@pytest.fixture(scope="module")
def accounts(demo: DemoFiles) -> list[Row]:
    return rows_of(demo.accounts)


def normalized(rows: list[Row], platform: Platform) -> list[NormalizedAccount]:
    return [normalize(row["account"], platform) for row in rows if row["platform"] == platform]


def entries_of(path: Path) -> dict[str, int]:
    with zipfile.ZipFile(path) as archive:
        listed = json.loads(archive.read("connections/followers_and_following/followers_1.json"))
    assert all(set(each) == {"title", "media_list_data", "string_list_data"} for each in listed)
    facts = [each["string_list_data"][0] for each in listed]
    assert all(fact["href"] == f"https://www.instagram.com/{fact['value']}" for fact in facts)
    times = [fact["timestamp"] for fact in facts]
    assert times == sorted(times, reverse=True), "the newest follower comes first"
    return {fact["value"]: fact["timestamp"] for fact in facts}


@pytest.fixture(scope="module")
def first(demo: DemoFiles) -> dict[str, int]:
    return entries_of(demo.instagram_first)


@pytest.fixture(scope="module")
def second(demo: DemoFiles) -> dict[str, int]:
    return entries_of(demo.instagram_second)


def test_units_are_one_tree(units: list[Row]) -> None:
    parents = {unit["code"]: unit["parent_code"] for unit in units}
    assert 150 <= len(units) <= 220
    assert len(parents) == len({unit["name"] for unit in units}) == len(units)
    assert [code for code, parent in parents.items() if not parent] == ["16"]
    seen: set[str] = set()
    for code, parent in parents.items():
        assert not parent or parent in seen, "a parent stands before its sub-units"
        seen.add(code)
    assert sum(unit["name"].startswith(("SMA ", "SMK ")) for unit in units) >= 60


def test_every_employee_is_a_pppk_of_a_unit_that_exists(
    employees: list[Row], units: list[Row]
) -> None:
    codes = {unit["code"] for unit in units}
    assert len(employees) == 6_750
    assert {row["category"] for row in employees} == {"pppk"}
    assert {row["unit_code"] for row in employees} <= codes
    assert all(row["name"] and row["position"] for row in employees)
    standings = Counter(row["standing"] for row in employees)
    assert set(standings) == {"active", "on_leave", "study"}
    assert 30 <= standings["on_leave"] + standings["study"] <= 110


def test_nips_are_unique_and_valid(employees: list[Row]) -> None:
    nips = [row["nip"] for row in employees]
    assert len(set(nips)) == len(nips)
    form = re.compile(r"(\d{8})(202[1-5])(2[1-9])[12](?!000)\d{3}")
    for nip in nips:
        found = form.fullmatch(nip)
        assert found, nip
        born = datetime.strptime(found[1], "%Y%m%d").replace(tzinfo=UTC)
        assert 1966 <= born.year <= 2003


def test_every_declaration_can_be_read(accounts: list[Row], employees: list[Row]) -> None:
    nips = {row["nip"] for row in employees}
    platforms = Counter(row["platform"] for row in accounts)
    assert platforms == {"": 120, **{platform.value: rows for platform, rows in ROWS.items()}}
    assert {row["nip"] for row in accounts} <= nips
    assert len({(row["nip"], row["platform"]) for row in accounts}) == len(accounts)
    assert set(ROWS) == set(Platform)
    for platform, rows in ROWS.items():
        assert len(normalized(accounts, platform)) == rows
    channels = [each for each in normalized(accounts, Platform.YOUTUBE) if each.platform_id]
    assert 300 < len(channels) < 1_200, "some declare a channel id, some a handle"


def test_who_declares_none_declares_nothing_else(accounts: list[Row]) -> None:
    without = {row["nip"] for row in accounts if row["account"] == "tidak punya"}
    assert len(without) == 120
    rows = [row for row in accounts if row["nip"] in without]
    assert {(row["platform"], row["attested_on"]) for row in rows} == {("", "")}
    assert len(rows) == 120


def test_six_instagram_handles_are_claimed_twice(accounts: list[Row]) -> None:
    for platform in Platform:
        contested = 6 if platform is Platform.INSTAGRAM else 0
        claims = Counter(each.handle for each in normalized(accounts, platform))
        assert sorted(claims.values())[len(claims) - contested :] == [2] * contested
        assert sum(count > 1 for count in claims.values()) == contested


def test_most_declarations_are_attested_before_the_campaign(accounts: list[Row]) -> None:
    declared = [row for row in accounts if row["platform"]]
    attested = [date.fromisoformat(row["attested_on"]) for row in declared if row["attested_on"]]
    assert 0.66 < len(attested) / len(declared) < 0.74
    assert min(attested) >= date(2026, 11, 24) - timedelta(days=40)
    assert max(attested) <= date(2026, 11, 24) - timedelta(days=20)


def test_the_lists_tell_the_story(first: dict[str, int], second: dict[str, int]) -> None:
    start = START.timestamp()
    assert (len(first), len(second)) == (8_540, 8_582)
    assert sum(began < start for began in second.values()) == 7_200
    assert {who for who, began in first.items() if began < start} == {
        who for who, began in second.items() if began < start
    }
    assert datetime.fromtimestamp(min(second.values()), UTC).year == 2019
    assert max(first.values()) <= (NOW - timedelta(days=3)).timestamp()
    assert max(second.values()) <= (NOW - timedelta(days=1)).timestamp()
    assert len(set(first) - set(second)) == 5
    assert all(second[who] == first[who] for who in set(first) & set(second))


def test_the_lists_hold_the_cohort_and_invented_citizens(
    demo: DemoFiles, accounts: list[Row], first: dict[str, int], second: dict[str, int]
) -> None:
    claims = Counter(each.handle for each in normalized(accounts, Platform.INSTAGRAM))
    start = START.timestamp()
    cohort = {who: began for who, began in second.items() if who in claims}
    assert all(claims[who] == 1 for who in cohort)
    assert sum(began < start for began in cohort.values()) == demo.cohort_before == 1_150
    assert sum(began >= start for began in cohort.values()) == demo.cohort_during == 1_240
    citizens = (set(first) | set(second)) - set(claims)
    assert all(re.fullmatch(r"warga_[a-z]+\d+", who) for who in citizens)
    assert sum(who in claims for who in set(first) - set(second)) == 2


def test_the_export_names_its_owner(demo: DemoFiles) -> None:
    for path, written in (
        (demo.instagram_first, (2026, 11, 21, 10, 30, 0)),
        (demo.instagram_second, (2026, 11, 23, 10, 30, 0)),
    ):
        with zipfile.ZipFile(path) as archive:
            assert {member.date_time for member in archive.infolist()} == {written}
            profile = json.loads(
                archive.read("personal_information/personal_information/personal_information.json")
            )
        owner = profile["profile_user"][0]["string_map_data"]["Username"]["value"]
        assert owner == "pemprovsumsel_demo"


def test_readings_agree_with_the_lists(demo: DemoFiles) -> None:
    readings = {reading.at: reading.followers for reading in demo.instagram_readings}
    assert demo.campaign_start == START
    assert demo.instagram_baseline == readings[START] == 7_200
    for taken_at, listed in (
        (demo.first_list_taken_at, 8_540),
        (demo.second_list_taken_at, 8_582),
    ):
        assert readings[taken_at] == readings[taken_at + timedelta(hours=1)] == listed
    assert max(readings) < NOW
    assert readings[max(readings)] == demo.instagram_current == 8_582


def test_official_accounts_are_as_the_registry_keeps_them(demo: DemoFiles) -> None:
    for account in demo.official_accounts:
        assert normalize(account.handle, account.platform).handle == account.handle
        if RULES[account.platform].stable_id is not None:
            named = normalize(account.platform_id, account.platform)
            assert named.platform_id == account.platform_id
    kinds = [(account.platform.value, account.owner_kind.value) for account in OFFICIAL_ACCOUNTS]
    assert kinds == [
        ("instagram", "office"),
        ("bluesky", "office"),
        ("bluesky", "agency"),
        ("youtube", "agency"),
        ("youtube", "person"),
        ("facebook", "office"),
        ("tiktok", "agency"),
        ("x", "office"),
        ("threads", "office"),
        ("mastodon", "agency"),
    ]


def test_the_world_moves_under_repeated_polls(demo: DemoFiles) -> None:
    world = read_world(demo.world)
    assert world.youtube_key == demo.youtube_key
    official = world.accounts[: len(demo.official_accounts)]
    assert [each.handle for each in official] == [each.handle for each in demo.official_accounts]
    for account in official:
        polled = [count_at(account, NOW + timedelta(minutes=5 * turn)) for turn in range(100)]
        assert polled == sorted(polled)
        if account.platform is Platform.INSTAGRAM:
            assert count_at(account, START) == 7_200
            assert set(polled) == {8_582}
        else:
            assert polled[-1] > polled[0]
            assert count_at(account, START) > count_at(account, START - timedelta(days=15))


def test_the_world_holds_most_declared_accounts_in_every_state(
    demo: DemoFiles, accounts: list[Row]
) -> None:
    world = read_world(demo.world)
    people = world.accounts[len(demo.official_accounts) :]
    assert {each.platform for each in people} == set(Platform)
    assert {each.state for each in people} == set(AccountState) - {AccountState.HIDDEN}
    for platform, rows in ROWS.items():
        there = {each.handle: each for each in people if each.platform is platform}
        declared = {each.handle for each in normalized(accounts, platform)}
        declared |= {each.platform_id or "" for each in normalized(accounts, platform)}
        assert 0.9 * rows < len(there) < rows, "a few were mistyped and are not there"
        assert all(h in declared or a.platform_id in declared for h, a in there.items())


def test_some_of_the_people_follow_each_official_account(demo: DemoFiles) -> None:
    world = read_world(demo.world)
    ids = {(each.platform, each.platform_id) for each in world.accounts}
    assert all((each.platform, each.follower_id) in ids for each in world.follows)
    followed = Counter((each.platform, each.followed_id) for each in world.follows)
    for account in demo.official_accounts:
        people = sum(each.platform is account.platform for each in world.accounts)
        assert 0.2 * people < followed[account.platform, account.platform_id] < 0.5 * people


def test_the_sandbox_takes_the_place_of_every_platform() -> None:
    named = set(sandbox_environment("http://127.0.0.1:9"))
    assert named <= {f"SIMEDSOS_{name.upper()}" for name in Settings.model_fields}
    assert {f"SIMEDSOS_{platform.upper()}_BASE_URL" for platform in Platform} <= named


def bytes_of(files: DemoFiles) -> Iterator[tuple[str, bytes]]:
    for path in sorted(files.folder.iterdir()):
        yield path.name, path.read_bytes()


def test_the_same_seed_and_moment_give_the_same_bytes(demo: DemoFiles, tmp_path: Path) -> None:
    again = write_demo(tmp_path / "again", now=NOW.astimezone(JAKARTA))
    assert dict(bytes_of(again)) == dict(bytes_of(demo))
    other = write_demo(tmp_path / "other", now=NOW, seed=1)
    assert other.employees.read_bytes() != demo.employees.read_bytes()


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(datetime(2026, 11, 23, 17, 0, tzinfo=UTC), id="midnight-in-jakarta"),
        pytest.param(datetime(2027, 3, 1, 16, 59, 59, 999, tzinfo=UTC), id="just-before-midnight"),
        pytest.param(datetime(2028, 2, 29, 0, 0, 1, tzinfo=UTC), id="leap-day"),
    ],
)
def test_the_story_holds_at_any_moment(now: datetime, tmp_path: Path) -> None:
    files = write_demo(tmp_path, now=now, seed=7)
    start = files.campaign_start.timestamp()
    assert files.campaign_start.astimezone(JAKARTA).strftime("%H:%M:%S") == "00:00:00"
    assert timedelta(days=14) <= now - files.campaign_start < timedelta(days=15)
    second = entries_of(files.instagram_second)
    assert sum(began < start for began in second.values()) == 7_200
    assert (len(entries_of(files.instagram_first)), len(second)) == (8_540, 8_582)
    assert read_world(files.world).accounts


def test_no_file_is_empty_or_left_over(demo: DemoFiles) -> None:
    named: list[Any] = [
        demo.work_units,
        demo.employees,
        demo.accounts,
        demo.instagram_first,
        demo.instagram_second,
        demo.world,
    ]
    assert sorted(demo.folder.iterdir()) == sorted(named)
    assert all(path.stat().st_size > 1_000 for path in named)
