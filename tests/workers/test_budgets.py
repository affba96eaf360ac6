"""The gate in PostgreSQL: what N workers may ask together, and what they learn from each other."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.budgets import queries
from app.budgets.rules import LIMITS, Limit
from app.budgets.service import GOOD_FOR, PATIENCE, PostgresGate
from app.core.clock import SettableClock
from app.core.db import Database, make_engine
from app.core.metrics import exposition
from app.core.services import Services
from app.platforms.base import (
    AccountGone,
    CredentialsBad,
    CreditsExhausted,
    LoginWall,
    NotSupported,
    ParseFailed,
    Platform,
    PlatformError,
    RateLimited,
    Unavailable,
)
from app.platforms.http import PAGES, Lane
from tests.support import NOW

X = Lane(Platform.X)
YOUTUBE = Lane(Platform.YOUTUBE)
BLUESKY = Lane(Platform.BLUESKY)
HOUR = timedelta(hours=1)
SLOW = {**LIMITS, Platform.X: Limit(100, HOUR)}


class Enough(Exception):
    """The test does not want to wait for the budget's pace."""


async def no_naps(_: float) -> None:
    raise Enough


def gate_of(
    services: Services, limits: Mapping[Platform, Limit] = LIMITS, **options: Any
) -> PostgresGate:
    return PostgresGate(services.database, services.clock, limits, **({"sleep": no_naps} | options))


async def refusal(gate: PostgresGate, lane: Lane, cost: int = 1) -> PlatformError:
    with pytest.raises(PlatformError) as error:
        await gate.enter(lane, cost)
    return error.value


async def spend_all(gate: PostgresGate, lane: Lane) -> int:
    spent = 0
    try:
        while True:
            await gate.enter(lane, 1)
            spent += 1
            await asyncio.sleep(0)
    except (RateLimited, Enough):
        return spent


async def together(gates: list[PostgresGate], lane: Lane) -> int:
    return sum(await asyncio.gather(*(spend_all(gate, lane) for gate in gates)))


def move(services: Services, by: timedelta) -> None:
    assert isinstance(services.clock, SettableClock)
    services.clock.at += by


async def test_workers_together_never_exceed_the_budget_in_any_window(separate_services):
    services = separate_services
    gates = [gate_of(services, SLOW) for _ in range(4)]
    spent: list[tuple[datetime, int]] = []
    for _ in range(36):
        spent.append((services.clock.now(), await together(gates, X)))
        move(services, timedelta(minutes=5))
    assert spent[0][1] == SLOW[Platform.X].burst
    for begins, _ in spent:
        assert sum(units for at, units in spent if begins <= at < begins + HOUR) <= 100
    assert sum(units for _, units in spent) >= 3 * 90


async def test_blocks_that_are_drawn_ahead_are_within_the_budget(separate_services):
    services = separate_services
    limits = {**LIMITS, Platform.BLUESKY: Limit(60_000, timedelta(seconds=10))}
    assert limits[Platform.BLUESKY].block(1) == 600
    gates = [gate_of(services, limits) for _ in range(4)]
    assert await together(gates, BLUESKY) == 6_000


@pytest.mark.parametrize(
    ("lane", "limit", "spared", "rest"),
    [
        pytest.param(
            YOUTUBE, Limit(80, timedelta(days=1), "America/Los_Angeles"), 60, 20, id="day"
        ),
        pytest.param(BLUESKY, Limit(800, HOUR), 60, 20, id="pace"),
    ],
)
async def test_rounds_of_checks_leave_counts_a_quarter(
    separate_services, lane, limit, spared, rest
):
    limits = {**LIMITS, lane.platform: limit}
    sparing = [gate_of(separate_services, limits, sparing=True) for _ in range(2)]
    assert await together(sparing, lane) == spared
    assert await spend_all(gate_of(separate_services, limits), lane) == rest


async def test_a_daily_quota_is_shared_by_all_tokens_until_midnight_in_california(
    separate_services,
):
    services = separate_services
    limits = {**LIMITS, Platform.YOUTUBE: Limit(50, timedelta(days=1), "America/Los_Angeles")}
    gates = [gate_of(services, limits) for _ in range(3)]
    assert await together(gates, YOUTUBE) == 50
    spent = await refusal(gates[0], Lane(Platform.YOUTUBE, "5f5f"))
    assert isinstance(spent, RateLimited)
    assert spent.retry_at == datetime(2026, 11, 24, 8, tzinfo=UTC)
    move(services, spent.retry_at - services.clock.now())
    assert await together(gates, YOUTUBE) == 50


async def test_a_request_that_costs_more_than_is_left_is_refused_whole(services):
    limits = {**LIMITS, Platform.YOUTUBE: Limit(10, timedelta(days=1), "America/Los_Angeles")}
    gate = gate_of(services, limits)
    await gate.enter(YOUTUBE, 8)
    assert isinstance(await refusal(gate, YOUTUBE, 3), RateLimited)
    move(services, GOOD_FOR)
    await gate.enter(YOUTUBE, 2)


async def test_a_restart_keeps_what_was_spent(services):
    assert await spend_all(gate_of(services, SLOW), X) == 10
    assert await spend_all(gate_of(services, SLOW), X) == 0


class Counting(Database):
    """A database that counts its transactions."""

    transactions = 0

    @asynccontextmanager
    async def system(self) -> AsyncIterator[AsyncSession]:
        self.transactions += 1
        async with super().system() as session:
            yield session


async def test_a_wide_budget_costs_few_transactions(services, connection, clock):
    database = Counting(connection)
    limits = {**LIMITS, Platform.BLUESKY: Limit(3_000_000, timedelta(minutes=5))}
    gate = PostgresGate(database, clock, limits)
    ends = str(int((NOW + HOUR).timestamp()))
    for left in range(2_999_999, 2_995_999, -1):
        await gate.enter(BLUESKY, 1)
        await gate.learn(BLUESKY, {"ratelimit-remaining": str(left), "ratelimit-reset": ends})
    assert database.transactions == 4 + 1


async def test_a_request_waits_for_its_turn_without_a_connection(separate_services):
    services = separate_services
    naps: list[float] = []
    engine: Any = services.database.bind

    async def nap(seconds: float) -> None:
        assert engine.pool.checkedout() == 0
        naps.append(seconds)
        move(services, timedelta(seconds=seconds))

    gate = gate_of(services, sleep=nap)
    for _ in range(3 + 2):
        await gate.enter(Lane(Platform.TIKTOK, PAGES), 1)
    assert [round(seconds, 2) for seconds in naps] == [2.22, 2.22]


async def test_nobody_waits_longer_than_a_moment(services):
    async def nap(seconds: float) -> None:
        move(services, timedelta(seconds=seconds))

    gate = gate_of(services, sleep=nap)
    pages = Lane(Platform.TIKTOK, PAGES)
    outcomes = await asyncio.gather(
        *(gate.enter(pages, 1) for _ in range(20)), return_exceptions=True
    )
    refused = [each for each in outcomes if each is not None]
    assert len(refused) == 20 - 3 - 2
    assert all(isinstance(each, RateLimited) for each in refused)
    assert services.clock.now() - NOW <= PATIENCE


async def test_a_429_closes_the_budget_for_every_worker_and_no_other_budget(services):
    one, other = gate_of(services), gate_of(services)
    await other.enter(BLUESKY, 1)
    until = NOW + timedelta(minutes=10)
    await one.learn(BLUESKY, RateLimited("429", retry_at=until))
    for gate in (one, other):
        closed = await refusal(gate, BLUESKY)
        assert type(closed) is RateLimited
        assert closed.retry_at == until
    await one.enter(Lane(Platform.BLUESKY, "5f5f"), 1)
    await one.enter(Lane(Platform.BLUESKY, PAGES), 1)
    move(services, timedelta(minutes=10))
    await one.enter(BLUESKY, 1)


async def test_a_shorter_pause_does_not_end_a_longer_one(services):
    gate, until = gate_of(services), NOW + HOUR
    await gate.learn(BLUESKY, RateLimited("429", retry_at=until))
    await gate.learn(BLUESKY, RateLimited("429", retry_at=NOW + timedelta(seconds=1)))
    closed = await refusal(gate, BLUESKY)
    assert isinstance(closed, RateLimited)
    assert closed.retry_at == until


async def test_credits_that_are_used_up_stay_so_until_their_end_or_a_person_acts(services):
    one, other = gate_of(services), gate_of(services)
    until = NOW + timedelta(days=1)
    await one.learn(X, CreditsExhausted("402", retry_at=until))
    await one.learn(X, RateLimited("429", retry_at=NOW + timedelta(seconds=1)))
    await one.learn(X, {"x-rate-limit-remaining": "299"})
    move(services, HOUR)
    closed = await refusal(other, X)
    assert isinstance(closed, CreditsExhausted)
    assert closed.retry_at == until
    async with services.database.system() as session:
        await queries.reopen(session, Platform.X)
    move(services, GOOD_FOR)
    await other.enter(X, 1)
    await one.enter(X, 1)


async def test_the_platforms_own_word_is_heeded_by_every_worker(services):
    one, other = gate_of(services), gate_of(services)
    await one.enter(X, 1)
    ends = NOW + timedelta(minutes=9)
    spent = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(int(ends.timestamp()))}
    await one.learn(X, spent)
    await other.learn(X, {**spent, "x-rate-limit-remaining": "200"})
    for gate in (one, other):
        closed = await refusal(gate, X)
        assert isinstance(closed, RateLimited)
        assert closed.retry_at == ends
    move(services, timedelta(minutes=9))
    await other.enter(X, 1)


async def test_meta_is_left_alone_before_its_limit_is_full(services):
    gate, lane = gate_of(services), Lane(Platform.FACEBOOK)
    await gate.enter(lane, 1)
    await gate.learn(lane, {"x-app-usage": '{"call_count": 96, "total_time": 2}'})
    assert isinstance(await refusal(gate, lane), RateLimited)


FAILURES = [Unavailable("503"), ParseFailed("json"), LoginWall("html")]


async def open_breaker(gates: list[PostgresGate], lane: Lane) -> None:
    for number in range(5):
        await gates[number % len(gates)].learn(lane, FAILURES[number % 3])


async def test_failures_of_all_workers_open_one_breaker(services):
    gates = [gate_of(services) for _ in range(3)]
    await open_breaker(gates, BLUESKY)
    for gate in gates:
        assert type(await refusal(gate, BLUESKY)) is Unavailable
        assert type(await refusal(gate, Lane(Platform.BLUESKY, "5f5f"))) is Unavailable
        await gate.enter(Lane(Platform.BLUESKY, PAGES), 1)
        await gate.enter(X, 1)


async def test_units_in_hand_are_given_up_when_the_breaker_opens(services):
    limits = {**LIMITS, Platform.BLUESKY: Limit(3_000_000, timedelta(minutes=5))}
    gate = gate_of(services, limits)
    await gate.enter(BLUESKY, 1)
    await open_breaker([gate], BLUESKY)
    assert type(await refusal(gate, BLUESKY)) is Unavailable


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({}, id="an-answer"),
        pytest.param(RateLimited("429", retry_at=NOW), id="a-429-is-an-answer"),
        pytest.param(AccountGone("gone"), id="a-fact-is-an-answer"),
    ],
)
async def test_an_answer_in_between_begins_the_count_anew(services, answer):
    gate = gate_of(services)
    for error in [*FAILURES, FAILURES[0]]:
        await gate.learn(BLUESKY, error)
    await gate.learn(BLUESKY, answer)
    for error in [*FAILURES, FAILURES[0]]:
        await gate.learn(BLUESKY, error)
    await gate.enter(BLUESKY, 1)


@pytest.mark.parametrize("error", [CredentialsBad("key"), NotSupported("host")], ids=str)
async def test_what_says_nothing_about_the_platform_is_not_counted(services, error):
    gate = gate_of(services)
    for _ in range(9):
        await gate.learn(BLUESKY, error)
    await gate.enter(BLUESKY, 1)


async def test_one_probe_goes_through_a_half_open_breaker_and_its_success_closes_it(
    separate_services,
):
    services = separate_services
    gates = [gate_of(services) for _ in range(3)]
    await open_breaker(gates, BLUESKY)
    move(services, timedelta(seconds=30))
    outcomes = await asyncio.gather(
        *(gate.enter(BLUESKY, 1) for gate in gates), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in outcomes) == [
        "NoneType",
        "Unavailable",
        "Unavailable",
    ]
    await gates[outcomes.index(None)].learn(BLUESKY, {})
    move(services, GOOD_FOR)
    for gate in gates:
        await gate.enter(BLUESKY, 1)


async def test_a_failed_probe_leaves_the_platform_alone_for_longer(services):
    gate = gate_of(services)
    await open_breaker([gate], BLUESKY)
    move(services, timedelta(seconds=30))
    await gate.enter(BLUESKY, 1)
    await gate.learn(BLUESKY, Unavailable("503"))
    move(services, timedelta(seconds=59))
    assert isinstance(await refusal(gate, BLUESKY), Unavailable)
    move(services, timedelta(seconds=1))
    await gate.enter(BLUESKY, 1)


async def test_a_probe_whose_worker_died_is_sent_anew(services):
    gate = gate_of(services)
    await open_breaker([gate], BLUESKY)
    move(services, timedelta(seconds=30))
    await gate.enter(BLUESKY, 1)
    assert isinstance(await refusal(gate, BLUESKY), Unavailable)
    move(services, timedelta(seconds=61))
    await gate.enter(BLUESKY, 1)


async def test_chosen_hosts_fail_and_pause_each_for_itself(services):
    gate = gate_of(services)
    broken, sound = (Lane(Platform.MASTODON, host=host) for host in ("aa", "bb"))
    await open_breaker([gate], broken)
    assert isinstance(await refusal(gate, broken), Unavailable)
    await gate.enter(sound, 1)
    await gate.enter(Lane(Platform.MASTODON), 1)


async def test_a_database_that_is_down_spoils_no_answer_and_lets_nobody_in(clock):
    engine = make_engine("postgresql://nobody@127.0.0.1:9/none")
    gate = PostgresGate(Database(engine), clock)
    ends = str(int((NOW + HOUR).timestamp()))
    await gate.learn(X, {"x-rate-limit-remaining": "0", "x-rate-limit-reset": ends})
    for error in (Unavailable("503"), RateLimited("429", retry_at=NOW + HOUR)):
        await gate.learn(X, error)
    assert type(await refusal(gate, X)) is Unavailable
    await engine.dispose()


async def test_requests_of_tenants_cannot_touch_budgets(connection):
    for table in ("platform_budgets", "platform_breakers"):
        for right in ("SELECT", "INSERT", "UPDATE", "DELETE"):
            for role, allowed in (("simedsos_app", False), ("simedsos_system", True)):
                held = await connection.scalar(
                    text(f"SELECT has_table_privilege('{role}', '{table}', '{right}')")
                )
                assert held is allowed, (role, table, right)


async def test_refusals_and_breakers_are_counted(services):
    gate = gate_of(services)
    await open_breaker([gate], Lane(Platform.THREADS))
    await refusal(gate, Lane(Platform.THREADS))
    metrics = exposition().decode()
    assert 'simedsos_breaker_open{door="api",platform="threads"} 1.0' in metrics
    assert 'simedsos_budget_refusals_total{cause="breaker",platform="threads"}' in metrics
