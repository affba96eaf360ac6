"""Kepatuhan of people: lists for who may see them, the evidence of one, a unit's work-list."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Query, Request, Response
from fastapi.responses import RedirectResponse

from app.dashboard.asking import Api, ApiDep, Refused
from app.dashboard.forms import MENDABLE, posted
from app.dashboard.pages import ReaderDep
from app.dashboard.rendering import Reader, page
from app.dashboard.routing import pages_router

router = pages_router()
FILTERS: Final = ("duty", "verdict", "reason", "flag")
SHOWN: Final = 100
EXTENSION: Final = ("due_on", "officer", "reason")
WITHDRAWAL: Final = ("withdrawn_by", "reason")


def waits_for_others(reader: Reader) -> bool:
    """Whether the reader heads a unit: who sees whom it waits for, and no verdict."""
    return (
        reader.unit_id is not None
        and not reader.may("compliance:read_people")
        and reader.may("accounts:read", "employees:read")
    )


@router.get("/kepatuhan/{campaign_id}/pegawai")
async def people(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    campaign_id: UUID,
    unit: Annotated[UUID | None, Query()] = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """Employees with such a verdict, for who may see verdicts of people."""
    asked = {name: request.query_params.get(name, "")[:60] for name in FILTERS}
    campaign = await api.get(f"/v1/campaigns/{campaign_id}")
    found = await api.get(
        f"/v1/campaigns/{campaign_id}/employees",
        **asked,
        unit=str(unit) if unit else None,
        cursor=cursor,
        limit=SHOWN,
    )
    return page(
        request,
        "compliance_people.html",
        reader=reader,
        campaign=campaign,
        found=found,
        asked=asked,
        unit=await api.maybe(f"/v1/work-units/{unit}") if unit else None,
    )


@router.get("/kepatuhan/{campaign_id}/menunggu")
async def waiting(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    campaign_id: UUID,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """Whose declaration is still waited for, and no verdict."""
    campaign = await api.get(f"/v1/campaigns/{campaign_id}")
    return await show_waiting(request, reader, api, campaign, [], cursor=cursor)


async def show_waiting(
    request: Request,
    reader: Reader,
    api: Api,
    campaign: dict[str, Any],
    campaigns: list[dict[str, Any]],
    *,
    cursor: str | None = None,
) -> Response:
    """The work-list of a campaign, as far as the reader's units go."""
    found = await api.get(
        f"/v1/campaigns/{campaign['id']}/missing-declarations", cursor=cursor, limit=SHOWN
    )
    return page(
        request,
        "compliance_waiting.html",
        reader=reader,
        campaign=campaign,
        campaigns=campaigns,
        found=found,
    )


@router.get("/kepatuhan/{campaign_id}/pegawai/{employee_id}")
async def person(
    request: Request, reader: ReaderDep, api: ApiDep, campaign_id: UUID, employee_id: UUID
) -> Response:
    """What one employee's verdicts rest on, and what was granted to them."""
    return await _person(request, reader, api, campaign_id, employee_id)


async def _person(
    request: Request,
    reader: Reader,
    api: Api,
    campaign_id: UUID,
    employee_id: UUID,
    *,
    form: str = "",
    typed: dict[str, Any] | None = None,
    refused: Refused | None = None,
) -> Response:
    campaign = await api.get(f"/v1/campaigns/{campaign_id}")
    employee = await api.get(f"/v1/employees/{employee_id}")
    told = await api.get(f"/v1/employees/{employee_id}/verdicts")
    about = {"employee": str(employee_id), "limit": SHOWN}
    excuses = await api.get("/v1/excuses", campaign=str(campaign_id), **about)
    extensions = await api.maybe(f"/v1/campaigns/{campaign_id}/extensions", **about)
    return page(
        request,
        "compliance_person.html",
        reader=reader,
        status=refused.status if refused else 200,
        campaign=campaign,
        employee=employee,
        verdicts=[each for each in told["items"] if each["campaign_id"] == str(campaign_id)],
        paused=told["paused"],
        excuses=excuses["items"],
        extensions=extensions["items"] if extensions else [],
        form=form,
        typed=dict.fromkeys({*EXTENSION, *WITHDRAWAL}, "") | (typed or {}),
        refused=refused,
    )


@router.post("/kepatuhan/{campaign_id}/pegawai/{employee_id}/tenggat")
async def extend(
    request: Request, reader: ReaderDep, api: ApiDep, campaign_id: UUID, employee_id: UUID
) -> Response:
    """Give one member more time, by a named officer and with a reason."""
    csrf, typed = await posted(request, EXTENSION)
    body = {**typed, "employee_id": str(employee_id)}
    try:
        await api.send("POST", f"/v1/campaigns/{campaign_id}/extensions", body, csrf=csrf)
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        where = (request, reader, api, campaign_id, employee_id)
        return await _person(*where, form="tenggat", typed=typed, refused=refused)
    return RedirectResponse(f"/kepatuhan/{campaign_id}/pegawai/{employee_id}", 303)


@router.post("/kepatuhan/{campaign_id}/pegawai/{employee_id}/pengecualian/{excuse_id}/cabut")
async def withdraw_excuse(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    campaign_id: UUID,
    employee_id: UUID,
    excuse_id: UUID,
) -> Response:
    """Take an excuse back from now on; that it was granted stays on record."""
    csrf, typed = await posted(request, WITHDRAWAL)
    try:
        await api.send("POST", f"/v1/excuses/{excuse_id}/withdrawal", typed, csrf=csrf)
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        where = (request, reader, api, campaign_id, employee_id)
        return await _person(*where, form=str(excuse_id), typed=typed, refused=refused)
    return RedirectResponse(f"/kepatuhan/{campaign_id}/pegawai/{employee_id}", 303)
