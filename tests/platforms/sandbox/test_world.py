"""The sandbox's truth is a pure function of time, and a bad world file says what is wrong."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.platforms.base import Platform
from app.platforms.sandbox.server import from_environment
from app.platforms.sandbox.world import (
    AccountUnknown,
    Knot,
    Truth,
    WorldAccount,
    WorldInvalid,
    WorldMissing,
    WorldUnusable,
    count_at,
    read_world,
    write_world,
)
from tests.platforms.sandbox.worlds import NOW, PEMPROV, WORLD

START = datetime(2026, 11, 1, tzinfo=UTC)


def growing(*followers: int, per_day: int = 0) -> WorldAccount:
    return WorldAccount(
        platform=Platform.BLUESKY,
        platform_id="did:plc:growing22222222222222222",
        handle="growing.bsky.social",
        display_name="Growing",
        created_at=START,
        knots=tuple(
            Knot(START + timedelta(days=day), count) for day, count in enumerate(followers)
        ),
        per_day=per_day,
    )


@pytest.mark.parametrize(
    ("account", "after", "expected"),
    [
        pytest.param(growing(100, 200), timedelta(days=-1), 100, id="before-the-first-knot"),
        pytest.param(growing(100, 200), timedelta(0), 100, id="at-a-knot"),
        pytest.param(growing(100, 200), timedelta(hours=12), 150, id="half-way"),
        pytest.param(growing(200, 100), timedelta(hours=12), 150, id="half-way-down"),
        pytest.param(growing(100, 200), timedelta(hours=12, seconds=59), 150, id="same-minute"),
        pytest.param(growing(100, 200), timedelta(days=9), 200, id="stands-still-at-the-end"),
        pytest.param(growing(100, per_day=1440), timedelta(minutes=7), 107, id="one-a-minute"),
        pytest.param(
            growing(100, per_day=14400), timedelta(seconds=59), 100, id="not-yet-a-minute"
        ),
        pytest.param(growing(100, per_day=3), timedelta(days=1), 103, id="a-day-later"),
        pytest.param(growing(100, 90, 95), timedelta(days=1, hours=12), 92, id="second-stretch"),
    ],
)
def test_count_at(account: WorldAccount, after: timedelta, expected: int) -> None:
    assert count_at(account, START + after) == expected


@given(
    st.lists(st.integers(0, 10**9), min_size=1, max_size=6),
    st.integers(0, 10**6),
    st.timedeltas(timedelta(days=-3), timedelta(days=30)),
)
def test_counts_stay_between_their_knots(
    followers: list[int], per_day: int, after: timedelta
) -> None:
    count = count_at(growing(*followers, per_day=per_day), START + after)
    assert count >= min(followers)
    if after <= timedelta(days=len(followers) - 1):
        assert count <= max(followers)


def test_a_world_reads_back_as_written(tmp_path: Path) -> None:
    path = tmp_path / "world.json"
    write_world(WORLD, path)
    assert read_world(path) == WORLD


KNOT = {"at": "2026-11-01T00:00:00Z", "followers": 1}
GOOD = {
    "platform": "bluesky",
    "platform_id": "did:plc:x",
    "handle": "h.bsky.social",
    "display_name": "H",
    "created_at": "2026-11-01T00:00:00Z",
    "knots": [KNOT],
}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param("", "truncated", id="empty-file"),
        pytest.param("not json", "malformed", id="no-json"),
        pytest.param(b'{"youtube_key": "\xff"}', "utf-8", id="not-utf-8"),
        pytest.param(b'{"x":' + b"[" * 100_000, "recursion", id="too-deep"),
        pytest.param("{}", "youtube_key", id="empty-object"),
        pytest.param('{"youtube_key": "k", "accounts": []}', "length >= 1", id="no-accounts"),
        pytest.param({"knots": []}, "length >= 1", id="no-knots"),
        pytest.param({"platform": "friendster"}, "friendster", id="unknown-platform"),
        pytest.param({"created_at": "2026-11-01T00:00:00"}, "timezone", id="naive-moment"),
        pytest.param(
            {"knots": [{"at": "2026-11-01T00:00:00Z", "followers": -1}]}, ">= 0", id="negative"
        ),
        pytest.param({"knots": [KNOT, KNOT]}, "order of time", id="knots-out-of-order"),
        pytest.param([GOOD, GOOD], "same platform id", id="one-id-twice"),
    ],
)
def test_an_unusable_world_is_refused(
    body: bytes | str | dict[str, object] | list[object], reason: str, tmp_path: Path
) -> None:
    path = tmp_path / "world.json"
    if isinstance(body, dict | list):
        accounts = [{**GOOD, **body}] if isinstance(body, dict) else body
        body = json.dumps({"youtube_key": "k", "accounts": accounts})
    path.write_bytes(body.encode() if isinstance(body, str) else body)
    with pytest.raises(WorldInvalid, match=reason):
        read_world(path)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_world_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_bytes(content)
    with pytest.raises(WorldInvalid):
        read_world(path)


def test_an_absent_world_is_named(tmp_path: Path) -> None:
    with pytest.raises(WorldMissing, match=r"absent\.json"):
        read_world(tmp_path / "absent.json")


def test_the_environment_must_name_a_world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SIMEDSOS_SANDBOX_WORLD", raising=False)
    with pytest.raises(WorldUnusable, match="SIMEDSOS_SANDBOX_WORLD"):
        from_environment()
    monkeypatch.setenv("SIMEDSOS_SANDBOX_WORLD", str(tmp_path / "world.json"))
    with pytest.raises(WorldMissing):
        from_environment()
    write_world(WORLD, tmp_path / "world.json")
    assert from_environment().routes


def test_a_count_that_is_set_stands_still() -> None:
    truth = Truth(WORLD)
    truth.set_followers(Platform.BLUESKY, PEMPROV, 5, at=NOW + timedelta(seconds=30))
    found = truth.by_id(Platform.BLUESKY, PEMPROV)
    assert found is not None
    assert {count_at(found, NOW + timedelta(hours=turn)) for turn in range(3)} == {5}
    with pytest.raises(AccountUnknown):
        truth.set_followers(Platform.YOUTUBE, PEMPROV, 5, at=NOW)
