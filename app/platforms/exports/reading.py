"""Opens the export that an owner uploads and reads its list in bounded memory."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from app.platforms.base import Platform
from app.platforms.exports.archive import Readable
from app.platforms.exports.distinct import Distinct
from app.platforms.exports.entries import Batch, Tally
from app.platforms.exports.errors import NotFollowers
from app.platforms.exports.formats import KeyedBy, ListFormat, Owner, Relation
from app.platforms.exports.source import Source
from app.platforms.handles import HandleRefused, normalize


class SummaryNotReady(RuntimeError):
    """The list has not been read to its end, so nothing can be said of the whole."""


@dataclass(frozen=True, slots=True)
class ExportSummary:
    """What an export held, known once all of it has been read.

    `listed` counts the entries with a usable key, repeated ones too; `deleted` those of
    accounts that are gone and `unusable` those without a key, neither of which is handed out.
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
class ListFile:
    """One file that holds a list or a part of it, and how it is read."""

    open: Callable[[], AbstractContextManager[Readable]]
    format: ListFormat


class FollowerExport:
    """The list in an owner's export: of the followers, or in an employee's own file of follows.

    `keyed_by` says what the list knows accounts by. `owner_handle` and `owner_id` are None where
    the export does not say whose it is; TikTok says it in the list's own file, so it is known
    once that has been read. `others` are the lists that the file holds besides.
    """

    def __init__(
        self,
        files: Sequence[ListFile],
        *,
        owner: Owner = Owner(),  # noqa: B008 - An owner never changes.
        parts_missing: bool = False,
        others: Sequence[tuple[Platform, Relation]] = (),
    ) -> None:
        self.platform: Platform = files[0].format.platform
        self.relation: Relation = files[0].format.relation
        self.keyed_by: KeyedBy = files[0].format.keyed_by
        self.owner_id = owner.platform_id
        self.others = tuple(others)
        self._said_handle = owner.handle
        self._files = files
        self._parts_missing = parts_missing
        self._summary: ExportSummary | None = None
        self._accounts = Distinct()

    @property
    def owner_handle(self) -> str | None:
        """The owner's handle as the platform's rules write it; None if it is not said."""
        try:
            return normalize(self._said_handle or "", self.platform).handle
        except HandleRefused:
            return None

    def batches(self) -> Iterator[Batch]:
        """Accounts as (key, unix seconds or None), some hundreds at a time; handles in lower case.

        Raises:
            ExportRefused: a fault that shows only further on; what was handed out is void.
        """
        self._summary = None
        tally, digest, truncated = Tally(), hashlib.sha256(), self._parts_missing
        self._accounts = tally.accounts
        for file in self._files:
            with file.open() as stream:
                source = Source(stream, digest)
                yield from file.format.read(source, tally)
            truncated = truncated or source.truncated
            if not (source.list_found or source.truncated):
                raise NotFollowers(self.platform)
        # Entries without a single key are not a list of nobody but one of another shape.
        if tally.unusable and not (tally.listed or tally.deleted):
            raise NotFollowers(self.platform)
        self._said_handle = tally.owner_handle or self._said_handle
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

    def repeated(self) -> int:
        """How many entries name an account that was listed before; takes a moment for long lists.

        Raises:
            SummaryNotReady: `batches` has not been read to its end.
        """
        return self.summary.listed - self._accounts.count


def whole_stream(stream: BinaryIO) -> AbstractContextManager[Readable]:
    """A stream from its start; it belongs to the caller, so reading must not close it."""
    stream.seek(0)
    return nullcontext(stream)
