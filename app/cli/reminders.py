"""`simedsos reminders`: whom a campaign would remind now, planning at once, and what was sent."""

from collections import Counter
from typing import Annotated
from uuid import UUID

import typer

from app.cli import operator
from app.cli.terminal import AsJson, Tenant, out, run, say
from app.core.clock import SystemClock
from app.reminders import planning, queries, service
from app.reminders.channels import channels_from
from app.reminders.schemas import PreviewOut
from app.settings import Settings, get_settings

app = typer.Typer(no_args_is_help=True, help="Reminders of a campaign.")
Campaign = Annotated[UUID, typer.Argument(help="Id of the campaign.")]


@app.command(name="preview")
def preview(campaign: Campaign, tenant: Tenant = None, as_json: AsJson = False) -> None:
    """Say how many would be reminded now, and how many not and why; nobody is named."""
    found: PreviewOut = run(look(get_settings(), campaign, tenant))
    if as_json:
        print(found.model_dump_json())  # noqa: T201
        return
    say(f"The plan is {'on' if found.enabled else 'off'}. {found.note or ''}".strip())
    for group in found.groups:
        say(f"{group.recipient.value}, {group.duty.value}: {group.would_remind} would be reminded")
        for why, number in group.withheld.items():
            say(f"  {number} not: {why.value}")


async def look(settings: Settings, campaign: UUID, tenant: str | None) -> PreviewOut:
    """What planning would find now."""
    async with operator.connected(settings) as database:
        caller = operator.operator_of(await operator.chosen_tenant(database, tenant))
        clock = SystemClock()
        setup = channels_from(settings, clock)
        async with database.transaction(caller.tenant_id) as session:
            return await service.preview(session, caller, campaign, setup, now=clock.now())


@app.command(name="plan")
def plan(campaign: Campaign, tenant: Tenant = None) -> None:
    """Plan what is to be planned now, without waiting for the next round; workers send it."""
    planned, stopped = run(plan_now(get_settings(), campaign, tenant))
    out.print(f"{planned} reminders were planned and {stopped} stopped.")


async def plan_now(settings: Settings, campaign: UUID, tenant: str | None) -> tuple[int, int]:
    """How many were planned and stopped."""
    async with operator.connected(settings) as database:
        tenant_id = await operator.chosen_tenant(database, tenant)
        clock = SystemClock()
        on = channels_from(settings, clock).on
        async with database.transaction(tenant_id) as session:
            return await planning.plan_campaign(session, tenant_id, campaign, on, now=clock.now())


@app.command(name="history")
def history(campaign: Campaign, tenant: Tenant = None) -> None:
    """Say what has become of a campaign's reminders; nobody is named."""
    counts: Counter[str] = run(count(get_settings(), campaign, tenant))
    for line, number in sorted(counts.items()):
        say(f"{number:>6}  {line}")
    if not counts:
        say("No reminder has been planned.")


async def count(settings: Settings, campaign: UUID, tenant: str | None) -> Counter[str]:
    """The reminders by channel, state and reason."""
    async with operator.connected(settings) as database:
        caller = operator.operator_of(await operator.chosen_tenant(database, tenant))
        async with database.transaction(caller.tenant_id) as session:
            return await queries.counts(session, caller.tenant_id, campaign)
