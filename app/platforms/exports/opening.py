"""Opens an upload: a platform's archive, or one list file out of it."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from operator import itemgetter
from typing import BinaryIO
from zipfile import ZipInfo

from app.platforms.base import Platform
from app.platforms.exports.archive import (
    ARCHIVE_FAULTS,
    ARCHIVE_MARKS,
    Archive,
    ExportLimits,
    Readable,
)
from app.platforms.exports.errors import (
    Damaged,
    EmptyFile,
    ExportRefused,
    SameListTwice,
    TooLarge,
)
from app.platforms.exports.formats import ListFormat, Owner, Relation
from app.platforms.exports.reading import FollowerExport, ListFile, whole_stream
from app.platforms.exports.recognising import (
    FORMATS,
    OWNERS,
    by_preference,
    head_of,
    refusal_of_head,
    refusal_of_names,
)
from app.platforms.exports.source import BLOCK
from app.platforms.exports.x import part_assigned

DEFAULT_LIMITS = ExportLimits()

_LARGEST_OWNER_FILE = 1 << 20
# Takeout holds a file for every playlist; looking into more than these would only cost time.
_MOST_WEAKLY_NAMED = 1000
_GLANCE = 4 << 10

Part = tuple[int, ZipInfo]


def open_export(
    stream: BinaryIO,
    *,
    filename: str | None,
    platform: Platform | None = None,
    relation: Relation = Relation.FOLLOWERS,
    limits: ExportLimits = DEFAULT_LIMITS,
) -> FollowerExport:
    """Finds a list of accounts in an upload; `platform` and `relation` say which is preferred.

    The answer may be of another platform or relation if the file holds nothing else. The stream
    must be seekable and stay open and unread by others while the export is used.

    Raises:
        ExportRefused: a subclass, whose `code` and message say what the file is instead.
    """
    stream.seek(0)
    data = stream.read(BLOCK)
    if not data:
        raise EmptyFile
    name = (filename or "").replace("\\", "/")
    wanted = by_preference(FORMATS, platform, relation)
    if data.startswith(ARCHIVE_MARKS):
        return _Packed(Archive(stream, limits), wanted, platform).export()
    if stream.seek(0, 2) > limits.max_list_bytes:
        raise TooLarge
    head = head_of(data, name)
    chosen = next((each for each in wanted if each.claims(head)), None)
    if chosen is None:
        raise refusal_of_head(head, platform)
    part = part_assigned(head.text)
    if part is None:
        part = chosen.part(name)
    later_part = part is not None and part != chosen.first_part
    return FollowerExport(
        [ListFile(partial(whole_stream, stream), chosen)], parts_missing=later_part
    )


class _Packed:
    """An archive with the lists that its names promise, in the order in which they are wanted."""

    def __init__(
        self, archive: Archive, wanted: Sequence[ListFormat], platform: Platform | None
    ) -> None:
        self._archive = archive
        self._wanted = wanted
        self._platform = platform
        self._members: Mapping[str, ZipInfo] = {
            member.filename.replace("\\", "/"): member for member in archive.members
        }

    def export(self) -> FollowerExport:
        """The first list that is there.

        Raises:
            ExportRefused: there is none, or it cannot be read safely.
        """
        for format_ in self._wanted:
            parts = self._weak_parts(format_) if format_.weak else self._parts(format_)
            if parts:
                return self._opened(parts, format_)
        raise refusal_of_names(list(self._members), self._platform)

    def _parts(self, format_: ListFormat) -> list[Part]:
        # Two files of one name count twice, so the members are looked through and not the names.
        numbered = [
            (number, member)
            for member in self._archive.members
            if (number := format_.part(member.filename.replace("\\", "/"))) is not None
        ]
        return sorted(numbered, key=itemgetter(0))

    def _weak_parts(self, format_: ListFormat) -> list[Part]:
        return [
            (number, member)
            for number, member in self._parts(format_)[:_MOST_WEAKLY_NAMED]
            if self._claims(member, format_)
        ]

    def _claims(self, member: ZipInfo, format_: ListFormat) -> bool:
        try:
            self._archive.check([member])
            return format_.claims(head_of(self._start(member, _GLANCE), ""))
        except ExportRefused:
            # It is not the list: its name promised nothing.
            return False

    def _opened(self, parts: Sequence[Part], format_: ListFormat) -> FollowerExport:
        numbers = [number for number, _ in parts]
        if len(set(numbers)) < len(numbers):
            raise SameListTwice
        self._archive.check([member for _, member in parts])
        first = format_.first_part
        return FollowerExport(
            [self._list_file(member, format_) for _, member in parts],
            owner=self._owner(format_.platform),
            parts_missing=numbers != list(range(first, first + len(numbers))),
            others=tuple(dict.fromkeys(self._others(format_))),
        )

    def _list_file(self, member: ZipInfo, format_: ListFormat) -> ListFile:
        head = head_of(self._start(member, BLOCK), member.filename.replace("\\", "/"))
        same = (each for each in self._wanted if each.kind == format_.kind)
        chosen = next((each for each in same if each.claims(head)), None)
        if chosen is None:
            raise refusal_of_head(head, self._platform or format_.platform)
        return ListFile(partial(self._archive.open, member), chosen)

    def _others(self, format_: ListFormat) -> Iterator[tuple[Platform, Relation]]:
        for each in self._wanted:
            if each.kind != format_.kind and not each.weak and self._parts(each):
                yield each.kind

    def _owner(self, platform: Platform) -> Owner:
        """The account that the export belongs to, where a small file beside the list says so."""
        for file in OWNERS:
            member = next(
                (m for name, m in self._members.items() if file.name.fullmatch(name)), None
            )
            fits = member is not None and member.file_size <= _LARGEST_OWNER_FILE
            if platform in file.platforms and member is not None and fits:
                self._archive.check([member])
                return file.read(self._start(member, _LARGEST_OWNER_FILE))
        return Owner()

    def _start(self, member: ZipInfo, size: int) -> bytes:
        with self._archive.open(member) as stream:
            return _read(stream, size)


def _read(stream: Readable, size: int) -> bytes:
    """So many bytes, or all there are.

    Raises:
        Damaged: the archive is broken.
    """
    data = b""
    try:
        while len(data) < size and (more := stream.read(size - len(data))):
            data += more
    except ARCHIVE_FAULTS:
        raise Damaged from None
    return data
