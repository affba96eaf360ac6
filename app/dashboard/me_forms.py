"""What an employee says and does on their own page."""

from typing import Any
from uuid import UUID

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from app.core.uploads import uploaded
from app.dashboard.asking import Api, ApiDep, Refused
from app.dashboard.me import consent_page, me
from app.dashboard.pages import ReaderDep
from app.dashboard.people import MENDABLE, Csrf, Typed, named_by
from app.dashboard.rendering import Reader, address
from app.dashboard.routing import pages_router

router = pages_router()


class Form:
    """A form of the reader's own page: what it asks for, and the page again where it is refused."""

    def __init__(self, request: Request, reader: Reader, api: Api) -> None:
        self.request = request
        self.reader = reader
        self.api = api

    async def sent(
        self,
        form: str,
        method: str,
        path: str,
        body: dict[str, Any] | None,
        *,
        csrf: str,
        done: str,
        etag: str | None = None,
        **typed: str,
    ) -> Response:
        """Back to the page when it is done, which then says so."""
        try:
            await self.api.send(method, path, body, csrf=csrf, etag=etag)
        except Refused as refused:
            return await self.again(form, refused, **typed)
        return RedirectResponse(address("/saya", selesai=done), 303)

    async def again(self, form: str, refused: Refused, **typed: str) -> Response:
        """The page with the form as it was typed; other refusals are pages of their own."""
        if refused.status not in MENDABLE:
            raise refused
        page = (self.request, self.reader, self.api)
        return await me(*page, form=form, refused=refused, typed=typed)


@router.post("/saya/akun")
async def declare(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    csrf: Csrf,
    account: Typed = "",
    platform: Typed = "",
) -> Response:
    """Declare an account by pasting its address."""
    body = {"account": account, "platform": platform or None}
    return await Form(request, reader, api).sent(
        "akun", "POST", "/v1/me/accounts", body,
        csrf=csrf, done="akun", account=account, platform=platform,
    )  # fmt: skip


@router.post("/saya/akun/{account_id}/koreksi")
async def correct(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    account_id: UUID,
    csrf: Csrf,
    account: Typed = "",
    version: Typed = "",
) -> Response:
    """Correct what was declared."""
    kept = f'"{version}"' if version.isascii() and version.isalnum() else None
    return await Form(request, reader, api).sent(
        f"koreksi-{account_id}", "PATCH", f"/v1/me/accounts/{account_id}", {"account": account},
        csrf=csrf, done="koreksi", etag=kept, account=account,
    )  # fmt: skip


@router.post("/saya/akun/{account_id}/tarik")
async def retire(
    request: Request, reader: ReaderDep, api: ApiDep, account_id: UUID, csrf: Csrf
) -> Response:
    """Take back an account that is the reader's no more."""
    path = f"/v1/me/accounts/{account_id}"
    form = Form(request, reader, api)
    return await form.sent("tarik", "DELETE", path, None, csrf=csrf, done="tarik")


@router.post("/saya/akun/{account_id}/bukti")
async def prove(request: Request, reader: ReaderDep, api: ApiDep, account_id: UUID) -> Response:
    """Show by one's own export whom the account follows; it is read in memory."""
    limit = request.app.state.services.settings.max_upload_bytes
    async with uploaded(request, limit=limit) as upload:
        csrf = upload.fields.get("csrf", "")
        name, content = upload.filename or "file", upload.file.read()
        try:
            await api.upload("/v1/me/evidence", name, content, csrf, account_id=str(account_id))
        except Refused as refused:
            return await Form(request, reader, api).again(f"bukti-{account_id}", refused)
    return RedirectResponse(address("/saya", selesai="bukti"), 303)


@router.post("/saya/akun/{account_id}/persetujuan")
async def consent(
    request: Request, reader: ReaderDep, api: ApiDep, account_id: UUID, csrf: Csrf
) -> Response:
    """Begin a consent; it is given on the platform's own page."""
    path = f"/v1/me/accounts/{account_id}/connection"
    try:
        told = await api.send("POST", path, None, csrf=csrf)
    except Refused as refused:
        return await Form(request, reader, api).again(f"persetujuan-{account_id}", refused)
    return await consent_page(request, reader, api, account_id, told)


@router.post("/saya/akun/{account_id}/persetujuan/tarik")
async def withdraw_consent(
    request: Request, reader: ReaderDep, api: ApiDep, account_id: UUID, csrf: Csrf
) -> Response:
    """Withdraw a consent, at once and without giving a reason."""
    path = f"/v1/me/accounts/{account_id}/connection"
    form = Form(request, reader, api)
    return await form.sent("", "DELETE", path, None, csrf=csrf, done="persetujuan-ditarik")


@router.post("/saya/sanggahan")
async def dispute(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    csrf: Csrf,
    status: Typed = "",
    text: Typed = "",
) -> Response:
    """Say what is wrong with a status; it is held still until an officer decides."""
    body = {**named_by(status), "text": text}
    return await Form(request, reader, api).sent(
        "sanggahan", "POST", "/v1/me/disputes", body,
        csrf=csrf, done="sanggahan", status=status, text=text,
    )  # fmt: skip


@router.post("/saya/permintaan")
async def ask(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    csrf: Csrf,
    right: Typed = "",
    text: Typed = "",
) -> Response:
    """Ask for access, correction, erasure or the like, or object."""
    return await Form(request, reader, api).sent(
        "permintaan", "POST", "/v1/me/requests", {"right": right, "text": text},
        csrf=csrf, done="permintaan", right=right, text=text,
    )  # fmt: skip
