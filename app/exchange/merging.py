"""The set-based merges: staged rows into the registry, one statement for each step.

Each merge reads the temporary table `staged_rows (line, id, fields)` and notes in
`touched_subjects` what it did. Rows that only the database can judge become faults first.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, assert_never

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.changes.kinds import ChangeKind
from app.changes.service import begin_touching, record_touched
from app.contacts import service as contacts
from app.contacts.sealing import Addresses, open_cell, required_keys
from app.core.clock import JAKARTA
from app.exchange import account_rows, employee_rows, unit_rows
from app.exchange.kinds import ImportKind, ImportMode
from app.exchange.models import Import
from app.exchange.rules import Shrinking
from app.settings import Settings
from app.work_units.service import rebuild_ancestors

PORTION = 2_000
# A government of a million employees is joined without temporary files.
SORTED_IN_MEMORY = "128MB"
NEW = (ChangeKind.WORK_UNIT_CREATED, ChangeKind.EMPLOYEE_CREATED, ChangeKind.ACCOUNT_DECLARED)
COUNTS = text("""
SELECT (SELECT count(*) FROM staged_rows) AS staged,
       count(DISTINCT id) FILTER (WHERE kind = ANY(CAST(:new AS text[]))) AS inserted,
       count(DISTINCT id) FILTER (WHERE NOT kind = ANY(CAST(:new AS text[]))
           AND id NOT IN (SELECT id FROM touched_subjects
                          WHERE kind = ANY(CAST(:new AS text[])))) AS changed
FROM touched_subjects
""")
# Two files of one government are merged one after the other, or both would insert a newcomer.
ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended('imports:' || :tenant_id, 0))")


@dataclass(frozen=True, slots=True)
class Merged:
    """How many rows were new, changed something, or changed nothing; how many people left.

    `withheld`: the list is full and nobody was taken to have left, since a row names nobody.
    """

    inserted: int
    changed: int
    unchanged: int
    leavers: int
    withheld: bool


class Merge:
    """One import's merge: the parameters that every statement of it shares."""

    def __init__(
        self, session: AsyncSession, settings: Settings, made: Import, actor: str, now: datetime
    ) -> None:
        self._session = session
        self._settings = settings
        self._made = made
        self._actor = actor
        self._now = now
        self._shared: dict[str, Any] = {
            "tenant_id": made.tenant_id,
            "import_id": made.id,
            "full_of": made.full_of,
            "actor": actor,
            "now": now,
            "today": now.astimezone(JAKARTA).date(),
        }

    async def begin(self) -> None:
        """Wait until no other file of this government is being merged."""
        await self._session.execute(text(f"SET LOCAL work_mem = '{SORTED_IN_MEMORY}'"))
        await self._session.execute(ALONE, {"tenant_id": str(self._made.tenant_id)})

    async def reject(self) -> None:
        """Take the rows out that can only be judged beside each other, the registry or today."""
        match self._made.kind:
            case ImportKind.WORK_UNITS:
                await self._do(unit_rows.REPEATED)
                while await self._do(unit_rows.UNKNOWN_PARENTS):
                    pass
                await self._do(unit_rows.CIRCLES)
            case ImportKind.EMPLOYEES:
                await self._do(employee_rows.REPEATED)
                await self._do(employee_rows.UNITS_BY_UNOR)
                await self._do(employee_rows.UNKNOWN_UNITS)
            case ImportKind.ACCOUNTS:
                await self._do(account_rows.REPEATED)
                await self._do(account_rows.UNKNOWN_NIPS)
                await self._do(account_rows.FUTURE_ATTESTATIONS)
            case _:
                assert_never(self._made.kind)

    async def shrinking(self) -> Shrinking | None:
        """Who does not stand in a full list; None for a file that is none."""
        if self._made.mode is not ImportMode.FULL:
            return None
        row = (await self._session.execute(employee_rows.SHRINKING, self._shared)).one()
        return Shrinking(row.before, row.leavers, row.withheld)

    async def run(self, shrinking: Shrinking | None) -> Merged:
        """Merge everything staged, and record it."""
        await begin_touching(self._session)
        leavers = 0
        match self._made.kind:
            case ImportKind.WORK_UNITS:
                await self._do(unit_rows.INSERT)
                await self._do(unit_rows.CHANGE)
                await rebuild_ancestors(self._session, self._made.tenant_id)
            case ImportKind.EMPLOYEES:
                leavers = await self._employees(shrinking)
            case ImportKind.ACCOUNTS:
                await self._accounts()
            case _:
                assert_never(self._made.kind)
        await record_touched(
            self._session,
            tenant_id=self._made.tenant_id,
            actor=self._actor,
            at=self._now,
            import_id=self._made.id,
        )
        counts = (await self._session.execute(COUNTS, {"new": [*NEW]})).one()
        changed = counts.changed - leavers
        unchanged = counts.staged - counts.inserted - changed
        withheld = shrinking is not None and shrinking.withheld
        return Merged(counts.inserted, changed, unchanged, leavers, withheld)

    async def _do(self, statement: TextClause) -> int:
        """How many rows a statement has written."""
        done = await self._session.execute(statement, self._shared)
        return int(getattr(done, "rowcount", 0))

    async def _employees(self, shrinking: Shrinking | None) -> int:
        """How many have left."""
        await self._do(employee_rows.CHANGE)
        await self._do(employee_rows.INSERT)
        await self._addresses()
        if shrinking is None or shrinking.withheld or not shrinking.leavers:
            return 0
        return await self._do(employee_rows.LEAVE)

    async def _addresses(self) -> None:
        await self._session.execute(text("DROP TABLE IF EXISTS staged_addresses"))
        if not await self._do(employee_rows.ADDRESSES):
            return
        await self._session.execute(employee_rows.ADDRESSES_IN_ORDER)
        after = 0
        while await self._some_addresses(after):
            after += PORTION

    async def _some_addresses(self, after: int) -> bool:
        """Whether there were any behind this place."""
        where = {"after": after, "until": after + PORTION}
        rows = (await self._session.execute(employee_rows.SOME_ADDRESSES, where)).all()
        if not rows:
            return False
        tenant_id, keys = self._made.tenant_id, required_keys(self._settings)

        def told(cell: str | None) -> str | None:
            return None if cell is None else open_cell(keys, tenant_id, cell)

        reached = await contacts.take_imported(
            self._session,
            keys,
            tenant_id,
            {row.employee_id: Addresses(told(row.email), told(row.phone)) for row in rows},
            actor=self._actor,
            now=self._now,
        )
        await self._session.execute(employee_rows.REACHED, {"ids": reached})
        return True

    async def _accounts(self) -> None:
        await self._do(account_rows.VERIFY)
        await self._do(account_rows.INSERT)
        await self._do(account_rows.DECLARED_NONE)
        await self._do(account_rows.DECLARED)
