"""`simedsos privacy record`: the document as the API gives it, without a key."""

import json
from asyncio import to_thread

from typer.testing import CliRunner

from app.cli.commands import app
from app.settings import get_settings
from tests.conftest import make_government


async def test_the_record_is_printed_as_a_document_and_as_json(separate_services, monkeypatch):
    await make_government(separate_services, "sumsel")
    database = separate_services.settings.required_database_url()
    monkeypatch.setenv("SIMEDSOS_DATABASE_URL", database)
    monkeypatch.setenv("SIMEDSOS_RETENTION_LEFT_DAYS", "730")
    get_settings.cache_clear()
    try:
        page, told = await to_thread(printed), await to_thread(printed, "--json")
    finally:
        get_settings.cache_clear()
    assert page.startswith("# Catatan kegiatan pemrosesan data pribadi: Pemprov sumsel\n")
    assert "730 hari setelah berhenti" in page
    assert json.loads(told)["controller"] == "Pemprov sumsel"


def printed(*arguments: str) -> str:
    """What the command prints; it has an event loop of its own."""
    done = CliRunner().invoke(app, ["privacy", "record", *arguments])
    assert done.exit_code == 0, done.output
    return done.output
