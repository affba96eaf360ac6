"""Kampanye: what is asked of whom by what right, until when, and how far it has come."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Form, Request, Response
from fastapi.responses import RedirectResponse

from app.dashboard.asking import Api, ApiDep, Refused
from app.dashboard.forms import MENDABLE, day_begins, day_ends, posted, whole_number
from app.dashboard.overview import all_campaigns
from app.dashboard.pages import ReaderDep
from app.dashboard.rendering import Reader, page
from app.dashboard.routing import pages_router

router = pages_router()
ONE: Final = (
    "title", "legal_basis", "document_number", "starts_at", "ends_at", "expected_gain",
    "grace_days", "declare", "follow", "mode", "agreed",
)  # fmt: skip
DEEPEST: Final = 2
MANY: Final = ("categories", "unit_ids", "platforms", "official_account_ids")


@router.get("/kampanye")
async def list_campaigns(request: Request, reader: ReaderDep, api: ApiDep) -> Response:
    """Every campaign, the latest first."""
    return page(request, "campaigns.html", reader=reader, campaigns=await all_campaigns(api))


@router.get("/kampanye/baru")
async def new_campaign(request: Request, reader: ReaderDep, api: ApiDep) -> Response:
    """The form of a new campaign."""
    return await _form(request, reader, api, typed={"declare": "1", "follow": "1"})


async def _form(
    request: Request,
    reader: Reader,
    api: Api,
    *,
    typed: dict[str, Any],
    preview: dict[str, Any] | None = None,
    refused: Refused | None = None,
) -> Response:
    accounts = await api.get("/v1/official-accounts", limit=200)
    tree = await api.get("/v1/work-units/tree")
    empty: dict[str, Any] = dict.fromkeys(ONE, "") | {name: [] for name in MANY}
    return page(
        request,
        "campaign_new.html",
        reader=reader,
        status=refused.status if refused else 200,
        accounts=[each for each in accounts["items"] if each["active"]],
        units=_indented(tree["items"]),
        typed=empty | typed,
        preview=preview,
        refused=refused,
    )


def _indented(nodes: list[dict[str, Any]], depth: int = 0) -> list[tuple[int, dict[str, Any]]]:
    """The tree of units as one list, each with how deep it lies; three levels are enough."""
    found: list[tuple[int, dict[str, Any]]] = []
    for node in nodes:
        found.append((depth, node))
        if depth < DEEPEST:
            found += _indented(node["children"], depth + 1)
    return found


def _body(typed: dict[str, Any]) -> dict[str, Any]:
    """A form as the API takes it; what cannot be read is passed on, and refused by name."""
    duties: list[dict[str, Any]] = []
    if typed["declare"]:
        duties.append(
            {
                "kind": "declare",
                "platforms": typed["platforms"],
                "mode": typed["mode"] or "any",
            }
        )
    if typed["follow"]:
        duties.append({"kind": "follow", "mode": typed["mode"] or "any"})
    return {
        "title": typed["title"],
        "legal_basis": typed["legal_basis"],
        "document_number": typed["document_number"],
        "starts_at": day_begins(typed["starts_at"]),
        "ends_at": day_ends(typed["ends_at"]),
        "expected_gain": whole_number(typed["expected_gain"]),
        "grace_days": whole_number(typed["grace_days"] or "0"),
        "cohort": {"categories": typed["categories"], "unit_ids": typed["unit_ids"]},
        "duties": duties,
        "official_account_ids": typed["official_account_ids"],
    }


@router.post("/kampanye/baru")
async def create_campaign(request: Request, reader: ReaderDep, api: ApiDep) -> Response:
    """First show whom it would address; create it when that has been seen and agreed to."""
    csrf, typed = await posted(request, ONE, MANY)
    body = _body(typed)
    try:
        if typed["agreed"]:
            made = await api.send("POST", "/v1/campaigns", body, csrf=csrf)
            return RedirectResponse(f"/kampanye/{made['id']}", 303)
        preview = await api.send("POST", "/v1/campaigns/preview", body, csrf=csrf)
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        return await _form(request, reader, api, typed=typed, refused=refused)
    return await _form(request, reader, api, typed=typed, preview=preview)


@router.get("/kampanye/{campaign_id}")
async def show_campaign(
    request: Request, reader: ReaderDep, api: ApiDep, campaign_id: UUID
) -> Response:
    """One campaign: its right, its duties, its cohort, its progress and its reminders."""
    return await _one(request, reader, api, campaign_id)


async def _one(
    request: Request, reader: Reader, api: Api, campaign_id: UUID, refused: Refused | None = None
) -> Response:
    path = f"/v1/campaigns/{campaign_id}"
    campaign = await api.get(path)
    plan, etag = await api.versioned(f"{path}/reminders")
    sees_people = reader.may("compliance:read_people")
    return page(
        request,
        "campaign.html",
        reader=reader,
        status=refused.status if refused else 200,
        campaign=campaign,
        progress=await api.maybe(f"{path}/progress"),
        cohort=await api.maybe(f"{path}/cohort"),
        plan=plan,
        plan_version=etag,
        preview=await api.maybe(f"{path}/reminders/preview") if sees_people else None,
        refused=refused,
    )


@router.post("/kampanye/{campaign_id}/pengingat")
async def set_reminders(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    campaign_id: UUID,
    csrf: Annotated[str, Form(max_length=200)],
    version: Annotated[str, Form(max_length=40)],
    set_by: Annotated[str, Form(max_length=300)] = "",
    enabled: Annotated[str, Form(max_length=5)] = "",
) -> Response:
    """Switch the reminders of a campaign on or off; the rest of the plan stays as it is."""
    path = f"/v1/campaigns/{campaign_id}/reminders"
    plan, _ = await api.versioned(path)
    told = ("campaign_id", "counts_from", "set_at", "version")
    body = {name: value for name, value in plan.items() if name not in told}
    body |= {"enabled": bool(enabled), "set_by": set_by}
    try:
        await api.send("PUT", path, body, csrf=csrf, etag=version)
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        return await _one(request, reader, api, campaign_id, refused)
    return RedirectResponse(f"/kampanye/{campaign_id}", 303)
