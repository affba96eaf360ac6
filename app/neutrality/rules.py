"""When an official account is paused: nobody is asked about it and nothing of it is told; pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.official_accounts.models import OwnerKind


class PauseReason(StrEnum):
    """Why an account is paused."""

    NEUTRALITY_WINDOW = "neutrality_window"
    OFFICE_TERM_ENDED = "office_term_ended"


@dataclass(frozen=True, slots=True)
class Days:
    """Whole days, both ends included."""

    first: date
    last: date

    def hold(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class Pause:
    """That an account is paused, and the last day of it; None: for good."""

    reason: PauseReason
    until: date | None


def pause(
    owner: OwnerKind, term_end: date | None, windows: Iterable[Days], day: date
) -> Pause | None:
    """Whether an account is paused on a day. Only a person stands for election, or leaves office.

    The last day is that of the longest window in force; a window that begins later is not told.
    """
    if owner is not OwnerKind.PERSON:
        return None
    if term_end is not None and term_end < day:
        return Pause(PauseReason.OFFICE_TERM_ENDED, None)
    until = max((each.last for each in windows if each.hold(day)), default=None)
    return None if until is None else Pause(PauseReason.NEUTRALITY_WINDOW, until)


def turns(windows: Collection[Days]) -> frozenset[date]:
    """The days at whose start an account may be paused, or be so no more."""
    # The day after the last one, and none after the end of the calendar.
    ends = {date.fromordinal(each.last.toordinal() + 1) for each in windows if each.last < date.max}
    return frozenset({each.first for each in windows} | ends)
