"""Waiting for one's turn in the middle of a long walk, which would otherwise begin again."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from app.core.clock import Clock
from app.platforms.base import CreditsExhausted, PlatformError, RateLimited
from app.platforms.http import Gate, Lane

# Meta's pace is a request in 20 seconds; what takes longer is no pace but a pause.
MOST_PATIENCE = timedelta(minutes=4)
SHORTEST_NAP = timedelta(milliseconds=50)


@dataclass(frozen=True, slots=True)
class PatientGate:
    """A gate that waits where the other one refuses for a short while, until the worker stops."""

    gate: Gate
    clock: Clock
    stop: asyncio.Event
    most: timedelta = MOST_PATIENCE

    async def enter(self, lane: Lane, cost: int) -> None:
        """Draw on the budget; errors as for the other gate, once patience is at its end."""
        while True:
            try:
                return await self.gate.enter(lane, cost)
            except CreditsExhausted:
                raise
            except RateLimited as refusal:
                wait = refusal.retry_at - self.clock.now()
                if wait > self.most or self.stop.is_set():
                    raise
                await self._rest(max(wait, SHORTEST_NAP))

    async def learn(self, lane: Lane, answer: Mapping[str, str] | PlatformError) -> None:
        """Pass on what came of a request."""
        await self.gate.learn(lane, answer)

    async def _rest(self, time: timedelta) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(time.total_seconds()):
                await self.stop.wait()
