"""`simedsos evidence`: an employee's own export, taken in as what it shows of one account."""

from datetime import datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from app.cli import operator
from app.cli.follower_lists import MOMENTS
from app.cli.terminal import AsJson, Tenant, fail, run, say
from app.core.clock import JAKARTA
from app.observations.schemas import SelfEvidenceTaken
from app.observations.self_exports import Word
from app.settings import get_settings


def evidence(
    file: Path,
    account: Annotated[UUID, typer.Option("--account", help="Id of the declared account.")],
    officer: Annotated[
        str | None, typer.Option(help="Who vouches for what the file does not say.")
    ] = None,
    taken_at: Annotated[
        datetime | None,
        typer.Option(formats=MOMENTS, help="When the platform made it (WIB); else its last entry."),
    ] = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Take in an employee's own export that lists whom their account follows.

    Only follows of this government's official accounts are kept; nobody else leaves the file.
    """
    if not file.is_file():
        fail(f"There is no file {file}.", status=2)
    word = Word(taken_at and taken_at.replace(tzinfo=JAKARTA), (officer or "").strip() or None)
    taken = run(operator.upload_evidence(get_settings(), file, account, word, tenant))
    if as_json:
        print(taken.model_dump_json())  # noqa: T201
        return
    say(in_words(taken))


def in_words(taken: SelfEvidenceTaken) -> str:
    """What was kept, as of when, and how strong it is."""
    names = ", ".join(fact.official_account_name for fact in taken.facts)
    day = taken.taken_at.astimezone(JAKARTA).date().isoformat()
    kept = f"Kept as {taken.source.value}, as of {day}: it follows {names}."
    if taken.paused:
        kept += f" Paused, and left out: {', '.join(each.name for each in taken.paused)}."
    if taken.not_comparable:
        kept += f" {len(taken.not_comparable)} official accounts are not known by id yet."
    return kept
