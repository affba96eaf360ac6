"""Kepatuhan: verdicts unit by unit, and whom a unit is still waiting for."""

from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from app.dashboard.asking import Api, ApiDep
from app.dashboard.overview import all_campaigns, chosen
from app.dashboard.pages import ReaderDep
from app.dashboard.rendering import page
from app.dashboard.routing import pages_router

router = pages_router()
DIVISIONS = ("work_unit", "category", "platform", "official_account")
FILTERS = ("duty", "verdict", "reason", "flag")


@router.get("/kepatuhan")
async def compliance(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    campaign: Annotated[UUID | None, Query()] = None,
    unit: Annotated[UUID | None, Query()] = None,
    duty: Annotated[str, Query(max_length=20)] = "follow",
    by: Annotated[str, Query(max_length=20)] = "work_unit",
) -> Response:
    """Counts of one duty by a division; for work units one level of the tree at a time."""
    campaigns = await all_campaigns(api)
    found = chosen(campaigns, campaign)
    if found is None:
        return page(request, "compliance_empty.html", reader=reader)
    by = by if by in DIVISIONS else "work_unit"
    recap = await api.maybe(f"/v1/campaigns/{found['id']}/recap", by=by)
    asked = {each["kind"] for each in found["duties"]}
    duty = duty if duty in asked else max(asked)
    rows = [each for each in recap["items"] if each["duty"] == duty] if recap else []
    place = await _place(api, unit) if by == "work_unit" else Place([], None, rows_of=None)
    return page(
        request,
        "compliance.html",
        reader=reader,
        campaigns=campaigns,
        campaign=found,
        recap=recap,
        rows=place.rows(rows),
        whole=place.whole(rows),
        path=place.path,
        duty=duty,
        duties=sorted(asked),
        by=by,
        unit=str(unit) if unit else "",
    )


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
    """The unit that was asked for, or the one root, and what lies below it."""
    roots: list[dict[str, Any]] = (await api.get("/v1/work-units/tree"))["items"]
    for path in _paths(roots):
        if unit is not None and path[-1]["id"] == str(unit):
            return Place(path[:-1], path[-1], rows_of=path[-1]["children"])
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


@router.get("/kepatuhan/{campaign_id}/pegawai")
async def people(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    campaign_id: UUID,
    unit: Annotated[UUID | None, Query()] = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """Employees with such a verdict, for who may see verdicts of people."""
    asked = {name: request.query_params.get(name, "")[:60] for name in FILTERS}
    campaign = await api.get(f"/v1/campaigns/{campaign_id}")
    found = await api.get(
        f"/v1/campaigns/{campaign_id}/employees",
        **asked,
        unit=str(unit) if unit else None,
        cursor=cursor,
        limit=100,
    )
    return page(
        request,
        "compliance_people.html",
        reader=reader,
        campaign=campaign,
        found=found,
        asked=asked,
        unit=str(unit) if unit else "",
    )


@router.get("/kepatuhan/{campaign_id}/menunggu")
async def waiting(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    campaign_id: UUID,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """The work-list of a unit: whose declaration it still waits for, and no verdict."""
    campaign = await api.get(f"/v1/campaigns/{campaign_id}")
    found = await api.get(
        f"/v1/campaigns/{campaign_id}/missing-declarations", cursor=cursor, limit=100
    )
    return page(request, "compliance_waiting.html", reader=reader, campaign=campaign, found=found)
