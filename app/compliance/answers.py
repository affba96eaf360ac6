"""Shaping verdicts into answers: progress, recaps, lists, one employee's evidence."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from app.campaigns import growth
from app.campaigns import queries as campaigns
from app.campaigns.memory import DriftMemory, GrowthMemory, Question
from app.campaigns.models import Campaign, DutyKind
from app.campaigns.past import Past, hidden
from app.campaigns.queries import CohortDrift
from app.campaigns.schemas import GrowthOut, VerdictCounts
from app.compliance import queries
from app.compliance.queries import Asked
from app.compliance.replaying import moment_of_judgement
from app.compliance.rules import Finding, Reason, Verdict, once_cleared, under_dispute
from app.compliance.schemas import (
    CampaignEmployee,
    DutyProgress,
    EvidenceOut,
    ProgressOut,
    RecapBy,
    RecapOut,
    VerdictOut,
)
from app.compliance.small_units import hidden_cells, hidden_units
from app.core.services import Services
from app.employees.rules import mask_nip
from app.employees.sealing import opened_nip, registry_keys
from app.identity.rules import Caller
from app.identity.scopes import Scope
from app.neutrality.schemas import PausedOut
from app.neutrality.service import shown

COUNTED = tuple(VerdictCounts.model_fields)


def counts_of(row: Row[Any]) -> VerdictCounts:
    return VerdictCounts(
        eligible=row.eligible,
        met=row.met,
        unmet=row.unmet,
        unknown=row.unknown,
        excused=row.excused,
        disputed=row.disputed,
    )


@dataclass(frozen=True, slots=True)
class Beside:
    """What a campaign's answer tells beside its verdicts."""

    accounts: list[GrowthOut]
    drift: CohortDrift


async def remembered(
    services: Services,
    growths: GrowthMemory,
    drifts: DriftMemory,
    caller: Caller,
    campaign_id: UUID,
) -> Beside:
    """The same as `progress` would count, and counted only where something has changed.

    Raises:
        NotFound: there is no such campaign.
    """
    async with services.database.transaction(caller.tenant_id) as session:
        campaign = await campaigns.get(session, caller, campaign_id)
        ids = await campaigns.official_account_ids(session, caller.tenant_id, campaign_id)
    window = (campaign.starts_at, campaign.ends_at, campaign.expected_gain, campaign_id)
    found = [await growths.answer(services, caller, Question(each, *window)) for each in ids]
    return Beside(
        accounts=[GrowthOut.model_validate(each) for each in found],
        drift=await drifts.drift(services, campaign),
    )


async def progress(
    session: AsyncSession,
    caller: Caller,
    campaign_id: UUID,
    *,
    now: datetime,
    past: Past | None = None,
    beside: Beside | None = None,
) -> ProgressOut:
    """The whole answer of a campaign as of `now`, on wish of a past.

    What stands beside the verdicts is counted unless given, and always of a past.

    Raises:
        NotFound: there is no such campaign.
    """
    campaign = await campaigns.get(session, caller, campaign_id)
    if beside is None or past is not None:
        ids = await campaigns.official_account_ids(session, caller.tenant_id, campaign_id)
        beside = Beside(
            [
                await growth.of_campaign(session, caller, campaign, each, now=now, past=past)
                for each in ids
            ],
            await campaigns.drift(session, campaign),
        )
    paused = await paused_in(session, caller, campaign_id, now=now, past=past)
    asked = asked_about(caller, campaign_id, paused, past)
    return ProgressOut(
        **dict(beside.accounts[0]),
        campaign_id=campaign.id,
        cohort_size=campaign.cohort_size,
        members=beside.drift.members,
        joiners=beside.drift.joiners,
        leavers=beside.drift.leavers,
        evaluated_at=_judged_at(campaign, past),
        duties=await duties(session, await queries.from_counts(session, asked)),
        official_accounts=beside.accounts,
        paused_accounts=paused,
    )


def _judged_at(campaign: Campaign, past: Past | None) -> datetime | None:
    """As of when the verdicts of an answer were judged."""
    if past is None or not past.anew:
        return campaign.evaluated_at
    return moment_of_judgement(campaign, past.valid_at)


async def paused_accounts(
    session: AsyncSession, caller: Caller, *, now: datetime, past: Past | None = None
) -> list[PausedOut]:
    """The official accounts of which nothing is told."""
    found = await hidden(session, caller.tenant_id, now, past)
    return [shown(each) for each in found]


def asked_about(
    caller: Caller, campaign_id: UUID, paused: Sequence[PausedOut], past: Past | None = None
) -> Asked:
    left_out = [each.official_account_id for each in paused]
    lifted = tuple(past.lifted) if past is not None else ()
    return Asked(caller, campaign_id, left_out, replayed=past is not None, lifted=lifted)


async def paused_in(
    session: AsyncSession,
    caller: Caller,
    campaign_id: UUID,
    *,
    now: datetime,
    past: Past | None = None,
) -> list[PausedOut]:
    """Those of a campaign's official accounts of which nothing is told."""
    found = await paused_accounts(session, caller, now=now, past=past)
    # Mostly no election is near, and there is nothing to compare with.
    if not found:
        return []
    ids = await campaigns.official_account_ids(session, caller.tenant_id, campaign_id)
    return [each for each in found if each.official_account_id in ids]


async def duties(session: AsyncSession, asked: Asked) -> list[DutyProgress]:
    """Every duty's counts and reasons, as far as this caller may see them."""
    reasons: dict[str, dict[str, int]] = defaultdict(dict)
    for row in await queries.reasons(session, asked):
        reasons[row.duty_kind][row.reason] = row.people
    units = await _hidden_units(session, asked)
    hidden = {duty for duty, left_out in units.items() if asked.caller.unit_id in left_out}
    return [
        DutyProgress(
            duty=row.duty_kind,
            suppressed=row.duty_kind in hidden,
            counts=None if row.duty_kind in hidden else counts_of(row),
            reasons={} if row.duty_kind in hidden else reasons.get(row.duty_kind, {}),
        )
        for row in await queries.totals(session, asked)
    ]


def main_duty(found: Sequence[DutyProgress]) -> DutyProgress | None:
    """What a campaign is about: following, where it asks for that."""
    return max(found, key=lambda each: each.duty == DutyKind.FOLLOW, default=None)


async def _hidden_units(session: AsyncSession, asked: Asked) -> dict[str, frozenset[UUID | None]]:
    """By duty, the units of which this caller sees no numbers; None is the whole government."""
    if asked.caller.keeps_registry:
        return {}
    parents = await queries.unit_parents(session, asked)
    direct = await queries.unit_people(session, asked)
    return {duty: hidden_units(parents, people) for duty, people in direct.items()}


async def _hidden_rows(
    session: AsyncSession, asked: Asked, by: RecapBy
) -> dict[str, frozenset[str]]:
    """By duty, the keys of a recap whose numbers this caller does not see."""
    units = await _hidden_units(session, asked)
    if by == "work_unit":
        return {duty: frozenset(map(str, left_out)) for duty, left_out in units.items()}
    if not units:
        return {}
    found = await queries.people(session, asked, by)
    return {
        duty: (frozenset(people) if asked.caller.unit_id in units[duty] else hidden_cells(people))
        for duty, people in found.items()
    }


async def recap(
    session: AsyncSession,
    caller: Caller,
    campaign_id: UUID,
    by: RecapBy,
    *,
    now: datetime,
    past: Past | None = None,
) -> RecapOut:
    """A campaign's counts by one division of the cohort as of `now`, on wish of a past.

    Raises:
        NotFound: there is no such campaign.
    """
    found = await recap_body(session, caller, campaign_id, by, now=now, past=past)
    return RecapOut.model_validate(found)


async def recap_body(
    session: AsyncSession,
    caller: Caller,
    campaign_id: UUID,
    by: RecapBy,
    *,
    now: datetime,
    past: Past | None = None,
) -> dict[str, Any]:
    """The same as the API writes it: of thousands of rows the models cost more than the query.

    Raises:
        NotFound: there is no such campaign.
    """
    campaign = await campaigns.get(session, caller, campaign_id)
    paused = await paused_in(session, caller, campaign_id, now=now, past=past)
    asked = await queries.from_counts(session, asked_about(caller, campaign_id, paused, past))
    evaluated_at = _judged_at(campaign, past)
    return {
        "valid_at": growth.moment(now),
        "known_at": growth.moment(past.known_at if past else now),
        "campaign_id": str(campaign.id),
        "by": by,
        "evaluated_at": growth.moment(evaluated_at) if evaluated_at else None,
        "items": await recap_rows(session, asked, by),
        "paused": [each.model_dump(mode="json") for each in paused],
    }


async def recap_rows(session: AsyncSession, asked: Asked, by: RecapBy) -> list[dict[str, Any]]:
    """The rows of a recap; those that would tell of too few people without their counts."""
    found: list[dict[str, Any]] = []
    rows = await queries.recap(session, asked, by)
    hidden = await _hidden_rows(session, asked, by)
    for key, name, code, duty, *numbers in map(tuple, rows):
        left_out = str(key) in hidden.get(duty, ())
        found.append(
            {
                "key": str(key),
                "name": name,
                "code": code,
                "duty": duty,
                "suppressed": left_out,
                # A depth by which rows are ordered may follow, and is not told.
                "counts": None if left_out else dict(zip(COUNTED, numbers, strict=False)),
            }
        )
    return found


def campaign_employees(
    session: AsyncSession, caller: Caller, rows: Sequence[Row[Any]]
) -> list[CampaignEmployee]:
    """Employees of a list as this caller may see them."""
    keys = registry_keys(session)
    nips = {row.id: opened_nip(keys, caller.tenant_id, row) for row in rows}
    masked = Scope.EMPLOYEES_READ_NIP not in caller.scopes
    return [
        CampaignEmployee(
            id=row.id,
            nip=mask_nip(nips[row.id]) if masked else nips[row.id],
            nip_masked=masked,
            name=row.name,
            unit_id=row.unit_id,
            unit_name=row.unit_name,
            reasons=row.reasons,
            excused=row.excused,
            disputed=row.disputed,
        )
        for row in rows
    ]


def verdict_of(row: Row[Any], past: Past | None = None) -> VerdictOut:
    """One verdict with what it rests on; of a past, as far as it may still be said of somebody."""
    told = Finding(Verdict(row.verdict), Reason(row.reason))
    lifted = past.lifted if past is not None else {}
    about = row.official_account_id or row.duty_id
    disputed = lifted.get((row.campaign_id, row.employee_id, about))
    if disputed is not None:
        told = under_dispute(told) if disputed else once_cleared(told)
    return VerdictOut(
        campaign_id=row.campaign_id,
        campaign_title=row.title,
        duty=row.duty_kind,
        official_account_id=row.official_account_id,
        official_account_name=row.official_account_name,
        platform=row.official_account_platform,
        account_id=row.account_id,
        verdict=told.verdict,
        reason=told.reason,
        evidence=EvidenceOut(
            basis=row.basis, ids=row.evidence_ids, lists=row.lists, pairs=row.pairs
        ),
        excuse=row.excuse,
        disputed=row.disputed or told.reason is Reason.DISPUTED,
        decided_at=row.decided_at,
    )
