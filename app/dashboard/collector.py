"""Pengumpul: how official accounts are read, what may still be asked, what has to be renewed."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Form, Request, Response
from fastapi.responses import RedirectResponse

from app.dashboard.asking import Api, ApiDep, Refused
from app.dashboard.forms import MENDABLE
from app.dashboard.pages import ReaderDep
from app.dashboard.rendering import Reader, page
from app.dashboard.routing import pages_router

router = pages_router()
RUNS_SHOWN: Final = 20
CONNECTED: Final = ("facebook", "instagram", "mastodon", "threads", "tiktok", "x", "youtube")


@router.get("/pengumpul")
async def collector(request: Request, reader: ReaderDep, api: ApiDep) -> Response:
    """Health of every reading, budgets and breakers of the platforms, and what each can tell."""
    platforms = (await api.get("/v1/platforms"))["items"]
    alerts = await api.maybe("/v1/grafana/alerts")
    return page(
        request,
        "collector.html",
        reader=reader,
        polls=await api.get("/v1/grafana/polls"),
        platforms=platforms,
        alerts=[each for each in alerts or () if each["firing"]],
    )


@router.get("/pengumpul/{account_id}")
async def show_account(
    request: Request, reader: ReaderDep, api: ApiDep, account_id: UUID
) -> Response:
    """One official account: its last readings and failures, and its connection."""
    return await _one(request, reader, api, account_id)


async def _one(
    request: Request,
    reader: Reader,
    api: Api,
    account_id: UUID,
    *,
    refused: Refused | None = None,
    consent: dict[str, Any] | None = None,
) -> Response:
    path = f"/v1/official-accounts/{account_id}"
    account = await api.get(path)
    runs = await api.get("/v1/polls", official_account=account_id, limit=RUNS_SHOWN)
    return page(
        request,
        "collector_account.html",
        reader=reader,
        status=refused.status if refused else 200,
        account=account,
        runs=runs["items"],
        connection=await api.maybe(f"{path}/connection"),
        can_connect=account["platform"] in CONNECTED,
        consent=consent,
        refused=refused,
    )


@router.post("/pengumpul/{account_id}/sambungkan")
async def connect(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    account_id: UUID,
    csrf: Annotated[str, Form(max_length=200)],
) -> Response:
    """Begin a consent; the page then leads to the platform, where the custodian gives it."""
    path = f"/v1/official-accounts/{account_id}/connection"
    try:
        consent = await api.send("POST", path, None, csrf=csrf)
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        return await _one(request, reader, api, account_id, refused=refused)
    return await _one(request, reader, api, account_id, consent=consent)


@router.post("/pengumpul/{account_id}/token")
async def bring_token(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    account_id: UUID,
    csrf: Annotated[str, Form(max_length=200)],
    access_token: Annotated[str, Form(max_length=4096)] = "",
) -> Response:
    """Keep a token that the custodian has brought; it is never shown again."""
    path = f"/v1/official-accounts/{account_id}/connection"
    try:
        await api.send("PUT", path, {"access_token": access_token}, csrf=csrf)
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        return await _one(request, reader, api, account_id, refused=refused)
    return RedirectResponse(f"/pengumpul/{account_id}", 303)


@router.post("/pengumpul/{account_id}/putuskan")
async def disconnect(
    api: ApiDep, account_id: UUID, csrf: Annotated[str, Form(max_length=200)]
) -> Response:
    """Forget the tokens of an official account at once."""
    await api.send("DELETE", f"/v1/official-accounts/{account_id}/connection", None, csrf=csrf)
    return RedirectResponse(f"/pengumpul/{account_id}", 303)
