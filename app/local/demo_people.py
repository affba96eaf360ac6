"""The demo's employees, all of them invented."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

from app.local.demo_names import LAST, MEN, POSITIONS, WOMEN
from app.local.demo_units import DemoUnit

EMPLOYEES: Final = 6_750
AWAY_SHARE: Final = 0.01
DEGREE_SHARE: Final = 0.4

_FIRST_BIRTH, _LAST_BIRTH = date(1966, 1, 1), date(2003, 12, 31)


@dataclass(frozen=True, slots=True)
class DemoEmployee:
    """One employee as the registry file holds it."""

    nip: str
    name: str
    unit_code: str
    position: str
    standing: str
    handle_base: str


def build_employees(rng: Random, units: list[DemoUnit]) -> list[DemoEmployee]:
    """All employees, spread over the units by weight."""
    staffed = [unit for unit in units if unit.weight]
    # Every unit gets one employee first, so that no recap line is empty.
    places = staffed + rng.choices(
        staffed, [unit.weight for unit in staffed], k=EMPLOYEES - len(staffed)
    )
    rng.shuffle(places)
    taken: set[str] = set()
    return [_employee(rng, unit, taken) for unit in places]


def _employee(rng: Random, unit: DemoUnit, taken: set[str]) -> DemoEmployee:
    man = rng.random() < 0.45  # noqa: PLR2004 - Somewhat fewer men than women, as in schools.
    first, last = rng.choice(MEN if man else WOMEN), rng.choice(LAST)
    position, degree = rng.choice(POSITIONS[unit.kind])
    degree = degree if rng.random() < DEGREE_SHARE else ""
    nip = _nip(rng, man=man)
    while nip in taken:
        nip = _nip(rng, man=man)
    taken.add(nip)
    away = rng.random() < AWAY_SHARE
    return DemoEmployee(
        nip=nip,
        name=f"{first} {last}, {degree}" if degree else f"{first} {last}",
        unit_code=unit.code,
        position=position,
        standing=rng.choice(("on_leave", "study")) if away else "active",
        handle_base=f"{first}.{last}".lower(),
    )


def _nip(rng: Random, *, man: bool) -> str:
    birth = _FIRST_BIRTH + timedelta(days=rng.randint(0, (_LAST_BIRTH - _FIRST_BIRTH).days))
    year, round_of_year = rng.randint(2021, 2025), rng.randint(21, 29)
    gender, sequence = 1 if man else 2, rng.randint(1, 999)
    return f"{birth:%Y%m%d}{year}{round_of_year}{gender}{sequence:03}"
