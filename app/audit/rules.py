"""Whether a chain is what it was, entry by entry, and where it is not; pure."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

# A chain that is broken everywhere is told by its first faults and their number.
FAULTS_KEPT = 100
BYTES_OF_SEQUENCE = 8


class FaultKind(StrEnum):
    """What is wrong at one place of a chain."""

    ANCHOR_DIFFERS = "anchor_differs"
    ANCHOR_MISSING = "anchor_missing"
    CHANGE_UNLINKED = "change_unlinked"
    CHANGES_ALTERED = "changes_altered"
    CHANGES_ADDED = "changes_added"
    CHANGES_MISSING = "changes_missing"
    CHAIN_FORKED = "chain_forked"
    ENTRY_ALTERED = "entry_altered"
    ENTRY_MISSING = "entry_missing"
    HEAD_BEHIND = "head_behind"
    HEAD_DIFFERS = "head_differs"
    HEAD_MISSING = "head_missing"
    LINK_BROKEN = "link_broken"
    TAIL_CUT = "tail_cut"
    TENANT_MISSING = "tenant_missing"


MEANINGS = {
    FaultKind.ANCHOR_DIFFERS: "is not the entry whose hash was anchored outside",
    FaultKind.ANCHOR_MISSING: "was anchored outside, and the chain does not reach it any more",
    FaultKind.CHANGE_UNLINKED: "is the number of a change that no entry covers",
    FaultKind.CHANGES_ALTERED: "covers changes that are not what they were",
    FaultKind.CHANGES_ADDED: "covers fewer changes than there are now",
    FaultKind.CHANGES_MISSING: "covers more changes than there are now",
    FaultKind.CHAIN_FORKED: "stands there more than once",
    FaultKind.ENTRY_ALTERED: "is not what it was when its hash was made",
    FaultKind.ENTRY_MISSING: "is missing, or several from it on",
    FaultKind.HEAD_BEHIND: "lies behind the head",
    FaultKind.HEAD_DIFFERS: "is the last, and the head tells of another one",
    FaultKind.HEAD_MISSING: "is the last, and there is no head",
    FaultKind.LINK_BROKEN: "does not continue the entry before it",
    FaultKind.TAIL_CUT: "is missing with all up to the head",
    FaultKind.TENANT_MISSING: "was anchored outside, of a government that is gone",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and at which number: of an entry, or of a change that no entry covers."""

    kind: FaultKind
    sequence: int


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as it is stored; `content` is the text of its columns, as it was hashed."""

    sequence: int
    previous: bytes
    hash: bytes
    content: str
    change_count: int | None
    digest: bytes | None


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain: its last entry's number, and the hashes before and behind it."""

    sequence: int
    previous: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Anchor:
    """What was written down outside the database: that an entry had this hash."""

    tenant_id: UUID
    slug: str
    sequence: int
    hash: bytes
    at: datetime


def genesis(tenant_id: UUID) -> bytes:
    """What stands before the first entry of a tenant's chain."""
    return hashlib.sha256(f"simedsos:audit:{tenant_id}".encode()).digest()


def hash_of(previous: bytes, sequence: int, content: str) -> bytes:
    """The hash of an entry: over the one before it, its number and its columns."""
    number = sequence.to_bytes(BYTES_OF_SEQUENCE, "big", signed=True)
    return hashlib.sha256(previous + number + hashlib.sha256(content.encode()).digest()).digest()


@dataclass(slots=True)
class Inspection:
    """A walk along one chain; it remembers the entry before, and no more however long it is."""

    tenant_id: UUID
    anchors: Iterable[Anchor] = ()
    entries: int = 0
    changes: int = 0
    anchors_met: int = 0
    fault_count: int = 0
    faults: list[Fault] = field(default_factory=list)
    last: Link | None = None
    _awaited: dict[int, list[bytes]] = field(default_factory=dict)
    _counted: int = 0
    _seen: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def __post_init__(self) -> None:
        for each in self.anchors:
            self._awaited.setdefault(each.sequence, []).append(each.hash)

    def tell(self, kind: FaultKind, sequence: int) -> None:
        """Note a fault."""
        self.fault_count += 1
        if len(self.faults) < FAULTS_KEPT:
            self.faults.append(Fault(kind, sequence))

    def begin(self, link: Link) -> None:
        """The next entry, in order of number; its changes follow."""
        self._close()
        number, before = link.sequence, self.last
        at = before.sequence if before else 0
        if number <= at:
            self.tell(FaultKind.CHAIN_FORKED, number)
        elif number > at + 1:
            self.tell(FaultKind.ENTRY_MISSING, at + 1)
        elif link.previous != (before.hash if before else genesis(self.tenant_id)):
            self.tell(FaultKind.LINK_BROKEN, number)
        if link.hash != hash_of(link.previous, number, link.content):
            self.tell(FaultKind.ENTRY_ALTERED, number)
        for anchored in self._awaited.pop(number, ()):
            self.anchors_met += 1
            if anchored != link.hash:
                self.tell(FaultKind.ANCHOR_DIFFERS, number)
        self.entries += 1
        self.last = link

    def change(self, content: str) -> None:
        """A change that the entry covers, in order of number."""
        self.changes += 1
        self._counted += 1
        self._seen.update(hashlib.sha256(content.encode()).digest())

    def end(self, head: Head | None) -> None:
        """All entries have been walked; where is the head?"""
        self._close()
        at = self.last.sequence if self.last else 0
        if head is None:
            if self.last:
                self.tell(FaultKind.HEAD_MISSING, at)
        elif head.sequence > at:
            self.tell(FaultKind.TAIL_CUT, at + 1)
        elif head.sequence < at:
            self.tell(FaultKind.HEAD_BEHIND, head.sequence + 1)
        elif self.last and (head.hash, head.previous) != (self.last.hash, self.last.previous):
            self.tell(FaultKind.HEAD_DIFFERS, at)
        for number in sorted(self._awaited):
            self.tell(FaultKind.ANCHOR_MISSING, number)

    def _close(self) -> None:
        """Compare the changes that have come with what their entry says of them."""
        if self.last and self.last.change_count is not None:
            number, covered = self.last.sequence, self.last.change_count
            if self._counted < covered:
                self.tell(FaultKind.CHANGES_MISSING, number)
            elif self._counted > covered:
                self.tell(FaultKind.CHANGES_ADDED, number)
            elif self._seen.digest() != self.last.digest:
                self.tell(FaultKind.CHANGES_ALTERED, number)
        self._counted, self._seen = 0, hashlib.sha256()
