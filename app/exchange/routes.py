"""Imports over HTTP."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from app.audit.looks import ExportingDep
from app.core.errors import FieldError, Invalid
from app.core.paging import Page, PageDep, split_page
from app.core.services import ServicesDep
from app.core.uploads import Upload, file_with, uploaded
from app.employees.rules import Category
from app.exchange import mending, queries, service, templates
from app.exchange.kinds import ImportKind, ImportMode
from app.exchange.rules import Order
from app.exchange.schemas import ApplyIn, ImportOut
from app.exchange.templates import MEDIA_TYPES, FileForm
from app.identity.access import SessionDep, may
from app.identity.rules import Caller
from app.identity.scopes import Scope

router = APIRouter(prefix="/v1/imports", tags=["imports"])
MayRead = Annotated[Caller, Depends(may(Scope.IMPORTS_READ, whole_tenant=True))]
MayImport = Annotated[Caller, Depends(may(Scope.IMPORTS_WRITE, whole_tenant=True))]
IMPORT_KINDS = frozenset(ImportKind)
MODES = frozenset(ImportMode)
CATEGORIES = frozenset(Category)
TRUE_WORDS = frozenset({"true", "1", "yes", "ya"})
FILES: dict[FileForm, dict[str, Any]] = {
    form: {"content": {MEDIA_TYPES[form]: {}}} for form in FileForm
}
EITHER_FILE: dict[str, Any] = {"content": {MEDIA_TYPES[form]: {} for form in FileForm}}
BODY = file_with(
    "kind",
    kind={"type": "string", "enum": [each.value for each in ImportKind]},
    dry_run={"type": "string", "description": "true: preview only"},
    mode={
        "type": "string",
        "enum": [each.value for each in ImportMode],
        "description": "full: employees who do not stand in the file have left",
    },
    full_of={
        "type": "string",
        "enum": [each.value for each in Category],
        "description": "The list is full for this category alone",
    },
    confirm_leavers={
        "type": "string",
        "description": "How many leave; asked for where they are more than 5 %",
    },
)


class KindUnknown(Invalid):
    """The form needs the field `kind`: employees, accounts or work_units."""


class OrderUnclear(Invalid):
    """A field of the form says something else than it may."""


def import_kind(upload: Upload) -> ImportKind:
    """What the form says that the rows are.

    Raises:
        KindUnknown: it says nothing known.
    """
    given = upload.fields.get("kind", "").replace("-", "_")
    if given not in IMPORT_KINDS:
        raise KindUnknown(errors=[FieldError("/kind", "unknown", "not a kind of import")])
    return ImportKind(given)


def order_of(upload: Upload) -> Order:
    """What the form says that is to be done.

    Raises:
        OrderUnclear: a field of it is not understood.
    """
    told = upload.fields
    mode, full_of = told.get("mode") or ImportMode.PARTIAL, told.get("full_of") or None
    leavers = told.get("confirm_leavers") or None
    if mode not in MODES:
        raise OrderUnclear(errors=[FieldError("/mode", "enum", "partial or full")])
    if full_of is not None and (full_of not in CATEGORIES or mode != ImportMode.FULL):
        raise OrderUnclear(errors=[FieldError("/full_of", "enum", "a category, with mode=full")])
    if leavers is not None and not (leavers.isascii() and leavers.isdigit() and len(leavers) < 10):  # noqa: PLR2004 - More than there are people.
        raise OrderUnclear(errors=[FieldError("/confirm_leavers", "number", "a whole number")])
    return Order(
        mode=ImportMode(mode),
        full_of=None if full_of is None else Category(full_of),
        dry_run=told.get("dry_run", "").lower() in TRUE_WORDS,
        leavers=None if leavers is None else int(leavers),
    )


def named(content: bytes, form: FileForm, name: str) -> Response:
    """A file to be stored under a name."""
    disposition = {"Content-Disposition": f'attachment; filename="{name}.{form}"'}
    return Response(content, media_type=MEDIA_TYPES[form], headers=disposition)


@router.get("")
async def list_imports(caller: MayRead, session: SessionDep, page: PageDep) -> Page[ImportOut]:
    """Imports, the newest first; also those that are running."""
    made, cursor = split_page(await queries.page(session, caller, page), page)
    return Page(items=[await service.shown(session, caller, each) for each in made], next=cursor)


@router.post("", status_code=201, openapi_extra=BODY)
async def create_import(request: Request, caller: MayImport, services: ServicesDep) -> ImportOut:
    """Import a CSV table or a workbook; `same_as` tells that the same file was imported before."""
    limit = services.settings.max_upload_bytes
    async with uploaded(request, limit=limit) as upload:
        return await service.import_file(
            services, caller, import_kind(upload), upload.file, order_of(upload)
        )


@router.get("/template", response_class=Response, responses={200: EITHER_FILE})
async def import_template(kind: ImportKind, _: MayRead, form: FileForm = FileForm.XLSX) -> Response:
    """An empty table; the workbook holds texts alone, so that Excel leaves NIPs as they are."""
    return named(templates.template(kind, form), form, kind)


@router.get("/{import_id}")
async def get_import(import_id: UUID, caller: MayRead, session: SessionDep) -> ImportOut:
    """One import, with the first of its faults, and how far it has come while it runs."""
    return await service.shown(session, caller, await queries.get(session, caller, import_id))


@router.get(
    "/{import_id}/errors.csv", response_class=Response, responses={200: FILES[FileForm.CSV]}
)
async def import_errors(
    import_id: UUID,
    caller: MayRead,
    session: SessionDep,
    services: ServicesDep,
    exporting: ExportingDep,
) -> Response:
    """Every rejected row: what stood in it, and what to mend; to be mended and sent again."""
    made = await queries.get(session, caller, import_id)
    found = await mending.errors(session, services.settings, caller, made)
    exporting.of(found.people, subject_id=import_id)
    return named(templates.as_csv(found.headings, found.rows), FileForm.CSV, f"{import_id}-errors")


@router.get(
    "/{import_id}/errors.xlsx", response_class=Response, responses={200: FILES[FileForm.XLSX]}
)
async def import_errors_workbook(
    import_id: UUID,
    caller: MayRead,
    session: SessionDep,
    services: ServicesDep,
    exporting: ExportingDep,
) -> Response:
    """The same as a workbook of texts, which Excel does not damage."""
    made = await queries.get(session, caller, import_id)
    found = await mending.errors(session, services.settings, caller, made)
    exporting.of(found.people, subject_id=import_id)
    content = templates.as_workbook(found.headings, found.rows, made.kind)
    return named(content, FileForm.XLSX, f"{import_id}-errors")


@router.post("/{import_id}/apply")
async def apply_import(
    import_id: UUID,
    caller: MayImport,
    session: SessionDep,
    services: ServicesDep,
    body: ApplyIn | None = None,
) -> ImportOut:
    """Carry out a previewed import."""
    made = await service.apply_import(
        session,
        services.settings,
        caller,
        import_id,
        leavers=body.confirm_leavers if body is not None else None,
        now=services.clock.now(),
    )
    return await service.shown(session, caller, made)
