"""`simedsos privacy`: the record of processing, for the file of whoever answers for it."""

import typer

from app.cli import operator
from app.cli.terminal import AsJson, Tenant, run
from app.core.clock import SystemClock
from app.privacy import processing
from app.privacy.schemas import ProcessingRecord
from app.settings import Settings, get_settings

app = typer.Typer(no_args_is_help=True, help="What the law on personal data asks for.")


@app.callback()
def group() -> None:
    """Keep `record` a command of its own, whatever joins it."""


@app.command(name="record")
def record(tenant: Tenant = None, as_json: AsJson = False) -> None:
    """Print the record of processing (UU 27/2022, article 31) as Markdown, in Indonesian."""
    found: ProcessingRecord = run(taken_now(get_settings(), tenant))
    told = found.model_dump_json() if as_json else processing.as_markdown(found)
    print(told, end="\n" if as_json else "")  # noqa: T201


async def taken_now(settings: Settings, tenant: str | None) -> ProcessingRecord:
    """The record by the settings of this process."""
    async with operator.connected(settings) as database:
        caller = operator.operator_of(await operator.chosen_tenant(database, tenant))
        async with database.transaction(caller.tenant_id) as session:
            now = SystemClock().now()
            return await processing.record_of(session, caller, settings, now=now)
