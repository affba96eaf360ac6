"""Imports over HTTP."""

import csv
import io
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from app.audit.looks import ExportingDep
from app.core.errors import FieldError, Invalid
from app.core.paging import Page, PageDep, split_page
from app.core.services import ServicesDep
from app.core.uploads import UPLOAD_BODY, Upload, uploaded
from app.exchange import queries, service
from app.exchange.models import ImportKind
from app.exchange.schemas import ImportOut
from app.identity.access import SessionDep, may
from app.identity.rules import Caller
from app.identity.scopes import Scope

router = APIRouter(prefix="/v1/imports", tags=["imports"])
MayRead = Annotated[Caller, Depends(may(Scope.IMPORTS_READ, whole_tenant=True))]
MayImport = Annotated[Caller, Depends(may(Scope.IMPORTS_WRITE, whole_tenant=True))]
IMPORT_KINDS = frozenset(ImportKind)
TRUE_WORDS = frozenset({"true", "1", "yes", "ya"})


class KindUnknown(Invalid):
    """The form needs the field `kind`: employees, accounts or work_units."""


def import_kind(upload: Upload) -> ImportKind:
    """What the form says that the rows are.

    Raises:
        KindUnknown: it says nothing known.
    """
    given = upload.fields.get("kind", "").replace("-", "_")
    if given not in IMPORT_KINDS:
        raise KindUnknown(errors=[FieldError("/kind", "unknown", "not a kind of import")])
    return ImportKind(given)


@router.get("")
async def list_imports(caller: MayRead, session: SessionDep, page: PageDep) -> Page[ImportOut]:
    """Imports with their counts: accepted + rejected = rows."""
    made, cursor = split_page(await queries.page(session, caller, page), page)
    return Page(items=[await service.shown(session, caller, each) for each in made], next=cursor)


@router.post("", status_code=201, openapi_extra=UPLOAD_BODY)
async def create_import(request: Request, caller: MayImport, services: ServicesDep) -> ImportOut:
    """Import a CSV table or a workbook: form fields `file`, `kind` and `dry_run`."""
    limit = services.settings.max_upload_bytes
    async with uploaded(request, limit=limit) as upload:
        kind = import_kind(upload)
        dry_run = upload.fields.get("dry_run", "").lower() in TRUE_WORDS
        async with services.database.transaction(caller.tenant_id) as session:
            made = await service.import_file(
                session,
                caller,
                kind,
                upload.file,
                settings=services.settings,
                dry_run=dry_run,
                now=services.clock.now(),
            )
            return await service.shown(session, caller, made)


@router.get("/{import_id}")
async def get_import(import_id: UUID, caller: MayRead, session: SessionDep) -> ImportOut:
    """One import: what it has changed, or would change."""
    return await service.shown(session, caller, await queries.get(session, caller, import_id))


@router.get("/{import_id}/errors.csv", response_class=Response)
async def import_errors(
    import_id: UUID,
    caller: MayRead,
    session: SessionDep,
    exporting: ExportingDep,
) -> Response:
    """Every rejected row: line, column, code and what to mend."""
    await queries.get(session, caller, import_id)
    # A fault names its line and never the person who stands there.
    exporting.of((), subject_id=import_id)
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["line", "column", "code", "message"])
    for fault in await queries.faults(session, caller, import_id, limit=None):
        writer.writerow([fault.line, fault.column, fault.code, fault.message])
    return Response(
        table.getvalue(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{import_id}-errors.csv"'},
    )


@router.post("/{import_id}/apply")
async def apply_import(
    import_id: UUID, caller: MayImport, session: SessionDep, services: ServicesDep
) -> ImportOut:
    """Carry out a previewed import."""
    made = await service.apply_import(
        session, services.settings, caller, import_id, now=services.clock.now()
    )
    return await service.shown(session, caller, made)
