"""What an officer does for an employee: setting data right, accounts, excuses, disputes."""

from typing import Any
from uuid import UUID

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from app.dashboard.asking import Api, ApiDep, Refused
from app.dashboard.employees import one
from app.dashboard.pages import ReaderDep
from app.dashboard.people import MENDABLE, Csrf, Typed, named_by
from app.dashboard.rendering import Reader
from app.dashboard.routing import pages_router

router = pages_router()
EDITED = ("name", "position", "category", "standing", "declaration")


class Form:
    """A form of an employee's page: what it asks for, and the page again where it is refused."""

    def __init__(self, request: Request, reader: Reader, api: Api, employee_id: UUID) -> None:
        self.request = request
        self.reader = reader
        self.api = api
        self.employee_id = employee_id

    async def sent(
        self,
        form: str,
        method: str,
        path: str,
        body: dict[str, Any] | None,
        *,
        csrf: str,
        version: str = "",
        **typed: str,
    ) -> Response:
        """Back to the page when it is done, to its part of that name."""
        kept = f'"{version}"' if version.isascii() and version.isalnum() else None
        try:
            await self.api.send(method, path, body, csrf=csrf, etag=kept)
        except Refused as refused:
            if refused.status not in MENDABLE:
                raise
            page = (self.request, self.reader, self.api, self.employee_id)
            return await one(*page, form=form, refused=refused, typed=typed)
        return RedirectResponse(f"/pegawai/{self.employee_id}#{form.partition('-')[0]}", 303)


@router.post("/pegawai/{employee_id}/data")
async def edit_employee(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    employee_id: UUID,
    csrf: Csrf,
    version: Typed = "",
    name: Typed = "",
    position: Typed = "",
    category: Typed = "",
    standing: Typed = "",
    declaration: Typed = "",
    nip: Typed = "",
) -> Response:
    """Set an employee's data right; a NIP only where a new one is typed, which is never shown."""
    typed = dict(zip(EDITED, (name, position, category, standing, declaration), strict=True))
    body: dict[str, Any] = {**typed, "position": position.strip() or None}
    if nip.strip():
        body["nip"] = nip
    form = Form(request, reader, api, employee_id)
    path = f"/v1/employees/{employee_id}"
    return await form.sent("data", "PATCH", path, body, csrf=csrf, version=version, **typed)


@router.post("/pegawai/{employee_id}/akun")
async def declare_account(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    employee_id: UUID,
    csrf: Csrf,
    account: Typed = "",
    platform: Typed = "",
) -> Response:
    """Record an account that the employee has told an officer of."""
    form = Form(request, reader, api, employee_id)
    body = {"account": account, "platform": platform or None}
    path = f"/v1/employees/{employee_id}/accounts"
    return await form.sent(
        "akun", "POST", path, body, csrf=csrf, account=account, platform=platform
    )


@router.post("/pegawai/{employee_id}/akun/{account_id}/koreksi")
async def correct_account(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    employee_id: UUID,
    account_id: UUID,
    csrf: Csrf,
    account: Typed = "",
    version: Typed = "",
) -> Response:
    """Give a declared account its right name; it has to be verified anew."""
    form = Form(request, reader, api, employee_id)
    body, path = {"account": account}, f"/v1/accounts/{account_id}"
    return await form.sent(
        f"akun-koreksi-{account_id}", "PATCH", path, body,
        csrf=csrf, version=version, account=account,
    )  # fmt: skip


@router.post("/pegawai/{employee_id}/akun/{account_id}/pengesahan")
async def attest_account(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    employee_id: UUID,
    account_id: UUID,
    csrf: Csrf,
    attested_on: Typed = "",
) -> Response:
    """Attest that the account is the employee's."""
    form = Form(request, reader, api, employee_id)
    body = {"method": "attestation", "attested_on": attested_on}
    path = f"/v1/accounts/{account_id}/verification"
    return await form.sent(
        f"akun-pengesahan-{account_id}", "POST", path, body, csrf=csrf, attested_on=attested_on
    )


@router.post("/pegawai/{employee_id}/akun/{account_id}/tarik")
async def retire_account(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    employee_id: UUID,
    account_id: UUID,
    csrf: Csrf,
) -> Response:
    """Take a declared account back; its history stays."""
    form = Form(request, reader, api, employee_id)
    return await form.sent("akun", "DELETE", f"/v1/accounts/{account_id}", None, csrf=csrf)


@router.post("/pegawai/{employee_id}/pengecualian")
async def grant_excuse(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    employee_id: UUID,
    csrf: Csrf,
    campaign_id: Typed = "",
    duty: Typed = "",
    reason: Typed = "",
    document_number: Typed = "",
    starts_on: Typed = "",
    ends_on: Typed = "",
    granted_by: Typed = "",
) -> Response:
    """Excuse an employee from a duty, by a document and a named officer."""
    typed = {
        "campaign_id": campaign_id, "duty": duty, "reason": reason, "granted_by": granted_by,
        "document_number": document_number, "starts_on": starts_on, "ends_on": ends_on,
    }  # fmt: skip
    body = {
        **typed,
        "employee_id": str(employee_id),
        "duty": duty or None,
        "ends_on": ends_on or None,
    }
    form = Form(request, reader, api, employee_id)
    return await form.sent("pengecualian", "POST", "/v1/excuses", body, csrf=csrf, **typed)


@router.post("/pegawai/{employee_id}/sanggahan")
async def file_dispute(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    employee_id: UUID,
    csrf: Csrf,
    status: Typed = "",
    text: Typed = "",
    received_by: Typed = "",
) -> Response:
    """Hand in what the employee says against a status."""
    body = {
        **named_by(status),
        "employee_id": str(employee_id),
        "text": text,
        "received_by": received_by,
    }
    form = Form(request, reader, api, employee_id)
    return await form.sent(
        "sanggahan", "POST", "/v1/disputes", body,
        csrf=csrf, status=status, text=text, received_by=received_by,
    )  # fmt: skip
