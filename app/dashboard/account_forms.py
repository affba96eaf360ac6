"""Registering an official account, and switching one off."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Form, Request, Response
from fastapi.responses import RedirectResponse

from app.dashboard.asking import ApiDep, Refused
from app.dashboard.forms import MENDABLE, posted
from app.dashboard.pages import ReaderDep
from app.dashboard.rendering import Reader, page
from app.dashboard.routing import pages_router

router = pages_router()
FIELDS: Final = (
    "account", "platform", "name", "owner_kind", "custodian", "office_term_start",
    "office_term_end",
)  # fmt: skip


@router.get("/akun-resmi/baru")
async def new_account(request: Request, reader: ReaderDep) -> Response:
    """The form of a new official account."""
    return _form(request, reader, dict.fromkeys(FIELDS, ""))


def _form(
    request: Request, reader: Reader, typed: dict[str, Any], refused: Refused | None = None
) -> Response:
    status = refused.status if refused else 200
    return page(
        request, "account_new.html", reader=reader, status=status, typed=typed, refused=refused
    )


@router.post("/akun-resmi/baru")
async def create_account(request: Request, reader: ReaderDep, api: ApiDep) -> Response:
    """Register an official account; its followers are counted from now on."""
    csrf, typed = await posted(request, FIELDS)
    body = {name: value for name, value in typed.items() if value}
    try:
        made = await api.send("POST", "/v1/official-accounts", body, csrf=csrf)
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        return _form(request, reader, typed, refused)
    return RedirectResponse(f"/akun-resmi/{made['id']}", 303)


@router.post("/akun-resmi/{account_id}/nyala")
async def switch_account(
    api: ApiDep,
    account_id: UUID,
    csrf: Annotated[str, Form(max_length=200)],
    active: Annotated[str, Form(max_length=5)] = "",
) -> Response:
    """Switch an official account off, or on again; what was read of it stays."""
    path = f"/v1/official-accounts/{account_id}"
    _, etag = await api.versioned(path)
    await api.send("PATCH", path, {"active": bool(active)}, csrf=csrf, etag=etag)
    return RedirectResponse(f"/akun-resmi/{account_id}", 303)
