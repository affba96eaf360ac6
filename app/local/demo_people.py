"""The demo's employees and the accounts they declare, all of them invented."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Final

from app.core.clock import jakarta_day
from app.local.demo_names import LAST, MEN, POSITIONS, WOMEN
from app.local.demo_units import DemoUnit
from app.platforms.base import Platform

EMPLOYEES: Final = 6_750
INSTAGRAM_ROWS: Final = 5_800
CONTESTED: Final = 6
BLUESKY_ROWS: Final = 900
YOUTUBE_ROWS: Final = 1_600
NONE_ROWS: Final = 120
HAS_NONE: Final = "tidak punya"
AWAY_SHARE: Final = 0.01
ATTESTED_SHARE: Final = 0.7
DEGREE_SHARE: Final = 0.4

_FIRST_BIRTH, _LAST_BIRTH = date(1966, 1, 1), date(2003, 12, 31)
_CHANNEL_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

# What people paste for the handle {h}; {t} stands for a tracking code of twelve letters.
_INSTAGRAM_FORMS = (
    "https://www.instagram.com/{h}?igsh={t}",
    "https://www.instagram.com/{h}/?igsh={t}&utm_source=qr",
    "https://instagram.com/{h}?igshid={t}",
    "http://www.instagram.com/{h}/?hl=id",
    "https://m.instagram.com/{h}/",
    "https://instagr.am/{h}",
    "www.instagram.com/{h}",
    "instagram.com/{h}/",
    "@{h}",
    "@{h} ",
    "{h}",
    "{H}",
)
_BLUESKY_FORMS = (
    "https://bsky.app/profile/{h}.bsky.social",
    "bsky.app/profile/{h}.bsky.social",
    "@{h}.bsky.social",
    "{h}.bsky.social",
    "{h}",
)
_YOUTUBE_FORMS = (
    "https://www.youtube.com/@{h}",
    "https://youtube.com/@{h}?si={t}",
    "https://m.youtube.com/@{h}/videos",
    "https://www.youtube.com/channel/{c}",
    "youtube.com/channel/{c}?si={t}",
    "@{h}",
    "{c}",
)


@dataclass(frozen=True, slots=True)
class DemoEmployee:
    """One employee as the registry file holds it."""

    nip: str
    name: str
    unit_code: str
    position: str
    standing: str
    handle_base: str


@dataclass(frozen=True, slots=True)
class DemoDeclaration:
    """One row of the accounts file; `handle` is what the pasted text stands for."""

    nip: str
    platform: str
    account: str
    attested_on: date | None
    handle: str


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


def build_declarations(
    rng: Random, employees: list[DemoEmployee], now: datetime
) -> list[DemoDeclaration]:
    """What the employees declare, in the forms that people paste."""
    people = rng.sample(employees, len(employees))
    on_instagram, others = people[:INSTAGRAM_ROWS], people[INSTAGRAM_ROWS:]
    today = jakarta_day(now)
    rows = [
        _declared(rng, each, Platform.INSTAGRAM, place, today)
        for place, each in enumerate(on_instagram)
    ]
    # The last few claim the handle of somebody else, who wrote it in another way.
    for place in range(CONTESTED):
        mine, theirs = rows[-1 - place], rows[place]
        rows[-1 - place] = DemoDeclaration(
            mine.nip, mine.platform, f"@{theirs.handle}", mine.attested_on, theirs.handle
        )
    without_any, rest = others[:NONE_ROWS], others[NONE_ROWS:]
    elsewhere = on_instagram + rest[:200]
    rows += [
        _declared(rng, each, Platform.BLUESKY, place, today)
        for place, each in enumerate(rng.sample(elsewhere, BLUESKY_ROWS))
    ]
    rows += [
        _declared(rng, each, Platform.YOUTUBE, place, today)
        for place, each in enumerate(rng.sample(elsewhere, YOUTUBE_ROWS))
    ]
    rows += [DemoDeclaration(each.nip, "", HAS_NONE, None, "") for each in without_any]
    rng.shuffle(rows)
    return rows


def _declared(
    rng: Random, employee: DemoEmployee, platform: Platform, place: int, today: date
) -> DemoDeclaration:
    handle, forms = _handle(rng, employee, platform, place)
    channel = "UC" + "".join(rng.choices(_CHANNEL_LETTERS, k=22))
    code = "".join(rng.choices(_CHANNEL_LETTERS[:62], k=12))
    form = rng.choice(forms)
    attested = rng.random() < ATTESTED_SHARE
    return DemoDeclaration(
        nip=employee.nip,
        platform=platform.value,
        account=form.format(h=handle, H=handle.upper(), t=code, c=channel),
        attested_on=today - timedelta(days=rng.randint(20, 40)) if attested else None,
        handle=channel if "{c}" in form else handle,
    )


def _handle(
    rng: Random, employee: DemoEmployee, platform: Platform, place: int
) -> tuple[str, tuple[str, ...]]:
    # The word "demo" and a number keep invented handles apart from those of real people.
    base = employee.handle_base
    if platform is Platform.BLUESKY:
        return f"{base.replace('.', '-')}-demo{place}", _BLUESKY_FORMS
    base = rng.choice((base, base.replace(".", ""), base.replace(".", "_")))
    forms = _INSTAGRAM_FORMS if platform is Platform.INSTAGRAM else _YOUTUBE_FORMS
    joint = rng.choice(("_", ".", ""))
    return f"{base[:20]}{joint}demo{place}".replace("..", "."), forms
