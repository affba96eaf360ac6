"""Polling: one snapshot a slot, whatever fails, retries or is late."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from sqlalchemy import text

from app.core.services import Services
from app.identity.rules import Caller
from app.identity.scopes import Scope
from app.observations import service as observations
from app.official_accounts import queries as official_accounts
from app.official_accounts import service as registry
from app.official_accounts.models import OwnerKind
from app.official_accounts.schemas import OfficialAccountIn
from app.platforms import base
from app.platforms.base import Adapter, Capabilities, CountReading, Platform, PlatformError, Target
from tests.conftest import make_government
from tests.support import NOW
from workers.collect import LEASE, collect_once

BATCH = 10


class Script(Adapter):
    """A platform that answers as the test says; it counts how often it was asked."""

    platform: ClassVar[Platform] = Platform.BLUESKY
    capabilities: ClassVar[Capabilities] = Capabilities(note="", counts=True, batch_size=BATCH)

    def __init__(self, *answers: int | PlatformError) -> None:
        self.answers = list(answers)
        self.asked = 0
        self.before_answering = asyncio.Event()
        self.before_answering.set()
        self.connections_held: list[int] = []
        self.pool: Any = None

    async def counts(
        self, targets: Sequence[Target]
    ) -> Mapping[Target, CountReading | PlatformError]:
        if self.pool is not None:
            self.connections_held.append(self.pool.checkedout())
        self.asked += len(targets)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        await self.before_answering.wait()
        if isinstance(answer, PlatformError):
            raise answer
        return {
            target: CountReading(
                platform_id=f"did:plc:{target.handle}",
                handle=target.handle,
                followers_min=answer,
                followers_max=answer,
                raw=str(answer),
                precision=base.Precision.EXACT,
                source="script",
            )
            for target in targets
        }


async def watch(services: Services, how_many: int = 1, interval: int = 300) -> Caller:
    """Official accounts that are due now."""
    government = await make_government(services, "sumsel")
    caller = Caller(
        government.tenant_id, government.tenant_id, frozenset(Scope), None, NOW + timedelta(days=1)
    )
    async with services.database.transaction(caller.tenant_id) as session:
        for number in range(how_many):
            await registry.create(
                session,
                caller,
                OfficialAccountIn(
                    account=f"akun{number}.bsky.social",
                    platform=Platform.BLUESKY,
                    name="Akun",
                    owner_kind=OwnerKind.OFFICE,
                    poll_interval_seconds=interval,
                ),
                default_interval=300,
                now=services.clock.now(),
            )
    return caller


async def rows(services: Services, caller: Caller, statement: str) -> list:
    async with services.database.transaction(caller.tenant_id) as session:
        return list(await session.execute(text(statement)))


SNAPSHOTS = "SELECT followers_min, slot, suspicious FROM count_snapshots ORDER BY slot"
RUNS = "SELECT outcome FROM poll_runs ORDER BY id"


async def test_a_poll_writes_a_snapshot_a_run_and_the_platform_id(services):
    caller = await watch(services)
    assert await collect_once(services, Script(8582)) == 1
    [snapshot] = await rows(services, caller, SNAPSHOTS)
    assert snapshot.followers_min == 8582
    assert snapshot.slot == NOW
    assert [run.outcome for run in await rows(services, caller, RUNS)] == ["ok"]
    [account] = await rows(services, caller, "SELECT platform_id, version FROM official_accounts")
    assert account.platform_id == "did:plc:akun0.bsky.social"
    assert account.version == 1


class OwnRoute(Script):
    """A platform whose count an account's own token opens."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        note="", counts=True, batch_size=BATCH, counts_use_token=True
    )

    async def counts(
        self, targets: Sequence[Target]
    ) -> Mapping[Target, CountReading | PlatformError]:
        self.tokens = [each.access_token for each in targets]
        return await super().counts(targets)


async def test_a_connected_account_is_asked_about_with_its_own_token(services):
    caller = await watch(services)
    asked_for = []

    async def token_of(tenant_id, account_id):
        asked_for.append((tenant_id, account_id))
        return "own-token"

    own, other = OwnRoute(8582), Script(8582)
    assert await collect_once(services, own, token_of) == 1
    assert own.tokens == ["own-token"]
    [account] = await rows(services, caller, "SELECT id FROM official_accounts")
    assert asked_for == [(caller.tenant_id, account.id)]
    services.clock.at += timedelta(seconds=300)
    await collect_once(services, other, token_of)
    assert len(asked_for) == 1


async def test_what_waited_out_a_pause_is_polled_once_the_platform_is_asked_again(services, clock):
    await watch(services)
    spent = base.CreditsExhausted("402", retry_at=NOW + timedelta(hours=24))
    script = Script(spent, 8582)
    await collect_once(services, script)
    assert await collect_once(services, script) == 0
    async with services.database.system() as session:
        await official_accounts.poll_now(session, Platform.YOUTUBE, now=NOW)
    assert await collect_once(services, script) == 0, "another platform's accounts wait on"
    async with services.database.system() as session:
        await official_accounts.poll_now(session, Platform.BLUESKY, now=NOW)
    assert await collect_once(services, script) == 1
    async with services.database.system() as session:
        await official_accounts.poll_now(session, Platform.BLUESKY, now=NOW)
    assert await collect_once(services, script) == 0, "what is due in its own time stays so"


async def test_nothing_is_due_again_before_the_next_slot(services, clock):
    caller = await watch(services)
    script = Script(1, 2, 3)
    await collect_once(services, script)
    clock.at += timedelta(seconds=299)
    assert await collect_once(services, script) == 0
    clock.at += timedelta(seconds=1)
    assert await collect_once(services, script) == 1
    assert [each.followers_min for each in await rows(services, caller, SNAPSHOTS)] == [1, 2]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        pytest.param(base.Unavailable("503"), "unavailable", id="down"),
        pytest.param(base.ParseFailed("json"), "parse_failed", id="garbled"),
        pytest.param(base.LoginWall("html"), "blocked", id="login-page"),
        pytest.param(base.CredentialsBad("key"), "credentials_bad", id="credentials"),
        pytest.param(base.AccountGone("gone"), "not_found", id="gone"),
        pytest.param(base.AccountSuspended(""), "suspended", id="suspended"),
        pytest.param(base.AccountDeactivated(""), "deactivated", id="deactivated"),
        pytest.param(base.Ambiguous("two"), "ambiguous", id="ambiguous"),
        pytest.param(base.NotSupported("hidden"), "not_supported", id="hidden"),
        pytest.param(
            base.RateLimited("429", retry_at=NOW + timedelta(hours=2)), "rate_limited", id="limited"
        ),
        pytest.param(
            base.CreditsExhausted("402", retry_at=NOW + timedelta(hours=2)),
            "credits_exhausted",
            id="credits",
        ),
    ],
)
async def test_a_failure_is_a_row_in_the_log_and_never_a_zero(services, clock, error, outcome):
    caller = await watch(services)
    await collect_once(services, Script(error))
    assert await rows(services, caller, SNAPSHOTS) == []
    assert [run.outcome for run in await rows(services, caller, RUNS)] == [outcome]
    [due] = await rows(services, caller, "SELECT next_poll_at, failures FROM due_polls")
    assert due.failures == 1
    assert due.next_poll_at == getattr(error, "retry_at", NOW + timedelta(seconds=15))


UNWRITABLE = [
    pytest.param("https://sosial.example/\x00", id="nul"),
    pytest.param("https://sosial.example/\ud800", id="half-a-character"),
]


class Unwritable(Script):
    """A platform that tells an id of the first account which no column can hold."""

    def __init__(self, platform_id: str) -> None:
        super().__init__(8582)
        self.platform_id = platform_id

    async def counts(
        self, targets: Sequence[Target]
    ) -> Mapping[Target, CountReading | PlatformError]:
        told = dict(await super().counts(targets))
        reading = told[targets[0]]
        assert isinstance(reading, CountReading)
        told[targets[0]] = replace(reading, platform_id=self.platform_id)
        return told


@pytest.mark.parametrize("platform_id", UNWRITABLE)
async def test_what_cannot_be_written_stops_no_other_poll(services, platform_id):
    caller = await watch(services, how_many=3)
    assert await collect_once(services, Unwritable(platform_id)) == 3
    assert len(await rows(services, caller, SNAPSHOTS)) == 2
    outcomes = sorted(run.outcome for run in await rows(services, caller, RUNS))
    assert outcomes == ["ok", "ok", "parse_failed"]
    due = await rows(services, caller, "SELECT failures, lease_until FROM due_polls")
    assert sorted(each.failures for each in due) == [0, 0, 1]
    assert all(each.lease_until is None for each in due)


def every_error(kind: type[PlatformError] = PlatformError) -> set[type[PlatformError]]:
    return {kind}.union(*(every_error(each) for each in kind.__subclasses__()))


def test_every_platform_error_names_its_outcome():
    outcomes = [error.outcome for error in every_error()]
    assert len(set(outcomes)) == len(outcomes)


async def test_a_retry_inside_the_slot_fills_it(services, clock):
    caller = await watch(services)
    script = Script(base.Unavailable("503"), 8582)
    await collect_once(services, script)
    clock.at += timedelta(seconds=15)
    await collect_once(services, script)
    [snapshot] = await rows(services, caller, SNAPSHOTS)
    assert (snapshot.followers_min, snapshot.slot) == (8582, NOW)
    assert [run.outcome for run in await rows(services, caller, RUNS)] == ["unavailable", "ok"]


async def test_a_fall_of_nine_tenths_waits_for_a_second_reading(services, clock):
    caller = await watch(services)
    script = Script(8582, 12, 12)
    for _ in range(3):
        await collect_once(services, script)
        clock.at += timedelta(seconds=300)
    found = [
        (each.followers_min, each.suspicious) for each in await rows(services, caller, SNAPSHOTS)
    ]
    assert found == [(8582, False), (12, True), (12, False)]


async def test_a_passing_fall_is_never_published(services, clock):
    caller = await watch(services)
    script = Script(8582, 0, 8590)
    for _ in range(3):
        await collect_once(services, script)
        clock.at += timedelta(seconds=300)
    found = [
        (each.followers_min, each.suspicious) for each in await rows(services, caller, SNAPSHOTS)
    ]
    assert found == [(8582, False), (0, True), (8590, False)]


async def test_no_connection_is_held_while_the_platform_is_asked(separate_services):
    await watch(separate_services)
    script = Script(5)
    script.pool = separate_services.database.bind.pool
    await collect_once(separate_services, script)
    assert script.connections_held == [0]


async def test_three_workers_poll_every_account_once(separate_services):
    services = separate_services
    caller = await watch(services, how_many=45)
    script = Script(7)

    async def work() -> None:
        while await collect_once(services, script):
            pass

    await asyncio.gather(work(), work(), work())
    assert script.asked == 45
    assert len(await rows(services, caller, SNAPSHOTS)) == 45
    assert len(await rows(services, caller, RUNS)) == 45


async def test_a_late_worker_writes_nothing_once_its_lease_was_taken_over(separate_services, clock):
    services = separate_services
    caller = await watch(services)
    slow, quick = Script(111), Script(222)
    slow.before_answering.clear()
    late = asyncio.create_task(collect_once(services, slow))
    while not slow.asked:
        await asyncio.sleep(0.01)
    clock.at += LEASE + timedelta(seconds=1)
    assert await collect_once(services, quick) == 1
    slow.before_answering.set()
    await late
    assert [each.followers_min for each in await rows(services, caller, SNAPSHOTS)] == [222]
    assert len(await rows(services, caller, RUNS)) == 1


async def test_the_same_slot_is_never_written_twice(separate_services, clock):
    """Even two holders of valid claims, one after the other, leave one snapshot in a slot."""
    services = separate_services
    caller = await watch(services)
    for count in (10, 11):
        async with services.database.transaction(caller.tenant_id) as session:
            await session.execute(text("UPDATE due_polls SET next_poll_at = :now"), {"now": NOW})
        await collect_once(services, Script(count))
    assert [each.followers_min for each in await rows(services, caller, SNAPSHOTS)] == [10]


async def test_an_inactive_account_is_no_longer_due(services):
    caller = await watch(services)
    async with services.database.transaction(caller.tenant_id) as session:
        [account] = (await session.scalars(official_accounts.visible_to(caller))).all()
        await registry.edit(
            session, caller, account.id, expected=1, now=NOW, changes={"active": False}
        )
    assert await collect_once(services, Script(1)) == 0


def test_slots_divide_time_evenly():
    five = timedelta(minutes=5)
    assert observations.slot_of(NOW + timedelta(seconds=299), five) == NOW
    assert observations.slot_of(NOW + timedelta(seconds=300), five) == NOW + five
