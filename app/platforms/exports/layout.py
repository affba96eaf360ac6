"""Tells from names and from the first bytes what an uploaded file is."""

import re
from collections.abc import Mapping
from enum import Enum, auto
from types import MappingProxyType
from typing import Final

import ijson

from app.platforms.exports.errors import (
    Damaged,
    EmptyFile,
    ExportRefused,
    FollowingList,
    HtmlExport,
    NoFollowersFile,
    NotAnExport,
    NotFollowers,
    OtherPlatform,
)

FOLLOWERS_KEY = "relationships_followers"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

# The list as Instagram packs it, or packed again by hand with at most one folder.
FOLLOWERS_NAME = re.compile(
    r"(?:(?:.*/)?followers_and_following/|(?:[^/]+/)?)followers(?:_([0-9]{1,6}))?\.json",
    re.IGNORECASE,
)
OWNER_NAME = re.compile(r"(?:.*/)?personal_information\.json", re.IGNORECASE)

_FOLLOWING_NAME = re.compile(r"(?:.*/)?following(?:_[0-9]+)?\.json", re.IGNORECASE)
_HTML_NAME = re.compile(
    r"(?:.*/)?(?:followers_and_following/[^/]+|start_here|index)\.html", re.IGNORECASE
)
_FOREIGN_NAMES: Final[Mapping[str, re.Pattern[str]]] = MappingProxyType(
    {
        "TikTok": re.compile(r"(?i:(?:.*/)?(?:user_data(?:_tiktok)?\.json|tiktok[^/]*/.*))"),
        "X": re.compile(r"(?i:(?:.*/)?data/(?:account|follower|following)(?:-part[0-9]+)?\.js)"),
        "YouTube": re.compile(r"(?i:takeout/.*)"),
        "Facebook": re.compile(r"(?i:(?:.*/)?(?:your_facebook_activity|connections/followers)/.*)"),
    }
)
_FOREIGN_KEYS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Your Activity": "TikTok",
        "Activity": "TikTok",
        "Profile And Settings": "TikTok",
        "Profile": "TikTok",
        "App Settings": "TikTok",
        "follower": "X",
        "following": "X",
        "text_post_app_text_post_app_followers": "Threads",
        "text_post_app_text_post_app_following": "Threads",
        "following_v3": "Facebook",
        "followers_v3": "Facebook",
        "pages_followed_v2": "Facebook",
        "page_likes_v2": "Facebook",
    }
)
_ENTRY_KEYS = {"string_list_data", "media_list_data", "title"}
_SEEN_ENOUGH = 64


class Layout(Enum):
    """How a file lays out its followers: one list, or a single entry without a list."""

    LIST = auto()
    ONE_ENTRY = auto()


def refusal_of_names(names: list[str]) -> ExportRefused:
    """Says what an archive without a list of followers is instead."""
    for platform, pattern in _FOREIGN_NAMES.items():
        if any(pattern.fullmatch(name) for name in names):
            return OtherPlatform(platform=platform)
    if any(_FOLLOWING_NAME.fullmatch(name) for name in names):
        return FollowingList()
    if any(_HTML_NAME.fullmatch(name) for name in names):
        return HtmlExport()
    return NoFollowersFile()


def layout_of(head: bytes, filename: str | None = None) -> Layout:
    """The layout of a list of followers that begins with `head`.

    Raises:
        ExportRefused: the bytes begin something else; says what.
    """
    text = head.removeprefix(BYTE_ORDER_MARK).lstrip()
    if not text:
        raise EmptyFile
    if text.startswith(b"<"):
        raise HtmlExport
    if text.startswith(b"window.YTD."):
        raise OtherPlatform(platform="X")
    if text.lower().startswith((b"channel id,", b"id ")) and b"/channel/UC" in text:
        raise OtherPlatform(platform="YouTube")
    if text[:1] not in {b"[", b"{"}:
        raise NotAnExport
    if filename and _FOLLOWING_NAME.fullmatch(filename.replace("\\", "/")):
        raise FollowingList
    in_list = text.startswith(b"[")
    keys = _first_keys(text, depth=2 if in_list else 1)
    if in_list and (keys & _ENTRY_KEYS or text[1:].strip() == b"]"):
        return Layout.LIST
    if not in_list and FOLLOWERS_KEY in keys:
        return Layout.LIST
    if not in_list and "string_list_data" in keys:
        return Layout.ONE_ENTRY
    raise _refusal_of_keys(keys)


def _refusal_of_keys(keys: set[str]) -> ExportRefused:
    if not keys:
        return Damaged()
    if "relationships_following" in keys:
        return FollowingList()
    foreign = next((name for key, name in _FOREIGN_KEYS.items() if key in keys), None)
    return OtherPlatform(platform=foreign) if foreign else NotFollowers()


def _first_keys(text: bytes, *, depth: int) -> set[str]:
    """The keys at a depth, as far as the bytes go."""
    keys: set[str] = set()
    level = 0
    try:
        for event, value in ijson.basic_parse(text):
            level += event.startswith("start_") - event.startswith("end_")
            if event == "map_key" and level == depth:
                keys.add(value)
            if len(keys) >= _SEEN_ENOUGH or (keys and level < depth):
                break
    except ijson.JSONError:
        # The head is cut at an arbitrary byte; whether the whole file is sound is read later.
        pass
    return keys
