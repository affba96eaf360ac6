"""Patience: a short refusal is waited for, a long one is told; a worker that stops waits not."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from app.core.clock import SystemClock
from app.platforms.base import CreditsExhausted, Platform, PlatformError, RateLimited, Unavailable
from app.platforms.http import Lane, OpenGate
from workers.patience import PatientGate

LANE = Lane(Platform.INSTAGRAM, "app")


class Refusing(OpenGate):
    """Refuses as it is told, and then lets everybody in."""

    def __init__(self, refusals: Sequence[PlatformError] = ()) -> None:
        self.left = list(refusals)
        self.entered: list[int] = []
        self.told: list[object] = []

    async def enter(self, lane: Lane, cost: int) -> None:
        assert lane == LANE
        if self.left:
            raise self.left.pop(0)
        self.entered.append(cost)

    async def learn(self, lane: Lane, answer: object) -> None:
        self.told.append((lane, answer))


def within(**time: float) -> RateLimited:
    return RateLimited("spent", retry_at=SystemClock().now() + timedelta(**time))


def patient(gate: Refusing, *, stopping: bool = False) -> PatientGate:
    stop = asyncio.Event()
    if stopping:
        stop.set()
    return PatientGate(gate, SystemClock(), stop)


async def test_its_turn_is_waited_for():
    gate = Refusing([within(milliseconds=80), within(milliseconds=60), within(seconds=-5)])
    started = asyncio.get_running_loop().time()
    await patient(gate).enter(LANE, 3)
    assert gate.entered == [3]
    assert 0.1 < asyncio.get_running_loop().time() - started < 5


@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(within(hours=1), id="a-long-pause"),
        pytest.param(CreditsExhausted("402", retry_at=within().retry_at), id="credits"),
        pytest.param(Unavailable("breaker"), id="breaker"),
    ],
)
async def test_what_waiting_does_not_help_is_told_at_once(refusal):
    gate = Refusing([refusal])
    with pytest.raises(type(refusal)):
        await patient(gate).enter(LANE, 1)
    assert gate.entered == []


async def test_a_worker_that_stops_waits_for_nothing():
    gate = Refusing([within(minutes=1)])
    with pytest.raises(RateLimited):
        await patient(gate, stopping=True).enter(LANE, 1)


async def test_a_wait_ends_with_the_worker():
    gate = Refusing([within(minutes=2), within(minutes=2)])
    waiting = patient(gate)
    entering = asyncio.create_task(waiting.enter(LANE, 1))
    await asyncio.sleep(0.05)
    assert not entering.done()
    waiting.stop.set()
    with pytest.raises(RateLimited):
        await asyncio.wait_for(entering, 2)


async def test_answers_reach_the_budget():
    gate = Refusing()
    await patient(gate).learn(LANE, {"x-app-usage": "{}"})
    assert gate.told == [(LANE, {"x-app-usage": "{}"})]
