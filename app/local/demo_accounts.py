"""The accounts that the demo's employees declare, in the forms that people paste."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from types import MappingProxyType
from typing import Final

from app.core.clock import jakarta_day
from app.local.demo_people import DemoEmployee
from app.platforms.base import Platform

CONTESTED: Final = 6
NONE_ROWS: Final = 120
HAS_NONE: Final = "tidak punya"
ATTESTED_SHARE: Final = 0.7
HOME_SERVER: Final = "sosial-demo.example"

ROWS: Final[Mapping[Platform, int]] = MappingProxyType({
    Platform.INSTAGRAM: 5_800,
    Platform.FACEBOOK: 2_400,
    Platform.TIKTOK: 1_900,
    Platform.YOUTUBE: 1_600,
    Platform.BLUESKY: 900,
    Platform.X: 700,
    Platform.THREADS: 400,
    Platform.MASTODON: 60,
})  # fmt: skip

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"

# How ids that are numbers begin, and how many digits follow.
_NUMBERS: Final[Mapping[Platform, tuple[str, int]]] = MappingProxyType({
    Platform.FACEBOOK: ("1000", 11),
    Platform.INSTAGRAM: ("178414", 11),
    Platform.THREADS: ("17", 14),
    Platform.TIKTOK: ("7", 18),
    Platform.X: ("1", 15),
})  # fmt: skip

# What people paste for the handle {h}; {t} stands for a tracking code of twelve letters.
FORMS: Final[Mapping[Platform, tuple[str, ...]]] = MappingProxyType({
    Platform.INSTAGRAM: (
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
    ),
    Platform.FACEBOOK: (
        "https://www.facebook.com/{h}",
        "https://m.facebook.com/{h}?mibextid={t}",
        "https://id-id.facebook.com/{h}/",
        "facebook.com/{h}",
        "fb.com/{h}",
    ),
    Platform.TIKTOK: (
        "https://www.tiktok.com/@{h}?lang=id",
        "https://www.tiktok.com/@{h}?_t={t}",
        "tiktok.com/@{h}",
        "@{h}",
    ),
    Platform.YOUTUBE: (
        "https://www.youtube.com/@{h}",
        "https://youtube.com/@{h}?si={t}",
        "https://m.youtube.com/@{h}/videos",
        "https://www.youtube.com/channel/{c}",
        "youtube.com/channel/{c}?si={t}",
        "@{h}",
        "{c}",
    ),
    Platform.BLUESKY: (
        "https://bsky.app/profile/{h}.bsky.social",
        "bsky.app/profile/{h}.bsky.social",
        "@{h}.bsky.social",
        "{h}.bsky.social",
        "{h}",
    ),
    Platform.X: (
        "https://x.com/{h}",
        "https://x.com/{h}?s=20",
        "https://twitter.com/{h}",
        "mobile.twitter.com/{h}",
        "@{h}",
    ),
    Platform.THREADS: (
        "https://www.threads.com/@{h}",
        "https://www.threads.net/@{h}?xmt={t}",
        "threads.com/@{h}",
        "@{h}",
    ),
    Platform.MASTODON: (
        "https://{s}/@{h}",
        "@{h}@{s}",
        "{h}@{s}",
    ),
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class DemoDeclaration:
    """One row of the accounts file.

    `handle` is what the pasted text stands for, `username` what the platform calls the account,
    `platform_id` the id that it knows it by.
    """

    nip: str
    platform: str
    account: str
    attested_on: date | None
    handle: str
    username: str = ""
    platform_id: str = ""


def build_declarations(
    rng: Random, employees: list[DemoEmployee], now: datetime
) -> list[DemoDeclaration]:
    """What the employees declare, in the forms that people paste."""
    people = rng.sample(employees, len(employees))
    on_instagram, others = people[: ROWS[Platform.INSTAGRAM]], people[ROWS[Platform.INSTAGRAM] :]
    without_any, rest = others[:NONE_ROWS], others[NONE_ROWS:]
    elsewhere = on_instagram + rest[:200]
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
    for platform, wanted in ROWS.items():
        if platform is not Platform.INSTAGRAM:
            rows += [
                _declared(rng, each, platform, place, today)
                for place, each in enumerate(rng.sample(elsewhere, wanted))
            ]
    rows += [DemoDeclaration(each.nip, "", HAS_NONE, None, "") for each in without_any]
    rng.shuffle(rows)
    return rows


def _declared(
    rng: Random, employee: DemoEmployee, platform: Platform, place: int, today: date
) -> DemoDeclaration:
    handle = _handle(rng, employee, platform, place)
    stable = _platform_id(rng, platform, handle)
    code = "".join(rng.choices(_LETTERS[:62], k=12))
    form = rng.choice(FORMS[platform])
    attested = rng.random() < ATTESTED_SHARE
    username = _username(platform, handle)
    return DemoDeclaration(
        nip=employee.nip,
        platform=platform.value,
        account=form.format(h=handle, H=handle.upper(), t=code, c=stable, s=HOME_SERVER),
        attested_on=today - timedelta(days=rng.randint(20, 40)) if attested else None,
        handle=stable if "{c}" in form else username,
        username=username,
        platform_id=stable,
    )


def _handle(rng: Random, employee: DemoEmployee, platform: Platform, place: int) -> str:
    """The handle as people write it; "demo" and a number keep it apart from real people's."""
    base = employee.handle_base
    match platform:
        case Platform.BLUESKY:
            return f"{base.replace('.', '-')}-demo{place}"
        case Platform.X:
            return f"{base.replace('.', '')[:7]}demo{place}"
        case Platform.TIKTOK | Platform.MASTODON:
            return f"{base.replace('.', '_')[:14]}_demo{place}"
        case Platform.FACEBOOK:
            return f"{base[:30]}.demo{place}"
        case _:
            base = rng.choice((base, base.replace(".", ""), base.replace(".", "_")))
            joint = rng.choice(("_", ".", ""))
            return f"{base[:20]}{joint}demo{place}".replace("..", ".")


def _username(platform: Platform, handle: str) -> str:
    match platform:
        case Platform.BLUESKY:
            return f"{handle}.bsky.social"
        case Platform.MASTODON:
            return f"{handle}@{HOME_SERVER}"
        case _:
            return handle


def _platform_id(rng: Random, platform: Platform, handle: str) -> str:
    """A stable id of the form that the platform gives out."""
    match platform:
        case Platform.YOUTUBE:
            return "UC" + "".join(rng.choices(_LETTERS, k=22))
        case Platform.BLUESKY:
            return "did:plc:" + "".join(rng.choices(_BASE32, k=24))
        case Platform.MASTODON:
            return f"https://{HOME_SERVER}/users/{handle}"
        case _:
            head, digits = _NUMBERS[platform]
            return f"{head}{rng.randrange(10**digits):0{digits}}"
