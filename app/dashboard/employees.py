"""Pegawai: who is in the registry, which accounts they have declared, and what is known of them."""

from collections.abc import Mapping
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Query, Request, Response
from fastapi.responses import RedirectResponse

from app.dashboard.asking import Api, ApiDep, Refused
from app.dashboard.pages import ReaderDep
from app.dashboard.people import MENDABLE, Csrf, Typed, disputable, typed_of
from app.dashboard.rendering import Reader, address, page
from app.dashboard.routing import pages_router

router = pages_router()
SHOWN: Final = 50
ALL: Final = 200
NIP_DIGITS: Final = 18
PEOPLE: Final = "compliance:read_people"
READ_NIP: Final = "employees:read_nip"
SEARCH: Final = "/v1/employees/search"
CHOSEN: Final = ("unit", "category", "standing", "declaration")
Chosen = Annotated[str | None, Query(max_length=60)]


@router.get("/pegawai")
async def list_employees(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    unit: Chosen = None,
    category: Chosen = None,
    standing: Chosen = None,
    declaration: Chosen = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """Everybody whom the reader may see, narrowed by what is no name and no number."""
    chosen = dict(zip(CHOSEN, (unit, category, standing, declaration), strict=True))
    found = await api.get("/v1/employees", **chosen, cursor=cursor, limit=SHOWN)
    return await _listed(request, reader, api, found, chosen=chosen)


@router.post("/pegawai")
async def search_employees(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    csrf: Csrf,
    term: Typed = "",
    cursor: Typed = "",
) -> Response:
    """Find somebody by name or NIP; what is sought stands in no address."""
    term = " ".join(term.split())
    if not term:
        return RedirectResponse("/pegawai", 303)
    try:
        found, hint = await _found(reader, api, term, cursor, csrf)
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        nobody: dict[str, Any] = {"items": [], "next": None}
        return await _listed(request, reader, api, nobody, term=term, refused=refused)
    return await _listed(request, reader, api, found, term=term, hint=hint)


async def _found(
    reader: Reader, api: Api, term: str, cursor: str, csrf: str
) -> tuple[dict[str, Any], str]:
    """Who is found, and what to say of the search itself."""
    digits = term.replace(" ", "").removeprefix("'")
    if not (digits.isascii() and digits.isdigit()):
        path = address(SEARCH, limit=SHOWN, cursor=cursor)
        return await api.send("POST", path, {"name": term}, csrf=csrf), ""
    if not reader.may(READ_NIP):
        return {"items": [], "next": None}, "no_right"
    if len(digits) != NIP_DIGITS:
        return {"items": [], "next": None}, "digits"
    found = await api.send("POST", "/v1/employees/lookup", {"nips": [digits]}, csrf=csrf)
    return {**found, "next": None}, ""


async def _listed(
    request: Request, reader: Reader, api: Api, found: dict[str, Any], **told: Any
) -> Response:
    units = _flat((await api.maybe("/v1/work-units/tree") or {"items": []})["items"])
    refused: Refused | None = told.get("refused")
    return page(
        request,
        "employees.html",
        reader=reader,
        status=refused.status if refused else 200,
        employees=found["items"],
        cursor=found["next"],
        units=units,
        unit_names={each["id"]: each["name"] for each in units},
        **{"chosen": dict.fromkeys(CHOSEN), "term": "", "hint": "", "refused": None, **told},
    )


def _flat(nodes: list[dict[str, Any]], depth: int = 0) -> list[dict[str, Any]]:
    """The units of a tree one below the other, each with how deep it lies."""
    found = []
    for each in nodes:
        found.append({"id": each["id"], "name": each["name"], "depth": depth})
        found += _flat(each["children"], depth + 1)
    return found


@router.get("/pegawai/{employee_id}")
async def show_employee(
    request: Request, reader: ReaderDep, api: ApiDep, employee_id: UUID
) -> Response:
    """One employee: data, accounts, statuses with evidence, excuses, disputes, what happened."""
    return await one(request, reader, api, employee_id)


async def one(
    request: Request,
    reader: Reader,
    api: Api,
    employee_id: UUID,
    *,
    form: str = "",
    refused: Refused | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response:
    """The page of one employee; after a refusal with the form that was sent, as it was typed."""
    path = f"/v1/employees/{employee_id}"
    employee = await api.get(path)
    about = {"employee": str(employee_id), "limit": ALL}
    told = {
        "accounts": await _items(reader, api, "accounts:read", f"{path}/accounts"),
        "verdicts": await _items(reader, api, PEOPLE, f"{path}/verdicts"),
        "excuses": await _items(reader, api, PEOPLE, "/v1/excuses", **about),
        "disputes": await _items(reader, api, PEOPLE, "/v1/disputes", **about),
    }
    return page(
        request,
        "employee.html",
        reader=reader,
        status=refused.status if refused else 200,
        employee=employee,
        unit=await api.maybe(f"/v1/work-units/{employee['unit_id']}"),
        **told,
        disputable=disputable(told["verdicts"] or []),
        campaigns={each["campaign_id"]: each["campaign_title"] for each in told["verdicts"] or ()},
        events=_events(employee, **told),
        today=request.app.state.services.clock.now(),
        form=form,
        refused=refused,
        typed=typed_of(**(typed or {})),
        nothing=typed_of(),
    )


async def _items(
    reader: Reader, api: Api, scope: str, path: str, **params: Any
) -> list[dict[str, Any]] | None:
    """The items of a list; None for who may not see them."""
    if not reader.may(scope):
        return None
    found: list[dict[str, Any]] = (await api.get(path, **params))["items"]
    return found


def _events(
    employee: dict[str, Any],
    *,
    accounts: list[dict[str, Any]] | None,
    verdicts: list[dict[str, Any]] | None,
    excuses: list[dict[str, Any]] | None,
    disputes: list[dict[str, Any]] | None,
) -> list[dict[str, Any]]:
    """What is known to have happened, the latest first."""
    found = [{"at": employee["created_at"], "kind": "recorded", "about": employee}]
    for kind, moment, rows in (
        ("declared", "declared_at", accounts),
        ("verified", "verified_at", accounts),
        ("unseen", "unseen_since", accounts),
        ("judged", "decided_at", verdicts),
        ("excused", "granted_at", excuses),
        ("excuse_withdrawn", "withdrawn_at", excuses),
        ("disputed", "filed_at", disputes),
    ):
        found += [{"at": each[moment], "kind": kind, "about": each} for each in rows or ()]
    found += [
        {"at": each["decision"]["decided_at"], "kind": "decided", "about": each}
        for each in disputes or ()
        if each["decision"]
    ]
    known = [each for each in found if each["at"]]
    return sorted(known, key=lambda each: each["at"], reverse=True)


@router.get("/pegawai/{employee_id}/jejak")
async def show_trail(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    employee_id: UUID,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """Who has looked at an employee or changed their record."""
    found = await api.get("/v1/audit", employee=str(employee_id), cursor=cursor, limit=SHOWN)
    employee = await api.get(f"/v1/employees/{employee_id}")
    return page(
        request,
        "employee_trail.html",
        reader=reader,
        employee=employee,
        entries=found["items"],
        cursor=found["next"],
    )
