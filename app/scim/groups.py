"""Groups are work units: creating and renaming them, and letting people work in them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.employees import service as registry
from app.identity.rules import Caller
from app.scim import queries
from app.scim.models import ScimGroup
from app.scim.queries import Crew
from app.scim.refusals import NameTaken
from app.scim.rules import Fault, FaultKind, GroupWish, attributes_of, group_wish
from app.scim.service import require_match
from app.scim.shapes import group_version
from app.work_units import service as work_units
from app.work_units.models import WorkUnit

MOST_MOVES: Final = 1000


def wish_of(body: Mapping[str, Any]) -> GroupWish:
    """What a whole Group wants.

    Raises:
        Fault: it has no displayName, or a value of another kind.
    """
    wish = group_wish(attributes_of(body))
    if wish.display_name is None:
        raise Fault(FaultKind.VALUE, "displayName is needed")
    return wish


async def create(
    session: AsyncSession, caller: Caller, body: Mapping[str, Any], *, now: datetime
) -> WorkUnit:
    """A new work unit, or one that was deleted over SCIM and becomes a Group again.

    Its code is the externalId, or the name where none is sent. It stands at the top of the tree,
    or of the part that the caller sees.

    Raises:
        Fault: something is missing, or a member is unknown.
        WorkUnitCodeTaken: another unit has the code.
        NameTaken: another unit has the externalId.
    """
    wish = wish_of(body)
    code = wish.external_id or wish.display_name or ""
    known = await queries.group_by_code(session, caller, code)
    row = await _row_of(session, caller, known)
    if known is not None and row is not None and row.removed_at is not None:
        row.removed_at = None
        return await _change(session, caller, known, row, wish, now=now, besides=["scim"])
    await _require_free(session, caller, code, None)
    unit = await work_units.create(
        session, caller, now=now, code=code, name=wish.display_name, parent_id=caller.unit_id
    )
    await _join(session, caller, unit, wish.joining, now)
    return unit


async def change(
    session: AsyncSession,
    caller: Caller,
    group_id: UUID,
    wish: GroupWish,
    *,
    expected: str | None,
    now: datetime,
) -> WorkUnit:
    """A Group with what the wish says; all of it, or nothing.

    Who is no longer named stays: everybody works somewhere, so people leave by joining another.

    Raises:
        NotFound: there is none.
        PreconditionFailed: it has changed meanwhile.
        Fault: a member is unknown.
        NameTaken: another unit has the externalId.
    """
    unit = await queries.group(session, caller, group_id, locked=True)
    row = await _matched(session, caller, unit, expected)
    return await _change(session, caller, unit, row, wish, now=now)


async def delete(
    session: AsyncSession, caller: Caller, group_id: UUID, *, expected: str | None, now: datetime
) -> None:
    """Let a work unit be no Group any more; it stays, with everybody who works there.

    Raises:
        NotFound: there is none.
        PreconditionFailed: it has changed meanwhile.
    """
    unit = await queries.group(session, caller, group_id, locked=True)
    row = await _matched(session, caller, unit, expected)
    if row is None:
        row = _row(session, unit)
    row.external_id, row.removed_at = None, now
    await _edit(session, caller, unit, {}, ["scim"], now)


async def _matched(
    session: AsyncSession, caller: Caller, unit: WorkUnit, expected: str | None
) -> ScimGroup | None:
    row = await _row_of(session, caller, unit)
    if expected is not None:
        crew = (await queries.crews(session, caller, [unit.id])).get(unit.id, Crew())
        require_match(expected, group_version(unit, row, crew))
    return row


async def _change(
    session: AsyncSession,
    caller: Caller,
    unit: WorkUnit,
    row: ScimGroup | None,
    wish: GroupWish,
    *,
    now: datetime,
    besides: Sequence[str] = (),
) -> WorkUnit:
    changes = {}
    if wish.display_name is not None and wish.display_name != unit.name:
        changes["name"] = wish.display_name
    known = unit.code if row is None or row.external_id is None else row.external_id
    if wish.external_id is not None and wish.external_id != known:
        await _require_free(session, caller, wish.external_id, unit)
        row = row if row is not None else _row(session, unit)
        row.external_id = None if wish.external_id == unit.code else wish.external_id
        besides = ["scim"]
    if changes or besides:
        unit = await _edit(session, caller, unit, changes, besides, now)
    await _join(session, caller, unit, wish.joining, now)
    return unit


async def _edit(
    session: AsyncSession,
    caller: Caller,
    unit: WorkUnit,
    changes: dict[str, Any],
    besides: Sequence[str],
    now: datetime,
) -> WorkUnit:
    return await work_units.edit(
        session,
        caller,
        unit.id,
        expected=unit.version,
        now=now,
        changes=changes,
        besides=besides,
    )


async def _join(
    session: AsyncSession,
    caller: Caller,
    unit: WorkUnit,
    user_ids: Sequence[UUID],
    now: datetime,
) -> None:
    found = await queries.many_users(session, caller, user_ids)
    if len(found) != len(user_ids):
        raise Fault(FaultKind.VALUE, "a member is no User that this key can see")
    moving = [each for each in found if each.unit_id != unit.id]
    if len(moving) > MOST_MOVES:
        raise Fault(FaultKind.VALUE, f"at most {MOST_MOVES} members are moved at once")
    for each in moving:
        await registry.edit(
            session,
            caller,
            each.id,
            expected=each.version,
            now=now,
            changes={"unit_id": unit.id},
        )


async def _row_of(session: AsyncSession, caller: Caller, unit: WorkUnit | None) -> ScimGroup | None:
    if unit is None:
        return None
    return (await queries.group_names(session, caller.tenant_id, [unit.id])).get(unit.id)


def _row(session: AsyncSession, unit: WorkUnit) -> ScimGroup:
    row = ScimGroup(tenant_id=unit.tenant_id, unit_id=unit.id)
    session.add(row)
    return row


async def _require_free(
    session: AsyncSession, caller: Caller, external_id: str, unit: WorkUnit | None
) -> None:
    """Two Groups with one externalId could not be told apart by their provider."""
    named = select(ScimGroup.unit_id).where(
        ScimGroup.tenant_id == caller.tenant_id, ScimGroup.external_id == external_id
    )
    coded = select(WorkUnit.id).where(
        WorkUnit.tenant_id == caller.tenant_id, WorkUnit.code == external_id
    )
    others = set(await session.scalars(named))
    if unit is not None:
        others = (others | set(await session.scalars(coded))) - {unit.id}
    if others:
        raise NameTaken(what="externalId")
