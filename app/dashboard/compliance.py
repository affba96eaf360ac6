"""Kepatuhan: verdicts unit by unit, and for a unit's head whom the unit still waits for."""

from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from fastapi.responses import RedirectResponse

from app.core.errors import NotFound
from app.dashboard.asking import Api, ApiDep
from app.dashboard.compliance_people import show_waiting, waits_for_others
from app.dashboard.overview import all_campaigns, chosen
from app.dashboard.pages import ReaderDep
from app.dashboard.rendering import Reader, page
from app.dashboard.routing import pages_router
from app.dashboard.tables import csv_file
from app.reports import wording

router = pages_router()
DIVISIONS = ("work_unit", "category", "platform", "official_account")
COUNTED = ("eligible", "met", "unmet", "unknown", "excused", "disputed")


class Asked:
    """Of which duty, by which division, and at which unit of the tree."""

    def __init__(
        self,
        unit: Annotated[UUID | None, Query()] = None,
        duty: Annotated[str, Query(max_length=20)] = "",
        by: Annotated[str, Query(max_length=20)] = "work_unit",
    ) -> None:
        self.unit = unit
        self.duty = duty
        self.by = by if by in DIVISIONS else "work_unit"

    def duty_of(self, campaign: dict[str, Any]) -> str:
        """The duty that was asked for, or one that the campaign has."""
        kinds = {each["kind"] for each in campaign["duties"]}
        return self.duty if self.duty in kinds else max(kinds)


AskedDep = Annotated[Asked, Depends()]


@router.get("/kepatuhan")
async def latest_compliance(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    asked: AskedDep,
    campaign: Annotated[UUID | None, Query()] = None,
) -> Response:
    """The campaign that was chosen, or the latest one."""
    campaigns = await all_campaigns(api)
    found = chosen(campaigns, campaign)
    if found is None and campaign is not None:
        raise NotFound
    if found is None:
        return page(request, "compliance_empty.html", reader=reader)
    return await _one(request, reader, api, campaigns, found, asked)


@router.get("/kepatuhan/{campaign_id}")
async def compliance(
    request: Request, reader: ReaderDep, api: ApiDep, campaign_id: UUID, asked: AskedDep
) -> Response:
    """Counts of one duty by a division; for work units one level of the tree at a time."""
    campaigns = await all_campaigns(api)
    found = chosen(campaigns, campaign_id)
    if found is None:
        raise NotFound
    return await _one(request, reader, api, campaigns, found, asked)


async def _one(
    request: Request,
    reader: Reader,
    api: Api,
    campaigns: list[dict[str, Any]],
    campaign: dict[str, Any],
    asked: Asked,
) -> Response:
    if waits_for_others(reader):
        return await show_waiting(request, reader, api, campaign, campaigns)
    recap = await api.maybe(f"/v1/campaigns/{campaign['id']}/recap", by=asked.by)
    duty = asked.duty_of(campaign)
    rows = [each for each in recap["items"] if each["duty"] == duty] if recap else []
    by_unit = asked.by == "work_unit"
    place = await _place(api, asked.unit) if by_unit else Place([], None, rows_of=None)
    return page(
        request,
        "compliance.html",
        reader=reader,
        campaigns=campaigns,
        campaign=campaign,
        recap=recap,
        rows=place.rows(rows),
        whole=place.whole(rows),
        path=place.path,
        reasons=await _reasons(api, campaign, duty) if asked.unit is None else {},
        duty=duty,
        duties=sorted(each["kind"] for each in campaign["duties"]),
        by=asked.by,
        unit=str(asked.unit) if asked.unit else "",
    )


async def _reasons(api: Api, campaign: dict[str, Any], duty: str) -> dict[str, int]:
    """How often each reason stands behind a verdict of all whom the reader may count."""
    told = await api.maybe(f"/v1/campaigns/{campaign['id']}/progress")
    found = next((each for each in told["duties"] if each["duty"] == duty), None) if told else None
    reasons: dict[str, int] = found["reasons"] if found else {}
    return reasons


@router.get("/kepatuhan/{campaign_id}/rekap.csv")
async def recap_file(
    reader: ReaderDep, api: ApiDep, campaign_id: UUID, asked: AskedDep
) -> Response:
    """The counts of every duty by a division, as a file; what is hidden stays hidden in it."""
    if waits_for_others(reader):
        return RedirectResponse(f"/kepatuhan/{campaign_id}", 303)
    recap = await api.get(f"/v1/campaigns/{campaign_id}/recap", by=asked.by)
    headings = ("kode", "nama", "kewajiban", *(wording.COUNTS[each] for each in COUNTED), "dinilai")
    rows = [
        (
            row["code"] or "",
            wording.PLATFORMS.get(row["name"], wording.CATEGORIES.get(row["name"], row["name"])),
            wording.DUTIES[row["duty"]],
            *(row["counts"][each] if row["counts"] else wording.HIDDEN for each in COUNTED),
            recap["evaluated_at"] or "",
        )
        for row in recap["items"]
    ]
    return csv_file(f"kepatuhan-{asked.by}.csv", headings, rows)


class Place:
    """Where in the tree of units the reader stands: the way there, and the units below it."""

    def __init__(
        self,
        path: list[dict[str, Any]],
        unit: dict[str, Any] | None,
        *,
        rows_of: list[dict[str, Any]] | None,
    ) -> None:
        self.path = path
        self._unit = unit
        self._shown = None if rows_of is None else [each["id"] for each in rows_of]

    def rows(self, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The rows of the units that are shown, in the order of the tree; of a division, all."""
        if self._shown is None:
            return found
        by_key = {each["key"]: each for each in found}
        return [by_key[each] for each in self._shown if each in by_key]

    def whole(self, found: list[dict[str, Any]]) -> dict[str, Any] | None:
        """The row of the unit that the reader stands at."""
        wanted = self._unit["id"] if self._unit else None
        return next((each for each in found if each["key"] == wanted), None)


async def _place(api: Api, unit: UUID | None) -> Place:
    """The unit that was asked for, or the one root, and what lies below it.

    Raises:
        NotFound: the reader sees no such unit.
    """
    roots: list[dict[str, Any]] = (await api.get("/v1/work-units/tree"))["items"]
    for path in _paths(roots):
        if unit is not None and path[-1]["id"] == str(unit):
            return Place(path[:-1], path[-1], rows_of=path[-1]["children"])
    if unit is not None:
        raise NotFound
    if len(roots) == 1:
        return Place([], roots[0], rows_of=roots[0]["children"] or roots)
    return Place([], None, rows_of=roots)


def _paths(
    nodes: list[dict[str, Any]], above: tuple[dict[str, Any], ...] = ()
) -> Iterator[list[dict[str, Any]]]:
    """Every unit with the units above it."""
    for node in nodes:
        yield [*above, node]
        yield from _paths(node["children"], (*above, node))
