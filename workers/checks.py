"""Job handlers that ask platforms whether declared accounts are there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from app.accounts import checks
from app.accounts.checks import CHECK_AGAIN, CHECK_EVERY, Checked, ClaimedCheck
from app.budgets.rules import MANY_SERVERS
from app.core.logs import get_logger
from app.core.metrics import record_account_check, record_platform_run
from app.core.services import Services
from app.identity import queries as identity
from app.jobs.kinds import CheckAccounts, CheckAllAccounts, EvaluateTenant
from app.jobs.queue import enqueue
from app.observations.rules import PollKind
from app.observations.runs import Run, log_run
from app.platforms.base import (
    Adapter,
    Existence,
    ExistenceState,
    NotSupported,
    Platform,
    PlatformError,
    Target,
)
from workers.reach import ASK_WITHIN, REASON_SHOWN, Reach, retry_at, slot_from, within

# Longer than two questions may take, so that a lease outlives its work.
LEASE = 2 * ASK_WITHIN + timedelta(minutes=1)


async def check_all_accounts(services: Services, reach: Reach, _: CheckAllAccounts) -> None:
    """Queue one job for each tenant and platform that can tell whether accounts are there."""
    slot = services.clock.now().isoformat()
    platforms = [each for each, one in reach.adapters.items() if one.capabilities.existence]
    async with services.database.system() as session:
        tenants = [tenant.id for tenant in await identity.all_tenants(session)]
        await enqueue(
            session,
            [CheckAccounts(tenant, each.value, slot) for tenant in tenants for each in platforms],
        )


@dataclass(slots=True)
class Tally:
    """What a run has come to so far."""

    started_at: datetime
    asked: int = 0
    answered: int = 0
    failed: PlatformError | None = None

    @property
    def outcome(self) -> str:
        return self.failed.outcome if self.failed else "ok"

    def count(self, platform: Platform, outcomes: Iterable[Existence | PlatformError]) -> int:
        """Add the outcomes of one batch; returns how many were no fault of the platform's."""
        answered = passed_over = 0
        for outcome in outcomes:
            if isinstance(outcome, Existence):
                answered += 1
                record_account_check(platform=platform.value, outcome=outcome.state.value)
                continue
            record_account_check(platform=platform.value, outcome=outcome.outcome)
            # What only one account cannot be asked is no fault of the platform's.
            if isinstance(outcome, NotSupported):
                passed_over += 1
            else:
                self.failed = outcome
        self.answered += answered
        return answered + passed_over


async def check_accounts(services: Services, reach: Reach, job: CheckAccounts) -> None:
    """Check a tenant's accounts of one platform, as far as they are due, batch by batch."""
    adapter = reach.adapters.get(Platform(job.platform))
    if adapter is None or not adapter.capabilities.existence:
        return
    tally = Tally(services.clock.now())
    while await _check_batch(services, adapter, job, tally):
        pass
    if not tally.asked:
        return
    run = Run(
        kind=PollKind.EXISTENCE,
        platform=adapter.platform,
        official_account_id=None,
        slot=slot_from(job.slot),
        started_at=tally.started_at,
        finished_at=services.clock.now(),
        outcome=tally.outcome,
        reason=tally.failed.reason[:REASON_SHOWN] if tally.failed else "",
        retry_at=retry_at(tally.failed) if tally.failed else None,
        asked=tally.asked,
        answered=tally.answered,
    )
    async with services.database.transaction(job.tenant_id) as session:
        log_run(session, job.tenant_id, run)
    record_platform_run(platform=run.platform.value, kind=run.kind.value, outcome=run.outcome)
    get_logger().info(
        "accounts checked",
        action="accounts_checked",
        platform=run.platform.value,
        tenant_id=str(job.tenant_id),
        outcome=run.outcome,
    )


async def _check_batch(
    services: Services, adapter: Adapter, job: CheckAccounts, tally: Tally
) -> bool:
    """Check one batch of due accounts; False when none was left, or the platform answers none."""
    async with services.database.transaction(job.tenant_id) as session:
        claims = await checks.claim_due(
            session,
            job.tenant_id,
            adapter.platform,
            now=services.clock.now(),
            lease=LEASE,
            batch=adapter.capabilities.existence_batch,
        )
    if not claims:
        return False
    tally.asked += len(claims)
    outcomes = await ask(adapter, claims)
    now = services.clock.now()
    served = tally.count(adapter.platform, outcomes.values())
    patience = _patience(adapter.platform, outcomes.values())
    async with services.database.transaction(job.tenant_id) as session:
        moved = await checks.record_checks(
            session,
            job.tenant_id,
            adapter.platform,
            [_checked(claim, outcomes[claim.account_id], now) for claim in claims],
            now=now,
        )
        if patience is not None:
            await checks.postpone(session, job.tenant_id, adapter.platform, patience)
        if moved:
            cause = f"checks:{adapter.platform}:{now.isoformat()}"
            await enqueue(session, [EvaluateTenant(job.tenant_id, cause=cause)])
    return patience is None and served > 0


def _patience(platform: Platform, outcomes: Iterable[Existence | PlatformError]) -> datetime | None:
    """Until when a whole platform wants to be left alone; one of many servers cannot say so."""
    if platform in MANY_SERVERS:
        return None
    wishes = (retry_at(each) for each in outcomes if isinstance(each, PlatformError))
    return max((at for at in wishes if at is not None), default=None)


def _checked(claim: ClaimedCheck, outcome: Existence | PlatformError, now: datetime) -> Checked:
    if isinstance(outcome, Existence):
        return Checked(claim, outcome, now + CHECK_EVERY)
    if isinstance(outcome, NotSupported):
        return Checked(claim, None, now + CHECK_EVERY)
    return Checked(claim, None, retry_at(outcome) or now + CHECK_AGAIN)


async def ask(
    adapter: Adapter, claims: Sequence[ClaimedCheck]
) -> Mapping[UUID, Existence | PlatformError]:
    """One outcome for each claim, also when the whole call failed; no connection is held."""
    targets = {each.account_id: Target(each.handle, each.platform_id) for each in claims}
    told = await _existence(adapter, list(dict.fromkeys(targets.values())))
    outcomes = {account_id: told[target] for account_id, target in targets.items()}
    # An id that is gone while its handle answers with another: the handle has a new owner.
    gone = {
        account_id: replace(targets[account_id], platform_id=None)
        for account_id, outcome in outcomes.items()
        if isinstance(outcome, Existence)
        and outcome.state is ExistenceState.MISSING
        and (known := targets[account_id].platform_id) is not None
        and known != targets[account_id].handle
    }
    if gone:
        again = await _existence(adapter, list(dict.fromkeys(gone.values())))
        for account_id, target in gone.items():
            other = again[target]
            if isinstance(other, Existence) and other.platform_id is not None:
                outcomes[account_id] = other
    return outcomes


async def _existence(
    adapter: Adapter, targets: Sequence[Target]
) -> Mapping[Target, Existence | PlatformError]:
    try:
        return await within(ASK_WITHIN, adapter.existence(targets))
    except PlatformError as error:
        return dict.fromkeys(targets, error)
