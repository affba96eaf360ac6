"""What is to happen when, in simulated time: the clock jumps from one moment to the next."""

import heapq
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from app.core.clock import SettableClock

Action = Callable[[], Awaitable[None] | None]


@dataclass(slots=True)
class Timeline:
    """Actions in order of their moments; those of one moment in the order in which they came."""

    clock: SettableClock
    _waiting: list[tuple[datetime, int, Action]] = field(default_factory=list)
    _number: "itertools.count[int]" = field(default_factory=itertools.count)

    def at(self, moment: datetime, action: Action) -> None:
        """Have something happen; what is already past happens next."""
        heapq.heappush(self._waiting, (moment, next(self._number), action))

    async def run(self, until: datetime) -> None:
        """Let everything happen up to a moment, this one included."""
        while self._waiting and self._waiting[0][0] <= until:
            moment, _, action = heapq.heappop(self._waiting)
            self.clock.at = max(self.clock.at, moment)
            done = action()
            if done is not None:
                await done
        self.clock.at = until
