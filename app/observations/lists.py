"""Taking in a follower list: matched in memory, certified, and kept as intervals of follows.

Everyone on the list who is not a declared account of the tenant is a citizen and is dropped here.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Account
from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.core.clock import JAKARTA
from app.core.db import Database
from app.core.errors import FieldError, Invalid, UnsupportedFile
from app.core.ids import new_id
from app.core.metrics import record_follower_list
from app.core.uploads import Upload
from app.identity.rules import Caller
from app.jobs.kinds import EvaluateTenant
from app.jobs.queue import enqueue
from app.neutrality import service as neutrality
from app.observations import controls, follows, queries
from app.observations.findable import names_ids
from app.observations.models import FollowerList
from app.observations.rules import (
    CertificateVerdict,
    ListFacts,
)
from app.observations.schemas import FollowerListOut
from app.observations.service import shown_list
from app.official_accounts import queries as official_account_queries
from app.official_accounts import service as official_accounts
from app.official_accounts.models import OfficialAccount
from app.platforms.base import Platform
from app.platforms.exports import (
    ExportRefused,
    ExportSummary,
    FollowerExport,
    FollowingList,
    KeyedBy,
    Relation,
    followers_keyed_by,
    open_export,
)

OWNER_EXPORT = "owner_export"


class ExportUnreadable(UnsupportedFile):
    """The file cannot be read as a follower list: {reason}"""


class TakenInFuture(Invalid):
    """The list is dated in the future."""


class WrongAccount(Invalid):
    """This export is another account's; upload it for the official account it was made by."""


class WrongPlatform(Invalid):
    """This export comes from another platform; upload it for the official account there."""


@dataclass(frozen=True, slots=True)
class Matches:
    """The declared accounts found on a list, each with the platform's date of the follow.

    `listed` counts the different accounts on it: a repeated entry must not hide a missing one.
    """

    began_at: Mapping[UUID, datetime | None]
    summary: ExportSummary
    listed: int


def match(export: FollowerExport, accounts: Mapping[str, UUID]) -> Matches:
    """Read a list once and keep only declared accounts; runs in a thread, touches no database.

    `accounts` must be known by what the export is keyed by: handles or platform ids.
    """
    began: dict[UUID, datetime | None] = {}
    for batch in export.batches():
        for key, seconds in batch:
            # Nearly every key is a citizen's, so the common way is kept to one look.
            if key in accounts:
                began[accounts[key]] = None if seconds is None else moment_of(seconds)
    return Matches(began, export.summary, export.summary.listed - export.repeated())


def moment_of(seconds: int) -> datetime | None:
    """Unix seconds as a moment; None where they can be none."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def require_owner(account: OfficialAccount, export: FollowerExport) -> None:
    """Refuse an export of another platform or account, or one that lists no followers.

    Raises:
        WrongPlatform, WrongAccount: it is not this account's own export.
        FollowingList: it lists whom its owner follows, as an employee's own file does.
    """
    if export.platform is not account.platform:
        raise WrongPlatform(errors=[FieldError("/file", "wrong_platform", "another platform")])
    if export.relation is not Relation.FOLLOWERS:
        raise FollowingList(account.platform)
    if is_of_another(account, export):
        raise WrongAccount(errors=[FieldError("/file", "wrong_account", "another account's file")])


def is_of_another(account: OfficialAccount | Account, export: FollowerExport) -> bool:
    """Whether the export says that it belongs to another account; ids speak before handles."""
    if export.owner_id is not None and account.platform_id is not None:
        return export.owner_id != account.platform_id
    return export.owner_handle is not None and export.owner_handle.casefold() != account.handle


async def matchable(
    session: AsyncSession, tenant_id: UUID, platform: Platform
) -> Mapping[str, UUID]:
    """The declared accounts of a platform by what its owner exports know followers by."""
    if followers_keyed_by(platform) is KeyedBy.PLATFORM_ID:
        return await queries.accounts_by_platform_id(session, tenant_id, platform)
    return await queries.accounts_by_handle(session, tenant_id, platform)


async def take_upload(
    database: Database,
    caller: Caller,
    account_id: UUID,
    upload: Upload,
    *,
    taken_at: datetime,
    now: datetime,
) -> tuple[FollowerListOut, bool]:
    """Take in an uploaded export; returns the list and whether it is new.

    No transaction is open while the file is read.

    Raises:
        NotFound: there is no such official account.
        OfficialAccountPaused: it is paused, and its file is not even opened.
        ExportUnreadable, WrongPlatform, WrongAccount, TakenInFuture: the file is refused.
    """
    async with database.transaction(caller.tenant_id) as session:
        account = await official_account_queries.get(session, caller, account_id)
        await neutrality.require_in_duty(session, account, now=now)
        accounts = await matchable(session, caller.tenant_id, account.platform)
    matches = await asyncio.to_thread(read_matches, account, upload, accounts)
    async with database.transaction(caller.tenant_id) as session:
        digest = bytes.fromhex(matches.summary.digest)
        known = await queries.list_by_digest(session, caller.tenant_id, account.id, digest)
        if known is not None:
            return shown_list(known), False
        taken = await take_list(session, caller, account, matches, taken_at=taken_at, now=now)
        await session.refresh(taken)
        return shown_list(taken), True


def read_matches(account: OfficialAccount, upload: Upload, accounts: Mapping[str, UUID]) -> Matches:
    """Open an upload, make sure whose it is, and match it."""
    try:
        export = open_export(upload.file, filename=upload.filename, platform=account.platform)
        require_owner(account, export)
        matches = match(export, accounts)
        # TikTok names the owner only inside the list's own file.
        require_owner(account, export)
    except ExportRefused as refusal:
        raise ExportUnreadable(
            reason=str(refusal), errors=[FieldError("/file", refusal.code, str(refusal))]
        ) from refusal
    return matches


async def take_list(
    session: AsyncSession,
    caller: Caller,
    account: OfficialAccount,
    matches: Matches,
    *,
    taken_at: datetime,
    now: datetime,
) -> FollowerList:
    """Keep a list's size, certificate and follows, and have the campaigns judged anew.

    Raises:
        TakenInFuture: the list is dated in the future.
    """
    if taken_at > now:
        raise TakenInFuture(errors=[FieldError("/taken_at", "future", "in the future")])
    taken = await _certified(session, caller, account, matches, taken_at=taken_at, matched_at=now)
    await keep_list(session, taken, matches.began_at, now=now)
    return taken


async def keep_list(
    session: AsyncSession,
    taken: FollowerList,
    began_at: Mapping[UUID, datetime | None],
    *,
    now: datetime,
) -> None:
    """Write a certified list and what follows from it, and have the campaigns judged anew."""
    session.add(taken)
    await session.flush()
    if taken.certificate is not CertificateVerdict.VOID:
        of_ids = names_ids(taken.platform, taken.source)
        await follows.record_list(session, taken, began_at, of_ids=of_ids)
    await official_accounts.note_new_fact(session, taken.tenant_id, taken.official_account_id)
    record(
        session,
        ChangeKind.FOLLOWER_LIST_TAKEN,
        taken.id,
        tenant_id=taken.tenant_id,
        actor=taken.recorded_by,
        at=now,
        official_account_id=str(taken.official_account_id),
        certificate=taken.certificate,
        listed=taken.listed,
        matched=taken.matched,
    )
    await enqueue(session, [EvaluateTenant(taken.tenant_id, cause=str(taken.id))])
    record_follower_list(platform=taken.platform, certificate=taken.certificate)


async def _certified(
    session: AsyncSession,
    caller: Caller,
    account: OfficialAccount,
    matches: Matches,
    *,
    taken_at: datetime,
    matched_at: datetime,
) -> FollowerList:
    before, after = await queries.counts_around(session, caller.tenant_id, account.id, taken_at)
    matching = controls.Matching(
        matches.began_at.keys(),
        matched_at,
        of_ids=names_ids(account.platform, OWNER_EXPORT),
        reached_end=not matches.summary.truncated,
    )
    facts = ListFacts(
        listed=matches.listed,
        count_before=before,
        count_after=after,
        reached_end=matching.reached_end,
        oldest_entry=matches.summary.oldest,
        taken_at=taken_at,
        account_opened_at=opened(account),
    )
    certified = await controls.certify_with(session, account, facts, matching)
    return FollowerList(
        tenant_id=caller.tenant_id,
        id=new_id(),
        official_account_id=account.id,
        platform=account.platform,
        source=OWNER_EXPORT,
        digest=bytes.fromhex(matches.summary.digest),
        matched=len(matches.began_at),
        deleted=matches.summary.deleted,
        newest_entry=matches.summary.newest,
        recorded_by=caller.actor,
        **certified,
    )


def opened(account: OfficialAccount) -> datetime | None:
    """When an official account's platform account was created, as far as it is known."""
    if account.opened_at is None:
        return None
    return datetime.combine(account.opened_at, time(), JAKARTA)
