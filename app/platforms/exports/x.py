"""X's archive: scripts that assign lists of numeric account ids; handles and dates are not told.

Source: platforms.md section 9 (X "Download an archive of your data": `data/follower.js`,
`data/following.js`, `data/account.js`, each perhaps in numbered parts).
"""

import re
from collections.abc import Iterator

import msgspec

from app.platforms.base import Platform
from app.platforms.exports.entries import Batch, Said, Tally, in_batches
from app.platforms.exports.errors import Damaged
from app.platforms.exports.events import Places, entries_by_events
from app.platforms.exports.formats import (
    Head,
    KeyedBy,
    ListFormat,
    Owner,
    OwnerFile,
    Read,
    Relation,
)
from app.platforms.exports.source import Source

ASSIGNMENT = re.compile(rb"\s*window\.YTD\.([a-z_]{1,40})\.part([0-9]{1,6})\s*=\s*")

_HEAD = 256
_ID = re.compile(r"[0-9]{1,20}")
_BARE_LIST: frozenset[tuple[str, ...]] = frozenset({()})


def _name(word: str) -> re.Pattern[str]:
    return re.compile(
        rf"(?:(?:.*/)?data/|(?:[^/]+/)?){word}(?:-part([0-9]{{1,6}}))?\.js", re.IGNORECASE
    )


def _begins_list(head: Head, word: bytes) -> bool:
    assigned = ASSIGNMENT.match(head.text)
    return assigned is not None and assigned[1] == word


def _id(said: object) -> object:
    """An account's id as text; numbers are taken too, whatever was done to the file."""
    if isinstance(said, int):
        said = str(said)
    return said if isinstance(said, str) and _ID.fullmatch(said) else None


def _reader(word: str) -> Read:
    def entry(said: object) -> Said:
        match said:
            case {**fields} if isinstance(account := fields.get(word), dict):
                return _id(account.get("accountId")), None
            case _:
                return None, None

    def read(source: Source, tally: Tally) -> Iterator[Batch]:
        first = source.first(_HEAD)
        assigned = ASSIGNMENT.match(first)
        if assigned is None:
            raise Damaged
        source.give_back(first[assigned.end() :])
        yield from in_batches(map(entry, entries_by_events(source, Places(_BARE_LIST))), tally)

    return read


FOLLOWERS = ListFormat(
    platform=Platform.X,
    relation=Relation.FOLLOWERS,
    keyed_by=KeyedBy.PLATFORM_ID,
    name=_name("follower"),
    claims=lambda head: _begins_list(head, b"follower"),
    read=_reader("follower"),
    first_part=0,
)
FOLLOWING = ListFormat(
    platform=Platform.X,
    relation=Relation.FOLLOWING,
    keyed_by=KeyedBy.PLATFORM_ID,
    name=_name("following"),
    claims=lambda head: _begins_list(head, b"following"),
    read=_reader("following"),
    first_part=0,
)


def part_assigned(text: bytes) -> int | None:
    """The number of the part that a script assigns; None if it is no script of X's."""
    assigned = ASSIGNMENT.match(text)
    return int(assigned[2]) if assigned else None


class _Account(msgspec.Struct):
    username: str = ""
    accountId: str = ""  # noqa: N815 - X's own word.


class _Assigned(msgspec.Struct):
    account: _Account


def _owner(data: bytes) -> Owner:
    assigned = ASSIGNMENT.match(data)
    try:
        found = msgspec.json.decode(data[assigned.end() if assigned else 0 :], type=list[_Assigned])
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        # Which account it is can be said by a person instead; the list is sound all the same.
        return Owner()
    account = found[0].account if found else _Account()
    stable = account.accountId if _ID.fullmatch(account.accountId) else None
    return Owner(account.username or None, stable)


OWNER = OwnerFile(frozenset({Platform.X}), _name("account"), _owner)
