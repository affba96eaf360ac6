"""Work that many ask for at the same time, done once for all of them."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

Found = TypeVar("Found")


class Shared(Generic[Found]):
    """Runs the same work once for all who ask before it begins."""

    def __init__(self) -> None:
        self._waiting: dict[Hashable, asyncio.Task[Found]] = {}
        self._running: dict[Hashable, asyncio.Task[Found]] = {}

    async def run(self, key: Hashable, work: Callable[[], Awaitable[Found]]) -> Found:
        """The outcome of work that begins after this call, so it is never older than the call."""
        task = self._waiting.get(key)
        if task is None:
            task = asyncio.create_task(self._after(self._running.get(key), key, work))
            self._waiting[key] = task
        # One caller who goes away must not end the work of the others.
        return await asyncio.shield(task)

    async def _after(
        self,
        before: "asyncio.Task[Found] | None",
        key: Hashable,
        work: Callable[[], Awaitable[Found]],
    ) -> Found:
        if before is not None:
            await asyncio.wait([before])
        task = self._running[key] = self._waiting.pop(key)
        try:
            return await work()
        finally:
            if self._running.get(key) is task:
                del self._running[key]
