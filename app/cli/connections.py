"""`simedsos connections`: the keys under which OAuth tokens are stored."""

import json
from uuid import UUID

import typer

from app.cli import operator
from app.cli.terminal import AsJson, fail, out, run
from app.connections.sealing import keys_of, reseal_batch
from app.core.crypto import KeyringUnusable
from app.identity import queries as identity
from app.settings import Settings, get_settings

app = typer.Typer(no_args_is_help=True, help="Keys of stored OAuth tokens.")
FIRST = UUID(int=0)


@app.callback()
def connections() -> None:
    """Keep the command a name of its own, also while it is the only one."""


@app.command(name="rotate-keys")
def rotate_keys(as_json: AsJson = False) -> None:
    """Seal every stored token under the first key of SIMEDSOS_TOKEN_KEYS.

    It works in small transactions, can be stopped and repeated, and is done when nothing is left.
    """
    resealed, unreadable = run(reseal_all(get_settings()))
    if as_json:
        print(json.dumps({"resealed": resealed, "unreadable": unreadable}))  # noqa: T201
    else:
        out.print(f"{resealed} connections were sealed anew under the first key.")
    if unreadable:
        fail(
            f"{unreadable} connections cannot be read: put the key that sealed them back at the"
            " end of SIMEDSOS_TOKEN_KEYS, or connect these accounts again."
        )


async def reseal_all(settings: Settings) -> tuple[int, int]:
    """How many connections were sealed anew, and how many cannot be read.

    Raises:
        OperatorError: the keys are not set.
    """
    try:
        keys = keys_of(settings)
    except KeyringUnusable as error:
        raise operator.OperatorError(str(error)) from error
    resealed = unreadable = 0
    async with operator.connected(settings) as database:
        async with database.system() as session:
            tenants = [tenant.id for tenant in await identity.all_tenants(session)]
        for tenant_id in tenants:
            after: UUID | None = FIRST
            while after is not None:
                async with database.transaction(tenant_id) as session:
                    batch = await reseal_batch(session, keys, tenant_id, after=after)
                resealed += batch.resealed
                unreadable += batch.unreadable
                after = batch.last
    return resealed, unreadable
