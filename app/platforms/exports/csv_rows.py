"""Reads comma-separated files row by row in bounded memory."""

import csv
from collections.abc import Iterator

from app.platforms.exports.errors import Damaged
from app.platforms.exports.source import Source


def rows(source: Source) -> Iterator[list[str]]:
    """The rows that hold anything; tells `source` if the last one is not whole.

    Raises:
        Damaged: it is no UTF-8, a field is longer than any, or quotes stand where none may.
    """
    reader = csv.reader(_lines(source), strict=True)
    try:
        for row in reader:
            source.entry_seen()
            # Where the last line is cut, its first column is whole only if a second one follows.
            if any(row) and not (source.truncated and len(row) == 1):
                yield row
    except UnicodeDecodeError:
        raise Damaged from None
    except csv.Error:
        # Once the end was read, only the closing quote can be missing.
        if not source.at_end:
            raise Damaged from None
        source.truncated = True


def _lines(source: Source) -> Iterator[str]:
    rest = source.first(1)
    while True:
        *whole, rest = rest.split(b"\n")
        for line in whole:
            yield f"{line.decode()}\n"
        more = source.read()
        if not more:
            break
        rest += more
    if rest:
        source.truncated = True
        yield rest.decode(errors="ignore")
