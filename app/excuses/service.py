"""Granting and withdrawing excuses; the verdicts are judged anew for each."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.campaigns import queries as campaigns
from app.campaigns.models import CampaignMember
from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.core.errors import Conflict, FieldError, Invalid
from app.core.ids import new_id
from app.employees import queries as employees
from app.excuses import queries
from app.excuses.models import Excuse
from app.excuses.schemas import ExcuseIn, ExcuseOut, ExcuseWithdrawalIn
from app.identity.rules import Caller
from app.jobs.kinds import EvaluateCampaign, PlanReminders
from app.jobs.queue import enqueue


class NotInCohort(Invalid):
    """The campaign does not address this employee."""


class DutyNotAsked(Invalid):
    """The campaign has no such duty."""


class AlreadyWithdrawn(Conflict):
    """This excuse has been withdrawn already."""


async def grant(
    session: AsyncSession, caller: Caller, wanted: ExcuseIn, *, now: datetime
) -> Excuse:
    """Excuse an employee.

    Raises:
        NotFound: there is no such campaign or employee.
        NotInCohort, DutyNotAsked: nothing of the kind is asked of them.
    """
    await campaigns.get(session, caller, wanted.campaign_id)
    await employees.get(session, caller, wanted.employee_id)
    key = (caller.tenant_id, wanted.campaign_id, wanted.employee_id)
    if await session.get(CampaignMember, key) is None:
        raise NotInCohort(errors=[FieldError("/employee_id", "cohort", "not in the cohort")])
    excuse = Excuse(
        tenant_id=caller.tenant_id,
        id=new_id(),
        duty_id=await _duty_id(session, caller, wanted),
        granted_at=now,
        actor=caller.actor,
        **wanted.model_dump(exclude={"duty"}),
    )
    session.add(excuse)
    await _noted(session, caller, excuse, ChangeKind.EXCUSE_GRANTED, now)
    return excuse


async def _duty_id(session: AsyncSession, caller: Caller, wanted: ExcuseIn) -> UUID | None:
    if wanted.duty is None:
        return None
    for duty in await campaigns.duties(session, caller.tenant_id, wanted.campaign_id):
        if duty.kind is wanted.duty:
            return duty.id
    raise DutyNotAsked(errors=[FieldError("/duty", "unknown", "not a duty of the campaign")])


async def withdraw(
    session: AsyncSession,
    caller: Caller,
    excuse_id: UUID,
    wanted: ExcuseWithdrawalIn,
    *,
    now: datetime,
) -> Excuse:
    """Take an excuse back; that it was granted stays on record.

    Raises:
        NotFound: there is none.
        AlreadyWithdrawn: somebody has done so before.
    """
    excuse = await queries.get(session, caller, excuse_id, locked=True)
    if excuse.withdrawn_at is not None:
        raise AlreadyWithdrawn
    excuse.withdrawn_at = now
    excuse.withdrawn_by, excuse.withdrawal_reason = wanted.withdrawn_by, wanted.reason
    await _noted(session, caller, excuse, ChangeKind.EXCUSE_WITHDRAWN, now)
    return excuse


async def _noted(
    session: AsyncSession, caller: Caller, excuse: Excuse, kind: ChangeKind, now: datetime
) -> None:
    record(
        session,
        kind,
        excuse.id,
        tenant_id=caller.tenant_id,
        actor=caller.actor,
        at=now,
        campaign_id=str(excuse.campaign_id),
    )
    cause = f"{kind}:{excuse.id}"
    about = (caller.tenant_id, excuse.campaign_id, cause)
    await enqueue(session, [EvaluateCampaign(*about), PlanReminders(*about)])
    await session.flush()


async def shown(
    session: AsyncSession, caller: Caller, excuses: Sequence[Excuse]
) -> list[ExcuseOut]:
    """Excuses as the API answers them."""
    kinds = {
        duty.id: duty.kind
        for campaign_id in {each.campaign_id for each in excuses}
        for duty in await campaigns.duties(session, caller.tenant_id, campaign_id)
    }
    return [
        ExcuseOut(
            id=each.id,
            campaign_id=each.campaign_id,
            employee_id=each.employee_id,
            duty=kinds[each.duty_id] if each.duty_id is not None else None,
            reason=each.reason,
            document_number=each.document_number,
            starts_on=each.starts_on,
            ends_on=each.ends_on,
            granted_by=each.granted_by,
            granted_at=each.granted_at,
            withdrawn_at=each.withdrawn_at,
            withdrawn_by=each.withdrawn_by,
            withdrawal_reason=each.withdrawal_reason,
        )
        for each in excuses
    ]
