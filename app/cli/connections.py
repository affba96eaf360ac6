"""`simedsos connections`: tokens that a custodian brings, and the keys that seal all tokens."""

import json
import sys
from collections.abc import Awaitable, Callable
from getpass import getpass
from typing import Annotated
from uuid import UUID

import typer

from app.cli import operator
from app.cli.terminal import AsJson, Tenant, fail, out, run
from app.connections import pasting
from app.connections.rules import Subject, SubjectKind
from app.connections.schemas import ConnectionOut
from app.connections.sealing import reseal_batch
from app.connections.service import access_maker
from app.contacts import sealing as contacts
from app.core.crypto import (
    Keyring,
    KeyringUnusable,
    RegistryKeys,
    Resealed,
    keys_of,
    registry_keys_of,
)
from app.core.services import Services
from app.employees import sealing as nips
from app.identity import queries as identity
from app.scim import sealing as scim
from app.settings import Settings, get_settings
from app.webhooks import sealing as webhooks

app = typer.Typer(no_args_is_help=True, help="Tokens of connected accounts, and their keys.")
FIRST = UUID(int=0)


@app.command(name="set-token")
def set_token(
    official_account: Annotated[UUID, typer.Argument(help="Id of the official account.")],
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Connect a Mastodon account with an access token, read from standard input.

    It is never an argument, since every user of a machine sees the arguments of all processes.
    """
    token = getpass("Access token: ") if sys.stdin.isatty() else sys.stdin.readline()
    made = run(connect(get_settings(), official_account, tenant, token))
    if as_json:
        print(made.model_dump_json())  # noqa: T201
    else:
        out.print("The account's own server accepts the token as the account's; it is stored.")


async def connect(
    settings: Settings, official_account: UUID, tenant: str | None, token: str
) -> ConnectionOut:
    """Store a token after asking its server whose it is.

    Raises:
        AppError: there is no such account, or the token is not kept.
    """
    async with operator.connected(settings) as database:
        services = Services(database, settings)
        caller = operator.operator_of(await operator.chosen_tenant(database, tenant))
        subject = Subject(SubjectKind.OFFICIAL_ACCOUNT, official_account)
        return await pasting.connect(services, access_maker(services), caller, subject, token)


@app.command(name="rotate-keys")
def rotate_keys(as_json: AsJson = False) -> None:
    """Seal every stored token, address and NIP under the first of the keys for it.

    It works in small transactions, can be stopped and repeated, and is done when nothing is left.
    """
    resealed, unreadable = run(reseal_all(get_settings()))
    if as_json:
        print(json.dumps({"resealed": resealed, "unreadable": unreadable}))  # noqa: T201
    else:
        out.print(
            f"{resealed} connections, contacts, webhooks and NIPs are sealed under the first key"
            " now."
        )
    if unreadable:
        fail(
            f"{unreadable} connections, contacts, webhooks or NIPs cannot be read: put the key that"
            " sealed them back at the end of SIMEDSOS_TOKEN_KEYS or SIMEDSOS_REGISTRY_KEYS, or"
            " connect and enter them again."
        )


async def reseal_all(settings: Settings) -> tuple[int, int]:
    """How many secrets and NIPs were sealed anew, and how many cannot be read.

    Raises:
        OperatorError: the keys are not set.
    """
    try:
        keys = keys_of(settings)
    except KeyringUnusable as error:
        raise operator.OperatorError(str(error)) from error
    resealed = unreadable = 0
    registry = registry_keys_of(settings)
    # Each kind of secret with the keys that it is sealed by.
    kinds: list[tuple[Callable[..., Awaitable[Resealed]], Keyring | RegistryKeys]]
    kinds = [(reseal_batch, keys), (contacts.reseal_batch, keys), (webhooks.reseal_batch, keys)]
    if registry is not None:
        kinds += [(nips.reseal_batch, registry), (nips.reseal_past, registry)]
        kinds += [(scim.reseal_batch, registry)]
    async with operator.connected(settings) as database:
        async with database.system() as session:
            tenants = [tenant.id for tenant in await identity.all_tenants(session)]
        for tenant_id in tenants:
            for reseal, ring in kinds:
                after: UUID | None = FIRST
                while after is not None:
                    async with database.transaction(tenant_id) as session:
                        batch = await reseal(session, ring, tenant_id, after=after)
                    resealed += batch.resealed
                    unreadable += batch.unreadable
                    after = batch.last
    return resealed, unreadable
