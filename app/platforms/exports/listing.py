"""Cuts a JSON list of entries into blocks that a typed decoder reads at full speed.

A block is cut where one object ends and another begins with a key of an entry. Inside a
string no quote stands without a backslash, so such a place is never inside a string; where
it lies deeper than an entry, or in another list, the brackets of the block do not balance.
The typed decoder then refuses the block, and from there a slower parser of events reads on:
the fast way is either right or not taken.
"""

import re
from collections.abc import Iterator
from typing import Any

import ijson
import msgspec
from ijson.common import ObjectBuilder

from app.platforms.exports.errors import Damaged, NotFollowers
from app.platforms.exports.layout import BYTE_ORDER_MARK, FOLLOWERS_KEY, Layout
from app.platforms.exports.source import BLOCK, Source

_HEAD = re.compile(
    rb'[ \t\r\n]*(?P<open>\[|\{[ \t\r\n]*"' + FOLLOWERS_KEY.encode() + rb'"[ \t\r\n]*:[ \t\r\n]*\[)'
)
_BOUNDARY = re.compile(
    rb'\}[ \t\r\n]*,[ \t\r\n]*(?=\{[ \t\r\n]*"(?:title|string_list_data|media_list_data)")'
)
_SPACES = b" \t\r\n"
_WINDOW = 4 << 10
_DEEPEST = 32
_EVENT_BLOCK = 64 << 10


class Detail(msgspec.Struct, gc=False):
    """What an entry says of its account; only the first detail of an entry counts."""

    value: str = ""
    timestamp: int = 0


class Entry(msgspec.Struct, gc=False):
    """One follower as the export lists it."""

    string_list_data: list[Detail] = []


_ENTRIES = msgspec.json.Decoder(list[Entry])
_REFUSALS = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)


def typed_blocks(source: Source) -> Iterator[tuple[bytes, list[Entry]]]:
    """The entries by blocks, as far as the fast way goes; the rest is given back to `source`.

    The caller reads on with `entries_by_events`, unless the source is at its end.
    """
    first = source.read().removeprefix(BYTE_ORDER_MARK)
    head = _HEAD.match(first)
    if head is None:
        source.give_back(first)
        return
    rest, chunk = b"[", first[head.end() :]
    while chunk:
        if cut := _last_boundary(chunk):
            block = b"".join((rest, memoryview(chunk)[: cut.start() + 1], b"]"))
            entries = _decoded(block)
            if entries is None:
                break
            source.entry_seen()
            yield block, entries
            rest, chunk = b"[" + chunk[cut.end() :], b""
        elif len(rest) > BLOCK:
            break
        rest += chunk
        chunk = source.read()
    else:
        block = _without_end(rest, wrapped=head["open"] != b"[")
        entries = _decoded(block)
        if entries is not None:
            yield block, entries
            return
    source.give_back(head["open"] + rest[1:] + chunk)


def _last_boundary(chunk: bytes) -> re.Match[bytes] | None:
    """The last place to cut: nearly always near the end, so the whole is searched rarely."""
    for start in (max(0, len(chunk) - _WINDOW), 0):
        if found := list(_BOUNDARY.finditer(chunk, start)):
            return found[-1]
    return None


def _without_end(rest: bytes, *, wrapped: bool) -> bytes:
    """The last block without what closes the object around the list; unsound if that is missing."""
    rest = rest.rstrip(_SPACES)
    if not wrapped:
        return rest
    return rest[:-1].rstrip(_SPACES) if rest.endswith(b"}") else b""


def _decoded(block: bytes) -> list[Entry] | None:
    try:
        return _ENTRIES.decode(block)
    except _REFUSALS:
        return None


def entries_by_events(source: Source, layout: Layout) -> Iterator[object]:
    """The entries of whatever JSON follows, one by one; tells `source` if the end is missing.

    Raises:
        ExportRefused: it is not JSON, or holds no list of followers.
    """
    entry_depth = 0 if layout is Layout.ONE_ENTRY else None
    found = entry_depth is not None
    depth, key, builder = 0, "", None
    for event, value in _events(source):
        if builder is not None:
            builder.event(event, value)
        elif depth == entry_depth and not event.startswith("end_"):
            builder = ObjectBuilder()
            builder.event(event, value)
        elif event == "map_key":
            key = value if depth == 1 else key
        elif event == "start_array" and (depth, key) in {(0, ""), (1, FOLLOWERS_KEY)}:
            entry_depth, found = depth + 1, True
        depth += event.startswith("start_") - event.startswith("end_")
        if depth > _DEEPEST:
            raise Damaged
        if builder is not None and depth == entry_depth:
            source.entry_seen()
            yield builder.value
            builder = None
        elif entry_depth is not None and depth < entry_depth:
            entry_depth = None
    if not found and not source.truncated:
        raise NotFollowers


def _events(source: Source) -> Iterator[tuple[str, Any]]:
    try:
        yield from ijson.basic_parse(source, buf_size=_EVENT_BLOCK)
    except ijson.JSONError:
        # Once the end was read, the parser can only miss what should have come.
        if not source.at_end:
            raise Damaged from None
        source.truncated = True


def detail_of(entry: object) -> tuple[object, object]:
    """The value and time of an entry that no type has vouched for."""
    match entry:
        case {"string_list_data": [{**detail}, *_]}:
            return detail.get("value"), detail.get("timestamp")
        case _:
            return None, None
