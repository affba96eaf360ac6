"""Tells from names and from the first bytes what an uploaded file is."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from app.platforms.base import Platform
from app.platforms.exports import facebook, instagram, mastodon, threads, tiktok, x, youtube
from app.platforms.exports.errors import (
    Damaged,
    EmptyFile,
    ExportRefused,
    HtmlExport,
    NamesOnly,
    NoFollowersFile,
    NotAnExport,
    NotFollowers,
    OtherPlatform,
    TextExport,
    title_of,
)
from app.platforms.exports.events import first_keys
from app.platforms.exports.formats import Head, KeyedBy, ListFormat, OwnerFile, Relation
from app.platforms.exports.source import BYTE_ORDER_MARK

# In the order in which they are preferred where a file holds several lists.
FORMATS: Final[tuple[ListFormat, ...]] = (
    instagram.FOLLOWERS,
    instagram.ONE_FOLLOWER,
    tiktok.FOLLOWERS,
    x.FOLLOWERS,
    threads.FOLLOWERS,
    instagram.FOLLOWING,
    tiktok.FOLLOWING,
    x.FOLLOWING,
    threads.FOLLOWING,
    youtube.FOLLOWING,
    mastodon.FOLLOWING,
)
_FOLLOWERS_KEYED_BY: Final[Mapping[Platform, KeyedBy]] = MappingProxyType(
    {each.platform: each.keyed_by for each in FORMATS if each.relation is Relation.FOLLOWERS}
)
_FOLLOWINGS_KEYED_BY: Final[Mapping[Platform, KeyedBy]] = MappingProxyType(
    {each.platform: each.keyed_by for each in FORMATS if each.relation is Relation.FOLLOWING}
)
OWNERS: Final[tuple[OwnerFile, ...]] = (instagram.OWNER, x.OWNER)

_HTML_NAME = re.compile(
    r"(?:.*/)?(?:followers_and_following/[^/]+|threads/[^/]+|start_here|index)\.html", re.IGNORECASE
)
_TEXT_NAME = re.compile(r"(?:.*/)?(?:follower|following)(?: list)?\.txt", re.IGNORECASE)
_FOREIGN_NAMES: Final[Mapping[Platform, re.Pattern[str]]] = MappingProxyType({
    Platform.TIKTOK: re.compile(r"tiktok[^/]*/.*", re.IGNORECASE),
    Platform.X: re.compile(r"(?:.*/)?data/(?:account|manifest)\.js", re.IGNORECASE),
    Platform.YOUTUBE: re.compile(r"takeout/.*", re.IGNORECASE),
})  # fmt: skip


def followers_keyed_by(platform: Platform) -> KeyedBy:
    """What the lists of followers that a platform exports know accounts by."""
    return _FOLLOWERS_KEYED_BY.get(platform, KeyedBy.HANDLE)


def followings_keyed_by(platform: Platform) -> KeyedBy | None:
    """What a person's own export knows those by whom they follow; None where none tells it."""
    return _FOLLOWINGS_KEYED_BY.get(platform)


def by_preference(
    formats: Iterable[ListFormat], platform: Platform | None, relation: Relation
) -> list[ListFormat]:
    """The formats, those of the platform first, then those of the relation, then as they were."""
    return sorted(
        formats,
        key=lambda each: (platform not in {None, each.platform}, each.relation is not relation),
    )


def head_of(data: bytes, filename: str) -> Head:
    """What the first bytes of a file tell.

    Raises:
        EmptyFile: there is nothing but space.
    """
    text = data.removeprefix(BYTE_ORDER_MARK).lstrip()
    if not text:
        raise EmptyFile
    depth = {b"[": 2, b"{": 1}.get(text[:1])
    return Head(text, first_keys(text, depth=depth) if depth else frozenset(), filename)


def refusal_of_head(head: Head, wanted: Platform | None) -> ExportRefused:
    """Says what a file is instead that no format claims."""
    if head.text.startswith(b"<"):
        viewer = head.filename.lower().endswith("archive.html")
        return HtmlExport(Platform.X if viewer else wanted)
    if x.ASSIGNMENT.match(head.text):
        return OtherPlatform(wanted, found=f"{title_of(Platform.X)} without a list")
    if _TEXT_NAME.fullmatch(head.filename):
        return TextExport(Platform.TIKTOK)
    if head.text[:1] not in {b"[", b"{"}:
        return NotAnExport(wanted)
    if head.keys & facebook.KEYS or facebook.NAME.fullmatch(head.filename):
        return NamesOnly()
    return NotFollowers(wanted) if head.keys else Damaged()


def refusal_of_names(names: Sequence[str], wanted: Platform | None) -> ExportRefused:
    """Says what an archive without any list is instead."""

    def some(pattern: re.Pattern[str]) -> bool:
        return any(pattern.fullmatch(name) for name in names)

    if some(facebook.NAME):
        return NamesOnly()
    if some(_TEXT_NAME):
        return TextExport(Platform.TIKTOK)
    foreign = next(_foreign(names), None)
    if foreign is not None and wanted not in {None, foreign}:
        return OtherPlatform(wanted, found=title_of(foreign))
    if foreign is None and some(_HTML_NAME):
        return HtmlExport(wanted)
    return NoFollowersFile(wanted or foreign)


def _foreign(names: Sequence[str]) -> Iterator[Platform]:
    for platform, pattern in _FOREIGN_NAMES.items():
        if any(pattern.fullmatch(name) for name in names):
            yield platform
