"""`simedsos import` and `simedsos template`: files of employees, accounts and work units."""

from pathlib import Path
from typing import Annotated, Self

import typer
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from app.changes.chain import Look, note_look
from app.changes.models import EntryKind
from app.cli import operator
from app.cli.terminal import AsJson, Tenant, err, fail, out, run, say
from app.core.clock import SystemClock
from app.core.services import Services
from app.employees.rules import Category
from app.exchange import mending, queries, service, templates
from app.exchange.kinds import FileEncoding, ImportKind, ImportMode, ImportState
from app.exchange.rules import Order
from app.exchange.schemas import ImportOut
from app.exchange.templates import FileForm
from app.settings import Settings, get_settings

IMPORT_KINDS = frozenset(ImportKind)
FORMS = frozenset(FileForm)
Kind = Annotated[str, typer.Argument(help="employees, accounts or work-units")]
STAGES = {ImportState.READING: "reading", ImportState.MERGING: "merging"}


def _kind(text: str) -> ImportKind:
    wanted = text.replace("-", "_")
    if wanted not in IMPORT_KINDS:
        fail(f"'{text}' is no kind of import; use employees, accounts or work-units.", status=2)
    return ImportKind(wanted)


def _form(path: Path) -> FileForm:
    form = path.suffix.removeprefix(".").lower()
    if form not in FORMS:
        fail(f"{path.name} must end in .csv or .xlsx.", status=2)
    return FileForm(form)


def template(
    kind: Kind, to: Annotated[Path, typer.Option("--out", help="A .csv or .xlsx file.")]
) -> None:
    """Write an empty table to be filled in; the workbook keeps NIPs as Excel would not."""
    to.write_bytes(templates.template(_kind(kind), _form(to)))
    say(f"Written: {to}")


def import_file(
    kind: Kind,
    file: Path,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change.")] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Employees who do not stand in the file have left.")
    ] = False,
    full_of: Annotated[
        Category | None, typer.Option(help="With --full: the list is full for these alone.")
    ] = None,
    confirm_leavers: Annotated[
        int | None, typer.Option(min=0, help="How many leave, where they are more than 5 %.")
    ] = None,
    errors: Annotated[
        Path | None, typer.Option(help="Write rejected rows to this .csv or .xlsx, to be mended.")
    ] = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Import a CSV file or an Excel workbook into the registry."""
    wanted = _kind(kind)
    form = None if errors is None else _form(errors)
    if not file.is_file():
        fail(f"There is no file {file}.", status=2)
    if full_of is not None and not full:
        fail("--full-of needs --full.", status=2)
    order = Order(
        ImportMode.FULL if full else ImportMode.PARTIAL, full_of, dry_run, confirm_leavers
    )
    made: ImportOut = run(_import(get_settings(), wanted, file, order, tenant, quiet=as_json))
    if errors is not None and form is not None and made.rejected:
        errors.write_bytes(run(_errors(get_settings(), made, form, tenant)))
    if as_json:
        print(made.model_dump_json())  # noqa: T201
    else:
        _show(made)
        if errors is not None and made.rejected:
            say(f"Mend the rejected rows in {errors} and import that file.")
    if made.rejected:
        raise typer.Exit(1)


async def _import(
    settings: Settings,
    kind: ImportKind,
    path: Path,
    order: Order,
    tenant: str | None,
    *,
    quiet: bool,
) -> ImportOut:
    """Import a file through the same code as an upload."""
    async with operator.connected(settings) as database:
        caller = operator.operator_of(await operator.chosen_tenant(database, tenant))
        with path.open("rb") as file, _Bar(quiet=quiet) as bar:
            return await service.import_file(
                Services(database, settings), caller, kind, file, order, hears=bar.hears
            )


class _Bar:
    """A bar that says how far an import has come; nothing where nobody looks."""

    def __init__(self, *, quiet: bool) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[rows]}"))
        self._progress = Progress(*columns, console=err, transient=True, disable=quiet)
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._progress.start()
        self._task = self._progress.add_task("reading", total=1.0, rows="")
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    async def hears(self, state: ImportState, rows: int, share: float) -> None:
        """Move the bar."""
        if self._task is not None:
            told = f"{rows} rows"
            stage = STAGES.get(state, "")
            self._progress.update(self._task, completed=share, description=stage, rows=told)


async def _errors(settings: Settings, made: ImportOut, form: FileForm, tenant: str | None) -> bytes:
    async with operator.connected(settings) as database:
        caller = operator.operator_of(await operator.chosen_tenant(database, tenant))
        async with database.transaction(caller.tenant_id) as session:
            row = await queries.get(session, caller, made.id)
            found = await mending.errors(session, settings, caller, row)
            look = Look(EntryKind.EXPORT, "import_errors", caller.actor, SystemClock().now(),
                        found.people, made.id)  # fmt: skip
            note_look(session, caller.tenant_id, look)
    return templates.written(found.headings, found.rows, made.kind, form)


def _show(made: ImportOut) -> None:
    verb = "would be" if made.state is ImportState.PREVIEWED else "were"
    out.print(
        f"{made.rows} rows: {made.accepted} accepted, {made.rejected} rejected;"
        f" {made.inserted} {verb} new, {made.changed} {verb} changed,"
        f" {made.unchanged} stay as they are."
    )
    if made.leavers:
        say(
            f"{made.leavers} employees {verb} marked as having left: they do not stand in the file."
        )
    if made.leavers_withheld:
        say("Nobody was marked as having left: the NIP of a row cannot be read. Mend it first.")
    if made.encoding is FileEncoding.WINDOWS_1252:
        say("The file was read as Windows-1252; look whether names are written rightly.")
    if made.ignored_columns:
        say(f"Not read, for want of a known heading: {', '.join(made.ignored_columns)}.")
    for fault in made.faults:
        out.print(f"  line {fault.line}, {fault.column}: {fault.message} ({fault.code})")
