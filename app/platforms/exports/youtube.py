"""YouTube's Takeout: the channels that a person subscribes to, in a file of any language.

Source: platforms.md section 9 (Takeout `subscriptions.csv`, whose name, folder and header are
translated): a channel's id stands in the first column and in the address in the second.
"""

import re
from collections.abc import Iterator

from app.platforms.base import Platform
from app.platforms.exports.csv_rows import rows
from app.platforms.exports.entries import Batch, Said, Tally, in_batches
from app.platforms.exports.formats import Head, KeyedBy, ListFormat, Relation
from app.platforms.exports.source import Source

_CHANNEL = re.compile(r"UC[A-Za-z0-9_-]{22}")
_ROW = re.compile(
    rb'(?:[^\r\n]*\r?\n)?"?(UC[A-Za-z0-9_-]{22})"?,"?https?://(?:www\.)?youtube\.com/channel/\1"?,'
)


def _said(listed: Iterator[list[str]]) -> Iterator[Said]:
    for number, row in enumerate(listed):
        if _CHANNEL.fullmatch(row[0].strip()):
            yield row[0], None
        # The first row is the header, in whatever language.
        elif number:
            yield None, None


def _read(source: Source, tally: Tally) -> Iterator[Batch]:
    source.list_found = True
    yield from in_batches(_said(rows(source)), tally, case_matters=True)


def _claims(head: Head) -> bool:
    return _ROW.match(head.text) is not None


FOLLOWING = ListFormat(
    platform=Platform.YOUTUBE,
    relation=Relation.FOLLOWING,
    keyed_by=KeyedBy.PLATFORM_ID,
    name=re.compile(r"(?:.*/)?[^/]+\.csv", re.IGNORECASE),
    claims=_claims,
    read=_read,
    weak=True,
)
