"""How numbers, shares and moments look: 8.582, 20,47 %, 24 November 2026 pukul 10.00 WIB."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal, format_percent

from app.core.clock import JAKARTA

NOT_KNOWN: Final = "\N{EN DASH}"
TO: Final = "\N{THIN SPACE}\N{EN DASH}\N{THIN SPACE}"
DAY: Final = "d MMMM y"
MOMENT: Final = {"id": "d MMM y, HH.mm 'WIB'", "en": "d MMM y, HH:mm 'WIB'"}


def whole(value: int | None, language: str, *, signed: bool = False) -> str:
    """A whole number with the language's separators; with + where it is a gain."""
    if value is None:
        return NOT_KNOWN
    sign = "+" if signed and value > 0 else ""
    return sign + format_decimal(value, locale=language)


def interval(value: Mapping[str, int] | None, language: str, *, signed: bool = False) -> str:
    """A number that lies in [min, max], or the one number that it is."""
    if value is None:
        return NOT_KNOWN
    low, high = (whole(value[end], language, signed=signed) for end in ("min", "max"))
    return low if low == high else f"{low}{TO}{high}"


def share(value: float | None, language: str) -> str:
    """A percentage of 2 decimals, as the API rounds it."""
    if value is None:
        return NOT_KNOWN
    pattern = "#,##0.## %" if language == "id" else "#,##0.##%"
    return format_percent(value / 100, pattern.replace(" ", "\u00a0"), locale=language)


def share_interval(value: Mapping[str, float] | None, language: str) -> str:
    """A percentage that lies in [min, max]."""
    if value is None:
        return NOT_KNOWN
    low, high = share(value["min"], language), share(value["max"], language)
    return low if low == high else f"{low}{TO}{high}"


def ratio(part: int, total: int, language: str) -> str:
    """Which share of a total a part is; nothing where there is no total."""
    return NOT_KNOWN if total == 0 else share(100 * part / total, language)


def moment(value: str | datetime | None, language: str) -> str:
    """A moment on the clocks of Jakarta."""
    if value is None:
        return NOT_KNOWN
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return format_datetime(at, MOMENT[language], tzinfo=JAKARTA, locale=language)


def day(value: str | date | None, language: str) -> str:
    """A day, or the day in Jakarta on which a moment falls."""
    if value is None:
        return NOT_KNOWN
    if isinstance(value, str):
        value = date.fromisoformat(value) if len(value) == len("2026-01-01") else _day_of(value)
    return format_date(value, DAY, locale=language)


def _day_of(moment_text: str) -> date:
    return datetime.fromisoformat(moment_text).astimezone(JAKARTA).date()


def widths(counts: Mapping[str, int]) -> dict[str, Any]:
    """Which hundredth parts of a bar the counts take; they sum to 100 where there is anything."""
    total = sum(counts.values())
    return {name: round(100 * value / total, 2) if total else 0 for name, value in counts.items()}
