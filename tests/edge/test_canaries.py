"""What people write, are called or hold as secrets reaches no log line, metric or error."""

import logging.config
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.core.logs import SERVER_LOGS, configure_logging
from app.main import create_app
from app.platforms.base import Platform
from app.platforms.sandbox.world import World, WorldFollow
from app.settings import Settings
from tests.access.requests import BODIES, FILES, Operation, filled, operations
from tests.access.world import nobodys
from tests.api.exports import export
from tests.api.test_compliance import LONG_AGO
from tests.api.test_contacts import everything_stored
from tests.api.test_growth import official_account, read_count
from tests.edge.test_edge import calling
from tests.platforms.wire import account as sandbox_account
from tests.platforms.wire import adapter, sandbox_of
from tests.support import NOW, Api, Government
from tests.workers.scripts import LISTED, list_of, rows, run

CANARY = "kenari7f3a9"
NIP = "198765432198765432"
UNLIMITED: dict[str, Any] = {
    "rate_limit_client": 0,
    "rate_limit_tenant": 0,
    "rate_limit_guesses": 0,
}
CITIZENS = [(f"{CANARY}_warga_{number}", LONG_AGO) for number in range(300)]


def marked(value: Any) -> Any:
    """A body with the canary in every text of it."""
    if isinstance(value, dict):
        return {key: marked(each) for key, each in value.items()}
    if isinstance(value, list):
        return [marked(each) for each in value]
    return f"{CANARY} {NIP}" if isinstance(value, str) else value


def hostile(operation: Operation, token: str) -> list[dict[str, Any]]:
    """Requests with the canary wherever one can stand."""
    ids = nobodys()
    headers = {"Authorization": f"Bearer {token}", "X-Note": CANARY, "If-Match": f'"{CANARY}"'}
    odd = dict.fromkeys(ids, f"{CANARY}-{NIP}")
    query = f"?cursor={CANARY}&name={CANARY}&nip={NIP}"
    sent: dict[str, Any] = {"method": operation.method, "headers": headers}
    if operation.name in FILES:
        content, fields = FILES[operation.name]
        named = (f"{CANARY}.csv", content + CANARY.encode() + NIP.encode())
        sent |= {"files": {"file": named}, "data": marked(filled(fields, ids))}
    elif operation.name in BODIES:
        sent["json"] = marked(BODIES[operation.name])
    plain = {**sent, "headers": {**headers, "If-Match": '"1"'}}
    return [
        {**sent, "url": filled(operation.path, odd) + query},
        {**plain, "url": filled(operation.path, ids) + query},
        {**operation.request(ids), "headers": headers},
    ]


def broken(app: FastAPI) -> None:
    """A fault of the service whose text quotes a person."""

    @app.get("/broken")
    async def fail() -> None:
        message = f"Key (nip)=({NIP}) of {CANARY} already exists"
        raise RuntimeError(message)


@pytest.mark.parametrize("known", [True, False], ids=["known-caller", "canary-token"])
async def test_no_request_is_quoted(services, government: Government, capfd, known):
    services.settings = Settings(**UNLIMITED)
    app = create_app(services)
    broken(app)
    configure_logging("DEBUG")
    logging.config.dictConfig(SERVER_LOGS)
    token = government.token if known else f"sm_live_{CANARY}"
    sent = 0
    async with calling(app) as client:
        told = (await client.get("/openapi.json")).json()
        for operation in operations(told):
            for request in hostile(operation, token):
                answer = await client.request(**request)
                sent += 1
                if answer.status_code >= 400:
                    assert CANARY not in answer.text, operation.name
                    assert NIP not in answer.text, operation.name
        failed = await client.get("/broken")
        assert (failed.status_code, CANARY in failed.text) == (500, False)
        metrics = (await client.get("/metrics")).text
    logged = "".join(capfd.readouterr())
    configure_logging("ERROR")
    assert "request failed" in logged
    assert sent > 300
    for place in (logged, metrics):
        assert CANARY not in place
        assert NIP not in place


async def test_citizens_on_a_list_leave_no_trace(
    api: Api, services, http: httpx.AsyncClient, units, capfd, tmp_path, monkeypatch
):
    # Python remembers the folder of the first file that it made.
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with tempfile.NamedTemporaryFile() as probe:
        assert Path(probe.name).parent == tmp_path
    configure_logging("DEBUG")
    account = await official_account(api)
    await read_count(api, account, NOW, followers=len(CITIZENS))
    taken = await api.upload(
        f"/v1/official-accounts/{account['id']}/follower-lists",
        export(CITIZENS),
        filename=f"{CANARY}.zip",
        taken_at=NOW.isoformat(),
    )
    assert (taken.status_code, taken.json()["listed"]) == (201, len(CITIZENS)), taken.text
    damaged = export(CITIZENS)[:-40]
    refused = await api.upload(
        f"/v1/official-accounts/{account['id']}/follower-lists",
        damaged,
        filename=f"{CANARY}.zip",
        taken_at=NOW.isoformat(),
    )
    assert refused.status_code >= 400
    await leave_no_trace(services, http, capfd, taken.text, refused.text)
    assert [each.name for each in tmp_path.rglob("*")] == []


async def leave_no_trace(services, http: httpx.AsyncClient, capfd, *answers: str) -> str:
    """Look for the canary wherever something is kept or told; what is stored comes back."""
    stored = await everything_stored(services)
    async with services.database.system() as session:
        await session.execute(text("SELECT set_config('role', 'none', true)"))
        kept = text("SELECT CAST(each AS text) FROM pg_stats AS each")
        statistics = str((await session.scalars(kept)).all())
    metrics = (await http.get("/metrics")).text
    logged = "".join(capfd.readouterr())
    configure_logging("ERROR")
    for place in (stored, statistics, metrics, logged, *answers):
        assert CANARY not in place.lower()
        assert CANARY.encode().hex() not in place
    return stored


async def test_citizens_whom_a_platform_lists_leave_no_trace(
    api: Api, services, government: Government, http: httpx.AsyncClient, units, capfd
):
    configure_logging("DEBUG")
    bluesky = Platform.BLUESKY
    official = f"did:plc:{'humas':2<24}"
    citizens = [
        replace(
            sandbox_account(
                bluesky, f"did:plc:{f'{CANARY}{n:03d}':2<24}", f"{CANARY}{n}.bsky.social"
            ),
            display_name=f"{CANARY} {n}",
        )
        for n in range(120)
    ]
    world = World(
        youtube_key="k",
        accounts=(sandbox_account(bluesky, official, "humas.bsky.social", 120), *citizens),
        follows=tuple(WorldFollow(bluesky, each.platform_id, official) for each in citizens),
    )
    account = await official_account(api, "humas.bsky.social", platform="bluesky")
    platforms = adapter(bluesky, sandbox_of(world))
    await run(services, platforms, list_of(government, account))
    [taken] = await rows(services, government.tenant_id, LISTED)
    assert taken.listed == len(citizens)
    assert "humas.bsky.social" in await leave_no_trace(services, http, capfd)
