"""TikTok's export: one JSON document with everything, the lists at places that have moved.

Source: platforms.md section 9 (TikTok "Download your data", JSON). An empty list is null. The
owner's name stands under `ProfileMap`; dates are written without a zone and are in UTC.
"""

import re
from collections.abc import Iterator
from datetime import datetime

from app.platforms.base import Platform
from app.platforms.exports.entries import Batch, Said, Tally, in_batches
from app.platforms.exports.errors import FollowingList
from app.platforms.exports.events import Path, Places, entries_by_events
from app.platforms.exports.formats import Head, ListFormat, Relation
from app.platforms.exports.source import Source

_FOLLOWERS = frozenset({
    ("Your Activity", "Follower", "FansList"),
    ("Activity", "Follower List", "FansList"),
    ("Profile And Settings", "Follower", "FansList"),
})  # fmt: skip
_FOLLOWING = frozenset({
    ("Your Activity", "Following", "Following"),
    ("Activity", "Following List", "Following"),
    ("Profile And Settings", "Following", "Following"),
})  # fmt: skip
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_OWNER_PATH = ("ProfileMap", "userName")
_SECTIONS = frozenset(
    {"Your Activity", "Activity", "Profile And Settings", "Profile", "App Settings"}
)
_NAME = re.compile(r"(?:.*/)?user_data(?:_tiktok)?\.json", re.IGNORECASE)


def _claims(head: Head) -> bool:
    if head.in_list:
        return False
    return bool(head.keys & _SECTIONS) or (
        bool(head.keys) and _NAME.fullmatch(head.filename) is not None
    )


def entry(said: object) -> Said:
    """The handle and time of an entry; TikTok writes the keys in either case."""
    match said:
        case {"UserName": name, **rest} | {"username": name, **rest}:
            return name, _seconds(rest.get("Date", rest.get("date")))
        case _:
            return None, None


def _seconds(text: object) -> object:
    if not isinstance(text, str) or not _DATE.fullmatch(text):
        return None
    try:
        # Several times as fast as strptime, and there may be a million.
        return int(datetime.fromisoformat(f"{text}+00:00").timestamp())
    except ValueError:
        return None


class _Aside:
    """What else the document says on the way: whose it is, and that it holds the other list."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self.following_seen = False

    def __call__(self, path: Path, value: object) -> None:
        if path[-2:] == _OWNER_PATH and isinstance(value, str):
            self._tally.owner_handle = value
        self.following_seen = self.following_seen or path in _FOLLOWING


def _read_followers(source: Source, tally: Tally) -> Iterator[Batch]:
    source.give_back(source.first(1))
    aside = _Aside(tally)
    entries = entries_by_events(source, Places(_FOLLOWERS, aside=aside))
    yield from in_batches(map(entry, entries), tally)
    if aside.following_seen and not source.list_found and not source.truncated:
        raise FollowingList(Platform.TIKTOK)


def _read_following(source: Source, tally: Tally) -> Iterator[Batch]:
    source.give_back(source.first(1))
    entries = entries_by_events(source, Places(_FOLLOWING, aside=_Aside(tally)))
    yield from in_batches(map(entry, entries), tally)


FOLLOWERS = ListFormat(
    platform=Platform.TIKTOK,
    relation=Relation.FOLLOWERS,
    name=_NAME,
    claims=_claims,
    read=_read_followers,
)
FOLLOWING = ListFormat(
    platform=Platform.TIKTOK,
    relation=Relation.FOLLOWING,
    name=_NAME,
    claims=_claims,
    read=_read_following,
)
