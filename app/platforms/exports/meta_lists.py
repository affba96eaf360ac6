"""Lists of accounts as Meta exports them, for Instagram and Threads alike.

Source: platforms.md section 9. Followers stand in `string_list_data[0].value`; those whom an
account follows stand there too, or since late 2025 in `title` with the address in `href`.
"""

import re
from collections.abc import Iterable, Iterator

import msgspec

from app.platforms.exports.blocks import SPACES, TypedList, typed_blocks
from app.platforms.exports.entries import (
    DELETED,
    END_OF_YEAR_9999,
    Batch,
    Said,
    Tally,
    checked_batch,
    in_batches,
)
from app.platforms.exports.events import Places, entries_by_events
from app.platforms.exports.formats import Read
from app.platforms.exports.source import Source

ENTRY_KEYS = frozenset({"string_list_data", "media_list_data", "title"})

_BOUNDARY = re.compile(
    rb"\}" + SPACES + rb"," + SPACES + rb"(?=\{" + SPACES
    + rb'"(?:title|string_list_data|media_list_data)")'
)  # fmt: skip
# Escaped slashes are harmless, and some exports are full of them.
_ESCAPE = re.compile(rb"\\[^/]")
_PROFILE = re.compile(
    r"https?://(?:www\.)?(?:instagram\.com/(?:_u/)?|threads\.(?:net|com)/@)([^/?#]+)"
)


class Detail(msgspec.Struct, gc=False):
    """What an entry says of its account; only the first detail of an entry counts."""

    value: str = ""
    timestamp: int = 0


class Entry(msgspec.Struct, gc=False):
    """One follower as the export lists it."""

    string_list_data: list[Detail] = []


_DECODER = msgspec.json.Decoder(list[Entry])


def followers_reader(key: str) -> Read:
    """A reader of a list of followers, bare or under `key`."""
    head = re.compile(
        SPACES + rb"(?P<open>\[|\{" + SPACES + b'"' + key.encode() + b'"' + SPACES
        + rb":" + SPACES + rb"\[)"
    )  # fmt: skip
    typed = TypedList(head, _BOUNDARY, _DECODER)
    lists = frozenset({(), (key,)})

    def read(source: Source, tally: Tally) -> Iterator[Batch]:
        for block, entries in typed_blocks(source, typed):
            yield _plain_batch(block, entries, tally) or checked_batch(_details(entries), tally)
        if not source.at_end:
            rest = entries_by_events(source, Places(lists))
            yield from in_batches(map(follower, rest), tally)

    return read


def read_one_follower(source: Source, tally: Tally) -> Iterator[Batch]:
    """The single follower of a file that holds one entry without a list around it."""
    source.give_back(source.first(1))
    places = Places(frozenset(), lone=True)
    yield from in_batches(map(follower, entries_by_events(source, places)), tally)


def following_reader(key: str) -> Read:
    """A reader of those whom an account follows, in a list that is bare or under `key`."""
    lists = frozenset({(), (key,)})

    def read(source: Source, tally: Tally) -> Iterator[Batch]:
        source.give_back(source.first(1))
        entries = entries_by_events(source, Places(lists))
        yield from in_batches(map(followed, entries), tally)

    return read


def _plain_batch(block: bytes, entries: list[Entry], tally: Tally) -> Batch | None:
    """The batch of a block in which every entry is as nearly all are; None if one is not.

    Only escapes or letters beyond ASCII can make a handle one that has to be repaired, and
    without escapes a string holds no white space but the plain space.
    """
    if not block.isascii() or (b"\\" in block and _ESCAPE.search(block)):
        return None
    try:
        details = [entry.string_list_data[0] for entry in entries]
    except IndexError:
        return None
    handles = [detail.value for detail in details]
    times = [detail.timestamp for detail in details]
    # All handles at once: one call instead of several for each of them.
    joined = "\n".join(handles)
    if " " in joined or DELETED in joined or not (details and all(handles)):
        return None
    if (lowered := joined.lower()) != joined:
        handles = lowered.split("\n")
    oldest, newest = min(times), max(times)
    if oldest <= 0 or newest >= END_OF_YEAR_9999:
        return None
    return tally.count(list(zip(handles, times, strict=True)), oldest, newest)


def _details(entries: Iterable[Entry]) -> Iterator[Said]:
    for entry in entries:
        first = entry.string_list_data[0] if entry.string_list_data else None
        yield (first.value, first.timestamp) if first else (None, None)


def follower(entry: object) -> Said:
    """The handle and time of an entry that no type has vouched for."""
    match entry:
        case {"string_list_data": [{**detail}, *_]}:
            return detail.get("value"), detail.get("timestamp")
        case _:
            return None, None


def followed(entry: object) -> Said:
    """The handle, in its old place or its new one, and the time of an entry."""
    value, timestamp = follower(entry)
    if isinstance(value, str) and value.strip():
        return value, timestamp
    match entry:
        case {"title": str() as title} if title.strip():
            return title, timestamp
        case {"string_list_data": [{"href": str() as href}, *_]} if found := _PROFILE.match(href):
            return found[1], timestamp
        case _:
            return None, None
