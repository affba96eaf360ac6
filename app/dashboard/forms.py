"""What forms say, as the API takes it; what cannot be read is passed on, and refused by name."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from fastapi import Request

from app.core.clock import JAKARTA

# Refusals that whoever filled in the form can do something about; the others are pages.
MENDABLE: Final = frozenset({409, 412, 413, 415, 422})
LONGEST: Final = 4000
MOST: Final = 500
MOST_DIGITS: Final = 12


async def posted(
    request: Request, one: Sequence[str], many: Sequence[str] = ()
) -> tuple[str, dict[str, Any]]:
    """The token of the form, and what was typed into its fields and chosen in its lists."""
    form = await request.form(max_files=0, max_fields=MOST)
    typed: dict[str, Any] = {name: str(form.get(name, ""))[:LONGEST].strip() for name in one}
    typed |= {name: [str(each)[:LONGEST] for each in form.getlist(name)] for name in many}
    return str(form.get("csrf", ""))[:200], typed


def whole_number(text: str) -> int | str:
    """A number as people write it: 6.750; other text as it is."""
    digits = text.replace(".", "").replace(",", "").replace(" ", "")
    return (
        int(digits)
        if digits.isascii() and digits.isdigit() and len(digits) <= MOST_DIGITS
        else text
    )


def day_begins(text: str) -> str:
    """The first moment of a day in Jakarta; other text as it is."""
    try:
        return datetime.combine(date.fromisoformat(text), time(), JAKARTA).isoformat()
    except ValueError:
        return text


def day_ends(text: str) -> str:
    """The first moment after a day in Jakarta; other text as it is."""
    try:
        after = date.fromisoformat(text) + timedelta(days=1)
    except (ValueError, OverflowError):
        return text
    return day_begins(after.isoformat())
