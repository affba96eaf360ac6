"""The commands; each says on stderr what went wrong and how to mend it, and exits 1."""

import asyncio
import json
import sys
from typing import Annotated, Any

import typer
import uvicorn
from pydantic import ValidationError

from app.cli import (
    audit,
    connections,
    evidence,
    follower_lists,
    governments,
    imports,
    keys,
    operator,
    platforms,
    polls,
    privacy,
    reminders,
    reports,
    sandbox,
    siasn,
)
from app.cli.terminal import AsJson, err, fail, out, run, say
from app.core.crypto import KeyringUnusable, registry_keys_of
from app.core.logs import SERVER_LOGS
from app.core.reaching import DatabaseUnreachable, reach
from app.local.up import UpRefused, run_up
from app.platforms.base import Platform
from app.platforms.handles import HandleRefused, normalize, profile_url
from app.settings import Settings, get_settings
from migrations import migrate as migrate_database
from migrations.keys import RegistryKeysNeeded
from workers.__main__ import ROLES

app = typer.Typer(
    name="simedsos", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
app.add_typer(audit.app, name="audit")
app.add_typer(governments.app, name="tenants")
app.add_typer(keys.app, name="keys")
app.add_typer(follower_lists.app, name="follower-list")
app.add_typer(connections.app, name="connections")
app.add_typer(platforms.app, name="platforms")
app.command(name="evidence")(evidence.evidence)
app.add_typer(privacy.app, name="privacy")
app.add_typer(reminders.app, name="reminders")
app.command(name="poll")(polls.poll)
app.command(name="report")(reports.report)
app.command(name="sandbox")(sandbox.sandbox)
app.add_typer(siasn.app, name="siasn")
app.command(name="import")(imports.import_file)
app.command(name="template")(imports.template)


@app.command()
def up(
    demo: Annotated[bool, typer.Option("--demo", help="Load the demo government once.")] = False,
) -> None:
    """Run everything on this machine: database, API, scheduler, worker and sandbox."""
    try:
        run_up(get_settings(), demo=demo, say=say)
    except UpRefused as error:
        fail(str(error))


@app.command()
def migrate() -> None:
    """Bring the database's schema up to date."""
    settings = get_settings()
    try:
        registry = registry_keys_of(settings)
        run(migrate_database(settings.required_owner_url(), registry=registry))
    except (KeyringUnusable, RegistryKeysNeeded) as error:
        fail(str(error))
    out.print("The schema is up to date.")


@app.command()
def api() -> None:
    """Serve the API."""
    settings = get_settings()
    _tell_if_unreachable(settings)
    uvicorn.run(
        "app.main:from_environment",
        factory=True,
        host=settings.host,
        port=settings.port,
        log_config=SERVER_LOGS,
        access_log=False,
        timeout_graceful_shutdown=8,
    )


def _tell_if_unreachable(settings: Settings) -> None:
    """A process that runs on waits for its database, and says so once."""
    try:
        asyncio.run(reach(settings.required_database_url()))
    except DatabaseUnreachable as error:
        err.print(f"{error} Waiting for it.", soft_wrap=True)


@app.command()
def worker() -> None:
    """Poll platforms and run jobs."""
    _tell_if_unreachable(get_settings())
    asyncio.run(ROLES["worker"](get_settings()))


@app.command()
def scheduler() -> None:
    """Fire the cron table; any number may run."""
    _tell_if_unreachable(get_settings())
    asyncio.run(ROLES["scheduler"](get_settings()))


@app.command(name="normalize")
def normalize_texts(
    texts: list[str],
    platform: Annotated[Platform | None, typer.Option(help="For bare handles.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say which account each pasted text means; nothing is fetched."""
    results: list[dict[str, Any]] = []
    for text in texts:
        try:
            found = normalize(text, platform)
        except HandleRefused as refusal:
            results.append({"text": text, "code": refusal.code, "message": str(refusal)})
            continue
        url = profile_url(found.platform, found.handle, found.platform_id)
        account = {"platform": found.platform.value, "handle": found.handle, "url": url}
        results.append({"text": text, **account})
    if as_json:
        print(json.dumps(results))  # noqa: T201
    else:
        for result in results:
            say(f"{result['text']}  →  {result.get('url') or refused(result)}")
    if any("code" in result for result in results):
        raise typer.Exit(1)


def refused(result: dict[str, Any]) -> str:
    """Why a text names no account, as a person reads it."""
    return f"refused: {result['message']} ({result['code']})"


@app.command()
def doctor() -> None:
    """Say in words what is wrong with this set-up."""
    findings = run(operator.diagnose(get_settings()))
    for finding in findings:
        out.print(f"{'ok  ' if finding.good else 'BAD '} {finding.text}", highlight=False)
    if not all(finding.good for finding in findings):
        raise typer.Exit(1)


def main() -> None:
    """Run the command line."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except ValidationError as error:
        for fault in error.errors():
            name = f"SIMEDSOS_{'_'.join(str(part) for part in fault['loc']).upper()}"
            err.print(f"{name} cannot be used: {fault['msg']}.", soft_wrap=True, markup=False)
        sys.exit(2)
