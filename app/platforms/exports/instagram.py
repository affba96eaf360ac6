"""Instagram's export: who follows the account and whom it follows.

Source: platforms.md section 9 (Instagram "Download your information", JSON). Exports carry
handles only, and followers obey the date range that was chosen when the export was requested.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from app.platforms.base import Platform
from app.platforms.exports.entries import repaired
from app.platforms.exports.formats import Head, ListFormat, Owner, OwnerFile, Relation
from app.platforms.exports.meta_lists import (
    ENTRY_KEYS,
    followers_reader,
    following_reader,
    read_one_follower,
)

_FOLLOWERS_KEY = "relationships_followers"
_FOLLOWING_KEY = "relationships_following"

# The list as Instagram packs it, or packed again by hand with at most one folder.
_FOLDER = r"(?!(?:.*/)?threads/)(?:(?:.*/)?followers_and_following/|(?:[^/]+/)?)"
_FOLLOWERS_NAME = re.compile(rf"{_FOLDER}followers(?:_([0-9]{{1,6}}))?\.json", re.IGNORECASE)
_FOLLOWING_NAME = re.compile(rf"{_FOLDER}following(?:_([0-9]{{1,6}}))?\.json", re.IGNORECASE)
_OWNER_NAME = re.compile(r"(?:.*/)?personal_information\.json", re.IGNORECASE)
_USERNAME_LABELS = frozenset({"username", "user name", "nama pengguna"})


def _is_entries(head: Head) -> bool:
    return head.in_list and (bool(head.keys & ENTRY_KEYS) or head.text[1:].strip() == b"]")


def _says_following(head: Head) -> bool:
    return _FOLLOWING_NAME.fullmatch(head.filename) is not None


def _claims_followers(head: Head) -> bool:
    return not _says_following(head) and (
        _is_entries(head) or (not head.in_list and _FOLLOWERS_KEY in head.keys)
    )


def _claims_one_follower(head: Head) -> bool:
    return not _says_following(head) and not head.in_list and "string_list_data" in head.keys


def _claims_following(head: Head) -> bool:
    return (_says_following(head) and _is_entries(head)) or (
        not head.in_list and _FOLLOWING_KEY in head.keys
    )


FOLLOWERS = ListFormat(
    platform=Platform.INSTAGRAM,
    relation=Relation.FOLLOWERS,
    name=_FOLLOWERS_NAME,
    claims=_claims_followers,
    read=followers_reader(_FOLLOWERS_KEY),
)
ONE_FOLLOWER = ListFormat(
    platform=Platform.INSTAGRAM,
    relation=Relation.FOLLOWERS,
    name=_FOLLOWERS_NAME,
    claims=_claims_one_follower,
    read=read_one_follower,
)
FOLLOWING = ListFormat(
    platform=Platform.INSTAGRAM,
    relation=Relation.FOLLOWING,
    name=_FOLLOWING_NAME,
    claims=_claims_following,
    read=following_reader(_FOLLOWING_KEY),
)


class _Value(msgspec.Struct):
    value: str = ""


class _Person(msgspec.Struct):
    string_map_data: Mapping[str, _Value] = MappingProxyType({})


class _Personal(msgspec.Struct):
    profile_user: list[_Person] = []


def _owner(data: bytes) -> Owner:
    try:
        people = msgspec.json.decode(data, type=_Personal).profile_user
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        # Which account it is can be said by a person instead; the list is sound all the same.
        return Owner()
    said = people[0].string_map_data if people else {}
    for label, value in said.items():
        if label.strip().lower() in _USERNAME_LABELS:
            return Owner(handle=repaired(value.value))
    return Owner()


# Threads is a part of the Instagram account: one export, one handle.
OWNER = OwnerFile(frozenset({Platform.INSTAGRAM, Platform.THREADS}), _OWNER_NAME, _owner)
