"""Reading the figures of a government, keeping them, and gathering what Prometheus is told."""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.budgets.overview import overview
from app.campaigns.models import Campaign
from app.compliance import answers
from app.compliance import queries as compliance
from app.connections.models import Connection
from app.connections.queries import held_of
from app.connections.rules import ShownState, ends_at, shown_state
from app.core.services import Services
from app.gauges import kinds, queries
from app.gauges.rules import (
    Credential,
    DutyCounts,
    Figure,
    may_be_told,
    of_accounts,
    of_budget,
    of_campaign,
    of_credentials,
    of_judging,
    of_polls,
    of_queue,
    of_registry,
)
from app.identity.rules import Caller
from app.identity.scopes import SCOPES_OF_ROLES, Role
from app.jobs.kinds import KINDS as JOB_KINDS
from app.platforms.base import Platform

NOBODY = UUID(int=0)
ALONE = text("SELECT pg_try_advisory_xact_lock(hashtextextended('gauges:' || :tenant_id, 0))")


async def refresh(services: Services, tenant_id: UUID) -> bool:
    """Read a government's figures and keep them; False where another worker is just doing so."""
    now = services.clock.now()
    async with services.database.transaction(tenant_id) as session:
        if not await session.scalar(ALONE, {"tenant_id": str(tenant_id)}):
            return False
        figures = [each async for each in figures_of(session, tenant_id, now)]
    # Reading takes long enough to be noted down as a long transaction, if it wrote.
    async with services.database.transaction(tenant_id) as session:
        await queries.keep(session, tenant_id, now, [_stored(each) for each in figures])
    return True


def _stored(figure: Figure) -> tuple[str, tuple[str, ...], float]:
    return figure.kind.name, figure.labels, figure.value


async def figures_of(
    session: AsyncSession, tenant_id: UUID, now: datetime
) -> AsyncIterator[Figure]:
    """Every figure of a government as of now."""
    for each in of_accounts(await queries.accounts_seen(session, tenant_id, now)):
        yield each
    campaigns = await queries.campaigns_shown(session, tenant_id, now)
    for campaign in campaigns:
        counts = await _counts(session, campaign, now)
        for each in of_campaign(counts) if counts else ():
            yield each
    running = [each.evaluated_at for each in campaigns if each.ends_at > now]
    employees = await queries.employees_at_work(session, tenant_id)
    declared = await queries.accounts_by_platform(session, tenant_id)
    every_platform = {each.value: declared.get(each.value, 0) for each in Platform}
    connections = await queries.official_connections(session, tenant_id)
    for each in (
        *of_judging(running),
        *of_registry(employees, every_platform),
        *of_credentials([_credential(connection, now) for connection in connections]),
    ):
        yield each
    yield Figure(kinds.OVERDUE, (), await queries.requests_overdue(session, tenant_id, now))


async def _counts(session: AsyncSession, campaign: Campaign, now: datetime) -> DutyCounts | None:
    """A campaign's counts as its government's executive is told them: nothing of few people."""
    caller = Caller(campaign.tenant_id, NOBODY, SCOPES_OF_ROLES[Role.EXECUTIVE], None, now)
    if campaign.evaluated_at is None:
        return None
    paused = await answers.paused_in(session, caller, campaign.id, now=now)
    asked = answers.asked_about(caller, campaign.id, paused)
    duties = await answers.duties(session, await compliance.from_counts(session, asked))
    main = answers.main_duty(duties)
    if main is None or main.counts is None:
        return None
    found = main.counts
    return DutyCounts(
        campaign.id,
        str(main.duty),
        met=found.met,
        unmet=found.unmet,
        unknown=found.unknown + found.disputed,
        excused=found.excused,
    )


def _credential(connection: Connection, now: datetime) -> Credential:
    held = held_of(connection)
    lost = shown_state(held, now) is not ShownState.CONNECTED
    return Credential(connection.platform.value, lost, ends_at(held))


async def told(services: Services) -> list[tuple[str | None, Figure]]:
    """What Prometheus is told, and of which government; of the installation where of none."""
    now = services.clock.now()
    async with services.database.system() as session:
        governments = await queries.last_figures(session)
        installation = [each async for each in _installation(session, services, now)]
    found: list[tuple[str | None, Figure]] = [(None, each) for each in installation]
    read = [row.read_at or row.created_at for row in governments]
    if read:
        found.append((None, Figure(kinds.REFRESHED, (), min(read).timestamp())))
    for row in governments:
        if may_be_told(row.read_at, now):
            found.extend((row.slug, each) for each in _kept(row.figures or ()))
    return found


def _kept(stored: Iterable[Sequence[object]]) -> list[Figure]:
    """Figures as they were kept; what an older release kept under another name is left out."""
    return [
        Figure(kinds.BY_NAME[str(name)], tuple(map(str, labels)), float(value))  # type: ignore[call-overload,arg-type]
        for name, labels, value in stored
        if str(name) in kinds.BY_NAME
    ]


async def _installation(
    session: AsyncSession, services: Services, now: datetime
) -> AsyncIterator[Figure]:
    due, oldest = await queries.polls_due(session, now)
    for each in (
        *of_queue(JOB_KINDS, await queries.queue(session)),
        *of_polls(due, oldest, now),
    ):
        yield each
    for platform in await overview(session, services.settings, now):
        for budget in platform.budgets:
            yield of_budget(
                platform.platform,
                budget.credential,
                limit=budget.limit,
                remaining=budget.remaining,
            )
    for line, slot in (await queries.cron_fired(session)).items():
        yield Figure(kinds.CRON_FIRED, (line,), slot.timestamp())
