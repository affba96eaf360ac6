"""Making the files: in a thread, two at a time, and within a time that is told."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from app.core.errors import ServiceUnavailable
from app.reports import pages, workbook
from app.reports.document import Frozen
from app.reports.people import ListedPerson

AT_ONCE = 2
LONGEST_SECONDS = 120.0
Made = TypeVar("Made")


class PrintingTooSlow(ServiceUnavailable):
    """The file of this report was not ready within {seconds} s; try again shortly."""


class Press:
    """Makes files of reports; what waits too long, or takes too long, is given up."""

    def __init__(self, longest: float = LONGEST_SECONDS) -> None:
        self._turn = asyncio.Semaphore(AT_ONCE)
        self.longest = longest

    async def workbook(self, frozen: Frozen, listed: Sequence[ListedPerson] | None) -> bytes:
        """The report as XLSX.

        Raises:
            PrintingTooSlow: it was not ready in time.
        """
        return await self._make(lambda: workbook.write(frozen, listed))

    async def pages(self, frozen: Frozen) -> bytes:
        """The report as PDF.

        Raises:
            PrintingTooSlow: it was not ready in time.
        """
        return await self._make(lambda: pages.write(frozen))

    async def _make(self, work: Callable[[], Made]) -> Made:
        made = asyncio.create_task(self._in_turn(work))
        try:
            # A thread cannot be ended: it keeps its turn, so that slow ones do not pile up.
            return await asyncio.wait_for(asyncio.shield(made), self.longest)
        except TimeoutError as error:
            raise PrintingTooSlow(seconds=int(self.longest)) from error

    async def _in_turn(self, work: Callable[[], Made]) -> Made:
        async with self._turn:
            return await asyncio.to_thread(work)
