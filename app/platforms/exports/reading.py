"""Opens the export that an owner uploads and reads its followers in bounded memory."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from types import MappingProxyType
from typing import IO, BinaryIO
from zipfile import ZipInfo

import msgspec

from app.platforms.base import Platform
from app.platforms.exports.archive import ARCHIVE_FAULTS, ARCHIVE_MARKS, Archive, ExportLimits
from app.platforms.exports.errors import Damaged, EmptyFile, NotFollowers, SameListTwice, TooLarge
from app.platforms.exports.instagram import Batch, Tally, read_batches, repaired
from app.platforms.exports.layout import (
    FOLLOWERS_NAME,
    OWNER_NAME,
    Layout,
    layout_of,
    refusal_of_names,
)
from app.platforms.exports.source import BLOCK, Source
from app.platforms.handles import HandleRefused, normalize

DEFAULT_LIMITS = ExportLimits()

_LARGEST_OWNER_FILE = 1 << 20
_USERNAME_LABELS = {"username", "user name", "nama pengguna"}


class SummaryNotReady(RuntimeError):
    """The list has not been read to its end, so nothing can be said of the whole."""


@dataclass(frozen=True, slots=True)
class ExportSummary:
    """What an export held, known once all of it has been read.

    `listed` counts the entries with a usable handle, repeated ones too; `deleted` those of
    accounts that are gone and `unusable` those without a handle, neither of which is handed out.
    `truncated` means that the end of a file or a whole part is missing. `digest` is the SHA-256
    of the decoded list files in order, so the same list packed again has the same digest.
    """

    listed: int
    deleted: int
    unusable: int
    oldest: datetime | None
    newest: datetime | None
    truncated: bool
    files: int
    digest: str


@dataclass(frozen=True, slots=True)
class _ListFile:
    open: Callable[[], AbstractContextManager[IO[bytes]]]
    layout: Layout


class FollowerExport:
    """The list of followers in an owner's export; `owner_handle` is None where it is not said."""

    def __init__(
        self,
        files: Sequence[_ListFile],
        *,
        owner_handle: str | None = None,
        parts_missing: bool = False,
    ) -> None:
        self.platform = Platform.INSTAGRAM
        self.owner_handle = owner_handle
        self._files = files
        self._parts_missing = parts_missing
        self._summary: ExportSummary | None = None

    def batches(self) -> Iterator[Batch]:
        """Followers as (lower-cased handle, unix seconds or None), some hundreds at a time.

        Raises:
            ExportRefused: a fault that shows only further on; what was handed out is void.
        """
        self._summary = None
        tally, digest, truncated = Tally(), hashlib.sha256(), self._parts_missing
        for file in self._files:
            with file.open() as stream:
                source = Source(stream, digest)
                yield from read_batches(source, file.layout, tally)
            truncated = truncated or source.truncated
        # Entries without a single handle are not a list of nobody but one of another shape.
        if tally.unusable and not (tally.listed or tally.deleted):
            raise NotFollowers
        oldest, newest = tally.span()
        self._summary = ExportSummary(
            listed=tally.listed,
            deleted=tally.deleted,
            unusable=tally.unusable,
            oldest=oldest,
            newest=newest,
            truncated=truncated,
            files=len(self._files),
            digest=digest.hexdigest(),
        )

    @property
    def summary(self) -> ExportSummary:
        """What was read.

        Raises:
            SummaryNotReady: `batches` has not been read to its end.
        """
        if self._summary is None:
            raise SummaryNotReady(SummaryNotReady.__doc__)
        return self._summary


def open_export(
    stream: BinaryIO, *, filename: str | None, limits: ExportLimits = DEFAULT_LIMITS
) -> FollowerExport:
    """Finds the list of followers in an upload: Instagram's ZIP, or one JSON file out of it.

    The stream must be seekable and stay open and unread by others while the export is used.

    Raises:
        ExportRefused: a subclass, whose `code` and message say what the file is instead.
    """
    stream.seek(0)
    head = stream.read(BLOCK)
    if not head:
        raise EmptyFile
    if head.startswith(ARCHIVE_MARKS):
        return _from_archive(Archive(stream, limits))
    if stream.seek(0, 2) > limits.max_list_bytes:
        raise TooLarge

    def reopen() -> AbstractContextManager[IO[bytes]]:
        stream.seek(0)
        # The stream belongs to the caller, so reading must not close it.
        return nullcontext(stream)

    named = FOLLOWERS_NAME.fullmatch(filename or "")
    later_part = named is not None and int(named[1] or 1) != 1
    return FollowerExport([_ListFile(reopen, layout_of(head, filename))], parts_missing=later_part)


def _from_archive(archive: Archive) -> FollowerExport:
    by_name = {member.filename.replace("\\", "/"): member for member in archive.members}
    parts = [
        (int(named[1] or 1), member)
        for member in archive.members
        if (named := FOLLOWERS_NAME.fullmatch(member.filename.replace("\\", "/")))
    ]
    if not parts:
        raise refusal_of_names(list(by_name))
    parts.sort(key=itemgetter(0))
    numbers = [number for number, _ in parts]
    if len(set(numbers)) < len(numbers):
        raise SameListTwice
    archive.check([member for _, member in parts])
    files = [_list_file(archive, member) for _, member in parts]
    return FollowerExport(
        files,
        owner_handle=_owner_handle(archive, by_name),
        parts_missing=numbers != list(range(1, len(numbers) + 1)),
    )


def _list_file(archive: Archive, member: ZipInfo) -> _ListFile:
    with archive.open(member) as stream:
        layout = layout_of(_read(stream, BLOCK))
    return _ListFile(lambda: archive.open(member), layout)


def _read(stream: IO[bytes], size: int) -> bytes:
    try:
        return stream.read(size)
    except ARCHIVE_FAULTS:
        raise Damaged from None


class _Value(msgspec.Struct):
    value: str = ""


class _Person(msgspec.Struct):
    string_map_data: Mapping[str, _Value] = MappingProxyType({})


class _Personal(msgspec.Struct):
    profile_user: list[_Person] = []


def _owner_handle(archive: Archive, by_name: Mapping[str, ZipInfo]) -> str | None:
    """The account that the export belongs to, where its personal information says so."""
    member = next((m for name, m in by_name.items() if OWNER_NAME.fullmatch(name)), None)
    if member is None or member.file_size > _LARGEST_OWNER_FILE:
        return None
    archive.check([member])
    with archive.open(member) as stream:
        data = _read(stream, _LARGEST_OWNER_FILE)
    try:
        people = msgspec.json.decode(data, type=_Personal).profile_user
        said = people[0].string_map_data if people else {}
        label = next(label for label in said if label.strip().lower() in _USERNAME_LABELS)
        return normalize(repaired(said[label].value), Platform.INSTAGRAM).handle
    except (msgspec.DecodeError, RecursionError, UnicodeError, StopIteration, HandleRefused):
        # Which account it is can be said by a person instead; the list is sound all the same.
        return None
