"""Taking in what employees show of their own accounts; what it proves is kept, the rest dropped.

It can only ever show that somebody follows: whoever shows a list may have edited it.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Account
from app.accounts.rules import live
from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.core.clock import jakarta_day
from app.core.db import Database
from app.core.errors import Conflict, FieldError, Invalid
from app.core.ids import new_id
from app.core.uploads import Upload
from app.jobs.kinds import EvaluateTenant
from app.jobs.queue import enqueue
from app.neutrality import queries as neutrality
from app.neutrality.queries import PausedAccount
from app.neutrality.service import require_in_duty
from app.neutrality.service import shown as name_paused
from app.observations import follows, queries
from app.observations.models import PairAnswerRow, SelfEvidence, SelfEvidenceFact
from app.observations.rules import EvidenceSource, PairAnswer, proves
from app.observations.schemas import EvidenceIn, FactOut, SelfEvidenceOut, SelfEvidenceTaken
from app.observations.self_exports import ShownInFuture, Word, made_at, read_self_export
from app.official_accounts import queries as official_account_queries
from app.official_accounts import service as official_accounts
from app.official_accounts.models import OfficialAccount
from app.platforms.base import Platform
from app.platforms.exports import KeyedBy, followings_keyed_by


class NothingCanBeShown(Conflict):
    """This account needs a decision by an officer, or is no longer in use: nothing shows of it."""


class AccountChanged(Conflict):
    """The account was corrected meanwhile; look at it again, and show it once more."""


class NoSelfExport(Invalid):
    """No export of this platform tells whom somebody follows; let an officer see a screenshot."""


class NothingToFollow(Conflict):
    """There is no official account on this platform now of which anything could be shown."""


class NothingShown(Invalid):
    """No official account of this government is on it: that proves nothing, and is not kept."""


class OtherPlatformsAccount(Invalid):
    """The official account is on another platform than the declared one."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Evidence that was kept, whether it is new, and which official accounts it says nothing of."""

    evidence: SelfEvidence
    is_new: bool
    not_comparable: Sequence[UUID]
    paused: Sequence[PausedAccount]


@dataclass(frozen=True, slots=True)
class Followable:
    """The official accounts of a platform: by what exports name them, and those left out."""

    by_key: Mapping[str, OfficialAccount]
    without_key: Sequence[UUID]
    paused: Sequence[PausedAccount]


async def followable(
    session: AsyncSession, tenant_id: UUID, platform: Platform, keyed_by: KeyedBy, now: datetime
) -> Followable:
    """The official accounts of a platform of which an export may show something today."""
    found = await neutrality.paused(session, tenant_id, jakarta_day(now))
    paused = {each.official_account_id: each for each in found if each.platform is platform}
    by_key: dict[str, OfficialAccount] = {}
    without_key: list[UUID] = []
    for official in await official_account_queries.active_of(session, tenant_id, platform):
        by_id = keyed_by is KeyedBy.PLATFORM_ID
        key = official.platform_id if by_id else official.handle
        if official.id in paused:
            continue
        if key is None:
            without_key.append(official.id)
        else:
            by_key[key] = official
    return Followable(by_key, without_key, list(paused.values()))


async def take_export(
    database: Database,
    account: Account,
    upload: Upload,
    word: Word,
    *,
    actor: str,
    now: datetime,
) -> Taken:
    """Take in the export in which an account's owner shows whom it follows.

    Whoever calls it has made sure that `actor` may speak for the account. No transaction is open
    while the file is read. The same file again adds what it did not show before.

    Raises:
        NothingCanBeShown, AccountChanged, NoSelfExport, NothingToFollow: it is not even opened.
        SelfExportUnreadable, AnothersExport and others: the file is refused.
        ShownInFuture, EntriesAreLater, MomentNotTold, OfficerMissing: it cannot be dated or owned.
        NothingShown: it proves nothing.
    """
    keyed_by = followings_keyed_by(account.platform)
    if keyed_by is None:
        raise NoSelfExport(errors=[FieldError("/file", "no_export", "no such export")])
    _require_live(account)
    async with database.transaction(account.tenant_id) as session:
        known = await followable(session, account.tenant_id, account.platform, keyed_by, now)
    if not known.by_key:
        raise NothingToFollow
    ids = {key: official.id for key, official in known.by_key.items()}
    export = await asyncio.to_thread(read_self_export, account, upload, ids)
    taken_at = made_at(export, word, now=now)
    async with database.transaction(account.tenant_id) as session:
        await _still_the_same(session, account)
        known = await followable(session, account.tenant_id, account.platform, keyed_by, now)
        officials = [each for each in known.by_key.values() if each.id in export.began_at]
        if not officials:
            raise NothingShown(errors=[FieldError("/file", "nothing_shown", "nothing was kept")])
        source = EvidenceSource.SELF_EXPORT if export.owner_told else EvidenceSource.SCREENSHOT
        made = _evidence(account, source, taken_at, word, actor=actor, now=now)
        made.digest = export.digest
        evidence, is_new = await _kept_once(session, made)
        began = [(each, export.began_at[each.id]) for each in officials]
        await _keep(session, evidence, began, is_new=is_new, actor=actor, now=now)
    return Taken(evidence, is_new, known.without_key, known.paused)


async def take_word(
    session: AsyncSession, account: Account, shown: EvidenceIn, *, actor: str, now: datetime
) -> Taken:
    """Keep that an officer has reviewed a screenshot, or has heard what somebody says.

    Raises:
        NothingCanBeShown, AccountChanged: the account is contested, retired, or another by now.
        NotFound, OtherPlatformsAccount: there is no such official account there.
        OfficialAccountPaused: nothing is kept of it today.
        ShownInFuture: it is dated in the future.
    """
    await _still_the_same(session, account)
    official = await official_account_queries.of_tenant(
        session, account.tenant_id, shown.official_account_id
    )
    if official.platform is not account.platform:
        message = "on another platform than the declared account"
        raise OtherPlatformsAccount(
            errors=[FieldError("/official_account_id", "wrong_platform", message)]
        )
    await require_in_duty(session, official, now=now)
    if shown.taken_at > now:
        raise ShownInFuture(errors=[FieldError("/taken_at", "future", "in the future")])
    word = Word(officer=shown.officer, remark=shown.remark)
    taken_at = shown.taken_at.astimezone(UTC)
    made = _evidence(account, shown.source, taken_at, word, actor=actor, now=now)
    made.official_account_id = official.id
    evidence, is_new = await _kept_once(session, made)
    facts = [(official, None)] if proves(shown.source) else []
    await _keep(session, evidence, facts, is_new=is_new, actor=actor, now=now)
    return Taken(evidence, is_new, (), ())


def _require_live(account: Account) -> None:
    if not live(account.state):
        raise NothingCanBeShown


async def _still_the_same(session: AsyncSession, account: Account) -> None:
    present = await session.get_one(Account, (account.tenant_id, account.id))
    _require_live(present)
    if (present.handle, present.declared_at) != (account.handle, account.declared_at):
        raise AccountChanged


def _evidence(
    account: Account,
    source: EvidenceSource,
    taken_at: datetime,
    word: Word,
    *,
    actor: str,
    now: datetime,
) -> SelfEvidence:
    return SelfEvidence(
        tenant_id=account.tenant_id,
        id=new_id(),
        account_id=account.id,
        source=source,
        taken_at=taken_at,
        officer=word.officer,
        remark=word.remark,
        recorded_by=actor,
        recorded_at=now,
    )


async def _kept_once(session: AsyncSession, made: SelfEvidence) -> tuple[SelfEvidence, bool]:
    """The evidence as it was first shown, and whether that is now."""
    await session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"),
        {"name": f"evidence:{made.tenant_id}:{made.account_id}"},
    )
    same = select(SelfEvidence).where(
        SelfEvidence.tenant_id == made.tenant_id,
        SelfEvidence.account_id == made.account_id,
        SelfEvidence.source == made.source,
    )
    if made.digest is not None:
        same = same.where(SelfEvidence.digest == made.digest)
    else:
        same = same.where(
            SelfEvidence.official_account_id == made.official_account_id,
            SelfEvidence.taken_at == made.taken_at,
        )
    known = await session.scalar(same)
    if known is not None:
        return known, False
    session.add(made)
    await session.flush()
    return made, True


async def _keep(
    session: AsyncSession,
    evidence: SelfEvidence,
    shown: Sequence[tuple[OfficialAccount, datetime | None]],
    *,
    is_new: bool,
    actor: str,
    now: datetime,
) -> None:
    """Keep the facts that this evidence has not shown before, and tell of them."""
    kept = await session.scalars(
        select(SelfEvidenceFact.official_account_id).where(
            SelfEvidenceFact.tenant_id == evidence.tenant_id,
            SelfEvidenceFact.evidence_id == evidence.id,
        )
    )
    known = set(kept)
    facts = [(official, began) for official, began in shown if official.id not in known]
    # In order of id, so that two files that show the same accounts never wait for each other.
    for official, began in sorted(facts, key=lambda each: each[0].id):
        await _keep_fact(session, evidence, official, began)
    if not facts and not is_new:
        return
    record(
        session,
        ChangeKind.EVIDENCE_TAKEN,
        evidence.id,
        tenant_id=evidence.tenant_id,
        actor=actor,
        at=now,
        source=evidence.source,
        account_id=str(evidence.account_id),
        facts=len(facts),
    )
    if facts:
        await enqueue(session, [EvaluateTenant(evidence.tenant_id, cause=f"evidence:{new_id()}")])
    await session.flush()


async def _keep_fact(
    session: AsyncSession,
    evidence: SelfEvidence,
    official: OfficialAccount,
    began_at: datetime | None,
) -> None:
    answer = PairAnswerRow(
        tenant_id=evidence.tenant_id,
        id=new_id(),
        official_account_id=official.id,
        account_id=evidence.account_id,
        slot=None,
        asked_at=evidence.taken_at,
        answer=PairAnswer.FOLLOWS,
        source=evidence.source.value,
        began_at=began_at,
    )
    session.add(answer)
    await session.flush()
    session.add(
        SelfEvidenceFact(
            tenant_id=evidence.tenant_id,
            evidence_id=evidence.id,
            official_account_id=official.id,
            answer_id=answer.id,
        )
    )
    look = follows.Look(evidence.account_id, answer.id, present=True, began_at=began_at)
    await follows.record_answers(session, official, [look], asked_at=evidence.taken_at)
    await official_accounts.note_new_fact(session, evidence.tenant_id, official.id)


async def shown(
    session: AsyncSession, tenant_id: UUID, evidence: Sequence[SelfEvidence], paused: Sequence[UUID]
) -> list[SelfEvidenceOut]:
    """Evidence as the API answers it, without the facts about paused official accounts."""
    facts: dict[UUID, list[FactOut]] = defaultdict(list)
    ids = [each.id for each in evidence]
    for row in await queries.facts_of(session, tenant_id, ids, paused=paused):
        facts[row.evidence_id].append(FactOut.model_validate(row))
    return [
        SelfEvidenceOut(
            id=each.id,
            account_id=each.account_id,
            source=each.source,
            official_account_id=each.official_account_id,
            taken_at=each.taken_at,
            owner_told=None if each.digest is None else each.source is EvidenceSource.SELF_EXPORT,
            officer=each.officer,
            remark=each.remark,
            recorded_by=each.recorded_by,
            recorded_at=each.recorded_at,
            facts=facts[each.id],
        )
        for each in evidence
    ]


async def shown_taken(session: AsyncSession, taken: Taken) -> SelfEvidenceTaken:
    """Evidence that was just taken in, as the API answers it."""
    paused = [each.official_account_id for each in taken.paused]
    [kept] = await shown(session, taken.evidence.tenant_id, [taken.evidence], paused)
    return SelfEvidenceTaken(
        **dict(kept),
        not_comparable=list(taken.not_comparable),
        paused=[name_paused(each) for each in taken.paused],
    )
