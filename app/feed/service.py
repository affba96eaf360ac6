"""One answer of the change feed: at once if there is something, else when there is."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from app.core.db import Database
from app.core.errors import Conflict, FieldError
from app.core.paging import CursorInvalid
from app.feed import queries
from app.feed.rules import BEGINNING, Position, before, read, written
from app.feed.schemas import Feed, FeedItem

LATEST: Final = "latest"
# How often a waiting reader looks: each look is one short transaction of its own.
LOOK_EVERY_SECONDS: Final = 0.5


class CursorAhead(Conflict):
    """This cursor lies ahead of the feed: the database was restored. Read everything anew."""


@dataclass(frozen=True, slots=True)
class Asked:
    """From where to read, what kinds, how many, and how long to wait for the first; seconds."""

    after: str | None
    kinds: Sequence[str]
    limit: int
    wait: float


def position_of(after: str) -> Position:
    """The position that a cursor stands for.

    Raises:
        CursorInvalid: this feed has not given it.
    """
    try:
        return read(after)
    except ValueError:
        fault = FieldError("/query/after", "cursor", "not a cursor of this feed")
        raise CursorInvalid(errors=[fault]) from None


async def follow(database: Database, tenant_id: UUID, asked: Asked) -> Feed:
    """The next changes of a government; none if nothing has come within the time.

    Raises:
        CursorInvalid: this feed has not given the cursor.
        CursorAhead: it is of a database that has lived on elsewhere.
    """
    if asked.after == LATEST:
        position = await _latest(database, tenant_id)
    else:
        position = position_of(asked.after) if asked.after else BEGINNING
    clock = asyncio.get_running_loop()
    until = clock.time() + asked.wait
    while True:
        found = await _look(database, tenant_id, position, asked)
        if found.items or clock.time() + LOOK_EVERY_SECONDS > until:
            return found
        # What was looked through holds nothing for this reader, however long they wait.
        position = read(found.next)
        await asyncio.sleep(LOOK_EVERY_SECONDS)


async def _latest(database: Database, tenant_id: UUID) -> Position:
    async with database.transaction(tenant_id) as session:
        return before(await queries.horizon(session))


async def _look(database: Database, tenant_id: UUID, after: Position, asked: Asked) -> Feed:
    async with database.transaction(tenant_id) as session:
        # First the horizon: what the second statement sees of older transactions is then whole.
        horizon = await queries.horizon(session)
        if after > before(horizon):
            raise CursorAhead
        rows = await queries.changes(
            session,
            tenant_id,
            after,
            horizon=horizon,
            kinds=asked.kinds,
            limit=asked.limit + 1,
        )
    kept = rows[: asked.limit]
    more = len(rows) > asked.limit
    reached = Position(int(kept[-1].transaction), kept[-1].sequence) if more else before(horizon)
    return Feed(items=[_shown(row) for row in kept], next=written(reached), more=more)


def _shown(row: Row[Any]) -> FeedItem:
    return FeedItem(sequence=row.sequence, kind=row.kind, subject_id=row.subject_id, at=row.at)
