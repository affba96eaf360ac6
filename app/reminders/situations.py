"""What is so of the members of a campaign now, as the rules of reminders ask it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.rules import AccountState
from app.campaigns import queries as campaigns
from app.campaigns.models import Campaign, Duty, DutyKind
from app.campaigns.rules import due_at
from app.compliance.declaring import (
    UNANSWERED,
    AccountFact,
    DeclareEvidence,
    judge_declare,
)
from app.compliance.freezing import About, clearances
from app.compliance.rules import Reason, Verdict
from app.core.clock import jakarta_day, jakarta_midnight
from app.core.db import among as one_of
from app.employees.rules import Declaration, Standing, eligible
from app.excuses import queries as excuses
from app.excuses.rules import Excusal, excused_from
from app.neutrality import queries as neutrality
from app.neutrality.rules import PauseReason
from app.platforms.base import Platform
from app.reminders.models import Reminder
from app.reminders.rules import Channel, Course, Past, Reach, Recipient, Situation, State

DAY = timedelta(days=1)
# Somebody who has said that there is no account has answered: no reminder asks them again.
NO_PAST = Past()
# Whom a reminder went to, in whose place, and about what.
Whose = tuple[Recipient, UUID, UUID | None, DutyKind]

MEMBERS = text("""
SELECT member.employee_id, member.joined_on, member.added_by IS NOT NULL AS added,
       member.left_on IS NULL AS there, employee.name, employee.standing, employee.declaration,
       unit.ancestors, contact.email IS NOT NULL AS has_email,
       contact.phone IS NOT NULL AS has_phone, contact.set_at AS contact_set_at,
       (SELECT max(extension.due_on) FROM extensions AS extension
        WHERE extension.tenant_id = member.tenant_id
          AND extension.campaign_id = member.campaign_id
          AND extension.employee_id = member.employee_id
          AND extension.granted_at <= :now) AS extended_to
FROM campaign_members AS member
JOIN employees AS employee
  ON employee.tenant_id = member.tenant_id AND employee.id = member.employee_id
JOIN work_units AS unit ON unit.tenant_id = employee.tenant_id AND unit.id = employee.unit_id
LEFT JOIN employee_contacts AS contact
  ON contact.tenant_id = member.tenant_id AND contact.employee_id = member.employee_id
WHERE member.tenant_id = :tenant_id AND member.campaign_id = :campaign_id
  AND (CAST(:among AS uuid[]) IS NULL OR member.employee_id = ANY(CAST(:among AS uuid[])))
ORDER BY member.employee_id
""")

ACCOUNTS = text("""
SELECT account.id, account.employee_id, account.platform, account.state
FROM accounts AS account
JOIN campaign_members AS member
  ON member.tenant_id = account.tenant_id AND member.employee_id = account.employee_id
WHERE member.tenant_id = :tenant_id AND member.campaign_id = :campaign_id
  AND account.state <> 'retired'
  AND (CAST(:among AS uuid[]) IS NULL OR member.employee_id = ANY(CAST(:among AS uuid[])))
""")

# A follow verdict counts while its account is still the employee's.
VERDICTS = text("""
SELECT verdict.employee_id, verdict.duty_kind, verdict.official_account_id, verdict.verdict,
       verdict.reason, verdict.disputed, account.id IS NOT NULL AS account_there
FROM verdicts AS verdict
LEFT JOIN accounts AS account
  ON account.tenant_id = verdict.tenant_id AND account.id = verdict.account_id
 AND account.state <> 'retired'
WHERE verdict.tenant_id = :tenant_id AND verdict.campaign_id = :campaign_id
  AND (verdict.disputed OR verdict.duty_kind = 'follow')
  AND (CAST(:among AS uuid[]) IS NULL OR verdict.employee_id = ANY(CAST(:among AS uuid[])))
""")

BELOW = text("""
SELECT member.employee_id FROM campaign_members AS member
JOIN employees AS employee
  ON employee.tenant_id = member.tenant_id AND employee.id = member.employee_id
JOIN work_units AS unit ON unit.tenant_id = employee.tenant_id AND unit.id = employee.unit_id
WHERE member.tenant_id = :tenant_id AND member.campaign_id = :campaign_id
  AND :unit_id = ANY(unit.ancestors)
""")


@dataclass(frozen=True, slots=True)
class Member:
    """One member of the roster with what the rules ask, by duty."""

    employee_id: UUID
    name: str
    ancestors: Sequence[UUID]
    contact_set_at: datetime | None
    addresses: frozenset[Channel]
    situations: Mapping[DutyKind, Situation]
    # The official accounts of which a follow is asked and not confirmed.
    unconfirmed: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class History:
    """The reminders of a campaign so far, by whom and about what, and what did not arrive."""

    pasts: Mapping[Whose, Past]
    undelivered: Mapping[tuple[UUID, Channel], datetime]

    def past(self, whose: Whose) -> Past:
        return self.pasts.get(whose, NO_PAST)

    def reach(
        self, employee_id: UUID, addresses: frozenset[Channel], set_at: datetime | None
    ) -> Reach:
        """An address that took no message is left alone until somebody sets it anew."""
        failed = {
            channel
            for channel in addresses
            if (at := self.undelivered.get((employee_id, channel))) is not None
            and (set_at is None or at >= set_at)
        }
        return Reach(addresses, frozenset(failed))


async def course_of(session: AsyncSession, campaign: Campaign, *, now: datetime) -> Course:
    """A campaign's window; one of its official accounts in an election silences all of it.

    The letters name the campaign and its legal basis, and these name the person who stands.
    """
    named = set(await campaigns.official_account_ids(session, campaign.tenant_id, campaign.id))
    paused = await neutrality.paused(session, campaign.tenant_id, jakarta_day(now))
    elections = {
        each.official_account_id
        for each in paused
        if each.pause.reason is PauseReason.NEUTRALITY_WINDOW
    }
    return Course(campaign.starts_at, campaign.ends_at, bool(named & elections))


class _Facts:
    """The rows about some members of one campaign."""

    def __init__(self, campaign: Campaign, now: datetime) -> None:
        self.campaign = campaign
        self.now = now
        self.accounts: dict[UUID, list[AccountFact]] = defaultdict(list)
        self.disputed: set[tuple[UUID, DutyKind]] = set()
        self.unconfirmed: dict[UUID, set[UUID]] = defaultdict(set)
        self.excusals: Mapping[UUID, Sequence[Excusal]] = {}
        self.cleared: Mapping[About, datetime] = {}

    async def read(self, session: AsyncSession, among: Sequence[UUID] | None) -> None:
        tenant_id, campaign_id = self.campaign.tenant_id, self.campaign.id
        where = {"tenant_id": tenant_id, "campaign_id": campaign_id, "among": among}
        for row in await session.execute(ACCOUNTS, where):
            fact = AccountFact(row.id, Platform(row.platform), AccountState(row.state))
            self.accounts[row.employee_id].append(fact)
        paused = await neutrality.paused(session, tenant_id, jakarta_day(self.now))
        self._take_verdicts(
            (await session.execute(VERDICTS, where)).all(),
            {each.official_account_id for each in paused},
        )
        self.excusals = await excuses.of_campaign(session, tenant_id, campaign_id)
        self.cleared = await clearances(session, tenant_id, campaign_id)

    def _take_verdicts(self, rows: Sequence[Row[Any]], paused: set[UUID]) -> None:
        for row in rows:
            if row.disputed:
                self.disputed.add((row.employee_id, DutyKind(row.duty_kind)))
            lacking = row.verdict == Verdict.UNMET or row.reason == Reason.ACCOUNT_UNVERIFIED
            if row.official_account_id in paused or not row.account_there or not lacking:
                continue
            self.unconfirmed[row.employee_id].add(row.official_account_id)

    def situation(self, row: Row[Any], duty: Duty) -> Situation:
        """What is so of one member and one duty."""
        campaign = self.campaign
        joined_at = jakarta_midnight(row.joined_on) if row.added else None
        begun_at = campaign.starts_at if joined_at is None else max(campaign.starts_at, joined_at)
        today = jakarta_day(self.now)
        return Situation(
            member=row.there,
            active=eligible(Standing(row.standing)),
            excused=excused_from(self.excusals.get(row.employee_id, ()), duty.id, today),
            disputed=(row.employee_id, duty.kind) in self.disputed,
            missing=self._missing(row, duty),
            begun_at=begun_at,
            due_at=due_at(
                campaign.starts_at,
                timedelta(days=campaign.grace_days),
                joined_at=joined_at,
                extended_to=jakarta_midnight(row.extended_to + DAY) if row.extended_to else None,
            ),
        )

    def _missing(self, row: Row[Any], duty: Duty) -> bool:
        if duty.kind is DutyKind.FOLLOW:
            return bool(self.unconfirmed.get(row.employee_id))
        if (row.employee_id, duty.id, None) in self.cleared:
            return False
        finding = judge_declare(
            DeclareEvidence(
                declaration=Declaration(row.declaration),
                accounts=tuple(self.accounts.get(row.employee_id, ())),
                platforms=tuple(Platform(each) for each in duty.platforms),
                each=duty.mode.value == "each",
                duty_id=duty.id,
            )
        )
        return finding.verdict is Verdict.UNMET and finding.reason in UNANSWERED


async def members(
    session: AsyncSession,
    campaign: Campaign,
    *,
    now: datetime,
    among: Sequence[UUID] | None = None,
) -> Iterator[Member]:
    """The roster, or some of it, as things stand: declarations count at once, unevaluated."""
    facts = _Facts(campaign, now)
    await facts.read(session, among)
    duties = await campaigns.duties(session, campaign.tenant_id, campaign.id)
    where = {"tenant_id": campaign.tenant_id, "campaign_id": campaign.id, "among": among}
    rows = (await session.execute(MEMBERS, {**where, "now": now})).all()
    return (_member(facts, row, duties) for row in rows)


def _member(facts: _Facts, row: Row[Any], duties: Sequence[Duty]) -> Member:
    held = ((Channel.EMAIL, row.has_email), (Channel.WHATSAPP, row.has_phone))
    return Member(
        employee_id=row.employee_id,
        name=row.name,
        ancestors=row.ancestors,
        contact_set_at=row.contact_set_at,
        addresses=frozenset(channel for channel, there in held if there),
        situations={duty.kind: facts.situation(row, duty) for duty in duties},
        unconfirmed=frozenset(facts.unconfirmed.get(row.employee_id, ())),
    )


async def below(session: AsyncSession, campaign: Campaign, unit_id: UUID) -> Sequence[UUID]:
    """The members in a unit and everything below it."""
    where = {"tenant_id": campaign.tenant_id, "campaign_id": campaign.id, "unit_id": unit_id}
    return (await session.scalars(BELOW, where)).all()


async def history(
    session: AsyncSession, campaign: Campaign, *, among: Sequence[UUID] | None = None
) -> History:
    """What has been planned and sent for a campaign so far."""
    wanted = select(
        Reminder.recipient, Reminder.employee_id, Reminder.unit_id, Reminder.duty_kind,
        Reminder.channel, Reminder.number, Reminder.slot, Reminder.planned_for, Reminder.state,
        Reminder.finished_at,
    ).where(
        Reminder.tenant_id == campaign.tenant_id, Reminder.campaign_id == campaign.id
    )  # fmt: skip
    if among is not None:
        wanted = wanted.where(one_of(Reminder.employee_id, among))
    rows: dict[Whose, list[Any]] = defaultdict(list)
    undelivered: dict[tuple[UUID, Channel], datetime] = {}
    for row in await session.execute(wanted.order_by(Reminder.number)):
        rows[row.recipient, row.employee_id, row.unit_id, row.duty_kind].append(row)
        if row.state is State.UNDELIVERABLE:
            key = (row.employee_id, row.channel)
            undelivered[key] = max(row.finished_at, undelivered.get(key, row.finished_at))
    return History({whose: past_of(each) for whose, each in rows.items()}, undelivered)


def past_of(rows: Sequence[Any]) -> Past:
    """The reminders of one person and duty, in order of number, as the rules see them."""
    counted = [each for each in rows if each.state is not State.STOPPED]
    return Past(
        last_number=rows[-1].number,
        counted=len(counted),
        waiting=any(each.finished_at is None for each in rows),
        last_slot=max(each.slot for each in rows),
        last_at=max((each.finished_at or each.planned_for for each in counted), default=None),
        sent_at=tuple(sorted(each.finished_at for each in rows if each.state is State.SENT)),
    )
