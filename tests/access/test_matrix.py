"""Every operation by nine principals and four ownerships is what the reviewed table says."""

import io
import zipfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pypdfium2 as pdfium
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncConnection

from app.main import create_app
from app.settings import Settings
from tests.access.principals import DEAD, PRINCIPALS, Principals, everybody
from tests.access.requests import Operation, operations
from tests.access.world import OF_UNITS, Everything, Ids, lay_out, nobodys
from tests.connecting import KEYS
from tests.support import Api

TABLE = Path(__file__).with_name("matrix.txt")
OWNERSHIPS = ("own", "other_unit", "other_tenant", "nobody")
SIGNS = {401: "-", 403: "x", 404: ".", 422: "v"}
LET_IN = "+"
# Where nothing is named there is nothing that somebody else could own.
UNNAMED = "="
# Nobody is set up here who could ask for a consent or sign anybody in; other tests set them up.
NOT_TAKEN = frozenset({
    "GET /sign-in",
    "POST /v1/accounts/{account}/connection",
    "POST /v1/me/accounts/{account}/connection",
    "PUT /v1/official-accounts/{official}/connection",
})  # fmt: skip
# Whoever calls may ask who they are, and leave.
NEEDS_NO_SCOPE = frozenset({"GET /v1/session", "DELETE /v1/session"})
# Whatever becomes of its items, the batch itself is answered with 200.
ITEM_BY_ITEM = frozenset({"POST /v1/employees/batch"})
OK, UNPROCESSABLE = 200, 422
HEADING = f"""\
# Who may do what: one line for each operation, one column for each principal, and in it one sign
# for each ownership: {", ".join(OWNERSHIPS)}.
#   {LET_IN}  let in   x  forbidden (403)   -  not recognised (401)   {UNNAMED}  nothing is named
#   .  as if it were not there (404)   v  what the body names is as if it were not there (422)
# `with` holds exactly the scopes that the operation asks for, `without` all the others.
"""
SHORT = {
    "unit_head": "head",
    "bkd_admin": "bkd",
    "with_scopes": "with",
    "without_scopes": "without",
}


@dataclass
class Governments:
    """Two governments, everybody of the first, and whose things there are to ask for."""

    client: httpx.AsyncClient
    connection: AsyncConnection
    principals: Principals
    owned: Mapping[str, Ids]
    operations: list[Operation]
    ours: Everything

    async def ask(self, operation: Operation, principal: str, ids: Ids) -> httpx.Response:
        """The answer to a request whose effects are undone."""
        token = await self.principals.token(principal, operation.scopes)
        sent = operation.request(ids)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        undone = await self.connection.begin_nested()
        try:
            asked: dict[str, Any] = {**sent, "headers": {**sent.get("headers", {}), **headers}}
            return await self.client.request(**asked)
        finally:
            await undone.rollback()


@pytest.fixture
def app(services) -> FastAPI:
    # Thousands of requests a minute are meant here.
    services.settings = Settings(
        token_keys=SecretStr(KEYS), rate_limit_client=0, rate_limit_tenant=0, rate_limit_guesses=0
    )
    return create_app(services)


@pytest.fixture
async def governments(
    app, services, connection, government, other_government
) -> AsyncIterator[Governments]:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://simedsos.test") as client:
        ours = Api(client, government.token)
        theirs = Api(client, other_government.token)
        first = await lay_out(services, government, ours, "own", "other", mark="SUMSEL")
        second = await lay_out(services, other_government, theirs, "own", mark="JAMBI")
        own = first.seen_from("own")
        people = await everybody(services, app, government.tenant_id, own["unit"], own["employee"])
        owned: dict[str, Ids] = {
            "own": own,
            "other_unit": first.seen_from("other"),
            "other_tenant": second.seen_from("own"),
            "nobody": nobodys(),
        }
        told = list(operations((await client.get("/openapi.json")).json()))
        yield Governments(client, connection, people, owned, told, first)


def sign_of(operation: Operation, answer: httpx.Response) -> str:
    """What an answer means; of a batch, what became of the one item that was sent."""
    if operation.name in ITEM_BY_ITEM and answer.status_code == OK:
        return SIGNS[UNPROCESSABLE] if answer.json()["rejected"] else LET_IN
    return SIGNS.get(answer.status_code, LET_IN)


async def cell(governments: Governments, operation: Operation, principal: str) -> str:
    """The signs of one principal at one operation, one for each ownership."""
    signs = ""
    for ownership in OWNERSHIPS:
        if ownership != "own" and not operation.names_something:
            signs += UNNAMED
            continue
        answer = await governments.ask(operation, principal, governments.owned[ownership])
        assert answer.status_code < 500, (operation.name, principal, ownership, answer.text)
        signs += sign_of(operation, answer)
    return signs


def line(name: str, cells: dict[str, str]) -> str:
    return f"{name:<62}" + " ".join(f"{cells[principal]:<8}" for principal in PRINCIPALS).rstrip()


async def test_everybody_gets_in_where_the_reviewed_table_says(governments, tmp_path):
    found = {}
    for operation in governments.operations:
        found[operation.name] = {
            principal: await cell(governments, operation, principal) for principal in PRINCIPALS
        }
    heads = {principal: SHORT.get(principal, principal) for principal in PRINCIPALS}
    lines = [line(name, cells) for name, cells in sorted(found.items())]
    count = sum(sign != UNNAMED for cells in found.values() for sign in "".join(cells.values()))
    tried = f"# {len(found)} operations, {count} requests.\n"
    told = HEADING + tried + "\n".join([line("", heads), *lines]) + "\n"
    seen = tmp_path / "matrix.txt"
    seen.write_text(told)
    for name, cells in found.items():
        public = cells["none"][0] != "-"
        for principal, signs in cells.items():
            # Whatever the table says: the dead get nowhere, and nobody into another government.
            assert public or principal not in DEAD or set(signs) <= {"-", UNNAMED}, name
            assert public or LET_IN not in signs[2:], (name, principal, signs)
        lacks = name in NEEDS_NO_SCOPE or LET_IN not in cells["without_scopes"]
        assert public or lacks, name
        # One's own side is for people, and a key is nobody in the registry.
        taken = LET_IN in {cells["with_scopes"][0], cells["employee"][0]}
        assert taken or name in NOT_TAKEN, (name, "the request is not one that is taken")
    assert TABLE.read_text() == told, f"Review {seen}, and put it in the place of {TABLE}."


async def test_another_governments_things_are_as_absent_as_nobodys(governments):
    compared = 0
    for operation in governments.operations:
        if not operation.names_something or operation.scopes is None:
            continue
        for principal in ("bkd_admin", "with_scopes", "unit_head", "auditor", "employee"):
            theirs, nobodies = [
                await governments.ask(operation, principal, governments.owned[ownership])
                for ownership in ("other_tenant", "nobody")
            ]
            assert theirs.status_code == nobodies.status_code, operation.name
            assert theirs.content == nobodies.content, operation.name
            assert _comparable(theirs) == _comparable(nobodies), operation.name
            compared += 1
    assert compared > 300


def _comparable(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "x-request-id"}


def readable(path: str, answer: httpx.Response) -> bytes:
    """What an answer says, also where it is packed."""
    if answer.status_code != 200 or not path.endswith((".xlsx", ".pdf")):
        return answer.content
    if path.endswith(".xlsx"):
        with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
            return b"".join(packed.read(name) for name in packed.namelist())
    pages = pdfium.PdfDocument(answer.content)
    return "".join(page.get_textpage().get_text_range() for page in pages).encode()


async def test_no_byte_of_another_government_or_unit_is_told(governments):
    elsewhere = [governments.ours.of_unit["other"][kind] for kind in OF_UNITS]
    told = 0
    for operation in governments.operations:
        for principal in ("bkd_admin", "unit_head", "auditor", "with_scopes"):
            answer = await governments.ask(operation, principal, governments.owned["own"])
            content = readable(operation.path, answer).lower()
            assert b"jambi" not in content, operation.name
            told += b"sumsel" in content
            # Rejected rows are given back to who may read NIPs alone.
            all_of_it = "errors" not in operation.path or principal == "bkd_admin"
            packed = operation.path.endswith((".xlsx", ".pdf")) and answer.status_code == 200
            if packed and all_of_it:
                assert b"sumsel" in content, operation.name
            if principal == "unit_head":
                assert not [each for each in elsewhere if each.encode() in content], operation.name
    assert told > 50
