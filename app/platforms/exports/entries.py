"""Turns what lists say of accounts into batches of keys and times, and counts what is left out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from operator import itemgetter

from app.platforms.exports.distinct import Distinct

# The key that the list knows an account by (a lower-cased handle or a platform id), and the
# unix seconds of the follow where the list tells them.
Batch = list[tuple[str, int | None]]

# What an entry says of its account before anyone has vouched for its types: key and time.
Said = tuple[object, object]

# Instagram keeps the places of accounts that are gone under names that begin so.
DELETED = "__deleted__"
END_OF_YEAR_9999 = 253_402_300_800
_BATCH = 1000
_KEY = itemgetter(0)


@dataclass(slots=True)
class Tally:
    """What has been read so far; `listed` counts the entries handed out in batches.

    `owner_handle` is the list's owner where the list file itself names them.
    """

    listed: int = 0
    deleted: int = 0
    unusable: int = 0
    oldest: int = END_OF_YEAR_9999
    newest: int = 0
    owner_handle: str | None = None
    accounts: Distinct = field(default_factory=Distinct)

    def count(self, batch: Batch, oldest: int, newest: int) -> Batch:
        self.listed += len(batch)
        self.accounts.note(map(_KEY, batch))
        self.oldest = min(self.oldest, oldest)
        self.newest = max(self.newest, newest)
        return batch

    def span(self) -> tuple[datetime | None, datetime | None]:
        """The times of the oldest and the newest entry that has one."""
        if not self.newest:
            return None, None
        return datetime.fromtimestamp(self.oldest, UTC), datetime.fromtimestamp(self.newest, UTC)


def in_batches(
    said: Iterator[Said], tally: Tally, *, case_matters: bool = False
) -> Iterator[Batch]:
    """The entries in batches, each checked."""
    while some := list(islice(said, _BATCH)):
        yield checked_batch(some, tally, case_matters=case_matters)


def checked_batch(said: Iterable[Said], tally: Tally, *, case_matters: bool = False) -> Batch:
    """A batch of the entries that name an account; the others are counted."""
    batch: Batch = []
    for value, timestamp in said:
        name = repaired(value).strip() if isinstance(value, str) else ""
        if not name:
            tally.unusable += 1
        elif name.startswith(DELETED):
            tally.deleted += 1
        else:
            batch.append((name if case_matters else name.lower(), seconds(timestamp)))
    times = [time for _, time in batch if time is not None]
    return tally.count(batch, min(times, default=END_OF_YEAR_9999), max(times, default=0))


def repaired(text: str) -> str:
    """The text as it was written: Meta escapes each UTF-8 byte as if it were a letter."""
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text


def seconds(timestamp: object) -> int | None:
    """Unix seconds, or None where the number is missing or can be no time."""
    if isinstance(timestamp, bool) or not isinstance(timestamp, int | Decimal):
        return None
    return int(timestamp) if 0 < timestamp < END_OF_YEAR_9999 else None
