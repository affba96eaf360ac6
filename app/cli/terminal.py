"""What every command does at the terminal: print, fail with one clear line, run a coroutine."""

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any

import typer
from rich.console import Console

from app.cli import operator
from app.core.errors import AppError
from app.core.reaching import DatabaseUnreachable, why

out = Console()
err = Console(stderr=True, highlight=False)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Tenant = Annotated[
    str | None, typer.Option("--tenant", help="Slug of the government; needed if there are many.")
]


def fail(message: str, *, status: int = 1) -> None:
    """Say what is wrong and end."""
    err.print(message, soft_wrap=True, markup=False)
    raise typer.Exit(status)


def say(line: str) -> None:
    """Print a line as it is, so that a command in it can be copied."""
    out.print(line, soft_wrap=True, markup=False, highlight=False)


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine; a database that is down is one clear line."""
    try:
        return asyncio.run(work)
    except AppError as error:
        faults = "".join(f"\n  {fault.pointer}: {fault.message}" for fault in error.errors)
        return fail(f"{error}{faults}")
    except operator.OperatorError as error:
        return fail(str(error))
    except operator.DATABASE_DOWN as error:
        return fail(str(DatabaseUnreachable(why(error))))
