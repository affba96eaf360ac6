"""The only place that asks for the time; everything else is given it."""

from calendar import monthrange
from datetime import UTC, date, datetime, time, tzinfo
from typing import Protocol
from zoneinfo import ZoneInfo

JAKARTA = ZoneInfo("Asia/Jakarta")
# Moments near the ends of the calendar have no other offset, so none from outside lies there.
FIRST_MOMENT = datetime(1900, 1, 1, tzinfo=UTC)
AFTER_LAST_MOMENT = datetime(2201, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """Gives the present as an aware UTC datetime."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - This is the one place that reads the machine's clock.


class SettableClock:
    """A clock that stands still until it is moved; for tests and replays."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


def jakarta_day(moment: datetime, zone: tzinfo = JAKARTA) -> date:
    """The calendar day of an aware moment as reports count days."""
    return moment.astimezone(zone).date()


def jakarta_midnight(day: date, zone: tzinfo = JAKARTA) -> datetime:
    """The moment at which a calendar day of a report begins, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def months_later(moment: datetime, months: int, zone: tzinfo = JAKARTA) -> datetime:
    """The same hour that many months later; a month without such a day ends on its last."""
    local = moment.astimezone(zone)
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    day = min(local.day, monthrange(year, month + 1)[1])
    return local.replace(year=year, month=month + 1, day=day).astimezone(UTC)
