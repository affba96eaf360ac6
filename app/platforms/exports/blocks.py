"""Cuts a JSON list of entries into blocks that a typed decoder reads at full speed.

A block is cut where one object ends and another begins with a key of an entry. Inside a
string no quote stands without a backslash, so such a place is never inside a string; where
it lies deeper than an entry, or in another list, the brackets of the block do not balance.
The typed decoder then refuses the block, and from there a slower parser of events reads on:
the fast way is either right or not taken.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from app.platforms.exports.source import BLOCK, Source

SPACES = rb"[ \t\r\n]*"
_OUTER_SPACES = b" \t\r\n"
_WINDOW = 4 << 10
_HEAD = 256
_REFUSALS = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)

EntryT = TypeVar("EntryT")


@dataclass(frozen=True, slots=True)
class TypedList(Generic[EntryT]):
    """A list whose entries have one shape: how it begins, where it may be cut, what decodes it.

    The group `open` of `head` is everything up to the list's bracket.
    """

    head: re.Pattern[bytes]
    boundary: re.Pattern[bytes]
    decoder: msgspec.json.Decoder[list[EntryT]]


def typed_blocks(source: Source, typed: TypedList[EntryT]) -> Iterator[tuple[bytes, list[EntryT]]]:
    """The entries by blocks, as far as the fast way goes; the rest is given back to `source`.

    The caller reads on with events, unless the source is at its end.
    """
    first = source.first(_HEAD)
    head = typed.head.match(first)
    if head is None:
        source.give_back(first)
        return
    source.list_found = True
    rest, chunk = b"[", first[head.end() :]
    while chunk:
        if cut := _last_boundary(typed.boundary, chunk):
            block = b"".join((rest, memoryview(chunk)[: cut.start() + 1], b"]"))
            entries = _decoded(typed.decoder, block)
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
        entries = _decoded(typed.decoder, block)
        if entries is not None:
            yield block, entries
            return
    source.give_back(head["open"] + rest[1:] + chunk)


def _last_boundary(boundary: re.Pattern[bytes], chunk: bytes) -> re.Match[bytes] | None:
    """The last place to cut: nearly always near the end, so the whole is searched rarely."""
    for start in (max(0, len(chunk) - _WINDOW), 0):
        if found := list(boundary.finditer(chunk, start)):
            return found[-1]
    return None


def _without_end(rest: bytes, *, wrapped: bool) -> bytes:
    """The last block without what closes the object around the list; unsound if that is missing."""
    rest = rest.rstrip(_OUTER_SPACES)
    if not wrapped:
        return rest
    return rest[:-1].rstrip(_OUTER_SPACES) if rest.endswith(b"}") else b""


def _decoded(decoder: msgspec.json.Decoder[list[EntryT]], block: bytes) -> list[EntryT] | None:
    try:
        return decoder.decode(block)
    except _REFUSALS:
        return None
