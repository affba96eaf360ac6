"""Recording counts and polls; a failed poll is a row in the log, never a zero."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.core.errors import Conflict, FieldError, Invalid
from app.identity.rules import Caller
from app.observations import queries
from app.observations.models import CountSnapshot, FollowerList, PollRun
from app.observations.rules import (
    CountInterval,
    confirms_fall,
    may_mean,
    step_gains,
    suspicious_fall,
)
from app.observations.schemas import (
    CertificateOut,
    ControlCountsOut,
    CountOut,
    FollowerListOut,
    SnapshotIn,
    SnapshotOut,
    SnapshotsOut,
    StepOut,
)
from app.official_accounts import service as official_accounts
from app.official_accounts.queries import ClaimedPoll
from app.platforms.base import CountReading
from app.platforms.numbers import possible_counts

MANUAL = "manual"


class ReadingInFuture(Invalid):
    """The reading is dated in the future."""


class TextSaysOtherwise(Invalid):
    """The text `raw` cannot mean this count; copy it as the page shows it: 8.582 or 7,2 rb."""


class SlotTaken(Conflict):
    """There is a snapshot of this account at this moment already."""


def slot_of(moment: datetime, interval: timedelta) -> datetime:
    """The start of the slot that a moment falls into; slots divide time evenly since 1970."""
    seconds = int(interval.total_seconds())
    return datetime.fromtimestamp(int(moment.timestamp()) // seconds * seconds, UTC)


async def _is_suspicious(
    session: AsyncSession, tenant_id: UUID, account_id: UUID, reading_max: int, at: datetime
) -> bool:
    """Whether a reading falls so far that a second one must confirm it."""
    published = await queries.published_before(session, tenant_id, account_id, at)
    if published is None or not suspicious_fall(published.followers_max, reading_max):
        return False
    last = await queries.latest(session, tenant_id, account_id)
    return not (
        last is not None
        and last.suspicious
        and last.observed_at > published.observed_at
        and confirms_fall(last.followers_max, reading_max)
    )


async def _insert(session: AsyncSession, snapshot: dict[str, object]) -> bool:
    """Whether the snapshot was the first of its slot; a second one is left out."""
    inserted = await session.execute(
        insert(CountSnapshot)
        .values(**snapshot)
        .on_conflict_do_nothing(index_elements=["tenant_id", "official_account_id", "slot"])
        .returning(CountSnapshot.slot)
    )
    return inserted.first() is not None


async def record_manual(
    session: AsyncSession, caller: Caller, account_id: UUID, reading: SnapshotIn, *, now: datetime
) -> CountSnapshot:
    """Keep a reading that a person attests.

    Raises:
        ReadingInFuture: it is dated in the future.
        TextSaysOtherwise: what was read cannot mean this count.
        SlotTaken: there is one of this moment.
    """
    if reading.observed_at > now:
        raise ReadingInFuture(errors=[FieldError("/observed_at", "future", "in the future")])
    assert reading.followers_min is not None
    assert reading.followers_max is not None
    claimed = CountInterval(reading.followers_min, reading.followers_max)
    if not may_mean(possible_counts(reading.raw), claimed, reading.precision):
        message = "not this count; a shortened one needs followers_min and followers_max"
        raise TextSaysOtherwise(errors=[FieldError("/raw", "other_count", message)])
    observed_at = reading.observed_at.astimezone(UTC)
    snapshot = {
        "tenant_id": caller.tenant_id,
        "official_account_id": account_id,
        "slot": observed_at,
        "followers_min": reading.followers_min,
        "followers_max": reading.followers_max,
        "raw": reading.raw,
        "precision": reading.precision,
        "source": MANUAL,
        "attested_by": reading.attested_by,
        "observed_at": observed_at,
        # The person who attests it is the second look that a fall asks for.
        "suspicious": False,
    }
    if not await _insert(session, snapshot):
        raise SlotTaken(errors=[FieldError("/observed_at", "taken", "already recorded")])
    record(
        session,
        ChangeKind.SNAPSHOT_TAKEN,
        account_id,
        tenant_id=caller.tenant_id,
        actor=caller.actor,
        at=now,
        slot=observed_at.isoformat(),
        source=MANUAL,
    )
    await official_accounts.note_new_fact(session, caller.tenant_id, account_id)
    await session.flush()
    return await session.get_one(CountSnapshot, (caller.tenant_id, account_id, observed_at))


@dataclass(frozen=True, slots=True)
class PollResult:
    """What one attempt to read a count came to."""

    started_at: datetime
    finished_at: datetime
    outcome: str
    reason: str = ""
    reading: CountReading | None = None
    retry_at: datetime | None = None


async def record_poll(
    session: AsyncSession, claim: ClaimedPoll, result: PollResult, *, actor: str
) -> bool:
    """Write the run, its snapshot where there is one, and give the account back, all or nothing.

    Returns whether the claim still held; where it did not, nothing is written.
    """
    slot = slot_of(result.started_at, claim.interval)
    suspicious = result.reading is not None and await _is_suspicious(
        session,
        claim.tenant_id,
        claim.official_account_id,
        result.reading.followers_max,
        result.finished_at,
    )
    next_poll_at = _next_poll(claim, result)
    failures = 0 if result.reading is not None else claim.failures + 1
    held = await official_accounts.finish_poll(
        session, claim, next_poll_at=next_poll_at, failures=failures
    )
    if not held:
        return False
    session.add(
        PollRun(
            tenant_id=claim.tenant_id,
            platform=claim.platform,
            official_account_id=claim.official_account_id,
            slot=slot,
            epoch=claim.epoch,
            started_at=result.started_at,
            finished_at=result.finished_at,
            outcome=result.outcome,
            reason=result.reason,
            retry_at=result.retry_at,
        )
    )
    if result.reading is not None:
        await _record_reading(session, claim, result, slot, suspicious=suspicious, actor=actor)
    await session.flush()
    return True


def _next_poll(claim: ClaimedPoll, result: PollResult) -> datetime:
    """After a success the first slot to come; after a failure sooner, with growing patience."""
    if result.reading is not None:
        return slot_of(result.finished_at, claim.interval) + claim.interval
    if result.retry_at is not None:
        return result.retry_at
    patience: timedelta = min(timedelta(seconds=15) * 2 ** min(claim.failures, 10), claim.interval)
    return result.finished_at + patience


async def _record_reading(
    session: AsyncSession,
    claim: ClaimedPoll,
    result: PollResult,
    slot: datetime,
    *,
    suspicious: bool,
    actor: str,
) -> None:
    reading = result.reading
    assert reading is not None
    snapshot = {
        "tenant_id": claim.tenant_id,
        "official_account_id": claim.official_account_id,
        "slot": slot,
        "followers_min": reading.followers_min,
        "followers_max": reading.followers_max,
        "raw": reading.raw,
        "precision": reading.precision,
        "source": reading.source,
        "observed_at": result.finished_at,
        "suspicious": suspicious,
    }
    if not await _insert(session, snapshot):
        return
    if claim.platform_id is None and reading.platform_id is not None:
        await official_accounts.learn_platform_id(
            session, claim.tenant_id, claim.official_account_id, reading.platform_id
        )
    await official_accounts.note_new_fact(session, claim.tenant_id, claim.official_account_id)
    record(
        session,
        ChangeKind.SNAPSHOT_TAKEN,
        claim.official_account_id,
        tenant_id=claim.tenant_id,
        actor=actor,
        at=result.finished_at,
        slot=slot.isoformat(),
        source=reading.source,
        suspicious=suspicious,
    )


async def series(
    session: AsyncSession, caller: Caller, account_id: UUID, wanted: queries.SnapshotRange
) -> SnapshotsOut:
    """Readings of a range, each of them or one a step."""
    if wanted.step is not None:
        rows = await queries.steps(session, caller, account_id, wanted)
        gains = step_gains(
            [
                None
                if row.followers_min is None
                else CountInterval(row.followers_min, row.followers_max)
                for row in rows
            ]
        )
        return SnapshotsOut(
            items=[
                StepOut(
                    start=row.bucket,
                    followers_min=row.followers_min,
                    followers_max=row.followers_max,
                    precision=row.precision,
                    observed_at=row.observed_at,
                    gain_min=gain.min if gain else None,
                    gain_max=gain.max if gain else None,
                )
                for row, gain in zip(rows, gains, strict=True)
            ],
            next=None,
        )
    found = await queries.snapshots(session, caller, account_id, wanted)
    kept = found[: wanted.limit]
    more = len(found) > wanted.limit
    return SnapshotsOut(
        items=[SnapshotOut.model_validate(each) for each in kept],
        next=queries.slot_cursor(kept[-1].slot) if more else None,
    )


def shown_list(taken: FollowerList) -> FollowerListOut:
    """A list as the API answers it."""
    return FollowerListOut(
        id=taken.id,
        official_account_id=taken.official_account_id,
        platform=taken.platform,
        source=taken.source,
        taken_at=taken.taken_at,
        listed=taken.listed,
        matched=taken.matched,
        deleted=taken.deleted,
        oldest_entry=taken.oldest_entry,
        newest_entry=taken.newest_entry,
        reached_end=taken.reached_end,
        pages=taken.pages,
        count_before=_count(taken.count_before_min, taken.count_before_max),
        count_after=_count(taken.count_after_min, taken.count_after_max),
        controls=ControlCountsOut(
            present_expected=taken.present_expected,
            present_found=taken.present_found,
            absent_expected=taken.absent_expected,
            absent_violations=taken.absent_violations,
            uncounted=taken.controls_uncounted,
        ),
        certificate=CertificateOut(verdict=taken.certificate, reasons=taken.reasons),
        recorded_at=taken.recorded_at,
    )


def _count(least: int | None, most: int | None) -> CountOut | None:
    return None if least is None or most is None else CountOut(min=least, max=most)
