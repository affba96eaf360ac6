"""Taking in a follower list: matched in memory, certified, and kept as intervals of follows.

Everyone on the list who is not a declared account of the tenant is a citizen and is dropped here.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.core.db import Database, driver_connection
from app.core.errors import FieldError, Invalid, UnsupportedFile
from app.core.ids import new_id
from app.core.metrics import record_follower_list
from app.core.uploads import Upload
from app.identity.rules import Caller
from app.jobs.kinds import EvaluateTenant
from app.jobs.queue import enqueue
from app.neutrality import service as neutrality
from app.observations import queries
from app.observations.models import FollowerList
from app.observations.rules import (
    CertificateVerdict,
    ListFacts,
    certify,
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
PLATFORM_LIST = "platform_list"


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
                began[accounts[key]] = None if seconds is None else _moment(seconds)
    return Matches(began, export.summary, export.summary.listed - export.repeated())


def _moment(seconds: int) -> datetime | None:
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
    if _is_of_another(account, export):
        raise WrongAccount(errors=[FieldError("/file", "wrong_account", "another account's file")])


def _is_of_another(account: OfficialAccount, export: FollowerExport) -> bool:
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
    taken = await _certified(session, caller, account, matches, taken_at=taken_at)
    taken.matched_at = now
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
        await record_follows(session, taken, began_at)
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
) -> FollowerList:
    summary = matches.summary
    before, after = await queries.counts_around(session, caller.tenant_id, account.id, taken_at)
    certificate = certify(
        ListFacts(
            listed=matches.listed,
            count_before=before,
            count_after=after,
            reached_end=not summary.truncated,
            oldest_entry=summary.oldest,
            taken_at=taken_at,
        )
    )
    return FollowerList(
        tenant_id=caller.tenant_id,
        id=new_id(),
        official_account_id=account.id,
        platform=account.platform,
        source=OWNER_EXPORT,
        digest=bytes.fromhex(summary.digest),
        taken_at=taken_at,
        listed=matches.listed,
        matched=len(matches.began_at),
        deleted=summary.deleted,
        oldest_entry=summary.oldest,
        newest_entry=summary.newest,
        reached_end=not summary.truncated,
        count_before_min=before.min if before else None,
        count_before_max=before.max if before else None,
        count_after_min=after.min if after else None,
        count_after_max=after.max if after else None,
        certificate=certificate.verdict,
        reasons=[reason.value for reason in certificate.reasons],
        recorded_by=caller.actor,
    )


STAGE = """
CREATE TEMP TABLE seen_accounts (account_id uuid PRIMARY KEY, began_at timestamptz) ON COMMIT DROP
"""

# A sighting joins the interval that already holds its moment, or the one it continues: no
# complete list without the account lies between them.
EXTEND = text("""
UPDATE follows AS follow SET
    began_at = COALESCE(follow.began_at, seen.began_at),
    first_seen_at = LEAST(follow.first_seen_at, :taken_at),
    first_list_id = CASE WHEN :taken_at < follow.first_seen_at THEN :list_id
                         ELSE follow.first_list_id END,
    last_list_id = CASE WHEN :taken_at > follow.last_seen_at THEN :list_id
                        ELSE follow.last_list_id END,
    last_seen_at = GREATEST(follow.last_seen_at, :taken_at)
FROM seen_accounts AS seen
WHERE follow.tenant_id = :tenant_id AND follow.official_account_id = :official_account_id
  AND follow.account_id = seen.account_id
  AND (follow.closed_at IS NULL OR follow.closed_at > :taken_at)
  AND NOT EXISTS (
      SELECT 1 FROM follower_lists AS between_them
      WHERE between_them.tenant_id = :tenant_id
        AND between_them.official_account_id = :official_account_id
        AND between_them.certificate = 'complete'
        AND between_them.taken_at > :taken_at AND between_them.taken_at < follow.first_seen_at
  )
""")

# An interval that starts before a later complete list without the account is closed by it.
OPEN = text("""
INSERT INTO follows (tenant_id, id, official_account_id, account_id, began_at,
                     first_seen_at, last_seen_at, first_list_id, last_list_id,
                     closed_at, closed_by_list_id)
SELECT CAST(:tenant_id AS uuid), gen_random_uuid(), CAST(:official_account_id AS uuid),
       seen.account_id, seen.began_at,
       CAST(:taken_at AS timestamptz), CAST(:taken_at AS timestamptz),
       CAST(:list_id AS uuid), CAST(:list_id AS uuid), later.taken_at, later.id
FROM seen_accounts AS seen
LEFT JOIN LATERAL (
    SELECT list.id, list.taken_at FROM follower_lists AS list
    JOIN accounts AS account
      ON account.tenant_id = list.tenant_id AND account.id = seen.account_id
    WHERE list.tenant_id = :tenant_id AND list.official_account_id = :official_account_id
      AND list.certificate = 'complete' AND list.taken_at > :taken_at
      AND account.declared_at <= COALESCE(list.matched_at, list.recorded_at)
      AND (NOT (CAST(:keyed_by_id AS boolean) OR list.source = 'platform_list')
           OR account.platform_id IS NOT NULL
          AND (account.platform_id_since IS NULL
               OR account.platform_id_since < COALESCE(list.matched_at, list.recorded_at)))
    ORDER BY list.taken_at LIMIT 1
) AS later ON true
WHERE NOT EXISTS (
    SELECT 1 FROM follows AS held
    WHERE held.tenant_id = :tenant_id AND held.official_account_id = :official_account_id
      AND held.account_id = seen.account_id
      AND held.first_seen_at <= :taken_at AND held.last_seen_at >= :taken_at
)
""")

# A list says nothing of an account declared, and a list of ids nothing of an id learnt, after the
# list was matched: the same rule by which compliance judges absence.
CLOSE = text("""
UPDATE follows AS follow SET closed_at = :taken_at, closed_by_list_id = :list_id
WHERE follow.tenant_id = :tenant_id AND follow.official_account_id = :official_account_id
  AND follow.last_seen_at < :taken_at
  AND (follow.closed_at IS NULL OR follow.closed_at > :taken_at)
  AND NOT EXISTS (SELECT 1 FROM seen_accounts AS seen WHERE seen.account_id = follow.account_id)
  AND EXISTS (
      SELECT 1 FROM accounts AS account
      WHERE account.tenant_id = :tenant_id AND account.id = follow.account_id
        AND account.declared_at <= :matched_at
        AND (NOT :by_platform_id OR account.platform_id IS NOT NULL
             AND (account.platform_id_since IS NULL OR account.platform_id_since < :matched_at)))
""")


async def record_follows(
    session: AsyncSession, taken: FollowerList, began_at: Mapping[UUID, datetime | None]
) -> None:
    """Extend, open and, for a complete list, close intervals; lists may come in any order."""
    await session.execute(text(STAGE))
    await _stage(session, began_at.items())
    where = {
        "tenant_id": taken.tenant_id,
        "official_account_id": taken.official_account_id,
        "list_id": taken.id,
        "taken_at": taken.taken_at,
    }
    await session.execute(EXTEND, where)
    keyed_by_id = followers_keyed_by(taken.platform) is KeyedBy.PLATFORM_ID
    await session.execute(OPEN, {**where, "keyed_by_id": keyed_by_id})
    if taken.certificate is CertificateVerdict.COMPLETE:
        matched = {
            "matched_at": taken.matched_at,
            "by_platform_id": names_ids(taken.platform, taken.source),
        }
        await session.execute(CLOSE, {**where, **matched})
    await session.execute(text("DROP TABLE seen_accounts"))


def names_ids(platform: Platform, source: str) -> bool:
    """Whether a list was matched by platform ids: those that a platform's API gave always are."""
    return source == PLATFORM_LIST or followers_keyed_by(platform) is KeyedBy.PLATFORM_ID


async def _stage(session: AsyncSession, rows: Iterable[tuple[UUID, datetime | None]]) -> None:
    connection = await driver_connection(session)
    await connection.copy_records_to_table(
        "seen_accounts", records=list(rows), columns=["account_id", "began_at"]
    )
