"""The demo's Instagram follower lists, packed as the official account's own export."""

import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final

from app.core.clock import JAKARTA
from app.local.demo_names import CITIZEN_WORDS

BASELINE: Final = 7_200
FIRST_LISTED: Final = 8_540
SECOND_LISTED: Final = 8_582
COHORT_BEFORE: Final = 1_150
COHORT_DURING: Final = 1_240
COHORT_LEAVERS: Final = 2
CITIZEN_LEAVERS: Final = 3
NEW_AFTER_FIRST: Final = SECOND_LISTED - FIRST_LISTED + COHORT_LEAVERS + CITIZEN_LEAVERS
# Nobody comes or goes in this time, so that counts read around a list agree with it.
QUIET: Final = timedelta(hours=2)

FOLLOWERS_MEMBER: Final = "connections/followers_and_following/followers_1.json"
OWNER_MEMBER: Final = "personal_information/personal_information/personal_information.json"


@dataclass(frozen=True, slots=True)
class Timeline:
    """The moments that the demo's story hangs on."""

    opened: datetime
    campaign_start: datetime
    first_list: datetime
    second_list: datetime


@dataclass(frozen=True, slots=True)
class Follower:
    """One entry of the official account's follower list; `leaves` before the second list."""

    handle: str
    began: int
    leaves: bool = False


def build_followers(rng: Random, cohort: Sequence[str], timeline: Timeline) -> list[Follower]:
    """Everyone who ever follows in the story, newest first.

    Of the cohort's handles the first follow before the campaign, the next during it.
    """
    start = int(timeline.campaign_start.timestamp())
    opening = start + 1
    first, second = int(timeline.first_list.timestamp()), int(timeline.second_list.timestamp())
    reopened = first + int(QUIET.total_seconds())
    citizens = _citizens(rng)
    chosen = rng.sample(cohort, COHORT_BEFORE + COHORT_DURING + COHORT_LEAVERS)
    before = chosen[:COHORT_BEFORE] + [next(citizens) for _ in range(BASELINE - COHORT_BEFORE)]
    during = chosen[COHORT_BEFORE : COHORT_BEFORE + COHORT_DURING]
    during += [next(citizens) for _ in range(SECOND_LISTED - BASELINE - COHORT_DURING)]
    leavers = chosen[-COHORT_LEAVERS:] + [next(citizens) for _ in range(CITIZEN_LEAVERS)]
    rng.shuffle(before)
    rng.shuffle(during)
    oldest = int(timeline.opened.timestamp())
    followers = [Follower(before[0], oldest)]
    # An account gathers followers faster as it grows, and an order is obeyed in its first days.
    followers += [Follower(each, _between(rng, oldest, start, 0.5)) for each in before[1:]]
    late, early = during[:NEW_AFTER_FIRST], during[NEW_AFTER_FIRST:]
    followers += [Follower(each, _between(rng, opening, first, 2.0)) for each in early]
    followers += [Follower(each, _between(rng, reopened, second, 1.0)) for each in late]
    followers += [
        Follower(each, _between(rng, opening, first, 2.0), leaves=True) for each in leavers
    ]
    return sorted(followers, key=lambda each: (-each.began, each.handle))


def listed_at(followers: Iterable[Follower], timeline: Timeline, at: datetime) -> list[Follower]:
    """Who follows at a moment; leavers are gone once the quiet time after the first list ends."""
    gone = at >= timeline.first_list + QUIET
    second = int(at.timestamp())
    return [each for each in followers if each.began <= second and not (each.leaves and gone)]


def write_export(path: Path, owner: str, followers: Iterable[Follower], taken_at: datetime) -> None:
    """Write one export; the same followers and moment give the same bytes."""
    entries = [
        {
            "title": "",
            "media_list_data": [],
            "string_list_data": [
                {
                    "href": f"https://www.instagram.com/{each.handle}",
                    "value": each.handle,
                    "timestamp": each.began,
                }
            ],
        }
        for each in followers
    ]
    username = {"Username": {"href": "", "value": owner, "timestamp": 0}}
    profile = {"title": "", "media_map_data": {}, "string_map_data": username}
    # Members of a zip carry local time without a zone; the platform writes the owner's.
    stamp = taken_at.astimezone(JAKARTA).timetuple()[:6]
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (
            (OWNER_MEMBER, {"profile_user": [profile]}),
            (FOLLOWERS_MEMBER, entries),
        ):
            member = zipfile.ZipInfo(name, stamp)
            member.compress_type = zipfile.ZIP_DEFLATED
            # Without this the bytes would depend on the system that writes them.
            member.create_system = 3
            archive.writestr(member, json.dumps(content, indent=2))


def _citizens(rng: Random) -> Iterator[str]:
    """Invented handles of people who are no employees, each given once and without end."""
    taken: set[str] = set()
    while True:
        handle = f"warga_{rng.choice(CITIZEN_WORDS)}{rng.randint(1, 99_999)}"
        if handle not in taken:
            taken.add(handle)
            yield handle


def _between(rng: Random, start: int, end: int, power: float) -> int:
    """A second in [start, end), the later ones rarer as the power grows."""
    return start + int((end - start) * rng.random() ** power)
