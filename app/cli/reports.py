"""`simedsos report`: freezing a campaign's numbers, and writing a frozen report to a file."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from pydantic import ValidationError

from app.changes.chain import Look, note_look
from app.changes.models import EntryKind
from app.cli import operator
from app.cli.terminal import AsJson, Tenant, fail, out, run
from app.core.clock import SystemClock
from app.reports import service
from app.reports.printing import Press, PrintingTooSlow
from app.reports.schemas import ReportIn, ReportOut
from app.settings import Settings, get_settings

ENDINGS = frozenset({".xlsx", ".pdf", ".json"})


def report(
    campaign: Annotated[UUID | None, typer.Argument(help="Id of the campaign.")] = None,
    file: Annotated[
        Path | None, typer.Option("--out", help="Where to: FILE.xlsx, FILE.pdf or FILE.json.")
    ] = None,
    known: Annotated[
        UUID | None, typer.Option("--report", help="Id of a frozen report to write again.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="Else that of the campaign.")] = None,
    officer: Annotated[str | None, typer.Option(help="Who answers for it, on its cover.")] = None,
    people: Annotated[
        bool, typer.Option("--people", help="Also list whose status is not confirmed (XLSX).")
    ] = False,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Freeze a campaign's numbers under the next number, and write the report to a file.

    A frozen report never changes: `--report ID` writes the same one again, in any format.
    """
    if (campaign is None) == (known is None):
        fail("Name a campaign, or a frozen report with --report ID.", status=2)
    if known is not None and (title or officer or people):
        fail("A frozen report keeps its title, officer and people; leave these out.", status=2)
    if file is None or file.suffix.lower() not in ENDINGS:
        fail("Say where to with --out FILE.xlsx, FILE.pdf or FILE.json.", status=2)
    assert file is not None
    if not file.parent.is_dir():
        fail(f"There is no folder {file.parent}.", status=2)
    wanted = _wanted(campaign, title, officer, people) if campaign is not None else None
    made = run(_write(get_settings(), wanted, known, file, tenant))
    if as_json:
        print(made.report.model_dump_json())  # noqa: T201
    else:
        out.print(f"Report {made.report.number} ({made.report.id}).", highlight=False)
        out.print(f"SHA-256 {made.report.sha256}", soft_wrap=True, highlight=False)
    if made.fault is not None:
        fail(f"{file} was not written: {made.fault} The report is kept: use --report.")


def _wanted(campaign: UUID, title: str | None, officer: str | None, people: bool) -> ReportIn:
    try:
        return ReportIn(campaign_id=campaign, title=title, officer=officer, include_people=people)
    except ValidationError as error:
        faults = (f"--{fault['loc'][0]}: {fault['msg']}." for fault in error.errors())
        fail(" ".join(faults), status=2)
        raise


@dataclass(frozen=True, slots=True)
class Written:
    """A report, and why its file was not written."""

    report: ReportOut
    fault: str | None


async def _write(
    settings: Settings, wanted: ReportIn | None, known: UUID | None, file: Path, tenant: str | None
) -> Written:
    """Freeze a report, where one is wanted, and write it or the known one.

    Raises:
        AppError: there is no such campaign or report, or it must not be given out today.
    """
    clock = SystemClock()
    async with operator.connected(settings) as database:
        caller = operator.operator_of(await operator.chosen_tenant(database, tenant))
        if wanted is not None:
            async with database.transaction(caller.tenant_id) as session:
                known = (await service.freeze(session, caller, wanted, clock=clock)).id
        assert known is not None
        async with database.transaction(caller.tenant_id) as session:
            copy = await service.copy(session, caller, known, clock=clock)
            listed = await service.people_of(session, caller, copy.report, clock=clock)
            shown = await service.shown(session, copy.report, clock=clock)
            ids = tuple(each.employee_id for each in listed or ())
            look = Look(EntryKind.EXPORT, "report", caller.actor, clock.now(), ids, known)
            note_look(session, caller.tenant_id, look)
    try:
        match file.suffix.lower():
            case ".json":
                _put(file, copy.report.document)
            case ".pdf":
                _put(file, await Press().pages(copy.frozen))
            case _:
                _put(file, await Press().workbook(copy.frozen, listed))
    except PrintingTooSlow as error:
        return Written(shown, str(error))
    except OSError as error:
        return Written(shown, f"{error.strerror}.")
    return Written(shown, None)


def _put(file: Path, content: bytes) -> None:
    """Write the whole file or nothing, for its owner's eyes: it may hold names."""
    handle, draft = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as written:
            written.write(content)
        Path(draft).replace(file)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
