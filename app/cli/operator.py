"""What the commands do: the same services as the API, as the operator of one government."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import queries as accounts
from app.core.clock import SystemClock
from app.core.crypto import KeyringUnusable, registry_keys_of
from app.core.db import Database, make_engine
from app.core.logs import configure_logging
from app.core.uploads import Upload
from app.identity import queries as identity_queries
from app.identity import service as identity
from app.identity.models import ApiKey
from app.identity.rules import Caller
from app.identity.scopes import Scope
from app.keys import service as keys
from app.keys.rules import is_alive
from app.keys.schemas import RotationIn
from app.observations import evidence, lists
from app.observations.schemas import FollowerListOut, SelfEvidenceTaken
from app.observations.self_exports import Word
from app.reminders.channels import channels_from
from app.settings import Settings
from app.sign_in.issuer import Issuer, IssuerUnreachable
from migrations import head_revision

DATABASE_DOWN = (
    ArgumentError, DBAPIError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError,
)  # fmt: skip
# The operator acts through the database's own access control, so its caller has no key.
OPERATOR = UUID(int=0)


class OperatorError(Exception):
    """The command cannot be carried out."""


class TenantNotClear(OperatorError):
    """Name the government with --tenant SLUG; `simedsos tenants list` shows which there are."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[Database]:
    """The database that the environment names.

    Raises:
        OperatorError: the keys are set wrongly.
    """
    configure_logging("WARNING")
    try:
        registry = registry_keys_of(settings)
    except KeyringUnusable as error:
        raise OperatorError(str(error)) from error
    engine = make_engine(settings.required_database_url(), pool_size=2)
    try:
        yield Database(engine, registry=registry)
    finally:
        await engine.dispose()


async def chosen_tenant(database: Database, slug: str | None) -> UUID:
    """The named government, or the only one.

    Raises:
        TenantNotClear: there is no such one.
    """
    async with database.system() as session:
        if slug is not None:
            found = await identity_queries.tenant_by_slug(session, slug)
        else:
            tenants = await identity_queries.all_tenants(session)
            found = tenants[0].id if len(tenants) == 1 else None
    if found is None:
        raise TenantNotClear
    return found


def operator_of(tenant_id: UUID) -> Caller:
    """The operator as a caller with every scope."""
    expires = SystemClock().now() + timedelta(hours=1)
    return Caller(tenant_id, OPERATOR, frozenset(Scope), None, expires)


async def upload_list(
    settings: Settings,
    path: Path,
    official_account: UUID,
    tenant: str | None,
    taken_at: datetime | None,
) -> FollowerListOut:
    """Take in an export that the platform made at `taken_at`, or just now."""
    async with connected(settings) as database:
        caller = operator_of(await chosen_tenant(database, tenant))
        now = SystemClock().now()
        with path.open("rb") as file:
            upload = Upload(file, path.name, {})
            taken, _ = await lists.take_upload(
                database, caller, official_account, upload, taken_at=taken_at or now, now=now
            )
        return taken


async def upload_evidence(
    settings: Settings, path: Path, account_id: UUID, word: Word, tenant: str | None
) -> SelfEvidenceTaken:
    """Take in the export in which an employee shows whom an account follows."""
    async with connected(settings) as database:
        caller = operator_of(await chosen_tenant(database, tenant))
        async with database.transaction(caller.tenant_id) as session:
            account = await accounts.get(session, caller, account_id)
        with path.open("rb") as file:
            upload = Upload(file, path.name, {})
            taken = await evidence.take_export(
                database, account, upload, word, actor=caller.actor, now=SystemClock().now()
            )
        async with database.transaction(caller.tenant_id) as session:
            return await evidence.shown_taken(session, taken)


async def create_key(
    settings: Settings,
    name: str,
    scopes: Sequence[Scope],
    lifetime: timedelta,
    unit: UUID | None,
    tenant: str | None,
) -> str:
    """A new key's secret."""
    now = SystemClock().now()
    async with connected(settings) as database:
        tenant_id = await chosen_tenant(database, tenant)
        async with database.transaction(tenant_id) as session:
            return await identity.create_key(
                session,
                tenant_id,
                name=name,
                scopes=scopes,
                expires_at=now + lifetime,
                now=now,
                unit_id=unit,
            )


class KeyNotClear(OperatorError):
    """Exactly one live key must begin with the prefix: give its first 12 characters."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


async def rotate_key(settings: Settings, prefix: str, tenant: str | None) -> str:
    """The secret of the next key of the client whose live key begins so.

    Raises:
        KeyNotClear: no live key begins so, or several do.
    """
    now = SystemClock().now()
    async with connected(settings) as database:
        tenant_id = await chosen_tenant(database, tenant)
        async with database.transaction(tenant_id) as session:
            key = await _live_key(session, tenant_id, prefix, now)
            caller = operator_of(tenant_id)
            return (await keys.rotate(session, caller, key.id, RotationIn(), now=now)).token


async def sign_in_link(settings: Settings, prefix: str, tenant: str | None) -> str:
    """An address that signs a browser in once, with the rights of the key that begins so.

    Raises:
        KeyNotClear: no live key begins so, or several do.
    """
    now = SystemClock().now()
    async with connected(settings) as database:
        tenant_id = await chosen_tenant(database, tenant)
        async with database.transaction(tenant_id) as session:
            key = await _live_key(session, tenant_id, prefix, now)
            token = await identity.create_sign_in_link(session, key, now=now)
    return f"{settings.public_address()}/sign-in/link?token={token}"


async def _live_key(session: AsyncSession, tenant_id: UUID, prefix: str, now: datetime) -> ApiKey:
    held = await identity_queries.keys_of(session, tenant_id)
    found = [
        key
        for key in held
        if key.prefix == prefix and is_alive(key.revoked_at, key.expires_at, now)
    ]
    if len(found) != 1:
        raise KeyNotClear
    return found[0]


async def revoke_key(settings: Settings, prefix: str, tenant: str | None) -> int:
    """How many keys were revoked."""
    async with connected(settings) as database:
        tenant_id = await chosen_tenant(database, tenant)
        async with database.transaction(tenant_id) as session:
            return await identity.revoke_key(session, tenant_id, prefix, now=SystemClock().now())


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    good: bool
    text: str


async def diagnose(settings: Settings) -> list[Finding]:
    """Whether database, schema, queue, keys and identity provider are as they must be."""
    async with connected(settings) as database, database.system() as session:
        found = [
            Finding(True, "The database answers."),
            await _schema(session),
            await _waiting(session),
        ]
    return [*found, _registry(settings), await _provider(settings), *_reminders(settings)]


def _registry(settings: Settings) -> Finding:
    if registry_keys_of(settings) is None:
        needed = "SIMEDSOS_REGISTRY_KEYS and SIMEDSOS_LOOKUP_KEY"
        return Finding(False, f"NIPs can be neither stored nor shown: set {needed}.")
    return Finding(True, "NIPs: keys are set.")


async def _provider(settings: Settings) -> Finding:
    if settings.oidc_issuer is None:
        return Finding(True, "Signing in: no identity provider, links only.")
    try:
        await Issuer(settings.oidc_issuer, SystemClock()).provider()
    except IssuerUnreachable:
        return Finding(
            False,
            "Signing in: the identity provider does not answer as its address says; compare"
            " SIMEDSOS_OIDC_ISSUER with the `issuer` that it publishes.",
        )
    return Finding(True, "Signing in: the identity provider answers, and its keys are usable.")


def _reminders(settings: Settings) -> list[Finding]:
    """By which channels reminders travel, and what is wrong with one that is half set up."""
    setup = channels_from(settings, SystemClock())
    faults = [Finding(False, f"Reminders: {fault}") for fault in setup.faults]
    if setup.on:
        names = ", ".join(sorted(setup.on))
        return [Finding(True, f"Reminders are sent by {names}."), *faults]
    return faults or [Finding(True, "Reminders: no channel configured, so none is sent.")]


async def _schema(session: AsyncSession) -> Finding:
    revision = await session.scalar(text("SELECT version_num FROM alembic_version"))
    if revision == head_revision():
        return Finding(True, f"The schema is at revision {revision}, as it should be.")
    return Finding(False, f"The schema is at revision {revision}; run `simedsos migrate`.")


async def _waiting(session: AsyncSession) -> Finding:
    row = (
        await session.execute(
            text(
                "SELECT count(*) FILTER (WHERE status = 'failed') AS failed,"
                " count(*) FILTER (WHERE status = 'queued'"
                "   AND execute_after < now() - interval '10 minutes') AS late FROM pgqueuer"
            )
        )
    ).one()
    if row.failed or row.late:
        return Finding(
            False, f"{row.failed} jobs have failed and {row.late} are late: is a worker running?"
        )
    return Finding(True, "No job has failed and none is late.")
