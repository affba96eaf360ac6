"""Reading the export in which an employee shows whom they follow; only official accounts leave it.

Everybody else whom the employee follows is dropped here, in memory.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final
from uuid import UUID

from app.accounts.models import Account
from app.core.errors import FieldError, Invalid, UnsupportedFile
from app.core.uploads import Upload
from app.observations.lists import is_of_another, moment_of
from app.platforms.exports import (
    ExportRefused,
    FollowerExport,
    Relation,
    open_export,
    title_of,
)

# The readers' own words are meant for the owners of official accounts.
WORDS: Final[Mapping[str, str]] = MappingProxyType({
    "not_an_export": "it is no export of a known platform; upload the ZIP as it was downloaded",
    "other_platform": "it is an export of another platform; upload the employee's own of this one",
    "no_followers_file": "it holds no list of those whom the account follows; request it with"
    " all connections, as JSON",
    "not_followers": "it holds no list of those whom the account follows; upload the whole ZIP",
})  # fmt: skip


class SelfExportUnreadable(UnsupportedFile):
    """The file cannot be read as an employee's own export: {reason}"""


class OtherPlatformsExport(Invalid):
    """This export comes from another platform than the declared account."""


class FollowersInstead(Invalid):
    """The file lists who follows the account; upload the one that lists whom it follows."""


class AnothersExport(Invalid):
    """The export says that it belongs to another account than the declared one."""


class ShownInFuture(Invalid):
    """The evidence is dated in the future."""


class EntriesAreLater(Invalid):
    """The list holds entries that are later than the moment at which it is said to be made."""


class MomentNotTold(Invalid):
    """The file tells no dates: an officer must say in `taken_at` when the platform made it."""


class OfficerMissing(Invalid):
    """The file does not say so by itself: name in `officer` who vouches for it."""


@dataclass(frozen=True, slots=True)
class Word:
    """What is said about a file: when the platform made it, which officer vouches, a remark."""

    taken_at: datetime | None = None
    officer: str | None = None
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class SelfExport:
    """What one export shows: the official accounts on it, each with the platform's date.

    `newest` is the date of its newest entry, None where the platform tells no dates. `owner_told`
    says whether the file names its owner, who is then the declared account.
    """

    began_at: Mapping[UUID, datetime | None]
    newest: datetime | None
    digest: bytes
    owner_told: bool


def read_self_export(account: Account, upload: Upload, officials: Mapping[str, UUID]) -> SelfExport:
    """Read an employee's export to its end; runs in a thread and touches no database.

    `officials` are the official accounts by what the platform's exports know accounts by.

    Raises:
        SelfExportUnreadable: it is no export, or no sound one.
        OtherPlatformsExport, FollowersInstead, AnothersExport: it is another one.
    """
    try:
        export = open_export(
            upload.file,
            filename=upload.filename,
            platform=account.platform,
            relation=Relation.FOLLOWING,
        )
        _require_own(account, export)
        began = _matches(export, officials)
        # TikTok names the owner only inside the list's own file.
        _require_own(account, export)
    except ExportRefused as refusal:
        reason = WORDS.get(refusal.code, str(refusal))
        raise SelfExportUnreadable(
            reason=reason, errors=[FieldError("/file", refusal.code, reason)]
        ) from refusal
    return SelfExport(
        began_at=began,
        newest=export.summary.newest,
        digest=bytes.fromhex(export.summary.digest),
        owner_told=_tells_owner(account, export),
    )


def _require_own(account: Account, export: FollowerExport) -> None:
    if export.platform is not account.platform:
        message = f"an export of {title_of(export.platform)}"
        raise OtherPlatformsExport(errors=[FieldError("/file", "wrong_platform", message)])
    if export.relation is not Relation.FOLLOWING:
        raise FollowersInstead(errors=[FieldError("/file", "followers_list", "a followers list")])
    if is_of_another(account, export):
        raise AnothersExport(errors=[FieldError("/file", "wrong_account", "another's file")])


def _tells_owner(account: Account, export: FollowerExport) -> bool:
    """Whether the file names the declared account; an id alone says nothing of an unknown one."""
    if export.owner_handle is not None:
        return True
    return export.owner_id is not None and account.platform_id is not None


def _matches(export: FollowerExport, officials: Mapping[str, UUID]) -> dict[UUID, datetime | None]:
    found: dict[UUID, datetime | None] = {}
    for batch in export.batches():
        for key, seconds in batch:
            if key in officials:
                found[officials[key]] = None if seconds is None else moment_of(seconds)
    return found


def word_of(upload: Upload) -> Word:
    """What the form says beside its file.

    Raises:
        FieldInvalid: a field is no such text or moment.
    """
    return Word(
        upload.field_moment("taken_at"), upload.field_text("officer"), upload.field_text("remark")
    )


def made_at(export: SelfExport, word: Word, *, now: datetime) -> datetime:
    """When an export was made: an officer's word, else no later than its newest entry.

    Raises:
        ShownInFuture, EntriesAreLater, MomentNotTold: it cannot be dated.
        OfficerMissing: nobody vouches for what the file does not say.
    """
    if export.newest is not None and export.newest > now:
        raise ShownInFuture(errors=[FieldError("/file", "future", "entries in the future")])
    if word.officer is None and (word.taken_at is not None or not export.owner_told):
        raise OfficerMissing(errors=[FieldError("/officer", "missing", "an officer's name")])
    moment = word.taken_at or export.newest
    if moment is None:
        raise MomentNotTold(errors=[FieldError("/taken_at", "missing", "an RFC 3339 time")])
    if moment > now:
        raise ShownInFuture(errors=[FieldError("/taken_at", "future", "in the future")])
    if export.newest is not None and moment < export.newest:
        raise EntriesAreLater(errors=[FieldError("/taken_at", "too_early", "before its entries")])
    return moment.astimezone(UTC)
