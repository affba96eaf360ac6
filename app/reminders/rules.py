"""Who may be reminded, when, and what comes of a failed delivery; pure.

Nobody is reminded of what is not asked of them, is not due, or is under dispute; nothing is sent
in quiet hours; and no reminder is ever made up for a time that has passed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum

ONE_DAY = timedelta(days=1)
SATURDAY = 5
FIRST_DELAY = timedelta(minutes=1)
LONGEST_DELAY = timedelta(hours=4)
DELAY_GROWS = 4
MAX_ATTEMPTS = 8


class Recipient(StrEnum):
    """Whom a reminder goes to."""

    EMPLOYEE = "employee"
    HEAD = "head"


class Channel(StrEnum):
    """How a reminder travels."""

    EMAIL = "email"
    WHATSAPP = "whatsapp"


class FirstFrom(StrEnum):
    """What the days until the first reminder are counted from."""

    START = "start"
    DUE = "due"


class State(StrEnum):
    """What has become of a reminder; the last four are final."""

    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    STOPPED = "stopped"
    UNDELIVERABLE = "undeliverable"


class Withheld(StrEnum):
    """Why nobody is reminded; a planned reminder is stopped by the same reasons."""

    PLAN_OFF = "plan_off"
    PLAN_CHANGED = "plan_changed"
    CAMPAIGN_NOT_RUNNING = "campaign_not_running"
    NEUTRALITY_WINDOW = "neutrality_window"
    LEFT_CAMPAIGN = "left_campaign"
    NOT_ACTIVE = "not_active"
    EXCUSED = "excused"
    DISPUTED = "disputed"
    NOTHING_MISSING = "nothing_missing"
    NOT_DUE_YET = "not_due_yet"
    NO_CHANNEL = "no_channel"
    NO_ADDRESS = "no_address"
    ADDRESS_UNDELIVERABLE = "address_undeliverable"
    ALREADY_PLANNED = "already_planned"
    AT_MOST_REACHED = "at_most_reached"
    NOT_ITS_TURN = "not_its_turn"
    NO_HEAD = "no_head"


class Trouble(StrEnum):
    """Why a delivery failed; a closed list, since a server's own words may quote an address."""

    CHANNEL_OFF = "channel_off"
    UNREACHABLE = "unreachable"
    TIMED_OUT = "timed_out"
    BROKE_OFF = "broke_off"
    TRY_LATER = "try_later"
    SERVER_ERROR = "server_error"
    CREDENTIALS_REFUSED = "credentials_refused"
    SENDER_REFUSED = "sender_refused"
    MESSAGE_REFUSED = "message_refused"
    RECIPIENT_REFUSED = "recipient_refused"
    ADDRESS_UNREADABLE = "address_unreadable"


# A mended set-up makes good what the others cannot: these say that this message never will arrive.
PERMANENT: Mapping[Trouble, State] = {
    Trouble.RECIPIENT_REFUSED: State.UNDELIVERABLE,
    Trouble.MESSAGE_REFUSED: State.FAILED,
}


@dataclass(frozen=True, slots=True)
class Quiet:
    """When nothing is sent: from one time of day to another in a zone, and on whole days off.

    The same time twice means no quiet hours.
    """

    starts: time
    ends: time
    weekends: bool
    holidays: frozenset[date]
    zone: tzinfo

    def day_off(self, day: date) -> bool:
        return day in self.holidays or (self.weekends and day.weekday() >= SATURDAY)

    def hushed(self, at: time) -> bool:
        """Whether a time of day is quiet; the end is not any more."""
        if self.starts <= self.ends:
            return self.starts <= at < self.ends
        return at >= self.starts or at < self.ends


def is_quiet(quiet: Quiet, moment: datetime) -> bool:
    """Whether nothing may be sent at a moment."""
    local = moment.astimezone(quiet.zone)
    return quiet.day_off(local.date()) or quiet.hushed(local.time())


def next_allowed(quiet: Quiet, moment: datetime) -> datetime:
    """The first moment from then on at which something may be sent."""
    while is_quiet(quiet, moment):
        local = moment.astimezone(quiet.zone)
        day = local.date()
        # At the end of a quiet time of the same day, or else at the start of the next day.
        if not quiet.day_off(day) and quiet.hushed(local.time()) and local.time() < quiet.ends:
            later = datetime.combine(day, quiet.ends, quiet.zone)
        else:
            later = datetime.combine(day + ONE_DAY, time(), quiet.zone)
        moment = later.astimezone(moment.tzinfo)
    return moment


@dataclass(frozen=True, slots=True)
class Plan:
    """What an officer has decided; it counts from `counts_from` on, and never before."""

    enabled: bool
    channels: tuple[Channel, ...]
    first_from: FirstFrom
    first_after: timedelta
    every: timedelta
    at_most: int
    escalate_after: int | None
    ahead_of_due: bool
    quiet: Quiet
    counts_from: datetime


@dataclass(frozen=True, slots=True)
class Course:
    """A campaign's window, and whether an election window silences it."""

    starts_at: datetime
    ends_at: datetime
    silenced: bool


@dataclass(frozen=True, slots=True)
class Situation:
    """What is so of one employee and one duty at a moment."""

    member: bool
    active: bool
    excused: bool
    disputed: bool
    missing: bool
    begun_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Reach:
    """By which channels somebody can be reached; `failed` are those that did not take a message."""

    addresses: frozenset[Channel]
    failed: frozenset[Channel] = frozenset()


@dataclass(frozen=True, slots=True)
class Past:
    """The reminders of one person and duty so far.

    Those that were stopped are not `counted`, but their slot is over. `sent_at` is in order.
    """

    last_number: int = 0
    counted: int = 0
    waiting: bool = False
    last_slot: datetime | None = None
    last_at: datetime | None = None
    sent_at: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """A reminder to be planned: the slot that it is for, when it may go, and how."""

    slot: datetime
    planned_for: datetime
    channel: Channel
    number: int


def silenced(plan: Plan, course: Course, *, now: datetime) -> Withheld | None:
    """Why a campaign reminds nobody at all at a moment; None where it may."""
    if not plan.enabled:
        return Withheld.PLAN_OFF
    if not course.starts_at <= now < course.ends_at:
        return Withheld.CAMPAIGN_NOT_RUNNING
    return Withheld.NEUTRALITY_WINDOW if course.silenced else None


def spared(plan: Plan, situation: Situation, *, now: datetime) -> Withheld | None:
    """Why one employee is not to be reminded of a duty; None where the reason for it holds."""
    early = now < situation.due_at and not plan.ahead_of_due
    reasons = (
        (not situation.member, Withheld.LEFT_CAMPAIGN),
        (not situation.active, Withheld.NOT_ACTIVE),
        (situation.excused, Withheld.EXCUSED),
        (situation.disputed, Withheld.DISPUTED),
        (not situation.missing, Withheld.NOTHING_MISSING),
        (early, Withheld.NOT_DUE_YET),
    )
    return next((why for holds, why in reasons if holds), None)


def first_turn(plan: Plan, situation: Situation) -> datetime:
    """When the first reminder of somebody falls; the others follow it at equal distances."""
    if plan.first_from is FirstFrom.DUE:
        wanted = situation.due_at - plan.first_after
    else:
        wanted = situation.begun_at + plan.first_after
    earliest = situation.begun_at if plan.ahead_of_due else situation.due_at
    return max(wanted, earliest)


def present_slot(first: datetime, every: timedelta, now: datetime) -> datetime | None:
    """The latest slot that has come; None before the first."""
    return None if now < first else first + every * ((now - first) // every)


def next_slot(first: datetime, every: timedelta, after: datetime) -> datetime:
    """The first slot later than a moment."""
    return first if after < first else first + every * ((after - first) // every + 1)


def channel_for(plan: Plan, on: frozenset[Channel], reach: Reach) -> Channel | Withheld:
    """The first channel of the plan that is set up and reaches somebody, or why none does."""
    usable = [each for each in plan.channels if each in on]
    if not usable:
        return Withheld.NO_CHANNEL
    known = [each for each in usable if each in reach.addresses]
    if not known:
        return Withheld.NO_ADDRESS
    open_to_us = [each for each in known if each not in reach.failed]
    return open_to_us[0] if open_to_us else Withheld.ADDRESS_UNDELIVERABLE


def turn(
    plan: Plan, first: datetime, past: Past, channel: Channel, *, now: datetime
) -> Turn | Withheld:
    """The reminder that is to be planned now, or why there is none.

    Only the latest slot counts, and only where the plan was already in force then: what was
    missed is not made up for. Two reminders lie at least the plan's distance apart.
    """
    if past.waiting:
        return Withheld.ALREADY_PLANNED
    if past.counted >= plan.at_most:
        return Withheld.AT_MOST_REACHED
    slot = present_slot(first, plan.every, now)
    if slot is None or slot < plan.counts_from:
        return Withheld.NOT_ITS_TURN
    if past.last_slot is not None and slot <= past.last_slot:
        return Withheld.NOT_ITS_TURN
    planned_for = next_allowed(plan.quiet, now)
    if past.last_at is not None and planned_for < past.last_at + plan.every:
        return Withheld.NOT_ITS_TURN
    return Turn(slot, planned_for, channel, past.last_number + 1)


def escalated_at(plan: Plan, past: Past) -> datetime | None:
    """From when on a unit's head is told that somebody has not answered; None: not at all.

    It takes as many reminders as the plan says, and one more distance without an answer.
    """
    if plan.escalate_after is None or len(past.sent_at) < plan.escalate_after:
        return None
    moment = past.sent_at[plan.escalate_after - 1] + plan.every
    return moment if moment >= plan.counts_from else None


def outlived(plan: Plan, slot: datetime) -> bool:
    """Whether a waiting reminder was planned under a plan that has been changed since."""
    return slot < plan.counts_from


def delay(attempts: int, share: float) -> timedelta:
    """How long to wait after that many attempts; `share` in [0, 1) spreads it by a quarter."""
    times: int = DELAY_GROWS ** (min(max(attempts, 1), MAX_ATTEMPTS) - 1)
    return min(FIRST_DELAY * times, LONGEST_DELAY) * (0.75 + share / 2)


def after_failure(
    trouble: Trouble, attempts: int, *, quiet: Quiet, now: datetime, share: float
) -> State | datetime:
    """What follows a failed attempt: the state that ends it, or when to try again."""
    ended = PERMANENT.get(trouble)
    if ended is not None:
        return ended
    if attempts >= MAX_ATTEMPTS:
        return State.FAILED
    return next_allowed(quiet, now + delay(attempts, share))
