"""`simedsos audit`: is the trail what it was, and writing its ends down outside the database."""

import json
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from app.audit import anchors as anchoring
from app.audit.anchors import AnchorUnreadable
from app.audit.rules import MEANINGS, Anchor, Fault, FaultKind, Inspection
from app.audit.verifying import verify as verify_chain
from app.cli import operator
from app.cli.terminal import AsJson, Tenant, fail, out, run, say
from app.core.clock import SystemClock
from app.core.db import Database
from app.identity import queries as identity
from app.settings import Settings, get_settings

app = typer.Typer(no_args_is_help=True, help="Verify the audit trail, and anchor it outside.")


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of one government's chain; its slug is the anchor's where it is gone."""

    slug: str
    found: Inspection


@app.command(name="verify")
def verify(
    tenant: Tenant = None,
    anchor: Annotated[
        Path | None, typer.Option("--anchor", help="A file that `audit anchor` has written.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say whether the trail is what it was: exit status 0, or 1, or 2 if that cannot be told."""
    known = _read(anchor) if anchor else []
    verified: list[Verified] = _attempt(verify_all(get_settings(), tenant, known))
    if as_json:
        print(json.dumps(facts_of(verified)))  # noqa: T201
    else:
        _tell(verified)
    if any(each.found.fault_count for each in verified):
        raise typer.Exit(1)


@app.command(name="anchor")
def anchor(
    file: Annotated[Path, typer.Option("--out", help="Appended to; keep it elsewhere.")],
) -> None:
    """Append the present end of every government's trail to a file."""
    taken: list[Anchor] = run(taken_now(get_settings()))
    try:
        anchoring.append(file, taken)
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}.")
    out.print(f"{len(taken)} anchors were appended.", highlight=False)


def _read(path: Path) -> list[Anchor]:
    try:
        with path.open("rb") as lines:
            return anchoring.read(lines)
    except OSError as error:
        fail(f"{path} cannot be read: {error.strerror}.", status=2)
    except AnchorUnreadable as error:
        fail(str(error), status=2)
    return []


def _attempt(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine; status 1 says that a trail is broken, so any other failure is 2."""
    try:
        return run(work)
    except typer.Exit as ended:
        raise typer.Exit(2) from ended


async def taken_now(settings: Settings) -> list[Anchor]:
    """The end of every chain."""
    async with operator.connected(settings) as database, database.system() as session:
        return await anchoring.take(session, now=SystemClock().now())


async def verify_all(
    settings: Settings, slug: str | None, known: Sequence[Anchor]
) -> list[Verified]:
    """Verify the chain of one government, or of each; also of those that only an anchor names.

    Raises:
        TenantNotClear: there is no government of that slug.
    """
    async with operator.connected(settings) as database:
        async with database.system() as session:
            tenants = {each.id: each.slug for each in await identity.all_tenants(session)}
        if slug is not None:
            chosen = await operator.chosen_tenant(database, slug)
            return [await _verified(database, chosen, slug, known)]
        verified = [await _verified(database, key, name, known) for key, name in tenants.items()]
    gone = {each.tenant_id: each for each in known if each.tenant_id not in tenants}
    return verified + [_missing(key, each) for key, each in gone.items()]


async def _verified(
    database: Database, tenant_id: UUID, slug: str, known: Sequence[Anchor]
) -> Verified:
    async with database.transaction(tenant_id) as session:
        return Verified(slug, await verify_chain(session, tenant_id, known))


def _missing(tenant_id: UUID, anchored: Anchor) -> Verified:
    found = Inspection(tenant_id)
    found.tell(FaultKind.TENANT_MISSING, anchored.sequence)
    return Verified(anchored.slug, found)


def _tell(verified: Sequence[Verified]) -> None:
    for each in verified:
        found = each.found
        verdict = f"{found.fault_count} FAULTS" if found.fault_count else "intact"
        say(
            f"{each.slug}: {verdict}; {found.entries} entries, {found.changes} changes,"
            f" {found.anchors_met} anchors met."
        )
        for fault in found.faults:
            say(f"  {fault.sequence} {MEANINGS[fault.kind]} ({fault.kind}).")
        if found.fault_count > len(found.faults):
            say(f"  and {found.fault_count - len(found.faults)} more.")


def facts_of(verified: Sequence[Verified]) -> dict[str, Any]:
    """The result for programs."""
    return {
        "intact": not any(each.found.fault_count for each in verified),
        "tenants": [
            {
                "tenant": each.slug,
                "entries": each.found.entries,
                "changes": each.found.changes,
                "anchors_met": each.found.anchors_met,
                "fault_count": each.found.fault_count,
                "faults": [_fault(fault) for fault in each.found.faults],
            }
            for each in verified
        ],
    }


def _fault(fault: Fault) -> dict[str, Any]:
    return {"kind": fault.kind, "sequence": fault.sequence, "meaning": MEANINGS[fault.kind]}
