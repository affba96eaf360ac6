"""Mastodon's list of those whom an account follows, as its settings page exports it.

Source: platforms.md section 9 (header `Account address,Show boosts,...`, first column `u@host`).
"""

import re
from collections.abc import Iterator

from app.platforms.base import Platform
from app.platforms.exports.csv_rows import rows
from app.platforms.exports.entries import Batch, Said, Tally, in_batches
from app.platforms.exports.formats import Head, ListFormat, Relation
from app.platforms.exports.source import Source

_HEADER = b"Account address"
_ADDRESS = re.compile(r"@?([A-Za-z0-9_.-]+@[A-Za-z0-9.-]+)")


def _said(listed: Iterator[list[str]]) -> Iterator[Said]:
    next(listed, None)
    for row in listed:
        address = _ADDRESS.fullmatch(row[0].strip())
        yield (address[1] if address else None), None


def _read(source: Source, tally: Tally) -> Iterator[Batch]:
    source.list_found = True
    yield from in_batches(_said(rows(source)), tally)


def _claims(head: Head) -> bool:
    return head.text.replace(b'"', b"").startswith(
        (_HEADER + b",", _HEADER + b"\n", _HEADER + b"\r")
    )


FOLLOWING = ListFormat(
    platform=Platform.MASTODON,
    relation=Relation.FOLLOWING,
    name=re.compile(r"(?:.*/)?[^/]+\.csv", re.IGNORECASE),
    claims=_claims,
    read=_read,
    weak=True,
)
