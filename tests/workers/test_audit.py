"""The hourly job that writes the ends of the audit chains down outside the database."""

import contextlib
import io
import json

import pytest
from pgqueuer import RetryRequested

from app.audit import anchors
from app.core.logs import configure_logging
from app.core.services import Services
from app.jobs.kinds import AnchorAudit, encode
from tests.audit.trails import inspect, lay
from workers.jobs import run_job

JOB = AnchorAudit()


def anchoring_to(services, path) -> Services:
    settings = services.settings.model_copy(update={"audit_anchor_file": path})
    return Services(services.database, settings, services.clock)


async def test_ends_are_logged_and_appended_where_a_file_is_set(
    services, api, government, other_government, tmp_path
):
    await lay(api)
    file = tmp_path / "anchors.jsonl"
    written = io.StringIO()
    with contextlib.redirect_stderr(written):
        configure_logging("INFO")
        await run_job(anchoring_to(services, file), JOB.kind, encode(JOB), 0)
        await run_job(services, JOB.kind, encode(JOB), 0)
    configure_logging("ERROR")
    told = [json.loads(line) for line in written.getvalue().splitlines()]
    assert [(each["action"], each["sequence"]) for each in told] == [
        ("audit_anchored", 8),
        ("audit_anchored", 1),
    ] * 2
    with file.open("rb") as lines:
        kept = anchors.read(lines)
    assert [(each.slug, each.sequence) for each in kept] == [("sumsel", 8), ("jambi", 1)]
    assert [each["hash"] for each in told] == [each.hash.hex() for each in kept] * 2
    found = await inspect(services, government.tenant_id, kept)
    assert (found.fault_count, found.anchors_met) == (0, 1)


async def test_a_file_that_cannot_be_written_fails_the_job(services, government, tmp_path):
    missing = anchoring_to(services, tmp_path / "no" / "anchors.jsonl")
    with pytest.raises(RetryRequested) as failed:
        await run_job(missing, JOB.kind, encode(JOB), 0)
    assert failed.value.reason == "FileNotFoundError"
