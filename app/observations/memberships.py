"""What platforms say of membership: answers about pairs, and lists read page by page.

Everyone on a list who is not a declared account of the tenant is a citizen and is dropped here.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.core.ids import new_id
from app.neutrality import queries as neutrality
from app.observations import controls, findable, follows, lists, queries
from app.observations.models import CountSnapshot, FollowerList, PairAnswerRow
from app.observations.rules import (
    CountInterval,
    ListFacts,
    PairAnswer,
    suspicious_fall,
)
from app.official_accounts import service as official_accounts
from app.official_accounts.models import OfficialAccount
from app.platforms.base import (
    AccountGone,
    Ambiguous,
    CountReading,
    Follower,
    FollowerPage,
    NotSupported,
    PairReading,
    Platform,
    PlatformError,
)

ACTOR = "worker:memberships"
# Some 200 bytes of memory for each: a longer list is read no further, and stays partial.
MOST_ENTRIES = 1_000_000


async def in_duty(session: AsyncSession, account: OfficialAccount, today: date) -> bool:
    """Whether anybody may be asked to follow it, or be asked about: active, and not paused."""
    return account.active and await neutrality.pause_of(session, account, today) is None


@dataclass(frozen=True, slots=True)
class Told:
    """The answer about one declared account, and the route by which it came."""

    account_id: UUID
    answer: PairAnswer
    source: str


def as_told(account_id: UUID, outcome: PairReading | PlatformError) -> Told | None:
    """The answer that an outcome stands for; None where it is no fact about the pair."""
    match outcome:
        case PairReading(follows=True):
            return Told(account_id, PairAnswer.FOLLOWS, outcome.source)
        case PairReading(blocked=True):
            return Told(account_id, PairAnswer.BLOCKED, outcome.source)
        case PairReading():
            return Told(account_id, PairAnswer.DOES_NOT_FOLLOW, outcome.source)
        case AccountGone() | Ambiguous() | NotSupported():
            return Told(account_id, PairAnswer.NOT_TOLD, outcome.outcome)
        case _:
            return None


async def keep_answers(
    session: AsyncSession,
    account: OfficialAccount,
    answers: Sequence[Told],
    *,
    slot: datetime,
    asked_at: datetime,
) -> int:
    """Keep the answers of one batch, and the follows that they show or end.

    A pair that was answered in this slot already is left out.
    """
    if not answers:
        return 0
    rows = [
        {
            "tenant_id": account.tenant_id,
            "id": new_id(),
            "official_account_id": account.id,
            "account_id": told.account_id,
            "slot": slot,
            "asked_at": asked_at,
            "answer": told.answer,
            "source": told.source,
        }
        for told in answers
    ]
    inserted = await session.execute(
        insert(PairAnswerRow)
        .values(rows)
        .on_conflict_do_nothing(constraint="a_pair_is_answered_once_a_slot")
        .returning(PairAnswerRow.id, PairAnswerRow.account_id, PairAnswerRow.answer)
    )
    kept = inserted.all()
    looks = [
        follows.Look(row.account_id, row.id, present=row.answer is PairAnswer.FOLLOWS)
        for row in kept
        if row.answer in {PairAnswer.FOLLOWS, PairAnswer.DOES_NOT_FOLLOW}
    ]
    if looks:
        moved = await follows.record_answers(session, account, looks, asked_at=asked_at)
        await _note_follows(session, account, moved, asked_at)
    return len(kept)


async def _note_follows(
    session: AsyncSession, account: OfficialAccount, moved: int, now: datetime
) -> None:
    """Tell that follows began or ended, so that no remembered growth is given again."""
    if moved:
        await official_accounts.note_new_fact(session, account.tenant_id, account.id)
        record(
            session,
            ChangeKind.PAIR_ANSWERS_TAKEN,
            account.id,
            tenant_id=account.tenant_id,
            actor=ACTOR,
            at=now,
            follows_moved=moved,
        )


async def note_answers(
    session: AsyncSession, account: OfficialAccount, answered: int, *, now: datetime
) -> None:
    """Tell that an official account's pairs were answered."""
    await official_accounts.note_new_fact(session, account.tenant_id, account.id)
    record(
        session,
        ChangeKind.PAIR_ANSWERS_TAKEN,
        account.id,
        tenant_id=account.tenant_id,
        actor=ACTOR,
        at=now,
        answered=answered,
    )


async def answered_in_slot(session: AsyncSession, account: OfficialAccount, slot: datetime) -> bool:
    """Whether any pair of an official account was answered in a slot."""
    found = await session.scalar(
        select(PairAnswerRow.id)
        .where(
            PairAnswerRow.tenant_id == account.tenant_id,
            PairAnswerRow.official_account_id == account.id,
            PairAnswerRow.slot == slot,
        )
        .limit(1)
    )
    return found is not None


@dataclass(frozen=True, slots=True)
class Known:
    """The declared accounts that a list is matched against, as they were at one moment."""

    by_id: Mapping[str, UUID]
    by_handle: Mapping[str, tuple[UUID, str | None]]

    def find(self, follower: Follower) -> UUID | None:
        """Whose entry this is. The id decides; a handle may have passed to somebody else."""
        if follower.platform_id is not None and follower.platform_id in self.by_id:
            return self.by_id[follower.platform_id]
        if follower.handle is None:
            return None
        account_id, its_id = self.by_handle.get(follower.handle.casefold(), (None, None))
        if its_id is not None and follower.platform_id is not None:
            return None
        return account_id


class Roll:
    """A list as it is read: entries are counted and dropped, and only matches are kept."""

    def __init__(self, known: Known, slot: datetime) -> None:
        self.matched: set[UUID] = set()
        self.pages = 0
        self._known = known
        self._seen: set[int] = set()
        # The slot is part of the digest: the same followers on another day are another list.
        self._digest = hashlib.sha256(f"{findable.PLATFORM_LIST}:{slot.isoformat()}".encode())

    def add(self, page: FollowerPage) -> None:
        """Take in a page; an entry that came before is counted once."""
        self.pages += 1
        for follower in page.followers:
            key = follower.platform_id or (follower.handle or "").casefold()
            # Python's hash of a text is keyed anew in each process, and leaves nobody readable.
            mark = hash(key)
            if not key or mark in self._seen or self.full:
                continue
            self._seen.add(mark)
            self._digest.update(key.encode() + b"\n")
            account_id = self._known.find(follower)
            if account_id is not None:
                self.matched.add(account_id)

    @property
    def listed(self) -> int:
        return len(self._seen)

    @property
    def full(self) -> bool:
        """Whether no more entries fit into memory."""
        return len(self._seen) >= MOST_ENTRIES

    @property
    def digest(self) -> bytes:
        return self._digest.digest()


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of a list, with the counts that were read just before and after it."""

    slot: datetime
    started_at: datetime
    roll: Roll
    reached_end: bool
    count_before: CountReading | None
    count_after: CountReading | None


async def keep_reading(
    session: AsyncSession, account: OfficialAccount, reading: Reading, *, now: datetime
) -> FollowerList | None:
    """Certify and keep a list that was read; None where the slot has one already.

    It counts as taken when the reading began: whoever came later need not be on it.
    """
    await session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"),
        {"name": f"list:{account.tenant_id}:{account.id}"},
    )
    if await list_of_slot(session, account, reading.slot):
        return None
    published = await queries.published_before(session, account.tenant_id, account.id, now)
    taken = await _certified(
        session,
        account,
        reading,
        before=_interval(reading.count_before, published),
        after=_interval(reading.count_after, published),
    )
    await lists.keep_list(session, taken, dict.fromkeys(reading.roll.matched), now=now)
    return taken


async def _certified(
    session: AsyncSession,
    account: OfficialAccount,
    reading: Reading,
    *,
    before: CountInterval | None,
    after: CountInterval | None,
) -> FollowerList:
    roll = reading.roll
    matching = controls.Matching(
        roll.matched,
        reading.started_at,
        of_ids=findable.names_ids(account.platform, findable.PLATFORM_LIST),
        reached_end=reading.reached_end,
    )
    facts = ListFacts(
        listed=roll.listed,
        count_before=before,
        count_after=after,
        reached_end=reading.reached_end,
        oldest_entry=None,
        taken_at=reading.started_at,
        account_opened_at=lists.opened(account),
    )
    certified = await controls.certify_with(session, account, facts, matching)
    return FollowerList(
        tenant_id=account.tenant_id,
        id=new_id(),
        official_account_id=account.id,
        platform=account.platform,
        source=findable.PLATFORM_LIST,
        digest=roll.digest,
        slot=reading.slot,
        matched=len(roll.matched),
        deleted=0,
        pages=roll.pages,
        recorded_by=ACTOR,
        **certified,
    )


def _interval(
    reading: CountReading | None, published: CountSnapshot | None
) -> CountInterval | None:
    """What a count allows; none where it has fallen so far that a second one must confirm it."""
    if reading is None:
        return None
    if published is not None and suspicious_fall(published.followers_max, reading.followers_max):
        return None
    return CountInterval(reading.followers_min, reading.followers_max)


KNOWN = text("""
SELECT id, handle, platform_id FROM accounts
WHERE tenant_id = :tenant_id AND platform = :platform AND state NOT IN ('contested', 'retired')
""")


async def known_accounts(session: AsyncSession, tenant_id: UUID, platform: Platform) -> Known:
    """Every live declared account of a platform, by id and by handle."""
    where = {"tenant_id": tenant_id, "platform": platform.value}
    rows = (await session.execute(KNOWN, where)).all()
    return Known(
        by_id={row.platform_id: row.id for row in rows if row.platform_id is not None},
        by_handle={row.handle.casefold(): (row.id, row.platform_id) for row in rows},
    )


async def list_of_slot(session: AsyncSession, account: OfficialAccount, slot: datetime) -> bool:
    """Whether a slot has its list already."""
    found = await session.scalar(
        select(FollowerList.id).where(
            FollowerList.tenant_id == account.tenant_id,
            FollowerList.official_account_id == account.id,
            FollowerList.slot == slot,
        )
    )
    return found is not None
