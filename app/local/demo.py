"""Loading the demo government once: a tenant and a key directly, everything else over HTTP."""

import asyncio
import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from app.core.clock import Clock
from app.core.db import Database, make_engine
from app.identity import queries as identity_queries
from app.identity import service as identity
from app.identity.scopes import Scope
from app.jobs.kinds import CheckAllAccounts, CheckAllPairs, ReadAllFollowerLists
from app.jobs.queue import enqueue
from app.local.api_client import ApiClient, DemoRefused
from app.local.demo_network import DemoOfficialAccount, own_token
from app.local.demo_world import DemoFiles, write_demo
from app.official_accounts.models import OwnerKind
from app.platforms.base import Platform

SLUG = "sumsel-demo"
TENANT_NAME = "Pemerintah Provinsi Sumatera Selatan (demo)"
TITLE = "PPPK mengikuti akun resmi Pemprov Sumsel (demo)"
KEY_LIFETIME = timedelta(days=365)
POLL_SECONDS = 30
LISTS = 2
SANDBOX_SECONDS = 60.0
NAP_SECONDS = 0.2
# The platforms whose answers are fuller for an account's own token.
CONNECTED = frozenset({"facebook", "instagram", "threads", "tiktok", "x"})
BASELINE_SOURCE = "Petugas Humas (demo)"


@dataclass(frozen=True, slots=True)
class DemoReady:
    """What a user of the demo needs to know."""

    campaign_id: str
    official_accounts: dict[str, str]
    headline_account_id: str
    campaign_start: str


async def prepare_tenant(database_url: str, token: str, *, clock: Clock) -> UUID:
    """The demo government and its key, made if they are not there yet."""
    engine = make_engine(database_url, pool_size=2)
    try:
        database = Database(engine)
        async with database.system() as session:
            tenant_id = await identity_queries.tenant_by_slug(session, SLUG)
            known = tenant_id is not None
            if tenant_id is None:
                tenant_id = await identity.create_tenant(session, slug=SLUG, name=TENANT_NAME)
        async with database.transaction(tenant_id) as session:
            if known:
                # The folder may be of an older release, which knew fewer scopes.
                await identity.give_every_scope(session, tenant_id, token, now=clock.now())
            else:
                await identity.create_key(
                    session,
                    tenant_id,
                    name="demo",
                    scopes=list(Scope),
                    expires_at=clock.now() + KEY_LIFETIME,
                    now=clock.now(),
                    token=token,
                )
        return tenant_id
    finally:
        await engine.dispose()


async def queue_first_round(database_url: str) -> None:
    """Have the worker check accounts, pairs and lists now instead of at their hours."""
    engine = make_engine(database_url, pool_size=1)
    try:
        async with Database(engine).system() as session:
            await enqueue(session, [CheckAllAccounts(), CheckAllPairs(), ReadAllFollowerLists()])
    finally:
        await engine.dispose()


def load_demo(
    api: ApiClient, folder: Path, *, now: datetime, say: Callable[[str], None]
) -> DemoReady:
    """Load the demo through the API unless it is there already.

    A load that was broken off is taken up where it stood: it tells of the same moment, so each of
    its requests is the same and changes nothing where it was carried out before.
    """
    present = _loaded(api)
    if present is not None:
        return _describe(api, present)
    files = write_demo(folder, now=demo_moment(folder, now))
    for kind, path in (
        ("work_units", files.work_units),
        ("employees", files.employees),
        ("accounts", files.accounts),
    ):
        made = api.upload("/v1/imports", path, kind=kind)
        say(f"  {kind}: {made['accepted']} of {made['rows']} rows accepted")
        if made["rejected"]:
            raise DemoRefused(f"{kind}: {made['rejected']} rows were rejected")
    accounts = [_register(api, files, each) for each in files.official_accounts]
    _record_readings(api, files, accounts)
    campaign = api.post_once("/v1/campaigns", _campaign(files, accounts))
    _upload_lists(api, files, accounts, say)
    return _describe(api, campaign)


def demo_moment(folder: Path, now: datetime) -> datetime:
    """The moment that the demo tells of: now, when it is asked for the first time."""
    kept = folder / "moment"
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / "moment.new"
        draft.write_text(now.isoformat())
        draft.rename(kept)
    return datetime.fromisoformat(kept.read_text())


def _loaded(api: ApiClient) -> dict[str, Any] | None:
    """The demo's campaign, if everything is there: the follower lists come last."""
    for campaign in api.get("/v1/campaigns?limit=1")["items"]:
        headline = campaign["official_account_ids"][0]
        lists = api.get(f"/v1/official-accounts/{headline}/follower-lists?limit=2")["items"]
        if len(lists) == LISTS:
            found: dict[str, Any] = campaign
            return found
    return None


def connect_accounts(api: ApiClient, official_account_ids: Iterable[str], sandbox: str) -> int:
    """Have the sandbox consent for the official accounts that can be connected; how many.

    Done at every start, since the sandbox forgets its consents when it stops.
    """
    _wait_for(sandbox)
    connected = 0
    for account_id in official_account_ids:
        account = api.get(f"/v1/official-accounts/{account_id}")
        if account["platform"] == Platform.MASTODON.value:
            connected += _bring_token(api, account)
        if account["platform"] in CONNECTED:
            begun = api.post(f"/v1/official-accounts/{account_id}/connection", {})
            # A platform that a person leads elsewhere has a consent page that only they may open.
            if not begun["authorize_url"].startswith(f"{sandbox}/"):
                continue
            # The sandbox's consent page signs in as whomever it is told to.
            api.browse(f"{begun['authorize_url']}&as={account['platform_id']}")
            state = api.get(f"/v1/official-accounts/{account_id}/connection")["state"]
            connected += state == "connected"
    return connected


def _wait_for(sandbox: str) -> None:
    """Wait until the sandbox listens: where nothing is to be loaded, the API is ready before it.

    Raises:
        DemoRefused: it does not come up.
    """
    place = urlsplit(sandbox)
    for _ in range(int(SANDBOX_SECONDS / NAP_SECONDS)):
        try:
            with socket.create_connection((place.hostname, place.port), timeout=NAP_SECONDS):
                return
        except OSError:
            time.sleep(NAP_SECONDS)
    raise DemoRefused("the sandbox does not come up; see sandbox.log")


def _bring_token(api: ApiClient, account: dict[str, Any]) -> bool:
    """Whether the account's server took its token; another one than the sandbox's will not."""
    body = {"access_token": own_token(account["platform_id"])}
    try:
        made = api.put(f"/v1/official-accounts/{account['id']}/connection", body)
    except DemoRefused:
        # Also the sandbox of a demo that was written before its accounts had such tokens.
        return False
    return bool(made["state"] == "connected")


def _register(api: ApiClient, files: DemoFiles, wanted: DemoOfficialAccount) -> dict[str, Any]:
    term = str(files.campaign_start.date() - timedelta(days=640))
    made: dict[str, Any] = api.post_once(
        "/v1/official-accounts",
        {
            "account": wanted.handle,
            "platform": wanted.platform.value,
            "platform_id": wanted.platform_id,
            "name": wanted.display_name,
            "owner_kind": wanted.owner_kind.value,
            "custodian": "Dinas Komunikasi dan Informatika",
            "office_term_start": term if wanted.owner_kind is OwnerKind.PERSON else None,
            "poll_interval_seconds": POLL_SECONDS,
        },
    )
    return made


def _record_readings(api: ApiClient, files: DemoFiles, accounts: list[dict[str, Any]]) -> None:
    instagram = _instagram(accounts)
    for reading in files.instagram_readings:
        api.post_once(
            f"/v1/official-accounts/{instagram['id']}/snapshots",
            {
                "observed_at": reading.at.isoformat(),
                "attested_by": BASELINE_SOURCE,
                "raw": f"{reading.followers:,}".replace(",", "."),
                "followers": reading.followers,
            },
        )


def _instagram(accounts: list[dict[str, Any]]) -> dict[str, Any]:
    return next(each for each in accounts if each["platform"] == Platform.INSTAGRAM.value)


def _campaign(files: DemoFiles, accounts: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "title": TITLE,
        "legal_basis": "Surat Edaran Gubernur tentang Media Sosial ASN (demo)",
        "document_number": "555/001/SE/DEMO/2026",
        "starts_at": files.campaign_start.isoformat(),
        "ends_at": (files.campaign_start + timedelta(days=60)).isoformat(),
        "expected_gain": files.expected_gain,
        "cohort": {"categories": ["pppk"]},
        "duties": [
            {"kind": "declare", "platforms": ["instagram"], "mode": "any"},
            {"kind": "follow", "platforms": [], "mode": "each"},
        ],
        "official_account_ids": [each["id"] for each in accounts],
    }


def _upload_lists(
    api: ApiClient,
    files: DemoFiles,
    accounts: list[dict[str, Any]],
    say: Callable[[str], None],
) -> None:
    instagram = _instagram(accounts)
    for path, taken_at in (
        (files.instagram_first, files.first_list_taken_at),
        (files.instagram_second, files.second_list_taken_at),
    ):
        made = api.upload(
            f"/v1/official-accounts/{instagram['id']}/follower-lists",
            path,
            taken_at=taken_at.isoformat(),
        )
        certificate = made["certificate"]["verdict"]
        say(f"  follower list: {made['listed']} listed, {made['matched']} ours, {certificate}")


def _describe(api: ApiClient, campaign: dict[str, Any]) -> DemoReady:
    names: dict[str, str] = {}
    for account_id in campaign["official_account_ids"]:
        account = api.get(f"/v1/official-accounts/{account_id}")
        names[f"{account['name']} · {account['platform']}"] = account_id
    return DemoReady(
        campaign_id=campaign["id"],
        official_accounts=names,
        headline_account_id=campaign["official_account_ids"][0],
        campaign_start=campaign["starts_at"],
    )


def prepare(database_url: str, token: str, clock: Clock) -> UUID:
    """`prepare_tenant` for callers outside an event loop."""
    return asyncio.run(prepare_tenant(database_url, token, clock=clock))


async def sign_in_token(database_url: str, tenant_id: UUID, token: str, *, now: datetime) -> str:
    """What signs a browser in once with the rights of the demo's key."""
    engine = make_engine(database_url, pool_size=1)
    try:
        async with Database(engine).transaction(tenant_id) as session:
            key = await identity_queries.key_of_token(session, tenant_id, token)
            assert key is not None
            return await identity.create_sign_in_link(session, key, now=now)
    finally:
        await engine.dispose()
