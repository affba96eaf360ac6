"""How growth is counted: intervals of whole numbers and exact fractions, never floats; pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import takewhile

from app.observations.rules import CountInterval

# How long evidence counts as fresh where no campaign says otherwise.
STALE_AFTER_DAYS = 30
# Below this many people a number says too much about each of them.
FEWEST = 5


def too_few(people: int) -> bool:
    """Whether a number about so many people tells of each one; that of nobody tells nothing."""
    return 0 < people < FEWEST


class ImpossibleInterval(ValueError):
    """An interval runs from its minimum up to its maximum."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A number, possibly negative, that lies in [min, max], both ends included."""

    min: int
    max: int

    def __post_init__(self) -> None:
        if self.min > self.max:
            raise ImpossibleInterval(ImpossibleInterval.__doc__)


@dataclass(frozen=True, slots=True)
class ShareInterval:
    """A share that lies in [min, max]; 1 is the whole."""

    min: Fraction
    max: Fraction

    def __post_init__(self) -> None:
        if self.min > self.max:
            raise ImpossibleInterval(ImpossibleInterval.__doc__)


class Proof(StrEnum):
    """Whether a statement holds for every number of an interval, for none, or for some."""

    PROVEN = "proven"
    REFUTED = "refuted"
    UNDECIDABLE = "undecidable"


@dataclass(frozen=True, slots=True)
class Growth:
    """How far a count has come.

    `share` is None where the baseline may have been zero, `attainment` and `shortfall` where
    nothing was expected.
    """

    gain: Interval
    share: ShareInterval | None
    attainment: ShareInterval | None
    shortfall: CountInterval | None


def gain_between(baseline: CountInterval, current: CountInterval) -> Interval:
    """How many more there are now; negative where there are fewer."""
    return Interval(current.min - baseline.max, current.max - baseline.min)


def growth(baseline: CountInterval, current: CountInterval, expected_gain: int | None) -> Growth:
    """The growth from a baseline; an expected gain of zero expects nothing."""
    gain = gain_between(baseline, current)
    if not expected_gain:
        return Growth(gain, _growth_share(baseline, current), None, None)
    return Growth(
        gain,
        _growth_share(baseline, current),
        ShareInterval(Fraction(gain.min, expected_gain), Fraction(gain.max, expected_gain)),
        CountInterval(max(0, expected_gain - gain.max), max(0, expected_gain - gain.min)),
    )


def _growth_share(baseline: CountInterval, current: CountInterval) -> ShareInterval | None:
    if baseline.min == 0:
        return None
    # (current - baseline) / baseline rises with current and falls with baseline, so its extremes
    # lie at opposite ends. Dividing the gain's interval by the baseline's would be too wide.
    return ShareInterval(
        Fraction(current.min - baseline.max, baseline.max),
        Fraction(current.max - baseline.min, baseline.min),
    )


def percent(share: Fraction) -> Decimal:
    """A share as percent, rounded half-even to 2 decimals; the only place that rounds."""
    return Decimal(f"{round(share * 10_000)}e-2")


def below(interval: ShareInterval, threshold: Fraction) -> Proof:
    """Whether a share is less than a threshold."""
    if interval.max < threshold:
        return Proof.PROVEN
    return Proof.REFUTED if interval.min >= threshold else Proof.UNDECIDABLE


@dataclass(frozen=True, slots=True)
class CohortFollows:
    """Members of a cohort by what is known of their follow at the end of a window.

    The four groups are disjoint: the follow began inside the window; it began before and lasts;
    it lasts but nobody knows since when; nobody knows whether there is one.
    """

    began_inside: int
    began_before: int
    began_unknown: int
    membership_unknown: int


@dataclass(frozen=True, slots=True)
class Attribution:
    """Who a gain consists of.

    `cohort_before` can never add to the gain and is no part of it. `other` is everything else
    that moved the count: citizens who came, less everyone who left, members too; it is negative
    where more people left than other people came.
    """

    cohort_new: CountInterval
    cohort_before: CountInterval
    other: Interval


def attribution(gain: Interval, follows: CohortFollows) -> Attribution:
    """Bounds of the cohort's part in a gain."""
    open_question = follows.began_unknown + follows.membership_unknown
    new = CountInterval(follows.began_inside, follows.began_inside + open_question)
    before = CountInterval(follows.began_before, follows.began_before + open_question)
    return Attribution(new, before, Interval(gain.min - new.max, gain.max - new.min))


def reachable_gain(
    cohort: int, already_following: CountInterval, excused: int, no_account: int
) -> CountInterval:
    """How many members can still be new followers; the groups left out must not overlap."""
    left = cohort - excused - no_account
    return CountInterval(max(0, left - already_following.max), max(0, left - already_following.min))


@dataclass(frozen=True, slots=True)
class Reading:
    """A published count and when it was read."""

    at: datetime
    count: CountInterval


@dataclass(frozen=True, slots=True)
class Window:
    """From when until when a campaign runs."""

    starts_at: datetime
    ends_at: datetime


def due_at(
    starts_at: datetime,
    grace: timedelta,
    *,
    joined_at: datetime | None,
    extended_to: datetime | None,
) -> datetime:
    """From when on a member can be late: after grace, or when their extension has run out.

    `joined_at` is None for the frozen roster, whom the campaign's start concerns; who was added
    later has the whole grace from then on. An extension never makes the time shorter.
    """
    begun = starts_at if joined_at is None else max(starts_at, joined_at)
    return max(begun + grace, extended_to or begun)


def window_fault(
    old: tuple[datetime, timedelta], new: tuple[datetime, timedelta], *, now: datetime
) -> str | None:
    """Why a campaign's start and grace cannot be changed so; None where they can.

    What has begun keeps its baseline, and nobody becomes late by a change that looks back.
    """
    if new[0] != old[0] and min(old[0], new[0]) <= now:
        return "starts_at"
    shorter = new[0] + new[1] < old[0] + old[1]
    return "grace_days" if shorter and new[0] + new[1] <= now else None


@dataclass(frozen=True, slots=True)
class Pace:
    """When a target is reached; None: never at this pace, or not known.

    `plateau` says that the count is proven not to have grown in the 7 days up to its latest
    reading; False may also mean that this is not known.
    """

    reached_from: datetime | None
    reached_until: datetime | None
    plateau: bool


PACE_SPAN = timedelta(days=7)
# One busy hour is no pace.
SHORTEST_SPAN = timedelta(days=1)
# Beyond a century a forecast means "never", and dates would soon run out.
LONGEST_FORECAST = timedelta(days=36_525)
_TICK = timedelta(microseconds=1)


def pace(
    readings: Iterable[Reading], expected_gain: int | None, window: Window, *, now: datetime
) -> Pace:
    """When baseline and expected gain are reached if the last 7 days' pace goes on.

    `readings` include the baseline: the last one at or before the window's start. A window that
    has ended is judged as of its end. Where readings do not reach back 7 days, the first is used.
    """
    until = min(now, window.ends_at)
    known = sorted((each for each in readings if each.at <= until), key=lambda each: each.at)
    if not known:
        return Pace(None, None, plateau=False)
    latest = known[-1]
    week_ago = _last_by(known, latest.at - PACE_SPAN)
    plateau = week_ago is not None and gain_between(week_ago.count, latest.count).max <= 0
    baseline = _last_by(known, window.starts_at)
    if not expected_gain or baseline is None:
        return Pace(None, None, plateau=plateau)
    low, high = baseline.count.min + expected_gain, baseline.count.max + expected_gain
    reference = week_ago or known[0]
    gained = gain_between(reference.count, latest.count)
    span = latest.at - reference.at
    current = span >= SHORTEST_SPAN and until - latest.at <= PACE_SPAN
    earliest = latest_end = None
    if current:
        earliest = _after(latest.at, low - latest.count.max, gained.max, span)
        latest_end = _after(latest.at, high - latest.count.min, gained.min, span)
    return Pace(
        _reached_since(known, lambda count: count.max >= low) or earliest,
        _reached_since(known, lambda count: count.min >= high) or latest_end,
        plateau=plateau,
    )


def _last_by(readings: Sequence[Reading], moment: datetime) -> Reading | None:
    return next((each for each in reversed(readings) if each.at <= moment), None)


def _reached_since(
    readings: Sequence[Reading], reached: Callable[[CountInterval], bool]
) -> datetime | None:
    """The first of the unbroken run of readings, up to the latest, that reach the target."""
    run = list(takewhile(lambda each: reached(each.count), reversed(readings)))
    return run[-1].at if run else None


def _after(start: datetime, to_go: int, gained: int, span: timedelta) -> datetime | None:
    """When what is still to go has come, if `gained` come in every `span`."""
    if gained <= 0:
        return None
    # Rounded up, to the microsecond.
    ticks = -(-to_go * (span // _TICK) // gained)
    if ticks > LONGEST_FORECAST // _TICK:
        return None
    return start + ticks * _TICK
