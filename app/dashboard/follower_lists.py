"""Daftar pengikut: the official account's own export, and in plain words what it proves."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Request, Response
from fastapi.responses import RedirectResponse

from app.core.uploads import uploaded
from app.dashboard.accounts import in_jakarta
from app.dashboard.asking import Api, ApiDep, Refused
from app.dashboard.forms import MENDABLE
from app.dashboard.pages import ReaderDep
from app.dashboard.rendering import Reader, page
from app.dashboard.routing import pages_router

router = pages_router()
# Of these platforms the owner's export holds followers; docs/owner-exports.md has the sources.
WITH_EXPORT: Final = ("instagram", "threads", "tiktok", "x")


@router.get("/daftar-pengikut")
async def list_accounts(request: Request, reader: ReaderDep, api: ApiDep) -> Response:
    """Which official accounts have an export that can be taken in."""
    found = await api.get("/v1/official-accounts", limit=200)
    accounts = [each for each in found["items"] if each["active"]]
    return page(
        request,
        "follower_lists.html",
        reader=reader,
        accounts=[each for each in accounts if each["platform"] in WITH_EXPORT],
        others=[each for each in accounts if each["platform"] not in WITH_EXPORT],
    )


@router.get("/daftar-pengikut/{account_id}")
async def show_lists(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    account_id: UUID,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """How to get the export of an account, and the lists that were taken."""
    return await _one(request, reader, api, account_id, cursor=cursor)


async def _one(
    request: Request,
    reader: Reader,
    api: Api,
    account_id: UUID,
    *,
    cursor: str | None = None,
    taken_at: str = "",
    refused: Refused | None = None,
) -> Response:
    path = f"/v1/official-accounts/{account_id}"
    found = await api.get(f"{path}/follower-lists", cursor=cursor, limit=200)
    return page(
        request,
        "follower_list.html",
        reader=reader,
        status=refused.status if refused else 200,
        account=await api.get(path),
        lists=sorted(found["items"], key=lambda each: each["taken_at"], reverse=True),
        cursor=found["next"],
        taken_at=taken_at,
        refused=refused,
    )


@router.post("/daftar-pengikut/{account_id}/unggah")
async def upload_list(
    request: Request, reader: ReaderDep, api: ApiDep, account_id: UUID
) -> Response:
    """Take in an export; nobody but declared accounts leaves it."""
    limit = request.app.state.services.settings.max_upload_bytes
    async with uploaded(request, limit=limit) as upload:
        typed = upload.fields.get("taken_at", "")
        told = {"taken_at": in_jakarta(typed)} if typed else {}
        try:
            await api.upload(
                f"/v1/official-accounts/{account_id}/follower-lists",
                upload.filename or "export.zip",
                upload.file.read(),
                upload.fields.get("csrf", ""),
                **told,
            )
        except Refused as refused:
            if refused.status not in MENDABLE:
                raise
            return await _one(request, reader, api, account_id, taken_at=typed, refused=refused)
    return RedirectResponse(f"/daftar-pengikut/{account_id}", 303)
