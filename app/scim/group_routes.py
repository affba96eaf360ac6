"""Groups over HTTP: work units, and who works directly in each."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from app.audit.looks import Looking, ReadingDep
from app.core.services import ServicesDep
from app.identity.access import SessionDep, may
from app.identity.rules import Caller
from app.identity.scopes import Scope
from app.scim import asking, groups, queries, shapes
from app.scim.patching import group_patch
from app.scim.refusals import PREFIX, ScimResponse, ScimRoute
from app.scim.routes import (
    BaseDep,
    Chosen,
    ChosenDep,
    FilterDep,
    IfMatch,
    PatchIn,
    ResourceIn,
    WindowDep,
    within_limits,
)
from app.scim.schemas import GroupListOut, GroupOut, SearchIn
from app.work_units.models import WorkUnit

router = APIRouter(
    prefix=f"{PREFIX}/Groups",
    tags=["scim"],
    route_class=ScimRoute,
    default_response_class=ScimResponse,
)
READ = (Scope.WORK_UNITS_READ, Scope.EMPLOYEES_READ)
MayRead = Annotated[Caller, Depends(may(*READ))]
MayWrite = Annotated[Caller, Depends(may(*READ, Scope.WORK_UNITS_WRITE, Scope.EMPLOYEES_WRITE))]
MEMBERS = "members"


@router.get("", response_model=GroupListOut)
async def scim_list_groups(
    caller: MayRead,
    session: SessionDep,
    base: BaseDep,
    page: WindowDep,
    told: ChosenDep,
    reading: ReadingDep,
    asked: FilterDep = None,
) -> Response:
    """Work units; by a filter, in order of id, at most 200 at once."""
    condition = asking.group_condition(caller, asked)
    total, found = await queries.group_window(session, caller, condition, page)
    shown = await _shown(session, caller, found, base, told, reading)
    return ScimResponse(shapes.listed(shown, total=total, start=page.start))


@router.post("/.search", response_model=GroupListOut)
async def scim_search_groups(
    caller: MayRead, session: SessionDep, base: BaseDep, body: SearchIn, reading: ReadingDep
) -> Response:
    """The same, asked in a body."""
    page = within_limits(body.start_index, body.count)
    told = Chosen(",".join(body.attributes), ",".join(body.excluded_attributes))
    return await scim_list_groups(caller, session, base, page, told, reading, body.filter)


@router.post("", status_code=201, response_model=GroupOut)
async def scim_create_group(
    caller: MayWrite,
    session: SessionDep,
    services: ServicesDep,
    base: BaseDep,
    body: ResourceIn,
    told: ChosenDep,
    reading: ReadingDep,
) -> Response:
    """A new work unit, whose code is the externalId; members move into it."""
    unit = await groups.create(session, caller, body, now=services.clock.now())
    return await _told(session, caller, unit, base, told, reading, status=201)


@router.get("/{group_id}", response_model=GroupOut)
async def scim_get_group(
    caller: MayRead,
    session: SessionDep,
    base: BaseDep,
    group_id: UUID,
    told: ChosenDep,
    reading: ReadingDep,
) -> Response:
    """One work unit."""
    unit = await queries.group(session, caller, group_id)
    return await _told(session, caller, unit, base, told, reading)


@router.put("/{group_id}", response_model=GroupOut)
async def scim_replace_group(
    caller: MayWrite,
    session: SessionDep,
    services: ServicesDep,
    base: BaseDep,
    group_id: UUID,
    body: ResourceIn,
    told: ChosenDep,
    reading: ReadingDep,
    expected: IfMatch = None,
) -> Response:
    """A work unit as the provider knows it; who is not named stays until they join another."""
    wish = groups.wish_of(body)
    now = services.clock.now()
    unit = await groups.change(session, caller, group_id, wish, expected=expected, now=now)
    return await _told(session, caller, unit, base, told, reading)


@router.patch("/{group_id}", response_model=GroupOut, responses={204: {}})
async def scim_patch_group(
    caller: MayWrite,
    session: SessionDep,
    services: ServicesDep,
    base: BaseDep,
    group_id: UUID,
    body: PatchIn,
    told: ChosenDep,
    reading: ReadingDep,
    expected: IfMatch = None,
) -> Response:
    """All of the operations, or none; answered with 204 unless `attributes` asks for more."""
    wish = group_patch(body)
    now = services.clock.now()
    unit = await groups.change(session, caller, group_id, wish, expected=expected, now=now)
    if told.wanted:
        return await _told(session, caller, unit, base, told, reading)
    reading.of([])
    return Response(status_code=204)


@router.delete("/{group_id}", status_code=204)
async def scim_delete_group(
    caller: MayWrite,
    session: SessionDep,
    services: ServicesDep,
    group_id: UUID,
    expected: IfMatch = None,
) -> None:
    """A work unit is no Group any more. It stays in the registry, with all who work there."""
    now = services.clock.now()
    await groups.delete(session, caller, group_id, expected=expected, now=now)


async def _shown(
    session: SessionDep,
    caller: Caller,
    found: Sequence[WorkUnit],
    base: str,
    told: Chosen,
    reading: Looking,
) -> list[dict[str, object]]:
    with_members = told.tells(MEMBERS)
    shown, people = await shapes.groups(session, caller, found, base, with_members=with_members)
    reading.of(people)
    return [told.of(each) for each in shown]


async def _told(
    session: SessionDep,
    caller: Caller,
    unit: WorkUnit,
    base: str,
    told: Chosen,
    reading: Looking,
    *,
    status: int = 200,
) -> Response:
    with_members = told.tells(MEMBERS)
    [group], people = await shapes.groups(session, caller, [unit], base, with_members=with_members)
    reading.of(people)
    about = {"ETag": group["meta"]["version"], "Location": group["meta"]["location"]}
    return ScimResponse(told.of(group), status, about)
