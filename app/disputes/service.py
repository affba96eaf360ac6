"""Filing disputes and deciding them; an open one holds its verdict still and out of every list."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.campaigns import extensions
from app.campaigns import queries as campaigns
from app.campaigns.models import DutyKind
from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.compliance import freezing
from app.compliance.freezing import VerdictKey
from app.compliance.models import VerdictRow
from app.core.clock import jakarta_day
from app.core.errors import Conflict, FieldError, Invalid
from app.core.ids import new_id
from app.disputes import queries
from app.disputes.models import Dispute, DisputeDecision
from app.disputes.rules import DisputeOutcome, Standing, accused, decision_due
from app.disputes.schemas import DecisionIn, DecisionOut, DisputeIn, DisputeOut, VerdictNamed
from app.employees import queries as employees
from app.employees.models import Employee
from app.employees.rules import automatic_excuse
from app.excuses import queries as excuses
from app.excuses.rules import excused_from
from app.identity.rules import Caller
from app.jobs.kinds import EvaluateCampaign, PlanReminders
from app.jobs.queue import enqueue
from app.neutrality import service as neutrality
from app.official_accounts import queries as official_accounts


class DutyNotAsked(Invalid):
    """The campaign has no such duty."""


class NothingIsHeld(Conflict):
    """Nothing stands as unmet for this employee and duty, so there is nothing to answer."""


class DisputedAlready(Conflict):
    """This verdict has been disputed already, and a dispute is decided once."""


class EvidenceUnknown(Invalid):
    """A dispute can only point at evidence about this employee and this duty."""


class DecidedAlready(Conflict):
    """This dispute has been decided already."""


async def named(session: AsyncSession, caller: Caller, wanted: VerdictNamed) -> VerdictKey:
    """The verdict that a request names.

    Raises:
        NotFound: there is no such campaign or employee.
        DutyNotAsked: the campaign does not ask that.
    """
    await campaigns.get(session, caller, wanted.campaign_id)
    await employees.get(session, caller, wanted.employee_id)
    for duty in await campaigns.duties(session, caller.tenant_id, wanted.campaign_id):
        if duty.kind is wanted.duty:
            return VerdictKey(
                wanted.campaign_id, wanted.employee_id, duty.id, wanted.official_account_id
            )
    raise DutyNotAsked(errors=[FieldError("/duty", "unknown", "not a duty of the campaign")])


def standing(verdict: VerdictRow | None) -> Standing | None:
    """A verdict as the rules see it."""
    if verdict is None:
        return None
    return Standing(
        verdict.verdict, verdict.disputed, verdict.excuse is not None, verdict.unmet_since
    )


async def require_in_duty(
    session: AsyncSession, caller: Caller, key: VerdictKey, *, now: datetime
) -> None:
    """Refuse what would tell of a paused account; its verdicts may not have been judged anew yet.

    Raises:
        NotFound: there is no such official account.
        OfficialAccountPaused: it is paused today.
    """
    if key.official_account_id is not None:
        account = await official_accounts.get(session, caller, key.official_account_id)
        await neutrality.require_in_duty(session, account, now=now)


async def still_asked(
    session: AsyncSession, caller: Caller, key: VerdictKey, *, now: datetime
) -> bool:
    """Whether a duty is asked of somebody today, and due.

    A verdict may stand that was judged before an excuse, an extension or a leaving.
    """
    campaign = await campaigns.get(session, caller, key.campaign_id)
    due = await extensions.due(session, campaign, key.employee_id, now=now)
    if due is None or now < due:
        return False
    employee = await session.get_one(Employee, (caller.tenant_id, key.employee_id))
    if automatic_excuse(employee.standing) is not None:
        return False
    granted = await excuses.of_campaign(
        session, caller.tenant_id, key.campaign_id, employee_id=key.employee_id
    )
    return not excused_from(granted.get(key.employee_id, ()), key.duty_id, jakarta_day(now))


async def accusation(
    session: AsyncSession, caller: Caller, key: VerdictKey, *, now: datetime
) -> tuple[VerdictRow, datetime]:
    """A verdict that stands as unmet, locked, and since when it does.

    Raises:
        NotFound: there is no such official account.
        OfficialAccountPaused: nothing is told of it today.
        NothingIsHeld: there is none, it does not stand so, or nothing is asked of them today.
        DisputedAlready: it is under dispute.
    """
    await require_in_duty(session, caller, key, now=now)
    verdict = await freezing.held(session, caller.tenant_id, key)
    if verdict is not None and verdict.disputed:
        raise DisputedAlready
    if verdict is None or verdict.unmet_since is None or not accused(standing(verdict)):
        raise NothingIsHeld
    if not await still_asked(session, caller, key, now=now):
        raise NothingIsHeld
    return verdict, verdict.unmet_since


async def file(
    session: AsyncSession, caller: Caller, wanted: DisputeIn, *, now: datetime
) -> Dispute:
    """Keep what an employee says against a verdict, and hold the verdict still from now on.

    Raises:
        NotFound, DutyNotAsked: nothing of the kind is asked.
        OfficialAccountPaused: nothing is told of it today.
        NothingIsHeld: nothing stands against them.
        DisputedAlready: they have said so before of the same.
        EvidenceUnknown: it points at something that is no evidence of theirs.
    """
    key = await named(session, caller, wanted)
    await _require_evidence(session, caller, key, wanted.evidence_ids)
    verdict, since = await accusation(session, caller, key, now=now)
    if await queries.dispute_of(session, caller.tenant_id, key, since) is not None:
        raise DisputedAlready
    notice = await queries.notice_of(session, caller.tenant_id, key, since)
    dispute = Dispute(
        tenant_id=caller.tenant_id,
        id=new_id(),
        campaign_id=key.campaign_id,
        employee_id=key.employee_id,
        duty_id=key.duty_id,
        official_account_id=key.official_account_id,
        notice_id=notice.id if notice is not None else None,
        unmet_since=since,
        text=wanted.text,
        evidence_ids=wanted.evidence_ids,
        received_by=wanted.received_by,
        filed_at=now,
        actor=caller.actor,
    )
    session.add(dispute)
    freezing.freeze(verdict)
    record(
        session,
        ChangeKind.DISPUTE_FILED,
        dispute.id,
        tenant_id=caller.tenant_id,
        actor=caller.actor,
        at=now,
        campaign_id=str(key.campaign_id),
    )
    cause = f"dispute:{dispute.id}"
    await enqueue(session, [PlanReminders(caller.tenant_id, key.campaign_id, cause=cause)])
    await session.flush()
    return dispute


async def _require_evidence(
    session: AsyncSession, caller: Caller, key: VerdictKey, ids: Sequence[UUID]
) -> None:
    if not ids:
        return
    known = await queries.evidence_known(session, caller.tenant_id, key, ids)
    unknown = [place for place, each in enumerate(ids) if each not in known]
    if unknown:
        message = "no evidence about this employee and this duty"
        raise EvidenceUnknown(
            errors=[FieldError(f"/evidence_ids/{place}", "unknown", message) for place in unknown]
        )


async def decide(
    session: AsyncSession, caller: Caller, dispute_id: UUID, wanted: DecisionIn, *, now: datetime
) -> Dispute:
    """Decide a dispute; the verdict is judged anew, and what was upheld counts no more.

    Raises:
        NotFound: there is no such dispute.
        DecidedAlready: it was decided before.
    """
    dispute = await queries.dispute(session, caller, dispute_id)
    await freezing.one_at_a_time(session, dispute.campaign_id)
    if await session.get(DisputeDecision, (caller.tenant_id, dispute_id)) is not None:
        raise DecidedAlready
    session.add(
        DisputeDecision(
            tenant_id=caller.tenant_id,
            dispute_id=dispute_id,
            decided_at=now,
            key_id=caller.key_id,
            user_id=caller.user_id,
            **wanted.model_dump(),
        )
    )
    key = VerdictKey(
        dispute.campaign_id, dispute.employee_id, dispute.duty_id, dispute.official_account_id
    )
    cleared_at = now if wanted.outcome is DisputeOutcome.UPHELD else None
    await freezing.release(session, caller.tenant_id, key, cleared_at=cleared_at)
    record(
        session,
        ChangeKind.DISPUTE_DECIDED,
        dispute_id,
        tenant_id=caller.tenant_id,
        actor=caller.actor,
        at=now,
        outcome=wanted.outcome,
    )
    cause = f"dispute:{dispute_id}"
    await enqueue(session, [EvaluateCampaign(caller.tenant_id, dispute.campaign_id, cause=cause)])
    await session.flush()
    return dispute


async def duty_kinds(
    session: AsyncSession, caller: Caller, campaign_ids: set[UUID]
) -> dict[UUID, DutyKind]:
    """The kinds of the duties of some campaigns, by the duty's id."""
    return {
        duty.id: duty.kind
        for campaign_id in campaign_ids
        for duty in await campaigns.duties(session, caller.tenant_id, campaign_id)
    }


async def shown(
    session: AsyncSession, caller: Caller, disputes: Sequence[Dispute]
) -> list[DisputeOut]:
    """Disputes as the API answers them, with their decisions."""
    kinds = await duty_kinds(session, caller, {each.campaign_id for each in disputes})
    ids = [each.id for each in disputes]
    decided = await queries.decisions(session, caller.tenant_id, ids)
    names = await queries.names(session, caller.tenant_id, ids)
    return [
        DisputeOut(
            id=each.id,
            campaign_id=each.campaign_id,
            campaign_title=names[each.id].campaign_title,
            employee_id=each.employee_id,
            employee_name=names[each.id].employee_name,
            unit_name=names[each.id].unit_name,
            duty=kinds[each.duty_id],
            official_account_id=each.official_account_id,
            official_account_name=names[each.id].official_account_name,
            platform=names[each.id].platform,
            notice_id=each.notice_id,
            text=each.text,
            evidence_ids=each.evidence_ids,
            received_by=each.received_by,
            filed_at=each.filed_at,
            due_at=decision_due(each.filed_at),
            decision=DecisionOut.model_validate(decided[each.id]) if each.id in decided else None,
        )
        for each in disputes
    ]
