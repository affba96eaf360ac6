"""`simedsos platforms`: asking a platform again after a person has mended what was wrong."""

from typing import Annotated

import typer

from app.budgets import queries
from app.cli import operator
from app.cli.terminal import out, run
from app.core.clock import SystemClock
from app.official_accounts import queries as official_accounts
from app.platforms.base import Platform
from app.settings import Settings, get_settings

app = typer.Typer(no_args_is_help=True, help="Pauses and breakers of the platforms.")


@app.callback()
def platforms() -> None:
    """Keep the command a name of its own, also while it is the only one."""


@app.command(name="reset")
def reset(
    platform: Annotated[Platform, typer.Argument(help="Whose credits were bought, for example.")],
) -> None:
    """Ask a platform again: forget its pauses, used-up credits and failures, but not its pace."""
    run(reopen(get_settings(), platform))
    out.print(f"{platform.value} is asked again; every worker knows within 2 seconds.")


async def reopen(settings: Settings, platform: Platform) -> None:
    """Forget why the platform is left alone."""
    async with operator.connected(settings) as database, database.system() as session:
        await queries.reopen(session, platform)
        # Polls that wait for the end of a pause would wait on; what fails again is put off again.
        await official_accounts.poll_now(session, platform, now=SystemClock().now())
