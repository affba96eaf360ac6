"""Random campaigns: official accounts with their lists, members with everything known of them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from app.accounts.rules import AccountState
from app.employees.rules import Declaration, Standing
from app.observations.rules import CertificateVerdict, PairAnswer
from app.platforms.base import Platform

BEGIN = datetime(2026, 5, 1, 3, tzinfo=UTC)
STEP = timedelta(hours=12)
STEPS = 12
# Lists of the first by handle or by ids as their source says, of the second nobody can tell.
PLATFORMS = (Platform.INSTAGRAM, Platform.X, Platform.FACEBOOK)
# What employees show of their own is never a no.
ANSWERS = st.sampled_from(
    [
        *[(answer, "platform_pair") for answer in PairAnswer] * 2,
        (PairAnswer.FOLLOWS, "screenshot"),
        (PairAnswer.FOLLOWS, "self_export"),
    ]
)
# Half a year before the steps, so that some attestations lapse among them.
HALF_A_YEAR = timedelta(days=184)


def at(step: int) -> datetime:
    """A moment; odd steps lie a microsecond beside the even ones, half a day apart each pair."""
    return BEGIN + step // 2 * STEP + timedelta(microseconds=step % 2)


def day(step: int) -> date:
    return (BEGIN + step * STEP).date()


@dataclass(frozen=True)
class AList:
    """A list of an official account, in the order in which they were drawn."""

    id: UUID
    taken_at: datetime
    matched_at: datetime
    certificate: CertificateVerdict
    source: str


@dataclass(frozen=True)
class Official:
    id: UUID
    platform: Platform
    lists: tuple[AList, ...]


@dataclass(frozen=True)
class Answer:
    id: UUID
    asked_at: datetime
    answer: PairAnswer
    source: str


@dataclass(frozen=True)
class AnAccount:
    id: UUID
    platform: Platform
    state: AccountState
    declared_at: datetime
    verified_at: datetime | None
    attested_at: datetime | None
    seen_since: datetime | None
    unseen_since: datetime | None
    platform_id: str | None
    platform_id_since: datetime | None
    # By official account: when lists showed it, first and last, and what was answered.
    intervals: dict[UUID, tuple[tuple[datetime, datetime], ...]]
    answers: dict[UUID, tuple[Answer, ...]]


@dataclass(frozen=True)
class SetAside:
    """A clearance or a dispute of a duty to declare (no official account) or to follow one."""

    official_id: UUID | None
    at: datetime
    decided_at: datetime | None


@dataclass(frozen=True)
class AnExcuse:
    duty: str | None
    starts_on: date
    ends_on: date | None
    withdrawn_at: datetime | None


@dataclass(frozen=True)
class Person:
    id: UUID
    standing: Standing
    declaration: Declaration
    joined_on: date
    added: bool
    left_on: date | None
    accounts: tuple[AnAccount, ...]
    excuses: tuple[AnExcuse, ...]
    extensions: tuple[tuple[date, datetime], ...]
    clearances: tuple[SetAside, ...]
    disputes: tuple[SetAside, ...]


@dataclass(frozen=True)
class World:
    """One campaign and the moment at which it is judged."""

    now: datetime
    starts_at: datetime
    ends_at: datetime
    grace_days: int
    stale_after_days: int
    declare_platforms: tuple[Platform, ...]
    each: bool
    follow_platforms: tuple[Platform, ...]
    officials: tuple[Official, ...]
    people: tuple[Person, ...]


MOMENTS = st.integers(0, 2 * STEPS - 1).map(at)
EARLY = st.integers(0, STEPS).map(at)
DAYS = st.integers(0, STEPS).map(day)


def sometimes(strategy: st.SearchStrategy[Any], *, one_in: int = 3) -> st.SearchStrategy[Any]:
    return st.integers(1, one_in).flatmap(lambda lot: strategy if lot == 1 else st.none())


@st.composite
def officials(draw: st.DrawFn, number: int, platform: Platform) -> Official:
    made = [
        AList(
            # Ids run against the order of drawing, so that ties are not broken by chance alone.
            UUID(int=(0x7000 + 0x100 * number) + 0x50 - place),
            taken_at := draw(MOMENTS),
            draw(st.sampled_from((taken_at, taken_at, taken_at, draw(MOMENTS)))),
            draw(st.sampled_from((*CertificateVerdict, *[CertificateVerdict.COMPLETE] * 4))),
            draw(st.sampled_from(("owner_export", "owner_export", "platform_list"))),
        )
        for place in range(draw(st.integers(2, 6)))
    ]
    return Official(UUID(int=0x600 + number), platform, tuple(made))


def intervals(
    lists: tuple[AList, ...], shows: tuple[bool, ...]
) -> tuple[tuple[datetime, datetime], ...]:
    """The runs of lists that show an account, in order of time, as ingesting them keeps it."""
    told = sorted(zip(lists, shows, strict=True), key=lambda each: (each[0].taken_at, each[0].id))
    counted = [each for each in told if each[0].certificate is not CertificateVerdict.VOID]
    runs = [list(run) for shown, run in groupby(counted, key=lambda each: each[1]) if shown]
    return tuple((run[0][0].taken_at, run[-1][0].taken_at) for run in runs)


@st.composite
def accounts(draw: st.DrawFn, number: int, watched: tuple[Official, ...]) -> AnAccount:
    platform = draw(st.sampled_from((*PLATFORMS, *[Platform.INSTAGRAM, Platform.X] * 3)))
    state = draw(st.sampled_from((*AccountState, *[AccountState.VERIFIED] * 8)))
    verified = state is AccountState.VERIFIED or draw(st.booleans())
    seen: dict[UUID, tuple[tuple[datetime, datetime], ...]] = {}
    told: dict[UUID, tuple[Answer, ...]] = {}
    for official in watched:
        if official.platform is platform:
            absent = draw(st.booleans())
            seen[official.id] = intervals(
                official.lists, tuple(not absent and draw(st.booleans()) for _ in official.lists)
            )
            told[official.id] = tuple(
                Answer(
                    UUID(int=(number << 24) + (official.id.int << 8) + 0x90 - place),
                    draw(MOMENTS),
                    *draw(ANSWERS),
                )
                for place in range(draw(st.sampled_from((0, 0, 0, 1, 1, 2, 3))))
            )
    return AnAccount(
        id=UUID(int=0x10000 + number),
        platform=platform,
        state=state,
        declared_at=draw(st.sampled_from((*[BEGIN - HALF_A_YEAR] * 3, draw(EARLY)))),
        verified_at=draw(st.sampled_from((*[BEGIN - STEP] * 2, draw(EARLY)))) if verified else None,
        attested_at=draw(sometimes(MOMENTS.map(lambda moment: moment - HALF_A_YEAR), one_in=6)),
        seen_since=draw(sometimes(MOMENTS, one_in=5)),
        unseen_since=draw(sometimes(MOMENTS, one_in=6)),
        platform_id=f"id{number}" if draw(st.integers(0, 2)) else None,
        platform_id_since=draw(sometimes(MOMENTS)),
        intervals=seen,
        answers=told,
    )


@st.composite
def set_aside(draw: st.DrawFn, watched: tuple[Official, ...]) -> SetAside:
    about = draw(st.sampled_from((None, *[each.id for each in watched])))
    moment = draw(MOMENTS)
    return SetAside(about, moment, draw(sometimes(st.just(moment + STEP), one_in=2)))


@st.composite
def excuses(draw: st.DrawFn) -> AnExcuse:
    starts_on = draw(DAYS)
    lasts = draw(sometimes(st.integers(0, 4), one_in=2))
    return AnExcuse(
        draw(st.sampled_from((None, "declare", "follow"))),
        starts_on,
        None if lasts is None else starts_on + timedelta(days=lasts),
        draw(sometimes(MOMENTS)),
    )


@st.composite
def people(draw: st.DrawFn, number: int, watched: tuple[Official, ...]) -> Person:
    joined_on = draw(st.sampled_from((day(0), draw(DAYS))))
    left = draw(sometimes(st.integers(0, 6), one_in=5))
    few = st.integers(0, 5).map(lambda lot: max(0, lot - 3))
    return Person(
        id=UUID(int=0x100 + number),
        standing=draw(st.sampled_from((*[Standing.ACTIVE] * 5, *Standing))),
        declaration=draw(st.sampled_from(Declaration)),
        joined_on=joined_on,
        added=draw(st.booleans()),
        left_on=None if left is None else joined_on + timedelta(days=left),
        accounts=tuple(
            draw(accounts(number * 4 + place, watched))
            for place in range(draw(st.sampled_from((0, 1, 1, 2, 3))))
        ),
        excuses=tuple(draw(excuses()) for _ in range(draw(few))),
        extensions=tuple((draw(DAYS), draw(MOMENTS)) for _ in range(draw(few))),
        clearances=tuple(draw(set_aside(watched)) for _ in range(draw(few))),
        disputes=tuple(draw(set_aside(watched)) for _ in range(draw(few))),
    )


@st.composite
def worlds(draw: st.DrawFn, size: int) -> World:
    """A campaign of `size` people, each with a history of their own."""
    named = draw(st.lists(st.sampled_from(PLATFORMS), min_size=2, max_size=3))
    watched = tuple(draw(officials(number, each)) for number, each in enumerate(named))
    now = at(draw(st.integers(STEPS, 2 * STEPS)))
    platforms = st.lists(st.sampled_from(PLATFORMS), max_size=2, unique=True).map(tuple)
    return World(
        now=now,
        starts_at=BEGIN - timedelta(days=draw(st.integers(0, 3))),
        ends_at=draw(st.sampled_from((now + timedelta(days=30), at(draw(st.integers(8, 30)))))),
        grace_days=draw(st.sampled_from((0, 0, 0, 3))),
        stale_after_days=draw(st.integers(1, 9)),
        declare_platforms=draw(platforms),
        each=draw(st.booleans()),
        follow_platforms=draw(st.sampled_from(((), (), (), draw(platforms)))),
        officials=watched,
        people=tuple(draw(people(number, watched)) for number in range(size)),
    )
