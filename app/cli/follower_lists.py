"""The `follower-list` commands: what an export is and can prove, and taking one in."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.table import Table

from app.cli import operator
from app.cli.terminal import AsJson, Tenant, fail, out, run
from app.core.clock import JAKARTA, SystemClock
from app.observations.rules import (
    DATE_RANGE_REACH,
    CertificateReason,
    ListFacts,
    certify,
    exact,
)
from app.observations.schemas import FollowerListOut
from app.platforms.base import Platform
from app.platforms.exports import (
    ExportRefused,
    ExportSummary,
    FollowerExport,
    FollowingList,
    Relation,
    open_export,
    title_of,
)
from app.settings import get_settings

app = typer.Typer(no_args_is_help=True, help="Read the platforms' own exports.")

# What stands against a list, in words; the rules that find it are the certificate's own.
WORDS = {
    CertificateReason.TRUNCATED: "the end of a file, or a whole part of the list, is missing",
    CertificateReason.EMPTY_LIST: "the list is empty although the account has followers",
    CertificateReason.FEWER_THAN_COUNT: "it lists fewer than the published count",
    CertificateReason.MORE_THAN_COUNT: "it lists over 1 % more than the published count",
    CertificateReason.COUNT_MISMATCH: "its size is too far from the published count to be its list",
    CertificateReason.DATE_RANGE: "it seems to hold only the followers of a range of dates",
    CertificateReason.CONTROL_FAILED: "a control account is not on it as it should be",
    CertificateReason.NO_COUNT: "there is no published count to compare it with",
}
FOLLOWS = "it lists whom its owner follows; only an official account's followers prove absence"
EMPTY = "the list is empty, which proves nothing by itself"
NEEDED = (
    "a follower count published within 24 hours of the export must agree with it, and a second"
    " complete list at least 24 hours later is needed before anyone counts as not following"
)


MOMENTS = ["%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a file is, and whether absence from its list can be evidence."""

    export: FollowerExport
    summary: ExportSummary
    repeated: int
    doubts: tuple[str, ...]

    def facts(self) -> dict[str, Any]:
        """The inspection as JSON has it."""
        summary = self.summary
        return {
            "platform": self.export.platform.value,
            "list": self.export.relation.value,
            "entries": summary.listed,
            "repeated": self.repeated,
            "deleted": summary.deleted,
            "unusable": summary.unusable,
            "oldest": summary.oldest.isoformat() if summary.oldest else None,
            "newest": summary.newest.isoformat() if summary.newest else None,
            "files": summary.files,
            "owner_handle": self.export.owner_handle,
            "owner_id": self.export.owner_id,
            "keyed_by": self.export.keyed_by.value,
            "complete": not summary.truncated,
            "proves_absence": not self.doubts,
            "reasons": list(self.doubts) or [NEEDED],
            "also_holds": [f"{each.value} {which.value}" for each, which in self.export.others],
        }


def doubts_of(
    relation: Relation, summary: ExportSummary, repeated: int, count: int | None
) -> Iterator[str]:
    """Everything that stands against absence from this list being evidence."""
    if relation is Relation.FOLLOWING:
        yield FOLLOWS
    facts = ListFacts(
        listed=summary.listed - repeated,
        count_before=None if count is None else exact(count),
        count_after=None,
        reached_end=not summary.truncated,
        oldest_entry=summary.oldest,
        taken_at=summary.newest or SystemClock().now(),
    )
    for reason in certify(facts).reasons:
        if count is not None or reason is not CertificateReason.NO_COUNT:
            yield WORDS[reason]
    if count is None:
        yield from _suspicions(summary)


def _suspicions(summary: ExportSummary) -> Iterator[str]:
    """What the list alone makes one suspect, where no count can settle it."""
    if not (summary.listed or summary.truncated):
        yield EMPTY
    if summary.unusable:
        yield f"{summary.unusable} entries could not be read; they may be anyone"
    if summary.oldest and summary.newest and summary.newest - summary.oldest < DATE_RANGE_REACH:
        days = (summary.newest - summary.oldest).days
        yield (
            f"its oldest entry is only {days} days older than its newest: unless the account is"
            ' that young, the export was not requested for "All time" (--count can settle it)'
        )


def look_into(
    file: Path, platform: Platform | None, relation: Relation, count: int | None
) -> Inspection:
    """Read an export to its end.

    Raises:
        ExportRefused: it holds no list.
    """
    with file.open("rb") as stream:
        export = open_export(stream, filename=file.name, platform=platform, relation=relation)
        for _ in export.batches():
            pass
        summary, repeated = export.summary, export.repeated()
    doubts = tuple(doubts_of(export.relation, summary, repeated, count))
    return Inspection(export, summary, repeated, doubts)


def _exists(file: Path) -> None:
    if not file.is_file():
        fail(f"There is no file {file}.", status=2)


@app.command(name="inspect")
def inspect(
    file: Path,
    platform: Annotated[
        Platform | None, typer.Option(help="Which list, where the file holds several.")
    ] = None,
    following: Annotated[
        bool, typer.Option("--following", help="The list of those whom the owner follows.")
    ] = False,
    count: Annotated[
        int | None, typer.Option(min=0, help="The follower count published at that time.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what an export is, how many it lists, and whether it can prove absence."""
    _exists(file)
    wanted = Relation.FOLLOWING if following else Relation.FOLLOWERS
    try:
        found = look_into(file, platform, wanted, count)
    except FollowingList:
        found = look_into(file, platform, Relation.FOLLOWING, count)
    except ExportRefused as refusal:
        fail(f"{refusal} ({refusal.code})")
    if as_json:
        print(json.dumps(found.facts()))  # noqa: T201
    else:
        out.print(_table(found))


def _table(found: Inspection) -> Table:
    facts = found.facts()
    whose = "who follows it" if found.export.relation is Relation.FOLLOWERS else "whom it follows"
    shown = {
        "Platform": title_of(found.export.platform),
        "List": f"{facts['list']} ({whose})",
        "Owner": facts["owner_handle"] or facts["owner_id"] or "the file does not say",
        "Entries": f"{facts['entries']:,}, known by {facts['keyed_by'].replace('_', ' ')}",
        "Repeated entries": f"{facts['repeated']:,}",
        "Deleted accounts": f"{facts['deleted']:,}",
        "Unreadable entries": f"{facts['unusable']:,}",
        "Oldest entry": facts["oldest"] or "the platform tells no dates",
        "Newest entry": facts["newest"] or "the platform tells no dates",
        "Files": str(facts["files"]),
        "Read to its end": "yes"
        if facts["complete"]
        else f"no: {WORDS[CertificateReason.TRUNCATED]}",
        "Can prove absence": "yes, but " + NEEDED if facts["proves_absence"] else "no",
        "Because": "\n".join(found.doubts),
        "Also in the file": ", ".join(facts["also_holds"]),
    }
    table = Table("", "", show_header=False)
    for name, value in shown.items():
        if value:
            table.add_row(name, value)
    return table


@app.command(name="upload")
def upload(
    file: Path,
    official_account: Annotated[UUID, typer.Option("--official-account")],
    taken_at: Annotated[
        datetime | None,
        typer.Option(formats=MOMENTS, help="When the platform made the export (WIB); else now."),
    ] = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Take in the official account's own export.

    The list is compared with the follower counts of that time, so a file that has lain for a
    while needs --taken-at.
    """
    _exists(file)
    moment = None if taken_at is None else taken_at.replace(tzinfo=JAKARTA)
    taken = run(operator.upload_list(get_settings(), file, official_account, tenant, moment))
    if as_json:
        print(taken.model_dump_json())  # noqa: T201
        return
    for line in taken_in_words(taken):
        out.print(line)


def taken_in_words(taken: FollowerListOut) -> Iterator[str]:
    """What was taken in, what its certificate says, and how its control accounts stand."""
    reasons = ", ".join(taken.certificate.reasons) or "nothing is missing"
    yield (
        f"{taken.listed} listed, {taken.matched} of them declared accounts."
        f" Certificate: {taken.certificate.verdict.value} ({reasons})."
    )
    for reason in taken.certificate.reasons:
        yield f"  {reason}: {WORDS[CertificateReason(reason)]}."
    controls = taken.controls
    if not (controls.present_expected or controls.absent_expected or controls.uncounted):
        yield "No control accounts are set for this official account."
        return
    yield (
        f"Control accounts: {controls.present_found} of {controls.present_expected} known followers"
        f" are on it, {controls.absent_violations} of {controls.absent_expected} known"
        " non-followers."
    )
    if controls.uncounted:
        yield f"  {controls.uncounted} could not be looked for on this list, and do not count."
