"""Intervals of follows are what the whole history says, in whatever order and how often it came."""

import io
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, example, given, settings
from sqlalchemy import text

from app.accounts.models import Account
from app.core.ids import new_id
from app.core.services import Services
from app.core.uploads import Upload
from app.observations import evidence, findable, follows, lists, memberships
from app.observations.memberships import Told
from app.observations.models import FollowerList
from app.observations.rules import CertificateVerdict, PairAnswer
from app.observations.self_exports import Word
from app.official_accounts.models import OfficialAccount, OwnerKind
from app.platforms.base import Platform
from tests.api.exports import instagram_own
from tests.observations.histories import (
    ACCOUNTS,
    WITHOUT_ID,
    AnswersEvent,
    Event,
    Interval,
    ListEvent,
    ShownEvent,
    arrivals,
    expected,
)
from tests.support import NOW, Government
from tests.workers.scripts import invent

# What was shown has no slot: it is told by the file's number, which stands in its remark.
ANSWERS = text("""
SELECT answer.id, answer.account_id, answer.slot, shown.remark
FROM pair_answers AS answer
LEFT JOIN self_evidence_facts AS fact ON fact.answer_id = answer.id
LEFT JOIN self_evidence AS shown ON shown.id = fact.evidence_id
""")
STORED = text("""
SELECT account_id, began_at, first_listed_at, last_listed_at,
       first_seen_at, first_kind, first_id, last_seen_at, last_kind, last_id,
       closed_at, closed_by_kind, closed_by_id
FROM follows WHERE official_account_id = :official
""")


@pytest.fixture
async def official(services: Services, government: Government) -> OfficialAccount:
    """An official account, and three people who may follow it."""
    await invent(services, government, len(ACCOUNTS))
    async with services.database.transaction(government.tenant_id) as session:
        await session.execute(
            text("UPDATE accounts SET platform_id = handle WHERE id <> :id"), {"id": WITHOUT_ID}
        )
        account = OfficialAccount(
            tenant_id=government.tenant_id,
            id=new_id(),
            platform=Platform.INSTAGRAM,
            handle="pemprovsumsel",
            name="Pemprov Sumsel",
            owner_kind=OwnerKind.OFFICE,
            poll_interval_seconds=3600,
        )
        session.add(account)
    return account


def row_of(official: OfficialAccount, event: ListEvent) -> FollowerList:
    """The list as it is kept; one that knew nobody was matched before anybody had declared."""
    return FollowerList(
        tenant_id=official.tenant_id,
        id=event.id,
        official_account_id=official.id,
        platform=official.platform,
        source=findable.PLATFORM_LIST if event.of_ids else lists.OWNER_EXPORT,
        digest=event.id.bytes,
        taken_at=event.at,
        matched_at=NOW + timedelta(hours=1 if event.knew_them else -1),
        listed=100,
        matched=len(event.holds),
        deleted=0,
        reached_end=True,
        certificate=event.certificate,
        reasons=[],
        recorded_by="test",
    )


class Ledger:
    """Takes in a history, event by event."""

    def __init__(self, services: Services, official: OfficialAccount) -> None:
        self._services, self._official = services, official
        self._kept: set[UUID] = set()

    async def take(self, event: Event) -> None:
        async with self._services.database.transaction(self._official.tenant_id) as session:
            if isinstance(event, AnswersEvent):
                told = [Told(each, answer, "test") for each, answer in event.told]
                await memberships.keep_answers(
                    session, self._official, told, slot=event.slot, asked_at=event.at
                )
            elif isinstance(event, ShownEvent):
                account = await session.get_one(
                    Account, (self._official.tenant_id, event.account_id)
                )
                await self._show(account, event)
            elif event.id not in self._kept:
                self._kept.add(event.id)
                taken = row_of(self._official, event)
                await lists.keep_list(session, taken, dict(event.holds), now=NOW)
            elif event.certificate is not CertificateVerdict.VOID:
                taken = await session.get_one(FollowerList, (self._official.tenant_id, event.id))
                await follows.record_list(session, taken, dict(event.holds), of_ids=event.of_ids)

    async def _show(self, account: Account, event: ShownEvent) -> None:
        """Hand in the own export of an account; each event's names somebody else besides."""
        followed = [(self._official.handle, event.began), (f"kawan{event.number}", event.began)]
        upload = Upload(io.BytesIO(instagram_own(followed, owner=account.handle)), None, {})
        word = Word(event.at, "Sari Wulandari", str(event.number))
        later = NOW + timedelta(hours=1)
        await evidence.take_export(
            self._services.database, account, upload, word, actor="test", now=later
        )

    async def intervals(self) -> list[Interval]:
        async with self._services.database.transaction(self._official.tenant_id) as session:
            rows = await session.execute(STORED, {"official": self._official.id})
            return [
                Interval(
                    row.account_id,
                    row.began_at,
                    (row.first_listed_at, row.last_listed_at),
                    (row.first_seen_at, row.first_kind, row.first_id),
                    (row.last_seen_at, row.last_kind, row.last_id),
                    (row.closed_at, row.closed_by_kind, row.closed_by_id)
                    if row.closed_at
                    else None,
                )
                for row in rows
            ]

    async def answer_ids(self) -> dict:
        async with self._services.database.transaction(self._official.tenant_id) as session:
            return {
                (row.account_id, row.slot or int(row.remark)): row.id
                for row in await session.execute(ANSWERS)
            }


def seen(number: int, minute: int, *, by: UUID = ACCOUNTS[0]) -> ListEvent:
    return ListEvent(
        number, minute, CertificateVerdict.COMPLETE, False, True, ((by, None),)
    )  # fmt: skip


def empty(number: int, minute: int) -> ListEvent:
    return ListEvent(number, minute, CertificateVerdict.COMPLETE, False, True, ())


def answered(number: int, minute: int, answer: PairAnswer) -> AnswersEvent:
    return AnswersEvent(number, minute, ((ACCOUNTS[0], answer),))


def shown(number: int, minute: int, *, days: int = 1) -> ShownEvent:
    return ShownEvent(number, minute, ACCOUNTS[0], NOW - timedelta(days=days))


NO, YES = PairAnswer.DOES_NOT_FOLLOW, PairAnswer.FOLLOWS


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=arrivals())
@example(history=[seen(0, 1), seen(1, 3), empty(2, 2), empty(2, 2)])
@example(history=[answered(0, 1, YES), answered(1, 3, YES), answered(2, 2, NO)])
@example(history=[answered(0, 1, YES), seen(1, 3), empty(2, 2)])
@example(history=[answered(0, 3, NO), answered(1, 1, YES), seen(2, 5), empty(3, 2)])
@example(history=[shown(0, 1, days=2), shown(1, 3), answered(2, 2, NO)])
@example(history=[seen(0, 1), shown(1, 3), shown(1, 3), empty(2, 2)])
async def test_any_history_in_any_order_and_twice_gives_the_same_intervals(
    services, official, connection, history: Sequence[Event]
):  # fmt: skip
    start = await connection.begin_nested()
    ledger = Ledger(services, official)
    for event in history:
        await ledger.take(event)
    found = await ledger.intervals()
    wanted = expected(history, await ledger.answer_ids())
    await start.rollback()
    assert len(found) == len(set(found))
    assert set(found) == wanted
