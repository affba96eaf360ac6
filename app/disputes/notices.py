"""Recording that somebody was told, giving more time, and the final finding of an officer."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.campaigns import queries as campaigns
from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.compliance import freezing
from app.compliance.freezing import VerdictKey
from app.compliance.models import VerdictRow
from app.core.errors import Conflict, FieldError, Invalid
from app.core.ids import new_id
from app.disputes import queries, wording
from app.disputes.models import FinalFinding, Notice, NoticeExtension
from app.disputes.rules import Obstacle, Told, obstacle, reply_until
from app.disputes.schemas import (
    FindingIn,
    FindingOut,
    NoticeExtensionIn,
    NoticeExtensionOut,
    NoticeIn,
    NoticeOut,
    NoticeTextOut,
    VerdictNamed,
)
from app.disputes.service import (
    NothingIsHeld,
    accusation,
    duty_kinds,
    named,
    require_in_duty,
    standing,
    still_asked,
)
from app.disputes.wording import Letter
from app.identity.rules import Caller
from app.official_accounts import queries as official_accounts


class ToldAlready(Conflict):
    """The employee was told of this already."""


class SentAtAnotherTime(Invalid):
    """A notice is sent after the duty stood as unmet, and recorded after it is sent."""


class NotLonger(Invalid):
    """An extension must give more time than there is."""


class NothingToDecide(Conflict):
    """A finding stands on this already, or what the employee was told is no longer so."""


class StillDisputed(Conflict):
    """The employee's dispute must be decided first."""


class ReplyTimeRuns(Conflict):
    """The employee may reply until {until}; there can be no finding before."""


async def _to_be_told(
    session: AsyncSession, caller: Caller, key: VerdictKey, *, now: datetime
) -> tuple[VerdictRow, datetime]:
    """What somebody may be told of at this moment, and since when it stands.

    Raises:
        NothingIsHeld: nothing stands against them, or nobody vouches for their account any more.
        NotFound, OfficialAccountPaused, DisputedAlready: as `accusation` says.
    """
    verdict, since = await accusation(session, caller, key, now=now)
    if not await queries.vouched_for(session, caller.tenant_id, key, now):
        raise NothingIsHeld
    return verdict, since


async def letter(
    session: AsyncSession, caller: Caller, wanted: VerdictNamed, *, now: datetime
) -> NoticeTextOut:
    """What the office may write to somebody, in Indonesian.

    Raises:
        NotFound, DutyNotAsked, NothingIsHeld, DisputedAlready: there is nothing to write.
        OfficialAccountPaused: nothing is told of it today.
    """
    key = await named(session, caller, wanted)
    verdict, _ = await _to_be_told(session, caller, key, now=now)
    campaign = await campaigns.get(session, caller, key.campaign_id)
    account = None
    if key.official_account_id is not None:
        account = await official_accounts.get(session, caller, key.official_account_id)
    about = Letter(
        title=campaign.title,
        legal_basis=campaign.legal_basis,
        document_number=campaign.document_number,
        duty=wanted.duty,
        official_account=account.name if account is not None else None,
        reason=verdict.reason,
        reply_until=reply_until(now),
    )
    return NoticeTextOut(
        subject=wording.subject(about), body=wording.body(about), reply_until=about.reply_until
    )


async def send(session: AsyncSession, caller: Caller, wanted: NoticeIn, *, now: datetime) -> Notice:
    """Record that somebody was told that a duty is not confirmed; their time to reply begins.

    Raises:
        NotFound, DutyNotAsked, NothingIsHeld, DisputedAlready: there is nothing to tell.
        OfficialAccountPaused: nothing is told of it today.
        ToldAlready: they know.
        SentAtAnotherTime: it cannot have been sent then.
    """
    key = await named(session, caller, wanted)
    verdict, since = await _to_be_told(session, caller, key, now=now)
    if not since <= wanted.sent_at <= now:
        raise SentAtAnotherTime(errors=[FieldError("/sent_at", "order", "not a possible time")])
    if await queries.notice_of(session, caller.tenant_id, key, since) is not None:
        raise ToldAlready
    notice = Notice(
        tenant_id=caller.tenant_id,
        id=new_id(),
        campaign_id=key.campaign_id,
        employee_id=key.employee_id,
        duty_id=key.duty_id,
        official_account_id=key.official_account_id,
        unmet_since=since,
        reason=verdict.reason,
        basis=verdict.basis,
        evidence_ids=list(verdict.evidence_ids),
        channel=wanted.channel,
        sent_by=wanted.sent_by,
        sent_at=wanted.sent_at,
        recorded_at=now,
        actor=caller.actor,
    )
    session.add(notice)
    _note(session, caller, ChangeKind.NOTICE_SENT, notice, now)
    await session.flush()
    return notice


def _note(
    session: AsyncSession, caller: Caller, kind: ChangeKind, notice: Notice, now: datetime
) -> None:
    record(
        session,
        kind,
        notice.id,
        tenant_id=caller.tenant_id,
        actor=caller.actor,
        at=now,
        campaign_id=str(notice.campaign_id),
    )


async def extend(
    session: AsyncSession,
    caller: Caller,
    notice_id: UUID,
    wanted: NoticeExtensionIn,
    *,
    now: datetime,
) -> Notice:
    """Give somebody more time to reply.

    Raises:
        NotFound: there is no such notice.
        NotLonger: it would give none.
        NothingToDecide: the finding has been made.
    """
    notice = await queries.notice(session, caller, notice_id)
    await freezing.one_at_a_time(session, notice.campaign_id)
    told = await _told(session, notice)
    if told.found:
        raise NothingToDecide
    if wanted.reply_until <= max(told.reply_until, now):
        raise NotLonger(errors=[FieldError("/reply_until", "order", "later than it is")])
    session.add(
        NoticeExtension(
            tenant_id=caller.tenant_id,
            id=new_id(),
            notice_id=notice_id,
            extended_at=now,
            actor=caller.actor,
            **wanted.model_dump(),
        )
    )
    _note(session, caller, ChangeKind.NOTICE_EXTENDED, notice, now)
    await session.flush()
    return notice


async def find(
    session: AsyncSession, caller: Caller, notice_id: UUID, wanted: FindingIn, *, now: datetime
) -> Notice:
    """Record a named officer's final finding that what the employee was told of is so.

    Raises:
        NotFound: there is no such notice.
        OfficialAccountPaused: nothing is told of it today.
        NothingToDecide, StillDisputed, ReplyTimeRuns: there can be none, or not yet.
    """
    notice = await queries.notice(session, caller, notice_id)
    await freezing.one_at_a_time(session, notice.campaign_id)
    key = VerdictKey(
        notice.campaign_id, notice.employee_id, notice.duty_id, notice.official_account_id
    )
    await require_in_duty(session, caller, key, now=now)
    verdict = await freezing.held(session, caller.tenant_id, key)
    told = await _told(session, notice)
    match obstacle(told, standing(verdict), now=now):
        case Obstacle.DISPUTE_OPEN:
            raise StillDisputed
        case Obstacle.REPLY_TIME_RUNS:
            raise ReplyTimeRuns(until=told.reply_until.isoformat())
        case Obstacle.FOUND_ALREADY | Obstacle.NO_LONGER_UNMET | Obstacle.EXCUSED:
            raise NothingToDecide
        case None:
            asked = await still_asked(session, caller, key, now=now)
            if not asked or not await queries.vouched_for(session, caller.tenant_id, key, now):
                raise NothingToDecide
    session.add(
        FinalFinding(
            tenant_id=caller.tenant_id,
            id=new_id(),
            notice_id=notice_id,
            decided_at=now,
            key_id=caller.key_id,
            user_id=caller.user_id,
            **wanted.model_dump(),
        )
    )
    _note(session, caller, ChangeKind.FINDING_RECORDED, notice, now)
    await session.flush()
    return notice


async def _told(session: AsyncSession, notice: Notice) -> Told:
    only = (notice.tenant_id, [notice.id])
    longer = [each.reply_until for each in await queries.extensions(session, *only)]
    return Told(
        unmet_since=notice.unmet_since,
        reply_until=reply_until(notice.recorded_at, longer),
        replied=bool(await queries.replies(session, *only)),
        found=bool(await queries.findings(session, *only)),
    )


async def shown(
    session: AsyncSession, caller: Caller, notices: Sequence[Notice]
) -> list[NoticeOut]:
    """Notices as the API answers them, with what has come of each."""
    kinds = await duty_kinds(session, caller, {each.campaign_id for each in notices})
    ids = [each.id for each in notices]
    replies = await queries.replies(session, caller.tenant_id, ids)
    findings = await queries.findings(session, caller.tenant_id, ids)
    longer: dict[UUID, list[NoticeExtension]] = defaultdict(list)
    for extension in await queries.extensions(session, caller.tenant_id, ids):
        longer[extension.notice_id].append(extension)
    return [
        NoticeOut(
            id=each.id,
            campaign_id=each.campaign_id,
            employee_id=each.employee_id,
            duty=kinds[each.duty_id],
            official_account_id=each.official_account_id,
            reason=each.reason,
            basis=each.basis,
            evidence_ids=each.evidence_ids,
            channel=each.channel,
            sent_by=each.sent_by,
            sent_at=each.sent_at,
            recorded_at=each.recorded_at,
            reply_until=reply_until(
                each.recorded_at, (extension.reply_until for extension in longer[each.id])
            ),
            extensions=[
                NoticeExtensionOut.model_validate(extension) for extension in longer[each.id]
            ],
            dispute_id=replies.get(each.id),
            finding=FindingOut.model_validate(findings[each.id]) if each.id in findings else None,
        )
        for each in notices
    ]
