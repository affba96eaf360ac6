"""`simedsos keys`: the API keys of a government, made, listed, exchanged and revoked."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import orjson
import typer
from rich.table import Column, Table

from app.cli import operator
from app.cli.terminal import AsJson, Tenant, fail, out, run
from app.core.clock import JAKARTA, SystemClock
from app.identity import queries as identity_queries
from app.identity.models import ApiKey
from app.identity.rules import PREFIX_SHOWN
from app.identity.scopes import Scope
from app.settings import Settings, get_settings

app = typer.Typer(no_args_is_help=True, help="Create, list, exchange and revoke API keys.")


@app.command(name="create")
def create(
    name: str,
    scope: Annotated[list[Scope] | None, typer.Option(help="Repeat; all if left out.")] = None,
    days: Annotated[int, typer.Option(min=1, max=3650)] = 365,
    unit: Annotated[UUID | None, typer.Option(help="Confine the key to this sub-tree.")] = None,
    tenant: Tenant = None,
) -> None:
    """Create an API key; it is shown once."""
    chosen = scope or list(Scope)
    lifetime = timedelta(days=days)
    print(run(operator.create_key(get_settings(), name, chosen, lifetime, unit, tenant)))  # noqa: T201


@app.command(name="list")
def show(tenant: Tenant = None, as_json: AsJson = False) -> None:
    """List the keys of a government, newest first; no key itself is stored."""
    found = run(keys_of(get_settings(), tenant))
    if as_json:
        print(orjson.dumps([facts_of(key) for key in found]).decode())  # noqa: T201
        return
    now = SystemClock().now()
    # Commands take the whole prefix, however narrow the terminal is.
    prefix = Column("Prefix", min_width=PREFIX_SHOWN, no_wrap=True)
    table = Table(prefix, "Name", "State", "Expires", "Last used", "Unit", "Scopes")
    for key in found:
        table.add_row(
            key.prefix,
            key.name,
            state_of(key, now),
            _day(key.expires_at),
            _day(key.last_used_at),
            str(key.unit_id or "all"),
            "all" if set(key.scopes) >= set(Scope) else ", ".join(key.scopes),
        )
    out.print(table)


@app.command(name="rotate")
def rotate(prefix: str, tenant: Tenant = None) -> None:
    """Make the next key of the same client; the old one works until it expires or is revoked."""
    print(run(operator.rotate_key(get_settings(), prefix, tenant)))  # noqa: T201


@app.command(name="link")
def link(prefix: str, tenant: Tenant = None) -> None:
    """Make a link that signs a browser in once, with the rights of a key; good for 12 hours."""
    print(run(operator.sign_in_link(get_settings(), prefix, tenant)))  # noqa: T201


@app.command(name="revoke")
def revoke(prefix: str, tenant: Tenant = None) -> None:
    """Revoke the key of which the first 12 characters are given."""
    revoked = run(operator.revoke_key(get_settings(), prefix, tenant))
    if not revoked:
        fail("No live key begins with this prefix; give exactly its first 12 characters.")
    out.print(f"{revoked} key revoked; it is refused everywhere within 2 seconds.")


async def keys_of(settings: Settings, tenant: str | None) -> Sequence[ApiKey]:
    """Every key that a government has ever had, newest first."""
    async with operator.connected(settings) as database:
        tenant_id = await operator.chosen_tenant(database, tenant)
        async with database.transaction(tenant_id) as session:
            return await identity_queries.keys_of(session, tenant_id)


def facts_of(key: ApiKey) -> dict[str, Any]:
    """A key as JSON has it."""
    return {
        "client_id": str(key.client_id),
        "prefix": key.prefix,
        "name": key.name,
        "scopes": key.scopes,
        "unit_id": key.unit_id and str(key.unit_id),
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "revoked_at": key.revoked_at,
    }


def state_of(key: ApiKey, now: datetime) -> str:
    """Whether a key opens anything now."""
    if key.revoked_at is not None:
        return f"revoked {_day(key.revoked_at)}"
    return "expired" if key.expires_at <= now else "valid"


def _day(moment: datetime | None) -> str:
    return "never" if moment is None else moment.astimezone(JAKARTA).date().isoformat()
