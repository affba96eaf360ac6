"""Campaigns whose time is over: their numbers are left, and nobody's verdict."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.campaigns.models import CampaignArchive


async def archived_at(session: AsyncSession, tenant_id: UUID, campaign_id: UUID) -> datetime | None:
    """Since when only a campaign's numbers are left; None while its people are known."""
    archive = await session.get(CampaignArchive, (tenant_id, campaign_id))
    return archive.archived_at if archive is not None else None


async def archived(session: AsyncSession, tenant_id: UUID) -> Collection[UUID]:
    """Every archived campaign of a government."""
    found = select(CampaignArchive.campaign_id).where(CampaignArchive.tenant_id == tenant_id)
    return set(await session.scalars(found))
