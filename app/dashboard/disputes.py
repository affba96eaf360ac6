"""Sanggahan: what people say against a status, until when it is decided, and the decision."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Query, Request, Response
from fastapi.responses import RedirectResponse

from app.dashboard.asking import Api, ApiDep, Refused
from app.dashboard.overview import all_campaigns
from app.dashboard.pages import ReaderDep
from app.dashboard.people import MENDABLE, Csrf, Typed, key_of, typed_of
from app.dashboard.rendering import Reader, page
from app.dashboard.routing import pages_router

router = pages_router()
SHOWN: Final = 50
# Which disputes the queue shows, and what the API calls them.
STATES: Final = {"terbuka": "false", "diputus": "true", "semua": None}


@router.get("/sanggahan")
async def list_disputes(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    state: Annotated[str, Query(max_length=20)] = "terbuka",
    campaign: Annotated[str | None, Query(max_length=60)] = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """The queue: those that wait the longest stand first."""
    state = state if state in STATES else "terbuka"
    found = await api.get(
        "/v1/disputes", decided=STATES[state], campaign=campaign, cursor=cursor, limit=SHOWN
    )
    return page(
        request,
        "disputes.html",
        reader=reader,
        disputes=found["items"],
        cursor=found["next"],
        campaigns=await all_campaigns(api) if reader.may("campaigns:read") else [],
        campaign=campaign,
        state=state,
        late=_late(request, found["items"]),
    )


def _late(request: Request, disputes: list[dict[str, Any]]) -> set[str]:
    """The ids of those that should have been decided by now."""
    now: datetime = request.app.state.services.clock.now()
    return {
        each["id"]
        for each in disputes
        if each["decision"] is None and datetime.fromisoformat(each["due_at"]) < now
    }


@router.get("/sanggahan/{dispute_id}")
async def show_dispute(
    request: Request, reader: ReaderDep, api: ApiDep, dispute_id: UUID
) -> Response:
    """What somebody says, what the status rests on, and the decision or the form for it."""
    return await _one(request, reader, api, dispute_id)


async def _one(
    request: Request,
    reader: Reader,
    api: Api,
    dispute_id: UUID,
    *,
    refused: Refused | None = None,
    **typed: str,
) -> Response:
    dispute = await api.get(f"/v1/disputes/{dispute_id}")
    told = await api.get(f"/v1/employees/{dispute['employee_id']}/verdicts")
    key = key_of(dispute)
    verdict = next((each for each in told["items"] if key_of(each) == key), None)
    notice = None
    if dispute["notice_id"]:
        notice = await api.maybe(f"/v1/notices/{dispute['notice_id']}")
    return page(
        request,
        "dispute.html",
        reader=reader,
        status=refused.status if refused else 200,
        dispute=dispute,
        verdict=verdict,
        notice=notice,
        shown=await _shown(reader, api, verdict),
        late=bool(_late(request, [dispute])),
        refused=refused,
        typed=typed_of(**typed),
    )


async def _shown(reader: Reader, api: Api, verdict: dict[str, Any] | None) -> list[dict[str, Any]]:
    """What the employee has shown of the account that the status is about."""
    if verdict is None or verdict["account_id"] is None or not reader.may("accounts:read"):
        return []
    told = await api.maybe(f"/v1/accounts/{verdict['account_id']}/evidence", limit=SHOWN)
    found: list[dict[str, Any]] = told["items"] if told else []
    return found


@router.post("/sanggahan/{dispute_id}/keputusan")
async def decide_dispute(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    dispute_id: UUID,
    csrf: Csrf,
    outcome: Typed = "",
    reason: Typed = "",
    decided_by: Typed = "",
) -> Response:
    """Decide, once, as a named officer and with a reason."""
    typed = {"outcome": outcome, "reason": reason, "decided_by": decided_by}
    path = f"/v1/disputes/{dispute_id}/decision"
    try:
        await api.send("POST", path, typed, csrf=csrf)
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        return await _one(request, reader, api, dispute_id, refused=refused, **typed)
    return RedirectResponse(f"/sanggahan/{dispute_id}", 303)
