"""Impor: send a file, look at what it would do, carry it out, mend what was rejected."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from app.core.uploads import uploaded
from app.dashboard.asking import ApiDep, Refused
from app.dashboard.pages import ReaderDep
from app.dashboard.rendering import page
from app.dashboard.routing import pages_router

router = pages_router()
TYPED = ("kind", "mode", "full_of")
# Refusals that a sender can do something about; the others are pages of their own.
MENDABLE = frozenset({409, 413, 415, 422})
RUNNING = frozenset({"reading", "merging"})


@router.get("/impor")
async def list_imports(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """The form, and the imports so far."""
    return await _shown(request, reader, api, cursor=cursor)


async def _shown(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    *,
    cursor: str | None = None,
    typed: dict[str, str] | None = None,
    refused: Refused | None = None,
) -> Response:
    found = await api.get("/v1/imports", cursor=cursor, limit=20)
    return page(
        request,
        "imports.html",
        reader=reader,
        status=refused.status if refused else 200,
        imports=found["items"],
        cursor=found["next"],
        typed=typed or dict.fromkeys(TYPED, ""),
        refused=refused,
        running=any(each["state"] in RUNNING for each in found["items"]),
    )


@router.get("/impor/berjalan")
async def show_running(request: Request, reader: ReaderDep, api: ApiDep) -> Response:
    """The table of imports alone, for a page that waits for one of them."""
    found = await api.get("/v1/imports", limit=20)
    return page(
        request,
        "imports_table.html",
        reader=reader,
        imports=found["items"],
        running=any(each["state"] in RUNNING for each in found["items"]),
    )


@router.post("/impor")
async def send_file(request: Request, reader: ReaderDep, api: ApiDep) -> Response:
    """Make a preview of a file; nothing is changed before somebody has looked at it."""
    limit = request.app.state.services.settings.max_upload_bytes
    async with uploaded(request, limit=limit) as upload:
        typed = {name: upload.fields.get(name, "") for name in TYPED}
        told = {name: value for name, value in typed.items() if value}
        try:
            made = await api.upload(
                "/v1/imports",
                upload.filename or "file",
                upload.file.read(),
                upload.fields.get("csrf", ""),
                dry_run="true",
                **told,
            )
        except Refused as refused:
            if refused.status not in MENDABLE:
                raise
            return await _shown(request, reader, api, typed=typed, refused=refused)
    return RedirectResponse(f"/impor/{made['id']}", 303)


@router.get("/impor/{import_id}")
async def show_import(
    request: Request, reader: ReaderDep, api: ApiDep, import_id: UUID
) -> Response:
    """What a file would do or has done, and why rows of it were rejected."""
    return await _one(request, reader, api, import_id)


async def _one(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    import_id: UUID,
    refused: Refused | None = None,
) -> Response:
    made: dict[str, Any] = await api.get(f"/v1/imports/{import_id}")
    status = refused.status if refused else 200
    return page(request, "import.html", reader=reader, status=status, made=made, refused=refused)


@router.post("/impor/{import_id}/terapkan")
async def apply_import(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    import_id: UUID,
    csrf: Annotated[str, Form(max_length=200)],
    leavers: Annotated[int | None, Form(ge=0, le=2**31 - 1)] = None,
) -> Response:
    """Carry a preview out; the form bears how many leave, as the preview has shown it."""
    path = f"/v1/imports/{import_id}/apply"
    try:
        await api.send("POST", path, {"confirm_leavers": leavers or None}, csrf=csrf)
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        return await _one(request, reader, api, import_id, refused)
    return RedirectResponse(f"/impor/{import_id}", 303)
