"""`simedsos siasn`: the registry beside SIASN of BKN; nothing is changed in either."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn

from app.cli import operator
from app.cli.terminal import AsJson, Tenant, fail, out, run, say
from app.core.clock import SystemClock
from app.employees.rules import mask_nip
from app.local.folder import PortTaken, require_free_port
from app.settings import Settings, get_settings
from app.siasn import sandbox as siasn_sandbox
from app.siasn import service
from app.siasn.client import Siasn, SiasnNotSetUp, access_of
from app.siasn.errors import SiasnError
from app.siasn.rules import Appointed, UnitDrift, compared_appointments, compared_units
from app.siasn.service import Drift

app = typer.Typer(no_args_is_help=True, help="Compare the registry with SIASN of BKN.")
# It asks for no secret, so it must stay on this machine.
HOST = "127.0.0.1"


@asynccontextmanager
async def _asked(settings: Settings) -> AsyncIterator[Siasn]:
    """SIASN as the environment names it.

    Raises:
        OperatorError: it is not set up, or has not answered.
    """
    try:
        siasn = Siasn(access_of(settings), SystemClock())
    except SiasnNotSetUp as error:
        raise operator.OperatorError(str(error)) from error
    try:
        yield siasn
    except SiasnError as error:
        raise operator.OperatorError(f"SIASN was not compared: {error}") from error
    finally:
        await siasn.aclose()


@app.command()
def drift(
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first employees.")] = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Ask SIASN about each employee, and say where the two differ.

    It exits with 1 where SIASN has not answered about everybody; of those nothing is said.
    """
    found = run(_drift(get_settings(), tenant, limit))
    if as_json:
        print(json.dumps(drift_facts(found)))  # noqa: T201
    else:
        _show(found)
    if not found.complete:
        raise typer.Exit(1)


async def _drift(settings: Settings, tenant: str | None, limit: int | None) -> Drift:
    async with _asked(settings) as siasn, operator.connected(settings) as database:
        caller = operator.operator_of(await operator.chosen_tenant(database, tenant))
        return await service.drift(database, caller, siasn, clock=SystemClock(), limit=limit)


def drift_facts(found: Drift) -> dict[str, Any]:
    """The report as JSON has it: masked NIPs, names of fields, and counts."""
    return {
        "employees": found.employees,
        "agree": found.agree,
        "differ": [
            {"employee_id": str(each.employee_id), "nip": each.nip, "fields": list(each.fields)}
            for each in found.differ
        ],
        "unknown_in_siasn": [
            {"employee_id": str(each.employee_id), "nip": each.nip} for each in found.unknown_there
        ],
        "not_answered": dict(sorted(found.not_answered.items())),
        "not_compared": dict(sorted(found.not_compared.items())),
        "ended_because": found.ended_because,
        "complete": found.complete,
    }


def _show(found: Drift) -> None:
    out.print(
        f"{found.employees} employees: {found.agree} agree, {len(found.differ)} differ,"
        f" {len(found.unknown_there)} are unknown in SIASN,"
        f" about {found.not_answered.total()} it has not answered.",
        highlight=False,
    )
    for each in found.differ:
        say(f"  {each.nip}  {each.employee_id}  differs in: {', '.join(each.fields)}")
    for someone in found.unknown_there:
        say(f"  {someone.nip}  {someone.employee_id}  unknown in SIASN")
    for reason, number in sorted(found.not_answered.items()):
        say(f"  not answered, {reason}: {number}")
    for name, number in sorted(found.not_compared.items()):
        say(f"  not compared, {name}: {number}")
    if found.ended_because is not None:
        say(f"Asking ended early: {found.ended_because}")


@app.command()
def units(tenant: Tenant = None, as_json: AsJson = False) -> None:
    """Compare the work units with SIASN's by BKN's id of the unit."""
    found: UnitDrift = run(_units(get_settings(), tenant))
    facts = asdict(found)
    if as_json:
        print(json.dumps(facts))  # noqa: T201
        return
    out.print(f"{found.same} work units agree with SIASN.", highlight=False)
    for name, codes in facts.items():
        if name not in {"same", "only_there"} and codes:
            say(f"  {name.replace('_', ' ')}: {', '.join(codes)}")
    say(f"  only in SIASN: {len(found.only_there)} units")


async def _units(settings: Settings, tenant: str | None) -> UnitDrift:
    async with _asked(settings) as siasn, operator.connected(settings) as database:
        caller = operator.operator_of(await operator.chosen_tenant(database, tenant))
        async with database.transaction(caller.tenant_id) as session:
            ours = await service.units_here(session, caller)
        return compared_units(ours, await siasn.units())


@app.command()
def appointments(
    year: Annotated[int, typer.Argument(min=2000, max=2200)],
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Say whom of a year's appointments the registry does not have yet."""
    found: Appointed = run(_appointments(get_settings(), tenant, year))
    lacking = [mask_nip(nip) for nip in found.lacking]
    if as_json:
        print(json.dumps({**asdict(found), "lacking": lacking}))  # noqa: T201
        return
    out.print(
        f"{found.lines} appointments: {found.registered} are in the registry, {len(lacking)} are"
        f" not, {found.without_nip} have no NIP yet.",
        highlight=False,
    )
    for nip in lacking:
        say(f"  {nip}  not in the registry")


async def _appointments(settings: Settings, tenant: str | None, year: int) -> Appointed:
    async with _asked(settings) as siasn, operator.connected(settings) as database:
        caller = operator.operator_of(await operator.chosen_tenant(database, tenant))
        known = await service.nips_here(database, caller)
        return compared_appointments(known, await siasn.appointments(year))


@app.command()
def sandbox(
    employees: Annotated[Path, typer.Argument(help="A CSV table of invented employees.")],
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8011,
) -> None:
    """Serve SIASN's wire format about invented employees on this machine until Ctrl-C."""
    try:
        require_free_port(HOST, port)
        people = siasn_sandbox.people_of(employees)
    except PortTaken:
        fail(f"Port {port} is taken by another program; choose another with --port.")
    except (OSError, KeyError, UnicodeDecodeError):
        fail(f"{employees} is no table with the columns nip, name and category.")
    base = f"http://{HOST}:{port}"
    for name, value in sandbox_environment(base).items():
        say(f"export {name}='{value}'")
    office = siasn_sandbox.Office(SystemClock(), people)
    uvicorn.run(office.app(), host=HOST, port=port, log_level="warning", access_log=False)


def sandbox_environment(base: str) -> dict[str, str]:
    """The settings that lead to the sandbox."""
    return {
        "SIMEDSOS_SIASN_BASE_URL": f"{base}{siasn_sandbox.PREFIX}",
        "SIMEDSOS_SIASN_TOKEN_URL": f"{base}{siasn_sandbox.TOKEN_PATH}",
        "SIMEDSOS_SIASN_CONSUMER_KEY": siasn_sandbox.KEY,
        "SIMEDSOS_SIASN_CONSUMER_SECRET": siasn_sandbox.SECRET,
        "SIMEDSOS_SIASN_SSO_TOKEN": siasn_sandbox.SSO,
    }
