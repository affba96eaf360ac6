"""Whether an excuse that an officer granted holds; pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

# How a verdict names such an excuse: its reason may be of a person's health, and stays with it.
GRANTED = "granted"


@dataclass(frozen=True, slots=True)
class Excusal:
    """From which duty, and over which days, both included; without a duty: from all of them."""

    duty_id: UUID | None
    starts_on: date
    ends_on: date | None
    withdrawn: bool


def excused_from(excusals: Iterable[Excusal], duty_id: UUID, today: date) -> bool:
    """Whether any of an employee's excuses covers a duty on a day."""
    return any(
        not each.withdrawn
        and each.duty_id in {None, duty_id}
        and each.starts_on <= today
        and (each.ends_on is None or today <= each.ends_on)
        for each in excusals
    )
