"""Reading what was seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Account
from app.accounts.rules import AccountState
from app.core.clock import jakarta_day, jakarta_midnight
from app.core.errors import FieldError, Invalid, NotFound
from app.core.paging import CursorInvalid, PageRequest, decode_cursor, encode_cursor
from app.core.schemas import Moment
from app.identity.rules import Caller
from app.observations.models import (
    CountSnapshot,
    FollowerList,
    PairAnswerRow,
    PollRun,
    SelfEvidence,
    SelfEvidenceFact,
)
from app.observations.rules import CountInterval, PairAnswer, PollKind, cuts_days, first_step
from app.official_accounts.models import OfficialAccount
from app.platforms.base import Platform

# A count older than this says too little about a list to certify it.
COMPARABLE = timedelta(hours=24)
# Where one count is this close, one that lies further away says less and is left aside.
CLOSE = timedelta(hours=1)
MOST_STEPS = 2_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST_MICROSECOND = 4_102_444_800_000_000


async def published_before(
    session: AsyncSession, tenant_id: UUID, official_account_id: UUID, moment: datetime
) -> CountSnapshot | None:
    """The last published snapshot observed at or before a moment."""
    return await session.scalar(
        select(CountSnapshot)
        .where(
            CountSnapshot.tenant_id == tenant_id,
            CountSnapshot.official_account_id == official_account_id,
            CountSnapshot.observed_at <= moment,
            CountSnapshot.suspicious.is_(False),
        )
        .order_by(CountSnapshot.observed_at.desc())
        .limit(1)
    )


async def published_after(
    session: AsyncSession, tenant_id: UUID, official_account_id: UUID, moment: datetime
) -> CountSnapshot | None:
    """The first published snapshot observed after a moment."""
    return await session.scalar(
        select(CountSnapshot)
        .where(
            CountSnapshot.tenant_id == tenant_id,
            CountSnapshot.official_account_id == official_account_id,
            CountSnapshot.observed_at > moment,
            CountSnapshot.suspicious.is_(False),
        )
        .order_by(CountSnapshot.observed_at)
        .limit(1)
    )


async def counts_around(
    session: AsyncSession, tenant_id: UUID, official_account_id: UUID, moment: datetime
) -> tuple[CountInterval | None, CountInterval | None]:
    """What the readings nearest a moment say, before and after it; None where none is near."""
    before = await published_before(session, tenant_id, official_account_id, moment)
    after = await published_after(session, tenant_id, official_account_id, moment)
    found = [each for each in (before, after) if each is not None]
    close = any(abs(each.observed_at - moment) <= CLOSE for each in found)
    reach = CLOSE if close else COMPARABLE
    return _interval(before, moment, reach), _interval(after, moment, reach)


def _interval(
    snapshot: CountSnapshot | None, moment: datetime, reach: timedelta
) -> CountInterval | None:
    if snapshot is None or abs(snapshot.observed_at - moment) > reach:
        return None
    return CountInterval(snapshot.followers_min, snapshot.followers_max)


async def latest(
    session: AsyncSession, tenant_id: UUID, official_account_id: UUID
) -> CountSnapshot | None:
    """The last snapshot, published or still suspicious."""
    return await session.scalar(
        select(CountSnapshot)
        .where(
            CountSnapshot.tenant_id == tenant_id,
            CountSnapshot.official_account_id == official_account_id,
        )
        .order_by(CountSnapshot.observed_at.desc())
        .limit(1)
    )


@dataclass(frozen=True, slots=True)
class SnapshotRange:
    """since <= observed_at < until; `step` in seconds asks for one reading a step.

    Steps begin at `since`, or are cut at the midnights of Asia/Jakarta (`by_day`).
    """

    since: datetime | None
    until: datetime | None
    step: int | None
    limit: int
    cursor: str | None
    by_day: bool = False

    @property
    def first(self) -> datetime | None:
        """Where the first step begins; it may be cut short by `since`, as the last by `until`."""
        if not self.by_day or self.since is None or self.step is None:
            return self.since
        midnight = jakarta_midnight(jakarta_day(self.since))
        return first_step(self.since, timedelta(seconds=self.step), midnight)


class RangeInvalid(Invalid):
    """The range of time is not valid."""


async def snapshot_range(
    since: Annotated[Moment | None, Query(alias="from", description="The first moment")] = None,
    until: Annotated[Moment | None, Query(alias="to", description="The last moment")] = None,
    step: Annotated[int | None, Query(ge=60, description="Seconds; needs from and to")] = None,
    tz: Annotated[
        Literal["Asia/Jakarta"] | None, Query(description="Cut the steps at its midnights")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="How many at most")] = 200,
    cursor: Annotated[
        str | None, Query(max_length=64, description="`next` of the page before")
    ] = None,
) -> SnapshotRange:
    """The range that the query string asks for.

    Raises:
        RangeInvalid: `step` without both ends, more than 2,000 steps, or days that it cannot cut.
    """
    if tz is not None and (step is None or not cuts_days(timedelta(seconds=step))):
        message = "needs a step that fills a day or whole days"
        raise RangeInvalid(errors=[FieldError("/query/tz", "range", message)])
    if step is not None:
        if since is None or until is None:
            raise RangeInvalid(errors=[FieldError("/query/step", "range", "needs from and to")])
        if (until - since).total_seconds() / step > MOST_STEPS:
            message = f"more than {MOST_STEPS} steps; choose a longer step"
            raise RangeInvalid(errors=[FieldError("/query/step", "too_fine", message)])
    return SnapshotRange(since, until, step, limit, cursor, by_day=tz is not None)


async def snapshots(
    session: AsyncSession, caller: Caller, official_account_id: UUID, wanted: SnapshotRange
) -> Sequence[CountSnapshot]:
    """One page of snapshots and one more, oldest first, suspicious ones included."""
    rows = select(CountSnapshot).where(
        CountSnapshot.tenant_id == caller.tenant_id,
        CountSnapshot.official_account_id == official_account_id,
    )
    if wanted.since is not None:
        rows = rows.where(CountSnapshot.observed_at >= wanted.since)
    if wanted.until is not None:
        rows = rows.where(CountSnapshot.observed_at < wanted.until)
    if wanted.cursor is not None:
        rows = rows.where(CountSnapshot.slot > slot_after(wanted.cursor))
    rows = rows.order_by(CountSnapshot.slot).limit(wanted.limit + 1)
    return (await session.scalars(rows)).all()


def slot_cursor(slot: datetime) -> str:
    """A cursor that stands behind a slot."""
    return encode_cursor(UUID(int=int(slot.timestamp() * 1_000_000)))


def slot_after(cursor: str) -> datetime:
    """The slot behind which a cursor stands."""
    microseconds = decode_cursor(cursor).int
    if microseconds > LAST_MICROSECOND:
        raise CursorInvalid
    return EPOCH + timedelta(microseconds=microseconds)


# The last published reading of each bucket; a bucket without one stays null: no interpolation.
STEPS = text("""
SELECT bucket, reading.followers_min, reading.followers_max, reading.precision,
       reading.observed_at
FROM generate_series(CAST(:first AS timestamptz), CAST(:until AS timestamptz)
                     - interval '1 microsecond', CAST(:step AS interval)) AS bucket
LEFT JOIN LATERAL (
    SELECT followers_min, followers_max, precision, observed_at FROM count_snapshots
    WHERE tenant_id = :tenant_id AND official_account_id = :official_account_id
      AND NOT suspicious AND observed_at >= GREATEST(bucket, CAST(:since AS timestamptz))
      AND observed_at < LEAST(bucket + CAST(:step AS interval), CAST(:until AS timestamptz))
    ORDER BY observed_at DESC LIMIT 1
) AS reading ON true
ORDER BY bucket
""")


async def steps(
    session: AsyncSession, caller: Caller, official_account_id: UUID, wanted: SnapshotRange
) -> Sequence[Row[Any]]:
    """The last published reading of every step of a range."""
    rows = await session.execute(
        STEPS,
        {
            "tenant_id": caller.tenant_id,
            "official_account_id": official_account_id,
            "first": wanted.first,
            "since": wanted.since,
            "until": wanted.until,
            "step": timedelta(seconds=wanted.step or 0),
        },
    )
    return rows.all()


async def list_by_digest(
    session: AsyncSession, tenant_id: UUID, official_account_id: UUID, digest: bytes
) -> FollowerList | None:
    """The list that was made of the same file."""
    return await session.scalar(
        select(FollowerList).where(
            FollowerList.tenant_id == tenant_id,
            FollowerList.official_account_id == official_account_id,
            FollowerList.digest == digest,
        )
    )


async def follower_list(session: AsyncSession, caller: Caller, list_id: UUID) -> FollowerList:
    """One list.

    Raises:
        NotFound: there is none in the caller's tenant.
    """
    found = await session.scalar(
        select(FollowerList).where(
            FollowerList.tenant_id == caller.tenant_id, FollowerList.id == list_id
        )
    )
    if found is None:
        raise NotFound
    return found


async def follower_lists(
    session: AsyncSession, caller: Caller, official_account_id: UUID, wanted: PageRequest
) -> Sequence[FollowerList]:
    """One page of an official account's lists and one row more, in order of id."""
    lists = (
        select(FollowerList)
        .where(
            FollowerList.tenant_id == caller.tenant_id,
            FollowerList.official_account_id == official_account_id,
        )
        .order_by(FollowerList.id)
        .limit(wanted.limit + 1)
    )
    if wanted.after is not None:
        lists = lists.where(FollowerList.id > wanted.after)
    return (await session.scalars(lists)).all()


async def accounts_by_handle(
    session: AsyncSession, tenant_id: UUID, platform: Platform
) -> dict[str, UUID]:
    """Every live declared account of a platform, by handle; what a list is matched against."""
    rows = await session.execute(
        select(Account.handle, Account.id).where(
            Account.tenant_id == tenant_id,
            Account.platform == platform,
            Account.state.not_in([AccountState.CONTESTED, AccountState.RETIRED]),
        )
    )
    return {row.handle: row.id for row in rows}


async def accounts_by_platform_id(
    session: AsyncSession, tenant_id: UUID, platform: Platform
) -> dict[str, UUID]:
    """Every live declared account of a platform whose stable id is known, by that id."""
    rows = await session.execute(
        select(Account.platform_id, Account.id).where(
            Account.tenant_id == tenant_id,
            Account.platform == platform,
            Account.platform_id.is_not(None),
            Account.state.not_in([AccountState.CONTESTED, AccountState.RETIRED]),
        )
    )
    return {row.platform_id: row.id for row in rows}


async def poll_runs(
    session: AsyncSession,
    caller: Caller,
    wanted: PageRequest,
    official_account_id: UUID | None,
    kind: PollKind | None,
) -> Sequence[PollRun]:
    """One page of the poll log and one row more, newest first."""
    runs = select(PollRun).where(PollRun.tenant_id == caller.tenant_id)
    if kind is not None:
        runs = runs.where(PollRun.kind == kind)
    if official_account_id is not None:
        runs = runs.where(PollRun.official_account_id == official_account_id)
    if wanted.after is not None:
        runs = runs.where(PollRun.id < wanted.after)
    return (await session.scalars(runs.order_by(PollRun.id.desc()).limit(wanted.limit + 1))).all()


async def evidence_of(
    session: AsyncSession,
    tenant_id: UUID,
    account_id: UUID,
    wanted: PageRequest,
    *,
    paused: Sequence[UUID],
) -> Sequence[SelfEvidence]:
    """One page of what was shown of an account and one row more, oldest first.

    What names a paused official account is left out.
    """
    shown = (
        select(SelfEvidence)
        .where(
            SelfEvidence.tenant_id == tenant_id,
            SelfEvidence.account_id == account_id,
            SelfEvidence.official_account_id.is_(None)
            | SelfEvidence.official_account_id.not_in(paused),
        )
        .order_by(SelfEvidence.id)
        .limit(wanted.limit + 1)
    )
    if wanted.after is not None:
        shown = shown.where(SelfEvidence.id > wanted.after)
    return (await session.scalars(shown)).all()


async def facts_of(
    session: AsyncSession,
    tenant_id: UUID,
    evidence_ids: Sequence[UUID],
    *,
    paused: Sequence[UUID],
) -> Sequence[Row[UUID, UUID, PairAnswer, datetime | None, UUID, str]]:
    """The follows that some evidence shows, with the names of the official accounts."""
    found = await session.execute(
        select(
            SelfEvidenceFact.evidence_id,
            PairAnswerRow.id,
            PairAnswerRow.answer,
            PairAnswerRow.began_at,
            PairAnswerRow.official_account_id,
            OfficialAccount.name.label("official_account_name"),
        )
        .join(
            PairAnswerRow,
            (PairAnswerRow.tenant_id == SelfEvidenceFact.tenant_id)
            & (PairAnswerRow.id == SelfEvidenceFact.answer_id),
        )
        .join(
            OfficialAccount,
            (OfficialAccount.tenant_id == SelfEvidenceFact.tenant_id)
            & (OfficialAccount.id == SelfEvidenceFact.official_account_id),
        )
        .where(
            SelfEvidenceFact.tenant_id == tenant_id,
            SelfEvidenceFact.evidence_id.in_(evidence_ids),
            SelfEvidenceFact.official_account_id.not_in(paused),
        )
        .order_by(OfficialAccount.name, OfficialAccount.id)
    )
    return found.all()
