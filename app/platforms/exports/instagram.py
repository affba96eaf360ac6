"""Turns the entries of Instagram's list of followers into batches of handles and times."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice

from app.platforms.exports.layout import Layout
from app.platforms.exports.listing import Entry, detail_of, entries_by_events, typed_blocks
from app.platforms.exports.source import Source

Batch = list[tuple[str, int | None]]

# Instagram keeps the places of accounts that are gone under names that begin so.
_DELETED = "__deleted__"
_END_OF_YEAR_9999 = 253_402_300_800
_BATCH = 1000


@dataclass(slots=True)
class Tally:
    """What has been read so far; `listed` counts the entries handed out in batches."""

    listed: int = 0
    deleted: int = 0
    unusable: int = 0
    oldest: int = _END_OF_YEAR_9999
    newest: int = 0

    def count(self, batch: Batch, oldest: int, newest: int) -> Batch:
        self.listed += len(batch)
        self.oldest = min(self.oldest, oldest)
        self.newest = max(self.newest, newest)
        return batch

    def span(self) -> tuple[datetime | None, datetime | None]:
        """The times of the oldest and the newest entry that has one."""
        if not self.newest:
            return None, None
        return datetime.fromtimestamp(self.oldest, UTC), datetime.fromtimestamp(self.newest, UTC)


def read_batches(source: Source, layout: Layout, tally: Tally) -> Iterator[Batch]:
    """The followers of one file; lower-cased handles, unix seconds or None, in their order."""
    if layout is Layout.LIST:
        for block, entries in typed_blocks(source):
            yield _plain_batch(block, entries, tally) or _checked_batch(_details(entries), tally)
        if source.at_end:
            return
    details = map(detail_of, entries_by_events(source, layout))
    while some := list(islice(details, _BATCH)):
        yield _checked_batch(some, tally)


def _plain_batch(block: bytes, entries: list[Entry], tally: Tally) -> Batch | None:
    """The batch of a block in which every entry is as nearly all are; None if one is not.

    Only escapes or letters beyond ASCII can make a handle one that has to be repaired.
    """
    # Looking for the lone backslash first is a hundred times faster, and it is nearly never there.
    if not block.isascii() or (b"\\" in block and b"\\u" in block):
        return None
    try:
        details = [entry.string_list_data[0] for entry in entries]
    except IndexError:
        return None
    handles = [detail.value.strip().lower() for detail in details]
    times = [detail.timestamp for detail in details]
    if not (details and all(handles) and min(times) > 0 and max(times) < _END_OF_YEAR_9999):
        return None
    if _DELETED in "\n".join(handles):
        return None
    return tally.count(list(zip(handles, times, strict=True)), min(times), max(times))


def _details(entries: Iterable[Entry]) -> Iterator[tuple[object, object]]:
    for entry in entries:
        first = entry.string_list_data[0] if entry.string_list_data else None
        yield (first.value, first.timestamp) if first else (None, None)


def _checked_batch(details: Iterable[tuple[object, object]], tally: Tally) -> Batch:
    batch: Batch = []
    for value, timestamp in details:
        name = repaired(value).strip() if isinstance(value, str) else ""
        if not name:
            tally.unusable += 1
        elif name.startswith(_DELETED):
            tally.deleted += 1
        else:
            batch.append((name.lower(), _seconds(timestamp)))
    times = [time for _, time in batch if time is not None]
    return tally.count(batch, min(times, default=_END_OF_YEAR_9999), max(times, default=0))


def repaired(text: str) -> str:
    """The text as it was written: Meta escapes each UTF-8 byte as if it were a letter."""
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text


def _seconds(timestamp: object) -> int | None:
    """Unix seconds, or None where the number is missing or can be no time."""
    if isinstance(timestamp, bool) or not isinstance(timestamp, int | Decimal):
        return None
    return int(timestamp) if 0 < timestamp < _END_OF_YEAR_9999 else None
