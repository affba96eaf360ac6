"""Ringkasan: the answer in one look, for the campaign that runs or ended last."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from app.dashboard.asking import Api, ApiDep
from app.dashboard.pages import ReaderDep
from app.dashboard.rendering import page
from app.dashboard.routing import pages_router

router = pages_router()
UNITS_SHOWN = 8
VERDICTS = ("met", "unmet", "unknown", "excused")


async def all_campaigns(api: Api) -> list[dict[str, Any]]:
    """Campaigns, the latest first."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        told = await api.get("/v1/campaigns", limit=200, cursor=cursor)
        found += told["items"]
        cursor = told["next"]
        if cursor is None:
            return sorted(found, key=lambda each: each["starts_at"], reverse=True)


def chosen(campaigns: list[dict[str, Any]], wanted: UUID | None) -> dict[str, Any] | None:
    """The campaign that was asked for, or the latest one."""
    if wanted is not None:
        return next((each for each in campaigns if each["id"] == str(wanted)), None)
    return campaigns[0] if campaigns else None


@router.get("/ringkasan")
async def overview(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    campaign: Annotated[UUID | None, Query()] = None,
) -> Response:
    """Expected and reached growth, verdicts and why some are not known, and how fresh it all is."""
    campaigns = await all_campaigns(api)
    found = chosen(campaigns, campaign)
    if found is None:
        return page(request, "overview_empty.html", reader=reader)
    path = f"/v1/campaigns/{found['id']}"
    progress = await api.maybe(f"{path}/progress")
    recap = await api.maybe(f"{path}/recap", by="work_unit")
    return page(
        request,
        "overview.html",
        reader=reader,
        campaigns=campaigns,
        campaign=found,
        progress=progress,
        units=_most_open(recap) if recap is not None else [],
    )


def _most_open(recap: dict[str, Any]) -> list[dict[str, Any]]:
    """The units with most that is open, of those whose numbers may be shown."""
    told = [row for row in recap["items"] if row["counts"] is not None and row["code"]]
    return sorted(
        told, key=lambda row: row["counts"]["unmet"] + row["counts"]["unknown"], reverse=True
    )[:UNITS_SHOWN]
