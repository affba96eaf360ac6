"""What one kind of list file is: whose list it holds, how it is known, and how it is read."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from app.platforms.base import Platform
from app.platforms.exports.entries import Batch, Tally
from app.platforms.exports.source import Source


class Relation(StrEnum):
    """Whether a list names an account's followers or those whom it follows."""

    FOLLOWERS = "followers"
    FOLLOWING = "following"


class KeyedBy(StrEnum):
    """What a list knows its accounts by; one list never mixes the two."""

    HANDLE = "handle"
    PLATFORM_ID = "platform_id"


@dataclass(frozen=True, slots=True)
class Head:
    """The first bytes of a file, without a byte order mark and leading space, and its name.

    `keys` are those of the outermost object, or of the objects in the outermost list.
    """

    text: bytes
    keys: frozenset[str]
    filename: str

    @property
    def in_list(self) -> bool:
        return self.text.startswith(b"[")


Read = Callable[[Source, Tally], Iterator[Batch]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFormat:
    """One kind of list file.

    `name` is its path in an archive, with the number of its part as the first group; the part
    without a number is `first_part`. A name that is only `weak` evidence needs the content to
    agree, where a file of a telling name with other content is refused with a reason.
    """

    platform: Platform
    relation: Relation
    name: re.Pattern[str]
    claims: Callable[[Head], bool]
    read: Read
    keyed_by: KeyedBy = KeyedBy.HANDLE
    first_part: int = 1
    weak: bool = False

    @property
    def kind(self) -> tuple[Platform, Relation]:
        return self.platform, self.relation

    def part(self, name: str) -> int | None:
        """The number of the part of the list that a file of this name holds; None if none."""
        named = self.name.fullmatch(name)
        if named is None:
            return None
        number = named[1] if self.name.groups else None
        return self.first_part if number is None else int(number)


@dataclass(frozen=True, slots=True)
class Owner:
    """The account that an export belongs to, as far as the export says."""

    handle: str | None = None
    platform_id: str | None = None


@dataclass(frozen=True, slots=True)
class OwnerFile:
    """The small file of an archive that names its owner, for the platforms whose lists it holds."""

    platforms: frozenset[Platform]
    name: re.Pattern[str]
    read: Callable[[bytes], Owner]
