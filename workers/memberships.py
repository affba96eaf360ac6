"""Job handlers that ask platforms who follows: pair by pair, or by reading the whole list."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.compliance import queries as compliance
from app.core.clock import jakarta_day
from app.core.logs import get_logger
from app.core.metrics import record_pair_answer, record_platform_run
from app.core.services import Services
from app.jobs.kinds import (
    CheckAllPairs,
    CheckPairs,
    EvaluateTenant,
    ReadAllFollowerLists,
    ReadFollowerList,
)
from app.jobs.queue import enqueue
from app.jobs.schedule import CHECK_PAIRS, READ_FOLLOWER_LISTS, CronLine
from app.observations import memberships
from app.observations.memberships import Reading, Roll, Told
from app.observations.rules import PairAnswer, PollKind
from app.observations.runs import Run, log_run
from app.official_accounts import queries as official_accounts
from app.official_accounts.models import OfficialAccount
from app.platforms.base import (
    AccountGone,
    Adapter,
    Ambiguous,
    Capabilities,
    CountReading,
    CredentialsBad,
    NotSupported,
    PairReading,
    PlatformError,
    RateLimited,
    Target,
    TokenRefused,
    Unavailable,
)
from workers.reach import (
    ASK_WITHIN,
    REASON_SHOWN,
    Reach,
    resumes_at,
    retry_at,
    slot_from,
    within,
)
from workers.writers import writers_to

# Where most have never written, they are not looked up one question's worth at a time.
LOOKED_UP = 200


async def check_all_pairs(services: Services, reach: Reach, _: CheckAllPairs) -> None:
    """Queue one job for each official account whose platform answers about pairs."""
    platforms = [each for each, one in reach.adapters.items() if one.capabilities.membership_pairs]
    slot = services.clock.now().isoformat()
    async with services.database.system() as session:
        watched = await official_accounts.active_on(session, platforms)
        await enqueue(session, [CheckPairs(each.tenant_id, each.id, slot) for each in watched])


async def read_all_follower_lists(
    services: Services, reach: Reach, _: ReadAllFollowerLists
) -> None:
    """Queue one job for each official account whose follower list can be read, and shall be."""
    platforms = [each for each, one in reach.adapters.items() if one.capabilities.membership_list]
    slot = services.clock.now().isoformat()
    async with services.database.system() as session:
        watched = await official_accounts.active_on(session, platforms)
        wanted = [each for each in watched if each.read_list]
        await enqueue(session, [ReadFollowerList(each.tenant_id, each.id, slot) for each in wanted])


@dataclass(slots=True)
class Round:
    """One run about one official account, and what it has come to so far."""

    kind: PollKind
    account: OfficialAccount
    adapter: Adapter
    slot: datetime
    started_at: datetime
    asked: int = 0
    answered: int = 0
    failed: PlatformError | None = None
    token: str | None = field(default=None, repr=False)

    @property
    def official(self) -> Target:
        """The official account as its platform is asked about it."""
        return Target(self.account.handle, self.account.platform_id, access_token=self.token)

    def ended(self, now: datetime) -> Run:
        """The row of the poll log."""
        failed = self.failed
        return Run(
            kind=self.kind,
            platform=self.account.platform,
            official_account_id=self.account.id,
            slot=self.slot,
            started_at=self.started_at,
            finished_at=now,
            outcome=failed.outcome if failed else "ok",
            reason=failed.reason[:REASON_SHOWN] if failed else "",
            retry_at=retry_at(failed) if failed else None,
            asked=self.asked,
            answered=self.answered,
        )


async def _begin(
    services: Services, reach: Reach, job: CheckPairs | ReadFollowerList, kind: PollKind
) -> Round | None:
    """The round of a job; None where nobody is to be asked about the account any more."""
    now = services.clock.now()
    async with services.database.transaction(job.tenant_id) as session:
        account = await session.get(OfficialAccount, (job.tenant_id, job.official_account_id))
    if account is None or not memberships.in_duty(account, jakarta_day(now)):
        return None
    adapter = reach.patient.get(account.platform, reach.adapters.get(account.platform))
    if adapter is None:
        return None
    return Round(kind, account, adapter, slot_from(job.slot), now)


async def _take_token(reach: Reach, told: Round, *, needed: bool) -> None:
    """Have the round ask with the official account's own token.

    Raises:
        CredentialsBad: it is needed, and nobody has connected the account.
    """
    told.token = await reach.token_of(told.account.tenant_id, told.account.id)
    if told.token is None and needed:
        raise CredentialsBad("not connected")


async def _note_refusal(reach: Reach, told: Round) -> None:
    """Tell of a token that the platform refuses, so that its owner hears of it."""
    if isinstance(told.failed, TokenRefused) and told.token is not None:
        await reach.refused(told.account.tenant_id, told.account.id, told.token)


async def _log(session: AsyncSession, told: Round, now: datetime) -> None:
    run = told.ended(now)
    log_run(session, told.account.tenant_id, run)
    record_platform_run(platform=run.platform.value, kind=run.kind.value, outcome=run.outcome)
    get_logger().info(
        "membership asked",
        action="membership_asked",
        poll_kind=run.kind.value,
        platform=run.platform.value,
        official_account_id=str(told.account.id),
        tenant_id=str(told.account.tenant_id),
        outcome=run.outcome,
    )


async def check_pairs(services: Services, reach: Reach, job: CheckPairs) -> None:
    """Ask about each account of the running campaigns once in the job's slot, batch by batch."""
    told = await _begin(services, reach, job, PollKind.PAIRS)
    if told is None or not told.adapter.capabilities.membership_pairs:
        return
    try:
        await _take_token(reach, told, needed=told.adapter.capabilities.pairs_need_token)
        await _ask_everyone(services, reach, told)
    except PlatformError as error:
        told.failed = error
    await _note_refusal(reach, told)
    await _end_pairs(services, told, job)


async def _ask_everyone(services: Services, reach: Reach, told: Round) -> None:
    """Ask in batches until all are answered, or the platform answers no more.

    Raises:
        PlatformError: a call failed as a whole.
    """
    can = told.adapter.capabilities
    writers: Mapping[UUID, str] | None = None
    after: UUID | None = None
    known_at = told.started_at
    ends = CHECK_PAIRS.next_after(told.started_at)
    while batch := await _batch(services, told, after):
        after = batch[-1].id
        if can.pairs_need_scoped_id and writers is None:
            # Read only now: where there is nobody to ask about, nobody's conversations are read.
            writers = await writers_to(services, told.account, told.adapter, told.official)
        targets = list((await _targets(reach, told, batch, writers or {})).items())
        for start in range(0, len(targets), can.pair_batch):
            # At a slow pace a round may last until the next one, which asks everybody anew.
            if services.clock.now() >= ends:
                raise Unavailable("the next round has begun")
            some = dict(targets[start : start + can.pair_batch])
            if not await _ask(services, told, some, known_at):
                return
        if not can.pairs_need_scoped_id:
            # Whoever wrote was recognised at the round's start, everyone else batch by batch.
            known_at = services.clock.now()
    if after is not None and not told.asked:
        told.failed = _nobody(can)


def _nobody(can: Capabilities) -> PlatformError:
    """Why nobody could be asked about although there are accounts to ask about."""
    if can.pairs_need_scoped_id:
        return NotSupported("nobody has written first")
    return CredentialsBad("no consent given")


async def _batch(services: Services, told: Round, after: UUID | None) -> Sequence[Any]:
    can = told.adapter.capabilities
    async with services.database.transaction(told.account.tenant_id) as session:
        return await compliance.accounts_to_ask(
            session,
            told.account,
            slot=told.slot,
            now=services.clock.now(),
            after=after,
            limit=LOOKED_UP if can.pairs_need_scoped_id else can.pair_batch,
        )


async def _targets(
    reach: Reach, told: Round, batch: Sequence[Any], writers: Mapping[UUID, str]
) -> Mapping[UUID, Target]:
    """Whom to ask about: where it takes their consent, only those who have given it."""
    can = told.adapter.capabilities
    if can.pairs_need_scoped_id:
        return {
            each.id: Target(each.handle, each.platform_id, scoped_id=writers[each.id])
            for each in batch
            if each.id in writers
        }
    if not can.pairs_need_consent:
        return {each.id: Target(each.handle, each.platform_id) for each in batch}
    consents = {each.id: await reach.consent_of(told.account.tenant_id, each.id) for each in batch}
    return {
        each.id: Target(each.handle, each.platform_id, access_token=consents[each.id])
        for each in batch
        if consents[each.id] is not None
    }


async def _ask(
    services: Services, told: Round, targets: Mapping[UUID, Target], known_at: datetime
) -> bool:
    """Ask about one batch and keep the answers; False where the platform answers no more.

    They are answers of `known_at`, when it was known whom a name stands for: about an account that
    was corrected while it was being asked about, they say nothing.

    Raises:
        PlatformError: the call failed as a whole, which says nothing of any one account.
    """
    told.asked += len(targets)
    others = list(dict.fromkeys(targets.values()))
    outcomes = await within(ASK_WITHIN, told.adapter.follows(told.official, others))
    answers = [
        answer
        for account_id, target in targets.items()
        if (answer := as_told(account_id, outcomes[target])) is not None
    ]
    async with services.database.transaction(told.account.tenant_id) as session:
        kept = await memberships.keep_answers(
            session, told.account, answers, slot=told.slot, asked_at=known_at
        )
    for each in answers:
        record_pair_answer(platform=told.account.platform.value, answer=each.answer.value)
    told.answered += kept
    failures = [
        each
        for account_id, each in ((key, outcomes[target]) for key, target in targets.items())
        if isinstance(each, PlatformError) and as_told(account_id, each) is None
    ]
    told.failed = failures[-1] if failures else told.failed
    patience = any(isinstance(each, RateLimited) for each in failures)
    # A person's own token that is refused is theirs to renew, and stops nobody else's question.
    consent = told.adapter.capabilities.pairs_need_consent
    faults = [each for each in failures if not (consent and isinstance(each, CredentialsBad))]
    return not patience and (not faults or len(faults) < len(targets))


def as_told(account_id: UUID, outcome: PairReading | PlatformError) -> Told | None:
    """The answer that an outcome stands for; None where it is no fact about the pair."""
    match outcome:
        case PairReading(follows=True):
            return Told(account_id, PairAnswer.FOLLOWS, outcome.source)
        case PairReading(blocked=True):
            return Told(account_id, PairAnswer.BLOCKED, outcome.source)
        case PairReading():
            return Told(account_id, PairAnswer.DOES_NOT_FOLLOW, outcome.source)
        case AccountGone() | Ambiguous() | NotSupported():
            return Told(account_id, PairAnswer.NOT_TOLD, outcome.outcome)
        case _:
            return None


async def _end_pairs(services: Services, told: Round, job: CheckPairs) -> None:
    now = services.clock.now()
    going_on = _resumption(told, now, CHECK_PAIRS)
    async with services.database.transaction(job.tenant_id) as session:
        if told.asked or told.failed:
            await _log(session, told, now)
        if told.answered:
            await memberships.note_answers(session, told.account, told.answered, now=now)
        if await memberships.answered_in_slot(session, told.account, told.slot):
            await enqueue(session, [EvaluateTenant(job.tenant_id, cause=job.key)])
        if going_on is not None:
            later = replace(job, again_at=going_on.isoformat())
            await enqueue(session, [later], delay=going_on - now)


def _resumption(told: Round, now: datetime, line: CronLine) -> datetime | None:
    if told.failed is None:
        return None
    moment = resumes_at(told.failed, before=line.next_after(now))
    return None if moment is None else max(moment, now)


async def read_follower_list(services: Services, reach: Reach, job: ReadFollowerList) -> None:
    """Read one official account's list to its end, with its count before and after."""
    told = await _begin(services, reach, job, PollKind.LIST)
    if told is None or not told.account.read_list:
        return
    can = told.adapter.capabilities
    if not can.membership_list:
        return
    async with services.database.transaction(job.tenant_id) as session:
        if await memberships.list_of_slot(session, told.account, told.slot):
            return
        known = await memberships.known_accounts(session, job.tenant_id, told.account.platform)
    roll = Roll(known, told.slot)
    before = after = None
    try:
        await _take_token(reach, told, needed=can.list_needs_token)
        before = await _count(told.adapter, told.official)
        await _fill(roll, told.adapter, told.official)
        after = await _count(told.adapter, told.official)
    except PlatformError as error:
        told.failed = error
    told.asked, told.answered = roll.listed, len(roll.matched)
    await _note_refusal(reach, told)
    complete = told.failed is None and not roll.full
    reading = Reading(told.slot, told.started_at, roll, complete, before, after)
    await _end_list(services, told, job, reading)


async def _fill(roll: Roll, adapter: Adapter, official: Target) -> None:
    """Read pages until the list ends or no more fits into memory.

    Raises:
        PlatformError: the list cannot be read to its end.
    """
    pages = adapter.followers(official)
    try:
        while page := await within(ASK_WITHIN, anext(pages, None)):
            roll.add(page)
            if roll.full:
                return
    finally:
        # A list that is left early must not keep its connection.
        if isinstance(pages, AsyncGenerator):
            await pages.aclose()


async def _count(adapter: Adapter, official: Target) -> CountReading | None:
    """The count now; None where it cannot be read, and the list can prove no absence then."""
    if not adapter.capabilities.counts:
        return None
    try:
        found = (await within(ASK_WITHIN, adapter.counts([official])))[official]
    except PlatformError:
        return None
    return found if isinstance(found, CountReading) else None


async def _end_list(
    services: Services, told: Round, job: ReadFollowerList, reading: Reading
) -> None:
    now = services.clock.now()
    going_on = _resumption(told, now, READ_FOLLOWER_LISTS)
    async with services.database.transaction(job.tenant_id) as session:
        # Of a list that broke off only the sightings are worth keeping; without any, nothing is.
        if told.failed is None or reading.roll.matched:
            await memberships.keep_reading(session, told.account, reading, now=now)
        await _log(session, told, now)
        if going_on is not None:
            # What was seen so far stands under this slot, so the whole reading gets one of its own.
            later = replace(job, slot=going_on.isoformat())
            await enqueue(session, [later], delay=going_on - now)
