"""Creating, renaming and moving work units."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.core.errors import Conflict, FieldError, Forbidden, Invalid
from app.core.etags import require_version
from app.core.ids import new_id
from app.identity.rules import Caller
from app.work_units import queries
from app.work_units.models import WorkUnit
from app.work_units.schemas import WorkUnitNode

# Parents come first, so each unit's list of ancestors is its parent's and itself.
REBUILD_ANCESTORS = text("""
WITH RECURSIVE tree AS (
    SELECT id, ARRAY[id] AS path FROM work_units
    WHERE tenant_id = :tenant_id AND parent_id IS NULL
    UNION ALL
    SELECT unit.id, tree.path || unit.id
    FROM work_units AS unit JOIN tree ON unit.parent_id = tree.id
    WHERE unit.tenant_id = :tenant_id AND NOT unit.id = ANY(tree.path)
)
UPDATE work_units AS unit SET ancestors = tree.path
FROM tree WHERE unit.tenant_id = :tenant_id AND unit.id = tree.id AND unit.ancestors <> tree.path
""")


class WorkUnitCodeTaken(Conflict):
    """Another work unit has this code."""


class ParentUnknown(Invalid):
    """The parent work unit does not exist or is not visible to this caller."""


class ParentBelowItself(Invalid):
    """A work unit cannot be placed below itself or one of its own sub-units."""


class RootsNeedWholeTenant(Forbidden):
    """A caller that is confined to a sub-tree cannot create a root; name a parent inside it."""


async def rebuild_ancestors(session: AsyncSession, tenant_id: UUID) -> None:
    """Make every unit's ancestors agree with the parents, after a move or an import."""
    await session.flush()
    await session.execute(REBUILD_ANCESTORS, {"tenant_id": tenant_id})


async def _parent(session: AsyncSession, caller: Caller, parent_id: UUID | None) -> WorkUnit | None:
    if parent_id is None:
        if caller.unit_id is not None:
            raise RootsNeedWholeTenant
        return None
    parent = await session.scalar(queries.visible_to(caller).where(WorkUnit.id == parent_id))
    if parent is None:
        raise ParentUnknown(errors=[FieldError("/parent_id", "unknown", "no such work unit")])
    return parent


async def create(
    session: AsyncSession, caller: Caller, *, now: datetime, **fields: Any
) -> WorkUnit:
    """A new unit.

    Raises:
        WorkUnitCodeTaken: the code is in use.
        ParentUnknown: there is no such parent.
    """
    parent = await _parent(session, caller, fields.get("parent_id"))
    taken = await session.scalar(
        select(WorkUnit.id).where(
            WorkUnit.tenant_id == caller.tenant_id, WorkUnit.code == fields["code"]
        )
    )
    if taken is not None:
        raise WorkUnitCodeTaken(errors=[FieldError("/code", "taken", "choose another code")])
    unit_id = new_id()
    ancestors = [*(parent.ancestors if parent else ()), unit_id]
    unit = WorkUnit(tenant_id=caller.tenant_id, id=unit_id, ancestors=ancestors, **fields)
    session.add(unit)
    record(
        session,
        ChangeKind.WORK_UNIT_CREATED,
        unit_id,
        tenant_id=caller.tenant_id,
        actor=caller.actor,
        at=now,
    )
    await session.flush()
    await session.refresh(unit)
    return unit


async def edit(
    session: AsyncSession,
    caller: Caller,
    unit_id: UUID,
    *,
    expected: int,
    now: datetime,
    changes: dict[str, Any],
    besides: Sequence[str] = (),
) -> WorkUnit:
    """Change a unit; moving it moves everything below it.

    `besides` names what of another room has changed with it.

    Raises:
        NotFound: there is none.
        PreconditionFailed: it has changed meanwhile.
        ParentBelowItself: the new parent lies below the unit.
    """
    unit = await queries.get(session, caller, unit_id)
    require_version(unit.version, expected)
    if "parent_id" in changes and changes["parent_id"] != unit.parent_id:
        parent = await _parent(session, caller, changes["parent_id"])
        if parent is not None and unit.id in parent.ancestors:
            raise ParentBelowItself(errors=[FieldError("/parent_id", "cycle", "below itself")])
    for name, value in changes.items():
        setattr(unit, name, value)
    record(
        session,
        ChangeKind.WORK_UNIT_UPDATED,
        unit.id,
        tenant_id=caller.tenant_id,
        actor=caller.actor,
        at=now,
        fields=sorted([*changes, *besides]),
    )
    await rebuild_ancestors(session, caller.tenant_id)
    await session.refresh(unit)
    return unit


def as_tree(units: Sequence[WorkUnit]) -> list[WorkUnitNode]:
    """The units as nested nodes; a unit whose parent is not among them stands at the top."""
    nodes = {
        unit.id: WorkUnitNode(id=unit.id, code=unit.code, name=unit.name, children=[])
        for unit in units
    }
    roots: list[WorkUnitNode] = []
    for unit in units:
        above = nodes.get(unit.parent_id) if unit.parent_id else None
        (above.children if above else roots).append(nodes[unit.id])
    return roots
