"""Evaluating a campaign: judged by sets, and only differences are written."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.campaigns import archives
from app.campaigns import queries as campaigns
from app.campaigns.models import Campaign, DutyKind
from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.compliance.asking import Moment, ask
from app.compliance.freezing import one_at_a_time
from app.compliance.judging import judge_declarations, judge_follows
from app.compliance.storing import stage, store
from app.core.clock import jakarta_day
from app.core.db import over_whole_tables
from app.neutrality import queries as neutrality

ACTOR = "worker:evaluate"
# Everybody's accounts on one platform are joined and sorted at once; it ends with the transaction.
MEMORY = text("SET LOCAL work_mem = '128MB'")


async def evaluate(
    session: AsyncSession, tenant_id: UUID, campaign_id: UUID, *, now: datetime
) -> int:
    """Judge everyone in a campaign; returns how many verdicts changed. It can run twice."""
    # One evaluation of a campaign at a time: a second one waits and then finds nothing to change.
    await one_at_a_time(session, campaign_id)
    campaign = await session.get(Campaign, (tenant_id, campaign_id))
    if campaign is None or await archives.archived_at(session, tenant_id, campaign_id):
        return 0
    await judge(session, campaign, now=now)
    paused = await neutrality.paused(session, tenant_id, jakarta_day(now))
    ids = [each.official_account_id for each in paused]
    async with over_whole_tables(session):
        changed = await store(session, campaign, now, paused=ids)
    await _note_evaluation(session, campaign, changed, now)
    return changed


async def judge(session: AsyncSession, campaign: Campaign, *, now: datetime) -> None:
    """Put what may be said of every member at a moment into the temporary table `judged`.

    After the campaign's end it is what could be said at the end; only what officers have decided
    since, and attestations that have lapsed, still count for people.
    """
    moment = Moment(campaign, now)
    await stage(session)
    await session.execute(MEMORY)
    async with over_whole_tables(session):
        await ask(session, moment)
        for duty in await campaigns.duties(session, campaign.tenant_id, campaign.id):
            if duty.kind is DutyKind.DECLARE:
                await judge_declarations(session, moment, duty)
            else:
                await judge_follows(session, moment, duty)
    await session.execute(text("ANALYZE judged"))


async def _note_evaluation(
    session: AsyncSession, campaign: Campaign, changed: int, now: datetime
) -> None:
    # The raw statement: an evaluation is no edit and must not move the campaign's ETag.
    await session.execute(
        update(Campaign)
        .where(Campaign.tenant_id == campaign.tenant_id, Campaign.id == campaign.id)
        .values(evaluated_at=now, updated_at=Campaign.updated_at)
        .execution_options(synchronize_session=False)
    )
    if changed:
        record(
            session,
            ChangeKind.CAMPAIGN_EVALUATED,
            campaign.id,
            tenant_id=campaign.tenant_id,
            actor=ACTOR,
            at=now,
            changed=changed,
        )
    await session.flush()
