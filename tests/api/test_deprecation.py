"""An operation on its way out says since when and until when, whatever it answers."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, Header

from app.contract import EndNotTold, Service
from app.core.deprecation import Deprecated, NoticeTooShort
from app.core.errors import NotFound, Unauthenticated
from app.core.web import install_edge
from tests.edge.test_edge import calling

END = Deprecated(date(2027, 1, 1), date(2027, 7, 1), successor="/v1/new")


async def recognise(token: Annotated[str | None, Header()] = None) -> None:
    if token == "stolen":
        raise Unauthenticated


def room(*dependencies: Callable[..., Any], deprecated: bool | None = None) -> APIRouter:
    """An invented room with one operation that is leaving and one that is not."""
    made = APIRouter(prefix="/v1", tags=["public"])

    @made.get("/old", dependencies=[Depends(each) for each in dependencies], deprecated=deprecated)
    async def list_old(_: Annotated[None, Depends(recognise)], limit: int = 1) -> list[int]:
        if limit == 0:
            raise NotFound
        return [limit]

    @made.get("/new")
    async def list_new() -> list[int]:
        return []

    return made


async def test_every_answer_says_since_when_and_until_when():
    app = Service([room(END)], title="t", version="1")
    install_edge(app)
    async with calling(app) as client:
        for query, token, status in (
            ("limit=1", "good", 200),
            ("limit=0", "good", 404),
            ("limit=x", "good", 422),
            ("limit=1", "stolen", 401),
        ):
            answer = await client.get(f"/v1/old?{query}", headers={"token": token})
            assert answer.status_code == status
            assert answer.headers["deprecation"] == "@1798761600"
            assert answer.headers["sunset"] == "Thu, 01 Jul 2027 00:00:00 GMT"
            assert answer.headers["link"] == '</v1/new>; rel="successor-version"'
        staying = await client.get("/v1/new")
        assert not {"deprecation", "sunset", "link"} & set(staying.headers)
    since = datetime.fromtimestamp(int(answer.headers["deprecation"][1:]), UTC)
    assert since < parsedate_to_datetime(answer.headers["sunset"])


def test_the_contract_says_so_too():
    paths = Service([room(END)], title="t", version="1").openapi()["paths"]
    leaving, staying = paths["/v1/old"]["get"], paths["/v1/new"]["get"]
    assert leaving["deprecated"] is True
    assert "deprecated" not in staying
    assert all(
        {"Deprecation", "Sunset"} <= set(a["headers"]) for a in leaving["responses"].values()
    )
    assert all("headers" not in answer for answer in staying["responses"].values())


def test_no_end_is_no_deprecation():
    with pytest.raises(EndNotTold, match="GET /v1/old"):
        Service([room(deprecated=True)], title="t", version="1").openapi()


def test_nobody_has_less_than_180_days():
    with pytest.raises(NoticeTooShort):
        Deprecated(date(2027, 1, 1), date(2027, 6, 29))
    assert Deprecated(date(2027, 1, 1), date(2027, 6, 30)).headers()["Sunset"].startswith("Wed, 30")


async def test_every_deprecated_operation_of_the_service_sends_both(http):
    for path, operations in (await http.get("/openapi.json")).json()["paths"].items():
        for method, operation in operations.items():
            if operation.get("deprecated"):
                answer = await http.request(method, path.replace("{", "0").replace("}", "0"))
                assert {"deprecation", "sunset"} <= set(answer.headers), (method, path)
