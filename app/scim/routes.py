"""Users and what this service understands of SCIM, over HTTP; Groups stand beside."""

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Header, Query, Response

from app.audit.looks import Looking, ReadingDep
from app.core.errors import Forbidden, NotFound
from app.core.services import ServicesDep
from app.employees.models import Employee
from app.identity.access import SessionDep, may
from app.identity.rules import Caller
from app.identity.scopes import Scope
from app.scim import asking, discovery, queries, service, shapes
from app.scim.patching import user_patch
from app.scim.queries import Window
from app.scim.refusals import PREFIX, ScimResponse, ScimRoute
from app.scim.rules import plain_path, trimmed
from app.scim.schemas import (
    FARTHEST,
    MOST_LISTED,
    DescriptionsOut,
    SearchIn,
    UserListOut,
    UserOut,
)

router = APIRouter(
    prefix=PREFIX, tags=["scim"], route_class=ScimRoute, default_response_class=ScimResponse
)
MayRead = Annotated[Caller, Depends(may(Scope.EMPLOYEES_READ))]
MayWrite = Annotated[Caller, Depends(may(Scope.EMPLOYEES_READ, Scope.EMPLOYEES_WRITE))]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match", description="meta.version of the resource that was read; may be left out"
    ),
]
ResourceIn: TypeAlias = Annotated[
    dict[str, Any], Body(description="A resource of SCIM; what is not kept is passed over")
]
PatchIn: TypeAlias = Annotated[
    dict[str, Any], Body(description="`Operations` of RFC 7644, section 3.5.2: all of them or none")
]


class NotFiltered(Forbidden):
    """What this service understands is told whole; it takes no filter."""


def base_of(services: ServicesDep) -> str:
    return f"{services.settings.public_address()}{PREFIX}"


BaseDep = Annotated[str, Depends(base_of)]


class Chosen:
    """Which attributes an answer tells."""

    def __init__(self, wanted: str = "", unwanted: str = "") -> None:
        self.wanted = _paths(wanted)
        self.unwanted = _paths(unwanted)

    def of(self, resource: Mapping[str, Any]) -> dict[str, Any]:
        return trimmed(resource, self.wanted, self.unwanted)

    def tells(self, attribute: str) -> bool:
        """Whether an attribute is told at all."""
        firsts = {each.partition(".")[0] for each in self.wanted}
        return attribute not in self.unwanted and (not firsts or attribute in firsts)


def _paths(listed: str) -> frozenset[str]:
    return frozenset(plain_path(each.strip()) for each in listed.split(",") if each.strip())


async def chosen(
    attributes: Annotated[str, Query(description="Only these, parted by commas")] = "",
    excluded_attributes: Annotated[
        str, Query(alias="excludedAttributes", description="Without these")
    ] = "",
) -> Chosen:
    return Chosen(attributes, excluded_attributes)


ChosenDep = Annotated[Chosen, Depends(chosen)]


async def window(
    start_index: Annotated[int, Query(alias="startIndex", ge=-FARTHEST, le=FARTHEST)] = 1,
    count: Annotated[int, Query(ge=-FARTHEST, le=FARTHEST)] = MOST_LISTED,
) -> Window:
    return within_limits(start_index, count)


def within_limits(start: int, count: int) -> Window:
    """As RFC 7644, table 6, reads them: less than 1 is 1, and a negative count is 0."""
    return Window(max(start, 1), min(max(count, 0), MOST_LISTED))


WindowDep = Annotated[Window, Depends(window)]
FilterDep = Annotated[str | None, Query(alias="filter", description="RFC 7644, section 3.4.2.2")]


async def unfiltered(asked: FilterDep = None) -> None:
    """Refuse a filter where there is nothing to choose from (RFC 7644, section 4).

    Raises:
        NotFiltered: there is one.
    """
    if asked is not None:
        raise NotFiltered


@router.get("/ServiceProviderConfig", dependencies=[Depends(unfiltered)])
async def scim_provider_config(caller: MayRead, base: BaseDep) -> dict[str, Any]:
    """Which optional parts of SCIM there are."""
    del caller
    return discovery.provider_config(base)


@router.get("/ResourceTypes", dependencies=[Depends(unfiltered)], response_model=DescriptionsOut)
async def scim_resource_types(caller: MayRead, base: BaseDep) -> Response:
    """User and Group."""
    del caller
    found = discovery.resource_types(base)
    return ScimResponse(shapes.listed(found, total=len(found)))


@router.get("/ResourceTypes/{resource_type}", responses={404: {}})
async def scim_resource_type(caller: MayRead, resource_type: str, base: BaseDep) -> dict[str, Any]:
    """One of them."""
    del caller
    return _named(discovery.resource_types(base), resource_type)


@router.get("/Schemas", dependencies=[Depends(unfiltered)], response_model=DescriptionsOut)
async def scim_schemas(caller: MayRead, base: BaseDep) -> Response:
    """What a User and a Group are made of here."""
    del caller
    found = discovery.schemas(base)
    return ScimResponse(shapes.listed(found, total=len(found)))


@router.get("/Schemas/{schema_urn}", responses={404: {}})
async def scim_schema(caller: MayRead, schema_urn: str, base: BaseDep) -> dict[str, Any]:
    """One schema."""
    del caller
    return _named(discovery.schemas(base), schema_urn)


def _named(listed: list[dict[str, Any]], key: str) -> dict[str, Any]:
    for each in listed:
        if each["id"] == key:
            return each
    raise NotFound


@router.get("/Users", response_model=UserListOut)
async def scim_list_users(
    caller: MayRead,
    session: SessionDep,
    base: BaseDep,
    page: WindowDep,
    told: ChosenDep,
    reading: ReadingDep,
    asked: FilterDep = None,
) -> Response:
    """Employees; by a filter, in order of id, at most 200 at once."""
    return await _list(session, caller, asked, page, told, base, reading)


@router.post("/Users/.search", response_model=UserListOut)
async def scim_search_users(
    caller: MayRead, session: SessionDep, base: BaseDep, body: SearchIn, reading: ReadingDep
) -> Response:
    """The same, asked in a body, so that no name or NIP stands in an address."""
    page = within_limits(body.start_index, body.count)
    told = Chosen(",".join(body.attributes), ",".join(body.excluded_attributes))
    return await _list(session, caller, body.filter, page, told, base, reading)


async def _list(
    session: SessionDep,
    caller: Caller,
    asked: str | None,
    page: Window,
    told: Chosen,
    base: str,
    reading: Looking,
) -> Response:
    condition = asking.user_condition(session, caller, asked)
    total, found = await queries.user_window(session, caller, condition, page)
    reading.of(each.id for each in found)
    users = [told.of(each) for each in await shapes.users(session, caller, found, base)]
    return ScimResponse(shapes.listed(users, total=total, start=page.start))


@router.post("/Users", status_code=201, response_model=UserOut)
async def scim_create_user(
    caller: MayWrite,
    session: SessionDep,
    services: ServicesDep,
    base: BaseDep,
    body: ResourceIn,
    told: ChosenDep,
    reading: ReadingDep,
) -> Response:
    """A new employee, or one who was deleted over SCIM and comes back.

    Whom the registry knows by the NIP already is refused with 409: find them by a filter.
    """
    employee = await service.create(session, caller, body, now=services.clock.now())
    return await _told(session, caller, employee, base, told, reading, status=201)


@router.get("/Users/{user_id}", response_model=UserOut)
async def scim_get_user(
    caller: MayRead,
    session: SessionDep,
    base: BaseDep,
    user_id: UUID,
    told: ChosenDep,
    reading: ReadingDep,
) -> Response:
    """One employee."""
    employee = await queries.user(session, caller, user_id)
    return await _told(session, caller, employee, base, told, reading)


@router.put("/Users/{user_id}", response_model=UserOut)
async def scim_replace_user(
    caller: MayWrite,
    session: SessionDep,
    services: ServicesDep,
    base: BaseDep,
    user_id: UUID,
    body: ResourceIn,
    told: ChosenDep,
    reading: ReadingDep,
    expected: IfMatch = None,
) -> Response:
    """An employee as the provider knows them; what it does not name stays as it is."""
    employee = await service.change(
        session,
        caller,
        user_id,
        service.wish_of(body),
        expected=expected,
        now=services.clock.now(),
    )
    return await _told(session, caller, employee, base, told, reading)


@router.patch("/Users/{user_id}", response_model=UserOut)
async def scim_patch_user(
    caller: MayWrite,
    session: SessionDep,
    services: ServicesDep,
    base: BaseDep,
    user_id: UUID,
    body: PatchIn,
    told: ChosenDep,
    reading: ReadingDep,
    expected: IfMatch = None,
) -> Response:
    """All of the operations, or none."""
    employee = await service.change(
        session,
        caller,
        user_id,
        user_patch(body),
        expected=expected,
        now=services.clock.now(),
    )
    return await _told(session, caller, employee, base, told, reading)


@router.delete("/Users/{user_id}", status_code=204)
async def scim_delete_user(
    caller: MayWrite,
    session: SessionDep,
    services: ServicesDep,
    user_id: UUID,
    expected: IfMatch = None,
) -> None:
    """An employee has left. Nothing that is known of them is deleted; SCIM shows them no more."""
    await service.delete(
        session,
        caller,
        user_id,
        expected=expected,
        now=services.clock.now(),
    )


async def _told(
    session: SessionDep,
    caller: Caller,
    employee: Employee,
    base: str,
    told: Chosen,
    reading: Looking,
    *,
    status: int = 200,
) -> Response:
    reading.of([employee.id])
    [user] = await shapes.users(session, caller, [employee], base)
    about = {"ETag": user["meta"]["version"], "Location": user["meta"]["location"]}
    return ScimResponse(told.of(user), status, about)
