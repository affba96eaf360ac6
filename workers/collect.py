"""Polling official accounts: claim what is due, ask the platform, write what came of it."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy.exc import DBAPIError

from app.core.logs import get_logger
from app.core.metrics import record_poll
from app.core.services import Services
from app.observations import service as observations
from app.observations.service import PollResult
from app.official_accounts import queries as official_accounts
from app.official_accounts.models import OfficialAccount
from app.official_accounts.queries import ClaimedPoll
from app.platforms.base import (
    Adapter,
    CountReading,
    ParseFailed,
    PlatformError,
    RateLimited,
    Target,
    Unavailable,
)
from workers.reach import Reach, TokenOf, no_token
from workers.runtime import pause

# Longer than any call may take, so that a lease outlives its work; a lost worker's is taken over.
LEASE = timedelta(seconds=90)
# Well within the lease, so that there is time to write down what came of it.
ASK_WITHIN = timedelta(seconds=60)
IDLE_SECONDS = 1.0
ACTOR = "worker:collect"
REASON_SHOWN = 200


async def collect_once(services: Services, adapter: Adapter, token_of: TokenOf = no_token) -> int:
    """Poll one batch of a platform's due accounts; returns how many were claimed."""
    async with services.database.system() as session:
        claims = await official_accounts.claim_due(
            session,
            adapter.platform,
            now=services.clock.now(),
            lease=LEASE,
            batch=adapter.capabilities.batch_size,
        )
    await _poll(services, adapter, claims, token_of)
    return len(claims)


async def collect_account(
    services: Services,
    adapter: Adapter,
    account: OfficialAccount,
    token_of: TokenOf = no_token,
) -> PollResult | None:
    """Poll one account now, due or not; None where it is not polled or a worker holds it."""
    async with services.database.system() as session:
        claim = await official_accounts.claim_one(
            session, account, now=services.clock.now(), lease=LEASE
        )
    if claim is None:
        return None
    [result] = await _poll(services, adapter, [claim], token_of)
    return result


async def _poll(
    services: Services, adapter: Adapter, claims: Sequence[ClaimedPoll], token_of: TokenOf
) -> list[PollResult]:
    """Ask about claimed accounts and write what came of each."""
    if not claims:
        return []
    started_at = services.clock.now()
    targets = await _targets(adapter, claims, token_of)
    outcomes = await ask(adapter, list(targets.values()))
    finished_at = services.clock.now()
    results = [
        as_result(outcomes[targets[each.handle, each.platform_id]], started_at, finished_at)
        for each in claims
    ]
    kept = zip(claims, results, strict=True)
    return [await _keep(services, claim, result) for claim, result in kept]


async def _targets(
    adapter: Adapter, claims: Sequence[ClaimedPoll], token_of: TokenOf
) -> Mapping[tuple[str, str | None], Target]:
    """Whom to ask about, once each, although several governments may watch the same account.

    Where a connected account's own token opens a further route, the first one found is used.
    """
    targets: dict[tuple[str, str | None], Target] = {}
    for claim in claims:
        key = (claim.handle, claim.platform_id)
        if key in targets and targets[key].access_token is not None:
            continue
        token = None
        if adapter.capabilities.counts_use_token:
            token = await token_of(claim.tenant_id, claim.official_account_id)
        targets[key] = Target(*key, access_token=token)
    return targets


async def ask(
    adapter: Adapter, targets: Sequence[Target], *, within: timedelta = ASK_WITHIN
) -> Mapping[Target, CountReading | PlatformError]:
    """One outcome for each target, also when the whole call failed; no connection is held."""
    try:
        async with asyncio.timeout(within.total_seconds()):
            return await adapter.counts(targets)
    except TimeoutError:
        return dict.fromkeys(targets, Unavailable("the deadline passed"))
    except PlatformError as error:
        return dict.fromkeys(targets, error)


def as_result(
    outcome: CountReading | PlatformError, started_at: datetime, finished_at: datetime
) -> PollResult:
    """A platform's outcome as a row of the poll log."""
    if isinstance(outcome, CountReading):
        return PollResult(started_at, finished_at, "ok", reading=outcome)
    retry_at = outcome.retry_at if isinstance(outcome, RateLimited) else None
    reason = outcome.reason[:REASON_SHOWN]
    return PollResult(started_at, finished_at, outcome.outcome, reason, retry_at=retry_at)


async def _keep(services: Services, claim: ClaimedPoll, result: PollResult) -> PollResult:
    """Write what came of a poll; returns it as it was written."""
    try:
        held = await _write(services, claim, result)
    except DBAPIError:
        if result.reading is None:
            raise
        # A platform may tell what no column can hold. That is one account's failure: anybody can
        # run a Mastodon server, and none of them may stop the polls of everybody.
        unread = ParseFailed("an answer that cannot be stored")
        result = as_result(unread, result.started_at, result.finished_at)
        held = await _write(services, claim, result)
    outcome = result.outcome if held else "fenced"
    record_poll(
        platform=claim.platform.value,
        outcome=outcome,
        at_seconds=result.finished_at.timestamp(),
    )
    get_logger().info(
        "polled",
        action="polled",
        platform=claim.platform.value,
        official_account_id=str(claim.official_account_id),
        tenant_id=str(claim.tenant_id),
        outcome=outcome,
        epoch=claim.epoch,
    )
    return result


async def _write(services: Services, claim: ClaimedPoll, result: PollResult) -> bool:
    async with services.database.transaction(claim.tenant_id) as session:
        return await observations.record_poll(session, claim, result, actor=ACTOR)


async def collect(services: Services, reach: Reach, stop: asyncio.Event) -> None:
    """Poll all platforms side by side until the process is to stop."""

    async def collect_platform(adapter: Adapter) -> None:
        while not stop.is_set():
            if not await collect_once(services, adapter, reach.token_of):
                await pause(stop, IDLE_SECONDS)

    async with asyncio.TaskGroup() as group:
        for adapter in reach.adapters.values():
            group.create_task(collect_platform(adapter))
