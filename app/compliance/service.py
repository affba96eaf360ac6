"""Judging a campaign: facts in sets, people by the rules, and only differences are written."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.queries import ATTESTATION_DUE
from app.accounts.rules import AccountState
from app.campaigns import extensions
from app.campaigns import queries as campaigns
from app.campaigns.models import Campaign, Duty, DutyKind
from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.compliance.declaring import AccountFact, DeclareEvidence, judge_declare
from app.compliance.freezing import About, clearances, one_at_a_time
from app.compliance.rules import (
    Finding,
    FollowEvidence,
    ListLook,
    PairLook,
    before_due,
    best_of,
    judge_follow,
    once_cleared,
)
from app.compliance.storing import stage, store
from app.core.clock import jakarta_day
from app.core.ids import new_id
from app.employees.rules import Declaration, Standing, automatic_excuse
from app.excuses import queries as excuses
from app.excuses.rules import GRANTED, Excusal, excused_from
from app.observations.lists import names_ids
from app.observations.memberships import in_duty
from app.observations.rules import CertificateVerdict, PairAnswer
from app.official_accounts.models import OfficialAccount
from app.platforms.base import Platform
from app.platforms.catalog import CAPABILITIES

LISTS_CONSIDERED = 20
ACTOR = "worker:evaluate"

MEMBERS = text("""
SELECT employee.id, employee.standing, employee.declaration
FROM campaign_members AS member
JOIN employees AS employee
  ON employee.tenant_id = member.tenant_id AND employee.id = member.employee_id
WHERE member.tenant_id = :tenant_id AND member.campaign_id = :campaign_id
  AND member.left_on IS NULL
""")

ACCOUNTS = text(f"""
SELECT account.id, account.employee_id, account.platform, account.state, account.verified_at,
       {ATTESTATION_DUE} AS attested_until, account.platform_id, account.platform_id_since,
       account.declared_at, account.seen_since, account.unseen_since
FROM accounts AS account
JOIN campaign_members AS member
  ON member.tenant_id = account.tenant_id AND member.employee_id = account.employee_id
WHERE member.tenant_id = :tenant_id AND member.campaign_id = :campaign_id
  AND account.state <> 'retired'
""")  # noqa: S608 - Only the constant above is put into the statement.

LISTS = text("""
SELECT id, taken_at, certificate, platform, source,
       COALESCE(matched_at, recorded_at) AS matched_at
FROM follower_lists
WHERE tenant_id = :tenant_id AND official_account_id = :official_account_id
ORDER BY taken_at DESC LIMIT :considered
""")

# What lists have shown of each interval: answers speak for themselves.
FOLLOWS = text("""
SELECT account_id, first_listed_at, last_listed_at FROM follows
WHERE tenant_id = :tenant_id AND official_account_id = :official_account_id
  AND first_listed_at IS NOT NULL
""")


# Of each kind of answer the latest says all that the rules ask for. Answers are kept for ever, so
# each is looked up by the index: reading all of them would take longer with every round.
PAIRS = text("""
SELECT told.id, account.id AS account_id, kind.answer, told.asked_at
FROM accounts AS account
CROSS JOIN unnest(CAST(:answers AS text[])) AS kind (answer)
CROSS JOIN LATERAL (
    SELECT id, asked_at FROM pair_answers
    WHERE tenant_id = :tenant_id AND official_account_id = :official_account_id
      AND account_id = account.id AND answer = kind.answer
    ORDER BY asked_at DESC, id DESC LIMIT 1
) AS told
WHERE account.tenant_id = :tenant_id AND account.platform = :platform
""")


@dataclass(frozen=True, slots=True)
class Member:
    """One member of the cohort, with their accounts by platform and what officers have decided."""

    id: UUID
    standing: Standing
    declaration: Declaration
    accounts: Mapping[Platform, Sequence[Any]]
    excusals: Sequence[Excusal]
    today: date

    def excuse(self, duty: Duty) -> str | None:
        """Why nothing is asked of them today, where nothing is: their standing speaks first."""
        by_standing = automatic_excuse(self.standing)
        # Nearly nobody has an excuse, and this is asked once for every verdict.
        if by_standing is not None or not self.excusals:
            return by_standing
        return GRANTED if excused_from(self.excusals, duty.id, self.today) else None


@dataclass(frozen=True, slots=True)
class Judged:
    """One verdict to be stored."""

    employee_id: UUID
    duty: Duty
    official_account_id: UUID | None
    account_id: UUID | None
    finding: Finding
    excuse: str | None

    def unless_early(self, not_due: Collection[UUID]) -> "Judged":
        """The same, of somebody who still has time."""
        if self.employee_id not in not_due:
            return self
        return replace(self, finding=before_due(self.finding))

    def as_record(self) -> tuple[Any, ...]:
        """The row of the temporary table `judged`."""
        return (
            new_id(),
            self.employee_id,
            self.duty.id,
            self.duty.kind.value,
            self.official_account_id,
            self.account_id,
            self.finding.verdict.value,
            self.finding.reason.value,
            self.finding.basis.value,
            list(self.finding.evidence_ids),
            self.excuse,
        )


async def evaluate(
    session: AsyncSession, tenant_id: UUID, campaign_id: UUID, *, now: datetime
) -> int:
    """Judge everyone in a campaign; returns how many verdicts changed. It can run twice."""
    # One evaluation of a campaign at a time: a second one waits and then finds nothing to change.
    await one_at_a_time(session, campaign_id)
    campaign = await session.get(Campaign, (tenant_id, campaign_id))
    if campaign is None:
        return 0
    await judge(session, campaign, now=now)
    changed = await store(session, campaign, now)
    await _note_evaluation(session, campaign, changed, now)
    return changed


async def judge(session: AsyncSession, campaign: Campaign, *, now: datetime) -> None:
    """Put what may be said of every member at a moment into the temporary table `judged`."""
    tenant_id, campaign_id = campaign.tenant_id, campaign.id
    members = await _members(session, campaign, jakarta_day(now))
    cleared = await clearances(session, tenant_id, campaign_id)
    not_due = await extensions.not_due(session, campaign, now=now)
    judged: list[tuple[Any, ...]] = []
    for duty in await campaigns.duties(session, tenant_id, campaign_id):
        if duty.kind is DutyKind.DECLARE:
            declared = judge_declarations(members, duty, cleared)
            judged.extend(each.unless_early(not_due).as_record() for each in declared)
        else:
            for official in await _official_accounts(session, campaign, now):
                sightings = await _sightings(session, official)
                judged.extend(
                    each.unless_early(not_due).as_record()
                    for each in judge_follows(
                        members,
                        duty,
                        official,
                        sightings,
                        cleared,
                        now=now,
                        stale_after=timedelta(days=campaign.stale_after_days),
                    )
                )
    await stage(session, judged)


async def _members(session: AsyncSession, campaign: Campaign, today: date) -> list[Member]:
    where = {"tenant_id": campaign.tenant_id, "campaign_id": campaign.id}
    accounts: dict[UUID, dict[Platform, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for account in await session.execute(ACCOUNTS, where):
        accounts[account.employee_id][Platform(account.platform)].append(account)
    excusals = await excuses.of_campaign(session, campaign.tenant_id, campaign.id)
    return [
        Member(
            row.id,
            Standing(row.standing),
            Declaration(row.declaration),
            accounts.get(row.id, {}),
            excusals.get(row.id, ()),
            today,
        )
        for row in await session.execute(MEMBERS, where)
    ]


async def _official_accounts(
    session: AsyncSession, campaign: Campaign, now: datetime
) -> list[OfficialAccount]:
    """Those whom people owe a follow today: a paused one, or of an ended term, is left out."""
    ids = await campaigns.official_account_ids(session, campaign.tenant_id, campaign.id)
    named = [await session.get_one(OfficialAccount, (campaign.tenant_id, each)) for each in ids]
    today = jakarta_day(now)
    return [each for each in named if await in_duty(session, each, today)]


def judge_declarations(
    members: Sequence[Member], duty: Duty, cleared: Mapping[About, datetime]
) -> Iterator[Judged]:
    """Whether each member has declared the accounts that the duty asks for."""
    for member in members:
        evidence = DeclareEvidence(
            declaration=member.declaration,
            accounts=tuple(
                AccountFact(account.id, platform, AccountState(account.state))
                for platform, held in member.accounts.items()
                for account in held
            ),
            platforms=tuple(Platform(each) for each in duty.platforms),
            each=duty.mode.value == "each",
            duty_id=duty.id,
        )
        finding = judge_declare(evidence)
        if (member.id, duty.id, None) in cleared:
            finding = once_cleared(finding)
        yield Judged(member.id, duty, None, None, finding, member.excuse(duty))


@dataclass(frozen=True, slots=True)
class Sightings:
    """The lists of one official account, when accounts were on them, and answers about pairs."""

    lists: Sequence[Any]
    intervals: Mapping[UUID, Sequence[tuple[datetime, datetime]]]
    pairs: Mapping[UUID, Sequence[PairLook]]

    def looks_for(self, account: Any) -> Iterator[ListLook]:
        """What each list says of one account; nothing, where it was not looked for on a list."""
        seen = self.intervals.get(account.id, ())
        for each in self.lists:
            present = any(first <= each.taken_at <= last for first, last in seen)
            # A list that was matched before the account was declared knows nothing of it.
            declared = account.declared_at <= each.matched_at
            if declared and (present or _could_be_found(account, each)):
                verdict = CertificateVerdict(each.certificate)
                yield ListLook(each.id, each.taken_at, verdict, present)

    def answers_about(self, account: Any) -> tuple[PairLook, ...]:
        """What was answered about an account since it was declared as it is now."""
        told = self.pairs.get(account.id, ())
        return tuple(each for each in told if each.asked_at >= account.declared_at)


def _could_be_found(account: Any, follower_list: Any) -> bool:
    """Whether the account would have been found on a list: one of ids needs a known id."""
    if not names_ids(Platform(follower_list.platform), follower_list.source):
        return True
    since = account.platform_id_since
    known = since is None or since < follower_list.matched_at
    return account.platform_id is not None and known


def judge_follows(
    members: Sequence[Member],
    duty: Duty,
    official: OfficialAccount,
    sightings: Sightings,
    cleared: Mapping[About, datetime],
    *,
    now: datetime,
    stale_after: timedelta,
) -> Iterator[Judged]:
    """Whether each member with an account on the platform follows the official account there."""
    platform = official.platform
    if duty.platforms and platform not in duty.platforms:
        return
    capabilities = CAPABILITIES[platform]
    can_tell = (
        capabilities.owner_export or capabilities.membership_pairs or capabilities.membership_list
    )
    for member in members:
        findings = [
            (
                account.id,
                judge_follow(
                    FollowEvidence(
                        state=AccountState(account.state),
                        verified_at=account.verified_at,
                        can_tell=can_tell,
                        lists=tuple(sightings.looks_for(account)),
                        seen_since=account.seen_since,
                        unseen_since=account.unseen_since,
                        attested_until=account.attested_until,
                        cleared_at=cleared.get((member.id, duty.id, official.id)),
                        pairs=sightings.answers_about(account),
                    ),
                    now=now,
                    stale_after=stale_after,
                ),
            )
            for account in member.accounts.get(platform, ())
        ]
        if findings:
            account_id, finding = best_of(findings)
            yield Judged(member.id, duty, official.id, account_id, finding, member.excuse(duty))


async def _sightings(session: AsyncSession, official: OfficialAccount) -> Sightings:
    where = {"tenant_id": official.tenant_id, "official_account_id": official.id}
    lists = (await session.execute(LISTS, {**where, "considered": LISTS_CONSIDERED})).all()
    intervals: dict[UUID, list[tuple[datetime, datetime]]] = defaultdict(list)
    for row in await session.execute(FOLLOWS, where):
        intervals[row.account_id].append((row.first_listed_at, row.last_listed_at))
    pairs: dict[UUID, list[PairLook]] = defaultdict(list)
    asked = {**where, "platform": official.platform, "answers": list(PairAnswer)}
    for row in await session.execute(PAIRS, asked):
        look = PairLook(row.id, row.asked_at, PairAnswer(row.answer))
        pairs[row.account_id].append(look)
    return Sightings(lists, intervals, pairs)


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
