"""What planning finds at one moment: whose turn it is, and why it is not that of the others."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.campaigns.models import Campaign, DutyKind
from app.contacts import queries as contacts
from app.contacts.models import EmployeeContact
from app.contacts.rules import nearest_head
from app.core.clock import JAKARTA, jakarta_day
from app.core.db import among as one_of
from app.employees.models import Employee
from app.employees.rules import eligible
from app.reminders import situations
from app.reminders.models import ReminderPlan
from app.reminders.rules import (
    Channel,
    Course,
    FirstFrom,
    Plan,
    Quiet,
    Recipient,
    Turn,
    Withheld,
    channel_for,
    escalated_at,
    first_turn,
    next_slot,
    outlived,
    silenced,
    spared,
    turn,
)
from app.reminders.situations import History, Member, Whose

# The unit and its head who are told of somebody.
Place = tuple[UUID, UUID]


def as_plan(row: ReminderPlan) -> Plan:
    """A stored plan as the rules see it."""
    return Plan(
        enabled=row.enabled,
        channels=tuple(Channel(each) for each in row.channels),
        first_from=FirstFrom(row.first_from),
        first_after=timedelta(days=row.first_after_days),
        every=timedelta(days=row.every_days),
        at_most=row.at_most,
        escalate_after=row.escalate_after,
        ahead_of_due=row.ahead_of_due,
        quiet=Quiet(
            row.quiet_from,
            row.quiet_until,
            row.quiet_weekends,
            frozenset(row.holidays),
            JAKARTA,
        ),
        counts_from=row.counts_from,
    )


@dataclass(frozen=True, slots=True)
class HeadNow:
    """A unit's head of today, and how they can be reached."""

    employee_id: UUID
    active: bool
    addresses: frozenset[Channel]
    contact_set_at: datetime | None


@dataclass(slots=True)
class Outlook:
    """The facts of one moment, and what follows from them. Counters say how many, and why not."""

    plan: Plan
    course: Course
    duties: frozenset[DutyKind]
    members: Mapping[UUID, Member]
    history: History
    heads: Mapping[UUID, HeadNow]
    unanswered: Mapping[Place, Sequence[Member]] = field(default_factory=dict)
    turns: dict[Whose, Turn] = field(default_factory=dict)
    withheld: dict[DutyKind, Counter[Withheld]] = field(default_factory=dict)
    digests_withheld: Counter[Withheld] = field(default_factory=Counter)
    next_at: datetime | None = None

    def soon(self, moment: datetime) -> None:
        """Remember the earliest turn that is still to come."""
        self.next_at = moment if self.next_at is None else min(self.next_at, moment)

    def unanswered_since(self, member: Member) -> datetime | None:
        """From when on a head is told of a member's missing declaration; None: not at all."""
        whose = (Recipient.EMPLOYEE, member.employee_id, None, DutyKind.DECLARE)
        return escalated_at(self.plan, self.history.past(whose))


async def look(
    session: AsyncSession,
    campaign: Campaign,
    row: ReminderPlan,
    *,
    now: datetime,
    among: Sequence[UUID] | None = None,
) -> Outlook:
    """The facts about a campaign's members, or about some of them."""
    found = await situations.members(session, campaign, now=now, among=among)
    outlook = Outlook(
        plan=as_plan(row),
        course=await situations.course_of(session, campaign, now=now),
        duties=frozenset(DutyKind(each) for each in row.duties),
        members={each.employee_id: each for each in found},
        history=await situations.history(session, campaign, among=among),
        heads=await heads_now(session, campaign.tenant_id, now=now),
    )
    outlook.unanswered = _unanswered(outlook, now)
    return outlook


def take_turns(outlook: Outlook, on: frozenset[Channel], *, now: datetime) -> None:
    """Find whose turn it is now, with the channels that are set up."""
    quiet_all = silenced(outlook.plan, outlook.course, now=now)
    for duty in sorted(outlook.duties):
        counts = outlook.withheld[duty] = Counter()
        for member in outlook.members.values():
            if duty not in member.situations:
                continue
            found = quiet_all or _employee_turn(outlook, member, duty, on, now)
            if isinstance(found, Turn):
                outlook.turns[Recipient.EMPLOYEE, member.employee_id, None, duty] = found
            else:
                counts[found] += 1
    if quiet_all is None:
        _digest_turns(outlook, on, now)


def _spared(outlook: Outlook, member: Member, duty: DutyKind, now: datetime) -> Withheld | None:
    situation = member.situations[duty]
    # Ahead of the due date there is only information about declarations.
    if duty is DutyKind.FOLLOW and now < situation.due_at:
        return Withheld.NOT_DUE_YET
    return spared(outlook.plan, situation, now=now)


def _employee_turn(
    outlook: Outlook, member: Member, duty: DutyKind, on: frozenset[Channel], now: datetime
) -> Turn | Withheld:
    why = _spared(outlook, member, duty, now)
    if why is not None:
        return why
    reach = outlook.history.reach(member.employee_id, member.addresses, member.contact_set_at)
    channel = channel_for(outlook.plan, on, reach)
    if isinstance(channel, Withheld):
        return channel
    past = outlook.history.past((Recipient.EMPLOYEE, member.employee_id, None, duty))
    first = first_turn(outlook.plan, member.situations[duty])
    found = turn(outlook.plan, first, past, channel, now=now)
    if found is Withheld.NOT_ITS_TURN:
        outlook.soon(next_slot(first, outlook.plan.every, now))
    return found


def _unanswered(outlook: Outlook, now: datetime) -> Mapping[Place, Sequence[Member]]:
    """Those who have not answered as many reminders as the plan says, by who is told of them."""
    found: dict[Place, list[Member]] = defaultdict(list)
    heads = {unit: head.employee_id for unit, head in outlook.heads.items()}
    for member in outlook.members.values():
        situation = member.situations.get(DutyKind.DECLARE)
        # A head is told of nobody before the due date, whatever the plan says of employees.
        if situation is None or now < situation.due_at:
            continue
        since = outlook.unanswered_since(member)
        if since is None or since > now or spared(outlook.plan, situation, now=now) is not None:
            continue
        place = nearest_head(member.ancestors, heads, other_than=member.employee_id)
        if place is None:
            outlook.digests_withheld[Withheld.NO_HEAD] += 1
        else:
            found[place].append(member)
    return found


def _digest_turns(outlook: Outlook, on: frozenset[Channel], now: datetime) -> None:
    if DutyKind.DECLARE not in outlook.duties:
        return
    for (unit_id, head_id), people in outlook.unanswered.items():
        found = _digest_turn(outlook, (unit_id, head_id), people, on, now)
        if isinstance(found, Turn):
            outlook.turns[Recipient.HEAD, head_id, unit_id, DutyKind.DECLARE] = found
        else:
            outlook.digests_withheld[found] += 1


def _digest_turn(
    outlook: Outlook,
    place: Place,
    people: Sequence[Member],
    on: frozenset[Channel],
    now: datetime,
) -> Turn | Withheld:
    unit_id, head_id = place
    head = outlook.heads[unit_id]
    if not head.active:
        return Withheld.NOT_ACTIVE
    reach = outlook.history.reach(head_id, head.addresses, head.contact_set_at)
    channel = channel_for(outlook.plan, on, reach)
    if isinstance(channel, Withheld):
        return channel
    past = outlook.history.past((Recipient.HEAD, head_id, unit_id, DutyKind.DECLARE))
    first = min(since for each in people if (since := outlook.unanswered_since(each)) is not None)
    return turn(outlook.plan, first, past, channel, now=now)


async def heads_now(
    session: AsyncSession, tenant_id: UUID, *, now: datetime
) -> Mapping[UUID, HeadNow]:
    """The heads of today by unit."""
    heads = await contacts.heads_on(session, tenant_id, jakarta_day(now))
    rows = await session.execute(
        select(
            Employee.id,
            Employee.standing,
            EmployeeContact.email.is_not(None).label("has_email"),
            EmployeeContact.phone.is_not(None).label("has_phone"),
            EmployeeContact.set_at,
        )
        .outerjoin(
            EmployeeContact,
            (EmployeeContact.tenant_id == Employee.tenant_id)
            & (EmployeeContact.employee_id == Employee.id),
        )
        .where(Employee.tenant_id == tenant_id, one_of(Employee.id, set(heads.values())))
    )
    people = {
        row.id: HeadNow(
            row.id,
            eligible(row.standing),
            frozenset(
                channel
                for channel, there in (
                    (Channel.EMAIL, row.has_email),
                    (Channel.WHATSAPP, row.has_phone),
                )
                if there
            ),
            row.set_at,
        )
        for row in rows
    }
    return {unit: people[head] for unit, head in heads.items()}


def ended(
    outlook: Outlook, whose: Whose, channel: Channel, slot: datetime, *, now: datetime
) -> Withheld | None:
    """Why a waiting reminder is not to be sent any more; None where its reason still holds."""
    recipient, employee_id, unit_id, duty = whose
    plan = outlook.plan
    why = silenced(plan, outlook.course, now=now)
    if why is not None:
        return why
    if outlived(plan, slot) or duty not in outlook.duties or channel not in plan.channels:
        return Withheld.PLAN_CHANGED
    if recipient is Recipient.HEAD:
        return _digest_ended(outlook, employee_id, unit_id)
    member = outlook.members.get(employee_id)
    if member is None or duty not in member.situations:
        return Withheld.LEFT_CAMPAIGN
    return _spared(outlook, member, duty, now)


def _digest_ended(outlook: Outlook, head_id: UUID, unit_id: UUID | None) -> Withheld | None:
    head = outlook.heads.get(unit_id) if unit_id is not None else None
    if head is None or head.employee_id != head_id:
        return Withheld.NO_HEAD
    if not head.active:
        return Withheld.NOT_ACTIVE
    told = unit_id is not None and (unit_id, head_id) in outlook.unanswered
    return None if told else Withheld.NOTHING_MISSING
