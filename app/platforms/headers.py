"""What the headers of an answer say about budgets: what is left, and when to ask again.

Bluesky writes `RateLimit-*` and X `x-rate-limit-*`, both with a reset in unix seconds; Mastodon
writes `X-RateLimit-*` with a reset in ISO 8601; Meta writes percentages of use, and in minutes
when access comes back (platforms.md sections 1, 4, 7 and 8). Nothing here trusts a header: what is
not understood says nothing.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

SHORTEST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(hours=24)
DEFAULT_WAIT = timedelta(minutes=1)
# The families of names; a platform sends one of them.
FAMILIES = ("ratelimit", "x-ratelimit", "x-rate-limit")
USAGES = ("x-app-usage", "x-business-use-case-usage", "x-page-usage")
SHARES = ("call_count", "total_cputime", "total_time")
REGAIN = "estimated_time_to_regain_access"
# Meta throttles at 100 percent of use. The percentages lag a little, so the last ones are left.
FULL = 95
# Where Meta names no moment: its windows are of one hour and empty little by little.
USAGE_WAIT = timedelta(minutes=5)
# Ten digits are enough for the year 2286; more would only overflow.
MOST_DIGITS = 10
# A reset below this is a number of seconds from now (RFC draft), above it a moment.
MOST_SECONDS_AHEAD = 10_000_000


@dataclass(frozen=True, slots=True)
class Headroom:
    """How many requests a platform says are left, until when."""

    left: int
    resets_at: datetime


def within_a_day(moment: datetime, now: datetime) -> datetime:
    """The moment, no sooner than in a second and no later than in a day."""
    return min(max(moment, now + SHORTEST_WAIT), now + LONGEST_WAIT)


def retry_at(headers: Mapping[str, str], now: datetime) -> datetime:
    """When a refused request may be asked again: the first word on it, else in a minute."""
    found = _retry_after(headers.get("retry-after", ""), now)
    resets = (_moment(headers.get(f"{family}-reset", ""), now) for family in FAMILIES)
    found = found or next((moment for moment in resets if moment is not None), None)
    return within_a_day(found or usage_pause(headers, now) or now + DEFAULT_WAIT, now)


def headroom(headers: Mapping[str, str], now: datetime) -> Headroom | None:
    """What is left by the platform's own word, where it gives both numbers."""
    for family in FAMILIES:
        left = _number(headers.get(f"{family}-remaining", ""))
        reset = _moment(headers.get(f"{family}-reset", ""), now)
        if left is not None and reset is not None and reset > now:
            return Headroom(left, within_a_day(reset, now))
    return None


def usage_pause(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Until when to leave Meta alone because the app's use is nearly full."""
    until = None
    for usage in _usages(headers):
        minutes = _percentage(usage.get(REGAIN))
        if minutes > 0:
            pause = timedelta(minutes=minutes)
        elif max(_percentage(usage.get(share)) for share in SHARES) >= FULL:
            pause = USAGE_WAIT
        else:
            continue
        moment = within_a_day(now + pause, now)
        until = moment if until is None else max(until, moment)
    return until


def _usages(headers: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Each object of use, whether bare or in lists by business."""
    for name in USAGES:
        try:
            read = json.loads(headers.get(name, "null"))
        except (ValueError, RecursionError):
            continue
        if not isinstance(read, dict):
            continue
        yield read
        for listed in read.values():
            yield from (each for each in _listed(listed) if isinstance(each, dict))


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _percentage(value: object) -> float:
    """A number that makes sense as a share or as minutes, else 0, which pauses nothing."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    return value if 0 <= value <= LONGEST_WAIT.total_seconds() else 0


def _retry_after(text: str, now: datetime) -> datetime | None:
    seconds = _number(text)
    if seconds is not None:
        return now + min(timedelta(seconds=seconds), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _moment(text: str, now: datetime) -> datetime | None:
    """A reset: unix seconds, seconds from now, or ISO 8601."""
    number = _number(text)
    if number is not None and number < MOST_SECONDS_AHEAD:
        return now + timedelta(seconds=number)
    if number is not None:
        return datetime.fromtimestamp(number, UTC)
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _number(text: str) -> int | None:
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        return None
    return int(text)
