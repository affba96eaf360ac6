"""Threads' lists, which come inside Instagram's export.

Source: platforms.md section 9 (`your_instagram_activity/threads/followers.json`). The entries
are Instagram's own; only the keys around them differ.
"""

import re

from app.platforms.base import Platform
from app.platforms.exports.formats import Head, ListFormat, Relation
from app.platforms.exports.meta_lists import followers_reader, following_reader

_FOLLOWERS_KEY = "text_post_app_text_post_app_followers"
_FOLLOWING_KEY = "text_post_app_text_post_app_following"


def _claims_followers(head: Head) -> bool:
    return not head.in_list and _FOLLOWERS_KEY in head.keys


def _claims_following(head: Head) -> bool:
    return not head.in_list and _FOLLOWING_KEY in head.keys


FOLLOWERS = ListFormat(
    platform=Platform.THREADS,
    relation=Relation.FOLLOWERS,
    name=re.compile(r"(?:.*/)?threads/followers(?:_([0-9]{1,6}))?\.json", re.IGNORECASE),
    claims=_claims_followers,
    read=followers_reader(_FOLLOWERS_KEY),
)
FOLLOWING = ListFormat(
    platform=Platform.THREADS,
    relation=Relation.FOLLOWING,
    name=re.compile(r"(?:.*/)?threads/following(?:_([0-9]{1,6}))?\.json", re.IGNORECASE),
    claims=_claims_following,
    read=following_reader(_FOLLOWING_KEY),
)
