"""Reading reports, and the facts that only reports ask for."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from app.compliance.queries import SHOWN, Asked
from app.core.errors import NotFound
from app.core.paging import PageRequest
from app.identity.models import Tenant
from app.identity.rules import Caller
from app.reports.models import Report


def visible_to(caller: Caller) -> Select[Report]:
    """Reports tell of the whole government; who is confined to a part of it never asks here."""
    return select(Report).where(Report.tenant_id == caller.tenant_id)


async def page(
    session: AsyncSession, caller: Caller, wanted: PageRequest, campaign_id: UUID | None
) -> Sequence[Report]:
    """One page and one row more, newest first."""
    reports = visible_to(caller).order_by(Report.id.desc()).limit(wanted.limit + 1)
    if wanted.after is not None:
        reports = reports.where(Report.id < wanted.after)
    if campaign_id is not None:
        reports = reports.where(Report.campaign_id == campaign_id)
    return (await session.scalars(reports)).all()


async def get(
    session: AsyncSession, caller: Caller, report_id: UUID, *, whole: bool = False
) -> Report:
    """One report; `whole` with its document.

    Raises:
        NotFound: there is none in the caller's tenant.
    """
    wanted = visible_to(caller).where(Report.id == report_id)
    report = await session.scalar(wanted.options(undefer(Report.document)) if whole else wanted)
    if report is None:
        raise NotFound
    return report


async def next_serial(session: AsyncSession, tenant_id: UUID, year: int) -> int:
    """The number after the last one of a year; nobody else takes one until the transaction ends.

    A transaction that fails has taken none, and no report is ever deleted: so there are no gaps.
    """
    await session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"),
        {"name": f"report-number:{tenant_id}:{year}"},
    )
    last = await session.scalar(
        select(func.max(Report.serial)).where(Report.tenant_id == tenant_id, Report.year == year)
    )
    return (last or 0) + 1


async def government_name(session: AsyncSession, tenant_id: UUID) -> str:
    """What the government is called."""
    return (await session.scalars(select(Tenant.name).where(Tenant.id == tenant_id))).one()


# The same people as the recaps' `unknown`: excused and disputed ones stand beside the verdicts.
UNKNOWN_REASONS = text(f"""
SELECT verdict.duty_kind, verdict.reason, count(*) AS verdicts
FROM verdicts AS verdict
WHERE verdict.tenant_id = :tenant_id AND verdict.campaign_id = :campaign_id
  AND verdict.verdict = 'unknown' AND verdict.excuse IS NULL AND NOT verdict.disputed
  AND {SHOWN}
GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2
""")  # noqa: S608 - Only the constant of another module is put into the statement.


async def unknown_reasons(session: AsyncSession, asked: Asked) -> Sequence[Row[Any]]:
    """How often each reason stands behind what is not known, by duty; the whole government."""
    return (await session.execute(UNKNOWN_REASONS, asked.where)).all()


LAST_LISTS = text("""
SELECT DISTINCT ON (official_account_id) official_account_id, taken_at, certificate
FROM follower_lists
WHERE tenant_id = :tenant_id AND official_account_id = ANY(CAST(:ids AS uuid[]))
  AND taken_at <= :now
ORDER BY official_account_id, taken_at DESC, id DESC
""")


async def last_lists(
    session: AsyncSession, tenant_id: UUID, ids: Sequence[UUID], now: datetime
) -> dict[UUID, Row[Any]]:
    """The last follower list of each official account that has one, whatever its certificate."""
    rows = await session.execute(LAST_LISTS, {"tenant_id": tenant_id, "ids": list(ids), "now": now})
    return {row.official_account_id: row for row in rows}
