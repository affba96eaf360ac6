"""Integrasi: keys of other systems, and where changes are posted to."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from app.dashboard.asking import Api, ApiDep, Refused
from app.dashboard.forms import MENDABLE, posted
from app.dashboard.pages import ReaderDep
from app.dashboard.rendering import Reader, page
from app.dashboard.routing import pages_router

router = pages_router()
# A key of a system can do nothing for an employee's own side.
OWN: Final = frozenset({"me:read", "me:write"})


@router.get("/integrasi")
async def integration(request: Request, reader: ReaderDep, api: ApiDep) -> Response:
    """Keys and endpoints, and how other systems are connected."""
    return await _shown(request, reader, api)


async def _shown(
    request: Request,
    reader: Reader,
    api: Api,
    *,
    typed: dict[str, Any] | None = None,
    refused: Refused | None = None,
    secret: dict[str, Any] | None = None,
) -> Response:
    keys = await api.maybe("/v1/api-keys", limit=200)
    hooks = await api.maybe("/v1/webhooks", limit=200)
    return page(
        request,
        "integration.html",
        reader=reader,
        status=refused.status if refused else 200,
        keys=keys["items"] if keys else None,
        hooks=hooks["items"] if hooks else None,
        scopes=sorted(reader.scopes - OWN),
        typed={"form": "", "name": "", "url": "", "scopes": []} | (typed or {}),
        refused=refused,
        secret=secret,
    )


@router.post("/integrasi/kunci")
async def make_key(request: Request, reader: ReaderDep, api: ApiDep) -> Response:
    """A key for another system; its secret is in this answer, and nowhere after."""
    csrf, typed = await posted(request, ("name",), ("scopes",))
    typed["form"] = "key"
    return await _made(request, reader, api, ("/v1/api-keys", typed, csrf))


@router.post("/integrasi/webhook")
async def make_webhook(request: Request, reader: ReaderDep, api: ApiDep) -> Response:
    """An endpoint that changes are posted to; its secret is in this answer, and nowhere after."""
    csrf, typed = await posted(request, ("name", "url"))
    typed["form"] = "hook"
    return await _made(request, reader, api, ("/v1/webhooks", typed, csrf))


async def _made(
    request: Request, reader: Reader, api: Api, asked: tuple[str, dict[str, Any], str]
) -> Response:
    path, typed, csrf = asked
    body = {name: value for name, value in typed.items() if name != "form"}
    try:
        secret = await api.send("POST", path, body, csrf=csrf)
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        return await _shown(request, reader, api, typed=typed, refused=refused)
    return await _shown(request, reader, api, secret=secret)


@router.post("/integrasi/kunci/{key_id}/ganti")
async def rotate_key(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    key_id: UUID,
    csrf: Annotated[str, Form(max_length=200)],
) -> Response:
    """The next key of the same system; the old one works until its end."""
    return await _made(request, reader, api, (f"/v1/api-keys/{key_id}/rotation", {}, csrf))


@router.post("/integrasi/kunci/{key_id}/cabut")
async def revoke_key(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    key_id: UUID,
    csrf: Annotated[str, Form(max_length=200)],
) -> Response:
    """End a key at once."""
    try:
        await api.send("POST", f"/v1/api-keys/{key_id}/revocation", None, csrf=csrf)
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        return await _shown(request, reader, api, refused=refused)
    return RedirectResponse("/integrasi", 303)


@router.get("/integrasi/webhook/{webhook_id}")
async def show_webhook(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    webhook_id: UUID,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """An endpoint and what became of every message to it."""
    path = f"/v1/webhooks/{webhook_id}"
    hook, etag = await api.versioned(path)
    found = await api.get(f"{path}/deliveries", cursor=cursor, limit=50)
    return page(
        request,
        "webhook.html",
        reader=reader,
        hook=hook,
        version=etag,
        deliveries=found["items"],
        cursor=found["next"],
    )


@router.post("/integrasi/webhook/{webhook_id}/nyala")
async def switch_webhook(
    api: ApiDep,
    webhook_id: UUID,
    csrf: Annotated[str, Form(max_length=200)],
    version: Annotated[str, Form(max_length=40)],
    enabled: Annotated[str, Form(max_length=5)] = "",
) -> Response:
    """Stop posting to an endpoint, or go on where it stood."""
    path = f"/v1/webhooks/{webhook_id}"
    await api.send("PATCH", path, {"enabled": bool(enabled)}, csrf=csrf, etag=version)
    return RedirectResponse(f"/integrasi/webhook/{webhook_id}", 303)


@router.post("/integrasi/webhook/{webhook_id}/ulang")
async def redeliver(
    api: ApiDep,
    webhook_id: UUID,
    csrf: Annotated[str, Form(max_length=200)],
    delivery_id: Annotated[str, Form(max_length=60)],
) -> Response:
    """Send one message again."""
    body = {"delivery_ids": [delivery_id]}
    await api.send("POST", f"/v1/webhooks/{webhook_id}/redeliver", body, csrf=csrf)
    return RedirectResponse(f"/integrasi/webhook/{webhook_id}", 303)
