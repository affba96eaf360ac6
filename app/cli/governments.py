"""`simedsos tenants`: the governments whose registries are kept here."""

import json
import re
from typing import Annotated

import typer

from app.cli import operator
from app.cli.operator import OperatorError
from app.cli.terminal import AsJson, fail, out, run
from app.identity import queries as identity_queries
from app.identity import service as identity
from app.identity.models import Tenant
from app.settings import Settings, get_settings

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
LONGEST_SLUG = 60

app = typer.Typer(no_args_is_help=True, help="The governments of this installation.")


class SlugTaken(OperatorError):
    """There is a government of that slug already; see `simedsos tenants list`."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@app.command(name="create")
def create(
    slug: Annotated[str, typer.Argument(help="Short name for commands, such as sumsel.")],
    name: Annotated[str, typer.Argument(help="Full name, such as 'Pemprov Sumatera Selatan'.")],
) -> None:
    """Register a government; give it a key next: simedsos keys create NAME --tenant SLUG."""
    if not SLUG.fullmatch(slug) or len(slug) > LONGEST_SLUG:
        fail("A slug is made of lower-case letters, digits and single hyphens.", status=2)
    if not name.strip():
        fail("The name is empty.", status=2)
    run(register(get_settings(), slug, name.strip()))
    out.print(f"Created. Next: simedsos keys create NAME --tenant {slug}", highlight=False)


@app.command(name="list")
def show(as_json: AsJson = False) -> None:
    """List the governments."""
    found = run(registered(get_settings()))
    if as_json:
        print(json.dumps([{"slug": each.slug, "name": each.name} for each in found]))  # noqa: T201
        return
    for each in found:
        out.print(f"{each.slug}  {each.name}", highlight=False, markup=False)


async def register(settings: Settings, slug: str, name: str) -> None:
    """Register a government.

    Raises:
        SlugTaken: there is one of that slug.
    """
    async with operator.connected(settings) as database, database.system() as session:
        if await identity_queries.tenant_by_slug(session, slug) is not None:
            raise SlugTaken
        await identity.create_tenant(session, slug=slug, name=name)


async def registered(settings: Settings) -> list[Tenant]:
    """Every government, oldest first."""
    async with operator.connected(settings) as database, database.system() as session:
        return await identity_queries.all_tenants(session)
