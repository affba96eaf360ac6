"""Creating campaigns with their frozen cohort, and answering growth."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.campaigns import archives, queries
from app.campaigns.models import Campaign, CampaignOfficialAccount, Duty
from app.campaigns.roster import by_category, cohort_hash
from app.campaigns.rules import window_fault
from app.campaigns.schemas import (
    CampaignIn,
    CampaignOut,
    CampaignPreviewOut,
    CohortFilter,
    DutyOut,
)
from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.core.clock import jakarta_day
from app.core.errors import Conflict, FieldError, Invalid
from app.core.etags import require_version
from app.core.ids import new_id
from app.identity.rules import Caller
from app.jobs.kinds import EvaluateCampaign
from app.jobs.queue import enqueue
from app.official_accounts import queries as official_accounts
from app.official_accounts.models import OfficialAccount
from app.work_units import queries as work_units
from app.work_units.models import WorkUnit


class CohortEmpty(Invalid):
    """The cohort filter selects nobody."""


class OfficialAccountUnknown(Invalid):
    """An official account of the campaign does not exist."""


class UnitUnknown(Invalid):
    """A work unit of the cohort filter does not exist."""


class EndsBeforeStart(Invalid):
    """The campaign must end after it starts."""


class Archived(Conflict):
    """The campaign's time is over, and only its numbers are left; begin another one."""


class LooksBack(Invalid):
    """What has begun keeps its start, and a shorter grace must not make anybody late at once."""


async def create(
    session: AsyncSession, caller: Caller, wanted: CampaignIn, *, now: datetime
) -> Campaign:
    """A new campaign; whoever the filter selects now is its cohort from now on.

    Raises:
        CohortEmpty, OfficialAccountUnknown, UnitUnknown: it addresses nobody or nothing known.
    """
    members = await _addressed(session, caller, wanted)
    campaign = Campaign(
        tenant_id=caller.tenant_id,
        id=new_id(),
        cohort_filter=wanted.cohort.model_dump(mode="json"),
        cohort_size=len(members),
        cohort_hash=cohort_hash(members),
        cohort_frozen_at=now,
        **wanted.model_dump(exclude={"cohort", "duties", "official_account_ids"}),
    )
    session.add(campaign)
    await session.flush()
    await _freeze(session, campaign, members, now)
    _name_duties(session, campaign, wanted)
    record(
        session,
        ChangeKind.CAMPAIGN_CREATED,
        campaign.id,
        tenant_id=caller.tenant_id,
        actor=caller.actor,
        at=now,
        cohort_size=len(members),
    )
    await enqueue(session, [EvaluateCampaign(caller.tenant_id, campaign.id, cause="created")])
    await session.flush()
    await session.refresh(campaign)
    return campaign


async def preview(session: AsyncSession, caller: Caller, wanted: CampaignIn) -> CampaignPreviewOut:
    """Whom it would address now, refused for the same reasons as the campaign itself.

    Raises:
        CohortEmpty, OfficialAccountUnknown, UnitUnknown: it addresses nobody or nothing known.
    """
    members = await _addressed(session, caller, wanted)
    counted = await by_category(session, caller.tenant_id, members)
    return CampaignPreviewOut.model_validate({"cohort_size": len(members), "by_category": counted})


async def _addressed(session: AsyncSession, caller: Caller, wanted: CampaignIn) -> Sequence[UUID]:
    await _require_known(session, caller, wanted)
    members = await queries.employees_matching(
        session, caller.tenant_id, wanted.cohort.categories, wanted.cohort.unit_ids
    )
    if not members:
        raise CohortEmpty(errors=[FieldError("/cohort", "empty", "widen the filter")])
    return members


async def _require_known(session: AsyncSession, caller: Caller, wanted: CampaignIn) -> None:
    for position, account_id in enumerate(wanted.official_account_ids):
        known = await session.scalar(
            official_accounts.visible_to(caller).where(OfficialAccount.id == account_id)
        )
        if known is None:
            pointer = f"/official_account_ids/{position}"
            raise OfficialAccountUnknown(errors=[FieldError(pointer, "unknown", "no such account")])
    for position, unit_id in enumerate(wanted.cohort.unit_ids):
        unit = await session.scalar(work_units.visible_to(caller).where(WorkUnit.id == unit_id))
        if unit is None:
            pointer = f"/cohort/unit_ids/{position}"
            raise UnitUnknown(errors=[FieldError(pointer, "unknown", "no such work unit")])


async def _freeze(
    session: AsyncSession, campaign: Campaign, members: Sequence[UUID], now: datetime
) -> None:
    where = {"tenant_id": campaign.tenant_id, "members": list(members)}
    await session.execute(
        text("""
        INSERT INTO campaign_members (tenant_id, campaign_id, employee_id, joined_on)
        SELECT CAST(:tenant_id AS uuid), CAST(:campaign_id AS uuid), member,
               CAST(:joined_on AS date)
        FROM unnest(CAST(:members AS uuid[])) AS member
        """),
        {**where, "campaign_id": campaign.id, "joined_on": jakarta_day(now)},
    )
    # From now on they have been asked: silence is no longer "not asked" but "undeclared".
    await session.execute(
        text("""
        UPDATE employees SET declaration = 'undeclared', version = version + 1
        WHERE tenant_id = :tenant_id AND declaration = 'not_asked'
          AND id = ANY(CAST(:members AS uuid[]))
        """),
        where,
    )


def _name_duties(session: AsyncSession, campaign: Campaign, wanted: CampaignIn) -> None:
    session.add_all(
        Duty(
            tenant_id=campaign.tenant_id,
            campaign_id=campaign.id,
            kind=duty.kind,
            platforms=[platform.value for platform in duty.platforms],
            mode=duty.mode,
        )
        for duty in wanted.duties
    )
    session.add_all(
        CampaignOfficialAccount(
            tenant_id=campaign.tenant_id,
            campaign_id=campaign.id,
            official_account_id=account_id,
            position=position,
        )
        for position, account_id in enumerate(dict.fromkeys(wanted.official_account_ids))
    )


def _window(campaign: Campaign) -> tuple[datetime, timedelta]:
    return campaign.starts_at, timedelta(days=campaign.grace_days)


async def edit(
    session: AsyncSession,
    caller: Caller,
    campaign_id: UUID,
    *,
    expected: int,
    now: datetime,
    changes: dict[str, Any],
) -> Campaign:
    """Change a campaign's texts, end or expectation.

    Raises:
        NotFound: there is none.
        PreconditionFailed: it has changed meanwhile.
        EndsBeforeStart: the new end lies before the start.
        LooksBack: the new start or grace would change what has been.
        Archived: only its numbers are left.
    """
    campaign = await queries.get(session, caller, campaign_id)
    require_version(campaign.version, expected)
    if await archives.archived_at(session, caller.tenant_id, campaign_id) is not None:
        raise Archived
    before = _window(campaign)
    for name, value in changes.items():
        setattr(campaign, name, value)
    if campaign.starts_at >= campaign.ends_at:
        raise EndsBeforeStart(errors=[FieldError("/ends_at", "order", "after starts_at")])
    fault = window_fault(before, _window(campaign), now=now)
    if fault is not None:
        raise LooksBack(errors=[FieldError(f"/{fault}", "retroactive", "looks back")])
    record(
        session,
        ChangeKind.CAMPAIGN_UPDATED,
        campaign.id,
        tenant_id=caller.tenant_id,
        actor=caller.actor,
        at=now,
        fields=sorted(changes),
    )
    await session.flush()
    await enqueue(
        session,
        [EvaluateCampaign(caller.tenant_id, campaign.id, cause=f"edit:{campaign.version}")],
    )
    await session.refresh(campaign)
    return campaign


async def shown(session: AsyncSession, campaign: Campaign) -> CampaignOut:
    """A campaign as the API answers it, with how its cohort has drifted."""
    where = (session, campaign.tenant_id, campaign.id)
    drift = await queries.drift(session, campaign)
    return CampaignOut(
        id=campaign.id,
        title=campaign.title,
        legal_basis=campaign.legal_basis,
        document_number=campaign.document_number,
        starts_at=campaign.starts_at,
        ends_at=campaign.ends_at,
        expected_gain=campaign.expected_gain,
        stale_after_days=campaign.stale_after_days,
        grace_days=campaign.grace_days,
        cohort=CohortFilter.model_validate(campaign.cohort_filter),
        cohort_size=campaign.cohort_size,
        cohort_hash=campaign.cohort_hash.hex(),
        cohort_frozen_at=campaign.cohort_frozen_at,
        joiners=drift.joiners,
        leavers=drift.leavers,
        members=drift.members,
        duties=[DutyOut.model_validate(duty) for duty in await queries.duties(*where)],
        official_account_ids=list(await queries.official_account_ids(*where)),
        evaluated_at=campaign.evaluated_at,
        archived_at=await archives.archived_at(*where),
        version=campaign.version,
    )
