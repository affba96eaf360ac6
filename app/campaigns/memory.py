"""Giving an answer again without counting it again, as long as nothing has changed.

Every question asks the change log first, in a statement that begins after the question has come:
an answer is never older than the question. Questions that come while one is being looked up share
the look-up after it.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from app.campaigns import growth, queries
from app.campaigns.growth import GrowthQuestion
from app.campaigns.models import Campaign
from app.campaigns.past import Subject, enter_past
from app.campaigns.queries import CohortDrift
from app.campaigns.rules import PACE_SPAN
from app.changes import queries as changes
from app.changes.queries import BEGINNING, Mark
from app.core.clock import jakarta_day, jakarta_midnight
from app.core.moments import Moments
from app.core.services import Services
from app.core.sharing import Shared
from app.identity.rules import Caller
from app.neutrality import queries as neutrality

REMEMBERED_AT_MOST = 1_000
# An answer that nobody asks for is forgotten, so that no look reaches far back in the log.
REMEMBERED_FOR = timedelta(minutes=5)
NEXT_MOMENT = timedelta(microseconds=1)
OF_NO_ACCOUNT = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Question:
    """A growth question as it was asked; one without an end asks for growth until now."""

    official_account_id: UUID
    since: datetime
    until: datetime | None
    expected_gain: int | None
    campaign_id: UUID | None

    def as_of(self, now: datetime) -> GrowthQuestion:
        end = now if self.until is None else min(self.until, now)
        return GrowthQuestion(
            self.official_account_id, self.since, end, self.expected_gain, self.campaign_id
        )


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer, the mark up to which nothing has changed it, and the time it holds for.

    `members` is the dear part of it, which no count of followers changes; it has a mark of its own.
    """

    body: dict[str, Any]
    mark: Mark
    members: Row[Any]
    members_mark: Mark
    looked_at: datetime
    ends_at: datetime
    current_at: datetime | None
    holds_from: datetime
    holds_until: datetime | None

    def holds(self, now: datetime) -> bool:
        """Whether time alone has not made it wrong."""
        in_time = self.holds_until is None or now < self.holds_until
        return in_time and self.holds_from <= now <= self.looked_at + REMEMBERED_FOR

    def at(self, now: datetime, *, until_now: bool) -> dict[str, Any]:
        """The body with what moves with every moment: what it is of, its end, and an age."""
        body = dict(self.body)
        body["valid_at"] = body["known_at"] = growth.moment(now)
        body["until"] = growth.moment(now if until_now else self.ends_at)
        if self.current_at is not None:
            body["current"] = {**body["current"], "age_seconds": growth.age(self.current_at, now)}
        return body


class GrowthMemory:
    """The growth answers that this process has given lately, each tenant's under its own id."""

    def __init__(self) -> None:
        self._answers: dict[tuple[UUID, bool, Question], Answered] = {}
        self._shared: Shared[Answered] = Shared()

    async def answer(
        self, services: Services, caller: Caller, question: Question
    ) -> dict[str, Any]:
        """The answer as of now.

        Raises:
            NotFound: there is no such official account, or no such campaign.
        """
        key = _key(caller, question)
        found = await self._shared.run(key, lambda: self._look(services, caller, question))
        now = services.clock.now()
        until_now = question.until is None or question.until > now
        return found.at(now, until_now=until_now)

    async def _look(self, services: Services, caller: Caller, question: Question) -> Answered:
        key, now = _key(caller, question), services.clock.now()
        known = self._answers.get(key)
        if known is not None and not known.holds(now):
            known = None
        mark, changed = await changes.since(
            services.database,
            caller.tenant_id,
            known.mark if known else BEGINNING,
            official_account_id=question.official_account_id,
        )
        if known is None or changed:
            kept = await _members_kept(services, caller, known)
            async with services.database.transaction(caller.tenant_id) as session:
                found = await _count(session, caller, question, _Counting(mark, now, kept))
        else:
            found = replace(known, mark=mark, looked_at=now)
        if len(self._answers) >= REMEMBERED_AT_MOST:
            self._answers.clear()
        self._answers[key] = found
        return found


class DriftMemory:
    """How far the cohorts asked about lately have drifted, each tenant's under its own id."""

    def __init__(self) -> None:
        self._known: dict[tuple[UUID, UUID], tuple[Mark, CohortDrift]] = {}

    async def drift(self, services: Services, campaign: Campaign) -> CohortDrift:
        """The drift as of now; the log of changes tells whether it has to be counted."""
        key = (campaign.tenant_id, campaign.id)
        known, found = self._known.get(key, (BEGINNING, None))
        # Of no official account: no count of followers concerns a cohort.
        mark, changed = await changes.since(
            services.database, campaign.tenant_id, known, official_account_id=campaign.id
        )
        if found is None or changed:
            async with services.database.transaction(campaign.tenant_id) as session:
                found = await queries.drift(session, campaign)
        if len(self._known) >= REMEMBERED_AT_MOST:
            self._known.clear()
        self._known[key] = (mark, found)
        return found


async def answer_of_the_past(
    services: Services, caller: Caller, question: Question, moments: Moments
) -> dict[str, Any]:
    """The answer of other moments than now, looked up each time.

    Raises:
        NotFound: there is no such official account, or no such campaign.
        NotRecordedThen: one of them was recorded later.
    """
    async with services.database.transaction(caller.tenant_id) as session:
        about: dict[Subject, UUID] = {"official_accounts": question.official_account_id}
        if question.campaign_id is not None:
            about["campaigns"] = question.campaign_id
        past = await enter_past(session, caller, moments, about, now=services.clock.now())
        asked = question.as_of(moments.valid_at)
        body = await growth.answer(session, caller, asked, now=moments.valid_at, past=past)
    return body.model_dump(mode="json")


def _key(caller: Caller, question: Question) -> tuple[UUID, bool, Question]:
    """Outside BKD nothing is told that would tell of each of a few people."""
    return caller.tenant_id, caller.keeps_registry, question


@dataclass(frozen=True, slots=True)
class _Members:
    """Who follows, as it was counted last, and the mark up to which it still holds."""

    counted: Row[Any]
    mark: Mark


@dataclass(frozen=True, slots=True)
class _Counting:
    """From when an answer is counted, and what of it need not be counted again."""

    mark: Mark
    now: datetime
    members: _Members | None


async def _members_kept(
    services: Services, caller: Caller, known: Answered | None
) -> _Members | None:
    """What was counted of members, where nothing but readings has come since."""
    if known is None:
        return None
    mark, changed = await changes.since(
        services.database, caller.tenant_id, known.members_mark, official_account_id=OF_NO_ACCOUNT
    )
    return None if changed else _Members(known.members, mark)


async def _count(
    session: AsyncSession, caller: Caller, question: Question, counting: _Counting
) -> Answered:
    asked, now = question.as_of(counting.now), counting.now
    kept = counting.members
    members = kept.counted if kept else await growth.members_of(session, caller, asked)
    body = await growth.answer(session, caller, asked, now=now, members=members)
    current_at = body.current.observed_at if body.current else None
    # An election window hides or gives back a part of the answer at the start of a day.
    turn = await neutrality.next_turn(session, caller.tenant_id, jakarta_day(now))
    turns = [jakarta_midnight(turn) if turn else None]
    if asked.until == now:
        account_id = question.official_account_id
        turns.append(await queries.next_fact(session, caller.tenant_id, account_id, now))
        # A pace is told only while its last reading is fresh, and for the last time at this age.
        turns.append(current_at + PACE_SPAN + NEXT_MOMENT if current_at else None)
        turns.append(question.until)
        # Excuses begin and end with a day.
        turns.append(jakarta_midnight(jakarta_day(now) + timedelta(days=1)))
    coming = [turn for turn in turns if turn is not None and turn > now]
    return Answered(
        body=body.model_dump(mode="json"),
        mark=counting.mark,
        members=members,
        members_mark=kept.mark if kept else counting.mark,
        looked_at=now,
        ends_at=asked.until,
        current_at=current_at,
        holds_from=now,
        holds_until=min(coming, default=None),
    )
