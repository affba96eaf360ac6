"""Laporan: freeze a campaign's numbers, and take the frozen ones away as files."""

from typing import Annotated
from uuid import UUID

from fastapi import Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from app.dashboard.asking import Api, ApiDep, Refused
from app.dashboard.overview import all_campaigns
from app.dashboard.pages import ReaderDep
from app.dashboard.rendering import Reader, page
from app.dashboard.routing import pages_router

router = pages_router()
MENDABLE = frozenset({409, 422})
TYPED = ("campaign_id", "title", "officer", "include_people")


@router.get("/laporan")
async def list_reports(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """Reports, newest first, and the form that freezes the next one."""
    return await _shown(request, reader, api, cursor=cursor)


async def _shown(
    request: Request,
    reader: Reader,
    api: Api,
    *,
    cursor: str | None = None,
    typed: dict[str, str] | None = None,
    refused: Refused | None = None,
) -> Response:
    found = await api.get("/v1/reports", cursor=cursor, limit=50)
    campaigns = await all_campaigns(api) if reader.may("campaigns:read") else []
    return page(
        request,
        "reports.html",
        reader=reader,
        status=refused.status if refused else 200,
        reports=found["items"],
        cursor=found["next"],
        campaigns=campaigns,
        typed=typed or dict.fromkeys(TYPED, ""),
        refused=refused,
    )


@router.post("/laporan")
async def freeze_report(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    csrf: Annotated[str, Form(max_length=200)],
    campaign_id: Annotated[str, Form(max_length=60)] = "",
    title: Annotated[str, Form(max_length=300)] = "",
    officer: Annotated[str, Form(max_length=300)] = "",
    include_people: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Freeze a campaign's numbers under the next number."""
    typed = dict(zip(TYPED, (campaign_id, title, officer, include_people), strict=True))
    body = {
        "campaign_id": campaign_id,
        "title": title or None,
        "officer": officer or None,
        "include_people": bool(include_people),
    }
    try:
        made = await api.send("POST", "/v1/reports", body, csrf=csrf)
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        return await _shown(request, reader, api, typed=typed, refused=refused)
    return RedirectResponse(f"/laporan/{made['id']}", 303)


@router.get("/laporan/{report_id}")
async def show_report(
    request: Request, reader: ReaderDep, api: ApiDep, report_id: UUID
) -> Response:
    """What names a report, by what its files can be checked, and the files."""
    report = await api.get(f"/v1/reports/{report_id}")
    return page(request, "report.html", reader=reader, report=report)
