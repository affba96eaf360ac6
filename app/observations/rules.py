"""What a count and a follower list are worth; pure."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never
from uuid import UUID

from app.platforms.base import Precision
from app.platforms.numbers import ReadCount


class ImpossibleCount(ValueError):
    """A count lies between 0 and its maximum."""


class UnreadableCount(ValueError):
    """The text is not an abbreviated count such as 7,2 rb or 1,5 jt."""


@dataclass(frozen=True, slots=True)
class CountInterval:
    """A count that is known to lie in [min, max], both ends included."""

    min: int
    max: int

    def __post_init__(self) -> None:
        if not 0 <= self.min <= self.max:
            raise ImpossibleCount(ImpossibleCount.__doc__)


def exact(count: int) -> CountInterval:
    """A count that was published in full."""
    return CountInterval(count, count)


def truncated(count: int, figures: int = 3) -> CountInterval:
    """A count that was cut down to its leading figures, as YouTube does.

    Raises:
        ImpossibleCount: it shows more figures than that, so it was not cut down.
    """
    step = 10 ** max(0, len(str(count)) - figures)
    if count % step:
        raise ImpossibleCount(ImpossibleCount.__doc__)
    return CountInterval(count, count + step - 1)


# M is left out: it is 10^9 to an Indonesian page and 10^6 to an English one.
_UNITS: Mapping[str, int] = {
    "rb": 10**3,
    "ribu": 10**3,
    "jt": 10**6,
    "juta": 10**6,
    "miliar": 10**9,
}
_ABBREVIATED = re.compile(r"([0-9]{1,3})(?:,([0-9]{1,3}))?\s?([a-z]+)")


def rounded(text: str) -> CountInterval:
    """A count that an Indonesian page rounded to the figures it shows; halves go up.

    Raises:
        UnreadableCount: it is not one.
    """
    found = _ABBREVIATED.fullmatch(text.strip().lower())
    unit = _UNITS.get(found[3]) if found else None
    if found is None or unit is None:
        raise UnreadableCount(UnreadableCount.__doc__)
    decimals = found[2] or ""
    step = unit // 10 ** len(decimals)
    shown = int(found[1] + decimals) * step
    return CountInterval(max(0, shown - step // 2), shown + (step + 1) // 2 - 1)


def may_mean(written: Sequence[ReadCount], claimed: CountInterval, precision: Precision) -> bool:
    """Whether a text can stand for a count that somebody attests; `written` is all it may mean.

    A shortened text never stands for an exact count.
    """
    return any(
        each.least <= claimed.max
        and claimed.min <= each.most
        and (precision is not Precision.EXACT or each.precision is Precision.EXACT)
        for each in written
    )


def suspicious_fall(previous_max: int, new_max: int) -> bool:
    """Whether a count has fallen by 90 % or more, which is more often a fault than the truth."""
    return previous_max > 0 and 10 * new_max <= previous_max


def confirms_fall(first_max: int, second_max: int) -> bool:
    """Whether a second low reading agrees with the first: neither is a fall from the other."""
    return not suspicious_fall(first_max, second_max) and not suspicious_fall(second_max, first_max)


def first_step(since: datetime, step: timedelta, midnight: datetime) -> datetime:
    """The start of the step that holds a moment, where steps are cut from a midnight before it."""
    return midnight + (since - midnight) // step * step


def cuts_days(step: timedelta) -> bool:
    """Whether steps of this length end at each midnight: some fill a day, or are whole days."""
    day = timedelta(days=1)
    return not (day % step if step < day else step % day)


@dataclass(frozen=True, slots=True)
class Gain:
    """How many more there are, in [min, max]; negative where there are fewer."""

    min: int
    max: int


def step_gains(counts: Sequence[CountInterval | None]) -> list[Gain | None]:
    """What each step has gained since the last step before it that has a count.

    A step without a count has no gain, and neither has the first with one. What was gained over a
    gap belongs to the step after it: nobody knows when in the gap it came.
    """
    gains: list[Gain | None] = []
    last: CountInterval | None = None
    for count in counts:
        if count is None or last is None:
            gains.append(None)
        else:
            gains.append(Gain(count.min - last.max, count.max - last.min))
        last = last if count is None else count
    return gains


class PollKind(StrEnum):
    """What a platform is asked: one official account's count, or existence, pairs, a list."""

    COUNT = "count"
    EXISTENCE = "existence"
    PAIRS = "pairs"
    LIST = "list"


class PairAnswer(StrEnum):
    """What a platform answers to "does this account follow that one?"."""

    FOLLOWS = "follows"
    DOES_NOT_FOLLOW = "does_not_follow"
    BLOCKED = "blocked"
    NOT_TOLD = "not_told"


class EvidenceKind(StrEnum):
    """What shows that an account follows or no longer does; its id goes with it."""

    FOLLOWER_LIST = "follower_list"
    PAIR_ANSWER = "pair_answer"


class EvidenceSource(StrEnum):
    """How an employee shows a follow, the strongest first; their mere word proves nothing."""

    SELF_EXPORT = "self_export"
    SCREENSHOT = "screenshot"
    SELF_DECLARED = "self_declared"


def proves(source: EvidenceSource) -> bool:
    """Whether what is shown so is a fact about a follow."""
    match source:
        case EvidenceSource.SELF_EXPORT | EvidenceSource.SCREENSHOT:
            return True
        case EvidenceSource.SELF_DECLARED:
            return False
        case _:
            assert_never(source)


# Sources of an answer by which an employee has shown that they follow.
SELF_EVIDENCE = frozenset(source for source in EvidenceSource if proves(source))


def could_hold(
    *,
    declared_at: datetime,
    platform_id: str | None,
    platform_id_since: datetime | None,
    matched_at: datetime,
    of_ids: bool,
) -> bool:
    """Whether a list matched at a moment could hold an account, by its handle or by its id."""
    if declared_at > matched_at:
        return False
    if not of_ids:
        return True
    return platform_id is not None and (platform_id_since is None or platform_id_since < matched_at)


def tells_of(
    *, declared_at: datetime, asked_at: datetime, recorded_at: datetime, by_employee: bool
) -> bool:
    """Whether an answer about a pair is about the account as it is declared now.

    A platform was asked about what was declared when it was asked. What an employee shows was held
    against what was declared when it was handed in, and tells of the same account before that.
    """
    return asked_at >= declared_at or (by_employee and recorded_at >= declared_at)


class Expectation(StrEnum):
    """What is known of a control account before any list is read."""

    PRESENT = "present"
    ABSENT = "absent"


class CertificateVerdict(StrEnum):
    """Whether a list holds every follower (`complete`), some (`partial`), or counts for nothing."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Control:
    """A control account, and whether a list that holds it would have shown it."""

    account_id: UUID
    expected: Expectation
    findable: bool


@dataclass(frozen=True, slots=True)
class ControlCounts:
    """How the control accounts stand on one list; the uncounted ones it could not have shown."""

    present_expected: int = 0
    present_found: int = 0
    absent_expected: int = 0
    absent_violations: int = 0
    controls_uncounted: int = 0


def count_controls(
    controls: Sequence[Control], matched: Collection[UUID], *, reached_end: bool
) -> ControlCounts:
    """Check a list against the control accounts; one that broke off shows only whom it holds."""
    found = [each.expected for each in controls if each.account_id in matched]
    missed = [
        each.expected
        for each in controls
        if each.account_id not in matched and each.findable and reached_end
    ]
    counted = [*found, *missed]
    return ControlCounts(
        present_expected=counted.count(Expectation.PRESENT),
        present_found=found.count(Expectation.PRESENT),
        absent_expected=counted.count(Expectation.ABSENT),
        absent_violations=found.count(Expectation.ABSENT),
        controls_uncounted=len(controls) - len(counted),
    )


class CertificateReason(StrEnum):
    """Why a list is not complete; in the order in which reasons are given."""

    TRUNCATED = "truncated"
    CONTROL_FAILED = "control_failed"
    EMPTY_LIST = "empty_list"
    NO_COUNT = "no_count"
    FEWER_THAN_COUNT = "fewer_than_count"
    MORE_THAN_COUNT = "more_than_count"
    COUNT_MISMATCH = "count_mismatch"
    DATE_RANGE = "date_range"


@dataclass(frozen=True, slots=True)
class ListFacts:
    """What is known of one list.

    The counts are the readings nearest before and after it. Controls are known followers, who
    must be on it, and known non-followers, who must not (`..._absent_violations` were on it).
    """

    listed: int
    count_before: CountInterval | None
    count_after: CountInterval | None
    reached_end: bool
    oldest_entry: datetime | None
    taken_at: datetime
    account_opened_at: datetime | None = None
    controls_expected_present: int = 0
    controls_found_present: int = 0
    controls_expected_absent: int = 0
    controls_found_absent_violations: int = 0

    @property
    def count(self) -> CountInterval | None:
        """What the counts before and after allow the true count to have been."""
        readings = [each for each in (self.count_before, self.count_after) if each is not None]
        if not readings:
            return None
        return CountInterval(min(each.min for each in readings), max(each.max for each in readings))

    @property
    def wanted(self) -> int:
        """How many a complete list must hold: as many as either count says, before or after."""
        readings = (self.count_before, self.count_after)
        return max((each.min for each in readings if each is not None), default=0)


@dataclass(frozen=True, slots=True)
class Certificate:
    """How far a list can be trusted, and every reason why not further."""

    verdict: CertificateVerdict
    reasons: tuple[CertificateReason, ...]


# An export of "the last year" ends within 365 days; 35 more allow for a slow delivery.
DATE_RANGE_REACH = timedelta(days=400)
# An account of that age without a single follower would be strange.
DATE_RANGE_SILENCE = timedelta(days=60)


def certify(facts: ListFacts) -> Certificate:
    """Whether absence from a list can be evidence; the worst of its reasons decides."""
    reasons = tuple(_reasons(facts))
    if not reasons:
        return Certificate(CertificateVerdict.COMPLETE, ())
    void = any(_voids(reason) for reason in reasons)
    return Certificate(CertificateVerdict.VOID if void else CertificateVerdict.PARTIAL, reasons)


def _voids(reason: CertificateReason) -> bool:
    match reason:
        case (
            CertificateReason.CONTROL_FAILED
            | CertificateReason.EMPTY_LIST
            | CertificateReason.COUNT_MISMATCH
        ):
            return True
        case (
            CertificateReason.TRUNCATED
            | CertificateReason.NO_COUNT
            | CertificateReason.FEWER_THAN_COUNT
            | CertificateReason.MORE_THAN_COUNT
            | CertificateReason.DATE_RANGE
        ):
            return False
        case _:
            assert_never(reason)


def _reasons(facts: ListFacts) -> Iterator[CertificateReason]:
    if not facts.reached_end:
        yield CertificateReason.TRUNCATED
    if (
        facts.controls_found_present < facts.controls_expected_present
        or facts.controls_found_absent_violations > 0
    ):
        yield CertificateReason.CONTROL_FAILED
    count = facts.count
    if count is None:
        yield CertificateReason.NO_COUNT
        return
    if facts.listed == 0 < count.min:
        yield CertificateReason.EMPTY_LIST
    # No tolerance downwards: the 0.5-5 % that lists lose are the people who would be accused.
    if facts.listed < facts.wanted:
        yield CertificateReason.FEWER_THAN_COUNT
    if 100 * facts.listed > 101 * count.max:
        yield CertificateReason.MORE_THAN_COUNT
    cut_by_date = facts.listed < facts.wanted and _seems_cut_by_date(facts)
    # A list that breaks off or spans a year is short by itself, and need not be another account's.
    far_too_short = 2 * facts.listed < count.min and facts.reached_end and not cut_by_date
    if far_too_short or facts.listed > 2 * count.max:
        yield CertificateReason.COUNT_MISMATCH
    if cut_by_date:
        yield CertificateReason.DATE_RANGE


def _seems_cut_by_date(facts: ListFacts) -> bool:
    oldest, opened = facts.oldest_entry, facts.account_opened_at
    if oldest is None or facts.taken_at - oldest >= DATE_RANGE_REACH:
        return False
    return opened is None or oldest - opened > DATE_RANGE_SILENCE
